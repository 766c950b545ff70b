"""The ways in which the sample API can ask who calls."""

import json
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

AuthStyle = Literal["none", "bearer", "basic", "api_key", "custom"]
IDENTITY = "sample"
"""The user name (`basic`) or client id (`custom`) that belongs to the token."""


class TokenIssuer:
    """Trades client credentials for opaque tokens that expire.

    Args:
        client_secret: what a client must show, together with `IDENTITY` as its id.
        lifetime: seconds for which a token is accepted.
        clock: a source of seconds that never goes back.
    """

    def __init__(
        self, client_secret: str, lifetime: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client_secret = client_secret
        self.lifetime = lifetime
        self._clock = clock
        self._expiry: dict[str, float] = {}

    def issue(self, client_id: str, client_secret: str) -> str | None:
        """Return a new token, or None when the credentials are wrong."""
        if not (_same(client_id, IDENTITY) and _same(client_secret, self._client_secret)):
            return None
        token = secrets.token_urlsafe(24)
        self._expiry[token] = self._clock() + self.lifetime
        return token

    def accepts(self, token: str) -> bool:
        """Return whether the token was issued here and has not expired."""
        return self._clock() < self._expiry.get(token, float("-inf"))


class Gate:
    """Refuses requests that do not carry what the chosen style asks for."""

    def __init__(self, style: AuthStyle, token: str, issuer: TokenIssuer) -> None:
        self._style = style
        self._token = token
        self._issuer = issuer

    async def __call__(self, request: Request) -> None:
        """Let the request pass.

        Raises:
            HTTPException: 401, with the challenge of the style.
        """
        if not self._admits(request):
            scheme = "Basic" if self._style == "basic" else "Bearer"
            raise HTTPException(
                401,
                "missing, wrong or expired credentials",
                headers={"WWW-Authenticate": f'{scheme} realm="sample"'},
            )

    def _admits(self, request: Request) -> bool:
        header = request.headers.get("authorization", "")
        match self._style:
            case "none":
                return True
            case "bearer":
                return _same(header, f"Bearer {self._token}")
            case "basic":
                pair = b64encode(f"{IDENTITY}:{self._token}".encode()).decode()
                return _same(header, f"Basic {pair}")
            case "api_key":
                return _same(request.headers.get("x-api-key", ""), self._token)
            case "custom":
                scheme, _, token = header.partition(" ")
                return scheme == "Bearer" and self._issuer.accepts(token)


async def read_grant(request: Request) -> dict[str, Any]:
    """Return the fields of a token request, sent as JSON or as a form.

    Raises:
        ValueError: the body is neither.
    """
    body = (await request.body()).decode()
    if "json" in request.headers.get("content-type", ""):
        grant = json.loads(body)
        if not isinstance(grant, dict):
            raise ValueError("the body is not an object")
        return grant
    return {name: values[-1] for name, values in parse_qs(body).items()}


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())
