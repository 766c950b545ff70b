"""Path parameters that depend on each other: every combination once, or a loud failure."""

import asyncio
import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from mapping.plan.endpoint import PathValue
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig
from reading.parameters.combinations import Channel
from settings.connection import ConnectionSettings
from tests.reading.test_resource_reader import Api, batches_of, reader, settled

BROKEN = 500


def plan_of(kind: str, parameters: dict[str, Any], **selector: Any) -> ResourcePlan:
    return CustomResourceConfig.parse_obj(
        {
            "kind": kind,
            "selector": {"query": "true", "path_parameters": parameters, **selector},
            "port": {"entity": {"mappings": {"identifier": ".id", "blueprint": '"b"'}}},
        }
    ).plan(ConnectionSettings(base_url="https://api.test"))


@dataclass(frozen=True)
class Level:
    """One path parameter of a random mapping."""

    name: str
    uses: tuple[str, ...]
    fields: tuple[str, ...]

    def path(self, row: dict[str, str]) -> str:
        return "/".join([f"/{self.name}", *(row[name] for name in self.uses)])

    def config(self) -> dict[str, Any]:
        return {
            "endpoint": "/".join([f"/{self.name}", *(f"{{{name}}}" for name in self.uses)]),
            "data_path": ".items",
            "fields": {name: f".{name}" for name in self.fields},
            "include": {f"of_{self.name}": ".extra"},
        }


@dataclass
class World:
    """A random mapping, and an API that answers it at random but always the same."""

    levels: list[Level]
    used: tuple[str, ...]
    seed: int
    faults: float
    asked: Counter[str] = field(default_factory=Counter)

    def random(self, path: str) -> random.Random:
        return random.Random(f"{self.seed} {path}")

    def status(self, path: str) -> int:
        chance = self.random(f"status {path}")
        return chance.choice([404, BROKEN]) if chance.random() < self.faults else 200

    def items(self, level: Level, path: str) -> list[dict[str, Any]]:
        chance = self.random(path)
        return [
            {
                **{
                    name: chance.choice([chance.choice("abc"), ["a", "d"], "a"])
                    for name in level.fields
                },
                "extra": chance.randint(0, 9),
            }
            for _ in range(chance.choice([0, 1, 2, 3]))
        ]

    def pages(self, level: Level, path: str) -> tuple[list[list[dict[str, Any]]], bool]:
        """The items in one page or two, and whether the second fails."""
        items = self.items(level, path)
        chance = self.random(f"pages {path}")
        if len(items) < 2 or chance.random() < 0.5:
            return [items], False
        return [items[:1], items[1:]], chance.random() < self.faults

    def found(self, level: Level, path: str) -> list[dict[str, Any]]:
        """The items that can be read."""
        if self.status(path) != 200:
            return []
        pages, fails = self.pages(level, path)
        return [item for page in (pages[:1] if fails else pages) for item in page]

    def path(self, row: dict[str, str]) -> str:
        return "/".join(["/things", *(row[name] for name in self.used)])

    def plan(self) -> ResourcePlan:
        kind = "/".join(["/things", *(f"{{{name}}}" for name in self.used)])
        # In an order that says nothing.
        shuffled = sorted(self.levels, key=lambda level: self.random(level.name).random())
        parameters = {level.name: level.config() for level in shuffled}
        return plan_of(kind, parameters, data_path=".items")

    async def answer(self, request: ApiRequest) -> Any:
        path, cursor = request.url.path, request.url.params.get("cursor", "")
        self.asked[path + cursor] += 1
        for _ in range(self.random(f"pace {path}").randint(0, 5)):
            await asyncio.sleep(0)
        status = self.status(path)
        if status != 200:
            return status
        level = next((one for one in self.levels if one.name == path.split("/")[1]), None)
        if level is None:
            return {"items": [{"id": path}], "next_cursor": None}
        pages, fails = self.pages(level, path)
        if cursor and fails:
            return BROKEN
        more = "+" if not cursor and len(pages) > 1 else None
        return {"items": pages[len(cursor)], "next_cursor": more}

    def needed(self) -> list[Level]:
        """The levels that the request needs, which are listed after what they use."""
        names = set(self.used)
        found: list[Level] = []
        for level in reversed(self.levels):
            if names & set(level.fields):
                found.insert(0, level)
                names |= set(level.uses)
        return found

    def in_order(self) -> list[Level]:
        """The same in the order of the plan, in which each comes after those that it uses."""
        levels = {level.name: level for level in self.levels}
        found = [levels[parameter.name] for parameter in self.plan().parameters]
        assert sorted(level.name for level in found) == [level.name for level in self.needed()]
        known: set[str] = set()
        for level in found:
            assert known.issuperset(level.uses)
            known |= set(level.fields)
        return found


@dataclass
class Expected:
    """What a world must come to."""

    paths: set[str] = field(default_factory=set)
    marks: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    fails: bool = False


def outputs(level: Level, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lists = [v if isinstance(v := item[name], list) else [v] for name in level.fields]
    for values in itertools.product(*lists):
        marks = {f"__{name}": value for name, value in zip(level.fields, values, strict=True)}
        yield {**marks, f"__of_{level.name}": item["extra"]}


def expected(world: World) -> Expected:
    """By the plain definition: all rows of one level, then all of the next."""
    found = Expected()
    rows: list[dict[str, Any]] = [{}]
    for level in world.in_order():
        paths = {level.path(texts(row)) for row in rows}
        found.paths |= paths
        judge(world, paths, found, is_nested=bool(level.uses))
        for path in paths:
            pages, fails = world.pages(level, path)
            if world.status(path) == 200 and len(pages) > 1:
                found.paths.add(f"{path}+")
                found.fails |= fails
        rows = unique(
            {**row, **marks}
            for row in rows
            for item in world.found(level, level.path(texts(row)))
            for marks in outputs(level, item)
        )
    paths = {world.path(texts(row)) for row in rows}
    found.paths |= paths
    judge(world, paths, found, is_nested=True)
    for row in rows:
        if world.status(path := world.path(texts(row))) == 200:
            found.marks[path].append({"id": path, **row})
    return found


def judge(world: World, paths: set[str], found: Expected, *, is_nested: bool) -> None:
    statuses = [world.status(path) for path in paths]
    gone = statuses.count(404)
    found.fails |= BROKEN in statuses
    found.fails |= gone > 0 if not is_nested else 3 <= gone == len(paths)


def texts(row: dict[str, Any]) -> dict[str, str]:
    return {name.removeprefix("__"): value for name, value in row.items()}


def unique(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    levels: list[Level] = []
    known: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        name = f"p{number}"
        uses = tuple(
            draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if known else ()
        )
        fields = (name,) if draw(st.booleans()) else (f"{name}x", f"{name}y")
        levels.append(Level(name, uses, fields))
        known += fields
    used = draw(st.lists(st.sampled_from(known), unique=True, min_size=1, max_size=3))
    return World(
        levels, tuple(used), draw(st.integers(0, 9999)), draw(st.sampled_from([0, 0.2, 0.6]))
    )


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(world=worlds(), room=st.integers(1, 4))
def test_every_combination_that_a_request_uses_is_read_once(world: World, room: int) -> None:
    wanted = expected(world)
    api = Api(world.answer)
    options: Any = {"max_concurrent_requests": room, "pagination_type": "cursor"}
    found, error = asyncio.run(batches_of(api, world.plan(), **options))
    items = [item for batch in found for item in batch]
    assert sorted(item["id"] for item in items) == sorted(wanted.marks)
    assert all(item in wanted.marks[item["id"]] for item in items)
    assert world.asked == dict.fromkeys(wanted.paths, 1)
    assert bool(error) is wanted.fails, error
    broken = [path for path in wanted.paths if path[-1] != "+" and world.status(path) == BROKEN]
    assert not broken or "500" in error


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(world=worlds(), room=st.integers(1, 3), after=st.integers(0, 30))
def test_who_stops_in_the_middle_leaves_nothing_behind(world: World, room: int, after: int) -> None:
    async def stop() -> None:
        before = asyncio.all_tasks()
        consumer = asyncio.create_task(
            batches_of(Api(world.answer), world.plan(), max_concurrent_requests=room)
        )
        for _ in range(after):
            await asyncio.sleep(0)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
        await settled(before)

    asyncio.run(stop())


@settings(deadline=None, max_examples=80)
@given(
    parents=st.lists(st.lists(st.integers(0, 40), max_size=12), min_size=1, max_size=4),
    size=st.integers(1, 5),
    is_live=st.booleans(),
)
def test_batches_hold_each_value_once(parents: list[list[int]], size: int, is_live: bool) -> None:
    """Below each parent, where the request says which; over all parents otherwise."""

    def answer(request: ApiRequest) -> Any:
        parts = request.url.path.split("/")
        if parts[1] == "parents":
            return [{"id": number} for number in range(len(parents))]
        if parts[1] == "values":
            return [{"id": value} for value in parents[int(parts[2])]]
        return [{"id": request.url.path}]

    plan = plan_of(
        "/things/{parent}/{value}" if is_live else "/things/{value}",
        {
            "value": {"endpoint": "/values/{parent}", "field": ".id", "batch": {"size": size}},
            "parent": {"endpoint": "/parents", "field": ".id"},
        },
    )
    api = Api(answer)
    found, error = asyncio.run(batches_of(api, plan, max_concurrent_requests=2))
    assert not error
    items = [item for batch in found for item in batch]
    batches: dict[str, list[list[int]]] = defaultdict(list)
    for item in items:
        parent = item["__parent"] if is_live else ""
        batches[parent].append([int(text) for text in item["__value"].split(",")])
    groups = {str(n): values for n, values in enumerate(parents)}
    if not is_live:
        groups = {"": [value for values in parents for value in values]}
    for parent, values in groups.items():
        given_out = [value for batch in batches[parent] for value in batch]
        assert sorted(given_out) == sorted(set(values))
        assert all(len(batch) <= size for batch in batches[parent])
        if is_live:
            assert len(batches[parent]) == math.ceil(len(set(values)) / size)
    assert len(api.asked) == 1 + len(parents) + len(items)


async def test_a_huge_first_level_does_not_pile_up() -> None:
    """What was found goes all the way down before more is looked for."""
    count = 3000

    def answer(request: ApiRequest) -> Any:
        parts = request.url.path.split("/")
        if parts[1] == "orgs":
            return [{"id": number} for number in range(count)]
        return [{"id": 1}] if parts[1] == "repos" else [{"id": 1}] * 100

    plan = plan_of(
        "/things/{org}/{repo}",
        {
            "org": {"endpoint": "/orgs", "field": ".id"},
            "repo": {"endpoint": "/repos/{org}", "field": ".id"},
        },
    )
    api = Api(answer)
    async with aclosing(
        cast("Any", reader(api, plan, max_concurrent_requests=2).batches())
    ) as batches:
        await anext(batches)
        await asyncio.sleep(0.05)
        looked_at = sum(path.startswith("/repos") for path in api.asked)
        read = sum(path.startswith("/things") for path in api.asked)
        assert looked_at <= read + 20
        assert read < count // 10


async def test_levels_work_at_the_same_time() -> None:
    """An endpoint of the last level is read while the first and the second are still going on."""
    started = asyncio.Event()

    async def slow(answer: Any) -> Any:
        await asyncio.wait_for(started.wait(), 5)
        return answer

    def answer(request: ApiRequest) -> Any:
        parts = request.url.path.split("/")
        if parts[1] == "things":
            started.set()
            return {"items": [{"id": 1}], "next_cursor": None}
        if "cursor" in request.url.params:
            return slow({"items": [{"id": "b"}], "next_cursor": None})
        return {"items": [{"id": "a"}], "next_cursor": "2"}

    plan = plan_of(
        "/things/{org}/{repo}",
        {
            "org": {"endpoint": "/orgs", "field": ".id", "data_path": ".items"},
            "repo": {"endpoint": "/repos/{org}", "field": ".id", "data_path": ".items"},
        },
        data_path=".items",
    )
    found, error = await batches_of(Api(answer), plan, pagination_type="cursor")
    assert not error
    assert sum(map(len, found)) == 4


@pytest.mark.parametrize("level", ["orgs", "repos", "things"])
async def test_an_unexpected_error_anywhere_is_raised_and_hangs_nothing(level: str) -> None:
    def answer(request: ApiRequest) -> Any:
        name = request.url.path.split("/")[1]
        return ZeroDivisionError("a bug") if name == level else [{"id": n} for n in range(50)]

    plan = plan_of(
        "/things/{org}/{repo}",
        {
            "org": {"endpoint": "/orgs", "field": ".id"},
            "repo": {"endpoint": "/repos/{org}", "field": ".id"},
        },
    )
    before = asyncio.all_tasks()
    with pytest.raises((ZeroDivisionError, ExceptionGroup)) as caught:  # noqa: PT012 (bounded)
        async with asyncio.timeout(5):
            async for _ in reader(Api(answer), plan, max_concurrent_requests=2).batches():
                pass
    assert "a bug" in repr(caught.value)
    await settled(before)


@settings(deadline=None, max_examples=50)
@given(count=st.integers(0, 30), room=st.integers(1, 4), readers=st.integers(1, 4))
def test_a_channel_hands_out_each_item_once_and_ends_for_all(
    count: int, room: int, readers: int
) -> None:
    async def run() -> list[int]:
        channel = Channel[int](room)
        taken: list[int] = []

        async def take() -> None:
            while (item := await channel.get()) is not None:
                taken.append(item)
                await asyncio.sleep(0)

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for _ in range(readers):
                group.create_task(take())
            for number in range(count):
                await channel.put(number)
            channel.end()
        return taken

    assert sorted(asyncio.run(run())) == list(range(count))


async def test_a_full_channel_makes_writers_wait() -> None:
    channel = Channel[PathValue](1)
    await channel.put(PathValue("a"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.put(PathValue("b")), 0.01)
    assert await channel.get() == PathValue("a")
    await asyncio.wait_for(channel.put(PathValue("c")), 1)
