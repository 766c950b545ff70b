"""The network below httpcore: TCP and TLS by anyio, read in few, large pieces."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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

    Of the timeouts that httpcore hands on, only that of connecting is heeded. Who sends a request
    has a deadline for all of it, and a timer for each piece costs as much as to read the piece.
    """

    def __init__(self, guard: AddressGuard | None = None, *, is_proxy: bool = False) -> None:
        self._guard = guard
        self._is_proxy = is_proxy
        self.tls_names: Mapping[str, str] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's)
        *_: Any,
        **__: Any,
    ) -> httpcore.AsyncNetworkStream:
        addresses = [host]
        if self._guard:
            addresses = await self._guard.addresses(host, is_proxy=self._is_proxy)
        *others, last = addresses
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._connected(address, port, timeout)
        return await self._connected(last, port, timeout)

    async def _connected(self, host: str, port: int, seconds: float | None) -> "_Stream":
        with _connecting(seconds):
            return _Stream(await anyio.connect_tcp(host, port), self.tls_names)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: ByteStream, tls_names: Mapping[str, str]) -> None:
        self._stream = stream
        self._tls = self.get_extra_info("ssl_object")
        self._tls_names = tls_names

    async def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        left = max(max_bytes, _PIECE)
        try:
            piece = await self._stream.receive(left)
        except anyio.EndOfStream:
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
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's)
    ) -> httpcore.AsyncNetworkStream:
        name = self._tls_names.get(server_hostname or "", server_hostname)
        try:
            with _connecting(timeout):
                # Many servers end a connection without a word of TLS.
                tls = await TLSStream.wrap(
                    self._stream,
                    server_side=False,
                    hostname=name,
                    ssl_context=ssl_context,
                    standard_compatible=False,
                )
        except Exception:
            await self.aclose()
            raise
        return _Stream(tls, self._tls_names)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self.get_extra_info("socket").fileno())
        attribute = _ATTRIBUTES.get(info)
        return self._stream.extra(attribute, None) if attribute else None  # noqa: S610 (no Django)


def _is_readable(descriptor: int) -> bool:
    """Return whether there is something to read, which at rest is the end of a connection."""
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _connecting(seconds: float | None) -> Iterator[None]:
    """Give what is within so many seconds, and raise what fails as the errors of httpcore."""
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(error) from error
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise httpcore.ConnectError(error) from error
