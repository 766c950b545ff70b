"""Reading what has changed: every change is read, whatever else is read with it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from client import ApiClient
from errors import ResourceError
from expressions.item_expressions import ItemExpression
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.incremental import Incremental, ServerSide
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from mapping.plan.times import TimeFormat
from mapping.plan.windows import Windows
from outcomes import Doubt, Outcome, Standing
from pagination.page import Page, Verdict
from pagination.pager import Pager
from reading import endpoint_reader
from reading.resource_reader import ResourceReader
from reading.session import Limits, Session
from reading.timed_reader import ApiClock
from settings.connection import ConnectionSettings
from tests.reading.test_resource_reader import BASE, Api

START = datetime(2024, 1, 1, tzinfo=UTC)
UPDATED = ItemExpression(".updated_at", "incremental.field")

type Item = dict[str, Any]


def set_clock(reader: ResourceReader, clock: Callable[[], datetime]) -> None:
    reader._timed._clock = clock
    reader._timed._api_clock = ApiClock(clock)


async def read(
    route: Callable[[ApiRequest], Any],
    plan: ResourcePlan,
    since: datetime | None,
    limits: Limits | None = None,
    now: datetime | None = None,
    headers: dict[str, str] | None = None,
    **config: Any,
) -> tuple[list[Item], Api]:
    api = Api(route, headers)
    client: Any = api
    parsed = ConnectionSettings.parse({"base_url": BASE, **config})
    session = Session(client, parsed, limits=limits or Limits())
    reader = ResourceReader(plan, session, since=since)
    if now:
        set_clock(reader, lambda: now)
    found = [item async for batch in reader.batches() for item in batch]
    return found, api


def plan_of(incremental: Incremental | None = None, **parts: Any) -> ResourcePlan:
    return ResourcePlan("/things", Endpoint("/things"), incremental=incremental, **parts)


def query_of(request: ApiRequest) -> httpx.QueryParams:
    return request.url.params


SERVER_SIDE = [
    (ServerSide("since"), {"since": "2023-12-31T23:59:59Z"}),
    (
        ServerSide("q", time_format=TimeFormat("%Y-%m-%d %H:%M"), prefix="up>=", suffix="^x=1"),
        {"q": "up>=2023-12-31 23:59^x=1"},
    ),
    (ServerSide("since", time_format=TimeFormat("epoch_seconds")), {"since": "1704067199"}),
]


@pytest.mark.parametrize("server_side, expected", SERVER_SIDE)
async def test_the_moment_is_asked_for_in_incremental_runs_only(
    server_side: ServerSide, expected: dict[str, str]
) -> None:
    plan = plan_of(Incremental(server_side, query_params={"state": "all"}))
    asked: list[dict[str, str]] = []

    def route(request: ApiRequest) -> Any:
        asked.append(dict(query_of(request)))
        return [{"id": 1}]

    await read(route, plan, START + timedelta(microseconds=5))
    await read(route, plan, None)
    assert asked == [{"state": "all", **expected}, {}]


async def test_in_a_header_and_in_a_body() -> None:
    seen: list[ApiRequest] = []

    def route(request: ApiRequest) -> Any:
        seen.append(request)
        return [{"id": 1}]

    millis = TimeFormat("epoch_milliseconds")
    in_body = Incremental(ServerSide("filter.since", "body", millis))
    endpoint = Endpoint("/things", "POST", body={"filter": {"open": True}})
    await read(route, ResourcePlan("/things", endpoint, incremental=in_body), START)
    await read(route, plan_of(Incremental(ServerSide("X-Since", "header"))), START)
    assert seen[0].body == {"filter": {"open": True, "since": 1704067199000}}
    assert seen[1].headers == {"X-Since": "2023-12-31T23:59:59Z"}
    wrong = ResourcePlan("/things", Endpoint("/things", "POST", body=[1]), incremental=in_body)
    with pytest.raises(ResourceError, match=r"look at body and incremental\.in"):
        await read(route, wrong, START)


async def test_no_changes_are_no_error() -> None:
    plan = ResourcePlan(
        "/things",
        Endpoint("/things", data_path=DataPath(".items")),
        incremental=Incremental(ServerSide("since")),
    )
    found, _ = await read(lambda request: {}, plan, START)
    assert found == []
    with pytest.raises(ResourceError, match="matches nothing"):
        await read(lambda request: {}, plan, None)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def paged(items: list[Item], size: int) -> Callable[[ApiRequest], Any]:
    def route(request: ApiRequest) -> Any:
        page = int(query_of(request)["page"])
        return {
            "items": items[(page - 1) * size : page * size],
            "total": len(items),
            "next": page * size < len(items),
        }

    return route


CUTOFF = ResourcePlan(
    "/things",
    Endpoint("/things", data_path=DataPath(".items")),
    incremental=Incremental(changed=UPDATED),
)
PAGED: dict[str, Any] = {"pagination_type": "page", "page_size": "3", "has_more_path": "next"}


async def test_reading_ends_at_the_first_page_that_is_older() -> None:
    items = [{"id": n, "updated_at": at(-n)} for n in range(30)]
    found, api = await read(paged(items, 3), CUTOFF, START - timedelta(seconds=4), **PAGED)
    # Pages of 0-2, 3-5 (where the border is) and 6-8 (the overlap); nothing is fetched ahead.
    assert [item["id"] for item in found] == list(range(9))
    assert len(api.asked) == 3
    _, api = await read(paged(items, 3), CUTOFF, None, **PAGED)
    assert len(api.asked) == 10


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([at(n) for n in range(30)], id="oldest first"),
        pytest.param([at((n * 7) % 30) for n in range(30)], id="in no order"),
        pytest.param([at(-n) if n % 3 else None for n in range(30)], id="without a time"),
        pytest.param([at(-n) if n % 3 else "yesterday" for n in range(30)], id="not understood"),
        pytest.param([at(-1)] * 30, id="all at the same time"),
        pytest.param([at(-(n % 2)) for n in range(7)] + [at(-9)] * 23, id="imported at once"),
    ],
)
async def test_where_nothing_tells_that_the_rest_is_older_all_is_read(times: list[Any]) -> None:
    items = [{"id": n, "updated_at": time} for n, time in enumerate(times)]
    found, _ = await read(paged(items, 3), CUTOFF, START + timedelta(days=1), **PAGED)
    assert [item["id"] for item in found] == list(range(30))


async def test_pinned_items_do_not_end_the_reading() -> None:
    pinned = [{"id": "p", "updated_at": at(-1000)}]
    items = pinned + [{"id": n, "updated_at": at(-n)} for n in range(30)]
    found, api = await read(paged(items, 3), CUTOFF, START - timedelta(seconds=7), **PAGED)
    assert [item["id"] for item in found][:9] == ["p", *range(8)]
    assert len(api.asked) == 4


@pytest.mark.contract("incremental.pinned")
@pytest.mark.parametrize("pinned", [2, 3])
async def test_a_first_page_of_old_pinned_items_does_not_end_the_reading(pinned: int) -> None:
    items: list[Item] = [{"id": f"p{n}", "updated_at": at(-1000 - n)} for n in range(pinned)]
    items += [{"id": n, "updated_at": at(-n)} for n in range(30)]
    found, api = await read(paged(items, 3), CUTOFF, START - timedelta(seconds=7), **PAGED)
    assert {*range(8)} <= {item["id"] for item in found}
    assert len(api.asked) == 5


@pytest.mark.contract("incremental.pinned")
async def test_where_nothing_changed_two_pages_tell() -> None:
    items = [{"id": n, "updated_at": at(-n)} for n in range(30)]
    found, api = await read(paged(items, 3), CUTOFF, START + timedelta(seconds=9), **PAGED)
    assert len(api.asked) == 2
    assert [item["id"] for item in found] == [*range(6)]


@given(
    ages=st.lists(st.integers(0, 50), max_size=40),
    size=st.integers(1, 7),
    since=st.integers(0, 51),
    unreadable=st.sets(st.integers(0, 39), max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_newest_first_every_change_is_read(
    ages: list[int], size: int, since: int, unreadable: set[int]
) -> None:
    items = [{"id": n, "updated_at": at(-age)} for n, age in enumerate(sorted(ages))]
    for n in unreadable & set(range(len(items))):
        items[n]["updated_at"] = None
    changed = {item["id"] for item, age in zip(items, sorted(ages), strict=True) if age <= since}
    config = PAGED | {"page_size": str(size)}
    found, _api = asyncio.run(
        read(paged(items, size), CUTOFF, START - timedelta(seconds=since), **config)
    )
    read_ids = [item["id"] for item in found]
    assert changed <= set(read_ids)
    assert len(read_ids) == len(set(read_ids))
    assert read_ids == list(range(len(read_ids)))


async def test_only_parents_that_changed_are_read() -> None:
    parents = [
        {"id": "old", "pushed_at": at(-10)},
        {"id": "new", "pushed_at": at(10)},
        {"id": "same", "pushed_at": at(0)},
        {"id": "unknown"},
    ]
    parameter = PathParameter(
        "team",
        {"team": ItemExpression(".id", "field")},
        Endpoint("/teams"),
        changed=ItemExpression(".pushed_at", "changed"),
    )
    plan = ResourcePlan(
        "/teams/{team}/things",
        Endpoint("/teams/{team}/things"),
        (parameter,),
        incremental=Incremental(),
    )

    def route(request: ApiRequest) -> Any:
        return parents if request.url.path == "/teams" else [{"id": 1}]

    found, _ = await read(route, plan, START)
    assert {item["__team"] for item in found} == {"new", "same", "unknown"}
    found, _ = await read(route, plan, None)
    assert {item["__team"] for item in found} == {"old", "new", "same", "unknown"}


class Capped:
    """An API that gives at most `cap` items of a range of time; `ends` says which ends belong."""

    def __init__(self, times: list[float], cap: int, ends: str, *, refuses: bool) -> None:
        self.times = times
        self.cap = cap
        self.ends = ends
        self.refuses = refuses
        self.longest = timedelta()

    def __call__(self, request: ApiRequest) -> Any:
        query = query_of(request)
        start, end = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
        self.longest = max(self.longest, end - start)
        found = [
            {"id": n}
            for n, seconds in enumerate(self.times)
            if self._is_in(START + timedelta(seconds=seconds), start, end)
        ]
        if not self.refuses:
            return {"items": found[: self.cap]}
        offset, limit = int(query["offset"]), int(query["limit"])
        if offset + limit > self.cap:
            return 400
        return {"items": found[offset : offset + limit], "total": len(found)}

    def _is_in(self, moment: datetime, start: datetime, end: datetime) -> bool:
        first = moment >= start if "[" in self.ends else moment > start
        last = moment <= end if "]" in self.ends else moment < end
        return first and last


def windowed(step: timedelta, cap: int | None, start: datetime | timedelta) -> ResourcePlan:
    return ResourcePlan(
        "/audit",
        Endpoint("/audit", data_path=DataPath(".items")),
        windows=Windows("from", "to", step, start, cap=cap),
    )


@given(
    times=st.lists(st.floats(1, 1e5), max_size=40),
    cap=st.integers(2, 9),
    ends=st.sampled_from(["[]", "[)", "(]", "()"]),
    refuses=st.booleans(),
    step=st.sampled_from([2, 3600, 86400, 10**7]),
)
@settings(max_examples=60, deadline=None)
def test_every_item_of_a_capped_api_is_read_or_it_fails_loudly(
    times: list[float], cap: int, ends: str, refuses: bool, step: int
) -> None:
    # Of two seconds each, there would be too many windows.
    times = [time % 60 + 1 for time in times] if step == 2 else times
    api = Capped(times, cap, ends, refuses=refuses)
    last = START + timedelta(seconds=62 if step == 2 else 1e5)
    plan = windowed(timedelta(seconds=step), None if refuses else cap, START)
    config: dict[str, Any] = {"pagination_type": "offset", "page_size": "2"} if refuses else {}
    try:
        found, sent = asyncio.run(read(api, plan, None, now=last, **config))
    except ResourceError as error:
        # As many as the cap within three seconds.
        crowds = (sum(abs(a - b) < 3 for a in times) for b in times)
        if "cannot be made shorter" in str(error) and max(crowds) >= cap - 1:
            return
        raise
    assert {item["id"] for item in found} == set(range(len(times)))
    assert api.longest <= timedelta(seconds=step)
    windows_needed = 1 + (last - START + timedelta(minutes=6)).total_seconds() / (step - 1)
    assert len(sent.asked) <= (windows_needed + 60 * len(times)) * (cap + 2)


NOW = START + timedelta(days=2)


def dated(ahead: timedelta) -> dict[str, str]:
    return {"Date": format_datetime(NOW + ahead, usegmt=True)}


@pytest.mark.contract("windows.clock")
@pytest.mark.parametrize("ahead", [timedelta(minutes=12), timedelta(hours=23)])
@pytest.mark.parametrize("step", [timedelta(hours=6), timedelta(days=30)])
async def test_an_item_stamped_now_by_a_clock_that_is_ahead_is_read(
    ahead: timedelta, step: timedelta
) -> None:
    stamped = (NOW + ahead - START).total_seconds()
    plan = windowed(step, None, START)
    capped = Capped([5.0, stamped], 99, "[)", refuses=False)
    found, api = await read(capped, plan, None, now=NOW, headers=dated(ahead))
    assert {item["id"] for item in found} == {0, 1}
    assert len(api.asked) <= 2 + (timedelta(days=2) + ahead) / step + 1
    found, _ = await read(capped, plan, None, now=NOW)
    assert {item["id"] for item in found} == {0}


@pytest.mark.contract("windows.clock")
async def test_a_clock_that_is_days_ahead_is_in_doubt() -> None:
    plan = windowed(timedelta(days=30), None, START)
    session = Session(
        cast("ApiClient", Api(lambda request: {"items": [{"id": 1}]}, dated(timedelta(days=3)))),
        ConnectionSettings.parse({"base_url": BASE}),
    )
    reader = ResourceReader(plan, session)
    set_clock(reader, lambda: NOW)
    assert len([batch async for batch in reader.batches()]) == 1
    assert reader.outcome
    assert reader.outcome.standing is Standing.KEPT
    assert "the API's Date is 3 days ahead" in reader.outcome.reasons[0]


@pytest.mark.contract("windows.clock")
@pytest.mark.parametrize(
    "headers",
    [
        *({}, dated(timedelta()), dated(timedelta(minutes=-9)), dated(timedelta(minutes=4))),
        *(dated(timedelta(seconds=1)), dated(timedelta(days=-999)), dated(timedelta(days=3))),
        *({"Date": "yesterday"}, {"Date": ""}, {"Date": "Thu, 99 Foo 2024 99:00:00 GMT"}),
    ],
)
async def test_a_clock_that_is_not_ahead_changes_nothing(headers: dict[str, str]) -> None:
    plan = windowed(timedelta(days=30), None, START)
    capped = Capped([5.0], 99, "[)", refuses=False)
    _, api = await read(capped, plan, None, now=NOW, headers=headers)
    assert len(api.asked) == 1


class MoreBesides(Pager):
    """Doubts each end where the body says that there is more."""

    def receive(self, page: Page) -> Verdict:
        verdict = super().receive(page)
        is_told = verdict.request is None and page.body["has_more"]
        return verdict._replace(doubt=Doubt("has_more is true") if is_told else None)


async def in_windows(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[ApiRequest], Any], step: timedelta
) -> tuple[set[int], int, Outcome]:
    monkeypatch.setattr(endpoint_reader, "Pager", MoreBesides)
    api = Api(route)
    client: Any = api
    session = Session(client, ConnectionSettings.parse({"base_url": BASE}))
    reader = ResourceReader(windowed(step, None, START), session)
    set_clock(reader, lambda: NOW)
    found = {item["id"] async for batch in reader.batches() for item in batch}
    assert reader.outcome
    return found, len(api.asked), reader.outcome


@pytest.mark.contract("windows.doubt")
@pytest.mark.parametrize("step", [timedelta(hours=6), timedelta(days=30)])
async def test_evidence_of_more_halves_a_window(
    monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    capped = Capped([n * 3600.0 for n in range(48)], 3, "[)", refuses=False)

    def route(request: ApiRequest) -> Any:
        # It says so where it cut something off.
        found = Capped(capped.times, 99, "[)", refuses=False)(request)["items"]
        return {"items": found[:3], "has_more": len(found) > 3}

    found, asked, outcome = await in_windows(monkeypatch, route, step)
    assert found == set(range(48))
    assert outcome.is_proven
    assert asked < 100


@pytest.mark.contract("windows.doubt")
@pytest.mark.parametrize("step", [timedelta(hours=6), timedelta(days=30)])
async def test_evidence_that_shorter_windows_do_not_answer_is_kept(
    monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    complete = Capped([n * 3600.0 for n in range(48)], 99, "[)", refuses=False)
    found, asked, outcome = await in_windows(
        monkeypatch, lambda request: {**complete(request), "has_more": True}, step
    )
    assert found == set(range(48))
    assert outcome.standing is Standing.KEPT
    assert "has_more is true" in outcome.reasons[0]
    assert asked < 30


async def test_incremental_windows_begin_at_the_cursor() -> None:
    plan = ResourcePlan(
        "/audit",
        Endpoint("/audit"),
        incremental=Incremental(),
        windows=Windows("from", "to", timedelta(days=1), timedelta(days=365)),
    )
    since = datetime.now(UTC) - timedelta(hours=30)
    _, api = await read(lambda request: [{"id": 1}], plan, since)
    assert len(api.asked) == 2
    begun = since - timedelta(seconds=1)
    assert begun.strftime("from=%Y-%m-%dT%H%%3A%M%%3A%SZ") in api.asked[0]
    _found, api = await read(
        lambda request: [{"id": 1}], plan, None, Limits(pages=1, endpoints=1, items=10)
    )
    assert len(api.asked) == 1


async def test_a_failing_window_fails_the_resource_and_keeps_the_rest() -> None:
    def route(request: ApiRequest) -> Any:
        return 500 if query_of(request)["from"] > at(86400) else [{"id": 1}]

    plan = ResourcePlan(
        "/audit", Endpoint("/audit"), windows=Windows("from", "to", timedelta(days=1), START)
    )
    with pytest.raises(ResourceError, match="500"):
        await read(route, plan, None)


@pytest.mark.contract("windows.end")
def test_ends_of_windows_say_what_they_leave_out() -> None:
    """Only what leaves out something that earlier runs may have read is in doubt."""

    async def outcome(windows: Windows, since: datetime | None, **parts: Any) -> Standing:
        plan = ResourcePlan("/audit", Endpoint("/audit"), windows=windows, **parts)
        client: Any = Api(lambda request: [{"id": 1}])
        session = Session(client, ConnectionSettings.parse({"base_url": BASE}))
        reader = ResourceReader(plan, session, since=since)
        set_clock(reader, lambda: NOW)
        assert [batch async for batch in reader.batches()]
        assert reader.outcome
        return reader.outcome.standing

    plain = Windows("from", "to", timedelta(days=30), START)
    to_now = replace(plain, allowance=timedelta())
    fixed = replace(to_now, is_fixed=True)
    param = {"incremental": Incremental(ServerSide("since"))}
    for windows, since, parts, expected in (
        (plain, None, {}, Standing.PROVEN),
        (replace(plain, is_open=True), None, {}, Standing.PROVEN),
        (to_now, None, {}, Standing.KEPT),
        (to_now, START, {"incremental": Incremental()}, Standing.PROVEN),
        (fixed, None, {}, Standing.PROVEN),
        (fixed, None, param, Standing.KEPT),
    ):
        assert asyncio.run(outcome(windows, since, **parts)) is expected


@pytest.mark.contract("windows.end")
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=3), timedelta(minutes=-3)])
async def test_no_window_ends_after_now_by_the_clock_of_the_api(ahead: timedelta) -> None:
    """An API such as CloudWatch refuses what ends in the future."""
    windows = Windows("from", "to", timedelta(hours=6), START, allowance=timedelta())
    ends: list[datetime] = []

    def route(request: ApiRequest) -> Any:
        end = datetime.fromisoformat(query_of(request)["to"])
        ends.append(end)
        return 400 if end > NOW + ahead else {"items": [{"id": 1}]}

    plan = replace(windowed(timedelta(hours=6), None, START), windows=windows)
    await read(route, plan, None, now=NOW, headers=dated(ahead))
    assert ends[-1] == NOW + ahead


@pytest.mark.contract("windows.end")
@pytest.mark.parametrize(
    "said",
    [
        pytest.param([dated(timedelta(days=-9000))], id="no clock to go by"),
        pytest.param([{**dated(timedelta(hours=-9)), "Age": "32400"}], id="kept by a cache"),
        pytest.param([{}, dated(timedelta(hours=-9)), dated(timedelta())], id="once on its way"),
    ],
)
async def test_an_answer_with_an_old_date_leaves_no_window_out(said: list[dict[str, str]]) -> None:
    """An item that no window reached would be deleted where times are fixed."""
    capped = Capped([n * 3600.0 for n in range(48)], 99, "[]", refuses=False)
    windows = Windows("from", "to", timedelta(hours=6), START, allowance=timedelta(), is_fixed=True)
    plan = replace(windowed(timedelta(hours=6), None, START), windows=windows)
    dates = iter(said)

    def route(request: ApiRequest) -> Any:
        api.headers = httpx.Headers(next(dates, said[-1]))
        return capped(request)

    api = Api(route)
    session = Session(cast("ApiClient", api), ConnectionSettings.parse({"base_url": BASE}))
    reader = ResourceReader(plan, session)
    set_clock(reader, lambda: NOW)
    found = {item["id"] async for batch in reader.batches() for item in batch}
    assert found == set(range(48))


@pytest.mark.contract("windows.end")
async def test_the_error_about_an_end_in_the_future_names_the_setting() -> None:
    def route(request: ApiRequest) -> Any:
        return 400

    with pytest.raises(ResourceError, match=r"windows\.end: 0"):
        await read(route, windowed(timedelta(days=30), None, START), None, now=NOW)


@pytest.mark.contract("windows.end")
async def test_an_open_window_has_no_end_and_is_halved_all_the_same() -> None:
    capped = Capped([n * 3600.0 for n in range(40)], 9, "[)", refuses=False)
    sent: list[httpx.QueryParams] = []

    def route(request: ApiRequest) -> Any:
        sent.append(query_of(request))
        return capped(request.with_query({"to": sent[-1].get("to", "2100-01-01T00:00:00Z")}))

    windows = Windows("from", "to", timedelta(days=30), START, cap=9, is_open=True)
    plan = replace(windowed(timedelta(hours=6), None, START), windows=windows)
    found, _ = await read(route, plan, None, now=NOW)
    assert {item["id"] for item in found} == set(range(40))
    assert "to" not in sent[0]
    assert all(datetime.fromisoformat(each["to"]) <= NOW for each in sent if "to" in each)
