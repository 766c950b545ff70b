"""Totals of items or pages that an API may give beside its items or in headers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pagination import dialects
from pagination.lookup import find
from pagination.page import Page
from pagination.witness import (
    Holder,
    containers_in,
    every_spelling,
    holders_of,
    is_below,
    total_in_range,
)

_ITEMS = every_spelling(dialects.TOTAL_NAMES, "items")
_PAGES = every_spelling(dialects.PAGE_TOTALS, "pages")
_NAMES = {**_ITEMS, **_PAGES}
# Names that count where the number of the page stands beside them.
_NEIGHBOURS = every_spelling(dialects.PAGE_TOTALS_BESIDE.values(), "").keys()
_NAMES_BESIDE = {**_NAMES, **every_spelling(dialects.PAGE_TOTALS_BESIDE, "pages")}
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Total:
    """The number of items or pages by the API's own account; None where it does not say.

    `place` is where it says so.
    """

    items: int | None = None
    pages: int | None = None
    place: str = field(default="", compare=False)

    def is_reached(self, items: int, pages: int) -> bool:
        """Return whether exactly as many arrived as there should be; more disproves the total."""
        if self.items is not None:
            return items == self.items
        return self.pages is not None and pages == self.pages

    def is_ahead(self, items: int, pages: int) -> bool:
        """Return whether there should be more than what arrived."""
        return (self.items is not None and items < self.items) or (
            self.pages is not None and pages < self.pages
        )

    def pages_left(self, items: int, pages: int, page_length: int) -> int:
        """Return how many more pages there should be, after so many items and pages."""
        if self.items is not None:
            return max(0, -((items - self.items) // page_length)) if page_length else 0
        return max(0, self.pages - pages) if self.pages is not None else 0

    def is_withdrawn(self, page: Page, received: int) -> bool:
        """Return whether the place that gave it now says less than what arrived.

        So it is where the list became shorter while it was read.
        """
        return any(one.place == self.place and one.number < received for one in _counts(page))

    def __bool__(self) -> bool:
        return self.items is not None or self.pages is not None

    def __str__(self) -> str:
        return f"total of {self.items} items" if self.items is not None else f"{self.pages} pages"


class _Count(NamedTuple):
    """A number that an answer gives, of `items` or `pages`."""

    unit: str
    number: int
    place: str


def find_total(
    page: Page, total_path: str | None, received: int = 0, ignored: tuple[str, ...] = ()
) -> Total:
    """Return the total of an answer: from `totalPath`, else usual names, else headers.

    Of several, the smallest counts that is not below the number of items `received` so far: others
    count a page, or what the credentials may not see. Inputs: `ignored`, places that do not count.
    """
    if total_path:
        return Total(items=_number(find(page.body, total_path)[1]), place=total_path)
    counts = [one for one in _counts(page) if not is_below(one.place, ignored)]
    # Zero beside items is how APIs say that they do not know.
    items = _smallest(counts, "items", received)
    pages = _smallest(counts, "pages", 1)
    place = items.place if items else pages.place if pages else ""
    return Total(items and items.number, pages and pages.number, place)


def _smallest(counts: list[_Count], unit: str, least: int) -> _Count | None:
    fitting = [one for one in counts if one.unit == unit and one.number >= least]
    return min(fitting, key=lambda one: one.number, default=None)


def _counts(page: Page) -> Iterator[_Count]:
    for holder in holders_of(page):
        for found in containers_in(holder):
            if not (found.value.keys() & dialects.MONEY_NEIGHBOURS):
                yield from _in_holder(found)
    yield from _in_headers(page.headers)


def _in_holder(holder: Holder) -> Iterator[_Count]:
    names = _NAMES_BESIDE if holder.value.keys() & _NEIGHBOURS else _NAMES
    for unit, place, value in holder.words(names):
        inner = value.get(dialects.TOTAL_VALUE) if isinstance(value, Mapping) else value
        if (number := _number(inner)) is not None:
            yield _Count(unit, number, place)


def _in_headers(headers: Mapping[str, str]) -> Iterator[_Count]:
    for name, text in headers.items():
        unit = _HEADERS.get(name)
        if unit and (number := _number(text)) is not None:
            yield _Count(unit, number, name)
    if (number := total_in_range(headers)) is not None:
        yield _Count("items", number, dialects.RANGE_HEADER)


_HEADERS = {
    **dict.fromkeys(dialects.TOTAL_HEADERS, "items"),
    **dict.fromkeys(dialects.PAGE_TOTAL_HEADERS, "pages"),
}


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < _MOST_DIGITS:
        return int(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
