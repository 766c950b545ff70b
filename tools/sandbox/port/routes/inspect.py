"""Not Port's API: what tests and demos ask this stand-in."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from tools.sandbox.port.routes.common import Body, State, answer
from tools.sandbox.port.state import Refusal

router = APIRouter(prefix="/sandbox/api")


@router.get("/state")
async def get_state(state: State) -> Response:
    return JSONResponse(state.as_json())


@router.get("/syncs")
async def get_syncs(state: State) -> Response:
    """Return every sync, oldest first."""
    return JSONResponse({"syncs": [sync.as_json() for sync in reversed(state.recent_syncs())]})


@router.get("/logs")
async def get_logs(state: State) -> Response:
    return JSONResponse({"logs": list(state.logs)})


@router.post("/refusals")
async def refuse(state: State, body: Body) -> Response:
    """Refuse requests from now on: `{"part": "/entities/bulk", "status": 503, "times": 2}`."""
    state.refusals.append(
        Refusal(str(body.get("part", "/")), int(body.get("status", 500)), int(body.get("times", 1)))
    )
    return answer()


@router.post("/reset")
async def reset(state: State) -> Response:
    state.reset()
    return answer()
