"""The account of a resource: whatever is received is handed on, or left out for one reason."""

import asyncio
import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from errors import ResourceError
from mapping.plan.resource import ResourcePlan
from reading.account import Account, Reason
from reading.resource_reader import ResourceReader
from reading.session import Limits, Session
from settings.connection import ConnectionSettings
from tests.reading.test_combinations import plan_of
from tests.reading.test_resource_reader import BASE, Api

PAGE_SIZE = 4
# What each makes of a record's number: how many items.
DATA_PATHS: dict[str, Callable[[int], int]] = {
    ".items": lambda n: 1,
    ".items[] | select(.n > 3)": lambda n: int(n > 3),
    ".items[] | ., .": lambda n: 2,
}
SHAPES: dict[tuple[tuple[str, str], ...], Callable[[int], int]] = {
    (): lambda n: 1,
    (("items_filter", ".n % 2 == 0"),): lambda n: int(n % 2 == 0),
    (("emit", "., ., ."),): lambda n: 3,
    (("items_filter", ".n > 1"), ("emit", "select(.n < 6)")): lambda n: int(1 < n < 6),
}
# It fails on one of the numbers, and so on the page that has it.
FAILING = (("items_filter", 'if .n == 5 then error("x") else true end'),)


class Packed(Api):
    """Answers with gzip files, which are read piece by piece."""

    async def send(self, request: ApiRequest) -> ApiResponse:
        answer = await super().send(request)
        return replace(answer, content=gzip.compress(answer.content))


@dataclass
class World:
    """An API of teams, and what there is of each: pages of numbers, by page number from 1."""

    teams: list[Any]
    pages: list[list[int]]
    repeats: bool = False
    broken: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    records: list[int] = field(default_factory=list)

    def answer(self, request: ApiRequest) -> Any:
        if request.url.path == "/teams":
            self.sent["teams"] += len(self.teams)
            return {"items": [{"id": team} for team in self.teams], "next": None}
        number = int(request.url.params["page"])
        if number == self.broken:
            return 500
        page = self.pages[number - 1] if number <= len(self.pages) else []
        if self.repeats and number > len(self.pages):
            page = self.pages[-1]
        self.sent["things"] += len(page)
        self.records += page
        return {"items": [{"n": n, "page": 0 if self.repeats else number} for n in page]}


async def read(
    api: Api, plan: ResourcePlan, limits: Limits
) -> tuple[list[dict[str, Any]], ResourceReader, str]:
    config = {"base_url": BASE, "pagination_type": "page", "page_size": PAGE_SIZE}
    client: Any = api
    session = Session(client, ConnectionSettings.parse(config), limits=limits)
    reader = ResourceReader(plan, session)
    items = []
    try:
        async with asyncio.timeout(30):
            async for batch in reader.batches():
                items += batch
    except ResourceError as error:
        return items, reader, str(error)
    return items, reader, ""


def discovered(reader: ResourceReader) -> Account:
    assert reader._combinations is not None
    return reader._combinations._levels[0]._discovery.account


@st.composite
def worlds(draw: st.DrawFn) -> World:
    teams = draw(st.lists(st.sampled_from(["a", "b", None, ["c", "a"], "drop", 7]), max_size=5))
    full = st.lists(st.integers(0, 7), min_size=PAGE_SIZE, max_size=PAGE_SIZE)
    last = st.lists(st.integers(0, 7), max_size=PAGE_SIZE - 1)
    pages = [*draw(st.lists(full, max_size=2)), draw(last)]
    return World(teams, pages, draw(st.booleans()), draw(st.sampled_from([0, 0, 0, 1, 2])))


@settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
@given(
    world=worlds(),
    data_path=st.sampled_from(list(DATA_PATHS)),
    shape=st.sampled_from([*SHAPES, FAILING]),
    is_nested=st.booleans(),
    is_packed=st.sampled_from([False, False, True]),
    most=st.sampled_from([None, None, 1, 5]),
)
def test_what_is_received_is_handed_on_or_left_out(
    world: World,
    data_path: str,
    shape: tuple[tuple[str, str], ...],
    is_nested: bool,
    is_packed: bool,
    most: int | None,
) -> None:
    team = {
        "endpoint": "/teams",
        "data_path": ".items",
        "field": ".id",
        "filter": '.id != "drop"',
    }
    plan = plan_of(
        "/teams/{team}/things" if is_nested else "/things",
        {"team": team} if is_nested else {},
        data_path=data_path,
        **dict(shape),
    )
    api = (Packed if is_packed else Api)(world.answer)
    items, reader, error = asyncio.run(read(api, plan, Limits(items=most)))
    account = reader.account
    assert account.undecided == 0
    assert account.handed_on == len(items)
    assert min(account.left_out.values(), default=1) > 0
    if most is not None and len(items) == most:
        assert account.received <= world.sent["things"]
        return
    assert account.received == world.sent["things"]
    assert Reason.LIMIT not in account.left_out
    if is_nested:
        _check_discovery(discovered(reader), world)
    if error:
        return
    assert Reason.FAILED not in account.left_out
    repeated = account.left_out[Reason.REPEATED_PAGE]
    assert bool(repeated) <= world.repeats
    found = sum(DATA_PATHS[data_path](n) for n in world.records)
    is_read_again = bool(account.left_out[Reason.READ_BEFORE])
    if not repeated and not is_read_again and shape != FAILING:
        each = (SHAPES[shape](n) * DATA_PATHS[data_path](n) for n in world.records)
        assert account.handed_on == sum(each)
        assert account.left_out[Reason.DATA_PATH] >= len(world.records) - found
        if not shape:
            assert Reason.SHAPE not in account.left_out


def _check_discovery(account: Account, world: World) -> None:
    values = {str(value) for team in world.teams for value in _listed(team)} - {"None", "drop"}
    assert account.undecided == 0
    assert account.received == world.sent["teams"] == len(world.teams)
    assert account.handed_on == len(values)
    assert account.left_out[Reason.FILTER] == world.teams.count("drop")
    assert account.left_out[Reason.NO_VALUE] == world.teams.count(None)
    assert Reason.FAILED not in account.left_out


def _listed(team: Any) -> list[Any]:
    return team if isinstance(team, list) else [team]


async def test_a_page_that_comes_again_is_counted(logs: list[str]) -> None:
    world = World([], [[1, 2]], repeats=True)
    items, _, _ = await read(Api(world.answer), plan_of("/x", {}, data_path=".items"), Limits())
    assert len(items) == 2
    expected = (
        "Read /x: 4 items received, 2 handed on, 2 left out (2 on a page like the one before), "
        "in 1 pages of 1 endpoints, 1 extra requests, 0 gone, 0 failed; "
        "ended by: 1 x a page like the one before"
    )
    assert any(expected in line for line in logs)


async def test_what_is_beyond_the_limit_is_said(logs: list[str]) -> None:
    world = World([], [[1, 2, 3, 4], [5]])
    plan = plan_of("/x", {}, data_path=".items", items_filter=".n > 1")
    items, reader, _ = await read(Api(world.answer), plan, Limits(items=2))
    assert [item["n"] for item in items] == [2, 3]
    assert reader.account.left_out[Reason.LIMIT] >= 1
    assert "2 handed on" in logs[-1]
    assert "beyond the limit" in logs[-1]


async def test_what_fails_is_said(logs: list[str]) -> None:
    world = World([], [[1, 2, 3, 4], [5]])
    plan = plan_of("/x", {}, data_path=".items", **dict(FAILING))
    items, _, error = await read(Api(world.answer), plan, Limits())
    assert len(items) == 4
    assert "items_filter cannot be used" in error
    assert any("4 handed on, 1 left out (1 in what failed)" in line for line in logs)


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_has_its_words(reason: Reason) -> None:
    account = Account(received=3)
    account.step(3, 2, reason)
    account.handed_on = 1
    assert account.undecided == 1
    account.close(Reason.REPEATED_PAGE)
    assert account.undecided == 0
    assert f"1 {reason}" in str(account) or reason is Reason.REPEATED_PAGE
    assert str(account).startswith("3 items received, 1 handed on, 2 left out (")


def test_more_than_was_received_is_said() -> None:
    account = Account(received=2, handed_on=5)
    account.step(2, 5, Reason.SHAPE)
    assert account.undecided == 0
    assert str(account) == "2 items received, 3 added, 5 handed on"


async def test_values_that_serve_several_parents_are_added(logs: list[str]) -> None:
    def answer(request: ApiRequest) -> Any:
        found = [{"id": 1}, {"id": 2}] if request.url.params["page"] == "1" else []
        return {"items": found if request.url.path in ("/a", "/b") else []}

    parameters = {
        name: {"endpoint": f"/{name}", "data_path": ".items", "field": ".id"} for name in "ab"
    }
    plan = plan_of("/x/{a}/{b}", parameters, data_path=".items")
    _, reader, error = await read(Api(answer), plan, Limits())
    assert not error
    assert reader._combinations is not None
    of_first, of_second = (level._discovery.account for level in reader._combinations._levels)
    assert (of_first.received, of_first.added, of_first.handed_on) == (2, 0, 2)
    assert (of_second.received, of_second.added, of_second.handed_on) == (2, 2, 4)
    assert not of_second.left_out.total()
    assert any("Discovered 4 values of b in 2 items" in line for line in logs)
