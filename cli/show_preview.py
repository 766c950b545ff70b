"""The report of `preview` on a terminal."""

import json
from collections.abc import Sequence
from typing import Any

from port_ocean.core.models import Entity

from cli.display import Terminal
from cli.entities import Dropped, shorten
from cli.findings import Finding
from cli.preview import PreviewReport, ResourcePreview
from outcomes import Standing
from probe.resource_reading import PageRead, ResourceReading

_MOST_COLUMN = 28
_GAP = 2
_SHOWN = 5
_MOST_NAMES = 30


def show_preview(report: PreviewReport, terminal: Terminal, *, rows: int = 10) -> None:
    """Show requests, decisions, entities and findings; `rows` entities of each resource."""
    terminal.line(f"{report.base_url}, mapped by {report.mapping_name}")
    for resource in report.resources:
        _show_resource(resource, terminal, rows, report.base_url)
    if report.findings:
        terminal.heading("All resources together")
        _show_findings(report.findings, terminal)
    terminal.line()
    terminal.line(*_conclusion(report))


def _show_resource(resource: ResourcePreview, terminal: Terminal, rows: int, base_url: str) -> None:
    reading = resource.reading
    terminal.out.print()
    terminal.out.rule(terminal.cell(reading.kind, "bold"), align="left", style="dim")
    _show_requests(reading, terminal, base_url)
    if reading.error:
        terminal.item(False, reading.cause(), "red")
    terminal.line(_summary(resource))
    if resource.arrays:
        terminal.line("Arrays that the answer has:")
        for array in resource.arrays[:_MOST_NAMES]:
            terminal.line(f"  {array}")
        if len(resource.arrays) > _MOST_NAMES:
            terminal.line(f"  … and {len(resource.arrays) - _MOST_NAMES} more", "dim")
    _show_entities(resource.mapped.entities, terminal, rows)
    _show_dropped("left out by selector.query", resource.mapped.filtered, terminal, ok=None)
    _show_dropped("refused by the mapping", resource.mapped.refused, terminal, ok=False)
    _show_findings(resource.findings, terminal)
    for note in reading.notes:
        terminal.item(None, note)


def _show_requests(reading: ResourceReading, terminal: Terminal, base_url: str) -> None:
    if not (reading.exchanges or reading.pages):
        return
    numbers = ("status", "ms", "bytes", "items")
    table = terminal.table("request", *numbers, "pagination", right=numbers)
    by_exchange = {id(page.exchange): page for page in reading.pages if page.exchange}
    for page in reading.pages:
        if page.exchange is None:
            address = f"(as before) {_address(page.url, page.place, base_url)}"
            cells = (address, "", "", "", page.items, page.decision)
            table.add_row(*map(terminal.cell, cells))
    for exchange in reading.exchanges:
        page_read = by_exchange.get(id(exchange))
        place = page_read.place if page_read else ""
        status = exchange.status if exchange.status is not None else "-"
        table.add_row(
            terminal.cell(f"{exchange.method} {_address(exchange.url, place, base_url)}"),
            terminal.cell(status, "red" if exchange.error else ""),
            str(exchange.milliseconds),
            str(len(exchange.content)),
            str(page_read.items) if page_read else "",
            terminal.cell("(export)" if reading.is_step(exchange) else _decision(page_read)),
        )
    terminal.show(table)


def _address(url: str, place: str, base_url: str) -> str:
    """Return an address below baseUrl, with what else asks for this page."""
    return f"{url.removeprefix(base_url)} {place}".rstrip()


def _decision(page: PageRead | None) -> str:
    if page is None:
        return ""
    return f"(discovery) {page.decision}" if page.is_discovery else page.decision


def _summary(resource: ResourcePreview) -> str:
    reading, mapped = resource.reading, resource.mapped
    account = reading.account
    items = f"{account}" if account.all_left_out else f"{len(reading.items)} items"
    if len(mapped.items) != len(reading.items) and mapped.items:
        items += f", {len(mapped.items)} after itemsToParse"
    filtered = f", {len(mapped.filtered)} left out by query" if mapped.filtered else ""
    refused = f", {len(mapped.refused)} refused" if mapped.refused else ""
    is_cut = reading.is_partial and not reading.error
    partial = "; there is more than the preview reads" if is_cut else ""
    outcome = f"; {reading.standing}" if reading.standing else ""
    return f"{items} → {len(mapped.entities)} entities{filtered}{refused}{partial}{outcome}"


def _show_entities(entities: Sequence[Entity], terminal: Terminal, rows: int) -> None:
    shown = entities[:rows]
    if not shown:
        return
    records = [_record(entity) for entity in shown]
    names = list(dict.fromkeys(name for record in records for name in record))
    fitting = _fitting(names, records, terminal.out.width)
    table = terminal.table(*fitting)
    for record in records:
        cells = (shorten_to(record.get(name), _MOST_COLUMN) for name in fitting)
        table.add_row(*map(terminal.cell, cells))
    terminal.out.print()
    terminal.show(table)
    hidden = names[len(fitting) :]
    if len(entities) > rows:
        terminal.line(f"… and {len(entities) - rows} more entities (--rows, --json)", "dim")
    if hidden:
        more = f" and {len(hidden) - _MOST_NAMES} more" if len(hidden) > _MOST_NAMES else ""
        names_shown = f"{', '.join(hidden[:_MOST_NAMES])}{more}"
        terminal.line(f"Not shown here: {names_shown} (--json shows all)", "dim")


def _record(entity: Entity) -> dict[str, Any]:
    """Return an entity as one flat row; relations carry an arrow."""
    return {
        "identifier": entity.identifier,
        "title": entity.title,
        "blueprint": entity.blueprint,
        **entity.properties,
        **{f"→ {name}": value for name, value in entity.relations.items()},
    }


def _fitting(names: Sequence[str], records: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Return the first columns that fit beside each other; at least the first three."""
    fitting: list[str] = []
    used = 0
    for name in names:
        longest = max(len(shorten_to(record.get(name), _MOST_COLUMN)) for record in records)
        used += max(longest, len(name)) + _GAP
        if used > width and len(fitting) >= 3:
            break
        fitting.append(name)
    return fitting


def shorten_to(value: Any, length: int) -> str:
    """Return a value as it stands in JSON, texts without quotes, for a cell of a table."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    plain = " ".join(text.split())
    return plain if len(plain) <= length else f"{plain[: length - 1]}…"


def _show_dropped(
    what: str, dropped: Sequence[Dropped], terminal: Terminal, *, ok: bool | None
) -> None:
    if not dropped:
        return
    noun = "item is" if len(dropped) == 1 else "items are"
    terminal.item(ok, f"{len(dropped)} {noun} {what}")
    for item in dropped[:_SHOWN]:
        terminal.line(f"    item {item.number} ({item.label}): {shorten(item.why)}")
    if len(dropped) > _SHOWN:
        terminal.line(f"    … and {len(dropped) - _SHOWN} more", "dim")


def _show_findings(findings: Sequence[Finding], terminal: Terminal) -> None:
    for finding in findings:
        terminal.item(False if finding.is_error else None, finding.message)


def _conclusion(report: PreviewReport) -> tuple[str, str]:
    entities = len(report.entities)
    resources = f"{len(report.resources)} resource{'' if len(report.resources) == 1 else 's'}"
    if not report.ok:
        return f"{entities} entities from {resources}; there are problems (✗).", "red"
    done = f"{entities} entities from {resources}; nothing would be refused"
    if report.kept:
        kept = f"but a sync would delete nothing of what is {Standing.KEPT}"
        return f"{done}, {kept}: {', '.join(report.kept)}.", "yellow"
    return f"{done}.", "green"
