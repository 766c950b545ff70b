"""Markdown building blocks of the generated pages."""

from collections.abc import Iterable, Sequence

NOTHING = "\N{EN DASH}"


def code(text: str) -> str:
    """Inline code, or a dash for nothing."""
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
    """Blocks parted by an empty line each, empty blocks left out."""
    return "\n\n".join(block.strip() for block in blocks if block.strip()) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
