"""Port's API around the catalog: signing in, integrations, blueprints, unknown routes."""

from typing import Any

import httpx
import jwt
import pytest

from tools.sandbox.port.state import PortState


@pytest.mark.parametrize(
    "body, status, error",
    [
        ({}, 422, "invalid_request"),
        ({"clientId": "id"}, 422, "invalid_request"),
        ({"clientId": "id", "clientSecret": " "}, 401, "invalid_credentials"),
    ],
)
async def test_token_needs_credentials(
    port_anonymous: httpx.AsyncClient, body: dict[str, str], status: int, error: str
) -> None:
    response = await port_anonymous.post("/v1/auth/access_token", json=body)
    assert response.status_code == status
    assert response.json()["ok"] is False
    assert response.json()["error"] == error


async def test_token_is_one_of_a_machine(port_anonymous: httpx.AsyncClient) -> None:
    credentials = {"clientId": "id", "clientSecret": "secret"}
    token = (await port_anonymous.post("/v1/auth/access_token", json=credentials)).json()
    assert token["tokenType"] == "Bearer"
    assert token["expiresIn"] > 3600
    claims = jwt.decode(token["accessToken"], options={"verify_signature": False})
    assert claims["isMachine"] is True


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic aWQ6c2VjcmV0"])
async def test_api_needs_a_token(port_anonymous: httpx.AsyncClient, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = await port_anonymous.get("/v1/blueprints", headers=headers)
    assert response.status_code == 401
    assert response.json()["error"] == "unauthorized"


async def test_unknown_route_is_refused_and_remembered(
    port_api: httpx.AsyncClient, port_state: PortState
) -> None:
    response = await port_api.put("/v1/no/such/thing")
    assert response.status_code == 404
    assert response.json()["error"] == "not_found"
    seen = [(item.method, item.path) for item in port_state.unknown_requests]
    assert seen == [("PUT", "/v1/no/such/thing")]


async def test_wrong_method_is_an_unknown_request(
    port_api: httpx.AsyncClient, port_state: PortState
) -> None:
    assert (await port_api.delete("/v1/organization")).status_code == 404
    assert len(port_state.unknown_requests) == 1


async def test_missing_resource_is_no_unknown_request(
    port_api: httpx.AsyncClient, port_state: PortState
) -> None:
    response = await port_api.get("/v1/blueprints/nothing")
    assert response.status_code == 404
    assert response.json()["details"]["withValue"] == "nothing"
    assert port_state.unknown_requests == []


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"a": NaN}'])
async def test_bad_body_is_refused(port_api: httpx.AsyncClient, content: bytes) -> None:
    response = await port_api.post("/v1/blueprints", content=content)
    assert response.status_code == 422
    assert response.json()["error"] == "invalid_request"


async def test_organization_has_no_feature_flags(port_api: httpx.AsyncClient) -> None:
    organization = (await port_api.get("/v1/organization")).json()["organization"]
    assert organization["featureFlags"] == []
    provisioned = (await port_api.get("/v1/integration/provision-enabled")).json()
    assert provisioned["integrations"] == []


async def test_integration_keeps_its_mapping(port_api: httpx.AsyncClient) -> None:
    assert (await port_api.get("/v1/integration/mine")).status_code == 404
    await port_api.post(
        "/v1/integration",
        json={"installationId": "mine", "installationAppType": "custom", "config": {"a": 1}},
    )
    await port_api.patch("/v1/integration/mine", json={"version": "2", "processingMode": "dsp"})
    integration = (await port_api.get("/v1/integration/mine")).json()["integration"]
    assert integration["config"] == {"a": 1}
    assert integration["installationAppType"] == "custom"
    assert integration["version"] == "2"
    assert integration["logAttributes"]["ingestUrl"].startswith("http://port.test/v1/logs/")
    again = await port_api.post("/v1/integration", json={"installationId": "mine"})
    assert again.status_code == 409


@pytest.mark.parametrize("skip, requested", [("true", False), ("false", True)])
async def test_new_mapping_requests_a_resync(
    port_catalog: httpx.AsyncClient, skip: str, requested: bool
) -> None:
    await port_catalog.patch(
        "/v1/integration/my-integration/config",
        json={"config": {"resources": []}},
        headers={"x-skip-resync": skip},
    )
    answer = await port_catalog.get("/v1/integration/my-integration/resync-request")
    assert bool(answer.json()["request"]) is requested


async def test_kind_with_slashes_keeps_its_examples(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    path = "/v1/integration/my-integration/kinds/%2Fapi%2Fv1%2Fteams/examples"
    await port_catalog.post(path, json={"examples": [{"id": 1}]})
    assert port_state.integrations["my-integration"].kind_examples == {"/api/v1/teams": [{"id": 1}]}


async def test_incremental_cursor_is_created_then_replaced(port_catalog: httpx.AsyncClient) -> None:
    path = "/v1/integration/my-integration/cursor?kind=/api/teams&index=0"
    assert (await port_catalog.get(path)).json()["cursor"] is None
    assert (await port_catalog.put(path, json={"primary": "a"})).status_code == 404
    await port_catalog.post(path, json={"primary": "a"})
    assert (await port_catalog.put(path, json={"primary": "b"})).status_code == 200
    assert (await port_catalog.get(path)).json()["cursor"] == {"primary": "b"}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"identifier": ""}, "'identifier'"),
        ({"schema": {"properties": {"a": {"type": "text"}}}}, "schema/properties/a/type"),
        ({"schema": {"properties": {}, "required": ["a"]}}, "unknown property 'a'"),
        ({"relations": {"r": {"target": "nothing"}}}, "'nothing' does not exist"),
    ],
)
async def test_bad_blueprint_is_refused(
    port_api: httpx.AsyncClient, change: dict[str, Any], message: str
) -> None:
    response = await port_api.post("/v1/blueprints", json={"identifier": "x"} | change)
    assert response.status_code == 422
    assert message in response.json()["message"]


async def test_blueprint_life(port_api: httpx.AsyncClient) -> None:
    created = await port_api.post("/v1/blueprints", json={"identifier": "a", "title": "A"})
    assert created.status_code == 201
    assert (await port_api.post("/v1/blueprints", json={"identifier": "a"})).status_code == 409
    relations = {"self": {"target": "a"}}
    await port_api.patch("/v1/blueprints/a", json={"relations": relations})
    blueprint = (await port_api.get("/v1/blueprints/a")).json()["blueprint"]
    assert blueprint["title"] == "A"
    assert blueprint["relations"]["self"] == {"target": "a", "many": False, "required": False}
    await port_api.put("/v1/blueprints/a", json={"title": "B"})
    replaced = (await port_api.get("/v1/blueprints/a")).json()["blueprint"]
    assert (replaced["title"], replaced["relations"]) == ("B", {})
    assert (await port_api.delete("/v1/blueprints/a")).status_code == 200
    assert (await port_api.get("/v1/blueprints/a")).status_code == 404


async def test_blueprint_in_use_stays(port_catalog: httpx.AsyncClient) -> None:
    assert (await port_catalog.delete("/v1/blueprints/team")).status_code == 409
    await port_catalog.post("/v1/blueprints/incident/entities", json={"identifier": "i"})
    await port_catalog.post("/v1/blueprints/service/entities", json={"identifier": "s"})
    assert (await port_catalog.delete("/v1/blueprints/service")).status_code == 409


async def test_blueprint_is_deleted_with_its_entities(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await port_catalog.post("/v1/blueprints/service/entities", json={"identifier": "s"})
    incident = {"identifier": "i", "relations": {"service": "s"}}
    await port_catalog.post("/v1/blueprints/incident/entities", json=incident)
    answer = await port_catalog.delete(
        "/v1/blueprints/incident/all-entities", params={"delete_blueprint": "true"}
    )
    migration = answer.json()["migrationId"]
    status = (await port_catalog.get(f"/v1/migrations/{migration}")).json()["migration"]
    assert status["status"] == "COMPLETED"
    assert "incident" not in port_state.blueprints
    assert port_state.find_entity("service", "s")


async def test_actions_pages_scorecards_and_secrets_are_kept(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await port_catalog.post("/v1/actions", json={"identifier": "act"})
    await port_catalog.post("/v1/pages", json={"identifier": "page"})
    await port_catalog.post("/v1/blueprints/service/scorecards", json={"identifier": "card"})
    secret = {"secretName": "s", "secretValue": "hidden"}
    await port_catalog.post("/v1/organization/secrets", json=secret)
    assert set(port_state.actions) == {"act"}
    assert set(port_state.pages) == {"page"}
    assert set(port_state.scorecards["service"]) == {"card"}
    assert "hidden" not in (await port_catalog.get("/v1/organization/secrets/s")).text
    assert (await port_catalog.delete("/v1/pages/page")).status_code == 200
    assert (await port_catalog.get("/v1/pages/page")).status_code == 404
    assert (await port_catalog.post("/v1/actions", json={})).status_code == 422


async def test_reset_forgets_the_catalog_and_keeps_clients_signed_in(
    port_catalog: httpx.AsyncClient, port_state: PortState
) -> None:
    await port_catalog.post("/v1/blueprints/team/entities", json={"identifier": "a"})
    assert (await port_catalog.post("/sandbox/api/reset")).status_code == 200
    assert port_state.entities == {}
    blueprints = (await port_catalog.get("/v1/blueprints")).json()["blueprints"]
    assert {blueprint["identifier"] for blueprint in blueprints} == {"_user", "_team"}
