"""The CPU time of a resync by function, sampled over the whole process and its children."""

import linecache
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.benchmarks.bench import Bench
from tools.benchmarks.environment import ROOT, their_python
from tools.benchmarks.results import Section
from tools.benchmarks.sailing import sail
from tools.benchmarks.workloads.jobs import listing

_RATE = 250
_WORTH_SHOWING = 0.02
_FRAME = re.compile(r"(?P<name>.*) \((?P<file>.*?)(?::(?P<line>\d+))?\)$")
# Frames in which a thread waits, or a process for the next piece of work.
_WAITS = (
    "Condition.wait",
    "EpollSelector.select",
    "_PollLikeSelector.select",
    "Connection._recv",
    "SemLock.__enter__",
    "Popen._try_wait",
    "Popen.poll",
)
_CALLS_JQ = re.compile(r"\.input_(text|value)\(|\.first\(\)|\.all\(\)|jq\.compile\(|iter\(it\)")
_HTTP = ("/httpx/", "/httpcore/", "/h11/", "/anyio/")
_POOL = ("/multiprocessing/", "/concurrent/futures/process.py")
_LOGGING = ("/loguru/", "/logging/")
# Where everything starts; what is seen there is the event loop's own work.
_MAIN = ("/port_ocean/run.py", "/port_ocean/cli/")
_PLACES = ("/site-packages/", "/lib/python", "/.venv/bin/")

type Frame = tuple[str, str, int]


def profile(bench: Bench) -> Section:
    """Sample a resync of 20,000 items, by whose code was running."""
    items = bench.size(20_000, 4_000)
    shares, functions = Counter[str](), Counter[tuple[str, str]]()
    with bench.api() as api, tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "stacks"
        settings = {"baseUrl": api.at(0), "paginationType": "cursor", "pageSize": "1000"}
        sail(listing(f"/pages/cursor/{items // 1000}/1000"), settings, prefix=_sampler(output))
        for stack, count in _stacks(output):
            owner, function = _owner(stack)
            shares[owner] += count
            functions[owner, function] += count
    del shares[""]
    start = shares.pop("start")
    total = sum(shares.values())
    section = Section(
        "Where the time goes",
        f"{items:,} items through the whole pipeline with ten mapped properties each, sampled "
        f"{_RATE} times a second in all threads and processes that are computing.",
    )
    rows = [[name, f"{count / total:.0%}"] for name, count in shares.most_common()]
    section.add_table(["Whose", "CPU"], rows)
    section.add_table(
        ["Function, with what it calls in Python itself", "Whose", "CPU"],
        [
            [f"`{name}`", owner, f"{count / total:.0%}"]
            for (owner, name), count in functions.most_common()
            if owner in shares and count / total >= _WORTH_SHOWING
        ],
    )
    section.notes.append(
        f"Not counted: loading the program, {start / _RATE:.1f} s of {(start + total) / _RATE:.1f}"
        " s. A library is counted where it is named; Python's own modules are counted to whoever "
        "called them."
    )
    return section


def _sampler(output: Path) -> Sequence[str]:
    spy = str(their_python().with_name("py-spy"))
    options = ["--subprocesses", "--full-filenames", "--rate", str(_RATE), "--format", "raw"]
    return [spy, "record", *options, "--output", str(output), "--"]


def _stacks(output: Path) -> Iterator[tuple[list[Frame], int]]:
    """Yield stacks from the outermost frame to the innermost, and how often each was seen."""
    for line in output.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        found = [_FRAME.match(part) for part in stack.split(";")]
        frames = [(f["name"], f["file"], int(f["line"] or 0)) for f in found if f]
        yield frames, int(count)


def _owner(stack: list[Frame]) -> tuple[str, str]:
    """Return the owner of the code that computes, and its function; none where it waits."""
    if not stack or stack[-1][0] in _WAITS:
        return "", ""
    if any("importlib" in file for _, file, _ in stack):
        return "start", ""
    for name, file, line in reversed(stack):
        if owner := _owner_of(file):
            if _CALLS_JQ.search(linecache.getline(file, line)):
                return "jq, with the JSON that goes in and out", name
            return (f"{owner}{_direction(stack)}" if owner == "httpx" else owner), name
    return "asyncio and the rest of Python", stack[-1][0]


def _owner_of(file: str) -> str:
    if any(place in file for place in _HTTP):
        return "httpx"
    if any(place in file for place in _POOL):
        return "handing items to Ocean's process pool and back"
    if "/port_ocean/" in file and not any(place in file for place in _MAIN):
        return "Ocean"
    if "/pydantic" in file:
        return "pydantic (Ocean's entities)"
    if any(place in file for place in _LOGGING):
        return "logging"
    if file.startswith(str(ROOT)) and not any(place in file for place in _PLACES):
        return "this project"
    return ""


def _direction(stack: list[Frame]) -> str:
    files = {file for _, file, _ in stack}
    return ", to the API" if str(ROOT / "transport" / "http_client.py") in files else ", to Port"
