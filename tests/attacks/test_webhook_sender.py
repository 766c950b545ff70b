"""Whoever can reach the webhooks: with a secret, and what stands in an event; or without one."""

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import EndpointError, LiveEventError, SettingsError
from expressions.evaluator import Evaluator
from live_events.authentication import authenticator_of
from live_events.webhook_middleware import WebhookMiddleware, WebhookRules
from mapping.plan.resource import ResourcePlan
from settings.connection import ConnectionSettings
from tests.mapping.test_resources import resource

pytestmark = pytest.mark.usefixtures("ocean_config", "clean_surroundings")

BASE = "https://api.test"
SECRET = "0123456789abcdef"
EVALUATOR = Evaluator()
HOOKS = {"base_url": BASE, "webhook_auth": "token", "webhook_header": "X-T"}


def planned(encode: str | None = None) -> ResourcePlan:
    fetched = {"endpoint": "/users/{id}/profile", "headers": {"X-Id": "{id}"}}
    parameter = {"endpoint": "/users", "field": ".id", **({"encode": encode} if encode else {})}
    return resource(
        "/users/{id}/profile",
        path_parameters={"id": parameter},
        live_events=[{"fetch": fetched, "params": {"id": ".body.id"}}],
    ).plan(ConnectionSettings.parse({**HOOKS, "webhook_secret": SECRET}))


def asked(value: Any, encode: str | None = None) -> str:
    (event,) = planned(encode).live_events
    subject = asyncio.run(event.subject({"headers": {}, "body": {"id": value}}, EVALUATOR))
    assert subject
    request = event.endpoint.request(BASE, subject.values)
    return request.url.raw_path.decode()


@pytest.mark.contract("live-events.segments")
@pytest.mark.parametrize(
    "value, segment",
    [
        ("u2/tokens", "u2%2Ftokens"),
        ("u2?admin=1", "u2%3Fadmin=1"),
        ("u2#x", "u2%23x"),
        ("u2%2ftokens", "u2%252ftokens"),
        ("a b", "a%20b"),
        (7, "7"),
    ],
)
@pytest.mark.parametrize("encode", [None, "segment"])
def test_a_value_of_an_event_is_one_segment(value: Any, segment: str, encode: str | None) -> None:
    assert asked(value, encode) == f"/users/{segment}/profile"


def test_slashes_stay_where_the_mapping_says_so() -> None:
    assert asked("group/app", "path") == "/users/group/app/profile"


@given(st.text(min_size=1))
def test_no_value_of_an_event_calls_another_endpoint(value: str) -> None:
    try:
        path = asked(value)
    except (EndpointError, LiveEventError):
        return
    assert path.startswith("/users/")
    assert path.endswith("/profile")
    assert path.count("/") == 3
    assert "?" not in path


@pytest.mark.parametrize("value", ["..", ".", "..;", "..;/x", "%2e%2e", "%252e%252e", "..\\x"])
@pytest.mark.parametrize("encode", [None, "path", "segment"])
def test_no_value_of_an_event_is_a_dot_segment(value: str, encode: str | None) -> None:
    with pytest.raises(EndpointError, match="segment"):
        asked(value, encode)


@pytest.mark.parametrize("value", [None, "", {}, [], ["a"], True, {"a": 1}])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(LiveEventError):
        asked(value)


@pytest.mark.contract("webhooks.secret-length")
@pytest.mark.parametrize("secret", ["a", "1234567"])
def test_a_secret_that_can_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(SettingsError, match="webhookSecret: is shorter than 8") as caught:
        ConnectionSettings.parse({**HOOKS, "webhook_secret": secret})
    assert "got" not in str(caught.value)


@pytest.mark.parametrize("size, warned", [(8, True), (15, True), (16, False)])
def test_a_short_secret_is_warned_of(size: int, *, warned: bool) -> None:
    settings = ConnectionSettings.parse({**HOOKS, "webhook_secret": "x" * size})
    assert any(line.startswith("webhookSecret") for line in settings.warnings) is warned


async def told(body: bytes, headers: dict[str, str], pieces: int = 1) -> tuple[int, list[str]]:
    """What the sender of an event is answered, and what the log is told."""
    settings = ConnectionSettings.parse({**HOOKS, "webhook_secret": SECRET})
    authenticator = authenticator_of(settings)
    assert authenticator
    lines: list[str] = []
    status: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    step = max(1, -(-len(body) // pieces))
    messages = [
        {"type": "http.request", "body": body[at : at + step], "more_body": at + step < len(body)}
        for at in range(0, max(len(body), 1), step)
    ]

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    middleware = WebhookMiddleware(
        app,
        WebhookRules(("/webhook",), 10_000),
        authenticator,
        lambda path, reason: lines.append(f"{path} {reason}"),
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/webhook",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await middleware(scope, receive, send)
    return status[0], lines


HOSTILE = {
    "deep": b"[" * 9_000,
    "too large": b'"' + b"x" * 20_000 + b'"',
    "no json": b"\x00\xff",
    "nothing": b"",
    "half a text": b'{"a": "\xed\xa0',
    "nan": b'{"a": NaN',
}


@pytest.mark.contract("webhooks.hostile-bodies")
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("pieces", [1, 50])
async def test_a_hostile_body_is_refused_at_once(body: bytes, pieces: int) -> None:
    began = time.monotonic()
    status, lines = await told(body, {"X-T": SECRET}, pieces)
    assert status in (400, 413)
    assert len(lines) == 1
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 5_000, "²", "0x10", " 7"])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    status, _ = await told(b"{}", {"X-T": SECRET, "Content-Length": length})
    assert status == 413


@pytest.mark.parametrize("given_secret", ["", "x", SECRET[:-1], f"{SECRET}x", "\u0660" * 16])
async def test_without_the_secret_the_body_is_not_even_read(given_secret: str) -> None:
    status, lines = await told(json.dumps({"id": 1}).encode(), {"X-T": given_secret})
    assert status == 401
    assert SECRET not in "".join(lines)


async def test_a_genuine_event_arrives() -> None:
    assert await told(b'{"id": 1}', {"X-T": SECRET}) == (200, [])
