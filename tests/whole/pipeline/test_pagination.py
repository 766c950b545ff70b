"""The exact requests of each paginationType, with all of their settings."""

from typing import Any

import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.servers import by_param, offsets, pages
from tests.whole.pipeline.support import BASE_URL, in_turn, numbered, reply, resource

FIVE = numbered(5)


def items(**selector: Any) -> list[Any]:
    return [resource("/items", **selector)]


@pytest.mark.contract("settings.paginationType.default", "pagination.none.single")
@pytest.mark.parametrize("settings", [{}, {"paginationType": "none", "pageSize": "1"}], ids=str)
async def test_none_sends_one_request(sync: Sync, settings: Any) -> None:
    body = {"list": FIVE, "next": "/items?page=2", "has_more": True, "total": 50}
    routes = {"/items": reply(body, Link="</items?page=2>; rel=next")}
    outcome = await sync(settings, items(data_path=".list", query_params={"a": "1"}), routes)
    assert outcome.succeeded().queries() == [{"a": "1"}]
    assert outcome.ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract(
    "pagination.offset.first-zero",
    "pagination.size-always",
    "pagination.query-kept",
    "pagination.array.short-page",
    "settings.paginationParam.default",
    "settings.sizeParam.default",
)
async def test_offset(sync: Sync) -> None:
    settings = {"paginationType": "offset", "pageSize": "2"}
    outcome = await sync(settings, items(query_params={"a": "1"}), {"/items": offsets(FIVE)})
    assert outcome.succeeded().queries() == [
        {"a": "1", "offset": "0", "limit": "2"},
        {"a": "1", "offset": "2", "limit": "2"},
        {"a": "1", "offset": "4", "limit": "2"},
    ]
    assert outcome.ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract(
    "pagination.page.first-start",
    "pagination.size-always",
    "pagination.query-kept",
    "pagination.array.short-page",
    "settings.paginationParam.default",
    "settings.sizeParam.default",
    "settings.startPage.default",
)
async def test_page(sync: Sync) -> None:
    settings = {"paginationType": "page", "pageSize": "2"}
    outcome = await sync(settings, items(query_params={"a": "1"}), {"/items": pages(FIVE)})
    assert outcome.succeeded().queries() == [
        {"a": "1", "page": "1", "size": "2"},
        {"a": "1", "page": "2", "size": "2"},
        {"a": "1", "page": "3", "size": "2"},
    ]
    assert outcome.ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract(
    "pagination.cursor.first-none",
    "pagination.size-always",
    "pagination.query-kept",
    "settings.paginationParam.default",
    "settings.sizeParam.default",
)
async def test_cursor(sync: Sync) -> None:
    answers = {
        None: {"list": numbered(2), "next_cursor": "x y&z="},
        "x y&z=": {"list": numbered(1, 2), "next_cursor": 77},
        "77": {"list": numbered(1, 3), "next_cursor": None},
    }
    settings = {"paginationType": "cursor", "pageSize": "2"}
    selector = {"data_path": ".list", "query_params": {"a": "1"}}
    outcome = await sync(settings, items(**selector), {"/items": by_param("cursor", answers)})
    assert outcome.succeeded().queries() == [
        {"a": "1", "limit": "2"},
        {"a": "1", "limit": "2", "cursor": "x y&z="},
        {"a": "1", "limit": "2", "cursor": "77"},
    ]
    assert outcome.ids() == [0, 1, 2, 3]


@pytest.mark.contract("settings.pageSize.default")
@pytest.mark.parametrize(
    "pagination_type, size", [("offset", "limit"), ("page", "size"), ("cursor", "limit")]
)
async def test_page_size_is_100_by_default(sync: Sync, pagination_type: str, size: str) -> None:
    outcome = await sync({"paginationType": pagination_type}, items(), {"/items": []})
    assert [query[size] for query in outcome.succeeded().queries()] == ["100"]


@pytest.mark.contract(
    "settings.paginationParam.custom",
    "settings.sizeParam.custom",
    "settings.startPage.zero",
    "settings.pageSize.string-integer",
)
@pytest.mark.parametrize(
    "settings, values",
    [
        ({"paginationType": "offset"}, ["0", "2", "4"]),
        ({"paginationType": "page"}, ["1", "2", "3"]),
        ({"paginationType": "page", "startPage": "0"}, ["0", "1", "2"]),
        ({"paginationType": "page", "startPage": "3"}, ["3", "4", "5"]),
    ],
    ids=str,
)
async def test_own_names_of_parameters(sync: Sync, settings: Any, values: list[str]) -> None:
    own = {"paginationParam": "from", "sizeParam": "per[page]", "pageSize": "2", **settings}
    routes = {"/items": in_turn(numbered(2), numbered(2, 2), numbered(1, 4))}
    outcome = await sync(own, items(), routes)
    assert outcome.succeeded().queries() == [{"from": v, "per[page]": "2"} for v in values]


@pytest.mark.contract("settings.paginationParam.custom", "settings.cursorPath.dots")
@pytest.mark.parametrize("cursor_path", ["paging.cursors.after", "paging.list.0"])
async def test_cursor_path_finds_the_cursor(sync: Sync, cursor_path: str) -> None:
    def body(cursor: str | None, number: int) -> Any:
        paging = {"cursors": {"after": cursor}, "list": [cursor]}
        return {"list": numbered(1, number), "paging": paging, "next_cursor": "wrong"}

    settings = {
        "paginationType": "cursor",
        "cursorPath": cursor_path,
        "paginationParam": "after",
        "sizeParam": "first",
    }
    routes = {"/items": by_param("after", {None: body("c1", 0), "c1": body(None, 1)})}
    outcome = await sync(settings, items(data_path=".list"), routes)
    assert outcome.succeeded().queries() == [{"first": "100"}, {"first": "100", "after": "c1"}]
    assert outcome.ids() == [0, 1]


@pytest.mark.contract("pagination.cursor.fields")
@pytest.mark.parametrize("place", ["next_cursor", "cursor", "meta.after_cursor", "links.next"])
async def test_usual_places_of_a_cursor(sync: Sync, place: str) -> None:
    outer, _, inner = place.partition(".")
    more = {outer: {inner: "c1"} if inner else "c1"}
    answers = {None: {"list": numbered(1), **more}, "c1": {"list": numbered(1, 1)}}
    routes = {"/items": by_param("cursor", answers)}
    outcome = await sync({"paginationType": "cursor"}, items(data_path=".list"), routes)
    assert outcome.succeeded().ids() == [0, 1]


@pytest.mark.contract("pagination.cursor.fields")
async def test_the_first_usual_place_counts(sync: Sync) -> None:
    first = {"list": numbered(1), "links": {"next": "l"}, "meta": {"after_cursor": "m"}}
    answers = {None: first, "m": {"list": numbered(1, 1)}}
    routes = {"/items": by_param("cursor", answers)}
    outcome = await sync({"paginationType": "cursor"}, items(data_path=".list"), routes)
    assert outcome.succeeded().ids() == [0, 1]


@pytest.mark.contract("pagination.cursor.denied")
@pytest.mark.parametrize(
    "denial", [{"has_more": False}, {"hasMore": False}, {"meta": {"has_more": False}}], ids=str
)
async def test_a_cursor_counts_only_if_more_is_not_denied(sync: Sync, denial: Any) -> None:
    routes = {"/items": in_turn({"list": numbered(2), "next_cursor": "c1", **denial})}
    settings = {"paginationType": "cursor", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), routes)
    assert outcome.succeeded().ids() == [0, 1]


@pytest.mark.contract("settings.hasMorePath.dots", "settings.hasMorePath.truthy")
@pytest.mark.parametrize(
    "more, done",
    [
        *((True, False), (1, 0), ("yes", ""), ("more", None), ({"page": 2}, {}), ([0], [])),
        *(("true", "false"), ("Yes", "No"), ("1", "0")),
    ],
)
async def test_truthy_has_more_path(sync: Sync, more: Any, done: Any) -> None:
    answers = [(numbered(1), more), (numbered(1, 1), more), (numbered(2, 2), done)]
    bodies = [{"list": found, "paging": {"more": mark}} for found, mark in answers]
    settings = {"paginationType": "offset", "hasMorePath": "paging.more", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert [query["offset"] for query in outcome.succeeded().queries()] == ["0", "1", "2"]


@pytest.mark.contract("settings.hasMorePath.dots")
@pytest.mark.parametrize("pagination_type", ["offset", "page", "cursor"])
async def test_has_more_path_with_each_type(sync: Sync, pagination_type: str) -> None:
    bodies = [
        {"list": numbered(1), "a": {"b": True}, "next_cursor": "c1"},
        {"list": numbered(2, 1), "a": {"b": False}, "next_cursor": "c2"},
    ]
    settings = {"paginationType": pagination_type, "hasMorePath": "a.b", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert outcome.succeeded().ids() == [0, 1, 2]


@pytest.mark.contract("settings.lastPagePath.dots")
@pytest.mark.parametrize("last", [True, "yes", 1], ids=repr)
async def test_last_page_path(sync: Sync, last: Any) -> None:
    bodies = [
        {"list": numbered(1), "page": {"last": False}},
        {"list": numbered(2, 1), "page": {"last": last}},
    ]
    settings = {"paginationType": "page", "lastPagePath": "page.last", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert outcome.succeeded().ids() == [0, 1, 2]


@pytest.mark.contract("settings.lastPagePath.hasMorePath-wins")
async def test_has_more_path_wins_over_last_page_path(sync: Sync) -> None:
    bodies = [
        {"list": numbered(1), "more": True, "last": True},
        {"list": numbered(2, 1), "more": False, "last": False},
    ]
    settings = {"paginationType": "page", "lastPagePath": "last", "hasMorePath": "more"}
    routes = {"/items": in_turn(*bodies)}
    outcome = await sync({**settings, "pageSize": "2"}, items(data_path=".list"), routes)
    assert outcome.succeeded().ids() == [0, 1, 2]


@pytest.mark.contract("pagination.page.markers")
@pytest.mark.parametrize(
    "more, done",
    [
        ({"next_page": 2}, {"next_page": None}),
        ({"next": "/items?page=2"}, {"next": None}),
        ({"hasMore": True}, {"hasMore": False}),
    ],
    ids=str,
)
async def test_markers_of_page(sync: Sync, more: Any, done: Any) -> None:
    bodies = [{"list": numbered(1), **more}, {"list": numbered(2, 1), **done}]
    settings = {"paginationType": "page", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert outcome.succeeded().queries() == [
        {"page": "1", "size": "2"},
        {"page": "2", "size": "2"},
    ]
    assert outcome.ids() == [0, 1, 2]


@pytest.mark.contract("pagination.offset.markers")
@pytest.mark.parametrize("marker", ["has_more", "hasMore"])
async def test_markers_of_offset(sync: Sync, marker: str) -> None:
    bodies = [{"list": numbered(1), marker: True}, {"list": numbered(2, 1), marker: False}]
    settings = {"paginationType": "offset", "pageSize": "2"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert [query["offset"] for query in outcome.succeeded().queries()] == ["0", "1"]
    assert outcome.ids() == [0, 1, 2]


SECOND_PAGE = "/items?%24skip=2&b=x%2Fy&a=9"


@pytest.mark.contract(
    "pagination.next-link.first", "pagination.next-link.as-is", "settings.nextLinkPath.default"
)
@pytest.mark.parametrize("link", [f"{BASE_URL}{SECOND_PAGE}", SECOND_PAGE, SECOND_PAGE[6:]])
async def test_next_link(sync: Sync, link: str) -> None:
    bodies = [{"value": FIVE[:2], "@odata.nextLink": link}, {"value": FIVE[2:]}]
    selector = {"data_path": ".value", "query_params": {"a": "1"}, "headers": {"X-A": "1"}}
    settings = {"paginationType": "next_link"}
    outcome = await sync(settings, items(**selector), {"/items": in_turn(*bodies)})
    assert outcome.succeeded().urls == [f"{BASE_URL}/items?a=1", f"{BASE_URL}{SECOND_PAGE}"]
    assert [asked.headers["x-a"] for asked in outcome.asked] == ["1", "1"]
    assert outcome.ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract("settings.nextLinkPath.literal-first")
@pytest.mark.parametrize(
    "more",
    [
        {"paging.next": "/items?p=2"},
        {"paging": {"next": "/items?p=2"}},
        {"paging.next": "/items?p=2", "paging": {"next": "/wrong"}},
    ],
    ids=str,
)
async def test_next_link_path_is_a_key_first_and_then_dots(sync: Sync, more: Any) -> None:
    bodies = [{"list": numbered(1), **more}, {"list": numbered(1, 1), "paging.next": None}]
    settings = {"paginationType": "next_link", "nextLinkPath": "paging.next"}
    outcome = await sync(settings, items(data_path=".list"), {"/items": in_turn(*bodies)})
    assert outcome.succeeded().urls[1] == f"{BASE_URL}/items?p=2"
    assert outcome.ids() == [0, 1]


@pytest.mark.contract(
    "pagination.header-link.first",
    "pagination.header-link.as-is",
    "pagination.header-link.rfc",
    "settings.headerLinkRel.default",
)
@pytest.mark.parametrize(
    "header",
    [
        f'<{BASE_URL}{SECOND_PAGE}>; rel="next"',
        f"<{SECOND_PAGE}>; rel=next",
        f'</wrong?x=1,2;3>; rel="prev", <{SECOND_PAGE}>; rel="next"',
        f'<{SECOND_PAGE}>; title="a, b; rel=prev <x>"; rel="last next"',
        f'<{SECOND_PAGE}> ;REL = "Next" ,</wrong>;rel=first',
        f'</wrong>; rel="prev"; rel="next",<{SECOND_PAGE}>;rel="next"',
    ],
)
async def test_header_link(sync: Sync, header: str) -> None:
    routes = {"/items": in_turn(reply(FIVE[:2], Link=header), FIVE[2:])}
    settings = {"paginationType": "header_link"}
    outcome = await sync(settings, items(query_params={"a": "1"}), routes)
    assert outcome.succeeded().urls == [f"{BASE_URL}/items?a=1", f"{BASE_URL}{SECOND_PAGE}"]
    assert outcome.ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract("pagination.header-link.rfc")
async def test_commas_and_semicolons_in_a_linked_address(sync: Sync) -> None:
    routes = {"/items": in_turn(reply(FIVE[:2], Link="</items?ids=1,2;3>; rel=next"), FIVE[2:])}
    outcome = await sync({"paginationType": "header_link"}, items(), routes)
    assert outcome.succeeded().urls[1] == f"{BASE_URL}/items?ids=1,2;3"


@pytest.mark.contract("settings.headerLinkRel.custom")
async def test_header_link_rel(sync: Sync) -> None:
    header = '</wrong>; rel="next", </items?p=2>; rel="https://rels.example.com/more"'
    routes = {"/items": in_turn(reply(FIVE[:2], Link=header), FIVE[2:])}
    settings = {
        "paginationType": "header_link",
        "headerLinkRel": "https://rels.example.com/more",
    }
    outcome = await sync(settings, items(), routes)
    assert outcome.succeeded().urls == [f"{BASE_URL}/items", f"{BASE_URL}/items?p=2"]
