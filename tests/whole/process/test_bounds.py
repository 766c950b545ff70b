"""A process whose mapping never ends answers, stops, and leaves nothing behind."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.whole.process.faults import FaultyApi
from tests.whole.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

TOKEN = "tok-51c0de-bounds"
NAME = "a-healthy"
ENDLESS = "def f: f; f"


@contextmanager
def computing(harbour: Harbour) -> Iterator[tuple[int, int, str]]:
    """The integration while its jq process is busy with what never ends: both, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with FaultyApi("none", [NAME], TOKEN).serve() as api:
        path = f"/alone/{NAME}/items"
        harbour.install([resource(NAME, NAME, endpoint=path, data_path=".items", version=ENDLESS)])
        settings = {"baseUrl": api.url, "authType": "bearer_token", "apiToken": TOKEN}
        with harbour.running(settings, variables={"APPLICATION__PORT": str(port)}) as (running, _):
            yield running.pid, busy_child_of(running.pid), f"http://127.0.0.1:{port}"
    # Ended within a sync, Ocean reports on one without a name.
    harbour.state.unknown_requests.clear()


def busy_child_of(parent: int) -> int:
    """The jq process, once it computes."""
    for _ in range(600):
        # Each thread has children of its own.
        tasks = Path(f"/proc/{parent}/task").glob("*/children")
        for child in " ".join(task.read_text() for task in tasks).split():
            command = Path(f"/proc/{child}/cmdline").read_text()
            if "expressions/process.py" in command and ticks(child) > 30:
                return int(child)
        time.sleep(0.1)
    raise AssertionError("nothing is computed")


def ticks(process: str) -> int:
    """The time that a process has computed, in hundredths of a second."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


def ends(process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.contract("expressions.parent")
def test_it_answers_and_stops_while_an_expression_never_ends(harbour: Harbour) -> None:
    with computing(harbour) as (parent, child, address):
        begin = time.monotonic()
        answer = httpx.get(f"{address}/health/live", timeout=10, trust_env=False)
        # A busy machine takes its share of the second.
        assert time.monotonic() - begin < 2
        assert answer.status_code == httpx.codes.OK
        assert not ends(child, 0)
        os.kill(parent, signal.SIGTERM)
        assert ends(parent, 5)
        assert ends(child, 2)


@pytest.mark.contract("expressions.parent")
def test_nothing_computes_on_for_a_parent_that_was_killed(harbour: Harbour) -> None:
    with computing(harbour) as (parent, child, _):
        os.kill(parent, signal.SIGKILL)
        assert ends(child, 2)
