"""Search rules, pages of results, and what an integration wrote."""

from typing import Any

import httpx
import pytest

from tools.sandbox.port.errors import InvalidRequest
from tools.sandbox.port.records import Actor
from tools.sandbox.port.search import search
from tools.sandbox.port.state import PortState
from tools.sandbox.port.store import EntityStore, WriteOptions

MINE = "port-ocean/custom/0.1.0/my-integration/exporter"


def rule(name: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"property": name, "operator": operator, "value": value}


@pytest.fixture
async def services(port_catalog: httpx.AsyncClient, port_state: PortState) -> PortState:
    """Services a, b and c; c was written by somebody else."""
    rows = [
        ("a", {"language": "Go", "stars": 1, "tags": ["x", "y"]}, {"owner": "t"}, MINE),
        ("b", {"language": "Rust", "stars": 20, "created": "2026-05-01T00:00:00Z"}, {}, MINE),
        ("c", {"stars": None}, {}, "terraform"),
    ]
    options = WriteOptions(upsert=True, create_missing_related_entities=True)
    for identifier, properties, relations, agent in rows:
        body = {
            "identifier": identifier,
            "title": f"Service {identifier}",
            "properties": properties,
            "relations": relations,
        }
        EntityStore(port_state, Actor.from_user_agent(agent)).write("service", body, options)
    return port_state


@pytest.mark.parametrize(
    "single, expected",
    [
        (rule("$identifier", "=", "a"), "a"),
        (rule("$identifier", "!=", "a"), "bc"),
        (rule("$identifier", "in", ["a", "c", "z"]), "ac"),
        (rule("$identifier", "notIn", ["a"]), "bc"),
        (rule("$title", "beginsWith", "Service"), "abc"),
        (rule("$title", "doesNotBeginsWith", "Service"), ""),
        (rule("$title", "endsWith", "b"), "b"),
        (rule("$title", "doesNotEndsWith", "b"), "ac"),
        (rule("$datasource", "contains", "port-ocean/custom/"), "ab"),
        (rule("$datasource", "doesNotContains", "ocean"), "c"),
        (rule("language", "=", "Go"), "a"),
        (rule("language", "in", ["Go", "Rust"]), "ab"),
        (rule("tags", "contains", "x"), "a"),
        (rule("tags", "=", "y"), "a"),
        (rule("tags", "containsAny", ["q", "y"]), "a"),
        (rule("stars", ">", 1), "b"),
        (rule("stars", ">=", 1), "ab"),
        (rule("stars", "<", 20), "a"),
        (rule("stars", "<=", "20"), ""),
        (rule("stars", "isEmpty"), "c"),
        (rule("stars", "isNotEmpty"), "ab"),
        (rule("stars", "between", {"from": 0, "to": 5}), "a"),
        (rule("stars", "notBetween", {"from": 0, "to": 5}), "bc"),
        (rule("created", ">", "2026-04-30T23:00:00-02:00"), ""),
        (rule("created", "<", "2026-05-01T00:00:00-02:00"), "b"),
        ({"relation": "owner", "operator": "=", "value": "t"}, "a"),
        ({"operator": "relatedTo", "blueprint": "team", "value": "t"}, "a"),
    ],
)
async def test_operators(services: PortState, single: dict[str, Any], expected: str) -> None:
    found = search(services, {"combinator": "and", "rules": [single]}, "service")
    assert "".join(sorted(entity.identifier for entity in found)) == expected


async def test_rules_nest(services: PortState) -> None:
    nested = {
        "combinator": "and",
        "rules": [
            rule("$blueprint", "=", "service"),
            {
                "combinator": "or",
                "rules": [rule("language", "=", "Go"), rule("stars", "isEmpty")],
            },
        ],
    }
    assert {entity.identifier for entity in search(services, nested)} == {"a", "c"}


async def test_alternatives_are_not_taken_for_restrictions(services: PortState) -> None:
    query = {
        "combinator": "or",
        "rules": [rule("$blueprint", "=", "team"), rule("$identifier", "=", "b")],
    }
    assert {entity.identifier for entity in search(services, query)} == {"t", "b"}


@pytest.mark.parametrize(
    "query",
    [
        {"combinator": "xor", "rules": []},
        {"rules": [rule("stars", "~", 1)]},
        {"rules": [rule("$nothing", "=", 1)]},
        {"rules": [{"operator": "=", "value": 1}]},
        {"rules": [rule("stars", "between", 5)]},
    ],
)
async def test_bad_queries_are_refused(services: PortState, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        search(services, query)


async def test_search_route_answers_the_fields_asked_for(
    services: PortState, port_catalog: httpx.AsyncClient
) -> None:
    query = {"combinator": "and", "rules": [rule("$identifier", "in", ["a"])]}
    include = [
        "blueprint",
        "identifier",
        "properties.stars",
        "properties.public",
        "relations.owner",
    ]
    response = await port_catalog.post(
        "/v1/entities/search",
        json=query,
        params={"exclude_calculated_properties": "true", "include": include},
    )
    assert response.json()["matchingBlueprints"] == ["service"]
    assert response.json()["entities"] == [
        {
            "blueprint": "service",
            "identifier": "a",
            "properties": {"stars": 1},
            "relations": {"owner": "t"},
        }
    ]


async def test_excluded_fields_are_left_out(
    services: PortState, port_catalog: httpx.AsyncClient
) -> None:
    query = {"combinator": "and", "rules": [rule("$identifier", "=", "a")]}
    params = {"exclude": ["properties.tags", "properties.popular", "$datasource"]}
    response = await port_catalog.post("/v1/entities/search", json=query, params=params)
    entity = response.json()["entities"][0]
    assert set(entity["properties"]) == {"language", "stars", "teamName"}
    assert "datasource" not in entity


async def datasource_pages(client: httpx.AsyncClient, body: dict[str, Any]) -> list[list[str]]:
    pages = []
    while True:
        path = "/v1/blueprints/entities/datasource-entities"
        answer = (await client.post(path, json=body)).json()
        pages.append([entity["identifier"] for entity in answer["entities"]])
        if not answer["next"]:
            return pages
        body = body | {"from": answer["next"]}


async def test_datasource_search_pages_through_what_the_integration_wrote(
    services: PortState, port_catalog: httpx.AsyncClient
) -> None:
    body = {
        "datasource_prefix": "port-ocean/custom/",
        "datasource_suffix": "/my-integration/exporter",
        "limit": 2,
    }
    assert await datasource_pages(port_catalog, body) == [["a", "b"], ["t"]]
    other = body | {"datasource_suffix": "/other/exporter"}
    assert await datasource_pages(port_catalog, other) == [[]]


async def test_datasource_search_leaves_out_what_changed_later(
    services: PortState, port_catalog: httpx.AsyncClient
) -> None:
    moment = services.entity("service", "b").updated_at
    body = {"datasource_prefix": "port-ocean/", "datasource_suffix": "exporter"}
    found = await datasource_pages(port_catalog, body | {"before": moment.isoformat()})
    assert found == [["a", "t"]]


@pytest.mark.parametrize("change", [{"from": "???"}, {"limit": 0}, {"before": "yesterday"}])
async def test_bad_page_requests_are_refused(
    port_catalog: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    path = "/v1/blueprints/entities/datasource-entities"
    assert (await port_catalog.post(path, json=change)).status_code == 422


async def test_blueprint_search_pages(services: PortState, port_catalog: httpx.AsyncClient) -> None:
    path = "/v1/blueprints/service/entities/search"
    first = (await port_catalog.post(path, json={"limit": 2, "include": ["identifier"]})).json()
    assert first["entities"] == [{"identifier": "a"}, {"identifier": "b"}]
    second = (await port_catalog.post(path, json={"limit": 2, "from": first["next"]})).json()
    assert [entity["identifier"] for entity in second["entities"]] == ["c"]
    assert second["next"] is None
