"""What the demo shows of a sync, from the state of the catalog."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.table import Table

from tools.sandbox.demo.display import SECONDS_BETWEEN_LINES, make_console, progress_display
from tools.sandbox.demo.report import Progress, Resource, progress, progress_line, result_table
from tools.sandbox.demo.report import progress_table as make_progress_table
from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import COMPLETED, BlueprintCounts

RESOURCES = [Resource("/api/v1/packages", "package"), Resource("/api/v1/commands", "command")]
ROWS = [Progress(RESOURCES[0], total=3, written=2), Progress(RESOURCES[1], total=0, written=0)]


def entity(identifier: str) -> EntityRecord:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return EntityRecord(
        blueprint="package",
        identifier=identifier,
        datasource="port-ocean/custom/1.0.0/ocean-custom-demo/exporter",
        created_at=moment,
        created_by="demo",
        updated_at=moment,
        updated_by="demo",
    )


def shown(table: Table) -> list[list[str]]:
    """The cells of every row, headings and footer included."""
    output = io.StringIO()
    Console(file=output, width=100).print(table)
    lines = [line.replace("┃", "│") for line in output.getvalue().splitlines()]
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]


def test_progress_counts_the_catalog_and_what_this_sync_wrote() -> None:
    state = PortState()
    state.entities["package"] = {name: entity(name) for name in "abc"}
    sync = state.begin_sync("ocean-custom-demo")
    sync.entity_created(("package", "a"))
    sync.entity_updated(("package", "b"))

    assert progress(RESOURCES, state, sync) == ROWS


def test_progress_before_the_sync_starts() -> None:
    assert progress(RESOURCES, PortState(), None) == [
        Progress(resource, total=0, written=0) for resource in RESOURCES
    ]


def test_progress_as_a_line() -> None:
    line = progress_line(ROWS, requests=57, seconds=4.4)

    assert line == "  4 s, 57 requests: package 3, command 0"


def test_progress_as_a_table() -> None:
    assert shown(make_progress_table(ROWS, requests=57, seconds=4.4)) == [
        ["Kind", "In the catalog", "Written now"],
        ["/api/v1/packages", "3", "2"],
        ["/api/v1/commands", "0", "0"],
    ]


def test_the_result_of_a_sync_by_blueprint() -> None:
    state = PortState()
    state.entities["package"] = {name: entity(name) for name in "abc"}
    sync = state.begin_sync("ocean-custom-demo")
    sync.entity_created(("package", "a"))
    sync.entity_updated(("package", "b"))
    sync.entity_deleted(("command", "gone"))
    state.end_sync("ocean-custom-demo", COMPLETED)

    table = result_table(sync.counts(), {"package": 3, "command": 0}, 1.25)

    assert shown(table) == [
        ["Blueprint", "Created", "Updated", "Unchanged", "Deleted", "Total"],
        ["package", "1", "1", "1", "0", "3"],
        ["command", "0", "0", "0", "1", "0"],
        ["all", "1", "1", "1", "1", "3"],
    ]


def test_a_result_without_blueprints() -> None:
    assert shown(result_table({"other": BlueprintCounts(created=1)}, {}, 0.0))[-1] == [
        "all",
        *"00000",
    ]


def test_a_log_gets_lines_without_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    seconds = iter([0.0, 1.0, SECONDS_BETWEEN_LINES, SECONDS_BETWEEN_LINES + 1.0])
    monkeypatch.setattr("tools.sandbox.demo.display.time.monotonic", lambda: next(seconds))
    console = make_console(is_terminal=False)
    console.file = io.StringIO()

    with progress_display(console, lambda: (ROWS, 57)) as show:
        for _ in range(3):
            show()
    console.print(result_table({}, {"package": 3}, 1.0))

    output = console.file.getvalue()
    assert output.startswith("  3 s, 57 requests: package 3, command 0\n")
    assert output.count("requests") == 1
    assert "\x1b" not in output
    assert "\r" not in output


def test_a_terminal_gets_a_table_that_goes_away() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"})

    with progress_display(console, lambda: (ROWS, 57)) as show:
        show()

    assert "/api/v1/packages" in output.getvalue()
    assert output.getvalue().endswith("\x1b[2K")
