"""The report of `init` on a terminal."""

from collections.abc import Sequence
from pathlib import Path

from cli.display import Terminal
from cli.init.files import NOTES, RUN
from cli.init.initialise import InitReport
from cli.init.openapi.overview import Overview
from cli.init.plan import Guess
from cli.show_preview import show_preview

_ROWS = 5
_MOST_GUESSES = 20


def show_init(report: InitReport, terminal: Terminal) -> None:
    """Show what was found, what is doubtful, what was written, and the preview."""
    terminal.heading(f"Found at {report.base_url}")
    if report.overview:
        _show_overview(report.overview, terminal)
    _show_guesses(report.plan.guesses, terminal)
    for evidence in report.plan.evidence:
        terminal.item(True if evidence.is_proven else None, evidence.message, wrap=False)
    for failure in report.failures:
        terminal.item(False, f"{failure.path}: {failure.error}", wrap=False)
        if failure.advice:
            terminal.advise(failure.advice)
    doubts = [*report.plan.warnings, *report.assumptions]
    if doubts:
        terminal.heading("Not sure, or left out")
        for line in doubts:
            terminal.item(None, line, wrap=False)
    _show_files(report, terminal)
    if report.preview:
        terminal.heading("Preview")
        show_preview(report.preview, terminal, rows=_ROWS)
    _show_run(report, terminal)


def _show_overview(overview: Overview, terminal: Terminal) -> None:
    """Show how many lists a document has by its tags; which are left out, and why, is in a file."""
    table = terminal.table("tag", "lists", "left out", right=("lists", "left out"))
    for tag, (usable, lost) in overview.tags.items():
        table.add_row(*map(terminal.cell, (tag, usable, lost or "")))
    terminal.show(table)
    if overview.left_out:
        terminal.line(f"What is left out, and why: {NOTES}")


def _show_guesses(guesses: Sequence[Guess], terminal: Terminal) -> None:
    """Show what a document alone decided, as far as that is read at a terminal."""
    if not guesses:
        return
    terminal.item(None, f"{len(guesses)} endpoints by the document alone; nothing is proven")
    table = terminal.table("endpoint", "items at", "identifier", "it rests on", "pages")
    for one in guesses[:_MOST_GUESSES]:
        table.add_row(
            *map(terminal.cell, (one.kind, one.items_at, one.identifier, one.rests_on, one.pages))
        )
    terminal.show(table)
    if len(guesses) > _MOST_GUESSES:
        terminal.line(f"… and {len(guesses) - _MOST_GUESSES} more, all in {NOTES}", "dim")


def _show_run(report: InitReport, terminal: Terminal) -> None:
    terminal.heading("Run it once, when the preview is right")
    for name in report.to_set:
        terminal.line(f"  export {name}=…")
    script = report.folder / RUN
    terminal.line(f"  {script}" if script.is_absolute() else f"  ./{script.as_posix()}")


def _show_files(report: InitReport, terminal: Terminal) -> None:
    place = "this directory" if report.folder == Path() else str(report.folder)
    terminal.heading(f"Files in {place}")
    written = report.written
    for names, what in (
        (written.created, "written"),
        (written.updated, "brought up to date; your edits are kept"),
        (written.unchanged, "unchanged"),
    ):
        if names:
            terminal.line(f"  {', '.join(names)}: {what}")
