"""The tables of docs/formats.md and docs/safety.md, from the code that they tell of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from formats import registry
from formats.format import Format
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
    return _renewed(root / FORMATS, "formats", head, rows)


def statuses(root: Path) -> str:
    """Return the page on safety, with its table of what a status means renewed."""
    rows = [
        (situation.value, row.named, _then(row))
        for situation, rows_of_it in TABLE.items()
        for row in rows_of_it
    ]
    return _renewed(root / SAFETY, "statuses", ("In answer to", "Status", "Then"), rows)


def _renewed(page: Path, part: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return with_part(page.read_text(encoding="utf-8"), part, table(head, rows))


def _options(known: type[Format]) -> Iterator[str]:
    """Yield each option, with its default where that can be written: `delimiter` (`,`)."""
    for option in fields(known):
        default: object = option.default
        shown = f" ({code(default)})" if isinstance(default, str) and default else ""
        yield f"{code(option.name)}{shown}"


def _then(row: Row) -> str:
    return f"{row.then} ({row.advice})" if row.advice else row.then
