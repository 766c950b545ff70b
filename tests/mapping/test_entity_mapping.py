"""`port` of a resource: what may be left empty, and expressions that are meant otherwise."""

from typing import Any

import pytest

from errors import SelectorError
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomPortAppConfig, CustomResourceConfig
from settings.connection import ConnectionSettings

SETTINGS = ConnectionSettings(base_url="https://api.test")
MAPPINGS = {"identifier": ".id", "blueprint": '"thing"'}


def resource(**mappings: Any) -> CustomResourceConfig:
    port = {"entity": {"mappings": {**MAPPINGS, **mappings}}}
    return CustomResourceConfig.parse_obj({"kind": "/things", "port": port})


def problem(**mappings: Any) -> str:
    with pytest.raises(SelectorError) as caught:
        resource(**mappings).plan(SETTINGS)
    return str(caught.value)


@pytest.mark.contract("mapping.empty-properties")
@pytest.mark.parametrize("group", ["properties", "relations"])
def test_what_is_left_empty_is_none(group: str) -> None:
    assert getattr(resource(**{group: None}).port.entity.mappings, group) == {}
    named = resource(**{group: {"a": ".a", "b": None}}).port.entity.mappings
    assert getattr(named, group) == {"a": ".a"}


@pytest.mark.contract("selector.absent")
@pytest.mark.parametrize("selector", [{}, {"selector": None}, {"selector": {}}])
def test_a_resource_without_a_selector_has_the_defaults(selector: dict[str, Any]) -> None:
    given = {"kind": "/things", **selector, "port": {"entity": {"mappings": MAPPINGS}}}
    config = CustomPortAppConfig.parse_obj({"resources": [given]})
    made: ResourcePlan = config.resources[0].plan(SETTINGS)
    assert made.endpoint.path == "/things"
    assert made.endpoint.method == "GET"
    assert config.resources[0].selector.query == "true"
    # What is written back to Port is what was given.
    assert "query" not in config.to_request()["resources"][0].get("selector", {})


@pytest.mark.contract("errors.jq.respelt")
def test_a_blueprint_without_its_quotes_gets_them() -> None:
    said = problem(blueprint="page")
    assert "the mapping of kind /things cannot be used" in said
    assert """port.entity.mappings.blueprint: 'page' is not valid JQ: write '"page"'""" in said


@pytest.mark.contract("errors.jq.respelt")
@pytest.mark.parametrize("given, meant", [("id", ".id"), ("$.id", ".id"), ("a.uid", ".a.uid")])
def test_an_identifier_without_its_dot_gets_it(given: str, meant: str) -> None:
    assert f"identifier: {given!r} is not valid JQ: write {meant}" in problem(identifier=given)


@pytest.mark.parametrize("blueprint", ['"thing"', ".type", '"a" + .b', '.a // "b"'])
def test_what_is_jq_is_none_of_our_business(blueprint: str) -> None:
    made = resource(blueprint=blueprint, properties={"broken": "a("}).plan(SETTINGS)
    assert made.kind == "/things"


def test_what_is_no_mapping_is_left_to_ocean() -> None:
    ports: list[Any] = [None, [], {"entity": None}, {"entity": {"mappings": []}}]
    for port in ports:
        with pytest.raises(ValueError, match="port"):
            CustomResourceConfig.parse_obj({"kind": "/things", "port": port})
