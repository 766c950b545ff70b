"""The output of the demonstration: progress while the sync runs, and its result."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import BlueprintCounts, Sync


@dataclass(frozen=True)
class Resource:
    """A kind of the mapping, and the blueprint that its items become entities of."""

    kind: str
    blueprint: str


@dataclass(frozen=True)
class Progress:
    """The progress of the sync with one resource."""

    resource: Resource
    total: int
    written: int


def mapped_resources(mapping: Path) -> list[Resource]:
    """Return the resources of a mapping whose blueprints are constants, in its order."""
    document: Mapping[str, Any] = yaml.safe_load(mapping.read_text(encoding="utf-8"))
    return [
        Resource(entry["kind"], entry["port"]["entity"]["mappings"]["blueprint"].strip('"'))
        for entry in document["resources"]
    ]


def progress(resources: Iterable[Resource], state: PortState, sync: Sync | None) -> list[Progress]:
    """Return the entities of each resource in the catalog, and how many this sync wrote.

    The state may change meanwhile: everything read here is copied in one step first.
    """
    written = Counter(blueprint for blueprint, _ in sync.created | sync.updated) if sync else {}
    return [
        Progress(
            resource,
            total=len(state.entities.get(resource.blueprint, {})),
            written=written.get(resource.blueprint, 0),
        )
        for resource in resources
    ]


def progress_table(rows: Iterable[Progress], requests: int, seconds: float) -> Table:
    """Return the progress as a table, for a terminal."""
    table = Table(title=f"Syncing: {seconds:.0f} s, {requests} requests to the API")
    table.add_column("Kind")
    table.add_column("In the catalog", justify="right")
    table.add_column("Written now", justify="right")
    for row in rows:
        table.add_row(row.resource.kind, str(row.total), str(row.written))
    return table


def progress_line(rows: Iterable[Progress], requests: int, seconds: float) -> str:
    """Return the progress as one line, for a log: `  4 s, 57 requests: package 100, command 32`."""
    counts = ", ".join(f"{row.resource.blueprint} {row.total}" for row in rows)
    return f"{seconds:3.0f} s, {requests} requests: {counts}"


def result_table(
    counts: Mapping[str, BlueprintCounts], totals: Mapping[str, int], seconds: float
) -> Table:
    """Return a table of the changes that the sync made.

    Args:
        counts: by blueprint, what was created, updated, left as it was, and deleted.
        totals: by blueprint, how many entities the catalog has now; gives the order of rows.
        seconds: how long it took.
    """
    table = Table(title=f"The sync took {seconds:.1f} s", show_footer=True)
    table.add_column("Blueprint", footer="all")
    rows = [
        (*astuple(counts.get(name, BlueprintCounts())), total) for name, total in totals.items()
    ]
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0] * 5
    headings = ("Created", "Updated", "Unchanged", "Deleted", "Total")
    for heading, total in zip(headings, sums, strict=True):
        table.add_column(heading, footer=str(total), justify="right")
    for name, row in zip(totals, rows, strict=True):
        table.add_row(name, *map(str, row))
    return table
