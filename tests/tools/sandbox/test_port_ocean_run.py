"""Ocean itself against the stand-in: a small integration, run as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import RunningServer, serve

pytestmark = pytest.mark.process

MAIN = """
import json
from pathlib import Path
from port_ocean.context.ocean import ocean

@ocean.on_resync()
async def on_resync(kind):
    items = json.loads(Path("items.json").read_text())[kind]
    if items is None:
        raise RuntimeError("the source is down")
    yield items
"""

SPEC = """
title: Small
description: An integration for a test
icon: Box
configurations: []
"""

BLUEPRINTS = [
    {"identifier": "team", "title": "Team", "schema": {"properties": {}}, "relations": {}},
    {
        "identifier": "service",
        "title": "Service",
        "schema": {"properties": {"stars": {"type": "number"}}},
        "relations": {"owner": {"target": "team", "many": False, "required": False}},
    },
]


def _resource(kind: str, blueprint: str, **mappings: Any) -> dict[str, Any]:
    fixed = {"identifier": ".id", "blueprint": f'"{blueprint}"'}
    port = {"entity": {"mappings": fixed | mappings}}
    return {"kind": kind, "selector": {"query": "true"}, "port": port}


MAPPING = {
    "deleteDependentEntities": True,
    "createMissingRelatedEntities": True,
    "resources": [
        _resource("/api/teams", "team"),
        _resource(
            "service", "service", properties={"stars": ".stars"}, relations={"owner": ".team"}
        ),
    ],
}

Sail = Callable[[dict[str, Any]], int]


@pytest.fixture
def small_integration(tmp_path: Path) -> Path:
    resources = tmp_path / ".port" / "resources"
    resources.mkdir(parents=True)
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "small"\nversion = "0.1.0"\n')
    (tmp_path / ".port" / "spec.yaml").write_text(SPEC)
    (resources / "blueprints.json").write_text(json.dumps(BLUEPRINTS))
    (resources / "port-app-config.json").write_text(json.dumps(MAPPING))
    return tmp_path


@pytest.fixture
def port_server(port_state: PortState) -> Iterator[RunningServer]:
    with serve(create_app(port_state)) as server:
        yield server


@pytest.fixture
def sail(small_integration: Path, port_server: RunningServer) -> Sail:
    """Run the integration once over the given items by kind; answers the exit code."""

    def run(items: dict[str, Any], *, initialize: bool = True) -> int:
        (small_integration / "items.json").write_text(json.dumps(items))
        environment = {
            "OCEAN__PORT__BASE_URL": port_server.url,
            "OCEAN__PORT__CLIENT_ID": "client-id-of-a-test",
            "OCEAN__PORT__CLIENT_SECRET": "client-secret-of-a-test",
            "OCEAN__INTEGRATION__IDENTIFIER": "small-1",
            "OCEAN__INITIALIZE_PORT_RESOURCES": str(initialize).lower(),
            "OCEAN__EVENT_LISTENER": '{"type": "ONCE"}',
            "OCEAN__CACHING_STORAGE_MODE": "memory",
        }
        command = [str(Path(sys.executable).parent / "ocean"), "sail"]
        completed = subprocess.run(
            command, cwd=small_integration, env=os.environ | environment, timeout=90, check=False
        )
        return completed.returncode

    return run


def services(*stars: int | None) -> list[dict[str, Any]]:
    """One service per number; None leaves that one out."""
    numbered = [(index, value) for index, value in enumerate(stars) if value is not None]
    return [{"id": f"s/{index}", "stars": value, "team": "blue"} for index, value in numbered]


def test_two_runs_create_update_and_delete(sail: Sail, port_state: PortState) -> None:
    teams = [{"id": "red"}]
    assert sail({"/api/teams": teams, "service": services(*range(30))}) == 0
    first = port_state.syncs[0].as_json()
    assert first["status"] == "completed"
    assert first["blueprints"]["service"]["created"] == 30
    assert first["blueprints"]["team"]["created"] == 2  # red, and blue by its services

    changed = services(None, None, 100, *range(3, 30), 30)
    assert sail({"/api/teams": teams, "service": changed}) == 0
    second = port_state.syncs[1].as_json()["blueprints"]["service"]
    assert second == {"created": 1, "updated": 1, "unchanged": 27, "deleted": 2}

    assert sail({"/api/teams": None, "service": services(5)}) == 0
    third = port_state.syncs[2].as_json()
    assert third["status"] == "failed"
    assert third["total"]["deleted"] == 0
    assert any("the source is down" in line for line in third["loggedErrors"])
    assert port_state.unknown_requests == []


def test_run_without_default_resources(
    sail: Callable[..., int], port_state: PortState, port_server: RunningServer
) -> None:
    assert sail({"/api/teams": [{"id": "red"}], "service": []}, initialize=False) == 0
    assert set(port_state.blueprints) == {"_user", "_team"}
    sync = httpx.get(f"{port_server.url}/sandbox/api/syncs").json()["syncs"][0]
    assert sync["errors"][0]["message"] == 'Blueprint with identifier "team" was not found'
    assert port_state.unknown_requests == []


def test_taken_port_is_told() -> None:
    with (
        serve(create_app()) as server,
        pytest.raises(OSError, match="in use"),
        serve(create_app(), port=server.port),
    ):
        pass
