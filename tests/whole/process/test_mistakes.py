"""Typical mistakes of operators, each made in a real start: what is said, how soon, and how."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import SETTING, Harbour, resource
from tools.sandbox.demo.integration_process import wait
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

# Until a mistake is told, from the start of the process. The time that it waits for a processor is
# left out, so that these are the seconds of a machine with nothing else to do.
SECONDS = 5.0
AT_ONCE = 3
LISTENER = "OCEAN__EVENT_LISTENER"
PORT = "OCEAN__PORT__"
CONFIG = SETTING
SECRET = "s3cret-of-the-operator"


@dataclass(frozen=True)
class Mistake:
    """Variables that are wrong, and what is said of them, in lines that start with a setting.

    None leaves a variable out. `says` are parts of these lines; `goes_on` tells that the process
    does, because what is wrong may pass.
    """

    variables: Mapping[str, str | None]
    says: tuple[str, ...]
    goes_on: bool = False


MISTAKES = {
    "no scheme": Mistake(
        {f"{CONFIG}BASE_URL": "api.example.com/v2"},
        (
            "baseUrl: must start with http:// or https:// and name a host; ",
            "write https://api.example.com/v2 (got 'api.example.com/v2')",
        ),
    ),
    "quotes around the address": Mistake(
        {f"{CONFIG}BASE_URL": '"https://api.example.com"'},
        ("baseUrl: ", "leave out the quotes around it"),
    ),
    "no address": Mistake({f"{CONFIG}BASE_URL": None}, ("baseUrl: is required",)),
    "JSON with single quotes": Mistake(
        {f"{CONFIG}CUSTOM_HEADERS": f"{{'X-Key': '{SECRET}'}}"},
        ("customHeaders: is not valid JSON", "JSON has double quotes where this has single ones"),
    ),
    "a list that is no JSON": Mistake(
        {f"{CONFIG}ALLOWED_HOSTS": "a.example.com, b.example.com"},
        ('allowedHosts: must be a JSON list, such as `["a.example.com", "b.example.com"]`',),
    ),
    "event listener in lower case": Mistake(
        {LISTENER: '{"type": "polling"}'},
        (
            f"{LISTENER}__TYPE: must be one of WEBHOOK, KAFKA, POLLING, ONCE, ",
            "(got 'polling'); did you mean POLLING?",
        ),
    ),
    "event listener that is no JSON": Mistake(
        {LISTENER: "POLLING"},
        (
            f"{LISTENER}: must be a JSON object; ",
            f'write {{"type": "POLLING"}}, or set {LISTENER}__TYPE',
        ),
    ),
    "credentials of Port left out": Mistake(
        {f"{PORT}CLIENT_ID": "", f"{PORT}CLIENT_SECRET": ""},
        (f"{PORT}CLIENT_ID: is required", f"{PORT}CLIENT_SECRET: is required"),
    ),
    "credentials of Port refused": Mistake(
        {f"{PORT}CLIENT_SECRET": f'"{SECRET}"', f"{PORT}BASE_URL": "<refusing>"},
        (
            f"{PORT}CLIENT_ID and {PORT}CLIENT_SECRET: Port at http://",
            "refuses them (401); leave out the quotes around it; copy both from the credentials",
            f"look at {PORT}BASE_URL: it is https://api.port.io, or https://api.us.port.io",
        ),
    ),
    "Port unreachable": Mistake(
        {f"{PORT}BASE_URL": "<unreachable>"},
        (
            f"{PORT}BASE_URL: Port at http://127.0.0.1:",
            "cannot be reached: ",
            "it is https://api.port.io, or https://api.us.port.io",
            "it is tried again",
        ),
        goes_on=True,
    ),
    "an authType that does not exist": Mistake(
        {f"{CONFIG}AUTH_TYPE": "bearer", f"{CONFIG}API_TOKEN": SECRET},
        (
            "authType: must be one of 'none', 'bearer_token', ",
            "(got 'bearer'); did you mean bearer_token?",
        ),
    ),
    "no token": Mistake(
        {f"{CONFIG}AUTH_TYPE": "bearer_token"},
        (
            "apiToken: is required with authType bearer_token; ",
            f"set it as {CONFIG}API_TOKEN",
        ),
    ),
    "a number in words": Mistake(
        {f"{CONFIG}PAGE_SIZE": "fifty", f"{CONFIG}PAGINATION_TYPE": "page"},
        ("pageSize: should be a valid integer", "(got 'fifty')"),
    ),
    "a misspelt setting": Mistake(
        {f"{CONFIG}PAGINATION_TIPE": "page"},
        ("paginationTipe: is no setting; did you mean paginationType?",),
    ),
    "a name of an old example": Mistake(
        {f"{CONFIG}PAGE_PARAM": "p"},
        ("pageParam: is no setting, and nothing reads it; use paginationParam",),
    ),
    "five at once, and Port unreachable": Mistake(
        {
            f"{PORT}BASE_URL": "<unreachable>",
            LISTENER: '{"type": "once"}',
            f"{CONFIG}BASE_URL": "api.example.com",
            f"{CONFIG}AUTH_TYPE": "basic",
            f"{CONFIG}PASSWORD": SECRET,
            f"{CONFIG}TIMEOUT": "-1",
            f"{CONFIG}CUSTOM_HEADERS": "{",
        },
        (
            "5 connection settings are wrong:",
            f"  - {LISTENER}__TYPE: must be one of ",
            "  - username: is required with authType basic",
            "  - baseUrl: must start with http:// or https://",
            "  - timeout: should be greater than 0 (got '-1')",
            "  - customHeaders: is not valid JSON",
        ),
    ),
}


@dataclass
class Said:
    """What came of a mistake: the log, the seconds until it was told, the exit code if it ended.

    No seconds where it was not told.
    """

    log: str = ""
    seconds: float | None = None
    code: int | None = None
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The address of a Port that refuses everyone, and one where nothing listens."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PATCH"])
    async def refuse(request: Request) -> JSONResponse:
        return JSONResponse({"ok": False, "error": "invalid_credentials"}, 401)

    with serve(app) as server, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        yield {"<refusing>": server.url, "<unreachable>": nowhere}


@pytest.fixture(scope="module")
def starts(
    addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Said]]:
    """What each of the mistakes comes to, some of them made at the same time."""

    def make(name: str) -> Said:
        directory = tmp_path_factory.mktemp("mistake")
        state = PortState()
        with serve(create_app(state)) as server:
            return start(Harbour(state, server.url, directory), MISTAKES[name], addresses)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield dict(zip(MISTAKES, pool.map(make, MISTAKES), strict=True))


def start(harbour: Harbour, mistake: Mistake, addresses: Mapping[str, str]) -> Said:
    """Start with a mistake, and wait for the end or for all that is to be said."""
    given = {f"{CONFIG}BASE_URL": "https://api.example.com", **mistake.variables}
    variables = {name: addresses.get(value or "", value or "") for name, value in given.items()}
    said = Said()
    start = time.monotonic()
    with harbour.running({}, variables=variables) as (process, log):
        while time.monotonic() < start + 60:
            ended = has_ended(process)
            said.log = log.read_text("utf-8", errors="replace")
            if said.seconds is None and all(part in said.log for part in mistake.says):
                said.seconds = time.monotonic() - start - queued(process)
            if ended or (mistake.goes_on and said.seconds is not None):
                break
            time.sleep(0.1)
        said.code = process.poll()
    return said


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process has ended, and leave what the system knows of it."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def queued(process: subprocess.Popen[bytes]) -> float:
    """The seconds for which a process could have run and others did; to be asked before `wait`."""
    return int(Path(f"/proc/{process.pid}/schedstat").read_text("utf-8").split()[1]) / 1e9


@pytest.mark.contract("start.words", "start.all-at-once", "start.one-message", "start.bad-settings")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_words(starts: dict[str, Said], name: str) -> None:
    mistake, said = MISTAKES[name], starts[name]
    for part in mistake.says:
        assert part in said.log, said.log
    assert said.log.count("settings are wrong:") + said.log.count("setting is wrong:") <= 1
    assert "Traceback" not in said.log
    assert "pydantic" not in said.log
    assert SECRET not in said.log
    assert said.seconds is not None
    assert said.seconds < SECONDS
    assert said.code == (None if mistake.goes_on else 1)


WRONG_MAPPINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a data_path without its dot": (
        {"data_path": "items"},
        "data_path: 'items' is not valid JQ: write .items",
    ),
    "a data_path as JSONPath": (
        {"data_path": "$.items[*]"},
        "data_path: '$.items[*]' is not valid JQ: write .items",
    ),
    "path parameters as a list": (
        {"path_parameters": [{"name": "x"}]},
        "path_parameters: must be an object by placeholder, such as",
    ),
    "a method that does not exist": (
        {"method": "FETCH"},
        "method: must be one of GET, POST, PUT, PATCH, DELETE (got 'FETCH')",
    ),
}


@pytest.fixture
def api() -> Iterator[str]:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def items(path: str) -> dict[str, Any]:
        return {"items": [{"id": f"{path}-{number}", "version": number} for number in range(2)]}

    with serve(app) as server:
        yield server.url


@pytest.mark.contract("errors.jq.respelt", "start.bad-selector", "mapping.empty-properties")
def test_mistakes_in_a_mapping_are_told_together_and_fail_their_resources(
    harbour: Harbour, api: str
) -> None:
    resources = [
        resource(f"/wrong/{number}", f"wrong{number}", **selector)
        for number, (selector, _) in enumerate(WRONG_MAPPINGS.values())
    ]
    no_quotes, no_dot = (resource(f"/mapped/{each}", "mapped", data_path=".items") for each in "ab")
    no_quotes["port"]["entity"]["mappings"]["blueprint"] = "page"
    no_dot["port"]["entity"]["mappings"]["identifier"] = "id"
    null = resource("/null", "null", identifier=".nothing", data_path=".items")
    good = resource("/good", "good", data_path=".items")
    good["selector"] |= {"query": True, "method": None, "headers": None}
    good["port"]["entity"]["mappings"]["properties"] = None
    harbour.install([*resources, no_dot, null, good])
    harbour.state.integrations[next(iter(harbour.state.integrations))].config["resources"].append(
        no_quotes
    )
    outcome = harbour.sail({"baseUrl": api})
    for _, said in WRONG_MAPPINGS.values():
        assert said in outcome.printed, outcome.printed
    assert """blueprint: 'page' is not valid JQ: write '"page"'""" in outcome.printed
    assert "identifier: 'id' is not valid JQ: write .id" in outcome.printed
    assert "none of 2 items of /null gets an identifier" in outcome.printed
    assert set(harbour.catalog("good")) == {"good-0", "good-1"}
    assert outcome.code == 1


def test_an_interrupt_while_port_is_waited_for_ends_it(
    harbour: Harbour, addresses: dict[str, str]
) -> None:
    variables = {f"{PORT}BASE_URL": addresses["<unreachable>"]}
    with harbour.running({"baseUrl": "https://h.test"}, variables=variables) as (process, log):
        deadline = time.monotonic() + 60
        while "it is tried again" not in log.read_text("utf-8"):
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert wait(process, seconds=10, each=lambda: None) is not None


def test_the_time_until_a_mistake_is_told_counts_what_a_process_sleeps() -> None:
    begun = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"]) as process:
        while not has_ended(process):
            time.sleep(0.05)
        assert time.monotonic() - begun - queued(process) >= 1


def test_every_mistake_names_a_setting() -> None:
    said = json.dumps([mistake.says for mistake in MISTAKES.values()])
    assert len(MISTAKES) + len(WRONG_MAPPINGS) >= 20
    assert said.count(": ") > len(MISTAKES)
