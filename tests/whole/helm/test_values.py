"""Values become what Ocean reads; values that cannot be meant are refused."""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from humps import decamelize
from hypothesis import given, settings
from hypothesis import strategies as st
from port_ocean.config.dynamic import default_config_factory
from port_ocean.config.settings import IntegrationConfiguration

from tests.whole.helm.charts import (
    CHART,
    EXAMPLES,
    ROOT,
    ChartError,
    Manifest,
    of_kind,
    render,
    the,
    with_values,
)
from tests.whole.helm.matrix import CRONJOB, EXTRAS, MATRIX, SHARDS
from tools.scripts.configuration_page import names_of

SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
SETTINGS: dict[str, dict[str, Any]] = {each["name"]: each for each in SPEC["configurations"]}
SENSITIVE = {name for name, each in SETTINGS.items() if each.get("sensitive")}
BASE_URL = "https://api.example.com/v2"
SAMPLES: dict[str, Any] = {
    "url": BASE_URL,
    "string": "7",
    "boolean": False,
    "integer": 1000000,
    "object": {"endpoint": "/t?a=<b>&c", "deep": {"list": [1, None, True]}},
    "array": ["a.example.com", "*.example.net"],
}
# Every setting, with a value of its type that is not its default.
GIVEN = {
    name: each["enum"][-1] if "enum" in each else SAMPLES[each["type"]]
    for name, each in SETTINGS.items()
}


def environment(manifests: list[Manifest]) -> dict[str, str]:
    """What the only pod of the manifests has in its environment."""
    config = the(manifests, "ConfigMap")["data"]
    return {**config, **secret_environment(manifests)}


def secret_environment(manifests: list[Manifest]) -> dict[str, str]:
    return {
        name: base64.b64decode(value).decode()
        for secret in of_kind(manifests, "Secret")
        for name, value in secret["data"].items()
    }


def environment_for(*layers: dict[str, Any]) -> dict[str, str]:
    return environment(render(with_values(*layers)))


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which Ocean's configuration loads, apart from any file lying around."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "custom"\nversion = "1"\n')
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def load(installation: pytest.MonkeyPatch, variables: dict[str, str]) -> IntegrationConfiguration:
    for name, value in variables.items():
        installation.setenv(name, value)
    factory = default_config_factory(SPEC["configurations"])
    return IntegrationConfiguration(integration_config_model=factory)


@pytest.mark.contract("settings.names.helm")
@pytest.mark.parametrize("group", ["config", "secrets"])
def test_every_setting_arrives_in_ocean(installation: pytest.MonkeyPatch, group: str) -> None:
    given = {"integration": {"config": {"baseUrl": BASE_URL}, group: GIVEN}}
    variables = environment_for(given)
    assert {names_of(each)[0] for each in SETTINGS.values()} <= variables.keys()
    config = load(installation, variables).integration.config
    assert dict(config) == {decamelize(name): value for name, value in GIVEN.items()}


def test_secrets_stay_out_of_the_config_map() -> None:
    manifests = render(with_values({"integration": {"config": GIVEN}}))
    in_secret = secret_environment(manifests).keys()
    in_config = the(manifests, "ConfigMap")["data"].keys()
    names = {names_of(SETTINGS[name])[0] for name in SENSITIVE}
    assert names <= in_secret
    assert not names & in_config


def test_oceans_own_settings_arrive(installation: pytest.MonkeyPatch) -> None:
    off = {"initializePortResources": False, "sendRawDataExamples": False}
    unmapped = {
        name: value
        for name, value in EXTRAS["integration"].items()
        if name not in ("mapping", "blueprints")
    }
    given = {**EXTRAS, "integration": unmapped, **off}
    ocean = load(installation, environment_for(given))
    assert ocean.initialize_port_resources is False
    assert ocean.send_raw_data_examples is False
    assert ocean.allow_environment_variables_jq_access is False
    assert ocean.scheduled_resync_interval == 60
    assert ocean.client_timeout == 90
    assert ocean.path_prefix == "/ocean/"
    assert ocean.metrics.enabled is True
    assert ocean.max_event_processing_seconds == 120
    assert ocean.streaming.enabled is True
    assert ocean.event_listener.type == "POLLING"
    assert ocean.event_listener.model_dump()["resync_on_start"] is False
    assert ocean.integration.identifier == "my-api"
    assert ocean.integration.type == "custom"
    assert ocean.port.client_id == "client-id"


def test_a_job_listens_to_nothing(installation: pytest.MonkeyPatch) -> None:
    assert load(installation, environment_for(CRONJOB)).event_listener.type == "ONCE"


@pytest.mark.parametrize(
    "value, text",
    [
        (False, "false"),
        (True, "true"),
        ("false", "false"),
        (None, None),
    ],
)
def test_false_is_false_and_null_is_not_given(value: object, text: str | None) -> None:
    variables = environment_for({"integration": {"config": {"verifySsl": value}}})
    assert variables.get("OCEAN__INTEGRATION__CONFIG__VERIFY_SSL") == text


@pytest.mark.parametrize("value", [100, "100", 100.0])
def test_numbers_keep_their_digits(value: object) -> None:
    variables = environment_for({"integration": {"config": {"pageSize": value}}})
    assert variables["OCEAN__INTEGRATION__CONFIG__PAGE_SIZE"] == "100"


# What Helm reads from JSON: its integers are exact up to 2^53.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(request=st.dictionaries(st.text(max_size=5), JSON, max_size=4), text=st.text(min_size=1))
def test_any_text_and_any_object_arrive_as_they_are(request: dict[str, Any], text: str) -> None:
    given = {"customAuthRequest": request, "username": text, "cursorPath": text}
    variables = environment_for({"integration": {"secrets": given}})
    prefix = "OCEAN__INTEGRATION__CONFIG__"
    assert json.loads(variables[f"{prefix}CUSTOM_AUTH_REQUEST"]) == request
    assert variables[f"{prefix}USERNAME"] == text
    plain = the(render(with_values({"integration": {"config": given}})), "ConfigMap")["data"]
    assert plain[f"{prefix}CURSOR_PATH"] == text


def test_the_mapping_is_mounted_where_ocean_looks_for_it() -> None:
    manifests = render(MATRIX["extras"])
    config, mapping = of_kind(manifests, "ConfigMap")
    assert config["data"]["OCEAN__RESOURCES_PATH"] == "/mapping"
    written = yaml.safe_load(mapping["data"]["port-app-config.yml"])
    assert written == EXTRAS["integration"]["mapping"]
    assert yaml.safe_load(mapping["data"]["blueprints.json"])[0]["identifier"] == "team"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "misspelt setting": (
        {"integration": {"config": {"pagesize": 1}}},
        "integration.config.pagesize: is no setting; did you mean pageSize?",
    ),
    "misspelt secret": (
        {"integration": {"secrets": {"apiTokn": "hush"}}},
        "integration.secrets.apiTokn: is no setting; did you mean apiToken?",
    ),
    "a letter too many": ({"integration": {"config": {"pageSizes": 1}}}, "did you mean pageSize?"),
    "swapped letters": ({"integration": {"config": {"pagniationType": "page"}}}, "paginationType?"),
    "another letter": ({"integration": {"config": {"paginationTipe": "x"}}}, "paginationType?"),
    "capitals": ({"integration": {"config": {"verifySSL": False}}}, "did you mean verifySsl?"),
    "a name of old examples": (
        {"integration": {"config": {"limitParam": "size"}}},
        "integration.config.limitParam: is no setting, and nothing reads it; use sizeParam",
    ),
    "misspelt value": ({"scheduledResyncIntervall": 60}, "scheduledResyncIntervall"),
    "nested misspelling": ({"workload": {"cron": {"suspended": True}}}, "suspended"),
    "unknown auth type": ({"integration": {"config": {"authType": "bearer"}}}, "authType"),
    "no URL": ({"integration": {"config": {"baseUrl": "api.example.com"}}}, "baseUrl"),
    "text for a boolean": ({"integration": {"config": {"verifySsl": "no"}}}, "verifySsl"),
    "list for an object": ({"integration": {"config": {"customHeaders": []}}}, "customHeaders"),
    "other type": ({"integration": {"type": "jira"}}, "type"),
    "workload": ({"workload": {"kind": "StatefulSet"}}, "kind"),
    "a secret that is a number": (
        {"integration": {"secrets": {"apiToken": 12345678901234567890}}},
        "apiToken",
    ),
    "a user name that is a number": (
        {"integration": {"config": {"username": 5349}}},
        "username",
    ),
    "no identifier": ({"integration": {"identifier": ""}}, "integration.identifier: is required"),
    "no base URL": (
        {"integration": {"config": {"baseUrl": None}}},
        "integration.config.baseUrl: is required",
    ),
    "no client ID": ({"port": {"clientId": ""}}, "port.clientId: is required; set it, or give"),
    "no client secret": ({"port": {"clientSecret": ""}}, "port.clientSecret: is required"),
    "no name of a Secret": ({"secret": {"create": False}}, "secret.name: is required"),
    "names of Secrets to create": ({"secret": {"name": ["a"]}}, "secret.create to false"),
    "secrets without a Secret": (
        {
            "secret": {"create": False, "name": "a"},
            "integration": {"secrets": {"apiToken": "hush"}},
        },
        "put OCEAN__INTEGRATION__CONFIG__API_TOKEN into the Secret",
    ),
    "cron expression for a Deployment": ({"scheduledResyncInterval": "0 * * * *"}, "give minutes"),
    "minutes for a CronJob": (
        {"workload": {"kind": "CronJob"}, "scheduledResyncInterval": 60},
        "give a cron expression",
    ),
    "CronJob without schedule": ({"workload": {"kind": "CronJob"}}, "give a cron expression"),
    "no certificate": ({"selfSignedCertificate": {"enabled": True}}, "certificate: is required"),
    "live events of a Job": (
        {**CRONJOB, "liveEvents": {"baseUrl": "https://hooks.example.com"}},
        "liveEvents.baseUrl: needs workload.kind Deployment",
    ),
    "live events of shards": (
        {**SHARDS, "liveEvents": {"baseUrl": "https://hooks.example.com"}},
        "liveEvents.baseUrl: cannot be used with integration.shards",
    ),
    "live events that nobody may send": (
        {
            "liveEvents": {"baseUrl": "https://hooks.example.com"},
            "networkPolicy": {"enabled": True},
        },
        "networkPolicy.ingressFrom: is required with liveEvents.baseUrl",
    ),
    "ingress without an address": (
        {"ingress": {"enabled": True}},
        "liveEvents.baseUrl: is required with ingress.enabled",
    ),
    "ingress with a path that stays": (
        {"ingress": {"enabled": True}, "liveEvents": {"baseUrl": "https://example.com/hooks"}},
        "liveEvents.baseUrl: has a path",
    ),
    "mapping that nobody reads": (
        {"initializePortResources": False, "integration": {"mapping": {"resources": []}}},
        "only when initializePortResources is true",
    ),
}


@pytest.mark.parametrize("given, message", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ChartError) as refusal:
        render(with_values(given))
    assert message in str(refusal.value)
    assert "hush" not in str(refusal.value)


@pytest.mark.contract("settings.names.unknown")
@pytest.mark.parametrize(
    "name",
    ["region", "logLevel", "tenantId", "apiVersion", "organization", "page", "headers", "debug"],
)
def test_a_name_that_is_no_misspelt_setting_reaches_the_integration(name: str) -> None:
    manifests = render(with_values({"integration": {"config": {name: "x"}}}))
    variables = [key for each in of_kind(manifests, "ConfigMap") for key in each["data"]]
    snake = re.sub("([A-Z])", r"_\1", name).upper()
    assert f"OCEAN__INTEGRATION__CONFIG__{snake}" in variables


@pytest.mark.parametrize(
    "config",
    [
        {"page_size": 5},
        {"pageSizes": None},
        {"pageSizes": 5, "pageSize": 5},
        {"paginationParam": "p", "sizeParam": "s", "pageSize": 1, "startPage": 0},
    ],
)
def test_what_may_be_meant_is_rendered(config: dict[str, Any]) -> None:
    assert render(with_values({"integration": {"config": config}}))


def _documented_commands() -> Iterator[Any]:
    documents = (ROOT / "README.md", ROOT / "docs" / "installation.md", CHART / "README.md")
    for document in documents:
        text = document.read_text("utf-8").replace("\\\n", " ")
        for number, line in enumerate(re.findall(r"^helm upgrade .*ocean-custom .*$", text, re.M)):
            yield pytest.param(line, id=f"{document.relative_to(ROOT)}-{number}")


@pytest.mark.parametrize("line", list(_documented_commands()))
def test_documented_commands_render(line: str) -> None:
    helm = pytest.importorskip("helm_python")
    words = iter(shlex.split(line))
    layers: list[dict[str, Any]] = []
    for word in words:
        if word == "--set":
            layers.append(helm.parse_set_string(next(words)))
        elif word == "--values":
            file = ROOT / next(words)
            layers.append(yaml.safe_load(file.read_text("utf-8")) if file.exists() else {})
    deployment = the(render(with_values(*layers)), "Deployment")
    assert deployment["spec"]["replicas"] == 1


@pytest.mark.parametrize("name", ["port-ocean-deployment", "port-ocean-cronjob"])
def test_values_files_for_ports_chart_need_no_more_than_text(name: str) -> None:
    values = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
    config = values["integration"]["config"]
    assert config.keys() <= SETTINGS.keys()
    assert {type(value) for value in config.values()} == {str}
    # Our chart takes the same file.
    assert of_kind(
        render(with_values(values)), values.get("workload", {}).get("kind", "Deployment")
    )


def test_the_default_values_are_the_described_ones() -> None:
    described = yaml.safe_load((ROOT / "helm" / "schema.yaml").read_text("utf-8"))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    # Not among the defaults: they would hide serviceAccount, or are for parent charts only.
    unset = {"podServiceAccount", "global"}
    assert set(_leaves(described)) - unset == set(_values(described, defaults))


def _leaves(node: dict[str, Any], path: str = "") -> Iterator[str]:
    if "description" in node:
        yield path.split(".")[0] if path.startswith("podServiceAccount") else path
        return
    for name, child in node["properties"].items():
        yield from _leaves(child, f"{path}.{name}".lstrip("."))


def _values(node: dict[str, Any], value: Any, path: str = "") -> Iterator[str]:
    if "description" in node:
        yield path
        return
    for name, child in value.items():
        yield from _values(node["properties"][name], child, f"{path}.{name}".lstrip("."))


def test_lint_finds_nothing() -> None:
    helm = pytest.importorskip("helm_python")
    for values in MATRIX.values():
        found = helm.lint(str(CHART), values, strict=True)
        # "icon is recommended" is information.
        assert [each for each in found["messages"] if each["severity"] > 1] == []
        assert found["errors"] == []


OLD_NAMES = {
    "base_url": BASE_URL,
    "auth_type": "bearer_token",
    "api_token": "hush-hush",
    "pagination_type": "page",
    "page_size": 50,
}


@pytest.mark.contract("chart.snake-case")
@pytest.mark.parametrize("group", ["config", "secrets"])
def test_names_of_old_examples_are_the_settings(group: str) -> None:
    values = with_values({"integration": {group: OLD_NAMES}})
    values["integration"].setdefault("config", {}).pop("baseUrl", None)
    manifests = render(values)
    written = environment(manifests)
    assert {name: written[f"OCEAN__INTEGRATION__CONFIG__{name.upper()}"] for name in OLD_NAMES} == {
        name: str(value) for name, value in OLD_NAMES.items()
    }
    assert "hush-hush" not in json.dumps(the(manifests, "ConfigMap"))


@pytest.mark.contract("chart.snake-case")
def test_a_setting_in_two_spellings_is_refused() -> None:
    with pytest.raises(ChartError, match="config: has pageSize in two spellings"):
        render(with_values({"integration": {"config": {"page_size": 1, "pageSize": 2}}}))


@pytest.mark.contract("chart.schema")
@pytest.mark.parametrize("name", ["verifySsl", "verify_ssl"])
def test_the_schema_knows_types_in_both_spellings(name: str) -> None:
    with pytest.raises(ChartError, match=name):
        render(with_values({"integration": {"config": {name: "maybe"}}}))


@pytest.mark.contract("chart.schema")
def test_the_schema_says_that_secrets_are_elsewhere() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    groups = schema["properties"]["integration"]["properties"]
    for name in SENSITIVE:
        assert groups["config"]["properties"][name]["deprecated"] is True
        assert "deprecated" not in groups["secrets"]["properties"][name]


@pytest.mark.contract("chart.schema")
@pytest.mark.parametrize(
    "given, image",
    [
        ({"image": "", "imageRegistry": "r.example.com/a"}, "r.example.com/a/port-ocean-custom"),
        ({"image": "ocean", "imageRegistry": ""}, "ocean"),
    ],
)
def test_an_image_is_needed(given: dict[str, Any], image: str) -> None:
    (container,) = the(render(with_values(given)), "Deployment")["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["image"].startswith(f"{image}:")
    with pytest.raises(ChartError, match="image: is required: the image that `make image` builds"):
        render(with_values({"image": "", "imageRegistry": ""}))
