"""Faults of the endpoint that custom authentication gets its credentials from."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.whole.process.conftest import open_harbour
from tests.whole.process.faults import ITEMS, REMOVED, FaultyApi
from tests.whole.process.sailing import Outcome, resource

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


def assert_no_secret(log: str) -> None:
    for secret in (TOKEN, SECRET, json.dumps({"access_token": TOKEN})):
        assert secret not in log
