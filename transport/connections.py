"""Connections to the API: one for each turn, opened anew when it has to be."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from ssl import SSLContext, SSLError, SSLObject, SSLWantReadError
from typing import Any

import anyio
import httpcore
import httpx

from transport.address_guard import AddressGuard
from transport.diagnosis import malformed_answer
from transport.exchange import Exchange

# Up to this many bytes a body is parsed at once, within about 5 ms.
SMALL = 1_000_000
_KEEP_ALIVE_SECONDS = 5.0
# As many bytes as asyncio takes from a socket at once. httpcore asks for a quarter of that, and on
# its way through httpcore, anyio and h11 each piece costs as much as parsing 10 kB of JSON.
_PIECE = 256 * 1024
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
        self._network = _Network(route.guard, is_proxy=self._has_proxy)
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
            connection = await self._connection_for(address.origin, exchange.is_anonymous)
            address.host = self._pinned or address.host
            lowered = httpcore.Request(
                request.method,
                address,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
            response = await _received(await connection.handle_async_request(lowered))
            # With TLS, the proxy sees nothing of the answer.
            response.extensions["came_from_proxy"] = self._has_proxy and address.scheme == b"http"
            return response
        except httpcore.ConnectionNotAvailable:
            raise httpx.RemoteProtocolError("the connection was closed") from None
        except (*_FAILURES, SSLError) as error:
            if malformed := malformed_answer(error):
                raise malformed from None
            if self._has_proxy and _is_unreachable(error):
                raise httpx.ProxyError(f"no connection to the proxy: {error}") from error
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        connection, self._current = self._current, None
        if connection is not None:
            await connection.aclose()

    async def _connection_for(
        self, origin: httpcore.Origin, is_anonymous: bool
    ) -> httpcore.AsyncConnectionInterface:
        key = (origin, is_anonymous)
        current = self._current
        if current and self._key == key and current.is_available() and not current.has_expired():
            return current
        await self.aclose()
        self._key = key
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


class _Network(httpcore.AnyIOBackend):
    """The network, whose connections give what has arrived in few, large pieces.

    Inputs: `guard`, which judges each address before anything is sent there; `is_proxy`, whether
    all connections are to a proxy. `tls_names` are the names behind addresses that stand for them.
    """

    def __init__(self, guard: AddressGuard | None, *, is_proxy: bool) -> None:
        super().__init__()
        self._guard = guard
        self._is_proxy = is_proxy
        self.tls_names: Mapping[str, str] = {}

    async def connect_tcp(
        self, host: str, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        addresses = [host]
        if self._guard:
            addresses = await self._guard.addresses(host, is_proxy=self._is_proxy)
        *others, last = addresses
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._read_at_once(await super().connect_tcp(address, *args, **kwargs))
        return self._read_at_once(await super().connect_tcp(last, *args, **kwargs))

    def _read_at_once(self, stream: httpcore.AsyncNetworkStream) -> "_Stream":
        return _Stream(stream, self.tls_names)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(
        self, stream: httpcore.AsyncNetworkStream, tls_names: Mapping[str, str] | None = None
    ) -> None:
        self._stream = stream
        self._tls: SSLObject | None = stream.get_extra_info("ssl_object")
        self._tls_names = tls_names or {}

    async def read(self, max_bytes: int, *args: Any, **kwargs: Any) -> bytes:
        left = max(max_bytes, _PIECE)
        pieces = [await self._stream.read(left, *args, **kwargs)]
        # TLS gives one record of 16 kB at a time, however many have arrived.
        with suppress(SSLWantReadError):
            while self._tls and pieces[-1] and (left := left - len(pieces[-1])) > 0:
                pieces.append(self._tls.read(left))
        return b"".join(pieces)

    async def write(self, *args: Any, **kwargs: Any) -> None:
        await self._stream.write(*args, **kwargs)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        name = self._tls_names.get(server_hostname or "", server_hostname)
        tls = await self._stream.start_tls(ssl_context, name, *args, **kwargs)
        return _Stream(tls, self._tls_names)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except (*_FAILURES, SSLError) as error:
            if malformed := malformed_answer(error):
                raise malformed from None
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        await self._response.aclose()


async def _received(response: httpcore.Response) -> httpx.Response:
    headers = httpx.Headers(response.headers)
    if not _is_known_to_be_small(headers):
        return httpx.Response(
            response.status, headers=headers, stream=_Body(response), extensions=response.extensions
        )
    async with aclosing(response):
        content = await response.aread()
    return httpx.Response(
        response.status, headers=headers, content=content, extensions=response.extensions
    )


def _is_known_to_be_small(headers: httpx.Headers) -> bool:
    """Return whether a body is small; a compressed one may be of any size when unpacked."""
    length = headers.get("content-length", "")
    return "content-encoding" not in headers and length.isdecimal() and int(length) <= SMALL


def _as_httpx(error: Exception) -> httpx.TransportError:
    """Return the error of httpx for one of httpcore, whose names are the same, or of TLS."""
    if isinstance(error, SSLError):
        return httpx.ReadError(str(error))
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))


def _is_unreachable(error: Exception) -> bool:
    """Return whether there was not even a TCP connection; through a proxy, TLS is later."""
    is_tls = isinstance(error.__context__, SSLError)
    return isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout) and not is_tls


def _lowered(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _lowered_proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    auth, headers, tls = proxy.raw_auth, proxy.headers.raw, proxy.ssl_context
    return httpcore.Proxy(_lowered(proxy.url), auth=auth, headers=headers, ssl_context=tls)
