"""Answers under a status of success that are no list, or not all of it, as real APIs give them.

Each `Said` is a resource of its own: what its API answers page by page, how it is read, and what
has to come of it. The catalog has all `ITEMS` of it; the API has lost the last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

ITEMS = 11
PAGE_SIZE = 4
ANY_PAGE = 0
PAGES: dict[str, Any] = {"type": "page", "page_size": PAGE_SIZE}


@dataclass(frozen=True)
class Page:
    """One answer."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """A resource: its answers by page number, what they come to, and what the log says of it.

    `brought` is how many items arrive all the same. Without `pagination` it is the connection's,
    which is none.
    """

    pages: Mapping[int, Page]
    brought: int
    says: str = ""
    pagination: Mapping[str, Any] = field(default_factory=dict)
    data_path: str = ".items"


def rows(first: int, last: int) -> list[dict[str, Any]]:
    """The items with these numbers, the second one excluded; the API numbers them."""
    return [{"id": f"i{number}", "version": 2} for number in range(first, last)]


def _page(number: int, **beside: Any) -> Page:
    start = (number - 1) * PAGE_SIZE
    return Page({"items": rows(start, min(start + PAGE_SIZE, ITEMS - 1)), **beside})


def _first(says: str, pagination: Mapping[str, Any] | None = None, /, **beside: Any) -> Said:
    """One page, and something beside it that speaks of more."""
    return Said({ANY_PAGE: _page(1, **beside)}, PAGE_SIZE, says, pagination or {})


def _second(body: Any, says: str, *, status: int = 200, brought: int = PAGE_SIZE) -> Said:
    """A second page that is no list, in place of what the first one promises."""
    pages = {1: _page(1, has_more=True), ANY_PAGE: Page(body, status)}
    return Said(pages, brought, says, PAGES)


_LINK = '</more/items?p=2>; rel="next"'

KEPT: dict[str, Said] = {
    "has_more": _first("has_more is true", has_more=True),
    "text_marker": _first("IsTruncated is true", IsTruncated="true"),
    "is_last": _first("pagination.isLast is false", pagination={"isLast": False}),
    "text_total": _first("total", total=f"{ITEMS - 1}"),
    "etcd": _first("more is true", more=True, count=ITEMS - 1),
    "s3": _first("NextContinuationToken is set", NextContinuationToken="t2"),
    "odata": _first("@odata.nextLink is set", **{"@odata.nextLink": "/odata/items?p=2"}),
    "partial": _first("partial is true", partial=True),
    "notion": _first("request_status.type", request_status={"type": "incomplete"}),
    "link_header": Said(
        {ANY_PAGE: Page({"items": rows(0, 4)}, headers={"Link": _LINK})},
        PAGE_SIZE,
        'Link has rel="next"',
    ),
    "cursor_misspelt": _first(
        "paging.next_cursor is set",
        {"type": "cursor", "cursor_path": "paging.nextCursor"},
        paging={"next_cursor": "t2"},
    ),
    "cursor_left_out": _first(
        "page_info.end_cursor is set", {"type": "cursor"}, page_info={"end_cursor": "t2"}
    ),
    "link_elsewhere": _first(
        "links.next is set", {"type": "next_link"}, links={"next": "/more/items?p=2"}
    ),
    "wrong_rel": Said(
        {ANY_PAGE: Page({"items": rows(0, 4)}, headers={"Link": _LINK})},
        PAGE_SIZE,
        'Link has rel="next"',
        {"type": "header_link", "header_link_rel": "nextPage"},
    ),
}
"""Read as told, with more to be had, and no way on."""

PROVEN: dict[str, Said] = {
    "nothing_said": Said({ANY_PAGE: Page({"items": rows(0, 10)})}, 10),
    "text_false": Said({ANY_PAGE: Page({"items": rows(0, 10), "IsTruncated": "false"})}, 10),
    "text_markers": Said(
        {number: _page(number, hasMore="true" if number < 3 else "false") for number in (1, 2, 3)},
        10,
        "",
        PAGES,
    ),
    "text_totals": Said({n: _page(n, total="10") for n in (1, 2, 3)}, 10, "", PAGES),
    "codes_of_success": Said(
        {n: _page(n, code=0, msg="success", hasMore=n < 3) for n in (1, 2, 3)}, 10, "", PAGES
    ),
}
"""Read to an end that nothing speaks against."""

FAILED: dict[str, Said] = {
    "lark": _second({"code": 99991663, "msg": "token expired", "data": None}, "token expired"),
    "okx": _second({"code": "50011", "msg": "Too Many Requests", "items": []}, "Too Many Requests"),
    "weibo": _second({"error": "expired_token", "error_code": 21327}, "expired_token"),
    "jsend": _second({"status": "error", "message": "no database"}, "no database"),
    "conduit": _second({"error_code": "ERR-X", "error_info": "Invalid session"}, "Invalid session"),
    "slack": _second({"ok": "false", "reason": "ratelimited"}, "ratelimited"),
    "kea": _second({"result": 1, "text": "unable to forward command"}, "unable to forward"),
    "fhir": _second({"resourceType": "OperationOutcome", "issue": []}, "the body says error"),
    "strange": _second({"warning": "come back later"}, "the body has warning"),
    "not_ready": _second({}, "202 without items", status=202),
    "not_ready_list": _second({"items": []}, "202 without items", status=202),
    "empty_before_total": Said(
        {1: _page(1, total=10), ANY_PAGE: Page({"items": [], "total": 10})},
        PAGE_SIZE,
        "4 empty pages in a row, although",
        PAGES,
    ),
    "empty_though_more": _second({"items": [], "has_more": True}, "has_more is true"),
    "no_cursor": Said(
        {
            1: _page(1, has_more=True, next_cursor="2"),
            ANY_PAGE: _page(2, has_more=True),
        },
        2 * PAGE_SIZE,
        "which says that there is more, but not where",
        {"type": "cursor"},
    ),
    "null_above": Said(
        {ANY_PAGE: Page({"data": None})}, 0, "matches nothing", PAGES, data_path=".data.items"
    ),
    "null_above_later": Said(
        {1: Page({"data": {"items": rows(0, 4)}, "total": 10}), ANY_PAGE: Page({"data": None})},
        PAGE_SIZE,
        "null above the list",
        PAGES,
        data_path=".data.items",
    ),
    "no_object": Said(
        {ANY_PAGE: Page({"items": [*rows(0, 4), None]})},
        PAGE_SIZE,
        "an item must be an object",
    ),
}
"""Something else came than what was asked for."""


def create_api() -> FastAPI:
    """Return the API of all these resources, each at `/NAME/items`."""
    app = FastAPI()
    tables = {**KEPT, **PROVEN, **FAILED}

    @app.get("/{name}/items")
    def items(name: str, request: Request) -> JSONResponse:
        query = request.query_params
        number = int(query.get("page") or query.get("cursor") or 1)
        pages = tables[name].pages
        page = pages.get(number) or pages.get(ANY_PAGE) or Page({"items": []})
        return JSONResponse(_of(name, page.body), page.status, dict(page.headers))

    return app


def _of(name: str, body: Any) -> Any:
    """Return a body whose items are those of a resource: `i1` becomes `lark-1`."""
    if isinstance(body, list):
        return [_of(name, each) for each in body]
    if not isinstance(body, dict):
        return body
    if "version" in body:
        return {**body, "id": body["id"].replace("i", f"{name}-", 1)}
    return {key: _of(name, value) for key, value in body.items()}
