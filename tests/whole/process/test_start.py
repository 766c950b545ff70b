"""What a run makes of wrong settings, an API that is not there, and a selector that is wrong."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

from tests.whole.process.faults import FaultyApi
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.demo.integration_process import wait
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

TOKEN = "tok-77ab1e-start"
LEFTOVER = "ocean-custom-responses-*"


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi("page", ["a-healthy", "b-healthy"], TOKEN).serve() as served:
        yield served


def settings_of(api: FaultyApi) -> dict[str, object]:
    return {
        "baseUrl": api.url,
        "authType": "bearer_token",
        "apiToken": TOKEN,
        "paginationType": "page",
        "pageSize": "3",
        "timeout": "30",
        "maxRetries": "1",
    }


def items(cell: str, blueprint: str, **selector: object) -> dict[str, Any]:
    endpoint: dict[str, Any] = {"endpoint": f"/alone/{cell}/items", "data_path": ".items"}
    return resource(f"items of {cell}", blueprint, **(endpoint | selector))


@pytest.mark.contract(
    "start.bad-settings",
    "start.one-message",
    "settings.authType.values",
    "settings.basic.required",
    "secrets.log-settings",
)
def test_wrong_settings_end_the_start_with_one_message(harbour: Harbour) -> None:
    harbour.install([items("a-healthy", "a")])
    outcome = harbour.sail(
        {
            "baseUrl": "ftp://api.example.com",
            "authType": "basic",
            "password": "pa55-in-the-settings",
            "paginationType": "pages",
            "pageSize": "many",
            "timeout": "-1",
            "customHeaders": {"X Key": "h3ader-secret"},
        }
    )
    assert outcome.code not in (0, None)
    assert outcome.sync is None
    # Without the time that Python takes to load Ocean.
    times = re.findall(r"^(\d{4}-\d\d-\d\d \S+) \|", outcome.printed, re.MULTILINE)
    first, *_, last = map(datetime.fromisoformat, times)
    assert (last - first).total_seconds() < 10
    messages = [line for line in outcome.errors() if "settings are wrong" in line]
    assert len(messages) == 1, outcome.printed
    start = outcome.log.index("settings are wrong")
    named = outcome.log[start : start + 1500]
    for setting in ("username", "baseUrl", "paginationType", "pageSize", "timeout"):
        assert f"- {setting}: " in named
    assert "- customHeaders: has the header name 'X Key'" in named
    assert "pa55-in-the-settings" not in outcome.log
    assert "h3ader-secret" not in outcome.log


@pytest.mark.contract("settings.names.misspelt")
def test_a_misspelt_setting_ends_the_start_though_ocean_has_a_default(harbour: Harbour) -> None:
    outcome = harbour.sail({"baseUrl": "https://api.example.com", "paginationTipe": "page"})
    assert outcome.code not in (0, None)
    assert outcome.sync is None
    assert "- paginationTipe: is no setting; did you mean paginationType?" in outcome.log


@pytest.mark.contract("secrets.log-settings")
def test_an_object_setting_that_is_no_json_is_not_printed(harbour: Harbour) -> None:
    outcome = harbour.sail(
        {"baseUrl": "https://api.example.com", "customHeaders": '{"X-Key": "h3ader-secret"'}
    )
    assert outcome.code not in (0, None)
    assert "h3ader-secret" not in outcome.log


@pytest.mark.contract("retry.transient", "failure.no-deletes", "run.once-exit-code")
def test_an_api_that_is_not_there_fails_the_run(harbour: Harbour) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        harbour.install([items("a-healthy", "a")])
        harbour.store("a", {"kept": {"version": 1}})
        outcome = harbour.sail({"baseUrl": url, "maxRetries": "1"})
    assert outcome.code == 1
    assert outcome.sync is not None
    assert outcome.sync.status == "failed"
    assert set(harbour.catalog("a")) == {"kept"}
    assert any(
        "no connection" in line and "look at baseUrl" in line for line in outcome.errors()
    ), outcome.printed


@pytest.mark.contract(
    "start.bad-selector", "failure.others-run", "failure.no-deletes", "run.once-exit-code"
)
def test_a_wrong_selector_fails_its_resource_only(harbour: Harbour, api: FaultyApi) -> None:
    harbour.install(
        [
            items("a-healthy", "a", data_path=".items["),
            items("b-healthy", "b"),
            items("c-healthy", "c", method="FETCH", query_parms={"x": "1"}),
        ]
    )
    for name in "abc":
        harbour.store(name, {f"{name}-old": {"version": 1}})
    outcome = harbour.sail(settings_of(api))
    assert outcome.code == 1
    assert outcome.totals() == (11, 0, 0)
    assert set(harbour.catalog("a")) == {"a-old"}
    assert {"b-old", "b-healthy-0", "b-healthy-10"} < set(harbour.catalog("b"))
    assert "the selector of kind items of a-healthy cannot be used" in outcome.log
    assert "the selector of kind items of c-healthy cannot be used" in outcome.log
    assert "the selector of kind items of b-healthy" not in outcome.log


@pytest.mark.contract("run.once-success", "run.once-exit-code", "failure.resource-fails")
def test_a_failing_resource_is_the_exit_code(harbour: Harbour, api: FaultyApi) -> None:
    harbour.install([items("a-healthy", "a"), items("status_500-alone", "b")])
    api.faults = {"status_500"}
    assert harbour.sail(settings_of(api)).code == 1
    api.faults = set()
    assert harbour.sail(settings_of(api)).code == 0
    assert len(harbour.catalog("b")) == 11


@pytest.mark.contract("run.once-exit-code")
def test_a_run_that_does_not_even_begin_is_a_failure(tmp_path: Path, api: FaultyApi) -> None:
    state = PortState()
    app = create_app(state)

    @app.middleware("http")
    async def refuse_the_beginning(request: Request, answer: RequestResponseEndpoint) -> Response:
        if request.url.path.endswith("/resync-state"):
            return JSONResponse({"ok": True, "integration": {"resyncState": {}}})
        return await answer(request)

    with serve(app) as server:
        harbour = Harbour(state, server.url, tmp_path)
        harbour.install([items("a-healthy", "a")])
        outcome = harbour.sail(settings_of(api))
    assert outcome.sync is None
    assert outcome.code == 1


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def hanging(harbour: Harbour, api: FaultyApi) -> Callable[[], bool]:
    """Sets up a resync that gets to hang; answers whether it does by now."""
    harbour.install(
        [
            items("a-healthy", "a"),
            items("a-healthy", "b"),
            items("hang-alone", "c"),
        ]
    )
    for name in "abc":
        harbour.store(name, {f"{name}-old": {"version": 1}})
    api.faults = {"hang"}
    return lambda: api.hanging > 0


@pytest.mark.contract("failure.no-deletes")
def test_sigterm_ends_a_resync_and_deletes_nothing(harbour: Harbour, api: FaultyApi) -> None:
    hangs = hanging(harbour, api)
    with harbour.running(settings_of(api)) as (process, _):
        until(hangs)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = wait(process, seconds=15, each=lambda: None)
        seconds = time.monotonic() - asked
    assert code is not None
    assert seconds < 5
    assert all(f"{name}-old" in harbour.catalog(name) for name in "abc")


@pytest.mark.contract(
    "cache.owner-only", "cache.gone", "sharing.once", "sharing.all-askers", "sharing.next-resync"
)
def test_a_killed_run_leaves_nothing_behind_for_long(harbour: Harbour, api: FaultyApi) -> None:
    hangs = hanging(harbour, api)
    with harbour.running(settings_of(api)) as (process, _):
        until(hangs)
        # What fits is kept in memory, and so it ends with the process.
        assert list(harbour.private.glob(LEFTOVER)) == []
        _kill(process)
    left = harbour.private / LEFTOVER.replace("*", "killed")
    left.mkdir(mode=0o700)
    for name in ("lock", "body"):
        (left / name).touch(mode=0o600)
    api.faults = set()
    outcome = harbour.sail(settings_of(api))
    assert outcome.code == 0
    assert "that a killed run left" in outcome.log
    assert list(harbour.private.glob(LEFTOVER)) == []
    shared = [target for target in api.targets if target.startswith("/alone/a-healthy/")]
    assert len(shared) == 2 * len(set(shared)) == 8
    assert len(harbour.catalog("a")) == len(harbour.catalog("b")) == 11


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_nothing_of_a_run_stays_in_its_private_directory(harbour: Harbour, api: FaultyApi) -> None:
    harbour.install([items("a-healthy", "a"), items("a-healthy", "b")])
    assert harbour.sail(settings_of(api)).code == 0
    assert _files_below(harbour.private) == []


def _files_below(directory: Path) -> list[Path]:
    return [each for each in directory.rglob("*") if each.is_file()]
