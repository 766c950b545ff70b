"""The questions and decisions of pagination, in words."""

from api_messages import ApiRequest
from pagination.lookup import find
from pagination.page import Page, Verdict
from pagination.totals import find_total
from probe.masking import is_telling
from settings.pagination import (
    AskedSettings,
    CursorSettings,
    CustomSettings,
    HeaderLinkSettings,
    NextLinkSettings,
    PaginationSettings,
)


def decision(page: Page, verdict: Verdict, settings: PaginationSettings) -> str:
    """Return the decision, such as `goes on: a full page (100)` or `ends: an empty page`.

    Inputs: `settings`, those of the endpoint that the page is of.
    """
    if verdict.error:
        return f"fails: {verdict.error.reason}"
    if verdict.request is None:
        return f"ends: {verdict.reason}{_but(verdict)}"
    return f"goes on: {verdict.reason or _reason_to_go_on(page, verdict, settings)}"


def _but(verdict: Verdict) -> str:
    """Return what speaks against an end, without the reason of the end, which is told already."""
    if verdict.doubt is None:
        return ""
    return f", but {verdict.doubt.seen.removesuffix(f', and {verdict.reason}')}"


def _reason_to_go_on(page: Page, verdict: Verdict, settings: PaginationSettings) -> str:
    if verdict.extra:
        return "a short page, but the server may be capping pages; asks whether there is another"
    if settings.stop == "empty_page":
        return f"a page that is not empty ({page.received})"
    full = f"a full page ({page.received})"
    if settings.stop != "auto":
        return full
    if settings.marker and find(page.body, path := settings.marker[0])[0]:
        return f"{path} says so"
    if way := _way_on(settings):
        return way
    total = find_total(page, settings.total_path)
    if total:
        return f"a {total} is not reached"
    if page.received is not None and page.received >= settings.page_size:
        return full
    return "the API says that there is more"


def _way_on(settings: PaginationSettings) -> str:
    """Return where an answer holds the way to the next page; nothing where pages are numbered."""
    match settings:
        case CursorSettings(cursor_item=str(expression)):
            return f"the last item's {expression} is the cursor for the next page"
        case CursorSettings(cursor_header=str(header)):
            return f"a cursor for the next page in the header {header}"
        case CursorSettings():
            return "a cursor for the next page"
        case NextLinkSettings(next_link_header=str(header)):
            return f"a next link in the header {header}"
        case NextLinkSettings():
            return "a next link in the body"
        case HeaderLinkSettings():
            return "a next link in the Link header"
        case CustomSettings():
            return "next_request gives another request"
    return ""


def place_of(request: ApiRequest, settings: PaginationSettings) -> str:
    """Return the parameters outside of the address that ask for a page; empty without any.

    Sample: with `in: body`, `variables.after=Y3Vyc29y`.
    """
    if not isinstance(settings, AskedSettings) or settings.where in ("query", "placeholder"):
        return ""
    name = settings.param
    if settings.where == "body":
        present, value = find(request.body, name)
    else:
        held = {key.lower(): text for key, text in request.headers.items()}
        present, value = name.lower() in held, held.get(name.lower())
    if not present:
        return ""
    return f"{name}={'***' if is_telling(name) else value}"
