"""The pagination of an endpoint: a guess from the first answer, proven by asking for more.

A detection is a generator: it yields questions, takes answers, and returns what it found. Only
what a second page has shown is called proven.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.arrays import jq_path
from cli.init.blocks import ASKED
from cli.init.detect.answers import Answer, Ask, Comparison, Paging, Questions, compare, same_run
from cli.init.detect.clues import (
    Clue,
    cursor_clues,
    cursor_params,
    has_more_clue,
    has_more_setting,
    header_link,
    last_page_clue,
    link_clues,
    number_order,
    object_clues,
    total_of,
)
from cli.init.detect.header_ways import header_ways
from cli.init.detect.keyset import keyset
from cli.init.detect.sizes import Sizes, find_size, is_next, larger_pages, size_settings
from outcomes import Doubt
from pagination.pager import Pager
from pagination.sizes import PageSizes
from settings.pagination import OPTIONS, PageNumberSettings, SingleRequestSettings

type _ByLink = Callable[[Answer, Sizes, Sequence[str]], Questions[Paging | None]]


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
        if found := (yield from by_link(first, Sizes(), hints)):
            return found
    sizes = yield from find_size(first, sent, hints)
    if sizes.page is not None:
        # With a small page, links and cursors show that all items on one page hide.
        for by_link in _ways_on(sizes.page):
            if found := (yield from by_link(sizes.page, sizes, hints)):
                return found
    for by_items in (_numbers, keyset):
        if found := (yield from by_items(first, sizes, hints)):
            return found
    return _none(first)


def _ways_on(answer: Answer) -> tuple[_ByLink, ...]:
    """Return the ways in which an answer itself may lead on, in the order to try them.

    Where a marker says whether there is more, links are often there on the last page too.
    """
    if has_more_clue(answer):
        return (_header_links, _cursors, _body_links, _objects, header_ways)
    return (_header_links, _body_links, _cursors, _objects, header_ways)


def _header_links(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    target = header_link(first)
    if not target or compare(first.listed, (yield Ask(url=target))) is not Comparison.FOLLOWS:
        return None
    query = yield from larger_pages(first, sizes, target, hints)
    return Paging(
        {"paginationType": "header_link"}, query, True, "the Link header leads to other items"
    )


def _body_links(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    for clue in link_clues(first):
        answer = yield Ask(url=str(clue.value))
        if compare(first.listed, answer) is Comparison.FOLLOWS:
            query = yield from larger_pages(first, sizes, str(clue.value), hints)
            settings = {"paginationType": "next_link", "nextLinkPath": clue.dotted}
            return Paging(settings, query, True, f"{clue.dotted} leads to other items")
    return None


def _cursors(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    for clue in cursor_clues(first):
        for param in cursor_params(clue, hints):
            answer = yield Ask({**sizes.query, param: clue.value})
            if compare(first.listed, answer) is Comparison.FOLLOWS:
                return (yield from _cursor_settings(first, clue, param, sizes, hints))
    return None


def _objects(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    """Detect an object whose keys are the query parameters of the next request."""
    for clue in object_clues(first):
        answer = yield Ask({**sizes.query, **clue.value})
        if compare(first.listed, answer) is Comparison.FOLLOWS:
            told = f"{jq_path(('body', *clue.path))} | values | {{query_params: .}}"
            settings = {"paginationType": "custom", "nextRequest": told}
            return Paging(settings, {}, True, f"{clue.dotted} holds what brings other items")
    return None


def _cursor_settings(
    first: Answer, clue: Clue, param: str, sizes: Sizes, hints: Sequence[str]
) -> Questions[Paging]:
    settings: dict[str, Any] = {"paginationType": "cursor", "paginationParam": param}
    if clue.dotted != OPTIONS["cursor_path"].usual:
        settings["cursorPath"] = clue.dotted
    if not sizes.name:
        sizes = yield from find_size(first, {}, hints)
    settings |= yield from size_settings(sizes, {}, "cursor")
    settings |= has_more_setting(first)
    return Paging(settings, {}, True, f"{param}={clue.dotted} brings other items")


def _numbers(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    page = sizes.page or first
    if not page.count:
        return None
    for kind, param in number_order(first.body, hints):
        start = yield from _prove_number(kind, param, first, page, sizes)
        if start is not None:
            return (yield from _number_settings(kind, param, start, page, sizes))
    return None


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A parameter that may number pages or items, tried on the first page.

    `items` are those of that page, at least one, and `known` those that must follow, as far as a
    longer page has told them.
    """

    param: str
    items: list[dict[str, Any]]
    known: list[dict[str, Any]]
    sizes: Sizes

    def at(self, number: int) -> Ask:
        """Return the question for the page with this number."""
        return Ask({**self.sizes.query, self.param: number})

    def is_first(self, answer: Answer) -> bool:
        return same_run(self.items, answer.listed)

    def is_next(self, answer: Answer) -> bool:
        return is_next(self.items, self.known, answer)


def _prove_number(
    kind: str, param: str, first: Answer, page: Answer, sizes: Sizes
) -> Questions[int | None]:
    """Return the number or offset of the first page, when pages follow each other by it."""
    known = first.listed[page.count : 2 * page.count]
    tried = _Numbered(param, page.listed, known, sizes)
    if kind == "page":
        return (yield from _first_page(tried))
    second = yield tried.at(page.count)
    if not tried.is_next(second):
        return (yield from _from_one(tried, second))
    shifted = yield tried.at(1)
    # An offset of one drops one item; a page number or anything else does not.
    rest = shifted.listed[: page.count - 1]
    return 0 if page.count == 1 or same_run(tried.items[1:], rest) else None


def _from_one(tried: _Numbered, second: Answer) -> Questions[int | None]:
    """Return 1 where offsets count from there: then that of a page is its last item's."""
    if second.listed[:1] != tried.items[-1:]:
        return None
    third = yield tried.at(len(tried.items) + 1)
    if not tried.is_next(third):
        return None
    number_one = yield tried.at(1)
    return 1 if tried.is_first(number_one) else None


def _first_page(tried: _Numbered) -> Questions[int | None]:
    """Return the number of the first page, 0 or 1."""
    second = yield tried.at(2)
    seen = compare(tried.items, second)
    if seen not in (Comparison.FOLLOWS, Comparison.EMPTY, Comparison.REFUSED):
        return None
    number_one = yield tried.at(1)
    if tried.is_first(number_one):
        return 1 if tried.is_next(second) else None
    return 0 if tried.is_next(number_one) else None


def _number_settings(
    kind: str, param: str, start: int, page: Answer, sizes: Sizes
) -> Questions[Paging]:
    settings: dict[str, Any] = {"paginationType": kind}
    if param != ASKED[kind].param:
        settings["paginationParam"] = param
    if kind == "page" and start != PageNumberSettings().start_page:
        settings["startPage"] = str(start)
    if kind == "offset" and start:
        settings["startOffset"] = str(start)
    first_number = {param: start}
    settings |= yield from size_settings(sizes, first_number, kind, page.count)
    if has_more_clue(page):
        settings |= has_more_setting(page)
    elif kind == "page" and (last := last_page_clue(page)):
        settings["lastPagePath"] = last
    return Paging(settings, {}, True, f"{param} brings the items that follow")


def _none(first: Answer) -> Paging:
    if doubt := _doubt_over(first):
        return Paging(
            why="no way to further pages was found",
            doubt=f"no way to all of it was found: {doubt}",
            is_incomplete=True,
        )
    total = total_of(first)
    if total is not None and total > first.count:
        return Paging(
            why="no way to further pages was found",
            doubt=f"the API says that there are {total} items and sent {first.count}, but no way "
            "to the others was found; look at its documentation and write a pagination block",
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


def _doubt_over(first: Answer) -> Doubt | None:
    """Return the doubt that a sync would have over the answer, if it read nothing else."""
    pager = Pager(first.page.request, SingleRequestSettings(), PageSizes(1))
    return pager.receive(first.page).doubt
