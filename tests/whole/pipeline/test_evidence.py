"""What ends pagination: every item or an error, without needless requests and without loops."""

import itertools
import math
import random
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.servers import by_param, offsets, pages
from tests.whole.pipeline.support import (
    Outcome,
    Route,
    in_turn,
    numbered,
    parameter,
    reply,
    resource,
)

OFFSET = {"paginationType": "offset", "pageSize": "3"}
PAGE = {"paginationType": "page", "pageSize": "3"}
CURSOR = {"paginationType": "cursor", "pageSize": "3"}
LISTED = [resource("/items", data_path=".list")]
BARE = [resource("/items")]


def listed(count: int, start: int = 0, **beside: Any) -> dict[str, Any]:
    return {"list": numbered(count, start), **beside}


def asked_offsets(outcome: Outcome) -> list[int]:
    return [int(str(query["offset"])) for query in outcome.queries()]


# --- The setting, then markers --------------------------------------------------------------------


@pytest.mark.contract("evidence.setting-first")
@pytest.mark.parametrize(
    "settings", [{"hasMorePath": "go"}, {"lastPagePath": "done"}], ids=lambda s: next(iter(s))
)
async def test_the_setting_says_no_more(sync: Sync, settings: Any) -> None:
    body = listed(3, go=False, done=True, next_page=2, hasMore=True, total=99)
    outcome = await sync({**PAGE, **settings}, LISTED, {"/items": in_turn(body)})
    assert outcome.succeeded().ids() == [0, 1, 2]


@pytest.mark.contract("evidence.setting-first")
@pytest.mark.parametrize(
    "settings", [{"hasMorePath": "go"}, {"lastPagePath": "done"}], ids=lambda s: next(iter(s))
)
async def test_the_setting_says_more(sync: Sync, settings: Any) -> None:
    denied: Any = {"next_page": None, "hasMore": False, "total": 1}
    bodies = [listed(1, go=True, done=False, **denied), listed(1, 1, go=False, done=True)]
    outcome = await sync({**PAGE, **settings}, LISTED, {"/items": in_turn(*bodies)})
    assert outcome.succeeded().ids() == [0, 1]


@pytest.mark.contract("evidence.body-markers")
@pytest.mark.parametrize(
    "settings, denial",
    [
        (OFFSET, {"has_more": False}),
        (OFFSET, {"hasMore": None}),
        (PAGE, {"next_page": None}),
        (PAGE, {"next": ""}),
        (PAGE, {"next": False}),
        (PAGE, {"hasMore": False}),
    ],
    ids=str,
)
async def test_a_marker_that_says_no_more_outranks_totals_and_counts(
    sync: Sync, settings: Any, denial: Any
) -> None:
    routes = {"/items": in_turn(listed(3, total=99, **denial))}
    outcome = await sync(settings, LISTED, routes)
    assert outcome.succeeded().ids() == [0, 1, 2]


@pytest.mark.contract("evidence.body-markers")
@pytest.mark.parametrize(
    "settings, more",
    [(OFFSET, {"has_more": True}), (PAGE, {"next": "/x"}), (PAGE, {"next_page": 2})],
)
async def test_a_marker_that_says_more_outranks_totals_and_counts(
    sync: Sync, settings: Any, more: Any
) -> None:
    bodies = [listed(3), listed(1, 3, total=4, **more), listed(1, 4, hasMore=False)]
    outcome = await sync(settings, LISTED, {"/items": in_turn(*bodies)})
    assert outcome.succeeded().ids() == [0, 1, 2, 3, 4]


@pytest.mark.contract("evidence.cursor-until-empty")
@pytest.mark.parametrize("end", [None, "", False], ids=repr)
async def test_a_cursor_is_followed_until_it_is_empty(sync: Sync, end: Any) -> None:
    answers = {
        None: listed(1, next_cursor="a", total=1),
        "a": listed(0, next_cursor="b"),
        "b": listed(3, 1, next_cursor="c"),
        "c": listed(3, 4, next_cursor=end, total=99),
    }
    outcome = await sync(CURSOR, LISTED, {"/items": by_param("cursor", answers)})
    assert outcome.succeeded().ids() == [0, 1, 2, 3, 4, 5, 6]
    assert len(outcome.asked) == 4


async def test_more_without_a_cursor_deletes_nothing(sync: Sync) -> None:
    routes = {"/items": listed(3, has_more=True)}
    outcome = (await sync(CURSOR, LISTED, routes, existing=["old"])).succeeded()
    assert "/items is kept" in outcome.warnings
    assert "has_more is true, and no cursor (set cursorPath" in outcome.warnings
    assert (outcome.ids(), outcome.deleted) == ([0, 1, 2], [])


# --- Totals ---------------------------------------------------------------------------------------


def with_fields(count: int, caps: list[int], fields: Any, headers: Any) -> dict[str, Route]:
    """Pages of these lengths, each with the same fields beside the items and the same headers."""
    assert sum(caps) == count

    def page(request: httpx.Request) -> Any:
        number = int(request.url.params.get("page", "1")) - 1
        start = int(request.url.params.get("offset", sum(caps[:number])))
        ends = [end for end in itertools.accumulate(caps) if end > start]
        length = ends[0] - start if ends else 0
        return reply({"list": numbered(length, start), **fields}, **headers)

    return {"/items": page}


def is_read(outcome: Outcome, offsets: list[int], guesses: int = 1) -> bool:
    """Whether these offsets were asked for, and few that only equal pages would have had."""
    asked = asked_offsets(outcome)
    return set(offsets) <= set(asked) and len(asked) <= len(offsets) + guesses


ITEM_TOTALS: list[Any] = [
    ({}, {"total": "7"}),
    *(
        ({}, {name: "7"})
        for name in ("totalCount", "total_count", "totalItems", "total_results", "@odata.count")
    ),
    ({}, {"meta": {"total": 7}}),
    ({}, {"pagination": {"total_items": 7}}),
    ({}, {"page": {"totalElements": 7}}),
    ({"totalPath": "stats.hits.0"}, {"stats": {"hits": [7]}}),
]


@pytest.mark.contract("evidence.total-usual-names", "evidence.totalPath", "evidence.total-ends")
@pytest.mark.parametrize("settings, fields", ITEM_TOTALS, ids=str)
async def test_a_total_of_items_asks_on_after_a_short_page(
    sync: Sync, settings: Any, fields: Any
) -> None:
    # Without the total, the short second page after a full one would be the end.
    outcome = await sync({**OFFSET, **settings}, LISTED, with_fields(7, [3, 2, 2], fields, {}))
    assert is_read(outcome.succeeded(), [0, 3, 5])
    assert outcome.ids() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.contract("evidence.total-usual-names", "evidence.total-ends")
@pytest.mark.parametrize(
    "fields", [{"totalPages": 3}, {"meta": {"total_pages": 3}}, {"pagination": {"last_page": 3}}]
)
async def test_a_total_of_pages_asks_on_after_a_short_page(sync: Sync, fields: Any) -> None:
    outcome = await sync(PAGE, LISTED, with_fields(7, [3, 2, 2], fields, {}))
    assert outcome.succeeded().ids() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.contract("evidence.total-headers", "evidence.total-ends")
@pytest.mark.parametrize("headers", [{"X_Total_Count": "7"}, {"X_Total_Pages": "3"}], ids=str)
async def test_totals_in_headers(sync: Sync, headers: Any) -> None:
    outcome = await sync(OFFSET, LISTED, with_fields(7, [3, 2, 2], {}, headers))
    assert is_read(outcome.succeeded(), [0, 3, 5])
    assert outcome.ids() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.contract("evidence.total-ends", "evidence.total-headers")
@pytest.mark.parametrize(
    "fields, headers",
    [({"total": 2}, {}), ({"total_pages": 1}, {}), ({}, {"X_Total_Count": "2"})],
)
async def test_a_total_spares_the_question_after_a_short_page(
    sync: Sync, fields: Any, headers: Any
) -> None:
    outcome = await sync(OFFSET, LISTED, with_fields(2, [2], fields, headers))
    assert asked_offsets(outcome.succeeded()) == [0]


@pytest.mark.contract("evidence.total-usual-names")
async def test_a_total_beside_nested_items(sync: Sync) -> None:
    bodies = [{"data": listed(count, start, total=5)} for count, start in ((3, 0), (1, 3), (1, 4))]
    resources = [resource("/items", data_path=".data.list")]
    outcome = await sync(OFFSET, resources, {"/items": in_turn(*bodies)})
    assert asked_offsets(outcome.succeeded()) == [0, 3, 4]


@pytest.mark.contract("evidence.total-never-cuts")
@pytest.mark.parametrize("total", [0, 1, 3, 4])
async def test_a_total_that_is_too_small_cuts_nothing_off(sync: Sync, total: int) -> None:
    server = offsets(numbered(8), shape=lambda items, _: {"list": items, "total": total})
    outcome = await sync(OFFSET, LISTED, {"/items": server})
    assert outcome.succeeded().ids() == list(range(8))


# --- The number of items --------------------------------------------------------------------------


@pytest.mark.contract("evidence.full-page", "evidence.empty-page")
@pytest.mark.parametrize("server, settings", [(offsets, OFFSET), (pages, PAGE)])
async def test_a_full_page_is_followed_by_another_request(
    sync: Sync, server: Any, settings: Any
) -> None:
    outcome = await sync(settings, BARE, {"/items": server(numbered(6))})
    assert len(outcome.succeeded().asked) == 3
    assert outcome.ids() == [0, 1, 2, 3, 4, 5]


@pytest.mark.contract("evidence.empty-page")
async def test_an_empty_first_page_is_the_end(sync: Sync) -> None:
    outcome = await sync(OFFSET, BARE, {"/items": in_turn([])})
    assert outcome.succeeded().ids() == []


@pytest.mark.contract("evidence.short-after-full")
async def test_a_short_page_after_a_full_one_is_the_end(sync: Sync) -> None:
    outcome = await sync(OFFSET, BARE, {"/items": offsets(numbered(5))})
    assert asked_offsets(outcome.succeeded()) == [0, 3]


@pytest.mark.contract("evidence.short-after-full", "evidence.capped-page")
async def test_a_full_page_of_one_endpoint_tells_about_the_others(sync: Sync) -> None:
    lengths = [4, 1, 2]
    outcome = await sync({**OFFSET, "maxConcurrentRequests": "1"}, [of_lengths()], nested(lengths))
    assert len(outcome.succeeded().items[OF_PARENTS]) == sum(lengths)
    assert asks(outcome) == {0: 2, 1: 1, 2: 1}


OF_PARENTS = "/parents/{parent}/items"


def of_lengths() -> Any:
    # Discovery tells its total, so that it needs no further question.
    return resource(
        OF_PARENTS, path_parameters={"parent": parameter("/parents", data_path=".list")}
    )


def nested(lengths: list[int], *, cap: int = 1000) -> dict[str, Route]:
    """A list of items for each length, below a parent each."""
    routes: dict[str, Route] = {
        f"/parents/{number}/items": offsets(numbered(length), cap=cap)
        for number, length in enumerate(lengths)
    }
    routes["/parents"] = in_turn({"list": numbered(len(lengths)), "has_more": False})
    return routes


def asks(outcome: Outcome) -> dict[int, int]:
    """How often each parent's endpoint was asked."""
    parents = [int(path.split("/")[2]) for path in outcome.paths if path != "/parents"]
    return {parent: parents.count(parent) for parent in sorted(set(parents))}


@pytest.mark.contract("evidence.capped-page")
@pytest.mark.parametrize("server, settings", [(offsets, OFFSET), (pages, PAGE)])
async def test_a_short_first_page_is_followed_by_one_question(
    sync: Sync, server: Any, settings: Any
) -> None:
    outcome = await sync(settings, BARE, {"/items": server(numbered(2))})
    assert len(outcome.succeeded().asked) == 2
    assert outcome.ids() == [0, 1]


@pytest.mark.contract("evidence.capped-page")
async def test_only_a_longer_short_page_is_a_new_question(sync: Sync) -> None:
    settings = {**OFFSET, "pageSize": "100", "maxConcurrentRequests": "1"}
    outcome = await sync(settings, [of_lengths()], nested([5, 5, 3, 4, 9, 9, 1, 5, 9]))
    assert len(outcome.succeeded().items[OF_PARENTS]) == 50
    # 5 and 9 are new; of those as long as the longest, the first eight are asked about: a 5 and a
    # 9, and another 5 where it comes before the 9. Two workers may ask at once before either knows.
    assert sum(asks(outcome).values()) - 9 in range(2, 7)


@pytest.mark.contract("evidence.capped-size-learnt", "evidence.offset-by-received")
async def test_a_capped_page_size_is_learnt(sync: Sync) -> None:
    settings = {**OFFSET, "pageSize": "100"}
    outcome = await sync(settings, BARE, {"/items": offsets(numbered(8), cap=3)})
    # 3 items raise the question, which brings 3 more: the size is 3, and 2 are a short page.
    assert asked_offsets(outcome.succeeded()) == [0, 3, 6]
    assert outcome.ids() == list(range(8))


@pytest.mark.contract("evidence.capped-size-learnt")
async def test_a_learnt_page_size_holds_for_the_whole_resource(sync: Sync) -> None:
    settings = {**OFFSET, "pageSize": "100", "maxConcurrentRequests": "1"}
    lengths = [8, 8, 3, 2, 7, 3, 1]
    outcome = await sync(settings, [of_lengths()], nested(lengths, cap=3))
    assert len(outcome.succeeded().items[OF_PARENTS]) == sum(lengths)
    assert asks(outcome) == {n: length // 3 + 1 for n, length in enumerate(lengths)}


@pytest.mark.contract("evidence.capped-refused")
@pytest.mark.parametrize("status", [400, 404, 416, 422])
async def test_a_refused_question_means_no_more(sync: Sync, status: int) -> None:
    routes = {"/items": in_turn(numbered(2), reply({"message": "no such page"}, status))}
    outcome = await sync(OFFSET, BARE, routes)
    assert outcome.succeeded().ids() == [0, 1]
    assert asked_offsets(outcome) == [0, 2]


@pytest.mark.contract("evidence.capped-refused")
@pytest.mark.parametrize("status", [401, 403, 409, 500])
async def test_a_question_that_fails_otherwise_is_an_error(sync: Sync, status: int) -> None:
    routes = {"/items": in_turn(numbered(2), reply({"message": "boom"}, status))}
    outcome = await sync(OFFSET, BARE, routes, existing=["old"])
    outcome.failed(str(status), "boom")
    assert outcome.deleted == []


@pytest.mark.contract("evidence.capped-few")
async def test_questions_are_few(sync: Sync) -> None:
    endpoints = 60
    lengths = list(range(1, endpoints + 1))
    random.Random(7).shuffle(lengths)
    settings = {**OFFSET, "pageSize": "100", "maxConcurrentRequests": "1"}
    outcome = await sync(settings, [of_lengths()], nested(lengths))
    assert len(outcome.succeeded().items[OF_PARENTS]) == sum(lengths)
    questions = sum(asks(outcome).values()) - endpoints
    assert 1 <= questions <= 2 * math.log2(endpoints)


@pytest.mark.contract("evidence.beyond-end")
@pytest.mark.parametrize("status", [404, 416])
async def test_no_such_page_after_a_full_one_is_the_end(sync: Sync, status: int) -> None:
    routes = {"/items": in_turn(numbered(3), numbered(3, 3), reply({"m": "none"}, status))}
    outcome = await sync(PAGE, BARE, routes)
    assert outcome.succeeded().ids() == [0, 1, 2, 3, 4, 5]


@pytest.mark.contract("evidence.beyond-end")
@pytest.mark.parametrize("told", [{"total": 9}, {"hasMore": True}, {"totalPages": 3}], ids=str)
@pytest.mark.parametrize("status", [404, 416])
async def test_no_such_page_is_an_error_where_there_should_be_one(
    sync: Sync, told: Any, status: int
) -> None:
    routes = {"/items": in_turn(listed(3, **told), reply({"m": "none"}, status))}
    outcome = await sync(PAGE, LISTED, routes, existing=["old"])
    outcome.failed(str(status))
    assert outcome.deleted == []


@pytest.mark.contract("evidence.too-deep", "failure.keeps-what-was-read")
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("told", [{}, {"total": 9}, {"hasMore": True}], ids=str)
async def test_a_refused_page_is_too_deep(sync: Sync, status: int, told: Any) -> None:
    routes = {"/items": in_turn(listed(3, **told), reply({"m": "max window"}, status))}
    outcome = await sync(PAGE, LISTED, routes, existing=["old"])
    outcome.failed(str(status), "deep")
    assert outcome.identifiers == ["0", "1", "2"]
    assert outcome.deleted == []


@pytest.mark.contract("evidence.too-deep-complete")
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("told", [{"total": 6}, {"totalPages": 2}], ids=str)
async def test_a_refused_page_is_no_error_when_all_items_arrived(
    sync: Sync, status: int, told: Any
) -> None:
    bodies = [listed(3, **told), listed(3, 3, **told), reply({"m": "max window"}, status)]
    outcome = await sync(PAGE, LISTED, {"/items": in_turn(*bodies)})
    assert outcome.succeeded().ids() == [0, 1, 2, 3, 4, 5]


@pytest.mark.contract("evidence.offset-by-received")
async def test_offset_advances_by_what_was_received_not_by_what_was_kept(sync: Sync) -> None:
    data_path = ".list | map(select(.id % 2 == 0))"
    server = offsets(numbered(8), shape=lambda items, _: {"list": items})
    outcome = await sync(OFFSET, [resource("/items", data_path=data_path)], {"/items": server})
    assert asked_offsets(outcome.succeeded()) == [0, 3, 6]
    assert outcome.ids() == [0, 2, 4, 6]


@pytest.mark.contract("evidence.offset-by-received")
async def test_a_page_that_is_filtered_out_whole_is_not_empty(sync: Sync) -> None:
    data_path = ".list | map(select(.id > 3))"
    server = offsets(numbered(8), shape=lambda items, _: {"list": items})
    outcome = await sync(OFFSET, [resource("/items", data_path=data_path)], {"/items": server})
    assert outcome.succeeded().ids() == [4, 5, 6, 7]


@pytest.mark.contract("evidence.object-not-counted")
@pytest.mark.parametrize("settings", [{**OFFSET, "pageSize": "1"}, {**PAGE, "pageSize": "1"}])
@pytest.mark.parametrize("data_path", [".", ".data"])
async def test_one_object_is_not_paged_by_count(sync: Sync, settings: Any, data_path: str) -> None:
    one = {"id": 1}
    routes = {"/items": in_turn(one if data_path == "." else {"data": one})}
    outcome = await sync(settings, [resource("/items", data_path=data_path)], routes)
    assert outcome.succeeded().ids() == [1]


# --- Loops ----------------------------------------------------------------------------------------


@pytest.mark.contract("loop.cursor")
@pytest.mark.parametrize("back_to", ["a", "b"])
async def test_a_repeated_cursor_ends(sync: Sync, back_to: str) -> None:
    answers = {
        None: listed(3, next_cursor="a"),
        "a": listed(3, 3, next_cursor="b"),
        "b": listed(1, 6, next_cursor=back_to),
    }
    outcome = await sync(CURSOR, LISTED, {"/items": by_param("cursor", answers)})
    assert outcome.ids() == [0, 1, 2, 3, 4, 5, 6]
    assert len(outcome.asked) == 3


@pytest.mark.contract("loop.link")
@pytest.mark.parametrize("back_to", ["/items", "/items?p=2", "/items?p=3"])
async def test_a_repeated_link_ends(sync: Sync, back_to: str) -> None:
    answers = {
        None: reply(numbered(3), Link="</items?p=2>; rel=next"),
        "2": reply(numbered(3, 3), Link="</items?p=3>; rel=next"),
        "3": reply(numbered(1, 6), Link=f"<{back_to}>; rel=next"),
    }
    settings = {"paginationType": "header_link"}
    outcome = await sync(settings, BARE, {"/items": by_param("p", answers)})
    assert outcome.ids() == [0, 1, 2, 3, 4, 5, 6]
    assert len(outcome.asked) == 3


@pytest.mark.contract("loop.link")
async def test_a_repeated_next_link_ends(sync: Sync) -> None:
    bodies = [listed(3, next="/items?p=2"), listed(1, 3, next="/items?p=2")]
    settings = {"paginationType": "next_link", "nextLinkPath": "next"}
    outcome = await sync(settings, LISTED, {"/items": in_turn(*bodies)})
    assert outcome.ids() == [0, 1, 2, 3]


@pytest.mark.contract("loop.page")
@pytest.mark.parametrize("settings", [OFFSET, PAGE])
@pytest.mark.parametrize("stamp", [False, True])
async def test_the_same_short_page_ends(sync: Sync, settings: Any, stamp: bool) -> None:
    requests: list[httpx.Request] = []

    def same(request: httpx.Request) -> Any:
        requests.append(request)
        return listed(2, **({"took_ms": len(requests)} if stamp else {}))

    outcome = await sync(settings, LISTED, {"/items": same})
    assert outcome.succeeded().ids() == [0, 1]
    assert len(outcome.asked) == 2


@pytest.mark.contract("loop.doubt")
@pytest.mark.parametrize(
    "settings, named",
    [
        (OFFSET, "offset"),
        ({**OFFSET, "paginationParam": "skip"}, "skip"),
        (PAGE, "page"),
        ({**PAGE, "paginationParam": "p"}, "p"),
    ],
    ids=str,
)
async def test_the_same_full_page_is_an_error(sync: Sync, settings: Any, named: str) -> None:
    outcome = await sync(settings, BARE, {"/items": numbered(3)}, existing=["old"])
    outcome.failed(f"seems to ignore {named}", "paginationParam")
    assert outcome.ids() == [0, 1, 2]
    assert len(outcome.asked) == 2
    assert outcome.deleted == []


@pytest.mark.contract("loop.doubt")
async def test_the_same_page_under_ever_new_cursors_is_an_error(sync: Sync) -> None:
    bodies = [listed(2, next_cursor=cursor, has_more=True) for cursor in "abc"]
    outcome = await sync(CURSOR, LISTED, {"/items": in_turn(*bodies)}, existing=["old"])
    outcome.failed("seems to ignore cursor")
    assert len(outcome.asked) == 2
    assert outcome.deleted == []
