"""Retries, waits, limits and complete bodies over a real connection."""

import asyncio
import gzip
import itertools
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest
import zstandard

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import EndpointError, RequestError, ResponseError, StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from transport import rate_limits

_TRUNCATED = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _send(
    client: ApiClient, api: FakeApi, path: str = "/x", method: str = "GET", body: Any = None
) -> ApiResponse:
    return await client.send(ApiRequest(method, httpx.URL(f"{api.url}{path}"), body=body))


def _gaps(api: FakeApi) -> list[float]:
    times = [request.at for request in api.received]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.mark.contract("retry.transient")
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_transient_statuses_are_retried(
    api: FakeApi, connect: ClientFactory, status: int
) -> None:
    api.script(Reply(status), Reply(status), Reply(body=[1]))
    assert (await _send(connect(), api)).content == b"[1]"
    assert len(api.received) == 3


@pytest.mark.contract("retry.any-method")
@pytest.mark.parametrize("method", _METHODS)
async def test_every_method_is_retried_with_its_body(
    api: FakeApi, connect: ClientFactory, method: str
) -> None:
    api.script(Reply(raw=b""), Reply(503), Reply())
    await _send(connect(), api, method=method, body={"a": 1})
    assert [(request.method, request.body) for request in api.received] == [
        (method, b'{"a":1}')
    ] * 3


@pytest.mark.contract("retry.transient")
@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200", b"garbage\r\n\r\n"])
async def test_broken_connections_are_retried(
    api: FakeApi, connect: ClientFactory, raw: bytes
) -> None:
    api.script(Reply(raw=raw), Reply(body=[1]))
    assert (await _send(connect(), api)).content == b"[1]"


@pytest.mark.contract("retry.truncated-body")
@pytest.mark.parametrize(
    "raw",
    [_TRUNCATED, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1, 2\r\n"],
)
async def test_a_body_that_breaks_off_is_retried(
    api: FakeApi, connect: ClientFactory, raw: bytes
) -> None:
    api.script(Reply(raw=raw), Reply(body=[1, 2, 3]))
    assert (await _send(connect(), api)).content == b"[1, 2, 3]"


@pytest.mark.contract("retry.truncated-body")
async def test_a_body_that_always_breaks_off_is_an_error(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(raw=_TRUNCATED))
    with pytest.raises(RequestError, match="connection broke"):
        await _send(connect(), api)
    assert len(api.received) == 3


@pytest.mark.contract("retry.permanent", "retry.static-credentials")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422, 501])
async def test_other_errors_are_not_retried(
    api: FakeApi, connect: ClientFactory, status: int
) -> None:
    api.script(Reply(status))
    with pytest.raises(StatusError) as caught:
        await _send(connect(auth_type="bearer_token", api_token="t0ken"), api)
    assert caught.value.status == status
    assert len(api.received) == 1


async def test_after_the_last_retry_the_answer_is_the_error(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(503, body={"message": "down for maintenance"}))
    with pytest.raises(StatusError, match="down for maintenance"):
        await _send(connect(), api)
    assert len(api.received) == 3


@pytest.mark.contract("retry.backoff")
def test_retries_wait_exponentially_longer_with_jitter() -> None:
    spreads = [[rate_limits.backoff(attempt) for _ in range(50)] for attempt in range(1, 8)]
    longest = [rate_limits._FIRST_BACKOFF * 2**n for n in range(7)]
    for waits, most in zip(spreads, longest, strict=True):
        assert all(most / 2 <= wait <= most for wait in waits)
        assert len(set(waits)) > 1
    assert rate_limits.backoff(99) <= 60


@pytest.mark.contract("retry.after-seconds")
@pytest.mark.parametrize("status", [429, 503, 403])
@pytest.mark.parametrize("value", ["0.15", " 0.15 "])
async def test_retry_after_in_seconds(
    api: FakeApi, connect: ClientFactory, status: int, value: str
) -> None:
    api.script(Reply(status, headers={"retry-after": value}), Reply())
    await _send(connect(), api)
    assert 0.149 <= _gaps(api)[0] < 10


@pytest.mark.contract("retry.after-date")
async def test_retry_after_as_a_date(api: FakeApi, connect: ClientFactory) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=1)
    date = format_datetime(moment, usegmt=True)
    api.script(Reply(503, headers={"retry-after": date}), Reply())
    await _send(connect(), api)
    assert datetime.now(UTC) >= moment.replace(microsecond=0)
    assert _gaps(api)[0] < 2


@pytest.mark.contract("retry.rate-limit-reset")
@pytest.mark.parametrize("name", ["X-RateLimit-Reset", "RateLimit-Reset"])
@pytest.mark.parametrize("status", [429, 403])
async def test_a_spent_limit_waits_for_its_reset(
    api: FakeApi, connect: ClientFactory, name: str, status: int
) -> None:
    left = name.replace("Reset", "Remaining")
    api.script(Reply(status, headers={left: "0", name: "0.15"}), Reply())
    await _send(connect(), api)
    assert 0.149 <= _gaps(api)[0] < 10


@pytest.mark.contract("retry.max-wait")
@pytest.mark.parametrize("name", ["retry-after", "x-ratelimit-reset"])
async def test_too_long_a_wait_fails_at_once_and_names_it(
    api: FakeApi, connect: ClientFactory, name: str
) -> None:
    moment = "3600" if name == "retry-after" else str(int(time.time()) + 3600)
    api.script(Reply(429, headers={name: moment}))
    begun = time.monotonic()
    with pytest.raises(RequestError, match=r"429 and asks to wait 3\d\d\d s") as caught:
        await _send(connect(max_retry_wait="60"), api)
    assert "maxRetryWait" in str(caught.value)
    assert time.monotonic() - begun < 30
    assert len(api.received) == 1


@pytest.mark.contract("retry.after-seconds")
async def test_a_429_makes_all_requests_wait(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(429, headers={"retry-after": "0.2"}), Reply())
    client = connect()
    first = asyncio.create_task(_send(client, api))
    await asyncio.sleep(0.05)
    await asyncio.gather(first, *(_send(client, api) for _ in range(4)))
    assert len(api.received) == 6
    assert all(request.at - api.received[0].at >= 0.199 for request in api.received[1:])


@pytest.mark.contract("settings.maxConcurrentRequests.whole-instance")
async def test_no_more_requests_in_flight_than_allowed(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(delay=0.01))
    client = connect(max_concurrent_requests="3")
    await asyncio.gather(*(_send(client, api) for _ in range(15)))
    assert api.most_at_once == 3


@pytest.mark.contract("rate.maxRequestsPerSecond")
async def test_the_pace_includes_retries(api: FakeApi, connect: ClientFactory) -> None:
    replies = [Reply(503), Reply(503), *[Reply()] * 10]
    api.script(*replies)
    client = connect(max_requests_per_second="50")
    await asyncio.gather(*(_send(client, api) for _ in range(8)))
    assert len(api.received) == 10
    assert sum(_gaps(api)) >= 9 / 50 - 0.02


@pytest.mark.contract("settings.timeout.applies", "retry.transient")
@pytest.mark.parametrize("reply", [Reply(delay=2), Reply(body=[1] * 50, drip=0.05)])
async def test_a_slow_answer_ends_within_the_timeout(
    api: FakeApi, connect: ClientFactory, reply: Reply
) -> None:
    api.script(reply)
    begun = time.monotonic()
    with pytest.raises(RequestError, match=r"no complete answer within 0.2 s") as caught:
        await _send(connect(timeout="0.2", max_retries=1), api)
    assert "timeout" in str(caught.value)
    # Two whole answers would take at least 4 s.
    assert 0.4 <= time.monotonic() - begun < 4
    assert len(api.received) == 2


@pytest.mark.contract("settings.timeout.applies")
async def test_waiting_for_a_turn_does_not_count_as_slow(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(delay=0.1))
    client = connect(timeout="0.3", max_concurrent_requests=1, max_retries=0)
    await asyncio.gather(*(_send(client, api) for _ in range(5)))
    assert len(api.received) == 5


@pytest.mark.parametrize(
    "encoding, compress",
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
async def test_compressed_bodies_are_understood(
    encoding: str, compress: Callable[[bytes], bytes], api: FakeApi, connect: ClientFactory
) -> None:
    body = compress(b'{"a": 1}')
    api.script(Reply(body=body, headers={"content-encoding": encoding}))
    assert (await _send(connect(), api)).content == b'{"a": 1}'
    assert encoding in api.received[0].headers["accept-encoding"]


@pytest.mark.contract("body.undecodable")
async def test_a_body_that_is_not_what_it_claims_is_an_error(
    api: FakeApi, connect: ClientFactory
) -> None:
    broken = Reply(body=b"\x00" * 300_000, headers={"content-encoding": "gzip"})
    api.script(broken, broken, Reply())
    client = connect(max_concurrent_requests=1, timeout="1", max_retries=0)
    errors = []
    for _ in range(2):
        with pytest.raises(ResponseError, match="cannot be decoded") as caught:
            await _send(client, api)
        errors.append(caught.value)
    # The connections of broken answers are free again, even while the errors are kept.
    assert (await _send(client, api)).status == 200
    assert all(f"GET {api.url}/x" in str(error) for error in errors)


@pytest.mark.contract("secrets.log-headers", "secrets.log-settings")
async def test_retries_are_logged_without_secrets(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    api.script(Reply(503, body={"token": "b0dy-secret"}), Reply(raw=b""), Reply())
    client = connect(
        auth_type="api_key",
        api_key="k3y-secret",
        custom_headers={"X-Tenant": "t3nant-secret"},
    )
    await _send(client, api, "/x?api_key=k3y-secret&signature=unkn0wn-secret&page=3")
    said = "\n".join(logs)
    assert f"GET {api.url}/x?api_key=***&signature=***&page=3: answered 503, trying again" in said
    assert "-secret" not in said


@pytest.mark.contract("secrets.log-headers", "secrets.errors")
async def test_failures_are_reported_without_secrets(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    def answer(request: Received) -> Reply:
        return Reply(500, body={"headers": dict(request.headers), "url": request.target})

    api.answer = answer
    client = connect(
        auth_type="basic", username="ada", password="p4ss/w0rd+secret", max_retries="1"
    )
    with pytest.raises(StatusError) as caught:
        await _send(client, api, "/x?password=p4ss%2Fw0rd%2Bsecret")
    said = "\n".join([*logs, str(caught.value), repr(caught.value)])
    assert "secret" not in said
    assert api.received[0].headers["authorization"].removeprefix("Basic ") not in said


@pytest.mark.parametrize("length", [True, False], ids=["length", "chunked"])
async def test_a_body_that_cannot_be_decoded_gives_its_connection_back(
    api: FakeApi, connect: ClientFactory, length: bool
) -> None:
    broken = b"no gzip at all"
    if not length:
        broken = b"%x\r\n%s\r\n0\r\n\r\n" % (len(broken), broken)
    framing = b"content-length: %d" % len(broken) if length else b"transfer-encoding: chunked"
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n" + framing + b"\r\n\r\n"
    client = connect(max_concurrent_requests="1", timeout="2", max_retries=0)
    for _ in range(2):
        api.script(Reply(raw=head + broken))
        with pytest.raises(ResponseError, match="cannot be decoded"):
            await _send(client, api)
    api.script(Reply())
    assert (await _send(client, api)).status == 200


@pytest.mark.contract("pagination.custom.stateful")
@pytest.mark.parametrize(
    "reply, times", [(Reply(500), 1), (Reply(503), 1), (Reply(raw=b""), 1), (Reply(429), 2)]
)
async def test_what_makes_the_api_move_on_is_repeated_only_where_it_did_not_act(
    api: FakeApi, connect: ClientFactory, reply: Reply, times: int
) -> None:
    api.script(reply, Reply())
    request = ApiRequest("GET", f"{api.url}/scroll", is_once=True)
    with nullcontext() if times > 1 else pytest.raises(EndpointError):
        await connect().send(request)
    assert len(api.received) == times
