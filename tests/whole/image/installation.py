"""An API, a Port organization and the environment that connects a container to both."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tools.sandbox.port.app import create_app
from tools.sandbox.port.blueprints import create_blueprint
from tools.sandbox.port.records import Integration, now
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

IDENTIFIER = "image-test"
ITEMS = [{"id": f"item-{number}", "version": number} for number in range(3)]
MAPPINGS = {
    "identifier": ".id",
    "blueprint": '"item"',
    "properties": {
        "version": ".version",
        "stolen": "env.OCEAN__PORT__CLIENT_SECRET",
        "region": "env.REGION",
    },
}
RESOURCE = {
    "kind": "/items",
    "selector": {"query": "true"},
    "port": {"entity": {"mappings": MAPPINGS}},
}
BLUEPRINT = {
    "identifier": "item",
    "title": "Item",
    "schema": {
        "properties": {
            "version": {"type": "number"},
            "stolen": {"type": "string"},
            "region": {"type": "string"},
        }
    },
    "relations": {},
}


@dataclass
class Api:
    """Answers every request with the same items, or with an error while it is `broken`."""

    url: str = ""
    broken: bool = False
    slow: float = 0
    requests: list[float] = field(default_factory=list)


@contextlib.contextmanager
def serve_api(certificate: Path | None = None, *, token: str | None = None) -> Iterator[Api]:
    """An API on a free local port.

    `certificate` is a file of certificate and key, and makes it speak TLS; `token` is what it then
    asks for.
    """
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.requests.append(time.monotonic())
            time.sleep(api.slow)
            body = json.dumps(ITEMS).encode()
            known = token is None or self.headers["Authorization"] == f"Bearer {token}"
            self.send_response(500 if api.broken else 200 if known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            # A client that was ended does not wait for its answer.
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"http{'s' if certificate else ''}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Organization:
    """An organization in Port with the mapping in place; `url` is its API."""

    state: PortState
    url: str

    def catalog(self, identifier: str = "item") -> dict[str, dict[str, Any]]:
        """The properties of a blueprint's entities by identifier."""
        records = self.state.entities.get(identifier, {})
        return {name: record.properties for name, record in records.items()}


@contextlib.contextmanager
def serve_port(*, mapped: bool = True) -> Iterator[Organization]:
    """An organization with a blueprint and, if `mapped`, with the integration and its mapping."""
    state = PortState()
    create_blueprint(state, BLUEPRINT, by="test")
    if mapped:
        config = {"resources": [RESOURCE]}
        state.integrations[IDENTIFIER] = Integration(
            IDENTIFIER, created_at=now(), updated_at=now(), config=config
        )
    with serve(create_app(state)) as server:
        yield Organization(state, server.url)


def variables(port: Organization, api: Api, *, listener: str = "ONCE") -> dict[str, str]:
    """The environment of a container that reads the API into the organization."""
    return {
        "APPLICATION__PORT": str(free_port()),
        "OCEAN__PORT__BASE_URL": port.url,
        "OCEAN__PORT__CLIENT_ID": "client-id",
        "OCEAN__PORT__CLIENT_SECRET": "client-secret",
        "OCEAN__INTEGRATION__IDENTIFIER": IDENTIFIER,
        "OCEAN__EVENT_LISTENER": json.dumps({"type": listener}),
        "OCEAN__INTEGRATION__CONFIG__BASE_URL": api.url,
        "OCEAN__INTEGRATION__CONFIG__MAX_RETRIES": "0",
        # Of something else in the same container.
        "REGION": "north",
    }


def free_port() -> int:
    """A TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
