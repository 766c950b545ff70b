"""Ocean's probe gives the verdicts of `check`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from port_ocean.core.probe import ProbeCheckStatus, ProbeContext, ProbeStatus
from port_ocean.integration_testing import IntegrationTestHarness, InterceptTransport

from cli.surroundings import Surroundings
from mapping.resources import CustomPortAppConfig
from probe.connection_test import probe
from settings.connection import ConnectionSettings
from tests.cli.conftest import SECRET
from tests.cli.test_preview import answer
from tests.support.fake_api import FakeApi, Reply

ROOT = Path(__file__).resolve().parents[2]


def test_an_instance_imports_no_command_line() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", "import integration, sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(outcome.stdout.split())
    assert "probe.connection_test" in loaded
    # What reads mapping files or shows results costs a tenth of a second at each start.
    assert not {"cli", "ruamel"} & {name.partition(".")[0] for name in loaded}


class Reporter:
    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    async def report(self, report: dict[str, Any]) -> None:
        self.reports.append(report)


def resource(kind: str, data_path: str) -> dict[str, Any]:
    mappings = {"identifier": ".id", "blueprint": '"x"'}
    return {
        "kind": kind,
        "selector": {"query": "true", "data_path": data_path},
        "port": {"entity": {"mappings": mappings}},
    }


def context() -> ProbeContext:
    made = ProbeContext()
    made.reporter = Reporter()  # type: ignore[assignment]  # keeps what a reporter would send
    return made


def settings(url: str, token: str = SECRET) -> ConnectionSettings:
    return ConnectionSettings.parse(
        {"base_url": url, "auth_type": "bearer_token", "api_token": token}
    )


async def mapping() -> CustomPortAppConfig:
    resources = [resource("/teams", ".teams"), resource("/users", ".users")]
    return CustomPortAppConfig.parse_obj({"resources": resources})


@pytest.mark.usefixtures("around")
async def test_each_resource_has_a_verdict(api: FakeApi) -> None:
    api.answer = answer
    done = await probe(context(), lambda: settings(api.url), mapping)
    first, second = done.checks
    assert (first.kind, first.status) == ("/teams", ProbeCheckStatus.SUCCESS)
    assert "2 items on the first page" in (first.message or "")
    assert (second.kind, second.status) == ("/users", ProbeCheckStatus.FAILURE)
    assert "matches nothing" in (second.message or "")
    assert done.status == ProbeStatus.IN_PROGRESS


@pytest.mark.usefixtures("around")
async def test_a_connection_that_fails_fails_the_probe(api: FakeApi) -> None:
    api.answer = lambda request: Reply(401, {"message": SECRET})
    done = await probe(context(), lambda: settings(api.url), mapping)
    assert done.status == ProbeStatus.FAILED
    assert "the API refuses apiToken" in (done.message or "")
    assert SECRET not in (done.message or "")
    assert done.checks == []


@pytest.mark.usefixtures("around")
async def test_wrong_settings_fail_the_probe() -> None:
    done = await probe(context(), lambda: settings("ftp://x"), mapping)
    assert done.status == ProbeStatus.FAILED
    assert "baseUrl" in (done.message or "")


@pytest.mark.usefixtures("around")
async def test_without_a_mapping_the_connection_is_tested(api: FakeApi) -> None:
    async def missing() -> CustomPortAppConfig:
        raise LookupError("no such integration")

    done = await probe(context(), lambda: settings(api.url), missing)
    assert done.status == ProbeStatus.IN_PROGRESS
    assert "no mapping yet" in (done.message or "")


async def test_ocean_asks_the_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    transport = InterceptTransport()
    transport.add_route("GET", "https://api.example.com/teams", {"json": [{"id": 1}]})
    transport.add_route("GET", "https://api.example.com", {"json": {}})
    harness = IntegrationTestHarness(
        integration_path=str(ROOT),
        port_mapping_config={"resources": [resource("/teams", ".")]},
        third_party_transport=transport,
        config_overrides={
            "caching_storage_mode": "memory",
            "integration": {
                "identifier": "probe",
                "type": "custom",
                "config": {"base_url": "https://api.example.com"},
            },
        },
    )
    monkeypatch.setattr("probe.connection._reach_directly", _reached)
    await harness.start()
    try:
        assert harness._ocean is not None
        done = await harness._ocean.integration.run_probe()
    finally:
        await harness.shutdown()
    assert done.status == ProbeStatus.COMPLETED
    assert [(check.kind, check.status) for check in done.checks] == [
        ("/teams", ProbeCheckStatus.SUCCESS)
    ]


async def _reached(*_: object) -> Any:
    """There is no network beneath the scripted transport."""
    return
    yield


async def test_ocean_s_guard_against_its_own_network_holds(
    api: FakeApi, around: Surroundings
) -> None:
    around.config.disable_ip_outbound_blocker = False
    done = await probe(context(), lambda: settings(api.url), mapping)
    assert done.status == ProbeStatus.FAILED
    assert (done.message or "").startswith("http: ")
    assert "not reachable from a hosted integration" in (done.message or "")
    assert api.received == []
