"""The generated part of docs/safety.md: the table of what a status means."""

from pathlib import Path

from statuses import TABLE, Row
from tools.scripts.markdown import table, with_part

PAGE = Path("docs") / "safety.md"


def render(root: Path) -> str:
    """Return the page, with its table renewed and the rest as it stands."""
    rows = [
        [situation.value, row.named, _then(row)]
        for situation, rows_of_it in TABLE.items()
        for row in rows_of_it
    ]
    page = (root / PAGE).read_text(encoding="utf-8")
    return with_part(page, "statuses", table(["In answer to", "Status", "Then"], rows))


def _then(row: Row) -> str:
    return f"{row.then} ({row.advice})" if row.advice else row.then
