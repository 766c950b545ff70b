"""Totals of items or pages that an API may give beside its items or in headers."""

from dataclasses import dataclass, field

from pagination.counts import Count, number_told
from pagination.lookup import find
from pagination.page import Page
from pagination.witness import is_below


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
        return any(one.place == self.place and one.number < received for one in page.counts)

    def __bool__(self) -> bool:
        return self.items is not None or self.pages is not None

    def __str__(self) -> str:
        return f"total of {self.items} items" if self.items is not None else f"{self.pages} pages"


_UNKNOWN = Total()


def find_total(
    page: Page, total_path: str | None, received: int = 0, ignored: tuple[str, ...] = ()
) -> Total:
    """Return the total of an answer: from `totalPath`, else usual names, else headers.

    Of several, the smallest counts that is not below the number of items `received` so far: others
    count a page, or what the credentials may not see. Inputs: `ignored`, places that do not count.
    """
    if total_path:
        return Total(items=number_told(find(page.body, total_path)[1]), place=total_path)
    counts = [one for one in page.counts if not is_below(one.place, ignored)]
    if not counts:
        return _UNKNOWN
    # Zero beside items is how APIs say that they do not know.
    items = _smallest(counts, "items", received)
    pages = _smallest(counts, "pages", 1)
    place = items.place if items else pages.place if pages else ""
    return Total(items and items.number, pages and pages.number, place)


def _smallest(counts: list[Count], unit: str, least: int) -> Count | None:
    fitting = [one for one in counts if one.unit == unit and one.number >= least]
    return min(fitting, key=lambda one: one.number, default=None)
