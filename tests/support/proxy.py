"""A forward proxy, in the test's own event loop: CONNECT, absolute URLs, and credentials."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import httpx


class Proxy:
    """Keeps the first line of what it is asked; with `user` and `password` it wants those."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.asked: list[str] = []
        self.address = ""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._wanted = f"Basic {pair}" if user else ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            self.asked.append(first)
            pairs = (line.partition(": ") for line in lines)
            headers = httpx.Headers([(name, value) for name, _, value in pairs])
            if self._wanted and headers.get("proxy-authorization") != self._wanted:
                writer.write(b"HTTP/1.1 407 Who Are You\r\ncontent-length: 0\r\n\r\n")
            else:
                await self._relay(first, headers, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            await _end(writer)

    async def _relay(
        self,
        first: str,
        headers: httpx.Headers,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        method, target, _ = first.split(" ")
        is_tunnel = method == "CONNECT"
        url = httpx.URL(f"http://{target}" if is_tunnel else target)
        there, back = await asyncio.open_connection(url.host, url.port)
        if is_tunnel:
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            path = url.raw_path.decode()
            # One request a connection, so that each comes by here.
            headers["connection"] = "close"
            rest = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            back.write(f"{method} {path} HTTP/1.1\r\n{rest}\r\n".encode())
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            await _end(back)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
