"""Formats, filtered and reshaped items through a whole resync: what reaches Ocean and Port."""

import csv
import io
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import in_turn, numbered, parameter, reply, resource


def csv_reply(*records: dict[str, Any]) -> httpx.Response:
    file = io.StringIO()
    writer = csv.DictWriter(file, ["id", "n"])
    writer.writeheader()
    writer.writerows(records)
    return reply(text=file.getvalue(), content_type="text/csv")


async def test_a_filtered_page_is_no_empty_page(sync: Sync) -> None:
    pages = in_turn(numbered(5), numbered(5, 5), numbered(5, 10), numbered(2, 15))
    items = resource("/items", items_filter=".id >= 10")
    settings = {"pagination_type": "offset", "page_size": "5"}
    outcome = await sync(settings, [items], {"/items": pages})
    assert outcome.succeeded().items["/items"] == numbered(7, 10)


async def test_nothing_that_passes_is_no_unmatched_data_path(sync: Sync) -> None:
    items = resource("/items", data_path=".data", items_filter="false")
    outcome = await sync({}, [items], {"/items": {"data": numbered(3)}})
    assert outcome.succeeded().items.get("/items", []) == []


async def test_a_filter_that_decides_on_no_item_deletes_nothing(sync: Sync) -> None:
    """One equals sign sets a value; what comes out is never exactly true."""
    answers = {"/items": [{"id": 1, "state": "open"}, {"id": 2, "state": "closed"}]}
    wrong = resource("/items", items_filter='.state = "open"')
    outcome = await sync({}, [wrong], answers, existing=["1", "2"])
    outcome.failed("items_filter gives neither true nor false for any of 2 items", "==")
    assert outcome.deleted == []


@pytest.mark.parametrize("items_filter", [".missing", ".state"])
async def test_a_filter_that_decides_on_some_items_or_says_nothing(
    sync: Sync, items_filter: str
) -> None:
    answers = {"/items": [{"id": 1, "state": False}, {"id": 2, "state": "closed"}]}
    outcome = await sync({}, [resource("/items", items_filter=items_filter)], answers)
    assert outcome.succeeded().items.get("/items", []) == []


async def test_emitted_items_carry_the_values_of_their_path(sync: Sync) -> None:
    nested = resource(
        "/teams/{team}/users",
        path_parameters={"team": parameter("/teams")},
        emit='.roles[] as $role | {id: "\\(.id)-\\($role)"}',
    )
    routes = {
        "/teams": [{"id": "a"}, {"id": "b"}],
        "/teams/a/users": [{"id": 1, "roles": ["x", "y"]}],
        "/teams/b/users": [{"id": 2, "roles": []}, {"id": 3, "roles": ["z"]}],
    }
    outcome = await sync({}, [nested], routes)
    found = outcome.succeeded().items["/teams/{team}/users"]
    assert sorted((item["id"], item["__team"]) for item in found) == [
        ("1-x", "a"),
        ("1-y", "a"),
        ("3-z", "b"),
    ]


@pytest.mark.parametrize("field", ["items_filter", "emit"])
async def test_an_item_on_which_it_fails_fails_the_resource(sync: Sync, field: str) -> None:
    expression = {"items_filter": ".name.first == 1", "emit": ".name | {first: .first}"}[field]
    broken = resource("/items", **{field: expression})
    body = [{"id": 1, "name": {"first": 1}}, {"id": 2, "name": "x"}]
    outcome = await sync({}, [broken], {"/items": body})
    outcome.failed(f"{field} cannot be used on an item that has id, name")


async def test_csv_pages_by_offset(sync: Sync) -> None:
    items = numbered(12)
    records = [{"id": str(item["id"]), "n": "x"} for item in items]

    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        return csv_reply(*records[offset : offset + 5])

    settings = {"pagination_type": "offset", "page_size": "5"}
    outcome = await sync(settings, [resource("/items")], {"/items": answer})
    assert outcome.succeeded().items["/items"] == records


async def test_xml_pages_by_number_with_a_single_element_at_the_end(sync: Sync) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        left = range(3 * page - 3, min(3 * page, 7))
        text = "".join(f"<item id='{number}'/>" for number in left)
        return reply(text=f"<list>{text}</list>", content_type="application/xml")

    listed = resource("/items", data_path=".list.item", mapping={"identifier": '."@id"'})
    settings = {"pagination_type": "page", "page_size": "3"}
    outcome = await sync(settings, [listed], {"/items": answer})
    assert [item["@id"] for item in outcome.succeeded().items["/items"]] == list("0123456")


async def test_discovery_may_be_a_csv(sync: Sync) -> None:
    nested = resource(
        "/teams/{team}/users",
        path_parameters={"team": parameter("/teams", response_format="csv")},
    )
    routes = {
        "/teams": reply(text="id;n\n", content_type="text/plain"),
        "/teams/1/users": [{"id": 5}],
    }
    outcome = await sync({}, [nested], routes)
    outcome.failed("may be no CSV")
    routes["/teams"] = csv_reply({"id": "1", "n": "x"})
    outcome = await sync({}, [nested], routes)
    assert outcome.succeeded().items["/teams/{team}/users"] == [{"id": 5, "__team": "1"}]


async def test_an_empty_body_may_be_allowed(sync: Sync) -> None:
    body = reply(text="", content_type="application/x-ndjson")
    strict = resource("/items", response_format="jsonl")
    (await sync({}, [strict], {"/items": body})).failed("200 with an empty body")
    rules = [{"when": '.body == ""', "then": "skip"}]
    allowed = resource("/items", response_format="jsonl", on_error=rules)
    outcome = await sync({}, [allowed], {"/items": reply(text="", content_type="text/plain")})
    assert outcome.succeeded().items.get("/items", []) == []


@pytest.mark.contract("failure.resource-fails")
async def test_a_page_to_sign_in_deletes_nothing(sync: Sync) -> None:
    page = reply(text="<html><body>Sign in, please</body></html>", content_type="text/html")
    outcome = await sync({}, [resource("/items", response_format="csv")], {"/items": page})
    outcome.failed("no CSV but HTML")
