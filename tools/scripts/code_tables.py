"""The tables of docs/formats.md and docs/safety.md, from the code that they tell of."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from formats import registry
from formats.format import Format
from formats.messages import MESSAGE_SIGNS
from statuses import TABLE, Row
from tools.scripts.markdown import NOTHING, code, code_list, table, with_part

FORMATS = Path("docs") / "formats.md"
SAFETY = Path("docs") / "safety.md"


def formats(root: Path) -> str:
    """Return the page of formats, with its table renewed."""
    head = ("`type`", "Content-Type", "Options", "`data_path: .` gives", "An error")
    rows = [
        (
            code(known.name),
            code_list(f"…{end}" if end.startswith("+") else end for end in known.media_types),
            ", ".join(_options(known)) or NOTHING,
            known.gives,
            known.refuses,
        )
        for known in registry.FORMATS
    ]
    page = (root / FORMATS).read_text(encoding="utf-8")
    return with_part(page, "formats", table(head, rows))


def safety(root: Path) -> str:
    """Return the page on safety, with its tables renewed."""
    page = (root / SAFETY).read_text(encoding="utf-8")
    return signs(statuses(page))


def signs(page: str) -> str:
    """Return the page with its table of what says "error" under a status of success renewed."""
    head = ("A key", "With", "Beside it", "As in")
    rows = [
        (code_list(sign.names), sign.kind.value, sign.needs.value, sign.seen_in)
        for sign in MESSAGE_SIGNS
    ]
    return with_part(page, "signs", table(head, rows))


def statuses(page: str) -> str:
    """Return the page with its table of what a status means renewed."""
    rows = [
        (situation.value, row.named, _then(row))
        for situation, rows_of_it in TABLE.items()
        for row in rows_of_it
    ]
    return with_part(page, "statuses", table(("In answer to", "Status", "Then"), rows))


def _options(known: type[Format]) -> Iterator[str]:
    """Yield each option, with its default where that can be written: `delimiter` (`,`)."""
    for option in fields(known):
        default: object = option.default
        shown = f" ({code(default)})" if isinstance(default, str) and default else ""
        yield f"{code(option.name)}{shown}"


def _then(row: Row) -> str:
    return f"{row.then} ({row.advice})" if row.advice else row.then
