"""An HTTP/1.1 server that no client can keep busy: it sends bodies that are ready beforehand.

`python -m tools.benchmarks.server` prints its address as one JSON line, and runs until it is ended.
What it answers stands in the path, after the latency in milliseconds:

    /l20/pages/cursor/200/1000      200 pages of 1,000 items; also plain, total and link
    /l20/teams?count=5000           parents, in pages; their items are /teams/{id}/things?n=4
    /l0/stream/200?chunked=1        one body of 200 MB; chunked, or with its length
    /stats, /reset                  what was asked for since the last reset
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import parse_qsl

from tools.benchmarks.bodies import item, items_text, megabyte

_TARGET = re.compile(rb"^GET (\S+) HTTP/1\.1\r\n")
_LATENCY = re.compile(r"^/l(\d+)(/.*)$")
# Seconds.
_TIMER_ERROR = 0.0015
_THINGS = re.compile(r"^/teams/(\d+)/things$")

type Parts = list[bytes]
type Query = dict[str, str]


@dataclass(slots=True)
class Statistics:
    """Counts of requests; `last_byte_at` is when a stream's last byte left, monotonic, in s."""

    requests: int = 0
    in_flight: int = 0
    peak: int = 0
    last_byte_at: float = 0

    def begin(self) -> None:
        self.requests += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)


class Server(asyncio.Protocol):
    """One connection; its requests are answered one after the other."""

    def __init__(
        self, statistics: Statistics, address: Callable[[], str], connections: set["Server"]
    ) -> None:
        self._statistics = statistics
        self._address = address
        self._connections = connections
        self._received = b""
        self._writable = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._writable.set()
        self._connections.add(self)

    def close(self) -> None:
        """End the connection; what was not sent yet is dropped."""
        self._transport.abort()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._take(head + b"\r\n")

    def _take(self, head: bytes) -> None:
        found = _TARGET.match(head)
        target = found[1].decode() if found else "/unreadable"
        if target in ("/stats", "/reset"):
            self._control(target)
            return
        self._statistics.begin()
        delayed = _LATENCY.match(target)
        milliseconds, target = (int(delayed[1]), delayed[2]) if delayed else (0, target)
        if milliseconds:
            due = asyncio.get_running_loop().time() + milliseconds / 1000
            self._answer_at(due, target, milliseconds)
        else:
            self._answer(target, milliseconds)

    def _answer_at(self, due: float, target: str, milliseconds: int) -> None:
        """Answer at that time exactly: a timer of the loop alone would be up to 1.5 ms late."""
        loop = asyncio.get_running_loop()
        left = due - loop.time()
        if left > _TIMER_ERROR:
            loop.call_later(left - _TIMER_ERROR, self._answer_at, due, target, milliseconds)
        elif left > 0:
            loop.call_soon(self._answer_at, due, target, milliseconds)
        else:
            self._answer(target, milliseconds)

    def _control(self, target: str) -> None:
        if target == "/reset":
            self._statistics.requests = self._statistics.peak = 0
            self._statistics.last_byte_at = 0
        self._send([json.dumps(asdict(self._statistics)).encode()])

    def _answer(self, target: str, milliseconds: int) -> None:
        path, _, query_text = target.partition("?")
        query = dict(parse_qsl(query_text))
        if path.startswith("/stream/"):
            stream = self._stream(int(path.removeprefix("/stream/")), chunked="chunked" in query)
            task = asyncio.get_running_loop().create_task(stream)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        if path.startswith("/pages/"):
            parts = self._page(path, query, milliseconds)
        else:
            parts = _parents(query) if path == "/teams" else _things(path, query)
        self._statistics.in_flight -= 1
        self._send(parts, "200 OK" if parts else "404 Not Found")

    def _page(self, path: str, query: Query, milliseconds: int) -> Parts:
        _, _, style, pages_text, size_text = path.split("/")
        pages, size = int(pages_text), int(size_text)
        number = _page_number(query, size)
        if number >= pages:
            return [b'{"items":[]}']
        tail: dict[str, object] = {}
        if style == "total":
            tail["total"] = pages * size
        elif style == "cursor":
            tail["next_cursor"] = str(number + 1) if number + 1 < pages else None
        elif style == "link":
            following = f"{self._address()}/l{milliseconds}{path}?page={number + 2}"
            tail["next"] = following if number + 1 < pages else None
        end = f"]{json.dumps(tail).replace('{', ',', 1)}" if tail else "]}"
        return [b'{"items":[', items_text(number, size), end.encode()]

    def _send(self, parts: Parts, status: str = "200 OK") -> None:
        length = sum(map(len, parts))
        self._transport.writelines([_head(status, length), *parts])

    async def _stream(self, megabytes: int, *, chunked: bool) -> None:
        parts = [b'{"items":[', *[megabyte()] * megabytes, b'{"id":-1}]}']
        length = None if chunked else sum(map(len, parts))
        self._transport.write(_head("200 OK", length))
        for part in parts[:-1]:
            await self._writable.wait()
            self._transport.writelines(_chunk(part) if chunked else [part])
        self._transport.set_write_buffer_limits(high=0)
        await self._writable.wait()
        self._statistics.last_byte_at = time.monotonic()
        end = [*_chunk(parts[-1]), *_chunk(b"")] if chunked else parts[-1:]
        self._transport.writelines(end)
        self._transport.set_write_buffer_limits()
        self._statistics.in_flight -= 1


def _chunk(part: bytes) -> Parts:
    return [f"{len(part):x}\r\n".encode(), part, b"\r\n"]


def _head(status: str, length: int | None) -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n").encode()


def _page_number(query: Query, size: int) -> int:
    """Return the page asked for, counted from 0, however it is asked for."""
    if "offset" in query:
        return int(query["offset"]) // size
    if "cursor" in query:
        return int(query["cursor"])
    return int(query.get("page", "1")) - 1


def _parents(query: Query) -> Parts:
    count, size = int(query.get("count", "100")), int(query.get("size", "100"))
    start = _page_number(query, size) * size
    found = [{"id": number} for number in range(start, min(start + size, count))]
    return [json.dumps({"items": found, "total": count}).encode()]


def _things(path: str, query: Query) -> Parts:
    found = _THINGS.match(path)
    if not found:
        return []
    count = int(query.get("n", "1"))
    start = int(found[1]) * count
    items = [item(number) for number in range(start, start + count)]
    return [json.dumps({"items": items, "total": count}).encode()]


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, Statistics]]:
    """Serve in this event loop; gives the address and the statistics."""
    statistics = Statistics()
    address = ""
    connections: set[Server] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(statistics, lambda: address, connections), "127.0.0.1", 0
    )
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield address, statistics
    finally:
        server.close()
        for connection in list(connections):
            connection.close()
        await server.wait_closed()


async def _run() -> None:
    async with listening() as (address, _):
        print(json.dumps({"url": address}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run())
