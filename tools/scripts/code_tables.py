"""The tables of docs/formats.md, docs/safety.md and docs/pagination, from the code."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from formats import registry
from formats.format import Format
from formats.messages import MESSAGE_SIGNS
from pagination import dialects
from statuses import TABLE, Row
from tools.scripts.markdown import NOTHING, code, code_list, table, with_part

FORMATS = Path("docs") / "formats.md"
SAFETY = Path("docs") / "safety.md"
PAGINATION = Path("docs") / "pagination" / "README.md"


def _inside(words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return words in objects by their places: `cursor.after`."""
    return {f"{name}.{word}": by for name, held in words.items() for word, by in held.items()}


# What the words of each table say, in the order of the page.
WORDS = {
    "a marker: true is more": dialects.MORE_MARKERS,
    "a marker: false is more": dialects.LAST_MARKERS,
    "true: the list is not whole": dialects.PARTIAL_MARKERS,
    "true on the last page: the list is not whole": dialects.CUT_MARKERS,
    "a list with elements: the list is not whole": dialects.PARTIAL_LISTS,
    "a number of parts that failed: the list is not whole": _inside(dialects.PARTIAL_COUNTS),
    "`type: incomplete`: the list is not whole": dialects.PARTIAL_STATUS,
    "`timeout` or `partial`: the list is not whole": _inside(dialects.PARTIAL_WORDS_IN),
    "a link": dialects.NEXT_LINKS,
    "a link in a header": dialects.NEXT_LINK_HEADERS,
    "a token": {**dialects.NEXT_TOKENS, **dialects.CONTINUE},
    "a text that is a token": dialects.BARE_TOKENS,
    "a token in an object of that name": _inside(dialects.TOKENS_IN),
    "a token in a header": dialects.NEXT_TOKEN_HEADERS,
    "a total of items": dialects.TOTAL_NAMES,
    "a marker in a header: true is more": dialects.MORE_HEADERS,
    "a header of JSON with these words": dialects.OBJECT_HEADERS,
    "a total of items in a header": dialects.TOTAL_HEADERS,
    "a total of pages": dialects.PAGE_TOTALS,
    "a total of pages, where `page` is beside it": dict.fromkeys(
        dialects.PAGE_TOTALS_BESIDE, "Linode, Flickr, Strapi"
    ),
    "a total of pages in a header": dialects.PAGE_TOTAL_HEADERS,
    "an object to look into": dialects.CONTAINERS,
    "an object or list of links": dialects.LINK_CONTAINERS,
    "false on the first page: startPage is too high": dialects.FIRST_MARKERS,
    "true on the first page: startPage is too high": dialects.BACK_MARKERS,
    "a link on the first page: startPage is too high": dialects.BACK_LINKS,
    "nothing: it is there on the last page too": dialects.NEVER_TOKENS,
}


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


def words(root: Path) -> str:
    """Return the page on pagination, with its table of words renewed."""
    rows = [
        (said, code(word), used_by)
        for said, table_of_it in WORDS.items()
        for word, used_by in table_of_it.items()
    ]
    page = (root / PAGINATION).read_text(encoding="utf-8")
    return with_part(page, "words", table(("Says", "Word", "For example"), rows))


def _options(known: type[Format]) -> Iterator[str]:
    """Yield each option, with its default where that can be written: `delimiter` (`,`)."""
    for option in fields(known):
        default: object = option.default
        shown = f" ({code(default)})" if isinstance(default, str) and default else ""
        yield f"{code(option.name)}{shown}"


def _then(row: Row) -> str:
    return f"{row.then} ({row.advice})" if row.advice else row.then
