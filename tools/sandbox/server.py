"""Run an ASGI application on a free local port, in a thread of this process.

with serve(create_app()) as server:
    httpx.get(f"{server.url}/health")
"""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

HOST = "127.0.0.1"


@dataclass(frozen=True)
class RunningServer:
    """A server that accepts connections at `url` (no trailing slash)."""

    url: str
    port: int


@contextmanager
def serve(app: Any, *, port: int = 0, startup_timeout: float = 10.0) -> Iterator[RunningServer]:
    """Serve `app` on 127.0.0.1 until the block ends.

    `port` 0 takes a free one. The socket is bound before the thread starts, so that the address is
    known at once and no other process can take it in between. Raises `OSError` when the port is
    taken and `RuntimeError` when the application does not start within `startup_timeout` seconds.
    """
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every answer
    # waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        bound_port = int(listener.getsockname()[1])
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread, startup_timeout)
            yield RunningServer(url=f"http://{HOST}:{bound_port}", port=bound_port)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
    finally:
        listener.close()


def serve_until_stopped(app: Any, port: int, greeting: Callable[[str], Sequence[str]]) -> None:
    """Serve `app` until SIGINT or SIGTERM; prints the lines of `greeting`, which takes the URL."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(app, port=port) as server:
        print(*greeting(server.url), sep="\n", flush=True)
        stop.wait()


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="auto",
        # Clients of a finished run may still hold idle keep-alive connections.
        timeout_graceful_shutdown=2,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The local server did not start; see the log for the reason.")
        time.sleep(0.005)
