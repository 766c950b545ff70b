"""Runs the integration as its users do: a process of its own, environment variables, a mapping."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.sandbox.demo.child_environment import IDENTIFIER, Services, child_environment
from tools.sandbox.demo.integration_process import integration_process, ocean_command, wait
from tools.sandbox.demo.runner import ROOT
from tools.sandbox.port.blueprints import create_blueprint
from tools.sandbox.port.records import Actor, Integration, now
from tools.sandbox.port.state import PortState
from tools.sandbox.port.store import EntityStore, WriteOptions
from tools.sandbox.port.syncs import Sync

SETTING = "OCEAN__INTEGRATION__CONFIG__"
_CAPITAL = re.compile(r"(?=[A-Z])")


@dataclass(frozen=True)
class Outcome:
    """What one run came to.

    `code` is None when it was ended for taking too long. `printed` is its log, `sent` what it sent
    to Port of it. `sync` is None when no resync began.
    """

    code: int | None
    seconds: float
    sync: Sync | None
    printed: str = field(repr=False)
    sent: str = field(repr=False)

    @property
    def log(self) -> str:
        """All that it said, to whomever."""
        return f"{self.printed}\n{self.sent}"

    def totals(self) -> tuple[int, int, int]:
        """How many entities the sync created, updated and deleted."""
        assert self.sync is not None, self.printed
        total = self.sync.total()
        return total.created, total.updated, total.deleted

    def errors(self) -> list[str]:
        """The lines of the log that report an error."""
        return [line for line in self.printed.splitlines() if "ERROR" in line]


class Harbour:
    """One Port organization, and the integration installed in it.

    `directory` holds the logs of the runs and everything temporary; it belongs to one test.
    """

    def __init__(self, state: PortState, port_url: str, directory: Path) -> None:
        self.state = state
        self.private = directory / "private"
        self.private.mkdir()
        self._port_url = port_url
        self._directory = directory
        self._runs = 0

    def install(self, resources: Iterable[dict[str, Any]]) -> None:
        """Put the mapping in place, and the blueprints that it names by constants."""
        listed = list(resources)
        for each in listed:
            name = each["port"]["entity"]["mappings"]["blueprint"].strip('"')
            if name not in self.state.blueprints:
                create_blueprint(self.state, blueprint(name), by="test")
        moment = now()
        self.state.integrations[IDENTIFIER] = Integration(
            IDENTIFIER,
            created_at=moment,
            updated_at=moment,
            config={"deleteDependentEntities": True, "resources": listed},
        )

    def sail(
        self,
        settings: Mapping[str, object],
        *,
        limit: float = 90,
        variables: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run the integration once. `settings` are named as in the spec."""
        before = self.state.last_sync(IDENTIFIER)
        self.state.logs.clear()
        start = time.monotonic()
        with self.running(settings, variables=variables) as (process, log):
            code = wait(process, seconds=limit, each=lambda: None)
            seconds = time.monotonic() - start
        sync = self.state.last_sync(IDENTIFIER)
        sent = json.dumps(list(self.state.logs), ensure_ascii=False)
        text = log.read_text(encoding="utf-8", errors="replace")
        return Outcome(code, seconds, None if sync is before else sync, text, sent)

    @contextmanager
    def running(
        self, settings: Mapping[str, object], *, variables: Mapping[str, str] | None = None
    ) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """The process while it runs, and the file of its log; ended on the way out."""
        self._runs += 1
        log = self._directory / f"run-{self._runs}.log"
        environment = self._environment(settings) | dict(variables or {})
        with integration_process(
            ocean_command(), cwd=ROOT, environment=environment, log=log
        ) as process:
            yield process, log

    def store(self, name: str, entities: Mapping[str, dict[str, Any]]) -> None:
        """Put entities into the catalog as an earlier sync would have, with these properties."""
        writer = Actor.from_user_agent(f"port-ocean/custom/0.1.0/{IDENTIFIER}/exporter")
        store = EntityStore(self.state, writer)
        for identifier, properties in entities.items():
            body = {"identifier": identifier, "properties": properties}
            store.write(name, body, WriteOptions(upsert=True))

    def catalog(self, name: str) -> dict[str, dict[str, Any]]:
        """The properties of a blueprint's entities by identifier."""
        records = self.state.entities.get(name, {})
        return {identifier: record.properties for identifier, record in records.items()}

    def _environment(self, settings: Mapping[str, object]) -> dict[str, str]:
        services = Services(self._port_url, sample_url="", token="")
        common = child_environment(os.environ, services, self.private)
        kept = {name: value for name, value in common.items() if not name.startswith(SETTING)}
        return kept | {
            "OCEAN__INITIALIZE_PORT_RESOURCES": "false",
            "APPLICATION__LOG_LEVEL": "DEBUG",
            **{variable_of(name): _text(value) for name, value in settings.items()},
        }


def variable_of(setting: str) -> str:
    """The environment variable of a setting: `baseUrl` is `…__CONFIG__BASE_URL`."""
    return SETTING + _CAPITAL.sub("_", setting).upper()


def blueprint(name: str) -> dict[str, Any]:
    """A blueprint with the properties that `resource` maps."""
    properties = {"version": {"type": "number"}, "parent": {"type": "string"}}
    return {
        "identifier": name,
        "title": name,
        "schema": {"properties": properties},
        "relations": {},
    }


def resource(
    kind: str, name: str, *, identifier: str = ".id", version: str = ".version", **selector: Any
) -> dict[str, Any]:
    """A resource of the mapping whose items become entities of the blueprint `name`."""
    mappings = {
        "identifier": identifier,
        "blueprint": f'"{name}"',
        "properties": {"version": version, "parent": ".__parent"},
    }
    return {
        "kind": kind,
        "selector": {"query": "true", **selector},
        "port": {"entity": {"mappings": mappings}},
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
