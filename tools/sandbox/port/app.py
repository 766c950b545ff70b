"""A stand-in for Port with a catalog in memory: its API under `/v1`, pages, and `/sandbox/api`.

with serve(create_app(PortState())) as port:
    ...  # run Ocean with OCEAN__PORT__BASE_URL=port.url
"""

from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tools.sandbox.port import pages
from tools.sandbox.port.errors import InvalidRequest, NotFound, PortError
from tools.sandbox.port.records import UnknownRequest, now
from tools.sandbox.port.routes import blueprints, entities, inspect, integrations, organization
from tools.sandbox.port.routes.common import current_state, refuse_as_told, require_token
from tools.sandbox.port.state import PortState

STATIC = Path(__file__).parent / "static"


def create_app(state: PortState | None = None) -> FastAPI:
    """Return the stand-in for Port around `state`, which the caller may read while it runs."""
    app = FastAPI(title="Port sandbox", openapi_url=None)
    app.state.port = state if state is not None else PortState()
    app.include_router(organization.public, prefix="/v1")
    for module in (organization, integrations, entities, blueprints):
        depends = [Depends(require_token), Depends(refuse_as_told)]
        app.include_router(module.router, prefix="/v1", dependencies=depends)
    app.include_router(inspect.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(PortError, _port_error)
    app.add_exception_handler(RequestValidationError, _bad_parameters)
    app.add_exception_handler(HTTPException, _no_route)
    return app


async def _port_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, PortError):  # registered for PortError only
        raise error
    if pages.wants_page(request):
        return pages.error_page(request, error)
    return JSONResponse(error.body(), status_code=error.status)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    refusal = InvalidRequest(f"query or path parameters are not valid: {error}")
    return JSONResponse(refusal.body(), status_code=refusal.status)


async def _no_route(request: Request, error: Exception) -> Response:
    """Refuse a request that nothing here answers, as Port does, and remember it."""
    method, path = request.method, request.url.path
    user_agent = request.headers.get("user-agent", "")
    request_seen = UnknownRequest(method=method, path=path, user_agent=user_agent, at=now())
    current_state(request).unknown_requests.append(request_seen)
    refusal = NotFound(f"Route {method}:{path} not found")
    if pages.wants_page(request):
        return pages.error_page(request, refusal)
    return JSONResponse(refusal.body(), status_code=refusal.status)
