"""The fault matrix of one pagination family: two runs, and what is wrong with each cell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.whole.process.conftest import open_harbour
from tests.whole.process.faults import (
    ITEMS,
    ITEMS_OF_PARENT,
    LASTING,
    PAGE_OF_POSITION,
    PAGE_SIZE,
    PARENTS,
    PASSING,
    REMOVED,
    FaultyApi,
)
from tests.whole.process.sailing import Harbour, Outcome, resource

TOKEN = "tok-5d1f0c8e-matrix"
NESTED = "nested"
HEALTHY = "none-healthy"
LONGEST_RUN = 120.0
OF_FAMILY = {"custom": {"nextRequest": '.body.link[] | select(.relation == "next") | .url'}}
# A resource costs its own time, so that only one family has resources for all lasting faults.
COMPLETE_FAMILY = "page"
TELLING = ("truncated", "empty", "error_body", "status_404", "status_500")


@dataclass
class Report:
    """How many cells there are, and what each cell that broke a promise did."""

    family: str
    cells: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)

    def expect(self, cell: str, promise: str, kept: bool) -> None:
        """Remember it when a promise was not kept."""
        if not kept:
            self.broken.setdefault(cell, []).append(promise)


class Matrix:
    """All cells of one family, against one API and one catalog.

    Cells of a page of their own items are endpoints of one resource, which are read at the same
    time; those of the positions `alone` and `discovery` are resources of their own.
    """

    def __init__(self, family: str, harbour: Harbour) -> None:
        faults = [*LASTING, *PASSING]
        positions = ("first",) if family == "none" else ("first", "middle", "last")
        # A 404 for the first page of a nested endpoint is no fault: its parent is gone.
        pages = [f"{fault}-{at}" for at in positions for fault in faults]
        self.nested = [cell for cell in pages if cell != "status_404-first"]
        chosen = [*LASTING, "storm"] if family == COMPLETE_FAMILY else TELLING
        self.single = [f"{fault}-{at}" for at in ("alone", "discovery") for fault in chosen]
        self.report = Report(family, cells=len(self.nested) + len(self.single))
        self.api = FaultyApi(family, [*self.nested, HEALTHY], TOKEN)
        self._harbour = harbour
        self._family = family

    def run(self) -> Report:
        """With what a good sync left: a sync with lasting faults, and one with faults that pass."""
        with self.api.serve():
            self._harbour.install(self._mapping())
            for cell in [*self.nested, *self.single, HEALTHY]:
                stored = {name: {"version": 1} for name in _all(cell)}
                self._harbour.store(NESTED if cell in self.nested else cell, stored)
            self._check_lasting(self._sail("1", faults=LASTING))
            self._check_passing(self._sail("3", faults=PASSING))
        self.report.expect("*", "nothing goes to other hosts", not self.api.at_other_host)
        return self.report

    def _mapping(self) -> Iterator[dict[str, Any]]:
        cell = {"endpoint": "/cells", "data_path": ".items", "field": ".id"}
        yield resource(
            "cells",
            NESTED,
            endpoint="/cells/{cell}/items",
            data_path=".items",
            path_parameters={"cell": cell},
        )
        for name in self.single:
            yield resource(f"kind {name}", name, data_path=".items", **self._selector(name))
        yield resource(HEALTHY, HEALTHY, endpoint=f"/alone/{HEALTHY}/items", data_path=".items")

    def _selector(self, cell: str) -> dict[str, Any]:
        if cell.endswith("-alone"):
            return {"endpoint": f"/alone/{cell}/items"}
        parents = {"endpoint": f"/found/{cell}/parents", "data_path": ".items", "field": ".id"}
        return {
            "endpoint": f"/found/{cell}/parents/{{parent}}/items",
            "path_parameters": {"parent": parents},
        }

    def _sail(self, retries: str, *, faults: Iterable[str]) -> Outcome:
        self.api.faults = set(faults)
        self.api.version = 2
        settings = {
            "baseUrl": self.api.url,
            "authType": "bearer_token",
            "apiToken": TOKEN,
            "paginationType": self._family,
            **OF_FAMILY.get(self._family, {}),
            "pageSize": str(PAGE_SIZE),
            "timeout": "1.2",
            "maxRetries": retries,
            "maxRetryWait": "30",
            "maxConcurrentRequests": "10",
        }
        quiet = {"APPLICATION__LOG_LEVEL": "INFO"}
        outcome = self._harbour.sail(settings, limit=LONGEST_RUN, variables=quiet)
        self._expect("*", "ends in time", outcome.code is not None)
        self._expect("*", "keeps its secret", TOKEN not in outcome.log)
        return outcome

    def _check_lasting(self, outcome: Outcome) -> None:
        self._expect("*", "exits with 1", outcome.code == 1)
        self._expect("*", "reports failed", bool(outcome.sync and outcome.sync.status == "failed"))
        self._expect("*", "deletes nothing", outcome.totals()[2] == 0)
        failed = sum(_is_lasting(cell) for cell in self.nested)
        self._expect("*", f"{failed} nested endpoints fail", f"{failed} failed;" in outcome.log)
        for cell in [*self.nested, *self.single, HEALTHY]:
            found = self._versions(cell)
            read = self._readable(cell) if _is_lasting(cell) else _left(cell)
            expected = {name: 2 if name in read else 1 for name in _all(cell)}
            self._expect(cell, "deletes nothing", found.keys() == expected.keys())
            self._expect(cell, "keeps what was read, and no more", found == expected)
        for cell in self.single:
            told = f"kind {cell} was not read completely" in outcome.log
            self._expect(cell, "fails, or not", told == _is_lasting(cell))

    def _check_passing(self, outcome: Outcome) -> None:
        self._expect("*", "succeeds after faults", outcome.code == 0)
        for cell in [*self.nested, *self.single, HEALTHY]:
            found = self._versions(cell)
            self._expect(cell, "converges", found == dict.fromkeys(_left(cell), 2))

    def _readable(self, cell: str) -> set[str]:
        """The items before the page that fails."""
        position = cell.rpartition("-")[2]
        page = 0 if self._family == "none" else PAGE_OF_POSITION[position]
        if position == "discovery":
            parents = {f"{cell}-p{number}-" for number in range(page * PAGE_SIZE)}
            return {name for name in _left(cell) if name.startswith(tuple(parents))}
        return set(_left(cell)[: page * PAGE_SIZE])

    def _versions(self, cell: str) -> dict[str, int]:
        catalog = self._harbour.catalog(NESTED if cell in self.nested else cell)
        return {
            name: properties["version"]
            for name, properties in catalog.items()
            if name.startswith(f"{cell}-")
        }

    def _expect(self, cell: str, promise: str, kept: bool) -> None:
        self.report.expect(cell, promise, kept)


def run_matrix(family: str, directory: Path) -> Report:
    """Run all cells of one family, with what it writes below `directory`."""
    with open_harbour(directory) as harbour:
        return Matrix(family, harbour).run()


def _is_lasting(cell: str) -> bool:
    return cell.rpartition("-")[0] in LASTING


def _all(cell: str) -> list[str]:
    """The items of a cell in version 1."""
    if cell.endswith("-discovery"):
        numbers = range(ITEMS_OF_PARENT)
        return [f"{cell}-p{parent}-{number}" for parent in range(PARENTS) for number in numbers]
    return [f"{cell}-{number}" for number in range(ITEMS)]


def _left(cell: str) -> list[str]:
    """The items of a cell from version 2 on."""
    gone = {f"{cell}-{REMOVED}", f"{cell}-p0-{ITEMS_OF_PARENT - 1}"}
    return [name for name in _all(cell) if name not in gone]
