"""Connections that are not made, not read, or end: what is said of them, and when."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import RequestError
from tests.rooms import ClientFactory
from tests.support.proxy import Proxy
from transport.network import Network

_SECONDS = 0.4


class _Silent(asyncio.Protocol):
    """A server that reads nothing and says nothing; one that `ends` closes each connection."""

    def __init__(self, *, ends: bool) -> None:
        self._ends = ends
        self.transports: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transports.append(transport)
        transport.pause_reading()
        if self._ends:
            transport.abort()


@asynccontextmanager
async def _silent(*, ends: bool = False) -> AsyncIterator[str]:
    api = _Silent(ends=ends)
    server = await asyncio.get_running_loop().create_server(lambda: api, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for transport in api.transports:
            transport.abort()


@contextmanager
def _taking_nothing(host: str, port: int = 0) -> Iterator[str]:
    """Give the address of a server that takes no connection any more."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield host if port else f"{host}:{listening.getsockname()[1]}"


@pytest.fixture
def full() -> Iterator[str]:
    with _taking_nothing("127.0.0.1") as place:
        yield place


class _Known:
    """Stands for an AddressGuard that has found these."""

    def __init__(self, found: list[str]) -> None:
        self._found = found

    async def addresses(self, host: str, *, is_proxy: bool) -> list[str]:
        return self._found


async def _failure(client: ApiClient, url: str, body: object = None) -> str:
    begun = time.monotonic()
    with pytest.raises(RequestError) as caught:
        await client.send(ApiRequest("POST" if body else "GET", httpx.URL(url), body=body))
    assert time.monotonic() - begun < _SECONDS + 2
    return str(caught.value)


@pytest.mark.contract("settings.timeout.applies")
async def test_a_server_that_takes_no_connection_is_told_from_one_that_is_slow(
    full: str, connect: ClientFactory
) -> None:
    client = connect(base_url=f"http://{full}", timeout=f"{_SECONDS}", max_retries=0)
    said = await _failure(client, f"http://{full}/x")
    assert f"no connection within {_SECONDS} s" in said
    assert "look at baseUrl, proxy and timeout" in said


@pytest.mark.contract("settings.timeout.applies")
async def test_a_server_without_a_word_of_tls_is_one_without_a_connection(
    connect: ClientFactory,
) -> None:
    async with _silent() as place:
        client = connect(base_url=f"https://{place}", timeout=f"{_SECONDS}", max_retries=0)
        assert "no connection within" in await _failure(client, f"https://{place}/x")


@pytest.mark.contract("settings.timeout.applies")
async def test_an_origin_without_a_word_of_tls_is_told_from_a_proxy_that_is_away(
    connect: ClientFactory,
) -> None:
    async with _silent() as place, Proxy().running() as proxy:
        url, through = f"https://{place}", f"http://{proxy.address}"
        client = connect(base_url=url, proxy=through, timeout=f"{_SECONDS}", max_retries=0)
        assert "no connection within" in await _failure(client, f"{url}/x")
        assert proxy.asked == [f"CONNECT {place} HTTP/1.1"]


async def test_an_address_that_is_dead_leaves_time_for_the_next_one() -> None:
    """As of a name that a hosted instance has looked up itself."""
    async with _silent() as place:
        host, _, port = place.partition(":")
        with _taking_nothing("127.0.0.2", int(port)) as dead:
            guard: Any = _Known([dead, dead, host])
            network = Network(guard)
            network.begin(_SECONDS)
            stream = await network.connect_tcp("api.test", int(port))
            assert stream.get_extra_info("server_addr") == (host, int(port))
            assert network.has_reached
            await stream.aclose()


async def test_a_handshake_that_is_given_up_leaves_no_socket() -> None:
    async with _silent() as place:
        host, _, port = place.partition(":")
        network = Network()
        network.begin(None)
        stream = await network.connect_tcp(host, int(port))
        raw: socket.socket = stream.get_extra_info("socket")
        securing = asyncio.create_task(stream.start_tls(ssl.create_default_context(), host))
        await asyncio.sleep(0.01)
        securing.cancel()
        assert isinstance(
            (await asyncio.gather(securing, return_exceptions=True))[0], BaseException
        )
        await asyncio.sleep(0.01)
        assert raw.fileno() == -1


@pytest.mark.contract("settings.timeout.applies")
async def test_a_request_that_nobody_reads_ends_in_time(connect: ClientFactory) -> None:
    async with _silent() as place:
        client = connect(base_url=f"http://{place}", timeout=f"{_SECONDS}", max_retries=0)
        said = await _failure(client, f"http://{place}/x", body=["much"] * 2_000_000)
        assert f"no complete answer within {_SECONDS} s" in said


async def test_a_connection_that_ends_while_a_request_is_written_is_said(
    connect: ClientFactory,
) -> None:
    async with _silent(ends=True) as place:
        client = connect(base_url=f"http://{place}", timeout="5", max_retries=0)
        said = await _failure(client, f"http://{place}/x", body=["much"] * 2_000_000)
        assert "the connection broke" in said


async def test_a_tls_connection_that_ends_at_once_is_no_connection(connect: ClientFactory) -> None:
    async with _silent(ends=True) as place:
        client = connect(base_url=f"https://{place}", timeout="5", max_retries=0)
        assert "no secure connection" in await _failure(client, f"https://{place}/x")
