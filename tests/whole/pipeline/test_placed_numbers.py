"""Numbers of pages that stand in the path, in the text of a query, or in the list of a batch.

InfluxQL  https://docs.influxdata.com/influxdb/v1/query_language/explore-data/#the-limit-and-slimit-clauses
JSON-RPC  https://www.jsonrpc.org/specification#batch
"""

import json
import re
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import numbered, parameter, reply, resource

ALL = numbered(7)


def items(endpoint: str, pagination: Any, **selector: Any) -> Any:
    return resource("/items", endpoint=endpoint, pagination=pagination, **selector)


@pytest.mark.contract("pagination.placeholder")
@pytest.mark.parametrize("beyond", [404, 200])
async def test_a_page_number_in_the_path(sync: Sync, beyond: int) -> None:
    """Of each team, with a page after the last that is missing or empty."""
    asked: list[str] = []

    def things(team: str, number: int) -> Any:
        def answer(request: httpx.Request) -> Any:
            asked.append(f"{team}{number}")
            assert request.url.params["active"] == "true"
            found = [{"id": f"{team}{n}"} for n in range(5)][2 * number - 2 : 2 * number]
            return found if found or beyond == 200 else reply({}, beyond)

        return answer

    routes: dict[str, Any] = {"/teams": [{"id": "a"}, {"id": "b"}]}
    routes |= {
        f"/teams/{team}/things/page/{number}": things(team, number)
        for team in "ab"
        for number in range(1, 5)
    }
    selector = items(
        "/teams/{team}/things/page/{page}",
        {"type": "page", "in": "placeholder", "page_size": 2},
        query_params={"active": "true"},
        path_parameters={"team": parameter("/teams")},
    )
    outcome = await sync({}, [selector], routes, existing=["a0", "old"])
    assert sorted(outcome.succeeded().ids()) == [f"{t}{n}" for t in "ab" for n in range(5)]
    assert outcome.deleted == ["old"]
    assert set(asked) == {f"{team}{number}" for team in "ab" for number in (1, 2, 3)}


@pytest.mark.contract("pagination.placeholder")
@pytest.mark.parametrize("part", ["query_params", "body", "headers", "endpoint"])
async def test_offset_and_limit_in_the_text_of_a_query(sync: Sync, part: str) -> None:
    text = "SELECT * FROM cpu LIMIT {limit} OFFSET {offset}"
    chosen: dict[str, dict[str, Any]] = {
        "query_params": {"query_params": {"q": text}},
        "body": {"method": "POST", "body": text, "body_format": "text"},
        "headers": {"headers": {"X-Query": text}},
        "endpoint": {},
    }

    def query(request: httpx.Request) -> Any:
        told = request.content.decode() or request.headers.get("x-query") or request.url.params["q"]
        found = re.fullmatch(r"SELECT \* FROM cpu LIMIT (\d+) OFFSET (\d+)", told)
        assert found, told
        limit, offset = map(int, found.groups())
        assert limit == 3
        return {"series": ALL[offset : offset + limit]}

    endpoint = f"/query?q={text.replace(' ', '+')}" if part == "endpoint" else "/query"
    pagination = {"type": "offset", "in": "placeholder", "page_size": 3}
    selector = items(endpoint, pagination, data_path=".series", **chosen[part])
    outcome = await sync({}, [selector], {"/query": query}, existing=["old"])
    assert outcome.succeeded().ids() == list(range(7))
    assert outcome.deleted == ["old"]


@pytest.mark.contract("pagination.placeholder")
async def test_a_whole_text_of_a_json_body_is_the_number(sync: Sync) -> None:
    def search(request: httpx.Request) -> Any:
        asked = json.loads(request.content)
        assert asked["note"] == "{other}"
        return {"found": ALL[asked["from"] : asked["from"] + 3], "total": 7}

    body = {"from": "{offset}", "note": "{other}"}
    pagination = {"type": "offset", "in": "placeholder", "size_param": "", "page_size": 3}
    selector = items("/s", pagination, method="POST", body=body, data_path=".found")
    outcome = await sync({}, [selector], {"/s": search})
    assert outcome.succeeded().ids() == list(range(7))


@pytest.mark.contract("pagination.placeholder")
async def test_a_body_that_is_a_list(sync: Sync) -> None:
    """JSON-RPC: a batch of one call, with its answer in a list too."""

    def rpc(request: httpx.Request) -> Any:
        (call,) = json.loads(request.content)
        start = call["params"]["offset"]
        size = call["params"]["limit"]
        result = {"things": ALL[start : start + size], "total": 7}
        return [{"jsonrpc": "2.0", "id": 1, "result": result}]

    call = {"jsonrpc": "2.0", "id": 1, "method": "list", "params": {}}
    by_place = {"type": "offset", "in": "body", "param": "0.params.offset", "page_size": 3}
    by_place |= {"size_param": "0.params.limit", "total_path": "0.result.total"}
    by_name = {"type": "offset", "in": "placeholder", "page_size": 3}
    named = {**call, "params": {"offset": "{offset}", "limit": "{limit}"}}
    for pagination, body in ((by_place, [call]), (by_name, [named])):
        selector = items(
            "/rpc", pagination, method="POST", body=body, data_path=".[0].result.things"
        )
        outcome = await sync({}, [selector], {"/rpc": rpc}, existing=["old"])
        assert outcome.succeeded().ids() == list(range(7))
        assert outcome.deleted == ["old"]


@pytest.mark.contract("pagination.placeholder")
@pytest.mark.parametrize(
    "selector, said",
    [
        ({"pagination": {"type": "page", "in": "placeholder"}}, "{page} stands nowhere in"),
        (
            {"endpoint": "/x/{page}", "pagination": {"in": "placeholder", "size_param": "rows"}},
            "pagination: {rows} stands nowhere in",
        ),
        (
            {"pagination": {"type": "cursor", "in": "placeholder", "param": "after"}},
            "pagination.in: placeholder is for numbers, of the types offset, page",
        ),
        (
            {
                "endpoint": "/teams/{team}",
                "path_parameters": {"team": parameter("/teams")},
                "pagination": {"type": "page", "in": "placeholder", "param": "team"},
            },
            "{team} is a path parameter",
        ),
        (
            {
                "endpoint": "/x/{page}",
                "pagination": {"type": "page", "in": "placeholder", "size_in": "body"},
            },
            "in and size_in cannot be placeholder and body",
        ),
        ({"endpoint": "/x/{page}"}, "/x/{page} has {page}, but path_parameters has none"),
    ],
)
async def test_a_placeholder_that_cannot_be_filled_is_refused(
    sync: Sync, selector: Any, said: str
) -> None:
    outcome = await sync({"paginationType": "page"}, [resource("/items", **selector)], {})
    outcome.failed(said)
