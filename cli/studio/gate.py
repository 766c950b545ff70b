"""Lets one page ask the studio's server: the one that the address on the terminal has opened.

Other pages in the same browser, other programs and other users of the machine can reach a port of
127.0.0.1, too. Three random texts keep them out:

    door     in the address that is opened, once; the answer sets the pass and gives the key
    pass     a cookie, without which there is no page; browsers send it to other ports of this host
             as well, so that it opens nothing but the page
    key      in the fragment of the address, which is sent nowhere; the page sends it as a header
             with each question for data, and no other origin can read or send it
"""

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
KEY_HEADER = "X-Studio-Key"
API = "/api/"
_MOST_BYTES = 4 * 2**20
_READING = ("GET", "HEAD")
_OWN_SITES = ("same-origin", "none")

# Nothing of other hosts, no scripts within the page, no frames, no forms, and no text becomes HTML.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

_CLOSED = (
    "This page belongs to a run of `ocean-custom studio`, and opens with the address that it has "
    "shown on the terminal.\n"
)


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Keys:
    """The random texts of one run."""

    door: str = field(default_factory=_random, repr=False)
    ticket: str = field(default_factory=_random, repr=False)
    key: str = field(default_factory=_random, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why a request is refused, with the status that says so."""

    status: int
    text: str


class Gate:
    """Lets requests of the page through to the application, and refuses all others.

    Inputs: `port`, where the server listens: any other `Host` is a name that was bound to
    127.0.0.1 to get here.
    """

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app = app
        self._keys = keys
        self._place = f"{HOST}:{port}"
        self._cookie = f"ocean_custom_studio_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_encoded(HEADERS)]
            await send(message)

        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, hardened)

    def _answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request that goes no further; None where the page asks."""
        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            return _refused(refusal)
        door = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if scope["path"] == "/" and door:
            return self._opened(door)
        if not _same(self._pass_in(headers), self._keys.ticket):
            return _refused(Refusal(403, _CLOSED))
        is_api = scope["path"].startswith(API)
        if is_api and not _same(headers.get(KEY_HEADER, ""), self._keys.key):
            return _refused(Refusal(403, _CLOSED))
        return None

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Return why a request is none of a page of this server, whatever it knows."""
        if headers.getlist("host") != [self._place]:
            return Refusal(421, f"This is {self._place} and nothing else.\n")
        origin = headers.get("origin")
        is_reading = scope["method"] in _READING
        if origin != f"http://{self._place}" and (origin is not None or not is_reading):
            return Refusal(403, "Pages of other origins have no access.\n")
        if headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            return Refusal(403, "Pages of other sites have no access.\n")
        length = headers.get("content-length", "0" if is_reading else "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            return Refusal(413, f"A question has a length, of at most {_MOST_BYTES} bytes.\n")
        return None

    def _opened(self, door: list[str]) -> Response:
        if len(door) != 1 or not _same(door[0], self._keys.door):
            return _refused(Refusal(403, _CLOSED))
        response = RedirectResponse(f"/#{self._keys.key}", 303)
        response.set_cookie(self._cookie, self._keys.ticket, httponly=True, samesite="strict")
        return response

    def _pass_in(self, headers: Headers) -> str:
        pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
        return next((value for name, _, value in pairs if name == self._cookie), "")


def _same(given: str, known: str) -> bool:
    return compare_digest(given.encode(), known.encode())


def _refused(refusal: Refusal) -> Response:
    return PlainTextResponse(refusal.text, refusal.status)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def address_to_open(keys: Keys, port: int) -> str:
    """Return the address that opens the page."""
    return f"http://{HOST}:{port}/?token={keys.door}"
