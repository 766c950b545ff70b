"""Serves the studio on 127.0.0.1 until it is interrupted."""

import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from cli.display import Terminal
from cli.studio.app import create_app
from cli.studio.gate import HOST, Keys, address_to_open
from cli.studio.start import Start
from cli.studio.studio import Studio
from cli.surroundings import Surroundings
from errors import ConfigurationError

_MOST_SECONDS_TO_END = 2

type Opened = Callable[[str], None]


async def serve(
    start: Start, around: Surroundings, port: int, opened: Opened = lambda address: None
) -> None:
    """Serve the page; `opened` is told the address that opens it, once it answers.

    Inputs: `port`, 0 for a free one.

    Raises:
        ConfigurationError: the port is taken, or the files in the folder cannot be read.
    """
    studio = Studio(start, around)
    keys = Keys()
    with _listener(port) as listener:
        bound = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(studio, keys, bound),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_MOST_SECONDS_TO_END,
        )
        server = _Server(config, lambda: opened(address_to_open(keys, bound)))
        try:
            await server.serve([listener])
        finally:
            await studio.close()


def announce(terminal: Terminal, *, opens: bool) -> Opened:
    """Return what shows the address on the terminal, and opens the page if that is asked."""

    def show(address: str) -> None:
        terminal.err.print("The studio is open at this address, until Ctrl-C:", highlight=False)
        terminal.err.print(f"  {address}", soft_wrap=True, highlight=False, markup=False)
        if opens:
            with suppress(webbrowser.Error):
                webbrowser.open(address)

    return show


class _Server(uvicorn.Server):
    """A server that tells when it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let an interrupt end the server, which is how a run of it usually ends: no error."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"port {port} of {HOST} cannot be used: {error.strerror}"
        ) from None
    return listener
