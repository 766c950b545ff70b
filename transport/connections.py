"""Connections to the API: one for each turn, opened anew when it has to be."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from ssl import SSLContext, SSLError

import anyio
import httpcore
import httpx

from transport.address_guard import AddressGuard
from transport.diagnosis import malformed_answer
from transport.exchange import Exchange
from transport.network import Network

# Up to this many bytes a body is parsed at once, within about 5 ms.
SMALL = 1_000_000
_KEEP_ALIVE_SECONDS = 5.0
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

type _Key = tuple[httpcore.Origin, bool]


@dataclass(frozen=True, slots=True)
class Route:
    """The way of all connections of an instance: their TLS, proxy and version of HTTP.

    Inputs: `tls` for requests with credentials, `anonymous_tls` for all others; `proxy`, when
    connections go through one; `http2`, whether servers are offered HTTP/2 besides HTTP/1.1;
    `guard`, where only public addresses may be connected to, of a proxy too.
    """

    tls: SSLContext
    anonymous_tls: SSLContext
    proxy: httpx.Proxy | None = None
    http2: bool = False
    guard: AddressGuard | None = None

    def connector(
        self, network: httpcore.AsyncNetworkBackend, *, is_anonymous: bool
    ) -> Callable[[httpcore.Origin], httpcore.AsyncConnectionInterface]:
        """Return a maker of connections to an origin; each is opened by its first request."""
        return httpcore.AsyncConnectionPool(
            ssl_context=self.anonymous_tls if is_anonymous else self.tls,
            proxy=_lowered_proxy(self.proxy) if self.proxy else None,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            http2=self.http2,
            network_backend=network,
        ).create_connection


class Connection(httpx.AsyncBaseTransport):
    """A transport that sends one request at a time, over one connection while that serves.

    A request to another host, or a connection that was closed, opens a new one. There is no pool,
    because whoever has a turn has a connection for it. A small body is read at once, before the
    response is returned; any other is left to be streamed.
    """

    def __init__(self, route: Route) -> None:
        self._has_proxy = route.proxy is not None
        self._guard = route.guard
        self._network = Network(route.guard, is_proxy=self._has_proxy)
        self._connectors = [
            route.connector(self._network, is_anonymous=one) for one in (False, True)
        ]
        self._current: httpcore.AsyncConnectionInterface | None = None
        self._key: _Key | None = None
        self._pinned: bytes | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = Exchange.of(request)
        if exchange.sign:
            request = exchange.sign(request)
        try:
            address = _lowered(request.url)
            # Where none is asked for, the deadline of who sends is the only one.
            seconds = request.extensions.get("timeout", {}).get("connect")
            connection = await self._connection_for(address.origin, exchange.is_anonymous, seconds)
            address.host = self._pinned or address.host
            lowered = httpcore.Request(
                request.method,
                address,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
            response = await self._received(await connection.handle_async_request(lowered))
            # With TLS, the proxy sees nothing of the answer.
            response.extensions["came_from_proxy"] = self._has_proxy and address.scheme == b"http"
            return response
        except httpcore.ConnectionNotAvailable:
            raise httpx.RemoteProtocolError("the connection was closed") from None
        except (*_FAILURES, SSLError) as error:
            if malformed := malformed_answer(error):
                raise malformed from None
            if self._has_proxy and self._is_unreachable(error):
                raise httpx.ProxyError(f"no connection to the proxy: {error}") from error
            raise _as_httpx(error) from error
        except asyncio.CancelledError:
            self._drop()
            raise

    async def aclose(self) -> None:
        connection, self._current = self._current, None
        if connection is not None:
            await connection.aclose()

    def _drop(self) -> None:
        """Let the next request open a new connection: nobody knows whether this one still lives."""
        self._key = None

    def _is_unreachable(self, error: Exception) -> bool:
        """Return whether there was not even a TCP connection; through a proxy, TLS is later."""
        is_of_connecting = isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout)
        return is_of_connecting and not self._network.has_reached

    async def _received(self, response: httpcore.Response) -> httpx.Response:
        status, headers, extensions = response.status, response.headers, response.extensions
        if not _is_known_to_be_small(headers):
            body = _Body(response, self._drop)
            return httpx.Response(status, headers=headers, stream=body, extensions=extensions)
        async with aclosing(response):
            content = await response.aread()
        return httpx.Response(status, headers=headers, content=content, extensions=extensions)

    async def _connection_for(
        self, origin: httpcore.Origin, is_anonymous: bool, seconds: float | None
    ) -> httpcore.AsyncConnectionInterface:
        """Return a connection to an origin; a new one is made within so many seconds."""
        key = (origin, is_anonymous)
        current = self._current
        if current and self._key == key and current.is_available() and not current.has_expired():
            return current
        await self.aclose()
        self._key = key
        self._network.begin(seconds)
        if self._guard and self._has_proxy:
            origin = await self._pinned_at(origin, self._guard)
        self._current = current = self._connectors[is_anonymous](origin)
        return current

    async def _pinned_at(self, origin: httpcore.Origin, guard: AddressGuard) -> httpcore.Origin:
        """Return the origin that a proxy is asked for, which may resolve a name differently."""
        name = origin.host.decode("ascii")
        address = await guard.pinned(name)
        self._network.tls_names = {address: name}
        self._pinned = address.encode("ascii")
        return httpcore.Origin(origin.scheme, self._pinned, origin.port)


def load_backend() -> None:
    """Load what the first request would load, holding up the event loop for 50 ms.

    To be called in a running event loop, for which anyio chooses its backend.
    """
    anyio.Event()


class _Body(httpx.AsyncByteStream):
    """A body that arrives; `drop` is told where it is given up before its end."""

    def __init__(self, response: httpcore.Response, drop: Callable[[], None]) -> None:
        self._response = response
        self._drop = drop

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except (*_FAILURES, SSLError) as error:
            if malformed := malformed_answer(error):
                raise malformed from None
            raise _as_httpx(error) from error
        except asyncio.CancelledError:
            self._drop()
            raise

    async def aclose(self) -> None:
        await self._response.aclose()


def _is_known_to_be_small(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a body is small; a compressed one may be of any size when unpacked."""
    told = [(name.lower(), value) for name, value in headers]
    lengths = [value for name, value in told if name == b"content-length"]
    is_known = len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0]) <= SMALL
    return is_known and all(name != b"content-encoding" for name, _ in told)


def _as_httpx(error: Exception) -> httpx.TransportError:
    """Return the error of httpx for one of httpcore, whose names are the same, or of TLS."""
    if isinstance(error, SSLError):
        return httpx.ReadError(str(error))
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))


def _lowered(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _lowered_proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    auth, headers, tls = proxy.raw_auth, proxy.headers.raw, proxy.ssl_context
    return httpcore.Proxy(_lowered(proxy.url), auth=auth, headers=headers, ssl_context=tls)
