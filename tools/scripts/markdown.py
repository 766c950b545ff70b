"""Markdown building blocks of the generated pages."""

from collections.abc import Iterable, Sequence

NOTHING = "\N{EN DASH}"


def code(text: str) -> str:
    """Return inline code, or a dash for nothing."""
    return f"`{text}`" if text else NOTHING


def code_list(values: Iterable[str]) -> str:
    return ", ".join(code(value) for value in values) or NOTHING


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; columns in which no row says anything are left out."""
    body = [list(row) for row in rows]
    kept = [i for i in range(len(head)) if any(row[i] not in ("", NOTHING) for row in body)]
    lines = [[head[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i] for i in kept] for row in body]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def page(*blocks: str) -> str:
    """Return blocks parted by an empty line each, empty blocks left out."""
    return "\n\n".join(block.strip() for block in blocks if block.strip()) + "\n"


def with_part(page: str, name: str, text: str) -> str:
    """Return a page in which the part between the markers of a name is this text.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, begins, rest = page.partition(begin)
    _, ends, after = rest.partition(end)
    if not begins or not ends:
        raise ValueError(f"the page has no part {begin} … {end}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
