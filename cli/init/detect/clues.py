"""Clues to pagination in one answer: links, cursors, echoed parameters, totals, markers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cli.init.detect.answers import Answer, leaves_beside
from pagination.strategies import parse_link_header

_LINK_VALUE = re.compile(r"^(https?://|/|\?)\S*$")
_NEXT = re.compile(r"next|nextlink", re.IGNORECASE)
_BACK = re.compile(r"prev|previous|first|last|self", re.IGNORECASE)
_CURSOR = re.compile(
    r"cursor|continu|marker|scroll|after$|^offset$|page_?token|next_?token|next_?key|"
    r"^next$|next_?page$|next_?(id|offset)$",
    re.IGNORECASE,
)
_NO_CURSOR = re.compile(r"prev|before|start_?cursor|first|last|self|has|is_", re.IGNORECASE)
_HAS_MORE = re.compile(
    r"^(has_?more|has_?next(_?page)?|more|more_?available|has_?next_?page)$", re.I
)
_IS_LAST = re.compile(r"^(is_?last(_?page)?|last|last_?page|end)$", re.IGNORECASE)
_TOTAL = re.compile(
    r"^(total|total_?(count|items|results|records|elements|entries|size|hits)|count|"
    r"@odata\.count|record_?count|num_?found)$",
    re.IGNORECASE,
)

_KNOWN_MARKERS = frozenset({"has_more", "hasMore", "meta.has_more"})
_PAGE_PARAMS = ("page", "pageNumber", "page_number", "p", "pageNo", "pageIndex", "page[number]")
_OFFSET_PARAMS = (
    "offset",
    "skip",
    "start",
    "startAt",
    "from",
    "$skip",
    "page[offset]",
    "sysparm_offset",
)
_SIZE_PARAMS = (
    "limit",
    "per_page",
    "size",
    "page_size",
    "pageSize",
    "perPage",
    "maxResults",
    "count",
    "top",
    "$top",
    "take",
    "max",
    "page[size]",
    "page[limit]",
    "rows",
    "ps",
    "max_results",
    "sysparm_limit",
)
_PAGE_ECHO = re.compile(r"^(page|current_?page|page_?(number|no|index)|number)$", re.IGNORECASE)
_OFFSET_ECHO = re.compile(r"^(offset|skip|start|start_?at|from)$", re.IGNORECASE)
_SIZE_ECHO = re.compile(
    r"^(limit|size|per_?page|page_?size|max_?results|count|page_?limit|items_?per_?page|take|rows)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clue:
    """A value of an answer and the keys that lead to it."""

    path: tuple[str, ...]
    value: Any

    @property
    def dotted(self) -> str:
        """The dotted path, as settings write it."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""


def header_link(answer: Answer) -> str:
    """Return the `next` target of the Link header; empty without one."""
    value = next((text for name, text in answer.headers.items() if name.lower() == "link"), "")
    targets = (target for target, relations in parse_link_header(value) if "next" in relations)
    return next(targets, "")


def link_clues(body: Any) -> list[Clue]:
    """Find addresses at places called `next`, such as `links.next` or `_links.next.href`."""
    return [
        Clue(path, value)
        for path, value in leaves_beside(body)
        if isinstance(value, str) and _LINK_VALUE.match(value) and is_link_name(path)
    ]


def cursor_clues(body: Any) -> list[Clue]:
    """Return values that may be cursors: texts or numbers under names that tell of one."""
    clues = [
        Clue(path, value)
        for path, value in leaves_beside(body)
        if path
        and isinstance(value, str | int)
        and not isinstance(value, bool)
        and value not in ("", 0)
        and not (isinstance(value, str) and _LINK_VALUE.match(value))
        and is_cursor_name(path[-1])
    ]
    # A text is a likelier cursor than a number, which may be an echoed offset or page.
    return sorted(clues, key=lambda clue: isinstance(clue.value, int))


def cursor_params(clue: Clue, hints: Sequence[str] = ()) -> list[str]:
    """Return names of the query parameter that takes a cursor, the likeliest first."""
    bare = re.sub(r"^(next|end)[_-]?", "", clue.name, flags=re.IGNORECASE)
    bare = bare[:1].lower() + bare[1:] if bare else ""
    hinted = [name for name in hints if _CURSOR.search(name)]
    likely = [
        *hinted,
        bare,
        clue.name,
        "cursor",
        "page[cursor]",
        "after",
        "page_token",
        "pageToken",
        "start",
        "starting_after",
        "next",
        "continuation",
        "marker",
        "page[after]",
        "page",
    ]
    return list(dict.fromkeys(name for name in likely if name))[:13]


def has_more_clue(body: Any) -> str:
    """Return the path of a boolean that says that there is more; empty where none does."""
    return _boolean(body, _HAS_MORE, wanted=True)


def has_more_setting(body: Any) -> dict[str, str]:
    """Return the setting for the marker that there is more, unless a sync looks there anyway."""
    marker = has_more_clue(body)
    return {"hasMorePath": marker} if marker and marker not in _KNOWN_MARKERS else {}


def last_page_clue(body: Any) -> str:
    """Return the path of a boolean that says that this is not the last page."""
    return _boolean(body, _IS_LAST, wanted=False)


def total_of(answer: Answer) -> int | None:
    """Return the number of all items that the answer tells; None where it tells none."""
    for name in ("x-total-count", "x-total"):
        value = next((text for key, text in answer.headers.items() if key.lower() == name), "")
        if value.isdecimal():
            return int(value)
    numbers = [
        (path, value)
        for path, value in leaves_beside(answer.body)
        if path
        and _TOTAL.match(path[-1])
        and isinstance(value, int)
        and not isinstance(value, bool)
    ]
    # `count` is as often the count of the page; a total is at least that.
    named = [value for path, value in numbers if path[-1].lower() != "count"]
    counts = [value for _, value in numbers]
    candidates = [value for value in named or counts if value >= answer.count]
    return candidates[0] if candidates else None


def number_order(body: Any, hints: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return types and names of numbering parameters, those that the answer echoes first."""
    echoed = [path for path, value in leaves_beside(body) if path and _is_number(value)]
    pages = [name for path in echoed if _PAGE_ECHO.match(path[-1]) for name in _spellings(path)]
    offsets = [name for path in echoed if _OFFSET_ECHO.match(path[-1]) for name in _spellings(path)]
    pages = [*(name for kind, name in number_params(hints) if kind == "page"), *pages]
    offsets = [*(name for kind, name in number_params(hints) if kind == "offset"), *offsets]
    by_page = [("page", name) for name in _unique([*pages, *_PAGE_PARAMS])]
    by_offset = [("offset", name) for name in _unique([*offsets, *_OFFSET_PARAMS])]
    return [*by_offset, *by_page] if offsets and not pages else [*by_page, *by_offset]


def size_order(answer: Answer, hints: Iterable[str] = ()) -> list[str]:
    """Return names of size parameters, those that the answer echoes with its own length first."""
    numbers = [path for path, value in leaves_beside(answer.body) if path and _is_number(value)]
    echoed = [name for path in numbers if _SIZE_ECHO.match(path[-1]) for name in _spellings(path)]
    return _unique([*size_params(hints), *echoed, *_SIZE_PARAMS])


def sent_sizes(link: str) -> list[str]:
    """Return the size parameters in the query of a link."""
    return size_params(name for name, _ in parse_qsl(link.partition("?")[2]))


def is_paging_param(name: str) -> bool:
    """Return whether a query parameter is about pages, not about what is listed."""
    return bool(number_params([name]) or size_params([name]) or _CURSOR.search(name))


def number_params(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names that number pages or count an offset, with the paginationType."""
    found = []
    for name in names:
        if name in _PAGE_PARAMS or _PAGE_ECHO.match(name):
            found.append(("page", name))
        elif name in _OFFSET_PARAMS or _OFFSET_ECHO.match(name):
            found.append(("offset", name))
    return found


def size_params(names: Iterable[str]) -> list[str]:
    """Return the names that set the size of a page."""
    return [name for name in names if name in _SIZE_PARAMS or _SIZE_ECHO.match(name)]


def is_cursor_name(name: str) -> bool:
    """Return whether a name may be that of a cursor."""
    return bool(_CURSOR.search(name)) and not _NO_CURSOR.search(name)


def is_link_name(path: Sequence[str]) -> bool:
    """Return whether the keys lead to a place for the next address."""
    return any(_NEXT.search(step) for step in path) and not any(_BACK.search(s) for s in path)


def _boolean(body: Any, pattern: re.Pattern[str], *, wanted: bool) -> str:
    for path, value in leaves_beside(body):
        if path and value is wanted and pattern.match(path[-1]):
            return ".".join(path)
    return ""


def _spellings(path: Sequence[str]) -> list[str]:
    """Return query spellings of an echoed value: `page`, or `pagination[page]` by its holder."""
    return [path[-1], f"{path[-2]}[{path[-1]}]"] if len(path) > 1 else [path[-1]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
