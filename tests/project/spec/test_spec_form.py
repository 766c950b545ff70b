"""What Port's installation form is told: texts, sections, dependencies, deployment methods."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic.alias_generators import to_camel

from settings.connection import ConnectionSettings
from settings.credentials import CredentialSettings
from settings.pagination import OPTIONS, PAGINATION_TYPES
from tools.scripts.spec import values_that_count

ROOT = Path(__file__).resolve().parents[3]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "tools" / "schemas" / "ocean-spec.schema.json").read_text("utf-8")
)
SETTINGS: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in SPEC["configurations"]}


def credentials_of(settings: type[CredentialSettings]) -> dict[str, dict[str, list[str]]]:
    """On which values of authType each setting of credentials depends."""
    settings_by_type = {
        auth_type: {to_camel(name) for name in auth.model_fields if name != "auth_type"}
        for auth_type, auth in settings.of_auth_types().items()
    }
    return {
        name: {
            "authType": sorted(each for each, names in settings_by_type.items() if name in names)
        }
        for name in set().union(*settings_by_type.values())
    }


CREDENTIALS = credentials_of(ConnectionSettings)
METHODS = ["helm", "docker", "githubWorkflow", "gitlabCI"]
PAGES = "/context-lake/ingestion/ingest-data-into-port/custom-integration/ocean-custom-integration"
IN_VIEW = {"baseUrl", "authType"} | CREDENTIALS.keys()
SIGNED = {"webhookAuth": ["hmac"]}
DEPENDENCIES: dict[str, dict[str, list[str]]] = {
    **CREDENTIALS,
    **{
        to_camel(option.setting): {
            "paginationType": [
                kind
                for kind, each in PAGINATION_TYPES.items()
                if name in each.options() and each.has_setting(name)
            ]
        }
        for name, option in OPTIONS.items()
        if option.setting
    },
    "webhookPreset": SIGNED,
    "webhookSecret": {"webhookAuth": ["hmac", "basic", "token"]},
    "webhookPreviousSecret": {"webhookAuth": ["hmac", "basic", "token"]},
    "webhookSecretEncoding": SIGNED,
    "webhookQueryParam": {"webhookAuth": ["token", "hmac"]},
    "webhookSeparator": SIGNED,
    "webhookUsername": {"webhookAuth": ["basic"]},
    "webhookHeader": {"webhookAuth": ["hmac", "token"]},
    "webhookPrefix": {"webhookAuth": ["hmac", "token"]},
    "webhookAlgorithm": SIGNED,
    "webhookEncoding": SIGNED,
    "webhookSignedPayload": SIGNED,
    "webhookTimestampHeader": SIGNED,
    "webhookTimestampPrefix": SIGNED,
    "webhookTolerance": SIGNED,
}


def in_any_order(declared: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    return {
        name: {owner: sorted(values) for owner, values in owners.items()}
        for name, owners in declared.items()
    }


def accepts(spec: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(spec)


def with_setting(**setting: object) -> dict[str, Any]:
    described = {"required": False, "description": "What this is, for example `1`.", **setting}
    return {**SPEC, "configurations": [described]}


def test_the_spec_keeps_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(SPEC)


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"name": "port", "type": "number"}, id="a type that does not boot"),
        pytest.param({"name": "size", "type": "string", "default": 1}, id="default of other type"),
        pytest.param({"name": "token", "type": "string", "sensitive": True}, id="masks None"),
        pytest.param({"name": "oauth2Url", "type": "url"}, id="digit in the name"),
        pytest.param({"name": "baseURL", "type": "url"}, id="acronym in the name"),
        pytest.param(
            {"name": "flag", "type": "boolean", "enum": ["a", "b"]}, id="enum of booleans"
        ),
        pytest.param({"name": "size", "type": "string", "depends": []}, id="unknown key"),
        pytest.param({"name": "size", "type": "string", "description": "Size"}, id="no example"),
        pytest.param(
            {
                "name": "size",
                "type": "string",
                "dependencies": [{"name": "authType", "values": ["basic"]}],
            },
            id="a form of dependencies that nobody uses",
        ),
        pytest.param(
            {"name": "size", "type": "string", "dependencies": [{True: "authType"}]},
            id="what YAML 1.1 makes of a bare on",
        ),
        pytest.param({"name": "size", "type": "string", "section": "More"}, id="a section of old"),
        pytest.param(
            {"name": "size", "type": "string", "required": True, "default": "1"},
            id="required, yet has a default",
        ),
    ],
)
def test_the_schema_refuses_what_would_not_work(setting: dict[str, object]) -> None:
    assert accepts(with_setting(name="size", type="string"))
    assert not accepts(with_setting(**setting))


@pytest.mark.contract("spec.title")
def test_title_and_type() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert SPEC["title"] == "Ocean Custom"
    assert SPEC["type"] == project["name"] == "custom"


@pytest.mark.contract("spec.form")
def test_port_finds_it_where_its_own_custom_integration_is() -> None:
    assert SPEC["icon"] == "RestAPI"
    assert [feature["section"] for feature in SPEC["features"]] == ["Build Your Own Integration"]
    assert SPEC["docs"] == f"https://docs.port.io{PAGES}/overview"


@pytest.mark.contract("spec.form")
def test_each_way_to_run_it_has_its_page() -> None:
    own = {"enabled": True, "docs": f"{PAGES}/installation-types/self-hosted/setup"}
    assert SPEC["installationDocs"] == {
        "saas": [
            {"name": "SaasOAuth2", "enabled": False},
            {"name": "Saas", "enabled": True, "docs": f"{PAGES}/installation-types/hosted-by-port"},
        ],
        **dict.fromkeys(METHODS, own),
    }


@pytest.mark.contract("spec.form-mapping")
def test_the_mapping_form_is_on() -> None:
    assert SPEC["formMappingEnabled"] is True


@pytest.mark.contract("spec.saas")
def test_hosting_without_live_events() -> None:
    assert SPEC["saas"] == {"enabled": True, "liveEvents": {"enabled": False}}


@pytest.mark.contract("spec.deployment-methods")
def test_deployment_methods() -> None:
    methods = [method["type"] for method in SPEC["deploymentMethodOverride"]]
    assert methods == METHODS


@pytest.mark.contract("spec.advanced")
def test_only_base_url_and_credentials_are_in_view() -> None:
    (section,) = SPEC["interface"]["sections"]
    assert section["label"] == "Advanced Configuration"
    assert section["configurationNames"] == [name for name in SETTINGS if name not in IN_VIEW]


def test_what_most_users_fill_in_comes_first() -> None:
    order = list(SETTINGS)
    for first, later in [
        ("authType", "apiToken"),
        ("apiToken", "username"),
        ("apiKey", "customAuthRequest"),
        ("customAuthRequest", "tokenUrl"),
        ("paginationType", "customHeaders"),
        ("customHeaders", "timeout"),
        ("timeout", "webhookAuth"),
    ]:
        assert order.index(first) < order.index(later)
    assert order[:2] == ["baseUrl", "authType"]
    assert SPEC["interface"]["sections"][0]["configurationNames"][0] == "paginationType"


@pytest.mark.contract("spec.descriptions")
def test_descriptions_are_one_sentence_with_an_example() -> None:
    texts = {name: entry["description"] for name, entry in SETTINGS.items()}
    assert [name for name, text in texts.items() if "for example `" not in text] == []
    prose = {name: "".join(text.split("`")[::2]) for name, text in texts.items()}
    assert [name for name, text in prose.items() if not text.endswith(".") or ". " in text] == []


@pytest.mark.contract("spec.dependencies")
def test_dependencies() -> None:
    declared: dict[str, dict[str, list[str]]] = {}
    for name, entry in SETTINGS.items():
        for clause in entry.get("dependencies", []):
            values = declared.setdefault(name, {}).setdefault(clause["on"], [])
            values += values_that_count(clause)
    assert in_any_order(declared) == in_any_order(DEPENDENCIES)


@pytest.mark.contract("spec.dependencies")
def test_dependencies_name_settings_that_come_before_and_values_they_have() -> None:
    order = list(SETTINGS)
    for name, entry in SETTINGS.items():
        for clause in entry.get("dependencies", []):
            assert order.index(clause["on"]) < order.index(name)
            assert set(values_that_count(clause)) <= set(SETTINGS[clause["on"]]["enum"])


@pytest.mark.contract("settings.authType.values", "settings.paginationType.values")
def test_the_form_offers_what_the_settings_accept() -> None:
    assert set(SETTINGS["authType"]["enum"]) == ConnectionSettings.of_auth_types().keys()
    assert SETTINGS["paginationType"]["enum"] == list(PAGINATION_TYPES)
