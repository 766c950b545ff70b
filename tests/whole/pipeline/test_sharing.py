"""Identical calls of one resync go to the API once."""

from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import in_turn, numbered, parameter, pipeline, reply, resource

PAGED = {"paginationType": "page", "pageSize": "2"}


def pages(request: httpx.Request) -> Any:
    """Three items in pages of two."""
    return [numbered(2), numbered(1, 2)][int(request.url.params["page"]) - 1]


def twice(**selector: Any) -> list[Any]:
    """Two resources that ask for the same; only what Ocean makes of the items differs."""
    mapping = {"blueprint": '"other"'}
    return [
        resource("first", endpoint="/items", **selector),
        resource("second", endpoint="/items", mapping=mapping, **selector),
    ]


@pytest.mark.contract("sharing.once", "sharing.all-askers")
@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"query_params": {"b": "2", "a": ["1", "2"]}},
        {"method": "POST", "body": {"x": [1, 2]}, "headers": {"X-A": "1"}},
    ],
    ids=str,
)
async def test_equal_calls_are_made_once(sync: Sync, selector: Any) -> None:
    outcome = await sync(PAGED, twice(**selector), {"/items": pages})
    assert [query["page"] for query in outcome.succeeded().queries()] == ["1", "2"]
    assert outcome.ids("first") == outcome.ids("second") == [0, 1, 2]
    assert len(outcome.identifiers) == 6


@pytest.mark.contract("sharing.once")
async def test_the_order_of_keys_makes_no_difference(sync: Sync) -> None:
    first = resource("/items", method="POST", body={"a": 1, "b": 2}, headers={"X-A": "1"})
    second = resource("/items", method="POST", body={"b": 2, "a": 1}, headers={"X-A": "1"})
    outcome = await sync({}, [first, second], {"/items": numbered(1)})
    assert len(outcome.succeeded().asked) == 1


@pytest.mark.contract("sharing.once", "sharing.all-askers")
async def test_discovery_shares_with_resources_and_other_discoveries(sync: Sync) -> None:
    of_items = {"item": parameter("/items")}
    resources = [
        resource("/items"),
        resource("/items/{item}/a", path_parameters=of_items),
        resource("/items/{item}/b", path_parameters=of_items),
    ]
    nested = {f"/items/{number}/{name}": [{"id": name}] for number in range(3) for name in "ab"}
    outcome = await sync(PAGED, resources, {"/items": pages, **nested})
    assert len(outcome.succeeded().queries("/items")) == 2
    assert outcome.items["/items"] == numbered(3)
    for name in "ab":
        marks = [item["__item"] for item in outcome.items[f"/items/{{item}}/{name}"]]
        assert sorted(marks) == ["0", "1", "2"]


@pytest.mark.contract("sharing.all-askers", "items.as-sent")
async def test_data_paths_of_one_shared_call_may_differ(sync: Sync) -> None:
    resources = [
        resource("users", endpoint="/items", data_path=".users"),
        resource("teams", endpoint="/items", data_path=".teams"),
    ]
    outcome = await sync({}, resources, {"/items": {"users": numbered(1), "teams": numbered(2)}})
    assert len(outcome.succeeded().asked) == 1
    assert (outcome.ids("users"), outcome.ids("teams")) == ([0], [0, 1])


@pytest.mark.contract("sharing.differs")
@pytest.mark.parametrize(
    "first, second",
    [
        ({"endpoint": "/items"}, {"endpoint": "/other"}),
        ({"method": "GET"}, {"method": "POST"}),
        ({"query_params": {"a": "1"}}, {"query_params": {"a": "2"}}),
        ({"query_params": {"a": "1"}}, {}),
        ({"headers": {"Accept": "text/a"}}, {"headers": {"Accept": "text/b"}}),
        ({"method": "POST", "body": {"a": 1}}, {"method": "POST", "body": {"a": 2}}),
        ({"method": "POST", "body": {"a": 1}}, {"method": "POST", "body": {"a": True}}),
        ({"method": "POST", "body": [1, 2]}, {"method": "POST", "body": [2, 1]}),
        ({"method": "POST", "body": {}}, {"method": "POST"}),
    ],
    ids=str,
)
async def test_calls_that_differ_are_not_shared(sync: Sync, first: Any, second: Any) -> None:
    # Each is asked for twice, so that both go through what shares.
    selectors = [first, first, second, second]
    resources = [resource("x", **{"endpoint": "/items", **selector}) for selector in selectors]
    routes = {"/items": in_turn([{"id": "1st"}], [{"id": "2nd"}]), "/other": [{"id": "2nd"}]}
    outcome = await sync({}, resources, routes)
    assert len(outcome.succeeded().asked) == 2
    assert outcome.ids("x") == ["1st", "1st", "2nd", "2nd"]


@pytest.mark.contract("sharing.next-resync")
async def test_the_next_resync_asks_anew() -> None:
    routes = {"/items": in_turn(numbered(1), numbered(2))}
    async with pipeline({}, twice(), routes) as booted:
        before, after = await booted.resync(), await booted.resync()
    assert (before.ids("first"), before.ids("second")) == ([0], [0])
    assert (after.ids("first"), after.ids("second")) == ([0, 1], [0, 1])
    assert len(before.succeeded().asked) == len(after.succeeded().asked) == 1


@pytest.mark.contract("sharing.next-resync")
async def test_a_failed_resync_leaves_nothing_to_the_next() -> None:
    answers = in_turn(reply(status=500), reply(status=500), numbered(1))
    async with pipeline({}, twice(), {"/items": answers}) as booted:
        (await booted.resync()).failed()
        after = await booted.resync()
    assert (after.succeeded().ids("first"), after.ids("second")) == ([0], [0])


@pytest.mark.contract("sharing.failure-shared", "failure.no-deletes")
async def test_a_shared_call_that_fails_fails_all_who_ask(sync: Sync) -> None:
    routes = {"/items": reply({"message": "boom"}, 500)}
    outcome = await sync({}, twice(), routes, existing=["old"])
    outcome.failed("first was not read completely", "second was not read completely")
    assert outcome.deleted == []


@pytest.mark.contract("sharing.complete-only")
async def test_what_was_shared_only_in_part_is_not_used(sync: Sync) -> None:
    second_page = in_turn(reply(status=500), numbered(1, 2))

    def paged(request: httpx.Request) -> Any:
        return numbered(2) if request.url.params["page"] == "1" else second_page(request)

    outcome = await sync(PAGED, twice(), {"/items": paged})
    outcome.failed("first was not read completely")
    assert outcome.ids("first") == [0, 1]
    assert outcome.ids("second") == [0, 1, 2]
