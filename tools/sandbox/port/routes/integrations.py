"""Integrations: the mapping, the state of resyncs, logs, metrics, examples of raw data."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from tools.sandbox.port.errors import Conflict, NotFound, required_text
from tools.sandbox.port.records import Integration, now, timestamp
from tools.sandbox.port.routes.common import Body, State, answer
from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import ABORTED, COMPLETED, FAILED, RUNNING

router = APIRouter()

_OWN_FIELDS = {"installationId", "identifier", "config", "resyncState"}


@router.get("/integration/provision-enabled")
async def list_provisioned() -> Response:
    """Return nothing: Port provisions no integration's defaults, so Ocean creates its own."""
    return answer(integrations=[])


@router.post("/integration")
async def create_integration(request: Request, state: State, body: Body) -> Response:
    identifier = required_text(body, "installationId")
    if identifier in state.integrations:
        raise Conflict(f'Integration "{identifier}" already exists', code="identifier_taken")
    moment = now()
    integration = Integration(identifier, created_at=moment, updated_at=moment)
    state.integrations[identifier] = integration
    _apply(integration, body, moment)
    return answer(201, integration=_shown(request, integration))


@router.get("/integration")
async def list_integrations(request: Request, state: State) -> Response:
    return answer(integrations=[_shown(request, item) for item in state.integrations.values()])


@router.get("/integration/{identifier}")
async def get_integration(request: Request, state: State, identifier: str) -> Response:
    return answer(integration=_shown(request, state.integration(identifier)))


@router.put("/integration/{identifier}")
@router.patch("/integration/{identifier}")
@router.patch("/integration/{identifier}/config")
async def patch_integration(
    request: Request, state: State, identifier: str, body: Body
) -> Response:
    """Change what the body names; a new mapping asks for a resync unless the client says not to."""
    integration = state.integration(identifier)
    moment = now()
    _apply(integration, body, moment)
    if "config" in body and request.headers.get("x-skip-resync") != "true":
        integration.resync_requested_at = moment
    return answer(integration=_shown(request, integration))


@router.delete("/integration/{identifier}")
async def delete_integration(state: State, identifier: str) -> Response:
    state.integration(identifier)
    del state.integrations[identifier]
    return answer()


@router.patch("/integration/{identifier}/resync-state")
async def patch_resync_state(
    request: Request, state: State, identifier: str, body: Body
) -> Response:
    """Begin a sync with `running`; end it with `completed`, `failed` or `aborted`."""
    integration = state.integration(identifier)
    status = body.get("status")
    if status == RUNNING:
        state.begin_sync(identifier)
    elif status in (COMPLETED, FAILED, ABORTED):
        state.end_sync(identifier, status)
    integration.resync_state |= {**body, "updatedAt": timestamp(now())}
    return answer(integration=_shown(request, integration))


@router.get("/integration/{identifier}/resync-request")
async def get_resync_request(state: State, identifier: str) -> Response:
    requested_at = state.integration(identifier).resync_requested_at
    return answer(request={"updatedAt": timestamp(requested_at)} if requested_at else None)


@router.post("/integration/{identifier}/resync-request")
async def request_resync(state: State, identifier: str) -> Response:
    """Ask a polling integration to sync again."""
    moment = now()
    state.integration(identifier).resync_requested_at = moment
    return answer(request={"updatedAt": timestamp(moment)})


@router.post("/integration/{identifier}/kinds/{kind:path}/examples")
async def add_examples(state: State, identifier: str, kind: str, body: Body) -> Response:
    """Keep examples of raw items by kind, which may hold slashes as an endpoint path."""
    state.integration(identifier).kind_examples[kind] = body.get("examples", [])
    return answer(201)


@router.get("/integration/{identifier}/cursor")
async def get_cursor(state: State, identifier: str, kind: str, index: int) -> Response:
    return answer(cursor=state.integration(identifier).cursors.get((kind, index)))


@router.put("/integration/{identifier}/cursor")
async def replace_cursor(
    state: State, identifier: str, kind: str, index: int, body: Body
) -> Response:
    cursors = state.integration(identifier).cursors
    if (kind, index) not in cursors:
        raise NotFound.of("Cursor", f"{kind}-{index}")
    cursors[kind, index] = body
    return answer(cursor=body)


@router.post("/integration/{identifier}/cursor")
async def create_cursor(
    state: State, identifier: str, kind: str, index: int, body: Body
) -> Response:
    state.integration(identifier).cursors[kind, index] = body
    return answer(201, cursor=body)


@router.post("/logs/integration/{identifier}")
async def ingest_logs(state: State, identifier: str, body: Body) -> Response:
    state.add_logs(identifier, body.get("logs", []))
    return answer(202)


@router.post("/metrics/integration/{identifier}/syncMetrics")
async def ingest_metrics(state: State, identifier: str, body: Body) -> Response:
    for metrics in body.get("syncKindsMetrics", []):
        _keep_metrics(state, identifier, metrics)
    return answer(202)


@router.put("/metrics/integration/{identifier}/syncMetrics/resync/{event}/kind/{kind:path}")
async def replace_metrics(
    state: State, identifier: str, event: str, kind: str, body: Body
) -> Response:
    _keep_metrics(state, identifier, body.get("syncKindMetrics", {}))
    return answer(202)


@router.put("/metrics/integration/{identifier}/syncMetrics/resync//kind/{kind:path}")
async def refuse_metrics(identifier: str, kind: str, body: Body) -> Response:
    """Answer what Ocean says of a resync in whose middle it was stopped: it has no id any more."""
    raise NotFound.of("Resync", "")


@router.post("/metrics/integration/{identifier}/heartbeat")
async def heartbeat(identifier: str, body: Body) -> Response:
    return answer(202)


def _keep_metrics(state: PortState, identifier: str, metrics: dict[str, Any]) -> None:
    integration = state.integrations.get(identifier)
    if integration and (kind := metrics.get("kindIdentifier")):
        integration.metrics[str(kind)] = metrics


def _apply(integration: Integration, body: dict[str, Any], moment: datetime) -> None:
    if "config" in body:
        integration.config = body["config"] or {}
    integration.attributes.update(
        {key: value for key, value in body.items() if key not in _OWN_FIELDS}
    )
    integration.updated_at = moment


def _shown(request: Request, integration: Integration) -> dict[str, Any]:
    """Return the integration as answered: with the addresses to send logs and metrics to."""
    api = f"{str(request.base_url).rstrip('/')}/v1"
    identifier = integration.identifier
    return {
        **integration.as_json(),
        "logAttributes": {"ingestUrl": f"{api}/logs/integration/{identifier}"},
        "metricAttributes": {"ingestUrl": f"{api}/metrics/integration/{identifier}"},
        "ingestAttributes": {"ingestUrl": f"{api}/ingest/integration/{identifier}"},
    }
