"""The network below httpcore: TCP and TLS by anyio, read in few, large pieces."""

import asyncio
import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext, SSLWantReadError
from typing import Any

import anyio
import httpcore
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

from transport.address_guard import AddressGuard

# As many bytes as asyncio takes from a socket at once. httpcore asks for a quarter of that, and on
# its way through httpcore, anyio and h11 each piece costs as much as parsing 10 kB of JSON.
_PIECE = 256 * 1024
_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError)
# By the names that httpcore has for them.
_ATTRIBUTES = {
    "ssl_object": TLSAttribute.ssl_object,
    "client_addr": SocketAttribute.local_address,
    "server_addr": SocketAttribute.remote_address,
    "socket": SocketAttribute.raw_socket,
}


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections, from any address of this machine.

    Inputs: `guard`, which judges each address before anything is sent there; `is_proxy`, whether
    all connections are to a proxy. `tls_names` are the names behind addresses that stand for them.

    `has_reached` tells whether TCP was connected since a connection was begun.

    The timeouts that httpcore hands on are not heeded. Who sends a request has a deadline for all
    of it, and a timer for each piece costs as much as to read the piece; who begins a connection
    gives one for all that makes it, however many steps that takes.
    """

    def __init__(self, guard: AddressGuard | None = None, *, is_proxy: bool = False) -> None:
        self._guard = guard
        self._is_proxy = is_proxy
        self.tls_names: Mapping[str, str] = {}
        self.has_reached = False
        # By the event loop's clock.
        self._deadline: float | None = None

    def begin(self, seconds: float | None) -> None:
        """Begin a connection, which is made within so many seconds or not at all."""
        now = asyncio.get_running_loop().time()
        self._deadline = None if seconds is None else now + seconds
        self.has_reached = False

    async def connect_tcp(
        self, host: str, port: int, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        addresses = [host]
        if self._guard:
            addresses = await self._guard.addresses(host, is_proxy=self._is_proxy)
        *others, last = addresses
        for left, address in zip(range(len(addresses), 1, -1), others, strict=True):
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._connected(address, port, self._share(left))
        return await self._connected(last, port, self._deadline)

    def _share(self, left: int) -> float | None:
        """Return when the first of so many addresses must have answered, for the others' sake."""
        now = asyncio.get_running_loop().time()
        return None if self._deadline is None else now + (self._deadline - now) / left

    async def _connected(self, host: str, port: int, deadline: float | None) -> "_Stream":
        async with _connecting(deadline):
            stream = await anyio.connect_tcp(host, port)
        self.has_reached = True
        return _Stream(stream, self)

    async def secured(
        self, stream: ByteStream, context: SSLContext, name: str | None
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection with TLS over one that was made; `name` is the server's."""
        try:
            async with _connecting(self._deadline):
                tls = await TLSStream.wrap(
                    stream,
                    server_side=False,
                    hostname=self.tls_names.get(name or "", name),
                    ssl_context=context,
                    # Many servers end a connection without a word of TLS.
                    standard_compatible=False,
                )
        # A cancellation too: nobody else knows of the connection, which would stay open. Nothing is
        # kept back, whatever it was.
        except BaseException:
            await stream.aclose()
            raise
        return _Stream(tls, self)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: ByteStream, network: Network) -> None:
        self._stream = stream
        self._network = network
        self._tls = self.get_extra_info("ssl_object")
        self._has_ended = False

    async def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        left = max(max_bytes, _PIECE)
        try:
            piece = await self._stream.receive(left)
        except anyio.EndOfStream:
            self._has_ended = True
            return b""
        except _BROKEN as error:
            raise httpcore.ReadError(error) from error
        if not self._tls:
            return piece
        pieces = [piece]
        # TLS gives one record of 16 kB at a time, however many have arrived.
        with suppress(SSLWantReadError):
            while pieces[-1] and (left := left - len(pieces[-1])) > 0:
                pieces.append(self._tls.read(left))
        # The end in TLS may come before that of TCP.
        self._has_ended = not pieces[-1]
        return b"".join(pieces)

    async def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        if not buffer:
            return
        try:
            await self._stream.send(buffer)
        except _BROKEN as error:
            raise httpcore.WriteError(error) from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        *_: Any,
        **__: Any,
    ) -> httpcore.AsyncNetworkStream:
        return await self._network.secured(self._stream, ssl_context, server_hostname)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._has_ended or _is_readable(self.get_extra_info("socket").fileno())
        attribute = _ATTRIBUTES.get(info)
        return self._stream.extra(attribute, None) if attribute else None  # noqa: S610 (no Django)


def _is_readable(descriptor: int) -> bool:
    """Return whether there is something to read, which at rest is the end of a connection."""
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@asynccontextmanager
async def _connecting(deadline: float | None) -> AsyncIterator[None]:
    """End what is within by then, and raise what fails as the errors of httpcore."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(error) from error
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise httpcore.ConnectError(error) from error
