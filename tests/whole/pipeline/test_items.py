"""From a body to raw items: data_path, what counts as empty, and what is an error."""

from typing import Any

import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import in_turn, numbered, parameter, reply, resource

TWO = [{"id": 1}, {"id": 2}]
NESTED = "/teams/{team}/users"
OF_TEAMS = {"team": parameter("/teams")}


@pytest.mark.contract("data-path.top-level-array")
async def test_a_top_level_array_is_the_list_of_items(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items")], {"/items": TWO})
    assert outcome.succeeded().items["/items"] == TWO


@pytest.mark.contract("data-path.top-level-object")
async def test_a_top_level_object_is_one_item(sync: Sync) -> None:
    one = {"id": 1, "items": TWO}
    outcome = await sync({}, [resource("/items")], {"/items": one})
    assert outcome.succeeded().items["/items"] == [one]


@pytest.mark.contract("data-path.array", "data-path.every-output")
@pytest.mark.parametrize(
    "data_path, body",
    [
        (".data", {"data": TWO}),
        (".data[]", {"data": TWO}),
        (".data.users", {"data": {"users": TWO}}),
        ('.["odd key"]', {"odd key": TWO}),
        (".[]", TWO),
        (".groups[].users", {"groups": [{"users": [{"id": 1}]}, {"users": [{"id": 2}]}]}),
        (".groups[].users[]", {"groups": [{"users": [{"id": 1}]}, {"users": [{"id": 2}]}]}),
        (".a + .b", {"a": [{"id": 1}], "b": [{"id": 2}]}),
        (".a[], .b[]", {"a": [{"id": 1}], "b": [{"id": 2}]}),
        (".by_id[]", {"by_id": {"x": {"id": 1}, "y": {"id": 2}}}),
        (".data | map(select(.id < 3))", {"data": [*TWO, {"id": 3}]}),
        (".data[0]", {"data": [TWO]}),
    ],
)
async def test_arrays_give_their_elements(sync: Sync, data_path: str, body: Any) -> None:
    outcome = await sync({}, [resource("/items", data_path=data_path)], {"/items": body})
    assert outcome.succeeded().items["/items"] == TWO


@pytest.mark.contract("data-path.object")
@pytest.mark.parametrize("data_path", [".data", ".data | .", ".list[0]"])
async def test_an_object_is_one_item(sync: Sync, data_path: str) -> None:
    body = {"data": {"id": 1}, "list": [{"id": 1}]}
    outcome = await sync({}, [resource("/items", data_path=data_path)], {"/items": body})
    assert outcome.succeeded().items["/items"] == [{"id": 1}]


@pytest.mark.contract("data-path.null", "body.null-is-empty")
@pytest.mark.parametrize("data_path", [".users", ".users[]", ".users | map(.)"])
async def test_null_gives_nothing(sync: Sync, data_path: str) -> None:
    routes = {"/items": {"users": None, "next": None}}
    outcome = await sync({}, [resource("/items", data_path=data_path)], routes)
    assert outcome.succeeded().items["/items"] == []


@pytest.mark.parametrize(
    "item, kind",
    [
        ("text", "a text"),
        (5, "a number"),
        (True, "true or false"),
        (["a"], "a list"),
        (None, "null"),
    ],
)
async def test_an_item_must_be_an_object(sync: Sync, item: Any, kind: str) -> None:
    outcome = await sync({}, [resource("/items")], {"/items": [item]})
    outcome.failed("/items", f"data_path gives {kind} where an item must be an object")


@pytest.mark.contract("body.no-content")
@pytest.mark.parametrize("data_path", [".", ".users", ".users[]"])
async def test_204_is_empty(sync: Sync, data_path: str) -> None:
    routes = {"/items": reply(status=204, text="")}
    outcome = await sync({}, [resource("/items", data_path=data_path)], routes, existing=["old"])
    assert outcome.succeeded().items["/items"] == []
    assert outcome.deleted == ["old"]


@pytest.mark.contract("body.empty")
@pytest.mark.parametrize("text", ["", " \n"])
async def test_200_without_a_body_is_an_error(sync: Sync, text: str) -> None:
    routes = {"/items": reply(text=text)}
    outcome = await sync({}, [resource("/items")], routes, existing=["old"])
    outcome.failed("/items", "empty body")
    assert outcome.deleted == []


@pytest.mark.contract("body.not-json")
@pytest.mark.parametrize("text", ["<html>Sign in</html>", '[{"id": 1}', "OK", '{"id": 1} x'])
async def test_200_with_something_else_is_an_error(sync: Sync, text: str) -> None:
    routes = {"/items": reply(text=text, content_type="text/html")}
    outcome = await sync({}, [resource("/items")], routes, existing=["old"])
    outcome.failed("/items", "not JSON", text)
    assert outcome.deleted == []


@pytest.mark.contract("body.undecodable")
@pytest.mark.parametrize(
    "content, content_type",
    [
        (b'[{"id": "\xff\xfe"}]', "application/json"),
        (b'[{"id": 1}] ', "application/json; charset=utf-16"),
        (b'[{"id": 1}]', "application/json; charset=klingon"),
    ],
)
async def test_200_that_cannot_be_decoded_is_an_error(
    sync: Sync, content: bytes, content_type: str
) -> None:
    routes = {"/items": reply(text=content, content_type=content_type)}
    outcome = await sync({}, [resource("/items")], routes, existing=["old"])
    outcome.failed("/items")
    assert outcome.deleted == []


@pytest.mark.contract("body.looks-like-error")
@pytest.mark.parametrize(
    "body",
    [
        {"error": "missing_scope"},
        {"errors": [{"message": "missing_scope"}]},
        {"ok": False, "reason": "missing_scope"},
        {"success": False, "reason": "missing_scope"},
        {"Success": "false", "users": [], "meta": {"message": "missing_scope"}},
        {"code": 50011, "msg": "missing_scope"},
        {"code": 403, "msg": "missing_scope", "users": []},
        {"code": 401, "msg": "missing_scope", "users": None},
        {"error_code": "E1", "error_info": "missing_scope", "users": []},
        {"status": "error", "message": "missing_scope"},
    ],
    ids=str,
)
async def test_a_success_that_says_error_is_an_error(sync: Sync, body: Any) -> None:
    nested = resource(NESTED, data_path=".users", path_parameters=OF_TEAMS)
    routes = {"/teams": numbered(2), "/teams/0/users": {"users": TWO}, "/teams/1/users": body}
    outcome = await sync({}, [nested], routes, existing=["old"])
    outcome.failed("/teams/1/users", "missing_scope")
    assert outcome.ids(NESTED) == [1, 2]
    assert outcome.deleted == []


@pytest.mark.contract("body.looks-like-error")
@pytest.mark.parametrize(
    "beside",
    [
        {"error": None, "ok": True},
        {"errors": [], "success": True},
        {"code": 0, "msg": "success"},
        {"code": "LHR", "description": "Heathrow"},
        {"result": "FAILURE"},
        {"message": "Nothing here yet"},
    ],
)
async def test_markers_that_say_success_are_no_error(sync: Sync, beside: Any) -> None:
    routes = {"/items": {"users": [], **beside}}
    outcome = await sync({}, [resource("/items", data_path=".users")], routes)
    assert outcome.succeeded().items["/items"] == []


@pytest.mark.contract("body.looks-like-error")
async def test_items_beside_an_error_field_are_items(sync: Sync) -> None:
    routes = {"/items": {"users": TWO, "errors": ["one of many"]}}
    outcome = await sync({}, [resource("/items", data_path=".users")], routes)
    assert outcome.succeeded().ids() == [1, 2]


@pytest.mark.contract("body.looks-like-error", "messages.heard")
async def test_a_message_in_place_of_a_later_page_is_an_error(sync: Sync) -> None:
    settings = {"paginationType": "page", "pageSize": "2"}
    said = {"code": 50011, "msg": "Too Many Requests"}
    for data_path, wrap in ((".users", lambda items: {"users": items}), (".", lambda items: items)):
        pages = in_turn(wrap(TWO), wrap([{"id": 3}, {"id": 4}]), said, wrap([{"id": 5}]))
        items = resource("/items", data_path=data_path)
        outcome = await sync(settings, [items], {"/items": pages}, existing=["5"])
        outcome.failed("/items", "Too Many Requests")
        assert outcome.ids() == [1, 2, 3, 4]
        assert outcome.deleted == []


@pytest.mark.contract("body.null-above")
async def test_a_null_above_the_list_deletes_nothing(sync: Sync) -> None:
    path = ".data.group.projects.nodes"
    routes = {"/items": {"data": {"group": None}}}
    outcome = await sync({}, [resource("/items", data_path=path)], routes, existing=["old"])
    outcome.failed("data_path .data.group.projects.nodes matches nothing", "data.group")
    assert outcome.deleted == []


@pytest.mark.contract("body.no-match-anywhere")
@pytest.mark.parametrize("data_path", [".users", ".users[]", ".meta.users"])
async def test_a_data_path_that_never_matches_is_an_error(sync: Sync, data_path: str) -> None:
    routes = {"/items": {"people": [], "meta": {"count": 0}}}
    existing = ["old"]
    outcome = await sync({}, [resource("/items", data_path=data_path)], routes, existing)
    outcome.failed(data_path, "people", "meta.count", f"`{data_path} // []`")
    assert outcome.deleted == []


@pytest.mark.contract("body.no-match-somewhere")
async def test_a_data_path_that_matches_elsewhere_counts_as_empty(sync: Sync) -> None:
    nested = resource(NESTED, data_path=".users", path_parameters=OF_TEAMS)
    routes = {"/teams": numbered(2), "/teams/0/users": {"count": 0}}
    routes["/teams/1/users"] = {"count": 2, "users": TWO}
    outcome = await sync({}, [nested], routes)
    assert outcome.succeeded().ids(NESTED) == [1, 2]


@pytest.mark.contract("body.lacks-list")
@pytest.mark.parametrize("order", [1, -1])
async def test_no_list_among_other_keys_is_an_error(sync: Sync, order: int) -> None:
    nested = resource(NESTED, data_path=".users", path_parameters=OF_TEAMS)
    odd = {"maintenance": True, "detail": "back at noon"}
    bodies = [{"count": 2, "users": TWO}, odd][::order]
    routes = {f"/teams/{number}/users": body for number, body in enumerate(bodies)}
    outcome = await sync({}, [nested], {"/teams": numbered(2), **routes}, existing=["old"])
    outcome.failed("data_path .users matches nothing", "detail, maintenance", "back at noon")
    assert outcome.ids(NESTED) == [1, 2]
    assert outcome.deleted == []


@pytest.mark.contract("body.no-match-allowed")
@pytest.mark.parametrize("data_path", [".users // []", "(.users // [])[]", ".users[]? // empty"])
async def test_an_alternative_allows_no_match(sync: Sync, data_path: str) -> None:
    routes = {"/items": {"count": 0}}
    outcome = await sync({}, [resource("/items", data_path=data_path)], routes)
    assert outcome.succeeded().items["/items"] == []


@pytest.mark.contract("items.as-sent")
async def test_items_arrive_as_sent(sync: Sync) -> None:
    item = {
        "id": "é/ü \u2028 \U0001f600",
        "nested": {"list": [1, [2.5, None, {"a": []}]], "empty": {}},
        "number": -0.125,
        "large": 2**53,
        "small": -(2**53),
        "yes": True,
        "no": False,
        "nothing": None,
        "text": "  0012 ",
        "@odata.etag": "W/x",
    }
    mapping = {"identifier": '"one"', "properties": {"raw": "."}}
    outcome = await sync({}, [resource("/items", mapping=mapping)], {"/items": [item]})
    assert outcome.succeeded().items["/items"] == [item]
    (entity,) = outcome.result.upserted_entities
    assert entity["properties"]["raw"] == item


@pytest.mark.contract("items.large-integers")
@pytest.mark.parametrize("data_path", [".", ".[]", "map(.)"])
async def test_large_integers_are_exact_strings(sync: Sync, data_path: str) -> None:
    large = [2**53 + 1, 2**53 + 2, 2**64 + 1, -(2**53) - 1, 10**40 + 1]
    routes = {"/items": [{"id": number, "deep": {"ids": [number]}} for number in large]}
    outcome = await sync({}, [resource("/items", data_path=data_path)], routes)
    texts = [str(number) for number in large]
    assert outcome.succeeded().identifiers == texts
    assert [item["deep"]["ids"] for item in outcome.items["/items"]] == [[text] for text in texts]
