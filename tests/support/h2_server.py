"""A server that speaks HTTP/2 over TLS, or HTTP/1.1 where a client does not offer it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import h2.config
import h2.connection
import h2.events

_BODY = b'[{"id": 1}]'


class _Protocol(asyncio.Protocol):
    def __init__(self, server: "TwoVersions") -> None:
        self._server = server
        self._h2: h2.connection.H2Connection | None = None
        self._is_silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.transports.add(transport)
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            self._h2.initiate_connection()
            transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        if self._is_silent:
            return
        if self._h2 is None:
            self._server.seen.append(("HTTP/1.1", data.split(b" ")[1].decode()))
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
            )
            return
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self._answer(self._h2, event)
        self._transport.write(self._h2.data_to_send())

    def _answer(
        self, connection: h2.connection.H2Connection, event: h2.events.RequestReceived
    ) -> None:
        headers = dict(event.headers)
        path = headers[b":path"].decode()
        self._server.seen.append(("HTTP/2", path))
        if path == "/silent" and not self._server.has_fallen_silent:
            self._is_silent = self._server.has_fallen_silent = True
            return
        stream = event.stream_id
        answer = [(":status", "200"), ("content-length", str(len(_BODY)))]
        connection.send_headers(stream, answer)
        if path == "/broken":
            connection.reset_stream(stream)
            return
        connection.send_data(stream, _BODY, end_stream=True)
        if path == "/last":
            connection.close_connection()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.transports.discard(self._transport)


class TwoVersions:
    """`seen` has the version and path of each request.

    One connection that `/silent` is asked of never says anything again: the first of these.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.transports: set[asyncio.Transport] = set()
        self.url = ""
        self.has_fallen_silent = False

    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext) -> AsyncIterator["TwoVersions"]:
        tls.set_alpn_protocols(["h2", "http/1.1"])
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Protocol(self), "127.0.0.1", 0, ssl=tls)
        self.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for transport in list(self.transports):
                transport.abort()
