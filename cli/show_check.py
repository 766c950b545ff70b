"""The report of `check` on a terminal."""

from cli.check import CheckReport
from cli.display import Terminal
from outcomes import Standing
from probe.verdicts import ResourceVerdict


def show_check(report: CheckReport, terminal: Terminal) -> None:
    """Show everything that `check` found."""
    _show_offline(report, terminal)
    if report.steps:
        terminal.heading(f"Connection to {report.base_url}")
        table = terminal.table("_mark", "_step", "_detail", header=False)
        for step in report.steps:
            table.add_row(
                terminal.mark(step.ok), terminal.cell(step.name), terminal.cell(step.detail)
            )
            if step.advice and not step.ok:
                table.add_row("", "", terminal.cell(f"→ {step.advice}", "yellow"))
        terminal.show(table)
    if report.verdicts:
        terminal.heading("Resources")
        for verdict in report.verdicts:
            _show_verdict(verdict, terminal)
    if report.skipped:
        terminal.line(f"Resources were not asked: {report.skipped}.", "dim")
    terminal.line()
    terminal.line(*_conclusion(report))


def _show_offline(report: CheckReport, terminal: Terminal) -> None:
    for name, problems, place in (
        ("Settings", report.settings_problems, report.base_url),
        ("Mapping", report.mapping_problems, report.mapping_name or "none was given"),
    ):
        heading = f"{name}: {place}" if place else name
        if problems:
            terminal.heading(f"{heading}: {_count(len(problems), 'problem')}")
            terminal.problems(problems)
        else:
            terminal.item(True if name == "Settings" or report.mapping_name else None, heading)
        warnings = report.settings_warnings if name == "Settings" else report.mapping_warnings
        for warning in warnings:
            terminal.line(f"! {warning}", "yellow")


def _show_verdict(verdict: ResourceVerdict, terminal: Terminal) -> None:
    table = terminal.table("_mark", "_text", header=False)
    status = f"{verdict.status}, " if verdict.status else ""
    outcome = f"; {verdict.outcome}" if verdict.outcome else ""
    seen = f"{status}{verdict.items} items, {verdict.stop}{outcome}"
    table.add_row(terminal.mark(verdict.ok), terminal.cell(verdict.kind, "bold"))
    table.add_row("", terminal.cell(seen if verdict.ok else verdict.error))
    if verdict.advice:
        table.add_row("", terminal.cell(f"→ {verdict.advice}", "yellow"))
    for warning in verdict.warnings:
        table.add_row("", terminal.cell(f"! {warning}", "yellow"))
    terminal.show(table)


def _conclusion(report: CheckReport) -> tuple[str, str]:
    if report.ok and report.kept:
        done = f"Nothing fails, but a sync would delete nothing of what is {Standing.KEPT}"
        return f"{done}: {', '.join(report.kept)}.", "yellow"
    if report.ok:
        done = "Nothing is wrong"
        return (f"{done} offline." if not report.steps else f"{done}."), "green"
    wrong = (
        len(report.settings_problems)
        + len(report.mapping_problems)
        + sum(not step.ok for step in report.steps)
        + sum(not verdict.ok for verdict in report.verdicts)
    )
    return f"{_count(wrong, 'problem')} found.", "red"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
