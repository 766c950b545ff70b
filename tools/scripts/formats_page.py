"""The table of formats in docs/formats.md, from the formats themselves."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from formats import registry
from formats.format import Format
from tools.scripts.markdown import NOTHING, code, code_list, table, with_part

PAGE = Path("docs") / "formats.md"


def render(root: Path) -> str:
    """Return the page with its table renewed."""
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
    return with_part((root / PAGE).read_text("utf-8"), "formats", table(head, rows))


def _options(known: type[Format]) -> Iterator[str]:
    """Yield each option, with its default where that can be written: `delimiter` (`,`)."""
    for option in fields(known):
        default: object = option.default
        shown = f" ({code(default)})" if isinstance(default, str) and default else ""
        yield f"{code(option.name)}{shown}"
