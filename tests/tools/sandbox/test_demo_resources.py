"""The demo's mapping, its blueprints and the sample API fit together."""

import json
from typing import Any

import httpx
import pytest
import yaml

from tools.sandbox.demo.child_environment import RESOURCES
from tools.sandbox.demo.report import mapped_resources
from tools.sandbox.demo.runner import ROOT
from tools.sandbox.sample.app import create_app

DIRECTORY = ROOT / RESOURCES
MAPPING = DIRECTORY / "port-app-config.yml"
RESOURCE_CONFIGS: list[dict[str, Any]] = yaml.safe_load(MAPPING.read_text())["resources"]
BLUEPRINTS: dict[str, dict[str, Any]] = {
    blueprint["identifier"]: blueprint
    for blueprint in json.loads((DIRECTORY / "blueprints.json").read_text())
}

each_resource = pytest.mark.parametrize(
    "config", RESOURCE_CONFIGS, ids=[config["kind"] for config in RESOURCE_CONFIGS]
)


def mappings(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["port"]["entity"]["mappings"]
    return found


def test_the_resources_are_where_the_integration_looks_for_them() -> None:
    assert DIRECTORY.resolve() == ROOT / RESOURCES


def test_every_blueprint_is_mapped_once() -> None:
    assert sorted(each.blueprint for each in mapped_resources(MAPPING)) == sorted(BLUEPRINTS)


def test_relations_lead_to_blueprints() -> None:
    targets = {
        relation["target"]
        for blueprint in BLUEPRINTS.values()
        for relation in blueprint["relations"].values()
    }
    assert targets <= set(BLUEPRINTS)


@each_resource
def test_what_is_mapped_is_in_the_blueprint(config: dict[str, Any]) -> None:
    entity = mappings(config)
    blueprint = BLUEPRINTS[entity["blueprint"].strip('"')]

    assert set(entity["properties"]) == set(blueprint["schema"]["properties"])
    assert set(entity.get("relations", {})) == set(blueprint["relations"])


@each_resource
async def test_the_api_has_the_endpoint_and_its_items_the_fields(config: dict[str, Any]) -> None:
    selector = config["selector"]
    path = config["kind"].replace("{package}", "httpx")
    transport = httpx.ASGITransport(app=create_app(auth="none"))
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        response = await client.get(path, params=selector.get("query_params"))

    assert response.status_code == 200
    assert selector["data_path"] == ".items"
    item = response.json()["items"][0]
    entity = mappings(config)
    expressions = [*entity["properties"].values(), *entity.get("relations", {}).values()]
    fields = {expression.removeprefix(".") for expression in expressions}
    assert fields - {"__package"} <= set(item)
