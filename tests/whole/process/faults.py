"""A small API that pages in every family and fails where it is told to.

It speaks HTTP over bare sockets, because most of its faults are what no HTTP library would send.
Cells are the places of faults: `reset-middle` is the cell whose middle page breaks off.

    /cells                          the cells whose fault is on a page of their own items
    /cells/{cell}/items             items, page by page
    /alone/{cell}/items             the same, for mappings without path parameters
    /found/{cell}/parents           parents; a cell of the position `discovery` fails here
    /found/{cell}/parents/{p}/items items of one parent
    /token                          trades anything for a token
"""

import asyncio
import gzip
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
PAGE_SIZE = 3
ITEMS = 11
REMOVED = 4
PARENTS = 4
ITEMS_OF_PARENT = 2
PAGE_OF_POSITION = {"first": 0, "middle": 1, "last": 3, "alone": 0, "discovery": 1, "healthy": -1}
FAMILIES = ("none", "offset", "page", "cursor", "next_link", "header_link", "custom")


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass(frozen=True)
class Exchange:
    """A request, its connection, and the answer that a healthy API would give."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytes
    headers: Mapping[str, str]
    other_host: str

    @property
    def confession(self) -> bytes:
        """An error body that repeats the caller's credentials, as careless APIs do."""
        error = {"message": "not today", "received": self.request.authorization}
        return json.dumps({"error": error}).encode()


class Dropped(Exception):
    """The connection is to be closed without another word."""


type Fault = Callable[[Exchange], Awaitable[None]]


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A complete HTTP response."""
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body


async def _reset(exchange: Exchange) -> None:
    exchange.writer.write(_half(exchange))
    await exchange.writer.drain()
    await asyncio.sleep(0.02)
    raw: socket.socket = exchange.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.writer.transport.abort()
    raise Dropped


async def _truncated(exchange: Exchange) -> None:
    exchange.writer.write(_half(exchange))
    raise Dropped


async def _cut_chunks(exchange: Exchange) -> None:
    whole = b"%x\r\n%b\r\n" % (len(exchange.body), exchange.body)
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    exchange.writer.write(head + whole)
    raise Dropped


async def _closed(exchange: Exchange) -> None:
    raise Dropped


async def _hang(exchange: Exchange) -> None:
    await exchange.reader.read()
    raise Dropped


async def _drip(exchange: Exchange) -> None:
    whole = answer(200, exchange.body, exchange.headers)
    head = len(whole) - len(exchange.body)
    exchange.writer.write(whole[:head])
    for position in range(head, len(whole)):
        exchange.writer.write(whole[position : position + 1])
        await exchange.writer.drain()
        await asyncio.sleep(0.3)


def _half(exchange: Exchange) -> bytes:
    whole = answer(200, exchange.body, exchange.headers)
    return whole[: len(whole) - len(exchange.body) // 2]


def _wrong(make: Callable[[Exchange], bytes]) -> Fault:
    async def send(exchange: Exchange) -> None:
        exchange.writer.write(make(exchange))

    return send


def _status(status: int, headers: Mapping[str, str] | None = None) -> Fault:
    return _wrong(lambda exchange: answer(status, exchange.confession, headers))


def _redirect(to_other_host: bool) -> Fault:
    def make(exchange: Exchange) -> bytes:
        host = exchange.other_host if to_other_host else ""
        return answer(302, b"", {"Location": f"{host}{exchange.request.target}"})

    return _wrong(make)


_HTML = b"<!doctype html><title>Sign in</title><p>Please sign in."

LASTING: dict[str, Fault] = {
    "reset": _reset,
    "truncated": _truncated,
    "cut_chunks": _cut_chunks,
    "closed": _closed,
    "hang": _hang,
    "drip": _drip,
    "garbage": _wrong(lambda _: answer(200, bytes(range(128, 256)) * 3)),
    "invalid_json": _wrong(lambda exchange: answer(200, exchange.body[:-2])),
    "wrong_charset": _wrong(
        lambda exchange: answer(
            200, exchange.body + b" ", {"Content-Type": "application/json; charset=utf-16"}
        )
    ),
    "bad_gzip": _wrong(lambda e: answer(200, e.body, {"Content-Encoding": "gzip"})),
    "cut_gzip": _wrong(
        lambda e: answer(200, gzip.compress(e.body)[:-12], {"Content-Encoding": "gzip"})
    ),
    "html": _wrong(lambda _: answer(200, _HTML, {"Content-Type": "text/html"})),
    "empty": _wrong(lambda _: answer(200, b"")),
    "error_body": _wrong(lambda exchange: answer(200, exchange.confession)),
    "error_code": _wrong(lambda _: answer(200, b'{"code": 50011, "msg": "Too Many Requests"}')),
    "token_expired": _wrong(
        lambda _: answer(200, b'{"code": 401, "msg": "token expired", "data": null}')
    ),
    "no_database": _wrong(lambda _: answer(200, b'{"status": "error", "message": "no database"}')),
    "denied": _wrong(lambda _: answer(200, b'{"Success": "false", "items": []}')),
    "not_ready": _wrong(lambda _: answer(202, b'{"items": []}')),
    "redirect_away": _redirect(to_other_host=True),
    "redirect_loop": _redirect(to_other_host=False),
    "status_400": _status(400),
    "status_401": _status(401),
    "status_403": _status(403),
    "status_404": _status(404),
    "status_500": _status(500),
    "status_503": _status(503),
    "long_wait": _status(429, {"Retry-After": "86400"}),
}
"""Faults that stay, by name."""

PASSING: dict[str, tuple[Fault, int]] = {
    "reset_once": (_reset, 1),
    "truncated_once": (_truncated, 1),
    "cut_chunks_once": (_cut_chunks, 1),
    "closed_once": (_closed, 1),
    "hang_once": (_hang, 1),
    "not_ready_once": (_wrong(lambda _: answer(202, b"{}")), 1),
    "failed_once": (_status(500), 1),
    "limited_once": (_status(429, {"Retry-After": "1"}), 1),
    "storm": (_status(503), 3),
}
"""Faults that are over after so many requests for the same page, by name."""


class FaultyApi:
    """The API. `faults` names those that are active now; `version` is that of every item.

    From version 2 on, the item number `REMOVED` of each cell and the last one of the first parent
    are gone. Requests need `Bearer` and the token. `targets` lists what was asked for, `hanging`
    counts requests that got no answer, and `at_other_host` lists what was sent to the address that
    only redirects lead to.
    """

    def __init__(self, family: str, cells: list[str], token: str) -> None:
        self.family = family
        self.cells = cells
        self.token = token
        self.faults: set[str] = set()
        self.token_fault = ""
        self.version = 1
        self.url = ""
        self.at_other_host: list[str] = []
        self.targets: list[str] = []
        self.hanging = 0
        self._other_host = ""
        self._servers: list[asyncio.Server] = []
        self._attempts: Counter[tuple[str, int]] = Counter()

    @contextmanager
    def serve(self) -> Iterator["FaultyApi"]:
        """Serve on a free port, in a thread of its own, until the block ends."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), loop).result(10)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._stop(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def _start(self) -> None:
        api = await asyncio.start_server(self._talk, HOST, 0)
        other_host = await asyncio.start_server(self._talk_as_other_host, HOST, 0)
        self._servers = [api, other_host]
        self.url = f"http://{HOST}:{api.sockets[0].getsockname()[1]}"
        self._other_host = f"http://{HOST}:{other_host.sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_request(reader)
                await self._respond(request, reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, Dropped):
            # Cancelled only when the server ends; asyncio would print that as an error.
            pass
        finally:
            writer.close()

    async def _talk_as_other_host(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await _read_request(reader)
            self.at_other_host.append(f"{request.method} {request.path} {dict(request.headers)}")
            writer.write(answer(200, b"[]"))
        writer.close()

    async def _respond(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.targets.append(request.target)
        if request.path == "/token":
            body = json.dumps({"access_token": self.token, "pin": 4711}).encode()
            headers: Mapping[str, str] = {}
            fault = LASTING.get(self.token_fault)
        elif request.authorization != f"Bearer {self.token}":
            writer.write(answer(401, b'{"error": "who are you?"}'))
            return
        else:
            records, cell = self._records(request.path)
            page = self._page_number(request)
            body, headers = self._page(request, records, page)
            fault = self._fault(cell, page)
        exchange = Exchange(request, reader, writer, body, headers, self._other_host)
        if fault:
            self.hanging += fault is _hang
            await fault(exchange)
        else:
            writer.write(answer(200, body, headers))

    def _records(self, path: str) -> tuple[list[dict[str, Any]], str]:
        """What a path holds, and the cell whose fault belongs here."""
        match path.strip("/").split("/"):
            case ["cells"]:
                return [{"id": cell} for cell in self.cells], ""
            case ["cells" | "alone", cell, "items"]:
                return list(self._items(cell)), cell
            case ["found", cell, "parents"]:
                return [{"id": f"p{number}"} for number in range(PARENTS)], cell
            case ["found", cell, "parents", parent, "items"]:
                return list(self._items_of_parent(cell, parent)), ""
        raise Dropped

    def _items(self, cell: str) -> Iterator[dict[str, Any]]:
        for number in range(ITEMS):
            if self.version == 1 or number != REMOVED:
                yield {"id": f"{cell}-{number}", "version": self.version}

    def _items_of_parent(self, cell: str, parent: str) -> Iterator[dict[str, Any]]:
        for number in range(ITEMS_OF_PARENT):
            if self.version == 1 or (parent, number) != ("p0", ITEMS_OF_PARENT - 1):
                yield {"id": f"{cell}-{parent}-{number}", "version": self.version}

    def _fault(self, cell: str, page: int) -> Fault | None:
        name, _, position = cell.rpartition("-")
        wanted = 0 if self.family == "none" else PAGE_OF_POSITION.get(position)
        if name not in self.faults or page != wanted:
            return None
        if name in LASTING:
            return LASTING[name]
        self._attempts[cell, page] += 1
        passing, times = PASSING[name]
        return passing if self._attempts[cell, page] <= times else None

    def _page_number(self, request: Request) -> int:
        query = request.query
        match self.family:
            case "none":
                return 0
            case "offset":
                return int(query["offset"]) // PAGE_SIZE
            case "page":
                return int(query["page"]) - 1
            case "cursor":
                return int(query.get("cursor", "after-0").removeprefix("after-"))
        return int(query.get("p", "0"))

    def _page(
        self, request: Request, records: list[dict[str, Any]], page: int
    ) -> tuple[bytes, dict[str, str]]:
        start = page * PAGE_SIZE
        end = len(records) if self.family == "none" else start + PAGE_SIZE
        more = end < len(records)
        body: dict[str, Any] = {"items": records[start:end]}
        headers: dict[str, str] = {}
        link = f"{self.url}{request.path}?p={page + 1}"
        match self.family:
            case "offset":
                body["has_more"] = more
            case "page":
                body["hasMore"] = more
            case "cursor":
                body["next_cursor"] = f"after-{page + 1}" if more else None
            case "next_link" if more:
                body["@odata.nextLink"] = link
            case "custom":
                ways = [("self", request.target), *([("next", link)] if more else [])]
                body["link"] = [{"relation": name, "url": url} for name, url in ways]
            case "header_link" if more:
                headers["Link"] = f'<{link}>; rel="next"'
        return json.dumps(body).encode(), headers


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Request(method, target, parts.path, query, headers)
