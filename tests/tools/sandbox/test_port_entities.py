"""Writing and deleting entities."""

from typing import Any

import httpx
import pytest

from tools.sandbox.port.state import PortState

SERVICES = "/v1/blueprints/service/entities"
INCIDENTS = "/v1/blueprints/incident/entities"
UPSERT = {"upsert": "true", "merge": "true"}


async def write(client: httpx.AsyncClient, path: str, body: Any, **params: str) -> httpx.Response:
    return await client.post(path, json=body, params=UPSERT | params)


async def test_created_entity_has_its_meta_properties(port_catalog: httpx.AsyncClient) -> None:
    response = await write(port_catalog, SERVICES, {"identifier": "a", "title": "A", "team": "x"})
    assert response.status_code == 201
    entity = response.json()["entity"]
    assert entity["datasource"] == "port-ocean/custom/0.1.0/my-integration/exporter"
    assert entity["team"] == ["x"]
    assert entity["createdAt"] == entity["updatedAt"]
    assert entity["createdAt"].endswith("Z")
    assert entity["updatedBy"] == entity["datasource"]


async def test_existing_entity_conflicts_without_upsert(port_catalog: httpx.AsyncClient) -> None:
    await port_catalog.post(SERVICES, json={"identifier": "a"})
    assert (await port_catalog.post(SERVICES, json={"identifier": "a"})).status_code == 409


@pytest.mark.parametrize(
    "merge, title, properties",
    [
        ("true", "A", {"stars": 2, "public": True}),
        ("false", None, {"stars": 2}),
    ],
)
async def test_merge_keeps_what_is_not_named(
    port_catalog: httpx.AsyncClient, merge: str, title: str | None, properties: dict[str, Any]
) -> None:
    first = {"identifier": "a", "title": "A", "properties": {"stars": 1, "public": True}}
    await write(port_catalog, SERVICES, first)
    second = {"identifier": "a", "properties": {"stars": 2}}
    response = await write(port_catalog, SERVICES, second, merge=merge)
    assert response.status_code == 200
    assert response.json()["entity"]["title"] == title
    assert response.json()["entity"]["properties"] == properties


async def test_upsert_that_changes_nothing_is_no_update(port_catalog: httpx.AsyncClient) -> None:
    body = {"identifier": "a", "properties": {"stars": 1}}
    before = (await write(port_catalog, SERVICES, body)).json()["entity"]
    same = body | {"properties": {"stars": 1, "public": None}}
    after = (await write(port_catalog, SERVICES, same)).json()["entity"]
    assert after["updatedAt"] == before["updatedAt"]
    changed = body | {"properties": {"stars": 2}}
    assert (await write(port_catalog, SERVICES, changed)).json()["entity"] != before


async def test_validation_only_stores_nothing(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    body = {"identifier": "a", "relations": {"owner": "new"}}
    options = {"validation_only": "true", "create_missing_related_entities": "true"}
    assert (await write(port_catalog, SERVICES, body, **options)).status_code == 201
    assert port_state.entities == {}


async def test_missing_related_entity_is_refused(port_catalog: httpx.AsyncClient) -> None:
    body = {"identifier": "a", "relations": {"owner": "nobody"}}
    response = await write(port_catalog, SERVICES, body)
    assert response.status_code == 404
    assert response.json()["error"] == "not_found"
    assert '"nobody"' in response.json()["message"]


async def test_missing_related_entity_is_created_bare(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    body = {"identifier": "a", "relations": {"owner": "new"}}
    await write(port_catalog, SERVICES, body, create_missing_related_entities="true")
    bare = port_state.entity("team", "new")
    assert bare.label == "new"
    assert bare.properties == {}
    assert bare.datasource == port_state.entity("service", "a").datasource


async def test_bulk_tells_each_entity_by_its_index(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    entities = [
        {"identifier": "good"},
        {"identifier": "bad", "properties": {"stars": "many"}},
        {"identifier": "orphan", "relations": {"owner": "nobody"}},
        {"identifier": {"rules": [{"property": "stars", "operator": "=", "value": 9}]}},
        "nonsense",
    ]
    response = await write(port_catalog, f"{SERVICES}/bulk", {"entities": entities})
    assert response.status_code == 207
    assert response.json()["entities"] == [{"identifier": "good", "index": 0, "created": True}]
    errors = {item["index"]: item for item in response.json()["errors"]}
    assert errors[1]["statusCode"] == 422
    assert errors[1]["message"] == "properties/stars must be number"
    assert (errors[2]["identifier"], errors[2]["error"]) == ("orphan", "not_found")
    assert errors[3]["identifier"] == errors[4]["identifier"] == "unknown"
    assert set(port_state.entities["service"]) == {"good"}


async def test_bulk_without_errors_is_200(port_catalog: httpx.AsyncClient) -> None:
    body = {"entities": [{"identifier": "a"}, {"identifier": "a", "title": "A"}]}
    response = await write(port_catalog, f"{SERVICES}/bulk", body)
    assert response.status_code == 200
    assert [item["created"] for item in response.json()["entities"]] == [True, False]


async def test_bulk_of_an_unknown_blueprint_fails_whole(port_catalog: httpx.AsyncClient) -> None:
    path = "/v1/blueprints/nothing/entities/bulk"
    response = await write(port_catalog, path, {"entities": [{"identifier": "a"}]})
    assert response.status_code == 404
    assert response.json()["details"]["resource"] == "Blueprint"


async def test_search_identifier_updates_the_one_found(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await write(port_catalog, SERVICES, {"identifier": "a", "properties": {"stars": 7}})
    rule = {"property": "stars", "operator": "=", "value": 7}
    query = {"combinator": "and", "rules": [rule]}
    response = await write(port_catalog, SERVICES, {"identifier": query, "title": "Found"})
    assert response.json()["entity"]["identifier"] == "a"
    assert port_state.entity("service", "a").title == "Found"
    rule["value"] = 8
    assert (await write(port_catalog, SERVICES, {"identifier": query})).status_code == 404


async def test_search_relation_is_resolved(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    for name in ("red", "blue"):
        body = {"identifier": name, "title": name.title()}
        await write(port_catalog, "/v1/blueprints/team/entities", body)
    owner = {
        "combinator": "and",
        "rules": [{"property": "$title", "operator": "=", "value": "Blue"}],
    }
    everybody = {"combinator": "and", "rules": []}
    await write(port_catalog, SERVICES, {"identifier": "a", "relations": {"owner": owner}})
    relations = {"service": "a", "responders": everybody}
    await write(port_catalog, INCIDENTS, {"identifier": "i", "relations": relations})
    assert port_state.entity("service", "a").relations == {"owner": "blue"}
    assert port_state.entity("incident", "i").relations["responders"] == ["red", "blue"]


@pytest.fixture
async def incident_of_a_service(port_catalog: httpx.AsyncClient) -> httpx.AsyncClient:
    """Service `a` of team `t`; incident `i` requires `a`, and has responders `t` and `u`."""
    missing = {"create_missing_related_entities": "true"}
    service = {"identifier": "a", "relations": {"owner": "t"}}
    await write(port_catalog, SERVICES, service, **missing)
    incident = {"identifier": "i", "relations": {"service": "a", "responders": ["t", "u"]}}
    await write(port_catalog, INCIDENTS, incident, **missing)
    return port_catalog


async def test_required_entity_is_not_deleted_alone(
    incident_of_a_service: httpx.AsyncClient, port_state: PortState
) -> None:
    response = await incident_of_a_service.delete(f"{SERVICES}/a")
    assert response.status_code == 409
    assert response.json()["error"] == "has_dependents"
    assert port_state.find_entity("service", "a")


async def test_dependents_go_with_the_entity(
    incident_of_a_service: httpx.AsyncClient, port_state: PortState
) -> None:
    response = await incident_of_a_service.delete(
        f"{SERVICES}/a", params={"delete_dependents": "true"}
    )
    assert response.status_code == 200
    assert not port_state.find_entity("service", "a")
    assert not port_state.find_entity("incident", "i")


async def test_optional_relations_are_unlinked(
    incident_of_a_service: httpx.AsyncClient, port_state: PortState
) -> None:
    path = "/v1/blueprints/team/bulk/entities/delete"
    response = await incident_of_a_service.post(path, json={"entities": ["t", "gone"]})
    assert response.json()["deletedEntities"] == ["t"]
    assert response.json()["errors"][0]["identifier"] == "gone"
    assert port_state.entity("service", "a").relations == {"owner": None}
    assert port_state.entity("incident", "i").relations["responders"] == ["u"]


async def test_identifiers_with_slashes_and_plus_signs(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    for identifier in ("group/app", "c++"):
        await write(port_catalog, SERVICES, {"identifier": identifier})
    entity = (await port_catalog.get(f"{SERVICES}/group%2Fapp")).json()["entity"]
    assert entity["identifier"] == "group/app"
    assert (await port_catalog.delete(f"{SERVICES}/c%2B%2B")).status_code == 200
    assert set(port_state.entities["service"]) == {"group/app"}


async def test_patch_merges_and_put_replaces(port_catalog: httpx.AsyncClient) -> None:
    body = {"identifier": "a", "title": "A", "properties": {"stars": 1}}
    await write(port_catalog, SERVICES, body)
    patched = await port_catalog.patch(f"{SERVICES}/a", json={"properties": {"public": True}})
    assert patched.json()["entity"]["properties"] == {"stars": 1, "public": True}
    replaced = await port_catalog.put(f"{SERVICES}/a", json={"properties": {"public": False}})
    assert replaced.json()["entity"]["properties"] == {"public": False}
    assert (await port_catalog.patch(f"{SERVICES}/b", json={})).status_code == 404


async def test_computed_properties_are_read_not_stored(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await write(port_catalog, "/v1/blueprints/team/entities", {"identifier": "t", "title": "Tee"})
    body = {"identifier": "a", "properties": {"stars": 200}, "relations": {"owner": "t"}}
    await write(port_catalog, SERVICES, body)
    entity = (await port_catalog.get(f"{SERVICES}/a")).json()["entity"]
    assert entity["properties"] == {"stars": 200, "teamName": "Tee", "popular": True}
    assert port_state.entity("service", "a").properties == {"stars": 200}


async def test_list_and_count(port_catalog: httpx.AsyncClient) -> None:
    for identifier in ("a", "b"):
        await write(port_catalog, SERVICES, {"identifier": identifier})
    listed = (await port_catalog.get(SERVICES, params={"include": "identifier"})).json()
    assert listed["entities"] == [{"identifier": "a"}, {"identifier": "b"}]
    assert (await port_catalog.get("/v1/blueprints/service/entities-count")).json()["count"] == 2
