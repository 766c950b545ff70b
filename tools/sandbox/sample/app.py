"""A sample REST API over real data: the Python packages installed in this environment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tools.sandbox.sample import routes
from tools.sandbox.sample.auth import AuthStyle, Gate, TokenIssuer
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.sample.environment import installed_packages
from tools.sandbox.sample.models import Package

DEFAULT_TOKEN = "sample-token"


class Access(NamedTuple):
    """One request that the API answered."""

    method: str
    path: str
    query: str
    status: int


def create_app(
    distributions: Sequence[Package] | None = None,
    token: str = DEFAULT_TOKEN,
    *,
    auth: AuthStyle = "bearer",
    token_lifetime: float = 3600,
) -> FastAPI:
    """Return the sample API.

    Args:
        distributions: what it serves; by default the packages of this environment.
        token: the secret of whichever style: bearer token, password, API key, client secret.
        auth: what requests must carry; `custom` trades the secret for a token at `/oauth/token`.
        token_lifetime: seconds until such a token expires.

    Returns:
        An app whose `state.access_log` lists every request as an `Access`, oldest first.
    """
    issuer = TokenIssuer(token, token_lifetime)
    app = FastAPI(title="Sample API")
    app.state.catalog = Catalog(installed_packages() if distributions is None else distributions)
    app.state.issuer = issuer
    app.state.access_log = []
    app.include_router(routes.api, dependencies=[Depends(Gate(auth, token, issuer))])
    if auth == "custom":
        app.include_router(routes.tokens)
    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.middleware("http")(_log_access)
    return app


async def _log_access(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    request.app.state.access_log.append(
        Access(request.method, request.url.path, request.url.query, response.status_code)
    )
    return response


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return _error(422, "; ".join(wrong))


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = {"error": {"status": status, "message": message}}
    return JSONResponse(body, status, headers=headers)
