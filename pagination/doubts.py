"""Doubts over the end of an endpoint, in words: what was seen, and the settings that answer it."""

from collections.abc import Collection, Iterable

from formats.lists import Place
from outcomes import Doubt
from pagination.likeness import Likeness
from pagination.witness import Rank, Sign
from settings.pagination import (
    CursorSettings,
    CustomSettings,
    HeaderLinkSettings,
    NextLinkSettings,
    PaginationSettings,
    SingleRequestSettings,
)

_BY_LINKS = "set paginationType: header_link, because answers have a Link header; "
_WITHOUT_PAGES = (
    "look at paginationType and paginationParam; where the API has no pages, say "
    "`pagination: none` in the selector"
)
_MOST_NAMES = 3
_WAYS: dict[str, type[PaginationSettings]] = {
    "cursorPath": CursorSettings,
    "nextLinkPath": NextLinkSettings,
    "headerLinkRel": HeaderLinkSettings,
    "nextRequest": CustomSettings,
}


def doubt_over(sign: Sign, end: str, settings: PaginationSettings) -> Doubt:
    """Return the doubt that a sign of more leaves over an end, which was reached as told.

    Sample: `has_more is true, and paginationType is none`.
    """
    answers = [f"set {sign.way or _way_of(settings)}"]
    if isinstance(settings, SingleRequestSettings):
        answers.append("if one page is all that is wanted, `pagination: none` in the selector")
    answers.append(f"if {sign.place} does not speak of pages, {_ignoring(sign)}")
    return Doubt(f"{sign}, and {end}", "; ".join(answers))


def doubt_over_part(sign: Sign) -> Doubt:
    """Return the doubt over a list of which the API itself says that it is not whole."""
    answer = f"narrow the request; if {sign.place} does not speak of the list, {_ignoring(sign)}"
    return Doubt(f"{sign}, so that the list is not whole", answer)


def doubt_over_inner_list(sign: Sign) -> Doubt:
    """Return the doubt over a list within an element, for the rest of which no request asks."""
    return Doubt(
        f"{sign} in an element, so that the list there is not whole",
        "ask for more of it at once, or read it from an endpoint of its own, by a path parameter; "
        f"if {sign.place} does not speak of that list, {_ignoring(sign)}",
    )


def doubt_over_start(sign: Sign, start: int, setting: str) -> Doubt:
    """Return the doubt over a first page of which the API itself says that it is not the first.

    Inputs: `start`, its number or offset, and the setting that says so: `startPage`.
    """
    what = "page" if setting == "startPage" else "offset"
    return Doubt(
        f"{sign} on {what} {start}, the first that was asked for, so that there are others before "
        "it",
        f"set {setting}: {start - 1}; if {sign.place} does not speak of pages, {_ignoring(sign)}",
    )


def doubt_over_empty_pages(end: str) -> Doubt:
    """Return the doubt over pages without items, each of which leads to another."""
    return Doubt(
        f"{end}, and each leads to another",
        "look at data_path; if they are the end, `stop: empty_page` in the selector's pagination",
    )


def doubt_over_known_request(pages: int) -> Doubt:
    """Return the doubt over an expression that asks once more for what was read already."""
    return Doubt(
        f"after page {pages}, next_request gives a request that was sent before",
        "let it give null where there is no further page; where the API itself moves on with each "
        "request, `stateful: true` in the selector's pagination",
    )


def doubt_over_known_way(pages: int, parameter: str) -> Doubt:
    """Return the doubt over a cursor or link that leads back, on a page as long as the longest."""
    return Doubt(
        f"page {pages} is as long as the longest one, and leads to one that was read already, as "
        f"if the API ignored {parameter}",
        "look at paginationParam, cursorPath and nextLinkPath; where the last leads to itself, "
        "set hasMorePath or totalPath, or `stop: empty_page` in the selector's pagination",
    )


def advice_on_broken_promise(sign: Sign, parameter: str, *, has_links: bool) -> str:
    """Return what to look at where numbered pages are empty although a sign says more.

    A total may count what the credentials may not see, which makes pages short, too. Inputs:
    `has_links`, whether answers had a `Link` header that leads on.
    """
    return (
        f"{_BY_LINKS if has_links else ''}look at {parameter}, hasMorePath and data_path; where "
        f"{sign.place} does not speak of pages, or counts what the credentials may not see, "
        f"{_ignoring(sign)}, with `stop: empty_page` where pages may be short"
    )


def advice_on_repeat(*, has_links: bool) -> str:
    """Return what to look at where a page came again; inputs as for `advice_on_broken_promise`."""
    return f"{_BY_LINKS if has_links else ''}look at paginationType and paginationParam"


def but_for(like: Likeness | None) -> str:
    """Return in which fields a page differs that came again; empty where it does in none.

    Sample: `, but for age and load.cpu`.
    """
    return f", but for {_names_of(like.differing)}" if like and like.differing else ""


def _names_of(places: Iterable[Place]) -> str:
    names = {".".join(each for each in place if each != "?") for place in places}
    shown = sorted(names)[:_MOST_NAMES]
    more = " and others" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def doubt_over_likeness(pages: int, parameter: str, places: Collection[Place]) -> Doubt:
    """Return the doubt over so many pages of the same items, as it seems, that differ in places."""
    what = "have the same items in another order"
    if places:
        what = f"differ in nothing but {_names_of(places)}, which changes with each answer"
    return Doubt(f"{pages} pages {what}, as if the API ignored {parameter}", _WITHOUT_PAGES)


def doubt_over_overlap(place: str) -> Doubt:
    """Return the doubt over a number of pages that arrived, of which some may overlap."""
    return Doubt(
        f"as many pages as {place} says came, but they differ in length, so that they may overlap",
        "set hasMorePath or totalPath, or page by number where the API can",
    )


def doubt_over_count() -> Doubt:
    """Return the doubt over pages of which data_path gives nothing, although something is there."""
    return Doubt(
        "pages on which data_path finds nothing are not empty, so that there may be more",
        "let data_path begin with the path of the list, as `.items[] | select(.active)` does, or "
        "set hasMorePath or totalPath",
    )


def doubt_over_filtered_repeat(parameter: str) -> Doubt:
    """Return the doubt over a page that came again, and has as many records as it may have."""
    return Doubt(
        "a page came again that is full before data_path leaves records out, as if the API ignored "
        f"{parameter}",
        _WITHOUT_PAGES,
    )


def doubt_over_passed(passed: int, longest: int) -> Doubt:
    """Return the doubt over an empty page that was taken for more items than any page had."""
    return Doubt(
        f"an empty page was taken for {passed} items, but no page has more than {longest}, so that "
        "some may have been passed over",
        "set pageSize to what the API sends at most",
    )


def _way_of(settings: PaginationSettings) -> str:
    """Return what has to be set where the sign of more does not tell where the way on is."""
    ways = [title for title, kind in _WAYS.items() if isinstance(settings, kind)]
    return f"{' or '.join([*ways, 'paginationType'])} as the API has it"


def _ignoring(sign: Sign) -> str:
    place = sign.place if sign.rank is not Rank.LINK else sign.place.removesuffix(".href")
    return f"`ignore_markers: [{place}]` in the selector's pagination"
