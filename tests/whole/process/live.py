"""A running integration that receives webhooks, and a small API whose items change meanwhile."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.whole.process.sailing import Harbour
from tools.sandbox.demo.child_environment import IDENTIFIER
from tools.sandbox.port.records import now
from tools.sandbox.port.syncs import Sync

SECRET = "hook-5ec2e7-of-these-tests"


@dataclass
class ChangingApi:
    """Users by id: `/users` lists them, `/users/{id}` is one. `broken` ids answer 500."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    slow: float = 0
    asked: Counter[str] = field(default_factory=Counter)
    url: str = ""

    @contextmanager
    def serve(self) -> Iterator["ChangingApi"]:
        """On 127.0.0.1 until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join(5)
            server.server_close()

    def change(self, identifier: str, version: int) -> None:
        self.users[identifier] = {"id": identifier, "version": version}

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked[path] += 1
        if path == "/users":
            return 200, list(self.users.values())
        identifier = path.rpartition("/")[2]
        if identifier in self.broken:
            return 500, {"error": "broken"}
        user = self.users.get(identifier)
        return (200, user) if user else (404, {"error": "no such user"})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = api.answer(self.path.partition("?")[0])
                time.sleep(api.slow)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


@dataclass(frozen=True)
class Running:
    """The integration while it runs; `hook` is where its events go."""

    hook: str
    log: Path
    metrics: str
    process_id: int

    def send(
        self, body: Any, *, secret: str = SECRET, headers: Mapping[str, str] | None = None
    ) -> int:
        """Send an event as GitHub does; the status of the answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
        sent = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
        sent |= dict(headers or {})
        return httpx.post(self.hook, content=content, headers=sent).status_code

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def fates(self) -> dict[str, int]:
        """How many events ended how, by Ocean's metrics."""
        lines = httpx.get(self.metrics).text.splitlines()
        counted: dict[str, int] = {}
        for line in lines:
            if line.startswith("live_event_count{"):
                fate = line.partition('fate="')[2].partition('"')[0]
                counted[fate] = counted.get(fate, 0) + int(float(line.rpartition(" ")[2]))
        return counted


@contextmanager
def listening(
    harbour: Harbour, settings: Mapping[str, object], *, variables: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The integration with its first resync done, ready for events until the block ends."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    own = {
        "APPLICATION__PORT": str(port),
        "OCEAN__BASE_URL": address,
        "OCEAN__EVENT_LISTENER": json.dumps({"type": "POLLING", "interval": 1}),
        "OCEAN__METRICS": json.dumps({"enabled": True}),
    }
    with harbour.running(settings, variables=own | dict(variables or {})) as (process, log):
        running = Running(f"{address}/integration/webhook", log, f"{address}/metrics", process.pid)
        until(lambda: _has_synced(harbour) or process.poll() is not None, 40)
        assert process.poll() is None, running.text()
        yield running


def until(holds: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to hold.

    Raises:
        AssertionError: it does not within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.02)


def resync(harbour: Harbour) -> Sync:
    """Ask the running integration for a resync, as Port's button does; the resync when it ended."""
    before = harbour.state.last_sync(IDENTIFIER)
    harbour.state.integration(IDENTIFIER).resync_requested_at = now()
    until(lambda: harbour.state.last_sync(IDENTIFIER) is not before and _has_synced(harbour), 30)
    sync = harbour.state.last_sync(IDENTIFIER)
    assert sync is not None
    return sync


def _has_synced(harbour: Harbour) -> bool:
    sync = harbour.state.last_sync(IDENTIFIER)
    return sync is not None and not sync.is_open


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
