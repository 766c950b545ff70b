"""Which way an endpoint pages: a guess from the first answer, proven by asking for more.

A detection is a generator: it yields questions, takes answers, and returns what it found. Only
what a second page has shown is called proven.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explore.detect.answers import Answer, Ask, Comparison, compare, same_run
from explore.detect.clues import (
    Clue,
    cursor_clues,
    cursor_params,
    has_more_clue,
    header_link,
    last_page_clue,
    link_clues,
    number_order,
    sent_sizes,
    size_order,
    total_of,
)

type Questions[Result] = Generator[Ask, Answer, Result]

FULL_SIZE = 100
_SMALLER_SIZES = (50, 25, 10)
_LARGEST_TRIAL = 5
_KNOWN_CURSORS = frozenset({"next_cursor", "cursor", "meta.after_cursor", "links.next"})
_KNOWN_MARKERS = frozenset({"has_more", "hasMore", "meta.has_more"})


@dataclass(frozen=True, slots=True)
class Paging:
    """How an endpoint pages.

    `settings` are connection settings by their names in the spec; `query` belongs to the endpoint
    itself, such as a page size; `why` is the evidence; `doubt` says what could not be proven;
    `is_incomplete`, that there is more than can be read so.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str | int] = field(default_factory=dict)
    is_proven: bool = False
    why: str = ""
    doubt: str = ""
    is_incomplete: bool = False

    @property
    def type(self) -> str:
        return str(self.settings.get("paginationType", "none"))


@dataclass(slots=True)
class _Sizes:
    """A parameter that sets the page size, with the page that showed it; none without a name."""

    name: str = ""
    small: int = 0
    page: Answer | None = None

    @property
    def query(self) -> dict[str, str | int]:
        return {self.name: self.small} if self.name else {}


type _ByLink = Callable[[Answer, _Sizes, Sequence[str]], Questions[Paging | None]]


def detect_paging(
    first: Answer, sent: Mapping[str, str] | None = None, hints: Sequence[str] = ()
) -> Questions[Paging]:
    """Find out how an endpoint pages.

    Inputs: `first`, the answer to the plain request; `sent`, the query parameters that it had;
    `hints`, names of query parameters that documentation mentions, which are tried first.
    """
    sent = sent or {}
    if first.items and compare(first.items, (yield Ask())) is not Comparison.SAME:
        return Paging(doubt="the same request brings other items each time, so nothing is proven")
    for by_link in _ways_on(first):
        if found := (yield from by_link(first, _Sizes(), hints)):
            return found
    sizes = yield from _find_size(first, sent, hints)
    if sizes.page is not None:
        # With a small page, links and cursors show that all items on one page hide.
        for by_link in _ways_on(sizes.page):
            if found := (yield from by_link(sizes.page, sizes, hints)):
                return found
    if found := (yield from _numbers(first, sizes, hints)):
        return found
    return _none(first)


def _ways_on(answer: Answer) -> tuple[_ByLink, ...]:
    """Ways that an answer itself may lead on, in the order in which they are tried.

    Where a marker says whether there is more, links are often there on the last page too.
    """
    if has_more_clue(answer.body):
        return (_header_links, _cursors, _body_links)
    return (_header_links, _body_links, _cursors)


def _header_links(first: Answer, sizes: _Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    target = header_link(first)
    if not target or compare(first.items or [], (yield Ask(url=target))) is not Comparison.FOLLOWS:
        return None
    query = yield from _larger_pages(first, sizes, target, hints)
    return Paging(
        {"paginationType": "header_link"}, query, True, "the Link header leads to other items"
    )


def _body_links(first: Answer, sizes: _Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    for clue in link_clues(first.body):
        answer = yield Ask(url=str(clue.value))
        if compare(first.items or [], answer) is Comparison.FOLLOWS:
            query = yield from _larger_pages(first, sizes, str(clue.value), hints)
            settings = {"paginationType": "next_link", "nextLinkPath": clue.dotted}
            return Paging(settings, query, True, f"{clue.dotted} leads to other items")
    return None


def _cursors(first: Answer, sizes: _Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    for clue in cursor_clues(first.body):
        for param in cursor_params(clue, hints):
            answer = yield Ask({**sizes.query, param: clue.value})
            if compare(first.items or [], answer) is Comparison.FOLLOWS:
                return (yield from _cursor_settings(first, clue, param, sizes, hints))
    return None


def _cursor_settings(
    first: Answer, clue: Clue, param: str, sizes: _Sizes, hints: Sequence[str]
) -> Questions[Paging]:
    settings: dict[str, Any] = {"paginationType": "cursor", "paginationParam": param}
    if clue.dotted not in _KNOWN_CURSORS or clue.dotted != "next_cursor":
        settings["cursorPath"] = clue.dotted
    if not sizes.name:
        sizes = yield from _find_size(first, {}, hints)
    settings |= yield from _size_settings(sizes, {}, "limit")
    marker = has_more_clue(first.body)
    if marker and marker not in _KNOWN_MARKERS:
        settings["hasMorePath"] = marker
    return Paging(settings, {}, True, f"{param}={clue.dotted} brings other items")


def _numbers(first: Answer, sizes: _Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    page = sizes.page or first
    if not page.count:
        return None
    for kind, param in number_order(first.body, hints):
        start = yield from _prove_number(kind, param, first, page, sizes)
        if start is not None:
            return (yield from _number_settings(kind, param, start, page, sizes))
    return None


def _prove_number(
    kind: str, param: str, first: Answer, page: Answer, sizes: _Sizes
) -> Questions[int | None]:
    """The number of the first page (or offset 0), when pages follow each other by it."""
    items = page.items or []
    known = (first.items or [])[page.count : 2 * page.count]
    second = yield Ask({**sizes.query, param: page.count if kind == "offset" else 2})
    if kind == "page":
        return (yield from _first_page(param, items, known, second, sizes))
    if not _is_next(items, known, second):
        return None
    shifted = yield Ask({**sizes.query, param: 1})
    # An offset of one drops one item; a page number or anything else does not.
    rest = (shifted.items or [])[: page.count - 1]
    return 0 if page.count == 1 or same_run(items[1:], rest) else None


def _first_page(
    param: str,
    items: list[dict[str, Any]],
    known: list[dict[str, Any]],
    second: Answer,
    sizes: _Sizes,
) -> Questions[int | None]:
    seen = compare(items, second)
    if seen not in (Comparison.FOLLOWS, Comparison.EMPTY, Comparison.REFUSED):
        return None
    number_one = yield Ask({**sizes.query, param: 1})
    if same_run(items, number_one.items or []):
        return 1 if _is_next(items, known, second) else None
    return 0 if _is_next(items, known, number_one) else None


def _is_next(items: list[dict[str, Any]], known: list[dict[str, Any]], second: Answer) -> bool:
    """Other items, and where the longer first page shows which ones must follow, those."""
    if compare(items, second) is not Comparison.FOLLOWS:
        return False
    got = (second.items or [])[: len(known)]
    return same_run(known[: len(got)], got)


def _number_settings(
    kind: str, param: str, start: int, page: Answer, sizes: _Sizes
) -> Questions[Paging]:
    settings: dict[str, Any] = {"paginationType": kind}
    if param != kind:
        settings["paginationParam"] = param
    if kind == "page" and start != 1:
        settings["startPage"] = str(start)
    first_number = {param: start}
    settings |= yield from _size_settings(
        sizes, first_number, "limit" if kind == "offset" else "size", page.count
    )
    marker = has_more_clue(page.body)
    if marker and marker not in _KNOWN_MARKERS:
        settings["hasMorePath"] = marker
    elif kind == "page" and (last := last_page_clue(page.body)):
        settings["lastPagePath"] = last
    return Paging(settings, {}, True, f"{param} brings the items that follow")


def _find_size(first: Answer, sent: Mapping[str, str], hints: Sequence[str]) -> Questions[_Sizes]:
    """The parameter that sets how many items a page has, shown by a smaller page."""
    if first.count < 2 or first.items is None:
        return _Sizes()
    small = min(first.count // 2, _LARGEST_TRIAL)
    for name in size_order(first, [*sent, *hints]):
        answer = yield Ask({name: small})
        if answer.items is not None and same_run(first.items[:small], answer.items):
            return _Sizes(name, small, answer)
    return _Sizes()


def _size_settings(
    sizes: _Sizes, first_number: Mapping[str, str | int], default: str, length: int = 0
) -> Questions[dict[str, Any]]:
    """sizeParam and pageSize, as far as the API honours them."""
    if not sizes.name:
        # The server's own size tells a full page from the last one.
        return {"pageSize": str(length)} if length and length != FULL_SIZE else {}
    settings: dict[str, Any] = {} if sizes.name == default else {"sizeParam": sizes.name}
    size = yield from _largest_size(sizes.name, first_number)
    return settings | ({"pageSize": str(size)} if size != FULL_SIZE else {})


def _largest_size(name: str, first_number: Mapping[str, str | int]) -> Questions[int]:
    """The size to ask for: 100, or less where the API refuses that or sends fewer."""
    for size in (FULL_SIZE, *_SMALLER_SIZES):
        answer = yield Ask({**first_number, name: size})
        if answer.items is None:
            continue
        total = total_of(answer)
        capped = total is not None and answer.count < min(size, total)
        return answer.count if capped and answer.count else size
    return _SMALLER_SIZES[-1]


def _larger_pages(
    first: Answer, sizes: _Sizes, link: str, hints: Sequence[str]
) -> Questions[dict[str, str | int]]:
    """A page size for the endpoint's own query, where links page and the API honours one."""
    names = [sizes.name] if sizes.name else sent_sizes(link) or size_order(first, hints)[:3]
    for name in names:
        answer = yield Ask({name: FULL_SIZE})
        honoured = answer.count > first.count or (sizes.name and answer.count)
        if answer.items is not None and honoured:
            return {name: FULL_SIZE}
    return {}


def _none(first: Answer) -> Paging:
    total = total_of(first)
    if total is not None and total > first.count:
        return Paging(
            why="no way to further pages was found",
            doubt=f"the API says that there are {total} items and sent {first.count}, but no way "
            "to the others was found; look at its documentation and set paginationType",
            is_incomplete=True,
        )
    if total is not None and first.count == total:
        return Paging(is_proven=True, why=f"all {total} items are in one answer")
    if first.count >= 2:
        return Paging(
            why="no sign of further pages",
            doubt=f"the answer has {first.count} items and no sign of further pages",
        )
    return Paging(
        why="too few items to tell",
        doubt=f"the answer has {first.count} items, too few to tell how the API pages",
    )
