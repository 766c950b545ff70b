"""What pagination decided after a page, in words."""

from pagination.lookup import find
from pagination.models import PaginationSettings
from pagination.page import Page
from pagination.reading import Verdict
from pagination.totals import find_total

_WAYS = {
    "cursor": "a cursor for the next page",
    "next_link": "a next link in the body",
    "header_link": "a next link in the Link header",
}


def decision(page: Page, verdict: Verdict, settings: PaginationSettings) -> str:
    """Such as `goes on: a full page (100)` or `ends: a short page (3 < 100)`."""
    if verdict.request is None:
        return f"ends: {verdict.reason}"
    return f"goes on: {verdict.reason or _reason_to_go_on(page, verdict, settings)}"


def _reason_to_go_on(page: Page, verdict: Verdict, settings: PaginationSettings) -> str:
    if verdict.extra:
        return "a short page, but the server may be capping pages; asks whether there is another"
    for path in (settings.has_more_path, settings.last_page_path):
        if path and find(page.body, path)[0]:
            return f"{path} says so"
    if settings.type in _WAYS:
        return _WAYS[settings.type]
    total = find_total(page, settings.total_path)
    if total:
        return f"a {total} is not reached"
    if page.received is not None and page.received >= settings.page_size:
        return f"a full page ({page.received})"
    return "the API says that there is more"
