"""Figures that every measured client notes about itself, by the standard library alone."""

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

_TICK = 0.002


class Stopwatch:
    """Wall and CPU time since it was made, in seconds; children that have ended count."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = cpu_seconds()

    def read(self) -> dict[str, float]:
        return {"seconds": time.perf_counter() - self._wall, "cpu": cpu_seconds() - self._cpu}


class LoopWatch:
    """Notes the longest time for which the event loop let nothing else run, in seconds.

    `cpu` is the part of a block in which its thread computed: on a busy machine the rest is the
    operating system's, but also waiting for another thread that holds the interpreter.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.cpu = 0.0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator["LoopWatch"]:
        task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            before, cpu_before = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - before - _TICK)
            self.cpu = max(self.cpu, time.thread_time() - cpu_before)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and its ended children so far."""
    return time.process_time() + children_cpu_seconds()


def children_cpu_seconds() -> float:
    """Return the CPU seconds of ended children so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def resident_megabytes(field: str = "VmRSS", process: int | str = "self") -> float:
    """Return the memory of a process: `VmRSS` now, `VmHWM` at most since `forget_peak`."""
    status = Path(f"/proc/{process}/status")
    for line in status.read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise ValueError(f"{status} has no {field}")


def largest_child_megabytes() -> float:
    """Return the most memory that any ended child has ever used."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def forget_peak() -> None:
    """Let `VmHWM` start anew from what is in use now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def report(**figures: Any) -> None:
    """Print the result of a client: one JSON line, the last one."""
    print(json.dumps(figures), flush=True)


def measured(read: Callable[[str, str, str], int], job: Mapping[str, str]) -> None:
    """Read `path` of `base` in its `style`, after `warm_up` if there is one, and report on it.

    Inputs: `read` takes base, path and style, and gives how many items there were.
    """
    if warm_up := job.get("warm_up"):
        read(job["base"], warm_up, job["style"])
    watch = Stopwatch()
    items = read(job["base"], job["path"], job["style"])
    report(items=items, **watch.read())
