"""Measurements behind choices: the decoder, and the version of HTTP."""

import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.benchmarks.bench import (
    Api,
    Bench,
    Task,
    median,
)
from tools.benchmarks.results import Section, number

_SMALL, _LARGE = 300_000, 20_000_000


def decoders(bench: Bench) -> Section:
    """Measure decoders: their speed, and which of them keep numbers as they were sent."""
    jobs = {
        "300 kB": {"bytes": _SMALL, "repeat": 20},
        "20 MB": {"bytes": bench.size(_LARGE, _LARGE // 4), "repeat": 1},
    }
    results = bench.rounds({name: Task("decoders", job) for name, job in jobs.items()})
    first = results["300 kB"][0]
    rows = []
    for decoder, numbers in first["numbers"].items():
        times = [
            statistics.median(run["seconds"][decoder] for run in runs) for runs in results.values()
        ]
        rows.append([decoder, *(number(t * 1000, "ms") for t in times), *numbers.values()])
    section = Section(
        "Decoders",
        "one page of items of about 300 bytes each; and what becomes of numbers that not every "
        "decoder keeps. Every time holds the interpreter, except between pieces that ijson gets.",
    )
    section.add_table(["Decoder", *jobs, *next(iter(first["numbers"].values()))], rows)
    return section


def http2(bench: Bench) -> Section:
    """Measure HTTP/2 against HTTP/1.1 with httpx, behind the same proxy."""
    section = Section(
        "HTTP/2",
        "httpx through nghttpx, which speaks both, without TLS; 10 requests at a time.",
    )
    if not (nghttpx := _find_nghttpx()):
        section.notes.append(
            "Not measured: nghttpx is not installed (Debian's package nghttp2-proxy)."
        )
        return section
    cases = {
        "200 pages of 300 kB": ("pages/plain/{}/1000", bench.size(200, 20), 0),
        "2,000 pages of 300 bytes, 20 ms latency": ("pages/plain/{}/1", bench.size(2000, 100), 20),
    }
    with bench.api() as api, _proxy(nghttpx, api) as front:
        rows = []
        for title, (path, pages, latency) in cases.items():
            url = f"{front}/l{latency}/{path.format(pages)}"
            job = {"url": url, "style": "plain", "pages": pages, "parallel": 10}
            tasks = {
                f"{title}, {name}": Task("bare", job | {"http2": name == "HTTP/2"})
                for name in ("HTTP/1.1", "HTTP/2")
            }
            for name, runs in bench.rounds(tasks).items():
                wall, cpu = median(runs, "seconds"), median(runs, "cpu")
                rows.append([name, number(wall, "s"), number(cpu, "s")])
    section.add_table(["", "Wall", "CPU of the client"], rows)
    return section


def _find_nghttpx() -> str | None:
    return shutil.which("nghttpx") or shutil.which("nghttpx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def _proxy(nghttpx: str, api: Api) -> Iterator[str]:
    """Run nghttpx in front of the server; gives its address."""
    port = _free_port()
    _, _, backend = api.url.rpartition(":")
    process = subprocess.Popen(
        [
            nghttpx,
            f"--frontend=127.0.0.1,{port};no-tls",
            f"--backend=127.0.0.1,{backend}",
            "--conf=/dev/null",
            "--workers=1",
            "--no-ocsp",
            "--errorlog-file=/dev/null",
            "--accesslog-file=/dev/null",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("nghttpx does not listen")
