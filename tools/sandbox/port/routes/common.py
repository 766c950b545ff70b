"""Parts that the routes share: the state, the sender, and the JSON body."""

import json
import time
from typing import Annotated, Any, NoReturn

import jwt
from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from tools.sandbox.port.errors import InvalidRequest, Refused, Unauthorized
from tools.sandbox.port.records import Actor
from tools.sandbox.port.state import PortState

TOKEN_LIFETIME_SECONDS = 3 * 60 * 60
_ALGORITHM = "HS256"


def answer(status: int = 200, **content: Any) -> JSONResponse:
    """Answer `{"ok": true, …}`, without a pass through the response-model machinery."""
    return JSONResponse({"ok": True, **content}, status_code=status)


def current_state(request: Request) -> PortState:
    state: PortState = request.app.state.port
    return state


def current_actor(request: Request) -> Actor:
    return Actor.from_user_agent(request.headers.get("user-agent", ""))


async def json_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}", parse_constant=_no_number)
    except ValueError as error:
        raise InvalidRequest(f"body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequest("body must be object")
    return body


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


State = Annotated[PortState, Depends(current_state)]
CurrentActor = Annotated[Actor, Depends(current_actor)]
Body = Annotated[dict[str, Any], Depends(json_object)]


def issue_token(state: PortState, client_id: str) -> str:
    """Return a signed token that says, as Port's does, that it belongs to a machine."""
    issued_at = int(time.time())
    claims = {
        "sub": client_id,
        "orgId": "org_sandbox",
        "isMachine": True,
        "personalToken": False,
        "iat": issued_at,
        "exp": issued_at + TOKEN_LIFETIME_SECONDS,
    }
    return jwt.encode(claims, state.signing_key, algorithm=_ALGORITHM)


def require_token(request: Request, state: State) -> None:
    """Raise `Unauthorized` unless the request carries a token of this server."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("A bearer token is required: ask POST /v1/auth/access_token for one")
    try:
        jwt.decode(token, state.signing_key, algorithms=[_ALGORITHM], options={"verify_iat": False})
    except jwt.InvalidTokenError as error:
        raise Unauthorized(f"The access token is not valid: {error}") from error


def refuse_as_told(request: Request, state: State) -> None:
    """Refuse a request that this server was told to refuse."""
    if refusal := state.refusal_of(request.url.path):
        raise Refused(f"refused as told, with {refusal.status}", refusal.status)
