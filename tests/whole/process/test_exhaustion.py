"""A machine that has nothing left for the integration: it ends, and says that it failed."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

# Python runs this at start. From the moment on that the file is there, nothing can be started.
_NOTHING_LEFT = """
import _posixsubprocess, os, threading
_start, _fork, _exec = threading.Thread.start, os.fork, _posixsubprocess.fork_exec

def refuse(*args, otherwise, error):
    if os.path.exists({flag!r}):
        raise error
    return otherwise(*args)

if {threads}:
    threading.Thread.start = lambda self: refuse(
        self, otherwise=_start, error=RuntimeError("can't start new thread"))
if {processes}:
    full = BlockingIOError(11, "Resource temporarily unavailable")
    os.fork = lambda: refuse(otherwise=_fork, error=full)
    import subprocess
    subprocess._fork_exec = lambda *args: refuse(*args, otherwise=_exec, error=full)
"""


@pytest.mark.contract("exhaustion.ends")
@pytest.mark.parametrize("moment", ["start", "first request"])
@pytest.mark.parametrize("missing", ["threads", "processes", "threads and processes"])
def test_a_run_without_threads_or_processes_ends_and_has_failed(
    harbour: Harbour, tmp_path: Path, missing: str, moment: str
) -> None:
    app, flag = FastAPI(), tmp_path / "nothing-left"

    @app.get("/things")
    async def things() -> list[dict[str, object]]:
        flag.touch()
        return [{"id": str(number), "version": 1} for number in range(300)]

    if moment == "start":
        flag.touch()
    text = _NOTHING_LEFT.format(
        flag=str(flag), threads="threads" in missing, processes="processes" in missing
    )
    (tmp_path / "sitecustomize.py").write_text(text)
    harbour.install([resource("/things", "thing", version=".version + 0")])
    harbour.store("thing", {"old": {"version": 1}})
    with serve(app) as server:
        outcome = harbour.sail(
            {"baseUrl": server.url}, limit=60, variables={"PYTHONPATH": str(tmp_path)}
        )
    assert outcome.code not in (0, None)
    assert "old" in harbour.catalog("thing")
