"""Fetching ahead of pagination: the same pages in the same order, sooner, and never too many."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from reading.prefetch import Allowance, FetchAhead
from tests.reading.test_resource_reader import NESTED, Api, batches_of

LISTED = ResourcePlan("/things", Endpoint("/things", data_path=DataPath(".items")))


class Paged(Api):
    """Things in pages of `size` at most; `total` is told; notes the most requests at once."""

    def __init__(self, count: int, size: int, total: int | None, delay: float = 0.0) -> None:
        super().__init__(self._page)
        self.count, self.size, self.total, self.delay = count, size, total, delay
        self.in_flight = self.most = 0

    async def _page(self, request: ApiRequest) -> Any:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(self.delay)
        self.in_flight -= 1
        query = request.url.params
        start = int(query.get("offset", (int(query.get("page", "1")) - 1) * self.size))
        items = [{"id": n} for n in range(start, min(start + self.size, self.count))]
        return {"items": items, **({"total": self.total} if self.total is not None else {})}


@pytest.mark.parametrize("pagination", ["offset", "page"])
async def test_pages_that_a_total_promises_are_fetched_at_once(pagination: str) -> None:
    api = Paged(1000, 10, 1000, delay=0.005)
    config = {"page_size": "10", "max_concurrent_requests": "8"}
    found, error = await batches_of(api, LISTED, pagination_type=pagination, **config)
    assert [item["id"] for batch in found for item in batch] == list(range(1000))
    assert not error
    assert api.most == 8
    assert len(api.asked) == len(set(api.asked)) == 101


async def test_without_a_total_pages_are_asked_for_one_by_one() -> None:
    api = Paged(100, 10, None)
    found, _ = await batches_of(api, LISTED, pagination_type="page", page_size="10")
    assert sum(map(len, found)) == 100
    assert api.most == 1


@given(
    count=st.integers(0, 60),
    size=st.integers(1, 12),
    page_size=st.integers(1, 12),
    beyond=st.none() | st.integers(0, 30),
    pagination=st.sampled_from(["offset", "page"]),
)
@settings(max_examples=80, deadline=None)
def test_every_item_once_or_an_error_whatever_the_total_says(
    count: int, size: int, page_size: int, beyond: int | None, pagination: str
) -> None:
    total = None if beyond is None else count + beyond

    async def run() -> None:
        api = Paged(count, size, total)
        config = {"pagination_type": pagination, "page_size": str(page_size)}
        found, error = await batches_of(api, LISTED, max_concurrent_requests="4", **config)
        ids = [item["id"] for batch in found for item in batch]
        assert ids == list(range(len(ids)))
        assert error or ids == list(range(count))
        # What was expected wrongly is asked for once more where a total promises too much.
        assert len(api.asked) - len(set(api.asked)) <= (4 if beyond else 0)
        assert len(api.asked) <= count // size + 4 + 5 + (4 if beyond else 0)

    asyncio.run(run())


@pytest.mark.contract("page.read-ahead")
@pytest.mark.parametrize("pagination", ["offset", "page"])
@pytest.mark.parametrize("empty", [range(5, 10), range(5, 25), range(5, 35)])
@pytest.mark.parametrize("beside", [{}, {"links": {"next": None}}])
async def test_items_of_pages_that_were_read_ahead_are_never_thrown_away(
    pagination: str, empty: range, beside: dict[str, Any]
) -> None:
    """A page that is empty although more is promised, or even one that denies it."""

    served: set[int] = set()

    class Holed(Paged):
        async def _page(self, request: ApiRequest) -> Any:
            page = await super()._page(request)
            kept = [item for item in page["items"] if item["id"] not in empty]
            served.update(item["id"] for item in kept)
            return {**page, "items": kept, **beside}

    api = Holed(40, 5, 40 - len(empty))
    config = {"page_size": "5", "max_concurrent_requests": "10"}
    found, error = await batches_of(api, LISTED, pagination_type=pagination, **config)
    ids = [item["id"] for batch in found for item in batch]
    assert sorted(served) == ids
    assert error or beside or len(ids) == 40 - len(empty)


async def test_the_allowance_is_one_for_all_endpoints_of_a_resource() -> None:
    held: list[int] = []

    class Teams(Paged):
        async def _page(self, request: ApiRequest) -> Any:
            if request.url.path == "/teams":
                return [{"id": number} for number in range(6)]
            held.append(self.in_flight)
            return (await super()._page(request))["items"]

        async def send(self, request: ApiRequest) -> ApiResponse:
            response = await super().send(request)
            if request.url.path != "/teams":
                response.headers["x-total-count"] = "200"
            return response

    api = Teams(200, 10, None, delay=0.002)
    config = {"pagination_type": "offset", "page_size": "10", "max_concurrent_requests": "3"}
    found, error = await batches_of(api, NESTED, **config)
    assert not error
    assert sum(map(len, found)) == 6 * 200
    # One request of each worker, and three ahead.
    assert max(held) < 6 + 3


async def test_a_wrong_guess_is_the_last_one() -> None:
    asked: list[str] = []

    async def fetch(request: ApiRequest) -> ApiResponse:
        asked.append(str(request.url))
        await asyncio.sleep(0)
        return ApiResponse(request.url, 200, None, b"")  # type: ignore[arg-type]  # no headers

    def request(number: int) -> ApiRequest:
        return Endpoint(f"/{number}").request("https://h.test", {})

    allowance = Allowance(5)
    ahead = FetchAhead(fetch, allowance)
    assert ahead.room == range(5)
    ahead.send([request(1), request(2), request(1)])
    assert (ahead.room, allowance.left) == (range(2, 5), 3)
    assert (await ahead.fetch(request(1))).url == "https://h.test/1"
    assert (await ahead.fetch(request(7))).url == "https://h.test/7"
    assert (ahead.room, allowance.left) == (range(0), 5)
    assert asked == [f"https://h.test/{number}" for number in (1, 2, 7)]


async def test_an_error_belongs_to_who_asks_and_others_are_given_up_quietly() -> None:
    async def fetch(request: ApiRequest) -> ApiResponse:
        raise ValueError(str(request.url))

    one, two = (Endpoint(f"/{n}").request("https://h.test", {}) for n in (1, 2))
    ahead = FetchAhead(fetch, Allowance(2))
    ahead.send([one, two])
    await asyncio.sleep(0.01)
    with pytest.raises(ValueError, match="/1"):
        await ahead.fetch(one)
    await ahead.close()
    assert ahead.room == range(0)
