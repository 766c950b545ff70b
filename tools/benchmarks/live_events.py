"""Seconds from a change in the API to the catalog, by live events through the real process.

python -m tools.benchmarks.live_events [--events 50]     prints the table of docs/freshness.md

Each item changes once, and an event tells of it at once; the clock runs from the change until the
catalog of the local Port has it. The API and Port answer from memory on this machine.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.whole.process.live import SECRET, ChangingApi, Running, listening
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

_ENTRY = {"fetch": "/users/{id}", "params": {"id": ".body.id"}, "identifier": ".body.id"}
_SETTINGS: dict[str, object] = {
    "webhookAuth": "hmac",
    "webhookPreset": "github",
    "webhookSecret": SECRET,
}
_LIMIT_SECONDS = 60.0
_LOOK_SECONDS = 0.002
_WINDOWS = (2, 0.2)
# Seconds between two events.
_GAPS = {"one at a time": 0.25, "all at once": 0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every case, and print a row for each."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.live_events")
    parser.add_argument("--events", type=int, default=50, help="events of each case (default 50)")
    count = parser.parse_args(arguments).events
    print("| Events | `webhookWindow` | median s | max s |")
    print("| --- | ---: | ---: | ---: |")
    for window, (name, gap) in itertools.product(_WINDOWS, _GAPS.items()):
        seconds = measure(window, gap, count)
        median, most = statistics.median(seconds), max(seconds)
        print(f"| {count}, {name} | {window:g} | {median:.2f} | {most:.2f} |", flush=True)
    return 0


def measure(window: float, gap: float, count: int) -> list[float]:
    """Return seconds from the change of each item until the catalog has it.

    Inputs: `window`, as webhookWindow; `gap`, seconds between two events; `count` of the events.
    """
    state = PortState()
    with (
        tempfile.TemporaryDirectory(prefix="ocean-bench-") as name,
        serve(create_app(state)) as port,
        ChangingApi().serve() as api,
    ):
        names = [f"user-{number}" for number in range(count)]
        for user in names:
            api.change(user, 1)
        harbour = Harbour(state, port.url, Path(name))
        harbour.install([resource("/users", "user", live_events=[_ENTRY])])
        settings = {**_SETTINGS, "baseUrl": api.url, "webhookWindow": str(window)}
        quiet = {"APPLICATION__LOG_LEVEL": "INFO"}
        with listening(harbour, settings, variables=quiet) as integration:
            return _tell(gap, names, api, integration, harbour)


def _tell(
    gap: float, names: list[str], api: ChangingApi, integration: Running, harbour: Harbour
) -> list[float]:
    changed: dict[str, float] = {}
    arrived: dict[str, float] = {}
    watcher = threading.Thread(target=_watch, args=(names, arrived, harbour), daemon=True)
    watcher.start()
    for user in names:
        changed[user] = time.monotonic()
        api.change(user, 2)
        integration.send({"id": user})
        time.sleep(gap)
    watcher.join(_LIMIT_SECONDS)
    if missing := set(names) - set(arrived):
        raise TimeoutError(f"{len(missing)} events did not arrive:\n{integration.text()[-3000:]}")
    return [arrived[user] - changed[user] for user in names]


def _watch(names: list[str], arrived: dict[str, float], harbour: Harbour) -> None:
    deadline = time.monotonic() + 2 * _LIMIT_SECONDS
    waiting = set(names)
    while waiting and time.monotonic() < deadline:
        entities = harbour.catalog("user")
        for user in [user for user in waiting if entities[user]["version"] == 2]:
            arrived[user] = time.monotonic()
            waiting.discard(user)
        time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
