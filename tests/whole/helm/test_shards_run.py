"""Three shards, run as the chart would run them, give the catalog that one instance gives."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.whole.helm.charts import ROOT, Manifest, of_kind, pod_of, render, with_values
from tests.whole.helm.test_values import secret_environment
from tools.sandbox.demo.child_environment import Services, child_environment
from tools.sandbox.demo.integration_process import integration_process, ocean_command, wait
from tools.sandbox.port.app import create_app
from tools.sandbox.port.blueprints import create_blueprint
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

SETTING = "OCEAN__INTEGRATION__CONFIG__"
RELATIONS = {"teams": [], "services": ["teams"], "incidents": ["services", "teams"]}
Items = dict[str, list[dict[str, Any]]]


def resource(name: str) -> dict[str, Any]:
    mappings = {
        "identifier": ".id",
        "title": ".name",
        "blueprint": f'"{name}"',
        "relations": {target: f".{target}" for target in RELATIONS[name]},
    }
    return {
        "kind": f"/{name}",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": mappings}},
    }


MAPPING = {
    "deleteDependentEntities": True,
    "createMissingRelatedEntities": True,
    "resources": [resource(name) for name in RELATIONS],
}
SHARDS = [{"name": name, "kinds": [f"/{name}"]} for name in RELATIONS]


def blueprint(name: str) -> dict[str, Any]:
    relations = {
        target: {"title": target, "target": target, "required": False, "many": False}
        for target in RELATIONS[name]
    }
    schema: dict[str, Any] = {"properties": {}}
    return {"identifier": name, "title": name, "schema": schema, "relations": relations}


@pytest.fixture
def items() -> Items:
    """What the API has; tests change it."""
    made: Items = {}
    for name, targets in RELATIONS.items():
        made[name] = [
            {"id": f"{name}-{i}", "name": f"{name} {i}"} | {t: f"{t}-{i % 7}" for t in targets}
            for i in range(20)
        ]
    return made


@pytest.fixture
def api_url(items: Items) -> Iterator[str]:
    app = FastAPI()

    @app.get("/{name}")
    def listed(name: str) -> list[dict[str, Any]]:
        return items[name]

    with serve(app) as server:
        yield server.url


class Installation:
    """A release of the chart, with an organization of its own that has the blueprints."""

    def __init__(self, directory: Path, api_url: str, *layers: dict[str, Any]) -> None:
        self.state = PortState()
        for name in RELATIONS:
            create_blueprint(self.state, blueprint(name), by="test")
        self._directory = directory
        directory.mkdir()
        given = {"integration": {"config": {"baseUrl": api_url}, "mapping": MAPPING}}
        cronjob = {"workload": {"kind": "CronJob"}, "scheduledResyncInterval": "0 * * * *"}
        self._manifests = render(with_values(given, cronjob, *layers))

    def identifiers(self) -> list[str]:
        return [self._config(job)["OCEAN__INTEGRATION__IDENTIFIER"] for job in self._jobs()]

    def resync(self, *components: str) -> dict[str, int]:
        """Run the jobs of these shards (all of them unless given) at once.

        Returns:
            How many entities each of them deleted, by identifier.
        """
        jobs = [
            job
            for job in self._jobs()
            if not components or job["metadata"]["labels"][COMPONENT] in components
        ]
        with serve(create_app(self.state)) as port, ExitStack() as stack:
            running = [stack.enter_context(self._run(job, port.url)) for job in jobs]
            codes = [wait(process, seconds=90, each=lambda: None) for process in running]
        assert codes == [0] * len(jobs), [log.read_text() for log in self._directory.glob("*.log")]
        identifiers = [self._config(job)["OCEAN__INTEGRATION__IDENTIFIER"] for job in jobs]
        return {identifier: self._deleted(identifier) for identifier in identifiers}

    def catalog(self) -> dict[str, dict[str, Any]]:
        """Title and relations of every entity, by blueprint and identifier."""
        return {
            name: {
                identifier: (record.title, record.relations)
                for identifier, record in self.state.entities.get(name, {}).items()
            }
            for name in RELATIONS
        }

    def _jobs(self) -> list[Manifest]:
        return of_kind(self._manifests, "Job")

    def _deleted(self, identifier: str) -> int:
        sync = self.state.last_sync(identifier)
        assert sync is not None
        return sync.total().deleted

    def _config(self, job: Manifest) -> dict[str, str]:
        name = pod_of(job)["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        return self._data(name)

    def _data(self, config_map: str) -> dict[str, str]:
        (data,) = [
            each["data"]
            for each in of_kind(self._manifests, "ConfigMap")
            if each["metadata"]["name"] == config_map
        ]
        return dict(data)

    @contextmanager
    def _run(self, job: Manifest, port_url: str) -> Iterator[Any]:
        name = job["metadata"]["name"]
        mounted = self._directory / name
        mounted.mkdir(exist_ok=True)
        (volume,) = [each for each in pod_of(job)["volumes"] if each["name"] == "mapping"]
        for file, text in self._data(volume["configMap"]["name"]).items():
            (mounted / file).write_text(text, "utf-8")
        environment = self._environment(job, port_url, mounted)
        log = self._directory / f"{name}.log"
        with integration_process(
            ocean_command(), cwd=ROOT, environment=environment, log=log
        ) as process:
            yield process

    def _environment(self, job: Manifest, port_url: str, mounted: Path) -> Mapping[str, str]:
        """What the container has, but for what the machine of the test decides."""
        services = Services(port_url, sample_url="", token="")
        outside = child_environment(os.environ, services, mounted)
        kept = {name: value for name, value in outside.items() if not name.startswith(SETTING)}
        chart = self._config(job) | secret_environment(self._manifests)
        listener = json.dumps({"type": chart.pop("OCEAN__EVENT_LISTENER__TYPE")})
        ours = {
            "OCEAN__EVENT_LISTENER": listener,
            "OCEAN__PORT__BASE_URL": port_url,
            "OCEAN__RESOURCES_PATH": str(mounted),
        }
        return kept | chart | ours


COMPONENT = "app.kubernetes.io/component"


@pytest.fixture
def one(tmp_path: Path, api_url: str) -> Installation:
    return Installation(tmp_path / "one", api_url)


@pytest.fixture
def three(tmp_path: Path, api_url: str) -> Installation:
    return Installation(tmp_path / "three", api_url, {"integration": {"shards": SHARDS}})


def test_three_shards_give_what_one_instance_gives(
    one: Installation, three: Installation, items: Items
) -> None:
    assert one.identifiers() == ["my-api"]
    assert three.identifiers() == ["my-api-teams", "my-api-services", "my-api-incidents"]
    one.resync()
    three.resync()
    assert {name: len(found) for name, found in one.catalog().items()} == dict.fromkeys(
        RELATIONS, 20
    )
    assert three.catalog() == one.catalog()

    # Entities of every shard are gone: each deletes its own, and what the others wrote stays.
    for name in RELATIONS:
        del items[name][10:13]
    assert three.resync("services") == {"my-api-services": 3}
    assert {name: len(found) for name, found in three.catalog().items()} == {
        "teams": 20,
        "services": 17,
        "incidents": 20,
    }
    assert three.resync("teams", "incidents") == {"my-api-teams": 3, "my-api-incidents": 3}
    one.resync()
    assert three.catalog() == one.catalog()


def test_an_installation_can_be_split_later(one: Installation, three: Installation) -> None:
    three.state = one.state
    one.resync()
    before = one.catalog()
    three.resync()
    integration = one.state.integrations["my-api"]
    kept = [each for each in integration.config["resources"] if each["kind"] == "/teams"]
    integration.config = {**integration.config, "resources": kept}
    assert one.resync() == {"my-api": 0}
    assert one.catalog() == before
