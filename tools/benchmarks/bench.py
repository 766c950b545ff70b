"""The bench of the workloads: a server, clients as processes of their own, repetition."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tools.benchmarks.environment import ROOT, child_environment, their_python

type Figures = dict[str, Any]

_LIMIT_SECONDS = 900


class BenchmarkError(Exception):
    """A measured process failed; the message holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Task:
    """A client and what it is told to do; `client` is the name of a module in `clients`."""

    client: str
    job: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """The running server."""

    url: str

    def at(self, latency_ms: int) -> str:
        """Return the base address under which every answer takes so long."""
        return f"{self.url}/l{latency_ms}"

    def reset(self) -> None:
        """Forget what was asked for so far."""
        self._get("/reset")

    def statistics(self) -> Figures:
        """Return `requests`, `peak` in flight and `last_byte_at` since the last reset."""
        return self._get("/stats")

    def _get(self, path: str) -> Figures:
        found: Figures = httpx.get(f"{self.url}{path}", trust_env=False).json()
        return found


class Bench:
    """Runs measured clients; `runs` is how often, and `quick` asks for small sizes."""

    def __init__(self, *, quick: bool, runs: int) -> None:
        self.quick = quick
        self.runs = runs

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @contextmanager
    def api(self) -> Iterator[Api]:
        """Run a server in a process of its own, and end it on the way out."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.benchmarks.server"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env=child_environment(),
        )
        try:
            assert process.stdout
            yield Api(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            process.communicate()

    def run(self, task: Task) -> Figures:
        """Run a client once.

        Raises:
            BenchmarkError: it failed, or took longer than any client should.
        """
        python = sys.executable if task.client in _WITH_OUR_PYTHON else str(their_python())
        module = f"tools.benchmarks.clients.{task.client}"
        finished = subprocess.run(
            [python, "-m", module, json.dumps(dict(task.job))],
            cwd=ROOT,
            env=child_environment(),
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        lines = finished.stdout.splitlines()
        if finished.returncode or not lines:
            raise BenchmarkError(f"{task.client} failed:\n{finished.stderr[-2000:]}")
        figures: Figures = json.loads(lines[-1])
        return figures

    def rounds(
        self, tasks: Mapping[str, Task], api: Api | None = None
    ) -> dict[str, Sequence[Figures]]:
        """Run all tasks in turn, several times over, so that a slow minute hits them alike.

        With `api`, each run's figures get what the server counted meanwhile, as `server`.
        """
        results: dict[str, list[Figures]] = {name: [] for name in tasks}
        for number in range(self.runs):
            for name, task in tasks.items():
                print(f"  {name} ({number + 1}/{self.runs})", file=sys.stderr, flush=True)
                if api:
                    api.reset()
                figures = self.run(task)
                results[name].append(figures | {"server": api.statistics() if api else {}})
        return {**results}


def median(runs: Sequence[Figures], key: str) -> float:
    """Return the median of one figure over all runs."""
    return statistics.median(float(run[key]) for run in runs)


def rate(runs: Sequence[Figures], basis: str = "seconds") -> float:
    """Return items per second, or per second of `cpu`, as the median over all runs."""
    return statistics.median(float(run["items"] / run[basis]) for run in runs)


_WITH_OUR_PYTHON = frozenset({"ours", "coalescing", "in_process"})
