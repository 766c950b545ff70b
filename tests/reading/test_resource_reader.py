"""From a resource to batches: sizes, failures told together, nothing that hangs or stays behind."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import ResourceError, StatusError
from expressions.item_expressions import ItemExpression
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import ErrorRule
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from reading import batching
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings

BASE = "https://api.test"
TEAMS = Endpoint("/teams")
OF_TEAMS = {"team": ItemExpression(".id", "field")}
PARAMETER = PathParameter("team", OF_TEAMS, TEAMS)
PLAIN = ResourcePlan("/things", Endpoint("/things"))
NESTED = ResourcePlan("/teams/{team}/things", Endpoint("/teams/{team}/things"), (PARAMETER,))

type Route = Callable[[ApiRequest], Any]


class Api:
    """Stands for an ApiClient: answers from `route`, which gives a body, a status or an error."""

    def __init__(self, route: Route, headers: dict[str, str] | None = None) -> None:
        self.redactor = self
        self.headers = httpx.Headers(headers)
        self.asked: list[str] = []
        self._route = route

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.asked.append(request.url.raw_path.decode())
        await asyncio.sleep(0)
        found = self._route(request)
        if asyncio.iscoroutine(found):
            found = await found
        if isinstance(found, BaseException):
            raise found
        if isinstance(found, int):
            place = self.describe(request)
            raise StatusError(found, f"the API answered {found}", endpoint=place, said="no")
        content = json.dumps(found).encode()
        return ApiResponse(request.url, 200, self.headers, content)

    def describe(self, request: ApiRequest) -> str:
        return f"{request.method} {request.url}"

    def excerpt(self, content: bytes) -> str:
        return content[:300].decode()

    def url(self, url: httpx.URL) -> str:
        return str(url)


def session(api: Api, *plans: ResourcePlan, **config: Any) -> Session:
    settings = ConnectionSettings.parse({"base_url": BASE, **config})
    return Session(cast("ApiClient", api), settings, plans)


def reader(api: Api, plan: ResourcePlan, **config: Any) -> ResourceReader:
    return ResourceReader(plan, session(api, plan, **config))


async def batches_of(
    api: Api, plan: ResourcePlan = PLAIN, **config: Any
) -> tuple[list[list[dict[str, Any]]], str]:
    """All batches, and the error at the end if there is one."""
    found: list[list[dict[str, Any]]] = []
    try:
        async with (
            asyncio.timeout(10),
            aclosing(cast("Any", reader(api, plan, **config).batches())) as all_,
        ):
            async for batch in all_:
                found.append(batch)
    except ResourceError as error:
        return found, str(error)
    return found, ""


def teams(count: int, things: Callable[[int], Any]) -> Route:
    """An API with so many teams; `things` gives what each of their endpoints answers."""

    def route(request: ApiRequest) -> Any:
        parts = request.url.path.split("/")
        if len(parts) == 2:
            return [{"id": number} for number in range(count)]
        return things(int(parts[2]))

    return route


async def settled(before: set[asyncio.Task[Any]]) -> None:
    """The tasks of before are the only ones left, once generators were given up."""
    for _ in range(20):
        gc.collect()
        await asyncio.sleep(0.005)
        if asyncio.all_tasks() == before:
            return
    raise AssertionError(asyncio.all_tasks() - before)


def thing(number: int) -> dict[str, Any]:
    return {"id": number}


@pytest.mark.contract("path-parameter.mark")
@settings(deadline=None, max_examples=30)
@given(lengths=st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_batches_suit_ocean_and_hold_every_item(lengths: list[int]) -> None:
    api = Api(teams(len(lengths), lambda n: [{"id": i, "n": n} for i in range(lengths[n])]))
    found, error = asyncio.run(batches_of(api, NESTED))
    assert not error
    assert all(200 <= len(batch) <= batching.LARGEST_BATCH for batch in found[:-1])
    assert all(0 < len(batch) <= batching.LARGEST_BATCH for batch in found)
    items = [(item["n"], item["id"]) for batch in found for item in batch]
    assert sorted(items) == [(n, i) for n, length in enumerate(lengths) for i in range(length)]
    assert all(item["__team"] == str(item["n"]) for batch in found for item in batch)


@pytest.mark.contract("failure.resource-fails")
@pytest.mark.contract("failure.keeps-what-was-read")
@pytest.mark.contract("failure.others-run")
async def test_failures_alike_are_one_line_with_a_count_and_three_examples() -> None:
    api = Api(teams(30, lambda n: [thing(n)] if n >= 10 else 500))
    found, error = await batches_of(api, NESTED)
    assert sorted(item["id"] for batch in found for item in batch) == list(range(10, 30))
    (line,) = [line for line in error.splitlines() if "500" in line]
    assert "10 times the API answered 500: no" in line
    assert line.count("GET https://api.test/teams/") == 3
    assert line.endswith("; and 7 more")


async def test_failures_that_differ_are_told_apart() -> None:
    codes = [500, 500, 403, 404]
    found, error = await batches_of(Api(teams(4, lambda n: codes[n])), NESTED)
    assert not found
    assert len(error.splitlines()) == 3
    assert "2 times the API answered 500" in error
    assert "404" not in error


@pytest.mark.contract("failure.nested-gone")
@pytest.mark.parametrize("status", [404, 410])
async def test_gone_parents_count_as_empty(status: int) -> None:
    found, error = await batches_of(Api(teams(5, lambda n: status if n else [thing(n)])), NESTED)
    assert not error
    assert [[item["id"] for item in batch] for batch in found] == [[0]]


@pytest.mark.parametrize("count", [1, 2, 3, 20])
async def test_all_parents_gone_is_an_error_from_three_on(count: int) -> None:
    _, error = await batches_of(Api(teams(count, lambda n: 404)), NESTED)
    assert (f"all {count} nested endpoints" in error) is (count >= 3)


@pytest.mark.contract("failure.not-found")
@pytest.mark.parametrize("status", [404, 410])
async def test_a_resource_that_is_not_nested_is_never_gone(status: int) -> None:
    _, error = await batches_of(Api(lambda request: status))
    assert f"the API answered {status}" in error


@pytest.mark.contract("failure.nested-gone")
@pytest.mark.parametrize("status", [404, 410])
async def test_an_endpoint_that_vanishes_after_a_page_is_not_gone(status: int) -> None:
    """Also when nothing of that page passed a filter in data_path."""

    def things(request: ApiRequest) -> Any:
        if request.url.path == "/teams":
            return {"items": [thing(1)], "hasMore": False}
        if request.url.params["page"] == "1":
            return {"items": [thing(1)], "hasMore": True}
        return status

    data_path = DataPath(".items | map(select(.id > 5))")
    parameter = PathParameter("team", OF_TEAMS, Endpoint("/teams", data_path=DataPath(".items")))
    plan = ResourcePlan("x", Endpoint("/teams/{team}/things", data_path=data_path), (parameter,))
    _, error = await batches_of(Api(things), plan, pagination_type="page")
    assert str(status) in error


@pytest.mark.contract("failure.discovery")
async def test_a_discovery_that_fails_fails_the_resource() -> None:
    found, error = await batches_of(Api(lambda request: 500), NESTED)
    assert not found
    assert "GET https://api.test/teams: the API answered 500" in error


@pytest.mark.contract("paths.dot-segments")
async def test_a_value_that_is_refused_fails_the_resource_and_reads_the_others() -> None:
    def route(request: ApiRequest) -> Any:
        return [{"id": ".."}, {"id": "a"}] if request.url.path == "/teams" else [thing(1)]

    found, error = await batches_of(Api(route), NESTED)
    assert [item["__team"] for batch in found for item in batch] == ["a"]
    assert "GET /teams/{team}/things" in error


@pytest.mark.parametrize(
    "value, said",
    [("a" * 70_000, "has 70000 characters"), ("é" * 60_000, "makes no usable URL")],
    ids=["long", "longer when encoded"],
)
async def test_a_value_that_makes_no_url_leaves_the_others_alone(value: str, said: str) -> None:
    def route(request: ApiRequest) -> Any:
        return [{"id": value}, {"id": "a"}] if request.url.path == "/teams" else [thing(1)]

    found, error = await batches_of(Api(route), NESTED)
    assert [item["__team"] for batch in found for item in batch] == ["a"]
    assert said in error


@pytest.mark.parametrize("item", ["text", 7, True, ["list"]])
async def test_items_that_are_no_objects_are_an_error(item: Any) -> None:
    found, error = await batches_of(Api(lambda request: [item]))
    assert not found
    assert "where an item must be an object" in error


@pytest.mark.contract("on-error.without-items")
@pytest.mark.parametrize(
    "second, is_error",
    [({"items": []}, False), ({"items": [], "code": 7, "msg": "Too many"}, True)],
    ids=["empty", "message"],
)
async def test_no_items_are_an_answer_to_our_own_question_and_a_message_is_none(
    second: Any, is_error: bool
) -> None:
    def route(request: ApiRequest) -> Any:
        first = request.url.params["page"] == "1"
        return {"items": [thing(1), thing(2)], "code": 0} if first else second

    rule = ErrorRule.parse(".status == 200", "fail", "on_error.0")
    endpoint = Endpoint("/things", data_path=DataPath(".items"))
    api = Api(route)
    for rules in ((), (rule,)):
        plan = ResourcePlan("x", endpoint, (), rules)
        found, error = await batches_of(api, plan, pagination_type="page", page_size="9")
        assert [item["id"] for batch in found for item in batch] == [1, 2]
        assert bool(error) is is_error
    assert len(api.asked) == 4


@pytest.mark.contract("items.odd-ones")
async def test_items_beside_one_that_is_no_object_are_kept() -> None:
    def route(request: ApiRequest) -> Any:
        if request.url.path == "/teams":
            return [thing(1), thing(2)]
        number = request.url.params["page"]
        return {
            "items": [thing(1), None, thing(2)] if number == "1" else [thing(3)],
            "hasMore": number == "1",
        }

    endpoint = Endpoint("/teams/{team}/things", data_path=DataPath(".items"))
    plan = ResourcePlan("x", endpoint, (PARAMETER,))
    found, error = await batches_of(Api(route), plan, pagination_type="page")
    assert sorted(item["id"] for batch in found for item in batch) == [1, 1, 2, 2, 3, 3]
    assert all(item["__team"] in "12" for batch in found for item in batch)
    assert "2 times data_path gives null where an item must be an object" in error


@pytest.mark.parametrize("items", [[], [thing(1)]])
async def test_what_graphql_calls_errors_is_one_beside_data_too(items: list[Any]) -> None:
    body = {"query": "{ items }", "variables": {}}
    endpoint = Endpoint(
        "/graphql", "POST", body=body, data_path=DataPath(".data.items"), body_format="graphql"
    )
    answer = {"data": {"items": items}, "errors": [{"message": "no such field"}]}
    _, error = await batches_of(Api(lambda request: answer), ResourcePlan("x", endpoint))
    assert "the body says error" in error
    fine, error = await batches_of(
        Api(lambda request: answer | {"errors": []}), ResourcePlan("x", endpoint)
    )
    assert not error
    assert [item for batch in fine for item in batch] == items


@pytest.mark.contract("body.no-match-anywhere")
@pytest.mark.contract("body.no-match-somewhere")
async def test_a_data_path_must_match_somewhere() -> None:
    plan = ResourcePlan(
        "x", Endpoint("/teams/{team}/things", data_path=DataPath(".users")), (PARAMETER,)
    )
    somewhere = Api(teams(4, lambda n: {"users": [thing(n)], "next": 1} if n == 2 else {"next": 2}))
    found, error = await batches_of(somewhere, plan)
    assert ([item["id"] for batch in found for item in batch], error) == ([2], "")
    _, error = await batches_of(Api(teams(4, lambda n: {"other": 1, "next": None})), plan)
    assert "data_path .users matches nothing in any of 4 responses" in error
    assert "other, next" in error
    assert "`.users // []`" in error


@pytest.mark.parametrize("plan", [PLAIN, NESTED])
async def test_an_unexpected_error_is_raised_and_hangs_nothing(plan: ResourcePlan) -> None:
    def route(request: ApiRequest) -> Any:
        if request.url.path == "/teams":
            return [thing(n) for n in range(500)]
        return ZeroDivisionError("a bug")

    before = asyncio.all_tasks()
    with pytest.raises((ZeroDivisionError, ExceptionGroup)) as caught:  # noqa: PT012 (bounded)
        async with asyncio.timeout(5):
            async for _ in reader(Api(route), plan).batches():
                pass
    flat = caught.value
    assert "a bug" in repr(flat)
    await settled(before)


async def test_closing_early_cancels_everything() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    api = Api(teams(300, lambda n: [thing(n)] * 100 if n < 10 else never()))
    before = asyncio.all_tasks()
    batches = cast("Any", reader(api, NESTED).batches())
    await anext(batches)
    assert asyncio.all_tasks() > before
    async with asyncio.timeout(5):
        await batches.aclose()
    await settled(before)


async def test_a_cancelled_consumer_leaves_nothing_behind() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    consumer = asyncio.create_task(batches_of(Api(lambda request: never())))
    await asyncio.sleep(0.01)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    await settled(before)


async def test_a_slow_consumer_stops_the_reading() -> None:
    """At most: a full buffer, one page in the hands of each worker, and one batch."""
    concurrency, page = 3, 100
    api = Api(teams(500, lambda n: [thing(n)] * page))
    batches = reader(api, NESTED, max_concurrent_requests=concurrency).batches()
    await anext(batches)
    await asyncio.sleep(0.05)
    held = len(api.asked) - 1
    assert held <= batching._ROOM_ITEMS // page + 2 * concurrency + batching.LARGEST_BATCH // page
    rest = [batch async for batch in batches]
    assert sum(map(len, rest)) <= 500 * page
    assert len(api.asked) == 501


@pytest.mark.contract("path-parameter.streamed")
async def test_nested_endpoints_start_before_discovery_is_complete() -> None:
    started = asyncio.Event()

    async def second_page() -> Any:
        await asyncio.wait_for(started.wait(), 5)
        return {"items": [thing(2)]}

    def route(request: ApiRequest) -> Any:
        if request.url.path != "/teams":
            started.set()
            return {"items": [thing(1)]}
        if "cursor" in request.url.params:
            return second_page()
        return {"items": [thing(1)], "next_cursor": "c"}

    items = DataPath(".items")
    parameter = PathParameter("team", OF_TEAMS, Endpoint("/teams", data_path=items))
    plan = ResourcePlan("x", Endpoint("/teams/{team}/things", data_path=items), (parameter,))
    found, error = await batches_of(Api(route), plan, pagination_type="cursor")
    assert not error
    assert sorted(item["__team"] for batch in found for item in batch) == ["1", "2"]


@pytest.mark.contract("sharing.once")
@pytest.mark.contract("sharing.all-askers")
async def test_what_two_resources_ask_for_is_asked_once() -> None:
    plans = [NESTED, ResourcePlan("/teams", TEAMS)]
    api = Api(teams(3, lambda n: [thing(n)]))
    shared = session(api, *plans)

    async def count(batches: AsyncIterator[list[dict[str, Any]]]) -> int:
        return sum([len(batch) async for batch in batches])

    counts = await asyncio.gather(
        *(count(ResourceReader(plan, shared).batches()) for plan in plans)
    )
    shared.close()
    assert counts == [3, 3]
    assert api.asked.count("/teams") == 1


@pytest.mark.contract("sharing.failure-shared")
async def test_a_shared_failure_fails_every_resource() -> None:
    plans = [NESTED, ResourcePlan("/teams", TEAMS)]
    shared = session(Api(lambda request: 503), *plans)
    for plan in plans:
        with pytest.raises(ResourceError, match="503"):
            async for _ in ResourceReader(plan, shared).batches():
                pass
    shared.close()


@pytest.mark.parametrize(
    "data_path",
    [
        pytest.param(
            "[.items[] | select(.ok)]",
        ),
        ".items | map(select(.ok))",
        ".items[] | select(.ok)",
    ],
)
async def test_pages_are_counted_before_a_filter_in_data_path(data_path: str) -> None:
    """Every second item passes; pages are full all the same."""

    def route(request: ApiRequest) -> Any:
        start = 10 * int(request.url.params["page"]) - 10
        return {
            "items": [{"id": n, "ok": n % 20 == 0 or n % 3 == 0} for n in range(40)][
                start : start + 10
            ]
        }

    plan = ResourcePlan("x", Endpoint("/things", data_path=DataPath(data_path)))
    found, error = await batches_of(Api(route), plan, pagination_type="page", page_size=10)
    assert not error
    expected = [n for n in range(40) if n % 20 == 0 or n % 3 == 0]
    assert [item["id"] for batch in found for item in batch] == expected


@pytest.mark.contract("sharing.once")
@pytest.mark.parametrize(
    "one, other, is_shared",
    [
        ({"path": "/o/{a}"}, {"path": "/o/{b}"}, True),
        ({"query_params": {"of": "{a}"}}, {"query_params": {"of": "{b-c}"}}, True),
        ({"body": {"of": ["{a}"]}}, {"body": {"of": ["{b}"]}}, True),
        ({"path": "/o/{a}"}, {"path": "/p/{a}"}, False),
        ({"query_params": {"of": "{a}"}}, {"query_params": {"at": "{a}"}}, False),
    ],
)
def test_endpoints_that_may_call_alike_share(
    one: dict[str, Any], other: dict[str, Any], is_shared: bool
) -> None:
    names = frozenset({"a", "b", "b-c"})
    first, second = (Endpoint(**{"path": "/x", "names": names, **given}) for given in (one, other))
    plans = ResourcePlan("1", first), ResourcePlan("2", second)
    shared = session(Api(lambda request: []), *plans)
    assert (shared.fetch_for(first) != shared.client.send) is is_shared
