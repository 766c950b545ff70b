"""What stands before the webhook routes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from live_events import webhook_middleware
from live_events.authentication import (
    Authenticator,
    FixedAuthenticator,
    HmacAuthenticator,
    TokenAuthenticator,
)
from live_events.webhook_middleware import WebhookMiddleware, WebhookRules
from settings.webhook_signatures import PRESETS

SECRET = "s3cr3t-of-the-sender"
SIGNED = HmacAuthenticator(PRESETS["github"], SECRET)
BODY = b'{"id": 7}'


class Door:
    """The middleware, the application behind it, and what passed."""

    def __init__(self, authenticator: Authenticator, limit: int = 100, **more: Any) -> None:
        self.passed: list[bytes] = []
        self.told: list[str] = []
        self.read = 0
        self.middleware = WebhookMiddleware(
            self._application,
            WebhookRules(("/integration/webhook",), limit, **more),
            authenticator,
            lambda path, reason: self.told.append(reason),
        )

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.passed.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def knock(
        self,
        *chunks: bytes,
        path: str = "/integration/webhook",
        method: str = "POST",
        leaves: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        if leaves:
            messages.append({"type": "http.disconnect"})
        else:
            messages.append({"type": "http.request", "body": b"", "more_body": False})
        answer: dict[str, Any] = {"body": b""}

        async def receive() -> Message:
            self.read += 1
            return messages.pop(0)

        async def send(message: Message) -> None:
            answer["status"] = message.get("status", answer.get("status"))
            answer["body"] += message.get("body", b"")

        named = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        scope = {"type": "http", "path": path, "method": method, "headers": named}
        await self.middleware(scope, receive, send)
        return answer["status"], answer["body"]


def signature(body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={SIGNED.scheme.sign(body, SECRET)}"}


async def test_a_genuine_event_passes_as_it_came() -> None:
    door = Door(SIGNED)
    status, _ = await door.knock(BODY[:3], BODY[3:], headers=signature(BODY))
    assert (status, door.passed, door.told) == (200, [BODY], [])


@pytest.mark.parametrize("path", ["/integration/webhook", "/integration/webhook\n"])
async def test_a_forgery_is_refused_with_its_reason(path: str) -> None:
    door = Door(SIGNED)
    status, answer = await door.knock(BODY, path=path, headers=signature(b"other"))
    assert status == 401
    assert json.loads(answer)["reason"] == "the signature in X-Hub-Signature-256 is wrong"
    assert (door.passed, len(door.told)) == ([], 1)


async def test_a_large_event_is_refused_before_it_is_read() -> None:
    door = Door(SIGNED)
    status, _ = await door.knock(b"x" * 101, headers={"content-length": "101"})
    assert (status, door.read, door.passed) == (413, 0, [])


@pytest.mark.parametrize("length", [None, "5"])
async def test_a_large_event_that_says_otherwise_is_refused_where_it_becomes_too_large(
    length: str | None,
) -> None:
    door = Door(SIGNED)
    headers = {"content-length": length} if length else {}
    status, _ = await door.knock(*[b"x" * 60] * 10, headers=headers)
    assert (status, door.read) == (413, 2)


@pytest.mark.parametrize("length", ["-1", "many", "9" * 5000])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    assert (await Door(SIGNED).knock(BODY, headers={"content-length": length}))[0] == 413


async def test_a_wrong_token_is_refused_before_the_body_is_read() -> None:
    door = Door(TokenAuthenticator("X-Token", SECRET))
    assert (await door.knock(BODY, headers={"x-token": "wrong"}))[0] == 401
    assert door.read == 0
    assert (await door.knock(BODY, headers={"x-token": SECRET}))[0] == 200


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"payload=%7B%7D", "application/x-www-form-urlencoded", 415),
        (b"hello", "text/plain", 400),
        (b"", "application/json", 400),
        (b"[" * 90, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
    ],
)
async def test_what_is_no_json_is_refused(body: bytes, kind: str, status: int) -> None:
    door = Door(FixedAuthenticator())
    assert (await door.knock(body, headers={"content-type": kind}))[0] == status
    assert door.passed == []


async def test_a_sender_that_leaves_or_dawdles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(FixedAuthenticator())
    assert (await door.knock(BODY, leaves=True))[0] == 400
    monkeypatch.setattr(webhook_middleware, "_SECONDS", 0.01)

    async def never(receive: Receive) -> bytes:
        await asyncio.sleep(5)
        return b""

    monkeypatch.setattr(door.middleware, "_read", never)
    assert (await door.knock(BODY))[0] == 408


@pytest.mark.parametrize(
    "request_", [{"path": "/health"}, {"method": "GET"}, {"path": "/integration"}]
)
async def test_other_requests_pass_untouched(request_: dict[str, str]) -> None:
    door = Door(SIGNED)
    assert (await door.knock(b"x" * 500, **request_))[0] == 200  # type: ignore[arg-type]  # one of three
    assert door.told == []


async def test_slacks_question_is_answered_where_slack_is_meant() -> None:
    question = b'{"type": "url_verification", "challenge": "3eZbrw1a"}'
    door = Door(FixedAuthenticator(), answers_challenges=True)
    assert await door.knock(question) == (200, b'{"challenge":"3eZbrw1a"}')
    assert door.passed == []
    other = Door(FixedAuthenticator())
    await other.knock(question)
    assert other.passed == [question]
