"""A proxy that refuses some addresses itself: whose word that is, and what becomes of entities."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.whole.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

# Nothing is there: only the proxy is asked, and answers in its place.
API = "http://api.internal.test"
USERS = {"items": [{"id": "ann"}, {"id": "bob"}]}
# Of `HTTP/1.1 403 Forbidden`, as Squid, and as one that does not say who it is.
REFUSALS = {"/told": {"X-Squid-Error": "ERR_ACCESS_DENIED 0"}, "/untold": {}}


@dataclass
class Proxy:
    """Answers for the API at `/users`, and refuses everything else itself."""

    url: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def serve(self) -> Iterator["Proxy"]:
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

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.removeprefix(API).partition("?")[0]
                proxy.sent[path] = self.headers.get("Authorization", "")
                content = json.dumps(USERS).encode() if path == "/users" else b"Access denied."
                self.send_response(200 if path == "/users" else 403)
                for name, text in REFUSALS.get(path, {}).items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


@pytest.mark.contract("proxy.no-proxy")
def test_a_refusal_is_the_proxys_and_deletes_nothing(harbour: Harbour) -> None:
    """With a user name and a password as a mounted file gives them, with a line break behind."""
    names = {"/users": "user", **{path: path[1:] for path in REFUSALS}}
    harbour.install(resource(path, name, data_path=".items") for path, name in names.items())
    for name in REFUSALS:
        harbour.store(name[1:], {"old": {"version": 1}})
    with Proxy().serve() as proxy:
        settings = {
            "baseUrl": API,
            "authType": "basic",
            "username": "jenkins\n",
            "password": "pa55-5ec2e7\n",
        }
        ran = harbour.sail(settings, variables={"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.0/8"})
    assert ran.code == 1
    assert set(harbour.catalog("user")) == {"ann", "bob"}
    assert [set(harbour.catalog(path[1:])) for path in REFUSALS] == [{"old"}, {"old"}]
    wanted = base64.b64encode(b"jenkins:pa55-5ec2e7").decode()
    assert proxy.sent == dict.fromkeys(names, f"Basic {wanted}")
    assert "/told: the proxy answered 403 Forbidden" in ran.printed
    assert "/untold: the API, or the proxy before it, answered 403 Forbidden" in ran.printed
    assert "look at proxy, or at HTTP_PROXY and NO_PROXY" in ran.printed
    assert not [each for each in ("pa55-5ec2e7", wanted) if each in ran.log]
