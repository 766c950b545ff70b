"""A server over TLS that refuses as most do, with an alert, which that of asyncio does not send."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def serving(
    tls: ssl.SSLContext, answer: Callable[[str], bytes] = lambda target: b"{}"
) -> Iterator[tuple[str, list[object]]]:
    """Answer each target; gives the server's address, and the certificates that it is shown."""
    shown: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request = tls.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
            try:
                self.request.do_handshake()
            except ssl.SSLError:
                # Closed at once, the connection would be reset before the client reads the alert.
                time.sleep(0.1)
                self.request.close()
                raise
            shown.append(self.request.getpeercert())
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def do_GET(self) -> None:
            content = answer(self.path)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """The client tells."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}", shown
        finally:
            server.shutdown()
            thread.join()
