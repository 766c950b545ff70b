"""The settings that the spec declares, and how Ocean's own code reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from humps import decamelize
from port_ocean.config.dynamic import default_config_factory
from port_ocean.config.settings import IntegrationConfiguration
from port_ocean.log.sensetive import SensitiveLogFilter
from port_ocean.utils.misc import get_spec_kinds
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from settings.connection import ConnectionSettings
from settings.marks import Sensitive, marked
from settings.pagination import (
    OPTIONS,
    PAGINATION_TYPES,
    ConnectionPagination,
    SingleRequestSettings,
)
from tools.scripts.configuration_page import names_of

ROOT = Path(__file__).resolve().parents[3]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
SETTINGS: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in SPEC["configurations"]}


def default_of(option: str) -> str | None:
    """Return the default that an option of pagination has in all its types; None without one."""
    kinds = [kind for kind in PAGINATION_TYPES.values() if option in kind.options()]
    default, *others = {kind.model_fields[option].default for kind in kinds}
    return None if others or default is None else str(default)


# Type and default of every setting; a default of None means that the spec gives none.
EXPECTED: dict[str, tuple[str, object]] = {
    "baseUrl": ("url", None),
    "authType": ("string", "none"),
    "apiToken": ("string", ""),
    "username": ("string", None),
    "password": ("string", ""),
    "apiKey": ("string", ""),
    "apiKeyHeader": ("string", "X-API-Key"),
    "apiKeyLocation": ("string", "header"),
    "apiKeyPrefix": ("string", None),
    "tokenUrl": ("string", None),
    "grantType": ("string", "client_credentials"),
    "clientId": ("string", None),
    "clientSecret": ("string", ""),
    "clientAuthentication": ("string", "header"),
    "refreshToken": ("string", ""),
    "refreshTokenFile": ("string", None),
    "subjectToken": ("string", ""),
    "subjectTokenFile": ("string", None),
    "subjectTokenType": ("string", "urn:ietf:params:oauth:token-type:jwt"),
    "scope": ("string", None),
    "audience": ("string", None),
    "tokenParameters": ("object", {}),
    "signingKey": ("string", ""),
    "signingKeyFile": ("string", None),
    "signingAlgorithm": ("string", "RS256"),
    "tokenClaims": ("object", {}),
    "tokenHeaders": ("object", {}),
    "tokenLifetime": ("string", "300"),
    "tokenPerRequest": ("boolean", False),
    "accessKeyId": ("string", None),
    "secretAccessKey": ("string", ""),
    "sessionToken": ("string", ""),
    "signingRegion": ("string", None),
    "signingService": ("string", "execute-api"),
    "customAuthRequest": ("object", {}),
    "customAuthRequestTemplate": ("object", {}),
    "customHeaders": ("object", {}),
    "paginationType": ("string", "none"),
    **{
        to_camel(option.setting): ("string", default_of(name))
        for name, option in OPTIONS.items()
        if option.setting
    },
    "timeout": ("string", "30"),
    "verifySsl": ("boolean", True),
    "caCertificate": ("string", None),
    "clientCertificate": ("string", ""),
    "clientKey": ("string", ""),
    "clientKeyPassword": ("string", ""),
    "proxy": ("string", ""),
    "httpVersion": ("string", "http1"),
    "maxConcurrentRequests": ("string", "10"),
    "maxRequestsPerSecond": ("string", None),
    "maxRetries": ("string", "8"),
    "maxRetryWait": ("string", "600"),
    "maxOutageWait": ("string", "120"),
    "sessionHeaders": ("array", []),
    "allowedHosts": ("array", []),
    "instances": ("array", []),
    "exposedVariables": ("array", []),
    "strict": ("boolean", False),
    "mappingEngine": ("string", "fused"),
    "responseDirectory": ("string", None),
    "responseDirectorySize": ("string", "1000"),
    "webhookAuth": ("string", None),
    "webhookPreset": ("string", None),
    "webhookSecret": ("string", ""),
    "webhookPreviousSecret": ("string", ""),
    "webhookSecretEncoding": ("string", None),
    "webhookUsername": ("string", None),
    "webhookHeader": ("string", None),
    "webhookQueryParam": ("string", None),
    "webhookPrefix": ("string", None),
    "webhookAlgorithm": ("string", None),
    "webhookEncoding": ("string", None),
    "webhookSignedPayload": ("string", None),
    "webhookTimestampHeader": ("string", None),
    "webhookTimestampPrefix": ("string", None),
    "webhookSeparator": ("string", None),
    "webhookHandshake": ("string", None),
    "webhookChallenge": ("object", None),
    "webhookTolerance": ("string", "300"),
    "webhookPaths": ("array", ["/webhook"]),
    "webhookBodyLimit": ("string", "1048576"),
    "webhookWindow": ("string", "2"),
}

# A value of every setting as it is written in the environment, and as Ocean hands it over.
GIVEN: dict[str, tuple[str, object]] = {
    "baseUrl": ("https://api.example.com/v2/", "https://api.example.com/v2"),
    "verifySsl": ("false", False),
    "strict": ("true", True),
    "tokenParameters": ('{"resource": "a"}', {"resource": "a"}),
    "tokenClaims": ('{"iss": "a"}', {"iss": "a"}),
    "tokenHeaders": ('{"kid": "a"}', {"kid": "a"}),
    "tokenPerRequest": ("true", True),
    "customAuthRequest": ('{"endpoint": "/token"}', {"endpoint": "/token"}),
    "customAuthRequestTemplate": ('{"body": {"a": [1]}}', {"body": {"a": [1]}}),
    "customHeaders": ('{"X-Tenant": "7"}', {"X-Tenant": "7"}),
    "allowedHosts": ('["a.example.com"]', ["a.example.com"]),
    "instances": ('["https://b.example.com"]', ["https://b.example.com"]),
    "sessionHeaders": ('["X-Session-Id"]', ["X-Session-Id"]),
    "webhookPaths": ('["/hooks"]', ["/hooks"]),
    "webhookChallenge": ('{"method": "HEAD"}', {"method": "HEAD"}),
    "exposedVariables": ('["PATH"]', ["PATH"]),
}


def environment_of(name: str) -> tuple[str, str, object]:
    written, read = GIVEN.get(name, (f"value of {name}", f"value of {name}"))
    return names_of(SETTINGS[name])[0], written, read


@pytest.fixture(scope="module")
def factory() -> type[BaseModel]:
    return default_config_factory(SPEC["configurations"])


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which Ocean's configuration loads, apart from any file lying around."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "custom"\nversion = "1"\n')
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "OCEAN__PORT__CLIENT_ID": "id",
        "OCEAN__PORT__CLIENT_SECRET": "client secret",
        "OCEAN__INTEGRATION__IDENTIFIER": "custom",
        "OCEAN__EVENT_LISTENER__TYPE": "POLLING",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def load(factory: type[BaseModel]) -> Mapping[str, Any]:
    configuration = IntegrationConfiguration(integration_config_model=factory)
    return dict(configuration.integration.config)


@pytest.mark.contract(
    "settings.authType.default",
    "settings.apiKeyHeader.default",
    "settings.paginationType.default",
    "settings.pageSize.default",
    "settings.startPage.default",
    "settings.nextLinkPath.default",
    "settings.headerLinkRel.default",
    "settings.timeout.default",
    "settings.verifySsl.default",
    "settings.maxConcurrentRequests.default",
)
def test_types_and_defaults() -> None:
    declared = {name: (entry["type"], entry.get("default")) for name, entry in SETTINGS.items()}
    assert declared == EXPECTED


@pytest.mark.contract("settings.baseUrl.required")
def test_only_base_url_is_required() -> None:
    assert [name for name, entry in SETTINGS.items() if entry["required"]] == ["baseUrl"]


@pytest.mark.contract("settings.sensitive")
def test_secrets_are_marked() -> None:
    sensitive = {name for name, entry in SETTINGS.items() if entry.get("sensitive")}
    assert sensitive == set(map(to_camel, marked(ConnectionSettings, Sensitive)))
    assert {"apiToken", "customAuthRequest", "proxy", "webhookSecret"} <= sensitive


@pytest.mark.contract("spec.boots")
def test_base_url_is_all_that_ocean_needs(
    factory: type[BaseModel], installation: pytest.MonkeyPatch
) -> None:
    installation.setenv("OCEAN__INTEGRATION__CONFIG__BASE_URL", "https://api.example.com")
    config = load(factory)
    assert config == {
        decamelize(name): "https://api.example.com" if name == "baseUrl" else default
        for name, (_, default) in EXPECTED.items()
    }


@pytest.mark.contract("settings.names.env", "settings.names.code", "settings.objects.json-string")
def test_every_setting_is_read_from_its_environment_variable(
    factory: type[BaseModel], installation: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        variable, written, _ = environment_of(name)
        installation.setenv(variable, written)
    assert load(factory) == {decamelize(name): environment_of(name)[2] for name in SETTINGS}


@pytest.mark.contract("settings.objects.json-string")
def test_the_whole_configuration_may_be_one_json_text(
    factory: type[BaseModel], installation: pytest.MonkeyPatch
) -> None:
    given = {"base_url": "https://api.example.com", "custom_headers": {"A": "b"}}
    installation.setenv("OCEAN__INTEGRATION__CONFIG", json.dumps(given))
    config = load(factory)
    assert {name: config[name] for name in given} == given


@pytest.mark.contract("settings.objects.native")
def test_objects_and_lists_may_be_given_as_such(factory: type[BaseModel]) -> None:
    given = {"base_url": "https://api.example.com"} | {
        decamelize(name): read for name, (_, read) in GIVEN.items() if name != "baseUrl"
    }
    config = factory.model_validate(given).model_dump()
    assert {name: config[name] for name in given} == given


@pytest.mark.contract("settings.names.helm")
def test_names_convert_alike_in_chart_and_framework() -> None:
    by_letter = {
        name: "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        for name in SETTINGS
    }
    assert {name: decamelize(name) for name in SETTINGS} == by_letter
    assert {name: names_of(SETTINGS[name])[0] for name in SETTINGS} == {
        name: f"OCEAN__INTEGRATION__CONFIG__{text.upper()}" for name, text in by_letter.items()
    }


def test_the_settings_object_knows_every_setting_of_the_spec() -> None:
    known = {decamelize(name) for name in SETTINGS}
    pagination = set(ConnectionPagination.model_fields)
    assert known - set(ConnectionSettings.model_fields) - pagination == set()
    assert pagination <= known


def test_an_installation_with_nothing_but_defaults_is_accepted(factory: type[BaseModel]) -> None:
    config = factory.model_validate({"base_url": "https://api.example.com"}).model_dump()
    parsed = ConnectionSettings.parse(config)
    assert parsed.pagination == SingleRequestSettings()
    others = EXPECTED.keys() - set(map(to_camel, ConnectionPagination.model_fields))
    for name, (type_, default) in EXPECTED.items():
        if name in others and type_ in ("string", "boolean") and default not in (None, ""):
            assert str(getattr(parsed, decamelize(name))).removesuffix(".0") == str(default)


@pytest.mark.contract("secrets.words-kept")
@pytest.mark.parametrize(
    "line", ["cursor: None", "null", "true", "count 100", "the next page", "[]", "''", '""']
)
def test_unset_secrets_mask_nothing(factory: type[BaseModel], line: str) -> None:
    config: Any = factory.model_validate({"base_url": "https://api.example.com"})
    log_filter = SensitiveLogFilter()
    log_filter.hide_sensitive_strings(*config.get_sensitive_fields_data())
    assert log_filter.mask_string(line) == line


@pytest.mark.contract("spec.kind")
def test_ocean_reads_the_kind() -> None:
    assert get_spec_kinds(ROOT) == ["dynamic"]
