"""Not Port's API: what tests and demos ask this stand-in."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from tools.sandbox.port.routes.common import State, answer

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


@router.post("/reset")
async def reset(state: State) -> Response:
    state.reset()
    return answer()
