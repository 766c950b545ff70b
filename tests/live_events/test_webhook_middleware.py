"""What stands before the webhook routes."""

import asyncio
import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from live_events import webhook_middleware
from live_events.arrival import body_of
from live_events.authentication import (
    Authenticator,
    FixedAuthenticator,
    HmacAuthenticator,
    TokenAuthenticator,
)
from live_events.webhook_middleware import WebhookMiddleware, WebhookRules
from settings.connection import ConnectionSettings
from settings.webhook_handshakes import HANDSHAKES, Handshake
from settings.webhook_signatures import PRESETS

SECRET = "s3cr3t-of-the-sender"
SIGNED = HmacAuthenticator(PRESETS["github"], (SECRET,))
BODY = b'{"id": 7}'


class Door:
    """The middleware, the application behind it, and what passed."""

    def __init__(self, authenticator: Authenticator, limit: int = 100, **more: Any) -> None:
        self.passed: list[bytes] = []
        self.told: list[str] = []
        self.answered: dict[bytes, bytes] = {}
        self.scope: dict[str, Any] = {}
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
        query: str = "",
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
            self.answered.update(message.get("headers", ()))

        named = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        scope: Scope = {"type": "http", "path": path, "method": method, "headers": named}
        scope["query_string"], scope["raw_path"] = query.encode(), path.encode()
        await self.middleware(scope, receive, send)
        self.scope = dict(scope)
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
    door = Door(TokenAuthenticator("X-Token", (SECRET,)))
    assert (await door.knock(BODY, headers={"x-token": "wrong"}))[0] == 401
    assert door.read == 0
    assert (await door.knock(BODY, headers={"x-token": SECRET}))[0] == 200


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"payload=hello", "application/x-www-form-urlencoded", 400),
        (b"%", "application/x-www-form-urlencoded", 400),
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


def handshaking(name: str, authenticator: Authenticator | None = None) -> Door:
    return Door(
        authenticator or FixedAuthenticator("no event passes here"),
        1000,
        handshakes=(HANDSHAKES[name],),
        secrets=(SECRET,),
        base_url="https://hooks.test/",
    )


async def test_slacks_question_is_answered_where_slack_is_meant() -> None:
    question = b'{"type": "url_verification", "challenge": "3eZbrw1a"}'
    door = handshaking("slack", FixedAuthenticator())
    assert await door.knock(question) == (200, b'{"challenge":"3eZbrw1a"}')
    assert door.passed == []
    other = Door(FixedAuthenticator())
    await other.knock(question)
    assert other.passed == [question]
    assert (await handshaking("slack").knock(question))[0] == 401


# By the examples that the services publish.
ZOOM = (
    b'{"payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event_ts": 1654503849680, '
    b'"event": "endpoint.url_validation"}'
)
GRID = (
    b'[{"id": "2d1781af", "topic": "/subscriptions/x", "subject": "", "data": {"validationCode": '
    b'"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}, "eventType": '
    b'"Microsoft.EventGrid.SubscriptionValidationEvent"}]'
)
OKTA = "x-okta-verification-challenge"
META = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
TWITCH = {"twitch-eventsub-message-type": "webhook_callback_verification"}


@pytest.mark.contract("live.handshakes")
@pytest.mark.parametrize(
    "name, sent, answer, headers",
    [
        ("graph", {"query": "validationToken=Validation%3a+Testing"}, b"Validation: Testing", {}),
        ("meta", {"method": "GET", "query": f"{META}{SECRET}"}, b"1158201444", {}),
        ("okta", {"method": "GET", "headers": {OKTA: "a1b2"}}, b'{"verification":"a1b2"}', {}),
        ("monday", {"body": b'{"challenge": "3eZbrw1a"}'}, b'{"challenge":"3eZbrw1a"}', {}),
        (
            "event_grid",
            {"body": GRID, "headers": {"aeg-event-type": "SubscriptionValidation"}},
            b'{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}',
            {},
        ),
        (
            "cloudevents",
            {
                "method": "OPTIONS",
                "headers": {"webhook-request-origin": "eventemitter.example.com"},
            },
            b"",
            {b"webhook-allowed-origin": b"eventemitter.example.com"},
        ),
        ("trello", {"method": "HEAD"}, b"", {}),
        ("dropbox", {"method": "GET", "query": "challenge=xyz"}, b"xyz", {}),
    ],
)
async def test_open_handshakes_are_answered_and_pass_nothing_on(
    name: str, sent: dict[str, Any], answer: bytes, headers: dict[bytes, bytes]
) -> None:
    door = handshaking(name)
    chunks = [sent.pop("body")] if "body" in sent else []
    assert await door.knock(*chunks, **sent) == (200, answer)
    assert headers.items() <= door.answered.items()
    assert door.passed == []
    # Nobody else's is.
    other = Door(FixedAuthenticator("no event passes here"))
    status, _ = await other.knock(*chunks, **sent)
    assert status == (401 if sent.get("method", "POST") == "POST" else 200)
    assert other.passed == ([] if status == 401 else [b""])


@pytest.mark.contract("live.handshakes")
@pytest.mark.parametrize(
    "name, body, headers, answer",
    [
        (
            "zoom",
            ZOOM,
            {},
            b'{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"'
            + hmac.digest(SECRET.encode(), b"qgg8vlvZRS6UYooatFL8Aw", "sha256").hex().encode()
            + b'"}',
        ),
        ("twitch", b'{"challenge": "pogchamp-kappa-360"}', TWITCH, b"pogchamp-kappa-360"),
        ("asana", b"", {"x-hook-secret": "b537207f20cbfa02357cf448134da559"}, b""),
    ],
)
async def test_signed_handshakes_are_answered_where_they_are_genuine(
    name: str, body: bytes, headers: dict[str, str], answer: bytes
) -> None:
    door = handshaking(name, FixedAuthenticator())
    assert await door.knock(body, headers=headers) == (200, answer)
    assert door.passed == []
    if name == "asana":
        assert door.answered[b"x-hook-secret"] == headers["x-hook-secret"].encode()
    forged = handshaking(name)
    assert (await forged.knock(body, headers=headers))[0] == 401
    assert b"x-hook-secret" not in forged.answered


@pytest.mark.contract("live.handshakes")
async def test_a_handshake_that_must_hold_the_secret_is_refused_without() -> None:
    door = handshaking("meta")
    assert (await door.knock(method="GET", query=f"{META}wrong"))[0] == 401
    assert SECRET not in "".join(door.told)


@pytest.mark.parametrize("text", ["a" * 3000, "x%0d%0aSet-Cookie: a=b", "%C3%A4"])
async def test_what_a_handshake_sends_back_is_bounded_and_splits_nothing(text: str) -> None:
    handshake = Handshake.model_validate({"when": "query.c", "headers": {"X-C": "{query.c}"}})
    door = Door(FixedAuthenticator("no"), handshakes=(handshake,))
    assert (await door.knock(query=f"c={text}"))[0] == 400
    assert b"x-c" not in door.answered


@pytest.mark.contract("live.handshakes")
async def test_a_handshake_may_be_described() -> None:
    described = {
        "method": "GET",
        "when": ["query.crc_token"],
        "respond": {"response_token": "sha256={hmac_base64:query.crc_token}", "ok": True},
    }
    parsed = ConnectionSettings.parse(
        {"base_url": "https://api.test", "webhook_challenge": json.dumps(described)}
    )
    door = Door(FixedAuthenticator("no"), handshakes=parsed.handshakes, secrets=("k",))
    digest = base64.b64encode(hmac.digest(b"k", b"abc", "sha256")).decode()
    status, answer = await door.knock(method="GET", query="crc_token=abc")
    assert (status, json.loads(answer)) == (200, {"response_token": f"sha256={digest}", "ok": True})


@pytest.mark.contract("live.forms")
@pytest.mark.parametrize(
    "body, read",
    [
        (b"payload=%7B%22id%22%3A7%7D", {"id": 7}),
        (b"id=7&tag=a&tag=b&empty=", {"id": "7", "tag": ["a", "b"], "empty": ""}),
    ],
)
async def test_a_form_is_read_and_its_own_bytes_are_signed(body: bytes, read: Any) -> None:
    door = Door(SIGNED)
    headers = {**signature(body), "content-type": "application/x-www-form-urlencoded; a=b"}
    assert (await door.knock(body, headers=headers))[0] == 200
    assert json.loads(door.passed[0]) == read
    kept = door.scope["ocean_custom.original"]
    assert (kept.body, body_of(kept.body, headers)) == (body, read)
    assert (await Door(SIGNED).knock(body + b"&x=1", headers=headers))[0] == 401


@pytest.mark.contract("live.token-in-address")
async def test_a_token_in_the_address_is_checked_and_not_handed_on_where_it_is_logged() -> None:
    door = Door(TokenAuthenticator("", (SECRET,), query="key"))
    assert (await door.knock(BODY, query="key=wrong"))[0] == 401
    assert (await door.knock(BODY, query=f"key={SECRET}"))[0] == 200
    assert door.scope["query_string"] == b""
    assert door.scope["ocean_custom.original"].target.query == {"key": SECRET}
