"""What Port takes for a value, an identifier or a relation."""

from typing import Any

import httpx
import pytest

from tools.sandbox.port.errors import InvalidRequest
from tools.sandbox.port.formats import matches_format
from tools.sandbox.port.validation import check_identifier, value_problems


@pytest.mark.parametrize(
    "schema, good, bad",
    [
        ({"type": "string"}, ["", "a"], [1, True, [], {}]),
        ({"type": "number"}, [0, -1, 1.5], ["1", True, [], float("inf")]),
        ({"type": "boolean"}, [True, False], [0, "true"]),
        ({"type": "object"}, [{}, {"a": 1}], [[], "a"]),
        ({"type": "array"}, [[], [1, "a"]], [{}, "a"]),
        ({"type": "array", "items": {"type": "string"}}, [["a"]], [["a", 1]]),
        ({"type": "array", "uniqueItems": True}, [[1, 2]], [[1, 1]]),
        ({"type": "array", "minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"type": "string", "enum": ["a", "b"]}, ["a"], ["c"]),
        ({"type": "number", "minimum": 1, "maximum": 3}, [1, 3], [0, 4]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab"], ["a", "abcd"]),
        ({"type": "string", "pattern": "^v[0-9]+$"}, ["v1"], ["x1"]),
    ],
)
def test_value_fits_its_definition(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if list(value_problems("p", schema, value))] == []
    assert [value for value in bad if not list(value_problems("p", schema, value))] == []


@pytest.mark.parametrize(
    "name, good, bad",
    [
        ("url", ["https://a.example/b?c=1#d", "git:x", "ftp://h"], ["", "a.example", "/a", "h t:"]),
        ("email", ["a@b.co"], ["a", "a@", "@b.co", "a b@c.de"]),
        ("user", ["a@b.co"], ["somebody"]),
        ("team", ["red"], [""]),
        (
            "date-time",
            ["2026-01-02T03:04:05Z", "2026-01-02t03:04:05.123+02:00", "2026-01-02 03:04:05z"],
            ["2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "yesterday"],
        ),
        ("ipv4", ["10.0.0.1"], ["10.0.0", "::1"]),
        ("ipv6", ["::1"], ["10.0.0.1", "x"]),
        ("markdown", ["", "# a"], []),
    ],
)
def test_formats(name: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not matches_format(value, name)] == []
    assert [value for value in bad if matches_format(value, name)] == []


@pytest.mark.parametrize("identifier", ["a", "group/app", "a@b.c", "A-1_2:3=4+5", "x\\y"])
def test_identifiers_that_port_takes(identifier: str) -> None:
    assert check_identifier(identifier) == identifier


@pytest.mark.parametrize("identifier", [None, "", 5, "a b", "ü", "a?b", "x" * 1001])
def test_identifiers_that_port_refuses(identifier: Any) -> None:
    with pytest.raises(InvalidRequest):
        check_identifier(identifier)


@pytest.mark.parametrize(
    "blueprint, body, message",
    [
        ("service", {}, "'identifier'"),
        ("service", {"identifier": "a", "title": 1}, "title must be string"),
        ("service", {"identifier": "a", "properties": []}, "properties must be object"),
        ("service", {"identifier": "a", "team": [1]}, "team must be a string or an array"),
        (
            "service",
            {"identifier": "a", "properties": {"typo": 1}},
            "properties must NOT have additional properties: 'typo'",
        ),
        (
            "service",
            {"identifier": "a", "properties": {"language": "Perl"}},
            "properties/language must be equal to one of the allowed values: Go, Rust",
        ),
        (
            "service",
            {"identifier": "a", "properties": {"repository": "somewhere"}},
            'properties/repository must match format "url"',
        ),
        ("service", {"identifier": "a", "relations": {"typo": "x"}}, "'typo'"),
        ("service", {"identifier": "a", "relations": {"owner": ["t"]}}, "relations/owner must be"),
        ("incident", {"identifier": "a"}, "relations must have required property 'service'"),
        (
            "incident",
            {"identifier": "a", "relations": {"service": "s", "responders": "t"}},
            "relations/responders must be array",
        ),
        (
            "incident",
            {"identifier": "a", "relations": {"service": "s", "responders": [1]}},
            "relations/responders must be an array of strings",
        ),
    ],
)
async def test_entity_that_does_not_fit_is_refused(
    port_catalog: httpx.AsyncClient, blueprint: str, body: dict[str, Any], message: str
) -> None:
    response = await port_catalog.post(f"/v1/blueprints/{blueprint}/entities", json=body)
    assert response.status_code == 422
    assert response.json()["error"] == "invalid_request"
    assert message in response.json()["message"]


async def test_all_problems_are_told_at_once(port_catalog: httpx.AsyncClient) -> None:
    body = {"identifier": "a", "properties": {"stars": "x", "public": "y"}}
    response = await port_catalog.post("/v1/blueprints/service/entities", json=body)
    assert response.json()["details"]["problems"] == [
        "properties/stars must be number",
        "properties/public must be boolean",
    ]


async def test_required_property_may_not_be_null(port_api: httpx.AsyncClient) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    await port_api.post("/v1/blueprints", json={"identifier": "x", "schema": schema})
    path = "/v1/blueprints/x/entities"
    refused = await port_api.post(path, json={"identifier": "1", "properties": {"a": None}})
    assert refused.status_code == 422
    taken = await port_api.post(path, json={"identifier": "1", "properties": {"a": "b"}})
    assert taken.status_code == 201
