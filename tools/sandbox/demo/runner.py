"""Runs the demonstration: two local services, and the integration between them."""

import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from rich.console import Console

from tools.sandbox.demo.catalog_file import CatalogFile
from tools.sandbox.demo.child_environment import IDENTIFIER, RESOURCES, Services, child_environment
from tools.sandbox.demo.display import progress_display
from tools.sandbox.demo.integration_process import (
    DemoError,
    integration_process,
    last_lines,
    ocean_command,
    wait,
)
from tools.sandbox.demo.report import Progress, mapped_resources, progress, result_table
from tools.sandbox.port import app as port
from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import COMPLETED, Sync
from tools.sandbox.sample import app as sample
from tools.sandbox.server import serve

ROOT = Path(__file__).resolve().parents[3]
LOG_LINES_SHOWN = 40
LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Options:
    """The options of the demonstration.

    `keep` leaves the catalog's page up until Ctrl-C; `root` holds the integration to run; it is
    ended after `limit` seconds; `command` runs it, by default the `ocean` of this interpreter.
    """

    keep: bool = False
    root: Path = ROOT
    limit: float = LIMIT_SECONDS
    command: Sequence[str] | None = None


class Demo:
    """One run. `console` shows what happens; the catalog and the log stay below `.demo/`."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._directory = options.root / ".demo"
        self._log = self._directory / "integration.log"
        self._mapping = options.root / RESOURCES / "port-app-config.yml"
        blueprints = options.root / RESOURCES / "blueprints.json"
        self._catalog = CatalogFile(self._directory / "catalog.json", [self._mapping, blueprints])

    def run(self) -> int:
        """Sync, and report.

        Returns:
            The exit code for this program: 0 only when the integration and its sync succeeded.

        Raises:
            DemoError: the demonstration cannot start.
        """
        self._directory.mkdir(exist_ok=True)
        self._warn_of_dotenv()
        command = list(self._options.command or ocean_command())
        with _only_one(self._directory / "lock"):
            state, note = self._catalog.load()
            self._console.print(note, soft_wrap=True)
            code, places = self._sync(command, state)
            if self._options.keep:
                self._keep(state, places)
        return code

    def _sync(self, command: list[str], state: PortState) -> tuple[int, "_Places"]:
        """Run the sync; returns the exit code, and where the catalog and the sample API were."""
        token = secrets.token_urlsafe(16)
        api = sample.create_app(token=token)
        before = state.last_sync(IDENTIFIER)
        start = time.monotonic()
        try:
            with serve(api) as sample_server, serve(port.create_app(state)) as port_server:
                services = Services(port_server.url, sample_server.url, token)
                self._announce(services)
                code = self._run_integration(command, services, state, api)
        finally:
            # Only now that nothing is served any more does the catalog stand still.
            self._catalog.save(state)
        sync = state.last_sync(IDENTIFIER)
        new_sync = None if sync is before else sync
        places = _Places(port_server.port, sample_server.port, token)
        return self._report(code, state, new_sync, time.monotonic() - start), places

    def _announce(self, services: Services) -> None:
        self._console.print(f"Sample API:  {services.sample_url}/docs")
        self._console.print(f"Catalog:     {services.port_url}")
        self._console.print(f"Log:         {self._log}", soft_wrap=True)

    def _report(self, code: int | None, state: PortState, sync: Sync | None, seconds: float) -> int:
        """Show what the sync did, and return the exit code."""
        if sync is None:
            return self._failed(code, "It did not begin to sync.")
        totals = {
            each.blueprint: len(state.entities.get(each.blueprint, {}))
            for each in mapped_resources(self._mapping)
        }
        self._console.print(result_table(sync.counts(), totals, seconds))
        for line in sync.outcomes:
            self._console.print(line, highlight=False, soft_wrap=True)
        if code != 0 or sync.status != COMPLETED:
            return self._failed(code, f"Its sync is reported as {sync.status}.")
        self._console.print(f"The catalog is kept in {self._catalog.path}.", soft_wrap=True)
        if not self._options.keep:
            self._console.print(
                "With --keep (`make demo KEEP=1`) its pages stay up to look around in."
            )
        return 0

    def _run_integration(
        self, command: list[str], services: Services, state: PortState, api: FastAPI
    ) -> int | None:
        resources = mapped_resources(self._mapping)

        def read() -> tuple[list[Progress], int]:
            requests = len(api.state.access_log)
            return progress(resources, state, state.last_sync(IDENTIFIER)), requests

        with (
            tempfile.TemporaryDirectory(prefix="ocean-demo-") as private,
            integration_process(
                command,
                cwd=self._options.root,
                environment=child_environment(os.environ, services, Path(private)),
                log=self._log,
            ) as process,
            progress_display(self._console, read) as show,
        ):
            return wait(process, seconds=self._options.limit, each=show)

    def _failed(self, code: int | None, reason: str) -> int:
        """Show the end of the log, and why this run counts as failed."""
        for line in last_lines(self._log, LOG_LINES_SHOWN):
            self._console.print(line, highlight=False, soft_wrap=True)
        ending = f"ended with code {code}"
        if code is None:
            ending = f"was ended after {self._options.limit:.0f} s"
        self._console.print(f"\nThe integration {ending}. {reason}")
        self._console.print(f"The whole log: {self._log}", soft_wrap=True)
        return code if code and code > 0 else 1

    def _warn_of_dotenv(self) -> None:
        dotenv = self._options.root / ".env"
        if dotenv.exists():
            self._console.print(f"Ocean also reads {dotenv}, for what the demo leaves open.")

    def _keep(self, state: PortState, places: "_Places") -> None:
        """Serve the catalog and the sample API at the same places again, until Ctrl-C."""
        api = sample.create_app(token=places.token)
        with (
            serve(port.create_app(state), port=places.catalog) as server,
            serve(api, port=places.sample) as sample_server,
        ):
            self._console.print(f"The catalog is at {server.url} until Ctrl-C.")
            self._console.print(
                f"The sample API is at {sample_server.url}/docs, to try init or studio on:"
            )
            token = f"export OCEAN__INTEGRATION__CONFIG__API_TOKEN={places.token}"
            command = f".venv/bin/ocean-custom init {sample_server.url}/api/v1/packages"
            studio = f".venv/bin/ocean-custom studio {sample_server.url}/api/v1/packages"
            flags = "--auth-type bearer_token --out first"
            for line in (token, f"{command} {flags}", f"{studio} {flags}"):
                self._console.print(f"  {line}", highlight=False, soft_wrap=True)
            try:
                while True:
                    time.sleep(3600)
            except KeyboardInterrupt:
                self._console.print("Closed.")


@dataclass(frozen=True)
class _Places:
    """The TCP ports of the two services, and the token of the sample API."""

    catalog: int
    sample: int
    token: str


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Refuse a second run in the same directory, which would write the same files."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError(f"another demo is running here (it holds {lock}).") from error
        yield
