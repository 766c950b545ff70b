"""Markers that settings name: what a body says about further pages."""

from pagination.lookup import find, show
from pagination.page import Page, Statement
from pagination.sizes import PageSizes
from settings.pagination import PaginationSettings


def marker_of(page: Page, settings: PaginationSettings, sizes: PageSizes) -> Statement | None:
    """What the marker in a body says; None where no marker is named, or none was ever there.

    `sizes` remember which markers were seen: one that is gone says that there is no more.
    """
    for path, says_more in _named(settings):
        present, value = find(page.body, path)
        if present:
            sizes.markers_seen.add(path)
            return Statement(bool(value) is says_more, f"{path} is {show(value)}")
        if path in sizes.markers_seen and says_more:
            return Statement(False, f"{path} is gone")
    return None


def _named(settings: PaginationSettings) -> list[tuple[str, bool]]:
    if settings.type not in ("offset", "page", "cursor"):
        return []
    if settings.has_more_path:
        return [(settings.has_more_path, True)]
    if settings.last_page_path and settings.type == "page":
        return [(settings.last_page_path, False)]
    return []
