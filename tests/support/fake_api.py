"""A small HTTP server in the test's own event loop: scripted answers, and faults on the wire."""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire; `at` is on the monotonic clock, in seconds."""

    method: str
    target: str
    headers: httpx.Headers
    body: bytes
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> httpx.QueryParams:
        return httpx.QueryParams(self.target.partition("?")[2])

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `raw` replaces everything: it is written as it is, and the connection closed.

    `drip` writes the body byte by byte, with so many seconds between.
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    delay: float = 0
    raw: bytes | None = None
    drip: float = 0

    def pieces(self) -> list[bytes]:
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = httpx.Headers(self.headers)
        headers.setdefault("content-type", "application/json")
        headers["content-length"] = str(len(content))
        lines = [f"{name}: {value}" for name, value in headers.multi_items()]
        head = "\r\n".join([f"HTTP/1.1 {self.status} Reason", *lines, "", ""]).encode()
        return (
            [head, *([content[n : n + 1] for n in range(len(content))] or [b""])]
            if (self.drip)
            else [head + content]
        )


Answer = Callable[[Received], Reply | Awaitable[Reply]]


class FakeApi:
    """Answers each request with `answer`, which a test replaces; keeps what was `received`."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.most_at_once = 0
        self.answer: Answer = lambda request: Reply()
        self._in_flight = 0

    def script(self, *replies: Reply) -> None:
        """Answer with these in turn, and with the last one from then on."""
        left = list(replies)
        self.answer = lambda request: left.pop(0) if len(left) > 1 else left[0]

    def asked(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    @contextlib.asynccontextmanager
    async def running(
        self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator["FakeApi"]:
        handlers: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            handlers.add(task)
            task.add_done_callback(handlers.discard)

        server = await asyncio.start_server(connected, host, 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{port}"
        try:
            yield self
        finally:
            server.close()
            for task in list(handlers):
                task.cancel()
            await asyncio.gather(*handlers, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                self.received.append(request)
                if not await self._respond(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _respond(self, request: Received, writer: asyncio.StreamWriter) -> bool:
        self._in_flight += 1
        self.most_at_once = max(self.most_at_once, self._in_flight)
        try:
            reply = self.answer(request)
            reply = reply if isinstance(reply, Reply) else await reply
            await asyncio.sleep(reply.delay)
        finally:
            self._in_flight -= 1
        for piece in reply.pieces() if reply.raw is None else [reply.raw]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(reply.drip)
        return reply.raw is None


async def _read(reader: asyncio.StreamReader) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = [line.partition(":")[::2] for line in lines]
    headers = httpx.Headers(
        [(name.encode("latin-1"), value.strip().encode("latin-1")) for name, value in pairs]
    )
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body, time.monotonic())
