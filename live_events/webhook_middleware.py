"""The check before Ocean's webhook routes: size, authenticity and form of an event.

Ocean itself answers `ok` to whatever arrives, reads it whole, and authenticates later. Here a wrong
event is refused while its sender is there to be told, and never waits in a queue.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cache.hook_secrets import HookSecretError, HookSecrets
from framework.live_events import Original
from live_events.arrival import as_json, body_of, target_of
from live_events.authentication import Authenticator, refusal_of
from settings.webhook_handshakes import Handshake, Knock
from settings.webhook_signatures import Target

# How long a sender may take over its body.
_SECONDS = 30.0


class Refused(Exception):
    """An event that is not accepted: the status that its sender gets, and why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """The rules for events: `paths` as they arrive, with every prefix; `limit` in bytes.

    `handshakes` are answered, by which an address proves that it takes part, with the `secrets` of
    which one must be right. `base_url` is the address that webhooks reach. `kept` are the secrets
    that handshakes bring, at the place `secret_from`.
    """

    paths: tuple[str, ...]
    limit: int
    handshakes: tuple[Handshake, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    base_url: str = ""
    secret_from: str = ""
    kept: HookSecrets | None = None


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
        if scope["type"] != "http" or not scope["path"].startswith(self._rules.paths):
            await self._app(scope, receive, send)
            return
        visit = _Visit.of(scope, self._rules.base_url)
        try:
            answer = await self._answer(visit, receive)
        except Refused as refused:
            self._tell(scope["path"], refused.reason)
            answer = JSONResponse({"status": "refused", "reason": refused.reason}, refused.status)
        if answer is None:
            Original(visit.body, visit.target).keep_in(scope)
            readable = as_json(visit.body, visit.names) if visit.was_read else b""
            await self._app(scope, _replay(readable, receive) if visit.was_read else receive, send)
            return
        await answer(scope, receive, send)

    async def _answer(self, visit: "_Visit", receive: Receive) -> Response | None:
        """Return the answer to a handshake; None for what goes on to the application.

        Raises:
            Refused: it is too large, too slow, not genuine or no JSON.
        """
        if answer := await self._handshake(visit, is_signed=False):
            return answer
        if visit.target.method != "POST":
            return None
        self._check_size(visit.headers)
        asks_in_body = any(one.needs_body and not one.is_signed for one in self._rules.handshakes)
        is_checked_early = not (asks_in_body or self._authenticator.needs_body)
        if is_checked_early:
            await self._check(visit)
        visit.body, visit.was_read = await self._whole(receive), True
        if asks_in_body:
            visit.parse()
            if answer := await self._handshake(visit, is_signed=False):
                return answer
        if not is_checked_early:
            await self._check(visit)
        problem = visit.parse()
        if answer := await self._handshake(visit, is_signed=True):
            return answer
        if problem:
            raise Refused(400, problem)
        return None

    async def _handshake(self, visit: "_Visit", *, is_signed: bool) -> Response | None:
        """Return the answer to a handshake of those that are signed, or are not; None of others.

        Raises:
            Refused: it lacks the secret, brings one that is not kept, or cannot be answered.
        """
        knock, rules = visit.knock, self._rules
        known = (each for each in rules.handshakes if each.is_signed is is_signed)
        one = next((each for each in known if each.fits(knock)), None)
        if one is None:
            return None
        if not one.is_verified(knock, rules.secrets):
            raise Refused(401, f"a handshake without webhookSecret in {one.verify}")
        reply = one.reply(knock, rules.secrets[0] if rules.secrets else "")
        if reply is None:
            raise Refused(400, "a handshake that cannot be answered")
        await self._keep_secret(one, knock)
        headers = {**reply.headers, "X-Content-Type-Options": "nosniff"}
        if reply.content is None or isinstance(reply.content, str):
            return PlainTextResponse(reply.content or "", headers=headers)
        return JSONResponse(reply.content, headers=headers)

    async def _keep_secret(self, handshake: Handshake, knock: Knock) -> None:
        """Keep the secret that a handshake brings, before its sender is told that all is well.

        Raises:
            Refused: it is not kept, so that no event of this webhook would be genuine.
        """
        place, kept = self._rules.secret_from, self._rules.kept
        # One that nobody vouches for may come from anyone.
        if kept is None or place not in handshake.when or not handshake.verify:
            return
        try:
            await asyncio.to_thread(kept.keep, knock.find(place) or "")
        except HookSecretError as error:
            raise Refused(503, str(error)) from None

    async def _whole(self, receive: Receive) -> bytes:
        """Return the body.

        Raises:
            Refused: it is too large or too slow.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._read(receive)
        except TimeoutError:
            raise Refused(408, f"its body took longer than {_SECONDS:g} seconds") from None

    def _check_size(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._rules.limit:
            raise self._too_large()

    async def _check(self, visit: "_Visit") -> None:
        reason = await refusal_of(
            self._authenticator, visit.names, visit.body, time.time(), visit.target
        )
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


@dataclass(slots=True)
class _Visit:
    """A request to a webhook's path; `payload` is what its body holds, once that was read."""

    headers: Headers
    target: Target
    body: bytes = b""
    was_read: bool = False
    payload: Any = None

    @classmethod
    def of(cls, scope: Scope, base_url: str) -> "_Visit":
        path = scope.get("raw_path") or scope["path"].encode()
        prefix = scope.get("root_path", "").encode()
        below = path.removeprefix(prefix).decode("latin-1")
        target = target_of(base_url, scope["method"], below, scope.get("query_string", b""))
        # It may hold a secret, and the web server logs it.
        scope["query_string"] = b""
        return cls(Headers(scope=scope), target)

    def parse(self) -> str | None:
        """Read what the body holds, and return what is wrong with it, if anything is."""
        try:
            self.payload = body_of(self.body, self.names)
        except (ValueError, RecursionError):
            sent = self.headers.get("content-type", "no content type").partition(";")[0].strip()
            return f"its body is no JSON ({sent})"
        return None

    @property
    def names(self) -> dict[str, str]:
        """The headers, by names in lower case."""
        return dict(self.headers)

    @property
    def knock(self) -> Knock:
        """The request, as a handshake may be one."""
        return Knock(self.target.method, self.target.query, self.names, self.payload)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
