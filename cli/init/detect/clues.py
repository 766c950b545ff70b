"""Clues to pagination in one answer: links, cursors, echoed parameters, totals, markers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cli.init.detect.answers import Answer, leaves_beside
from pagination.link_headers import parse_link_header
from pagination.lookup import find, truth
from pagination.totals import find_total
from pagination.witness import Evidence, Rank, Witness, next_link_in

LINK_VALUE = re.compile(r"^(https?://|/|\?)\S*$")
# Names that an address or cursor may have beyond those that a sync hears: each is tried out.
_NEXT = re.compile(r"next|nextlink", re.IGNORECASE)
_BACK = re.compile(r"prev|previous|first|last|self", re.IGNORECASE)
_CURSOR = re.compile(
    r"cursor|continu|marker|scroll|after$|^offset$|page_?token|next_?token|next_?key|"
    r"^next$|next_?page$|next_?(id|offset)$",
    re.IGNORECASE,
)
_NO_CURSOR = re.compile(r"prev|before|start_?cursor|first|last|self|has|is_", re.IGNORECASE)
# As often as not the count of the page, so that a sync does not hear it as a total.
_COUNT = "count"

# Those that every type with such a marker looks at anyway.
_USUAL_MARKERS = frozenset({"has_more", "hasMore", "meta.has_more"})
_PAGE_PARAMS = ("page", "pageNumber", "page_number", "p", "pageNo", "pageIndex", "page[number]")
_USUAL_OFFSETS = ("offset", "skip", "start", "startAt", "from", "$skip")
_OFFSET_PARAMS = (*_USUAL_OFFSETS, "page[offset]", "sysparm_offset")
_USUAL_SIZES = ("limit", "per_page", "size", "page_size", "pageSize", "perPage", "maxResults")
_RARE_SIZES = ("page[size]", "page[limit]", "rows", "ps", "max_results", "sysparm_limit")
_SIZE_PARAMS = (*_USUAL_SIZES, "count", "top", "$top", "take", "max", *_RARE_SIZES)
_USUAL_CURSORS = ("cursor", "page[cursor]", "after", "page_token", "pageToken", "start")
_RARE_CURSORS = ("starting_after", "next", "continuation", "marker", "page[after]", "page")
_PAGE_ECHO = re.compile(r"^(page|current_?page|page_?(number|no|index)|number)$", re.IGNORECASE)
_OFFSET_ECHO = re.compile(r"^(offset|skip|start|start_?(at|index)|from)$", re.IGNORECASE)
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


def signs_of(answer: Answer) -> Evidence:
    """Return what an answer says of further pages, as a sync hears it."""
    return Witness((), {}).hear(answer.page)


def header_link(answer: Answer) -> str:
    """Return the `next` target of the Link header; empty without one."""
    value = answer.page.headers.get("link", "")
    targets = (target for target, relations in parse_link_header(value) if "next" in relations)
    return next(targets, "")


def link_clues(answer: Answer) -> list[Clue]:
    """Find addresses of next pages: where a sync hears of them, then at any place called `next`."""
    heard = (
        Clue(clue.path, next_link_in(clue.value)) if isinstance(clue.value, list) else clue
        for clue in _heard(answer, Rank.LINK)
    )
    called = (Clue(path, value) for path, value in leaves_beside(answer.body) if is_link_name(path))
    return _by_path(
        clue
        for clue in (*heard, *called)
        if isinstance(clue.value, str) and LINK_VALUE.match(clue.value)
    )


def cursor_clues(answer: Answer) -> list[Clue]:
    """Return values that may be cursors: those that a sync hears, then by names that tell of one.

    All are texts or numbers.
    """
    called = (
        Clue(path, value)
        for path, value in leaves_beside(answer.body)
        if path and is_cursor_name(path[-1])
    )
    clues = _by_path(
        clue
        for clue in (*_heard(answer, Rank.TOKEN), *called)
        if isinstance(clue.value, str | int)
        and not isinstance(clue.value, bool)
        and clue.value not in ("", 0)
        and not (isinstance(clue.value, str) and LINK_VALUE.match(clue.value))
    )
    # A text is a likelier cursor than a number, which may be an echoed offset or page.
    return sorted(clues, key=lambda clue: isinstance(clue.value, int))


def object_clues(answer: Answer) -> list[Clue]:
    """Return the objects that a sync hears as a token, and whose keys may be query parameters.

    Sample: MediaWiki's `"continue": {"cmcontinue": "page|7", "continue": "-||"}`.
    """
    return [
        clue
        for clue in _heard(answer, Rank.TOKEN)
        if isinstance(clue.value, dict)
        and all(isinstance(value, str | int) for value in clue.value.values())
    ]


def cursor_params(clue: Clue, hints: Sequence[str] = ()) -> list[str]:
    """Return names of the query parameter that takes a cursor, the likeliest first."""
    bare = re.sub(r"^(next|end)[_-]?", "", clue.name, flags=re.IGNORECASE)
    bare = bare[:1].lower() + bare[1:] if bare else ""
    hinted = [name for name in hints if _CURSOR.search(name)]
    likely = [*hinted, bare, clue.name, *_USUAL_CURSORS, *_RARE_CURSORS]
    return list(dict.fromkeys(name for name in likely if name))[:13]


def has_more_clue(answer: Answer) -> str:
    """Return the path of a marker that says that there is more; empty where none does."""
    return next((clue.dotted for clue in _heard(answer, Rank.MARKER) if truth(clue.value)), "")


def has_more_setting(answer: Answer) -> dict[str, str]:
    """Return the setting for the marker that there is more, which then outranks all else."""
    marker = has_more_clue(answer)
    return {"hasMorePath": marker} if marker and marker not in _USUAL_MARKERS else {}


def last_page_clue(answer: Answer) -> str:
    """Return the path of a marker that says that this is not the last page."""
    return next((clue.dotted for clue in _heard(answer, Rank.MARKER) if not truth(clue.value)), "")


def total_of(answer: Answer) -> int | None:
    """Return the number of all items that the answer tells; None where it tells none."""
    if (found := find_total(answer.page, None, answer.count).items) is not None:
        return found
    counts = (clue.value for clue in _numbers(answer.body) if clue.name.lower() == _COUNT)
    return next((count for count in counts if count >= answer.count), None)


def number_order(body: Any, hints: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return types and names of numbering parameters, those that the answer echoes first."""
    hinted = number_params(hints)
    pages = [*(name for kind, name in hinted if kind == "page"), *_echoed(body, _PAGE_ECHO)]
    offsets = [*(name for kind, name in hinted if kind == "offset"), *_echoed(body, _OFFSET_ECHO)]
    by_page = [("page", name) for name in _unique([*pages, *_PAGE_PARAMS])]
    by_offset = [("offset", name) for name in _unique([*offsets, *_OFFSET_PARAMS])]
    return [*by_offset, *by_page] if offsets and not pages else [*by_page, *by_offset]


def size_order(answer: Answer, hints: Iterable[str] = ()) -> list[str]:
    """Return names of size parameters, those that the answer echoes with its own length first."""
    return _unique([*size_params(hints), *_echoed(answer.body, _SIZE_ECHO), *_SIZE_PARAMS])


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


def _heard(answer: Answer, rank: Rank) -> Iterator[Clue]:
    """Yield the places of a body at which a sync hears that there is more."""
    for sign in signs_of(answer).signs:
        is_there, value = find(answer.body, sign.place)
        if sign.rank is rank and sign.more and is_there:
            yield Clue(tuple(sign.place.split(".")), value)


def _by_path(clues: Iterable[Clue]) -> list[Clue]:
    """Return the clues, of those at the same place the first."""
    found: dict[str, Clue] = {}
    for clue in clues:
        found.setdefault(clue.dotted, clue)
    return list(found.values())


def _echoed(body: Any, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield query spellings of echoed numbers: `page`, and `pagination[page]` by its holder."""
    for clue in _numbers(body):
        if pattern.match(clue.name):
            yield from (clue.name, *(f"{holder}[{clue.name}]" for holder in clue.path[-2:-1]))


def _numbers(body: Any) -> Iterator[Clue]:
    for path, value in leaves_beside(body):
        if path and isinstance(value, int) and not isinstance(value, bool):
            yield Clue(path, value)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
