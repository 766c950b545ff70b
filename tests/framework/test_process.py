"""How the process ends, with nothing going on in it and the right exit code; what it spends."""

import gc
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from framework.process import spare_the_collector

ROOT = Path(__file__).resolve().parents[2]
# Ocean's own way of sending log lines, up to a client that never gets to the network.
_RUN = """
import logging, ssl, sys, time
from logging.handlers import QueueHandler, QueueListener
from queue import Queue
from types import SimpleNamespace
from framework import process
from port_ocean.log.handlers import HTTPMemoryHandler

async def ingest(lines):
    time.sleep(HANGING)
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        ssl.create_default_context()
    print("sent", len(lines), flush=True)

class Handler(HTTPMemoryHandler):
    ocean = SimpleNamespace(port_client=SimpleNamespace(ingest_integration_logs=ingest))

queue = Queue()
handler = Handler(capacity=3)
QueueListener(queue, handler).start()
log = logging.getLogger("run")
log.addHandler(QueueHandler(queue))
process.end_in_good_order(lambda: OUTCOME)
for line in range(3):
    log.warning("a line", extra={"extra": {}})
queue.join()
"""


def end_of(
    statement: str, outcome: int | None = None, hanging: float = 0
) -> subprocess.CompletedProcess[str]:
    script = _RUN.replace("OUTCOME", str(outcome)).replace("HANGING", str(hanging)) + statement
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=50
    )


@pytest.mark.contract("run.once-exit-code", "run.once-success")
@pytest.mark.parametrize(
    "statement, outcome, code",
    [
        ("process.interrupt()", 0, 0),
        ("process.interrupt()", 1, 1),
        ("sys.exit(3)", None, 3),
        ("raise OSError('no network')", None, 1),
        ("\ntry: process.interrupt()\nexcept KeyboardInterrupt: sys.exit(5)", None, 5),
    ],
    ids=["a run", "a failed run", "a failed start", "an error", "an interrupt before the start"],
)
def test_the_last_lines_are_sent_before_the_end(
    statement: str, outcome: int | None, code: int
) -> None:
    done = end_of(statement, outcome)
    assert done.returncode == code, done.stderr
    assert done.stdout == "sent 3\n"


def test_a_port_that_does_not_answer_is_left_after_a_while() -> None:
    done = end_of("process._PATIENCE = 0.3\nprocess.interrupt()", outcome=1, hanging=60)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr


def test_a_line_that_comes_too_late_to_be_sent_does_not_hold_up_the_end() -> None:
    late = """
import atexit
def log_late():
    for line in range(3):
        log.warning("a late line", extra={"extra": {}})
    time.sleep(0.2)
atexit.register(log_late)
sys.exit(3)
"""
    done = end_of(late)
    assert (done.returncode, done.stdout) == (3, "sent 3\n"), done.stderr


def test_pages_that_wait_side_by_side_are_no_garbage_to_look_for() -> None:
    item = {"owner": {"id": 7}, "tags": ["a"], "links": [["b"]]}
    page = orjson.dumps([item] * 800)
    before = gc.get_threshold()
    collections: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        collections.append(phase)

    gc.callbacks.append(note)
    try:
        spare_the_collector()
        collections.clear()
        for _ in range(100):
            waiting = [orjson.loads(page) for _ in range(10)]
            waiting.clear()
        assert not collections
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
        gc.set_threshold(*before)
