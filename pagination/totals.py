"""Totals of items or pages that an API may give beside its items or in headers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pagination.lookup import find
from pagination.page import Page

# `count` is missing on purpose: as often as not it counts the page.
_ITEMS = (
    "total",
    "totalCount",
    "total_count",
    "totalItems",
    "total_items",
    "totalResults",
    "total_results",
    "totalRecords",
    "total_records",
    "totalElements",
    "total_elements",
    "@odata.count",
)
_PAGES = ("totalPages", "total_pages", "last_page", "lastPage")
_MOST_DIGITS = 20
_CONTAINERS = ("meta", "pagination", "page")


@dataclass(frozen=True, slots=True)
class Total:
    """The number of items or pages by the API's own account; None where it does not say."""

    items: int | None = None
    pages: int | None = None

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

    def __bool__(self) -> bool:
        return self.items is not None or self.pages is not None

    def __str__(self) -> str:
        return f"total of {self.items} items" if self.items is not None else f"{self.pages} pages"


def find_total(page: Page, total_path: str | None) -> Total:
    """Return the total of an answer: from `totalPath`, else usual names, else headers."""
    if total_path:
        return Total(items=_number(find(page.body, total_path)[1]))
    places = list(_places(page))
    return Total(
        items=_first(_named(places, _ITEMS)) or _header(page, "x-total-count"),
        pages=_first(_named(places, _PAGES)) or _header(page, "x-total-pages"),
    )


def _places(page: Page) -> Iterator[Mapping[str, Any]]:
    for holder in (page.beside, page.body):
        if isinstance(holder, Mapping):
            yield holder
            yield from (holder[n] for n in _CONTAINERS if isinstance(holder.get(n), Mapping))


def _named(places: list[Mapping[str, Any]], names: tuple[str, ...]) -> Iterator[int | None]:
    return (_number(place[name]) for place in places for name in names if name in place)


def _first(numbers: Iterator[int | None]) -> int | None:
    # Zero beside items, and -1, are how APIs say that they do not know.
    return next((number for number in numbers if number), None)


def _header(page: Page, name: str) -> int | None:
    return _number(page.headers.get(name)) or None


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < _MOST_DIGITS:
        return int(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
