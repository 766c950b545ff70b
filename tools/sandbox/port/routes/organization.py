"""Tokens, the organization, and the small resources around the catalog."""

from fastapi import APIRouter, Response

from tools.sandbox.port.errors import InvalidRequest, NotFound, Unauthorized, found, required_text
from tools.sandbox.port.routes.common import (
    TOKEN_LIFETIME_SECONDS,
    Body,
    State,
    answer,
    issue_token,
)

public = APIRouter()
router = APIRouter()


@public.post("/auth/access_token")
async def create_token(state: State, body: Body) -> Response:
    """Let any client id with any client secret in, but none without one of them."""
    client_id, secret = body.get("clientId"), body.get("clientSecret")
    if not isinstance(client_id, str) or not isinstance(secret, str):
        raise InvalidRequest("body must have the string properties 'clientId' and 'clientSecret'")
    if not client_id.strip() or not secret.strip():
        raise Unauthorized("clientId or clientSecret is wrong", code="invalid_credentials")
    return answer(
        accessToken=issue_token(state, client_id),
        expiresIn=TOKEN_LIFETIME_SECONDS,
        tokenType="Bearer",
    )


@router.get("/organization")
async def get_organization() -> Response:
    organization = {"id": "org_sandbox", "name": "Sandbox", "featureFlags": [], "isBlocked": False}
    return answer(organization=organization)


@router.get("/organization/secrets/{name}")
async def get_secret(state: State, name: str) -> Response:
    return answer(secret=found(state.secrets, "Secret", name))


@router.post("/organization/secrets")
async def create_secret(state: State, body: Body) -> Response:
    """Keep the metadata only: as at Port, a secret's value can never be read again."""
    name = required_text(body, "secretName")
    required_text(body, "secretValue")
    state.secrets[name] = {"secretName": name, "description": body.get("description")}
    return answer(201, secret=state.secrets[name])


@router.patch("/organization/secrets/{name}")
async def update_secret(state: State, name: str, body: Body) -> Response:
    secret = found(state.secrets, "Secret", name)
    if "description" in body:
        secret["description"] = body["description"]
    return answer(secret=secret)


@router.patch("/org/{organization}/integration/probe/{probe}")
async def report_probe(organization: str, probe: str, body: Body) -> Response:
    return answer()


@router.get("/kafka-credentials")
async def get_kafka_credentials() -> Response:
    return answer(credentials={"username": "sandbox", "password": "sandbox"})


@router.post("/actions")
async def create_action(state: State, body: Body) -> Response:
    state.actions[required_text(body, "identifier")] = body
    return answer(201, action=body)


@router.get("/actions/runs")
async def find_action_runs() -> Response:
    return answer(runs=[])


@router.post("/actions/runs/claim-pending")
async def claim_action_runs(body: Body) -> Response:
    """Return no runs, because nobody starts actions here."""
    return answer(runs=[])


@router.post("/workflows/runs/claim-pending")
async def claim_workflow_runs(body: Body) -> Response:
    return answer(runs=[])


@router.post("/pages")
async def create_page(state: State, body: Body) -> Response:
    state.pages[required_text(body, "identifier")] = body
    return answer(201, page=body)


@router.get("/pages/{identifier}")
async def get_page(state: State, identifier: str) -> Response:
    return answer(page=found(state.pages, "Page", identifier))


@router.delete("/pages/{identifier}")
async def delete_page(state: State, identifier: str) -> Response:
    if state.pages.pop(identifier, None) is None:
        raise NotFound.of("Page", identifier)
    return answer()


@router.get("/migrations/{migration}")
async def get_migration(migration: str) -> Response:
    """Answer that a migration is over: there is no background work here."""
    return answer(
        migration={
            "id": migration,
            "actor": "sandbox",
            "sourceBlueprint": migration.removeprefix("delete-"),
            "mapping": {},
            "status": "COMPLETED",
        }
    )
