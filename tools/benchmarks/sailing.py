"""The whole product against a local Port: `ocean sail` as a process, and what it cost."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.whole.process.sailing import Harbour
from tools.benchmarks.clients.measuring import children_cpu_seconds, resident_megabytes
from tools.benchmarks.environment import ROOT, child_environment
from tools.benchmarks.workloads.jobs import resource
from tools.sandbox.demo.integration_process import integration_process, ocean_command, wait
from tools.sandbox.port.app import create_app
from tools.sandbox.port.blueprints import create_blueprint
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

BLUEPRINT = "service"
PROPERTIES = {
    "number": ("number", ".id"),
    "key": ("string", ".key"),
    "description": ("string", ".description"),
    "language": ("string", ".language"),
    "archived": ("boolean", ".archived"),
    "popular": ("boolean", ".stars > 500"),
    "score": ("number", ".score"),
    "owner": ("string", ".owner.email"),
    "tags": ("array", ".tags"),
    "address": ("string", '"https://example.com/services/" + .key'),
}
_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Voyage:
    """One resync: CPU of the process and its children, wall (s), and the catalog afterwards.

    `peak` is the most memory of the process itself that was seen, in MB.
    """

    cpu: float
    seconds: float
    peak: float
    entities: dict[str, dict[str, Any]]


class SailError(Exception):
    """The integration failed; the message holds the end of its log."""


@contextmanager
def port() -> Iterator[tuple[PortState, str]]:
    """Serve an empty organization with one blueprint; gives its address."""
    state = PortState()
    create_blueprint(state, _blueprint(), by="benchmark")
    with serve(create_app(state)) as server:
        yield state, server.url


def sail(
    selector: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    variables: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    mappings: Mapping[str, Any] | None = None,
) -> Voyage:
    """Run the integration once on one resource into an empty Port.

    `selector` has `kind` besides its own fields; `variables` are added to the environment, and
    `prefix` stands before the command. `mappings` are those of ten properties unless given.

    Raises:
        SailError: the resync did not succeed.
    """
    with tempfile.TemporaryDirectory(prefix="ocean-bench-") as name, port() as (state, url):
        harbour = Harbour(state, url, Path(name))
        harbour.install([resource(selector, dict(mappings or entity_mappings()))])
        environment = child_environment() | harbour._environment(settings)
        environment |= {"APPLICATION__LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT)}
        environment |= variables or {}
        log = Path(name) / "log"
        before, peaks = children_cpu_seconds(), [0.0]
        with integration_process(
            [*prefix, *ocean_command()], cwd=ROOT, environment=environment, log=log
        ) as process:
            begin = time.monotonic()
            code = wait(process, seconds=_LIMIT_SECONDS, each=lambda: peaks.append(_peak(process)))
            seconds = time.monotonic() - begin
        if code != 0:
            raise SailError(f"exit code {code}:\n{log.read_text(errors='replace')[-3000:]}")
        cpu = children_cpu_seconds() - before
        return Voyage(cpu, seconds, max(peaks), _catalog(state))


def _peak(process: subprocess.Popen[bytes]) -> float:
    # A process that has just ended has no figures.
    with suppress(OSError, ValueError):
        return resident_megabytes("VmHWM", process.pid)
    return 0


def _catalog(state: PortState) -> dict[str, dict[str, Any]]:
    return {
        identifier: record.content()
        for identifier, record in state.entities.get(BLUEPRINT, {}).items()
    }


def _blueprint() -> dict[str, Any]:
    return {
        "identifier": BLUEPRINT,
        "title": "Service",
        "schema": {"properties": {name: {"type": kind} for name, (kind, _) in PROPERTIES.items()}},
        "relations": {},
    }


def entity_mappings() -> dict[str, Any]:
    """Return a mapping of ten properties."""
    return {
        "identifier": ".key",
        "title": ".name",
        "blueprint": f'"{BLUEPRINT}"',
        "properties": {name: expression for name, (_, expression) in PROPERTIES.items()},
    }
