"""Connections: kept while they serve, opened anew when not, and the version of HTTP."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import RequestError
from tests.rooms import ClientFactory
from tests.support.authority import Authority
from tests.support.fake_api import FakeApi, Received, Reply
from tests.support.h2_server import TwoVersions
from tests.support.tls_server import serving
from transport import complete_responses
from transport.connections import Connection, Route
from transport.exchange import Exchange

_STEPS = ("sent", "looked at")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def server(authority: Authority, tmp_path: Path) -> AsyncIterator[TwoVersions]:
    async with TwoVersions().running(authority.server(tmp_path, asks=False)) as running:
        yield running


def _of_two_versions(
    connect: ClientFactory, server: TwoVersions, authority: Authority, **settings: Any
) -> ApiClient:
    trusting = {"base_url": server.url, "ca_certificate": authority.pem}
    return connect(**trusting, http_version="auto", **settings)


async def _get(client: ApiClient, url: str) -> bytes:
    return await (await client.send(ApiRequest("GET", httpx.URL(url)))).read()


@pytest.mark.parametrize("setting, version", [("http1", "HTTP/1.1"), ("auto", "HTTP/2")])
async def test_the_version_is_what_both_sides_speak(
    setting: str,
    version: str,
    server: TwoVersions,
    authority: Authority,
    connect: ClientFactory,
) -> None:
    client = connect(base_url=server.url, ca_certificate=authority.pem, http_version=setting)
    for n in range(3):
        assert await _get(client, f"{server.url}/{n}") == b'[{"id": 1}]'
    assert server.seen == [(version, f"/{n}") for n in range(3)]
    assert len(server.transports) == 1
    await client.aclose()


async def test_auto_speaks_the_older_version_to_a_server_of_that(
    authority: Authority, connect: ClientFactory, api: FakeApi
) -> None:
    assert await _get(connect(http_version="auto"), f"{api.url}/x") == b"{}"


async def test_each_turn_has_a_connection_of_its_own(
    server: TwoVersions, authority: Authority, connect: ClientFactory
) -> None:
    client = _of_two_versions(connect, server, authority, max_concurrent_requests=4)
    await asyncio.gather(*(_get(client, f"{server.url}/{n}") for n in range(40)))
    assert len({path for _, path in server.seen}) == 40
    assert len(server.transports) <= 4
    await client.aclose()


async def test_a_connection_that_the_server_ends_is_replaced(
    server: TwoVersions, authority: Authority, connect: ClientFactory
) -> None:
    client = _of_two_versions(connect, server, authority, max_concurrent_requests=1)
    for path in ("/last", "/1", "/last", "/2"):
        assert await _get(client, f"{server.url}{path}") == b'[{"id": 1}]'
    await client.aclose()


async def test_a_stream_that_is_reset_is_retried_and_then_an_error(
    server: TwoVersions, authority: Authority, connect: ClientFactory
) -> None:
    client = _of_two_versions(connect, server, authority, max_retries=2)
    with pytest.raises(RequestError, match="the connection broke"):
        await _get(client, f"{server.url}/broken")
    assert [path for _, path in server.seen] == ["/broken"] * 3
    assert await _get(client, f"{server.url}/1") == b'[{"id": 1}]'
    await client.aclose()


async def test_a_connection_that_fell_silent_is_not_asked_again(
    server: TwoVersions, authority: Authority, connect: ClientFactory
) -> None:
    client = _of_two_versions(connect, server, authority, timeout="0.5", max_retries=1)
    assert await _get(client, f"{server.url}/silent") == b'[{"id": 1}]'
    assert [path for _, path in server.seen] == ["/silent"] * 2
    await client.aclose()


_LARGE_BODY = bytes(4_000_000)


@pytest.mark.parametrize("scheme, usual", [("http", 64 * 1024), ("https", 16 * 1024)])
async def test_what_has_arrived_is_taken_in_large_pieces(
    scheme: str, usual: int, authority: Authority, api: FakeApi, tmp_path: Path
) -> None:
    tls = authority.server(tmp_path, asks=False)
    with serving(tls, lambda target: _LARGE_BODY) as (secure_url, _):
        api.script(Reply(body=_LARGE_BODY))
        url = secure_url if scheme == "https" else api.url
        trusting = ssl.create_default_context(cadata=authority.pem)
        connection = Connection(Route(trusting, trusting))
        response = await connection.handle_async_request(httpx.Request("GET", f"{url}/x"))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        pieces = [piece async for piece in response.stream]
        await response.aclose()
        await connection.aclose()
    assert b"".join(pieces) == _LARGE_BODY
    assert max(map(len, pieces)) > usual


@pytest.mark.parametrize("told, is_whole", [(None, True), (0, True), (1, False)])
async def test_a_body_over_tls_ends_where_the_server_says(
    told: int | None, is_whole: bool, authority: Authority, tmp_path: Path
) -> None:
    length = "" if told is None else f"content-length: {len(_LARGE_BODY) + told}\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode() + _LARGE_BODY)
        await writer.drain()
        writer.close()

    tls = authority.server(tmp_path, asks=False)
    trusting = ssl.create_default_context(cadata=authority.pem)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        connection = Connection(Route(trusting, trusting))
        response = await connection.handle_async_request(httpx.Request("GET", url))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        with nullcontext() if is_whole else pytest.raises(httpx.TransportError):
            assert b"".join([piece async for piece in response.stream]) == _LARGE_BODY
        await response.aclose()
        await connection.aclose()


async def test_an_idle_connection_that_the_server_closed_is_not_used(api: FakeApi) -> None:
    tls = ssl.create_default_context()
    connection = Connection(Route(tls, tls))
    closing = Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    api.script(closing)
    for _ in range(3):
        response = await connection.handle_async_request(httpx.Request("GET", api.url))
        assert response.content == b"{}"
        await asyncio.sleep(0.02)
    await connection.aclose()


async def test_an_idle_connection_that_the_server_closed_in_tls_is_not_used(
    authority: Authority, tmp_path: Path
) -> None:
    """It says so in TLS, and waits for the answer to that before it closes TCP."""
    begun = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    trusting = ssl.create_default_context(cadata=authority.pem)
    tls = authority.server(tmp_path, asks=False)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as listening:
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/x"
        connection = Connection(Route(trusting, trusting))
        for _ in range(3):
            response = await connection.handle_async_request(httpx.Request("GET", url))
            assert response.content == b"{}"
            await asyncio.sleep(0.02)
        await connection.aclose()
    assert len(begun) == 3


async def test_a_connection_serves_again_after_a_request_was_given_up(api: FakeApi) -> None:
    tls = ssl.create_default_context()
    connection = Connection(Route(tls, tls))
    api.script(Reply(delay=5), Reply(body=b"[1]"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await connection.handle_async_request(httpx.Request("GET", api.url))
    response = await connection.handle_async_request(httpx.Request("GET", api.url))
    assert response.content == b"[1]"
    await connection.aclose()


async def test_one_connection_serves_several_hosts_in_turn(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(max_concurrent_requests=1, allowed_hosts=other_api.url.removeprefix("http://"))
    for running in (api, other_api, api):
        await _get(client, f"{running.url}/x")
    assert (len(api.received), len(other_api.received)) == (2, 1)


async def test_a_request_is_signed_anew_each_time_it_is_sent(
    api: FakeApi, connect: ClientFactory
) -> None:
    class Signing(httpx.Auth):
        def auth_flow(self, request):  # type: ignore[no-untyped-def]  # as short as can be
            Exchange(sign=sign).attach_to(request)
            yield request

    signatures = iter(range(10))

    def sign(request: httpx.Request) -> httpx.Request:
        request.headers["x-signature"] = f"{next(signatures)} {request.headers['host']}"
        return request

    api.script(Reply(503), Reply(raw=b""), Reply())
    client = connect()
    client._http.auth = Signing()
    await _get(client, f"{api.url}/x")
    host = api.url.removeprefix("http://")
    assert [request.headers["x-signature"] for request in api.received] == [
        f"{n} {host}" for n in range(3)
    ]


async def test_a_request_is_sent_with_its_body_each_time(
    api: FakeApi, connect: ClientFactory
) -> None:
    bodies: list[bytes] = []

    def answer(request: Received) -> Reply:
        bodies.append(request.body)
        return Reply(503 if len(bodies) < 3 else 200)

    api.answer = answer
    await connect().send(ApiRequest("POST", httpx.URL(f"{api.url}/x"), body={"a": 1}))
    assert bodies == [b'{"a":1}'] * 3


async def _happenings(client: ApiClient, url: str) -> list[str]:
    """What three requests do, of which two wait for the turn of the one before."""

    class Watching(httpx.Auth):
        def auth_flow(self, request):  # type: ignore[no-untyped-def]  # as short as can be
            async def trace(event: str, _: object) -> None:
                if event == "http11.send_request_headers.complete":
                    happened.append(f"{request.url.path} sent")

            request.extensions["trace"] = trace
            yield request

    async def ask(path: str) -> None:
        await _get(client, f"{url}{path}")
        happened.append(f"{path} looked at")

    happened: list[str] = []
    client._http.auth = Watching()
    await asyncio.gather(ask("/1"), ask("/2"), ask("/3"))
    assert sorted(happened) == sorted(f"/{n} {what}" for n in (1, 2, 3) for what in _STEPS)
    return happened


async def test_who_waits_for_a_turn_sends_before_an_answer_is_looked_at(
    api: FakeApi, connect: ClientFactory
) -> None:
    happened = await _happenings(connect(max_concurrent_requests=1), api.url)
    assert happened.index("/2 sent") < happened.index("/1 looked at")
    assert happened.index("/3 sent") < happened.index("/2 looked at")


async def test_so_many_rounds_of_the_event_loop_lie_before_the_wire_in_httpcore_and_anyio(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = complete_responses._STEPS_TO_SEND
    monkeypatch.setattr(complete_responses, "_STEPS_TO_SEND", enough - 1)
    happened = await _happenings(connect(max_concurrent_requests=1), api.url)
    assert happened.index("/1 looked at") < happened.index("/2 sent"), "fewer rounds will do"
