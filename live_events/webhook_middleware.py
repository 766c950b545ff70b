"""The check before Ocean's webhook routes: size, authenticity and form of an event.

Ocean itself answers `ok` to whatever arrives, reads it whole, and authenticates later. Here a wrong
event is refused while its sender is there to be told, and never waits in a queue.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from live_events.authentication import Authenticator

# How long a sender may take over its body.
_SECONDS = 30.0
_FORM = "application/x-www-form-urlencoded"


class Refused(Exception):
    """An event that is not accepted: the status that its sender gets, and why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """The rules for events: `paths` as they arrive, with every prefix; `limit` in bytes.

    `answers_challenges` answers Slack's question, by which an address proves that it takes part.
    """

    paths: tuple[str, ...]
    limit: int
    answers_challenges: bool = False


class WebhookMiddleware:
    """ASGI middleware for events; `tell` gets the path and the reason of each refusal."""

    def __init__(
        self,
        app: ASGIApp,
        rules: WebhookRules,
        authenticator: Authenticator,
        tell: Callable[[str, str], None],
    ) -> None:
        self._app = app
        self._rules = rules
        self._authenticator = authenticator
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whatever starts like a path, because routes are more lenient than equality.
        is_event = scope["type"] == "http" and scope["path"].startswith(self._rules.paths)
        if not is_event or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._admit(Headers(scope=scope), receive)
            payload = _parse(body, Headers(scope=scope))
        except Refused as refused:
            self._tell(scope["path"], refused.reason)
            answer = JSONResponse({"status": "refused", "reason": refused.reason}, refused.status)
            await answer(scope, receive, send)
            return
        if self._rules.answers_challenges and (challenge := _challenge(payload)):
            await JSONResponse({"challenge": challenge})(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _admit(self, headers: Headers, receive: Receive) -> bytes:
        """Return the body of a genuine event.

        Raises:
            Refused: it is too large, too slow, or not genuine.
        """
        self._check_size(headers)
        if not self._authenticator.needs_body:
            self._check(headers, b"")
        try:
            async with asyncio.timeout(_SECONDS):
                body = await self._read(receive)
        except TimeoutError:
            raise Refused(408, f"its body took longer than {_SECONDS:g} seconds") from None
        if self._authenticator.needs_body:
            self._check(headers, body)
        return body

    def _check_size(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._rules.limit:
            raise self._too_large()

    def _check(self, headers: Headers, body: bytes) -> None:
        reason = self._authenticator.refusal(dict(headers), body, time.time())
        if reason:
            raise Refused(401, reason)

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "its sender left before the end")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._rules.limit:
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _too_large(self) -> Refused:
        return Refused(413, f"it is larger than webhookBodyLimit ({self._rules.limit} bytes)")


def _parse(body: bytes, headers: Headers) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        sent = headers.get("content-type", "no content type").partition(";")[0].strip()
        hint = "; let the sender use application/json" if sent == _FORM else ""
        raise Refused(415 if hint else 400, f"its body is no JSON ({sent}){hint}") from None


def _challenge(payload: Any) -> str:
    if isinstance(payload, dict) and payload.get("type") == "url_verification":
        return str(payload.get("challenge", ""))
    return ""


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
