"""Each example is complete, consistent, and brings every item of its API into the catalog."""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import yaml
from dotenv import dotenv_values
from jsonschema import Draft202012Validator, FormatChecker
from port_ocean.integration_testing import IntegrationTestHarness, InterceptTransport, ResyncResult
from pydantic.alias_generators import to_snake

from settings.connection import ConnectionSettings
from tests.project.examples.model_server import ModelServer
from tests.project.examples.payloads import (
    github,
    gitlab,
    hubspot,
    jira,
    odata,
    slack,
    spring,
    zendesk,
)

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
PREFIX = "OCEAN__INTEGRATION__CONFIG__"
FILES = {".env.example", "README.md", "blueprints.json", "port-app-config.yml"}
SECRETS = {"api_token", "api_key", "password"}
PLACEHOLDER = re.compile(r"^replace-with-your-(token|secret)$")
IDENTIFIER = re.compile(r"^[A-Za-z0-9@_.+:\\/=-]+$")
FORMATS = FormatChecker(["email"])

MODELS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (github, gitlab, hubspot, jira, odata, slack, spring, zendesk)
}
each_example = pytest.mark.parametrize("name", sorted(MODELS))


def environment(name: str) -> dict[str, str]:
    """The variables of an example as `docker run --env-file` reads them: literally."""
    lines = (EXAMPLES / name / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {variable: value for variable, _, value in pairs}


def connection(name: str) -> dict[str, Any]:
    return {key.removeprefix(PREFIX).lower(): value for key, value in environment(name).items()}


def mapping_of(name: str) -> dict[str, Any]:
    text = (EXAMPLES / name / "port-app-config.yml").read_text(encoding="utf-8")
    mapping: dict[str, Any] = yaml.safe_load(text)
    return mapping


def blueprints_of(name: str) -> dict[str, dict[str, Any]]:
    text = (EXAMPLES / name / "blueprints.json").read_text(encoding="utf-8")
    return {blueprint["identifier"]: blueprint for blueprint in json.loads(text)}


def mapped(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The blueprint and the entity mapping of each resource."""
    for resource in mapping_of(name)["resources"]:
        entity = resource["port"]["entity"]["mappings"]
        yield json.loads(entity["blueprint"]), entity


@FORMATS.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Run:
    """An example's integration behind a model server; `resync` runs it once."""

    def __init__(self, name: str, server: ModelServer, existing: list[dict[str, Any]]) -> None:
        transport = InterceptTransport()
        transport.add_route(None, lambda request: True, server)
        self._harness = IntegrationTestHarness(
            integration_path=str(ROOT),
            port_mapping_config=mapping_of(name),
            third_party_transport=transport,
            port_blueprints=blueprints_of(name),
            config_overrides={"caching_storage_mode": "memory"},
            port_search_entities_response=existing,
        )

    async def resync(self) -> ResyncResult:
        try:
            await self._harness.start()
            return await self._harness.trigger_resync()
        finally:
            await self._harness.shutdown()


async def resync(
    name: str,
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    existing: Iterable[dict[str, Any]] = (),
) -> ResyncResult:
    """One resync from the working directory and environment that Ocean would find."""
    monkeypatch.chdir(ROOT)
    for variable in [variable for variable in os.environ if variable.startswith("OCEAN__")]:
        monkeypatch.delenv(variable)
    for variable, value in environment(name).items():
        monkeypatch.setenv(variable, value)
    return await Run(name, server, list(existing)).resync()


def identifiers(result: ResyncResult) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entity in result.upserted_entities:
        found.setdefault(entity["blueprint"], set()).add(entity["identifier"])
    return found


# Jobs, a dashboard and alert rules to copy, for whatever API.
FOR_ANY_API = {"ci", "monitoring"}


def test_every_example_has_its_files_and_a_model() -> None:
    folders = {each.name: each for each in EXAMPLES.iterdir() if each.is_dir()}
    for name in FOR_ANY_API:
        del folders[name]
    assert set(folders) == set(MODELS)
    for folder in folders.values():
        assert {path.name for path in folder.iterdir()} == FILES


def test_the_overview_lists_every_example() -> None:
    overview = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+)/(?:README\.md)?\)", overview)) == {*MODELS, *FOR_ANY_API}


@each_example
def test_readme_explains_every_setting_and_links_the_documentation(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    spec = yaml.safe_load((ROOT / ".port/spec.yaml").read_text(encoding="utf-8"))
    names = {to_snake(setting["name"]): setting["name"] for setting in spec["configurations"]}
    unexplained = [key for key in connection(name) if f"`{names[key]}`" not in readme]
    assert not unexplained
    assert re.search(r"\]\(https://[^)]+\)", readme)


@each_example
def test_settings_are_valid_and_hold_no_secret(name: str) -> None:
    given = connection(name)
    assert all(variable.startswith(PREFIX) for variable in environment(name))
    settings = ConnectionSettings.parse(given)
    assert settings.pagination.type != "none"
    for secret in SECRETS & given.keys():
        assert PLACEHOLDER.match(given[secret])
    for form in re.findall(r"client_secret=([^&\"]*)", given.get("custom_auth_request", "")):
        assert PLACEHOLDER.match(form)


@each_example
def test_docker_and_dotenv_read_the_same_settings(name: str) -> None:
    file = EXAMPLES / name / ".env.example"
    assert dotenv_values(file, interpolate=False) == environment(name)


@each_example
def test_mapping_and_blueprints_name_the_same_properties_and_relations(name: str) -> None:
    blueprints = blueprints_of(name)
    declared = {
        (blueprint, kind, key)
        for blueprint, content in blueprints.items()
        for kind, keys in (
            ("properties", content["schema"]["properties"]),
            ("relations", content["relations"]),
        )
        for key in keys
    }
    used = {
        (blueprint, kind, key)
        for blueprint, entity in mapped(name)
        for kind in ("properties", "relations")
        for key in entity.get(kind, {})
    }
    assert used == declared
    targets = {
        relation["target"]
        for blueprint in blueprints.values()
        for relation in blueprint["relations"].values()
    }
    assert targets <= blueprints.keys()
    assert {blueprint for blueprint, _ in mapped(name)} == blueprints.keys()


@each_example
async def test_every_item_becomes_an_entity(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    model = MODELS[name]
    server = model.serve()

    result = await resync(name, server, monkeypatch)

    assert result.errors == []
    assert result.reconciliation_success
    assert identifiers(result) == model.ENTITIES
    assert len(result.upserted_entities) == sum(map(len, model.ENTITIES.values()))
    found = {(item["blueprint"], item["identifier"]): item for item in result.upserted_entities}
    for sample in model.SAMPLES:
        entity = found[sample["blueprint"], sample["identifier"]]
        assert {"relations": {}, **{key: entity[key] for key in sample if key in entity}} == sample
    check_against_blueprints(result.upserted_entities, blueprints_of(name))
    check_requests(server)
    assert list(tmp_path.iterdir()) == []


def check_against_blueprints(
    entities: list[dict[str, Any]], blueprints: dict[str, dict[str, Any]]
) -> None:
    """Port would take each entity: types fit, and relations lead to entities of the same run."""
    known = {(entity["blueprint"], entity["identifier"]) for entity in entities}
    for entity in entities:
        blueprint = blueprints[entity["blueprint"]]
        assert IDENTIFIER.match(entity["identifier"])
        assert entity["title"]
        given = {key: value for key, value in entity["properties"].items() if value is not None}
        Draft202012Validator(blueprint["schema"], format_checker=FORMATS).validate(given)
        for key, value in entity.get("relations", {}).items():
            relation = blueprint["relations"][key]
            assert value is None or isinstance(value, list) == relation["many"]
            targets = value if isinstance(value, list) else [value] if value else []
            assert all((relation["target"], target) in known for target in targets)


def check_requests(server: ModelServer) -> None:
    """Nothing was refused, and nothing asked for twice."""
    asked = [(request.method, str(request.url)) for request in server.requests]
    assert len(asked) == len(set(asked))
    assert all(response.is_success for response in server.responses)


def in_port(*users: str) -> list[dict[str, Any]]:
    return [
        {
            "identifier": user,
            "blueprint": "slackUser",
            "title": user,
            "properties": {},
            "relations": {},
        }
        for user in users
    ]


async def test_slack_user_who_is_gone_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    existing = in_port("U00000001", "U00000002", "UGONE")

    result = await resync("slack", slack.serve(), monkeypatch, existing=existing)

    assert result.errors == []
    assert [entity["identifier"] for entity in result.deleted_entities] == ["UGONE"]


async def test_slack_refusal_with_status_200_deletes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = slack.serve()
    refusing = ModelServer("https://slack.com/api")

    @refusing.route("/users.list")
    def users(request: httpx.Request) -> httpx.Response:
        refusal = {"ok": False, "error": "missing_scope", "needed": "users:read"}
        return httpx.Response(200, json=refusal)

    @refusing.route("/{method}")
    def everything_else(request: httpx.Request, method: str) -> httpx.Response:
        return server(request)

    existing = in_port("U00000001", "U00000002", "UGONE")
    result = await resync("slack", refusing, monkeypatch, existing=existing)

    assert any("missing_scope" in str(error) for error in result.errors)
    assert identifiers(result).keys() == {"slackChannel", "slackUserGroup"}
    assert result.deleted_entities == []
