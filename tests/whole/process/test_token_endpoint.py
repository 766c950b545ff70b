"""Faults of the endpoint that custom authentication gets its credentials from."""

import asyncio
import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.whole.process.conftest import open_harbour
from tests.whole.process.faults import ITEMS, REMOVED, FaultyApi
from tests.whole.process.sailing import Outcome, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

TOKEN = "issued-t0ken-20c4f1"
SECRET = "client-s3cret-41d0"
FAULTS = ("status_500", "status_401", "html", "truncated", "hang", "error_body")
NAME = "a-healthy"
AT_ONCE = 3


@dataclass(frozen=True)
class Case:
    """A run with the fault and one without, and what was in the catalog after each."""

    faulty: Outcome
    healthy: Outcome
    kept: dict[str, int]
    converged: dict[str, int]


def run_case(fault: str, directory: Path) -> Case:
    api = FaultyApi("cursor", [NAME], TOKEN)
    with open_harbour(directory) as harbour, api.serve():
        endpoint = f"/alone/{NAME}/items"
        harbour.install([resource(NAME, NAME, endpoint=endpoint, data_path=".items")])
        harbour.store(NAME, {f"{NAME}-{number}": {"version": 1} for number in range(ITEMS + 1)})
        settings = settings_of(api)
        api.version = 2
        api.token_fault = fault
        faulty = harbour.sail(settings)
        kept = versions(harbour.catalog(NAME))
        api.token_fault = ""
        healthy = harbour.sail(settings)
        return Case(faulty, healthy, kept, versions(harbour.catalog(NAME)))


def settings_of(api: FaultyApi) -> dict[str, object]:
    body = {"client_id": "reader", "client_secret": SECRET}
    return {
        "baseUrl": api.url,
        "authType": "custom",
        "customAuthRequest": {"endpoint": "/token", "body": body},
        "customAuthRequestTemplate": {"headers": {"Authorization": "Bearer {{.access_token}}"}},
        "paginationType": "cursor",
        "pageSize": "3",
        "timeout": "1.2",
        "maxRetries": "1",
    }


def versions(catalog: dict[str, dict[str, int]]) -> dict[str, int]:
    return {identifier: properties["version"] for identifier, properties in catalog.items()}


type Cases = dict[str, Future[Case]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {each: pool.submit(run_case, each, tmp_path_factory.mktemp(each)) for each in FAULTS}


@pytest.mark.contract(
    "failure.resource-fails",
    "failure.no-deletes",
    "run.once-exit-code",
    "secrets.log-auth-response",
    "secrets.log-settings",
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_token_endpoint_loses_nothing(fault: str, cases: Cases) -> None:
    case = cases[fault].result()
    assert case.faulty.code == 1
    assert case.kept == {f"{NAME}-{number}": 1 for number in range(ITEMS + 1)}
    assert f"{NAME} was not read completely" in case.faulty.log
    assert case.faulty.seconds < 45
    assert_no_secret(case.faulty.log)


@pytest.mark.contract("auth.custom.endpoint-path", "run.once-success", "auth.template.headers")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_run_converges(fault: str, cases: Cases) -> None:
    case = cases[fault].result()
    assert case.healthy.code == 0, case.healthy.errors()
    current = {name for name, version in case.converged.items() if version == 2}
    assert current == {f"{NAME}-{number}" for number in range(ITEMS) if number != REMOVED}
    assert_no_secret(case.healthy.log)


@pytest.mark.contract("auth.oauth.rotation-stop")
def test_sigterm_loses_no_refresh_token_that_is_on_its_way(tmp_path: Path) -> None:
    app, asked = FastAPI(), threading.Event()

    @app.post("/token")
    async def token() -> dict[str, object]:
        asked.set()
        await asyncio.sleep(1.2)
        return {"access_token": TOKEN, "refresh_token": "n3w-refresh", "expires_in": 3600}

    @app.get("/things")
    async def things() -> list[dict[str, int]]:
        return [{"id": 1}]

    kept = tmp_path / "refresh-token"
    with open_harbour(tmp_path) as harbour, serve(app) as server:
        harbour.install([resource("/things", "thing")])
        settings = {
            "baseUrl": server.url,
            "authType": "oauth2",
            "grantType": "refresh_token",
            "tokenUrl": "/token",
            "clientId": "reader",
            "refreshToken": "0ld-refresh",
            "refreshTokenFile": str(kept),
        }
        with harbour.running(settings) as (process, _):
            assert asked.wait(60)
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(15)
            assert time.monotonic() - begin < 6
    assert json.loads(kept.read_text())["refresh_token"] == "n3w-refresh"


def assert_no_secret(log: str) -> None:
    for secret in (TOKEN, SECRET, json.dumps({"access_token": TOKEN})):
        assert secret not in log
