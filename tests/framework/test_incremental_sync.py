"""Cursors that never pass over a change, and which resources an incremental run reads."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from port_ocean.core.models import Entity

from api_messages import ApiRequest
from errors import SelectorError
from expressions.item_expressions import ItemExpression
from framework.incremental_sync import CarefulCursors, restart_cursors
from framework.refusals import Refusal, Refusals
from framework.runs import ResourceRun, Run, ServerClock
from mapping.fields.selector import CustomSelector
from mapping.plan.endpoint import Endpoint
from mapping.plan.incremental import Incremental
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig, is_incremental
from outcomes import Doubt, Outcome
from pagination.page import Page, Verdict
from settings.connection import ConnectionSettings

BEGUN = datetime(2024, 1, 1, 12, tzinfo=UTC)
SETTINGS = ConnectionSettings.parse({"base_url": "https://api.test"})


def page_at(date: str | None) -> Page:
    request = ApiRequest("GET", "https://api.test/x")
    headers = httpx.Headers({"Date": date} if date else {})
    return Page(request, headers, [], [], 0, 0, None, b"")


def heard(*dates: str | None) -> ServerClock:
    clock = ServerClock()
    for date in dates:
        page = page_at(date)
        clock.page_read(Endpoint("/x"), page.request, page, Verdict(keep=True))
    return clock


def ago(**parts: float) -> str:
    return format_datetime(datetime.now(UTC) - timedelta(**parts), usegmt=True)


def test_the_clock_that_is_farther_behind_counts() -> None:
    behind = heard(ago(minutes=3), ago(minutes=1), ago(minutes=-9), None, "today").behind
    assert timedelta(seconds=178) < behind < timedelta(seconds=185)
    assert heard(ago(minutes=-9)).behind == timedelta()


class Port:
    """Keeps cursors as Port does."""

    def __init__(self, **cursors: datetime) -> None:
        self.cursors: dict[tuple[str, int], datetime] = {
            (kind, 0): cursor for kind, cursor in cursors.items()
        }

    async def get_integration_cursor(self, kind: str, index: int) -> datetime | None:
        return self.cursors.get((kind, index))

    async def upsert_integration_cursor(self, kind: str, index: int, value: datetime) -> None:
        self.cursors[kind, index] = value


PROVEN = Outcome.of([], [])
KEPT = Outcome.of([], [Doubt("has_more is true")])


def refuse(refusals: Refusals, name: str = "a") -> None:
    entity = Entity(identifier=name, blueprint="item")
    refusals.refuse(entity, Refusal(422, "level must be number"))


async def test_a_cursor_is_saved_earlier_than_the_run_began() -> None:
    port: Any = Port()
    block = Incremental(lookback=timedelta(minutes=5))
    plan = ResourcePlan("k", Endpoint("/k"), incremental=block)
    run = ResourceRun("k", 0, plan=plan, outcome=PROVEN)
    refusals = Refusals()
    refuse(refusals)  # of a resource before
    cursors = CarefulCursors(port, run, refusals)
    run.clock.behind = timedelta(minutes=2)
    await cursors.save("k", 0, BEGUN)
    assert port.cursors == {("k", 0): BEGUN - timedelta(minutes=7, seconds=1)}


async def test_a_cursor_stays_where_port_refused_an_entity() -> None:
    port: Any = Port(k=BEGUN)
    refusals = Refusals()
    refuse(refusals)
    cursors = CarefulCursors(port, ResourceRun("k", 0, since=BEGUN, outcome=PROVEN), refusals)
    # It was written by another resource, while one of this resource's was refused.
    refusals.take(Entity(identifier="a", blueprint="item"), "a")
    refuse(refusals, "b")
    await cursors.save("k", 0, BEGUN + timedelta(hours=1))
    assert port.cursors == {("k", 0): BEGUN}


@pytest.mark.parametrize("before", [None, BEGUN])
async def test_a_cursor_that_a_full_resync_set_meanwhile_stays(
    before: datetime | None,
) -> None:
    port: Any = Port(**({"k": before} if before else {}))
    run = ResourceRun("k", 0, since=before, outcome=PROVEN)
    cursors = CarefulCursors(port, run, Refusals())
    # It began before this run, and deleted what it had not seen of what this run wrote.
    await restart_cursors(port, [ResourceRun("k", 0)], BEGUN + timedelta(minutes=1))
    await cursors.save("k", 0, BEGUN + timedelta(minutes=9))
    assert port.cursors == {("k", 0): BEGUN + timedelta(seconds=59)}


async def test_a_full_resync_takes_cursors_to_where_it_began_also_back() -> None:
    port: Any = Port(behind=BEGUN - timedelta(days=1), ahead=BEGUN + timedelta(minutes=9))
    runs = [ResourceRun(kind, 0) for kind in ("behind", "ahead", "never")]
    await restart_cursors(port, runs, BEGUN)
    began = BEGUN - timedelta(seconds=1)
    assert port.cursors == {(kind, 0): began for kind in ("behind", "ahead", "never")}


async def test_cursors_that_cannot_be_moved_cost_a_warning(logs: list[str]) -> None:
    class Away(Port):
        async def upsert_integration_cursor(self, kind: str, index: int, value: datetime) -> None:
            raise httpx.ConnectError("away")

    port: Any = Away(k=BEGUN)
    await restart_cursors(port, [ResourceRun("k", 0)], BEGUN)
    assert any("cursor" in line and "WARNING" in line for line in logs)


def test_a_run_knows_the_resources_that_incremental_runs_read_as_well() -> None:
    plain = ResourcePlan("/a", Endpoint("/a"))
    block = Incremental(lookback=timedelta(seconds=7))
    run = Run()
    run.begin("/a", 0).plan = plain
    part = run.begin("/b", 1)
    part.plan = ResourcePlan("/b", Endpoint("/b"), incremental=block)
    assert [each for each in run.parts.values() if each.is_incremental] == [part]
    assert (part.kind, part.index, part.since, part.lookback) == ("/b", 1, None, block.lookback)
    run.current = ResourceRun("/c", 2, since=BEGUN)
    assert run.begin("/c", 2).since == BEGUN


@pytest.mark.contract("evidence.cursors")
@pytest.mark.parametrize("outcome", [None, KEPT, Outcome.of([ValueError("away")], [])])
async def test_a_cursor_stays_where_the_resource_is_not_proven(outcome: Outcome | None) -> None:
    port: Any = Port(k=BEGUN)
    part = ResourceRun("k", 0, since=BEGUN, outcome=outcome)
    await CarefulCursors(port, part, Refusals()).save("k", 0, BEGUN + timedelta(hours=1))
    assert port.cursors == {("k", 0): BEGUN}


@pytest.mark.contract("evidence.cursors")
def test_only_cursors_of_what_is_proven_begin_anew_after_a_full_resync() -> None:
    block = Incremental()
    run = Run()
    for index, outcome in enumerate([PROVEN, KEPT, None]):
        part = run.begin(f"/{index}", index)
        part.plan = ResourcePlan(part.kind, Endpoint(part.kind), incremental=block)
        part.outcome = outcome
    plain = run.begin("/plain", 3)
    plain.plan, plain.outcome = ResourcePlan("/plain", Endpoint("/plain")), PROVEN
    assert [part.kind for part in run.movable] == ["/0"]
    run.doubt(0, Doubt("too much would be deleted"))
    assert run.movable == []
    assert run.kept == ["/0", "/1"]


def resource(**selector: Any) -> CustomResourceConfig:
    entity = {"mappings": {"identifier": ".id", "blueprint": '"item"'}}
    return CustomResourceConfig.parse_obj(
        {"kind": "/x", "selector": {"query": "true", **selector}, "port": {"entity": entity}}
    )


def test_which_resources_take_part() -> None:
    assert is_incremental(resource(incremental={"param": "since"}))
    assert not is_incremental(resource())
    assert not is_incremental(object())
    # It fails loudly, where its block may be what is wrong.
    assert is_incremental(resource(incremental={"parameter": "since"}))
    assert is_incremental(resource(increment={"param": "since"}))


WINDOWS = {"from_param": "from", "to_param": "to", "start": "90d", "step": "7d"}


@pytest.mark.parametrize(
    "selector, problem",
    [
        ({"incremental": {}}, "incremental: says nothing; give param"),
        (
            {"incremental": {"param": "since", "field": ".x"}},
            "incremental: param and field contradict each other; give one",
        ),
        (
            {"incremental": {"field": ".x", "in": "body", "prefix": ">"}},
            "incremental: in, prefix: has no effect without param",
        ),
        ({"incremental": {"param": "s", "format": "%H:%M"}}, "incremental.format: must be iso8601"),
        ({"incremental": {"param": "s", "lookback": "soon"}}, "incremental.lookback: must be sec"),
        ({"incremental": {"field": ".x["}}, "incremental.field: '.x[' is not valid JQ"),
        ({"incremental": {"param": "s", "in": "path"}}, "incremental.in: unexpected value"),
        (
            {"incremental": {"params": "s"}},
            "incremental.params: is not known; allowed are param, in, format",
        ),
        ({"windows": {**WINDOWS, "step": 1}}, "windows.step: must be at least 2 s"),
        (
            {"windows": {**WINDOWS, "step": "1d", "format": "%Y-%m-%d"}},
            "windows.step: must be at least 172800 s",
        ),
        ({"windows": {**WINDOWS, "start": "soon"}}, "windows.start: must be a date such as"),
        ({"windows": {**WINDOWS, "start": 90}}, "windows.start: must be a date such as"),
        ({"windows": {**WINDOWS, "start": "2024"}}, "how long ago, with its unit"),
        ({"windows": {**WINDOWS, "start": "2204-01-01"}}, "windows.start: must be in the past"),
        ({"windows": {**WINDOWS, "start": "0d"}}, "windows.start: must be in the past"),
        ({"windows": {**WINDOWS, "step": 7}}, "there are 1296000 windows of 7, each a request"),
        ({"windows": {**WINDOWS, "cap": 0}}, "windows.cap: ensure this value is greater than"),
        ({"windows": {"from_param": "from"}}, "windows.to_param: field required"),
        (
            {
                "endpoint": "/x/{y}",
                "path_parameters": {"y": {"endpoint": "/y", "field": ".id", "changed": ".at"}},
            },
            "path_parameters.y.changed: has no effect without an incremental block",
        ),
    ],
)
def test_misuse_is_refused_at_load(selector: dict[str, Any], problem: str) -> None:
    chosen = CustomSelector.validate({"query": "true", **selector})
    with pytest.raises(SelectorError) as caught:
        chosen.plan("/x", SETTINGS)
    assert problem in str(caught.value)


def test_blocks_become_plans() -> None:
    plan = resource(
        incremental={"queryParams": {"state": "all"}, "lookback": 90},
        windows={**WINDOWS, "start": "2024-01-01", "cap": 7, "in": "body"},
    ).plan(SETTINGS)
    assert plan.incremental
    assert plan.incremental.query_params == {"state": "all"}
    assert plan.incremental.lookback == timedelta(seconds=90)
    assert plan.windows
    assert plan.windows.start == datetime(2024, 1, 1, tzinfo=UTC)
    assert (plan.windows.where, plan.windows.cap) == ("body", 7)
    changing = resource(
        endpoint="/x/{y}",
        path_parameters={"y": {"endpoint": "/y", "field": ".id", "changed": ".at"}},
        incremental={},
    ).plan(SETTINGS)
    assert isinstance(changing.parameters[0].changed, ItemExpression)
