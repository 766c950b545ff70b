"""Incremental runs over any history: a full resync afterwards finds the catalog right already."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import ResourceError
from expressions.item_expressions import ItemExpression
from expressions.jq_expressions import DataPath
from framework.runs import ResourceRun
from mapping.plan.endpoint import Endpoint
from mapping.plan.incremental import Incremental, ServerSide
from mapping.plan.resource import ResourcePlan
from mapping.plan.times import TimeFormat
from mapping.plan.windows import Windows
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.reading.test_resource_reader import BASE, Api
from tests.reading.test_timed_reader import set_clock

START = datetime(2024, 1, 1, tzinfo=UTC)
ENDPOINT = Endpoint("/things", data_path=DataPath(".items"))
DAY = TimeFormat("%Y-%m-%d")

PLANS = {
    "second": ResourcePlan("/things", ENDPOINT, incremental=Incremental(ServerSide("since"))),
    "day": ResourcePlan(
        "/things", ENDPOINT, incremental=Incremental(ServerSide("since", time_format=DAY))
    ),
    "newest first": ResourcePlan(
        "/things",
        ENDPOINT,
        incremental=Incremental(changed=ItemExpression(".updated_at", "incremental.field")),
    ),
    "windows": ResourcePlan(
        "/things",
        ENDPOINT,
        incremental=Incremental(),
        windows=Windows("from", "to", timedelta(hours=6), START - timedelta(days=1), cap=11),
    ),
}


class Server:
    """Items with a version and the second of their last change; newest first, in pages of two.

    `is_strict` takes "since" and the ends of ranges for exclusive ones. At the request number
    `fails_at` it is away. Changes arrive `late`, and `stamp` writes their times.
    """

    def __init__(
        self,
        is_strict: bool,
        stamp: Callable[[datetime], Any] = datetime.isoformat,
        late: timedelta = timedelta(),
    ) -> None:
        self.stamp = stamp
        self.late = late
        self.items: dict[int, tuple[int, datetime]] = {}
        self.now = START
        self.fails_at = -1
        self.asked = 0
        self._is_strict = is_strict

    def change(self, number: int) -> None:
        version, _ = self.items.get(number, (0, START))
        self.items[number] = (version + 1, (self.now - self.late).replace(microsecond=0))

    def __call__(self, request: ApiRequest) -> Any:
        self.asked += 1
        self.now += timedelta(milliseconds=300)
        if self.asked == self.fails_at:
            return 503
        query = request.url.params
        found = [
            {"id": number, "version": version, "updated_at": self.stamp(changed), "at": changed}
            for number, (version, changed) in self.items.items()
            if self._is_asked_for(changed, query)
        ]
        found.sort(key=lambda item: item.pop("at"), reverse=True)
        start = 2 * (int(query["page"]) - 1)
        return {"items": found[start : start + 2], "next": start + 2 < len(found)}

    def _is_asked_for(self, changed: datetime, query: Any) -> bool:
        if "since" in query and len(query["since"]) == 10:
            stamp = DAY.write(changed)
            return bool(stamp > query["since"] if self._is_strict else stamp >= query["since"])
        start = datetime.fromisoformat(query.get("since", query.get("from", "2000-01-01T00Z")))
        end = datetime.fromisoformat(query.get("to", "2100-01-01T00Z"))
        return start < changed < end if self._is_strict else start <= changed <= end


class Catalog:
    """What Ocean would have made of the runs: their items, and the cursor."""

    def __init__(self, server: Server, plan: ResourcePlan) -> None:
        self.versions: dict[int, int] = {}
        self.cursor: datetime | None = None
        self._server = server
        self._plan = plan

    async def run(self) -> bool:
        begun = self._server.now
        try:
            async for number, version in self.read(self.cursor):
                self.versions[number] = version
        except ResourceError:
            return False
        self.cursor = ResourceRun("/things", 0, plan=self._plan).cursor(begun)
        return True

    async def read(self, since: datetime | None) -> Any:
        client: Any = Api(self._server)
        config = {"pagination_type": "page", "page_size": "2", "has_more_path": "next"}
        reader = ResourceReader(
            self._plan,
            Session(client, ConnectionSettings.parse({"base_url": BASE, **config})),
            since=since,
        )
        set_clock(reader, lambda: self._server.now)
        async for batch in reader.batches():
            for item in batch:
                yield item["id"], item["version"]


STEPS = st.one_of(
    st.tuples(st.just("change"), st.integers(0, 9)),
    st.tuples(st.just("burst"), st.integers(3, 9)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.7, 3, 3600, 30_000])),
    st.tuples(st.just("run"), st.sampled_from([0, 0, 0, 1, 2, 3])),
)


@pytest.mark.parametrize("way", PLANS)
@given(is_strict=st.booleans(), steps=st.lists(STEPS, max_size=20))
@example(
    # Stamped with the second in which the first run began, on more than two pages.
    is_strict=False,
    steps=[("wait", 0.1), ("run", 0), ("burst", 8), ("wait", 3), ("change", 9)],
)
@settings(max_examples=100, deadline=None)
def test_a_full_resync_changes_nothing_but_deletions(
    way: str, is_strict: bool, steps: list[tuple[str, Any]]
) -> None:
    server = Server(is_strict)
    full, catalog = played(server, PLANS[way], steps)
    assert full == {number: version for number, (version, _) in server.items.items()}
    assert full.items() <= catalog.versions.items()


def played(
    server: Server, plan: ResourcePlan, steps: list[tuple[str, Any]]
) -> tuple[dict[int, int], Catalog]:
    """Play a history, and return what a full resync at its end reads, and the catalog before."""
    catalog = Catalog(server, plan)

    async def history() -> dict[int, int]:
        for step, value in steps:
            match step:
                case "change":
                    server.change(value)
                case "burst":
                    for number in range(value):
                        server.change(number)
                case "delete":
                    server.items.pop(value, None)
                case "wait":
                    server.now += timedelta(seconds=value)
                case "run":
                    server.asked, server.fails_at = 0, value
                    assert await catalog.run() or value
        server.fails_at = -1
        if plan.windows and plan.windows.allowance is not None:
            server.now += 2 * plan.windows.delay + timedelta(seconds=2)
        assert await catalog.run()
        return {number: version async for number, version in catalog.read(None)}

    return asyncio.run(history()), catalog


def local(hours: int, pattern: str) -> Callable[[datetime], str]:
    """Return how an API in a zone writes times without naming it."""
    return lambda moment: moment.astimezone(timezone(timedelta(hours=hours))).strftime(pattern)


STAMPS: dict[str, Callable[[datetime], Any]] = {
    "a day": local(0, "%Y-%m-%d"),
    "a day, behind UTC": local(-12, "%Y-%m-%d"),
    "a day, ahead of UTC": local(14, "%Y-%m-%d"),
    "a day in digits": lambda moment: int(moment.strftime("%Y%m%d")),
    "a minute in digits": local(-12, "%Y%m%d%H%M"),
    "a second in digits": local(9, "%Y%m%d%H%M%S"),
    "a minute with its zone": local(0, "%Y-%m-%dT%H:%MZ"),
    "local time": local(-12, "%Y-%m-%d %H:%M:%S"),
    "summer time that changes": lambda moment: moment.astimezone(
        ZoneInfo("America/New_York")
    ).strftime("%Y-%m-%dT%H:%M:%S"),
    "microseconds": lambda moment: int(moment.timestamp() * 1e6),
    "milliseconds as text": lambda moment: str(int(moment.timestamp() * 1e3)),
    "an e-mail's date": lambda moment: format_datetime(moment, usegmt=True),
    "no time at all": lambda moment: "yesterday",
    "a number that is none": lambda moment: 4711,
}


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize("name", STAMPS)
@given(steps=st.lists(STEPS, max_size=20))
@example(steps=[("wait", 30_000), ("burst", 9), ("run", 0), ("wait", 3), ("burst", 8)])
@settings(max_examples=25, deadline=None)
def test_no_change_is_passed_over_however_its_time_is_written(
    name: str, steps: list[tuple[str, Any]]
) -> None:
    server = Server(is_strict=False, stamp=STAMPS[name])
    full, catalog = played(server, PLANS["newest first"], steps)
    assert full.items() <= catalog.versions.items()


LATE = timedelta(minutes=7)


def ending(allowance: timedelta | None = None, *, is_open: bool = False) -> Windows:
    start, step = START - timedelta(days=1), timedelta(hours=6)
    return Windows("from", "to", step, start, allowance=allowance, is_open=is_open, is_fixed=True)


OTHERS = {
    "late in a list": (LATE, Incremental(ServerSide("since"), lookback=LATE), None),
    "late in windows": (LATE, Incremental(lookback=LATE), PLANS["windows"].windows),
    "windows to now": (timedelta(), Incremental(), ending(timedelta())),
    "windows to a while ago": (timedelta(), Incremental(), ending(-timedelta(minutes=15))),
    "windows without an end": (timedelta(), Incremental(), ending(is_open=True)),
}


@pytest.mark.contract("freshness.times")
@pytest.mark.contract("windows.end")
@pytest.mark.parametrize("name", OTHERS)
@given(is_strict=st.booleans(), steps=st.lists(STEPS, max_size=20))
@settings(max_examples=25, deadline=None)
def test_no_change_is_passed_over_that_arrives_late_or_is_read_late(
    name: str, is_strict: bool, steps: list[tuple[str, Any]]
) -> None:
    late, incremental, windows = OTHERS[name]
    plan = ResourcePlan("/things", ENDPOINT, incremental=incremental, windows=windows)
    server = Server(is_strict, late=late)
    # What is deleted before it was read at all is no change.
    steps = [(step, value) for step, value in steps if step != "delete"]
    full, catalog = played(server, plan, steps)
    assert full.items() <= catalog.versions.items()
    assert catalog.versions == {number: version for number, (version, _) in server.items.items()}
