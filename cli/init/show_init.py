"""The report of `init` on a terminal."""

from pathlib import Path

from cli.display import Terminal
from cli.init.initialise import InitReport
from cli.show_preview import show_preview

_ROWS = 5


def show_init(report: InitReport, terminal: Terminal) -> None:
    """Show what was found, what is doubtful, what was written, and the preview."""
    terminal.heading(f"Found at {report.base_url}")
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
    terminal.heading("Run it once, when the preview is right")
    for line in report.docker_run.splitlines()[1:]:
        terminal.line(line)


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
