"""A process that does resync after resync, healthy and with faults: it takes no more and no more.

`SOAK=60` does as many resyncs; without it, they are few.
"""

import gzip
import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import pytest
from fastapi import FastAPI, Response

from tests.whole.process.live import listening, resync, until
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

ROUNDS = int(os.environ.get("SOAK", "12"))
KILLS = ROUNDS // 3
# Resyncs in which what is kept for good is made.
WARM = ROUNDS // 3
MB = 2**20
# Beside what a short run may have left to settle.
MOST_GROWTH = (2 if ROUNDS >= 60 else 12) * MB
BODY = b"[" + b",".join(b'{"id":"%d","version":1}' % n for n in range(1000)) + b"]"


@dataclass(frozen=True)
class Use:
    """What a process takes: bytes of memory, descriptors, threads, and child processes."""

    memory: int
    descriptors: int
    threads: int
    children: int

    @classmethod
    def of(cls, pid: int) -> "Use":
        place = Path(f"/proc/{pid}")
        status = dict(
            line.split(":", 1)
            for line in (place / "status").read_text().splitlines()
            if ":" in line
        )
        children = [
            child
            for task in (place / "task").iterdir()
            for child in (task / "children").read_text().split()
        ]
        return cls(
            int(status["VmRSS"].split()[0]) * 1024,
            len(list((place / "fd").iterdir())),
            int(status["Threads"]),
            len(children),
        )


def healthy() -> Iterator[Response]:
    while True:
        yield Response(BODY, media_type="application/json")


def faulty() -> Iterator[Response]:
    deep = b"[" * 20_000 + b"]" * 20_000
    bomb = gzip.compress(b" " * (40 * MB))
    yield from itertools.cycle(
        [
            Response(status_code=500),
            Response(BODY[:-20], media_type="application/json"),
            Response(BODY, media_type="application/json"),
            Response(b'[{"id":' + deep + b"}]", media_type="application/json"),
            Response(bomb, headers={"content-encoding": "gzip"}, media_type="application/json"),
            Response(b'{"error": "no"}', media_type="application/json"),
            Response(status_code=403),
        ]
    )


@pytest.mark.contract("endurance.flat")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("answers", [healthy, faulty])
def test_resyncs_leave_nothing_behind(
    harbour: Harbour,
    answers: Callable[[], Iterator[Response]],
    record_property: Callable[[str, object], None],
) -> None:
    app, coming = FastAPI(), answers()

    @app.get("/things")
    async def things() -> Response:
        return next(coming)

    harbour.install([resource("/things", "thing", version=".version + 0")])
    found = []
    with (
        serve(app) as server,
        listening(
            harbour,
            {"baseUrl": server.url, "maxRetries": "0"},
            variables={"APPLICATION__LOG_LEVEL": "INFO"},
        ) as running,
    ):
        for _ in range(ROUNDS):
            resync(harbour)
            # What it ends, it ends in a moment.
            time.sleep(0.2)
            found.append(Use.of(running.process_id))
    kept = found[WARM:]
    memory = [use.memory for use in found]
    # Of several, because what an answer took is given back at its own time.
    quarter = len(kept) // 4
    growth = median(memory[-quarter:]) - median(memory[WARM : WARM + quarter])
    record_property("growth", f"{growth / 1024:.0f} kB in {len(kept)} resyncs")
    # Of several answers, each comes seldom, so that it takes longer until nothing is new.
    allowed = MOST_GROWTH * (1 if answers is healthy else 2)
    assert growth < allowed, " ".join(str(size // 1024) for size in memory)
    for name in ("descriptors", "threads", "children"):
        counts = [getattr(use, name) for use in kept]
        middle = len(counts) // 2
        # How many connections to Port are kept, is chance; one left by every second resync is not.
        assert min(counts[middle:]) < min(counts[:middle]) + middle // 2, (name, counts)
        # Now and then some more are open for a moment.
        assert max(counts[middle:]) <= max(counts[:middle]) + 8, (name, counts)


def is_gone(group: int) -> bool:
    """Whether no process of an integration runs any more."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, process_group = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(process_group) == group and state != "Z":
                return False
        except OSError:
            # It has ended meanwhile.
            continue
    return True


@pytest.mark.contract("children.end", "cache.gone")
@pytest.mark.timeout(600)
def test_whenever_it_is_killed_nothing_is_left_and_the_next_run_is_whole(harbour: Harbour) -> None:
    app, moments = FastAPI(), random.Random(16)

    @app.get("/things")
    async def things() -> Response:
        return Response(BODY, media_type="application/json")

    harbour.install([resource("/things", "thing", version=".version + 0")])
    harbour.store("thing", {"7": {"version": 0}, "gone": {"version": 0}})
    with serve(app) as server:
        settings = {"baseUrl": server.url}
        seconds = harbour.sail(settings).seconds
        assert "gone" not in harbour.catalog("thing")
        for _ in range(KILLS):
            harbour.store("thing", {"gone": {"version": 0}})
            with harbour.running(settings) as (process, _):
                time.sleep(moments.uniform(0.1, seconds))
                process.send_signal(signal.SIGKILL)
                process.wait(5)
                until(partial(is_gone, process.pid), 5)
            assert {str(number) for number in range(1000)} <= set(harbour.catalog("thing"))
        outcome = harbour.sail(settings)
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("thing")) == {str(number) for number in range(1000)}
    assert list(harbour.private.glob("**/ocean-custom-responses-*")) == []
