"""Lists by offset or page number in which items move while they are read."""

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import ResourceError
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from outcomes import Outcome, Standing
from reading.repeats import Room
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.reading.test_resource_reader import OF_TEAMS, Api, reader

LIST = ResourcePlan("/things", Endpoint("/things", data_path=DataPath(".items")))
OFFSET: dict[str, Any] = {"pagination_type": "offset", "page_size": "5"}
PAGE: dict[str, Any] = {"pagination_type": "page", "page_size": "5", "start_page": "0"}

# What data_path leaves out moves like what it gives, and only the API's own list shows it.
NARROWED = [
    ".items[] | select((.id // .n) % 2 == 0)",
    ".items | map(select((.id // .n) % 2 == 0))",
    ".items | map(select((.id // .n) % 2 == 0) | {n: (.id // .n)})",
    "[.items[] | select((.id // .n) % 2 == 0)]",
]

# They do not begin with the path of a list, so that nothing but the body tells what was sent.
HIDDEN = [
    "(.items[] | select((.id // .n) % 2 == 0))",
    ". | .items | map(select((.id // .n) % 2 == 0))",
    "(.items // []) | map(select((.id // .n) % 2 == 0))",
    "if .items then .items | map(select((.id // .n) % 2 == 0)) else [] end",
    "first(.items | map(select((.id // .n) % 2 == 0)))",
]

# It gives no output at all where nothing is left.
STREAMED = "((.items // [])[] | select((.id // .n) % 2 == 0))"

type Rows = list[dict[str, Any]]


def rows(count: int, name: str = "id") -> Rows:
    return [{name: n, "text": f"t{n}"} for n in range(count)]


def listing(before: Callable[[int, Rows], Rows], has_total: bool = True) -> Any:
    """An API whose list is what `before` makes of it in front of each request, counted from 0."""
    state: dict[str, Any] = {"n": 0, "rows": []}

    def route(request: ApiRequest) -> Any:
        state["rows"] = before(state["n"], state["rows"])
        state["n"] += 1
        query = request.url.params
        size = int(query["limit"] if "limit" in query else query["size"])
        start = int(query["offset"]) if "offset" in query else int(query["page"]) * size
        found = {"items": state["rows"][start : start + size]}
        return {**found, "total": len(state["rows"])} if has_total else found

    return route


async def read(
    route: Any, plan: ResourcePlan = LIST, **config: Any
) -> tuple[Rows, list[str], Outcome]:
    api = Api(route)
    reading = reader(api, plan, max_concurrent_requests=1, **{**OFFSET, **config})
    found: Rows = []
    async with aclosing(cast("Any", reading.batches())) as batches:
        async for batch in batches:
            found += batch
    account = reading.account
    assert account.received + account.added == account.handed_on + account.left_out.total()
    assert reading.outcome
    return found, api.asked, reading.outcome


def ids(found: Rows) -> set[Any]:
    return {item.get("id", item.get("n")) for item in found}


@pytest.mark.contract("whole-list.shrinks")
@pytest.mark.parametrize(
    # A place of totals that no answer has does not hide the usual ones.
    "config",
    [OFFSET, PAGE, {**OFFSET, "total_path": "paging.totl"}],
)
@pytest.mark.parametrize("name", ["id", "n"])
async def test_a_list_that_shrinks_is_read_again(config: dict[str, Any], name: str) -> None:
    def shrink(request: int, now: Rows) -> Rows:
        return rows(30, name) if request == 0 else now[3:] if request == 2 else now

    found, asked, outcome = await read(listing(shrink), **config)
    assert ids(found) == set(range(30))
    assert outcome.is_proven
    assert len(asked) == 12
    if name == "n":
        # Of the second reading, only what the first lacked.
        assert len(found) == 30


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("name", ["id", "n"])
async def test_a_list_that_grows_in_front_is_read_again(has_total: bool, name: str) -> None:
    def grow(request: int, now: Rows) -> Rows:
        new = [{name: 99, "text": "new"}]
        return rows(30, name) if request == 0 else [*new, *now] if request == 2 else now

    found, asked, outcome = await read(listing(grow, has_total))
    assert ids(found) == {*range(30), 99}
    assert outcome.is_proven
    assert len(asked) <= 15


@pytest.mark.contract("whole-list.kept")
@pytest.mark.parametrize("name", ["id", "n"])
async def test_a_list_without_a_fixed_order_is_kept_unless_all_came(name: str) -> None:
    chance = random.Random(7)

    def shuffle(request: int, now: Rows) -> Rows:
        now = now or rows(60, name)
        return chance.sample(now, len(now))

    found, asked, outcome = await read(listing(shuffle))
    assert outcome.standing is Standing.KEPT
    assert "an item stood on two pages of the list, as often as it was read" in outcome.reasons[0]
    assert "ask for a fixed order" in outcome.reasons[0]
    assert len(asked) >= 36
    assert len(ids(found)) > 45


def narrowed(data_path: str) -> ResourcePlan:
    return ResourcePlan("/things", Endpoint("/things", data_path=DataPath(data_path)))


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("name", ["id", "n"])
@pytest.mark.parametrize("data_path", NARROWED)
async def test_what_data_path_leaves_out_tells_that_a_list_moved(
    data_path: str, name: str, has_total: bool
) -> None:
    """Between two pages, 6 takes the place of 1, which comes again and is left out."""

    def move(request: int, now: Rows) -> Rows:
        before = rows(10, name)
        return before if request == 0 else [before[n] for n in (6, 0, 2, 3, 4, 1, 5, 7, 8, 9)]

    found, asked, outcome = await read(listing(move, has_total), narrowed(data_path))
    assert ids(found) == {0, 2, 4, 6, 8}
    assert outcome.is_proven
    assert len(asked) == 6


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("config", [OFFSET, PAGE])
@pytest.mark.parametrize("data_path", HIDDEN)
async def test_what_a_path_hides_that_begins_with_no_list_tells_that_it_moved(
    data_path: str, config: dict[str, Any]
) -> None:
    def move(request: int, now: Rows) -> Rows:
        before = rows(10)
        return before if request == 0 else [before[n] for n in (6, 0, 2, 3, 4, 1, 5, 7, 8, 9)]

    found, _, outcome = await read(listing(move, has_total=False), narrowed(data_path), **config)
    assert ids(found) == {0, 2, 4, 6, 8}
    assert outcome.is_proven


@pytest.mark.contract("evidence.full-page")
@pytest.mark.parametrize("data_path", [*HIDDEN, *NARROWED])
@pytest.mark.parametrize("config, most", [(OFFSET, 40), (PAGE, 9)])
@pytest.mark.parametrize("count", [0, 3, 5, 32])
async def test_a_page_that_is_short_only_behind_a_filter_is_not_the_last(
    data_path: str, config: dict[str, Any], most: int, count: int
) -> None:
    still = listing(lambda request, now: rows(count), has_total=False)
    found, asked, outcome = await read(still, narrowed(data_path), **config)
    assert ids(found) == set(range(0, count, 2))
    assert outcome.is_proven
    assert len(asked) <= most


@pytest.mark.contract("evidence.empty-page")
@pytest.mark.parametrize("end", [[], None])
@pytest.mark.parametrize("data_path", [HIDDEN[2], HIDDEN[3], STREAMED, *NARROWED])
async def test_a_list_of_links_is_no_list_of_which_a_filter_leaves_nothing(
    data_path: str, end: list[Any] | None
) -> None:
    def route(request: ApiRequest) -> Any:
        start = 5 * int(request.url.params["page"])
        links = [{"rel": "self", "href": "/things"}, {"rel": "first", "href": "/things"}]
        return {"items": rows(12)[start : start + 5] or end, "links": links}

    found, asked, outcome = await read(route, narrowed(data_path), **PAGE)
    assert ids(found) == set(range(0, 12, 2))
    assert outcome.is_proven
    assert len(asked) <= 4


@pytest.mark.contract("evidence.proof")
@pytest.mark.parametrize("gap, is_proven", [(3, True), (4, False)])
async def test_pages_of_which_a_filter_leaves_nothing_are_no_end(gap: int, is_proven: bool) -> None:
    """What is behind very many of them is not looked for, and that is said."""
    many = [{"id": n, "ok": not 5 <= n < 5 + 5 * gap} for n in range(40)]
    plan = narrowed("if .items then .items[] | select(.ok) else empty end")
    found, _, outcome = await read(
        listing(lambda request, now: many, has_total=False), plan, **PAGE
    )
    assert outcome.is_proven is is_proven
    assert (ids(found) == {item["id"] for item in many if item["ok"]}) is is_proven
    if not is_proven:
        assert "finds nothing are not empty" in f"{outcome}"
        assert "begin with the path of the list" in f"{outcome}"


@pytest.mark.contract("whole-list.repeated")
async def test_what_data_path_leaves_out_takes_no_room_from_the_items(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An item of the first page goes to the end when the last ten pages do not know it."""
    monkeypatch.setattr(Room.__init__, "__defaults__", (70,))

    def move(request: int, now: Rows) -> Rows:
        before = rows(120)
        return before if request < 20 else [*before[1:], before[0]]

    found, _, outcome = await read(listing(move), narrowed(NARROWED[0]))
    assert ids(found) == set(range(0, 120, 2))
    assert outcome.is_proven


STILL = [
    pytest.param([{"id": None} if n in (4, 5) else {"id": n} for n in range(23)], id="no ids"),
    pytest.param([None if n in (4, 5, 11) else {"id": n} for n in range(23)], id="nulls"),
    pytest.param([{} if n in (4, 5) else {"id": n} for n in range(23)], id="empty"),
    pytest.param(
        [{"type": "rule"} if n % 5 in (0, 4) else {"id": n} for n in range(23)], id="rules"
    ),
    pytest.param([{"id": "head"} if n % 5 == 0 else {"id": n} for n in range(23)], id="head"),
    pytest.param([{"name": "anon"} if n % 3 else {"id": n} for n in range(23)], id="anonymous"),
]


@pytest.mark.contract("whole-list.kept")
@pytest.mark.parametrize("items", STILL)
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("config", [OFFSET, PAGE])
async def test_equal_rows_that_data_path_leaves_out_are_no_movement(
    items: Rows, has_total: bool, config: dict[str, Any]
) -> None:
    plan = narrowed('.items[] | select((.id? | type) == "number")')
    still = listing(lambda request, now: items, has_total)
    found, asked, outcome = await read(still, plan, **config)
    assert len(found) in (ids_of := len(ids(found)), 2 * ids_of)
    assert outcome.is_proven
    assert len(asked) <= 10


@pytest.mark.contract("whole-list.kept")
@pytest.mark.parametrize("data_path", NARROWED)
async def test_a_narrowed_list_without_a_fixed_order_is_kept(data_path: str) -> None:
    chance = random.Random(7)

    def shuffle(request: int, now: Rows) -> Rows:
        now = now or rows(60)
        return chance.sample(now, len(now))

    *_, outcome = await read(listing(shuffle), narrowed(data_path))
    assert outcome.standing is Standing.KEPT


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize("has_total", [True, False])
async def test_groups_that_go_on_on_the_next_page_cost_one_more_reading(has_total: bool) -> None:
    """A group stands on two pages, with other members; they are no repeated items."""
    groups = [{"id": n - n // 5, "members": [{"n": n}]} for n in range(12)]
    plan = narrowed(".items[].members[]")
    found, asked, outcome = await read(listing(lambda request, now: groups, has_total), plan)
    assert ids(found) == set(range(12))
    assert outcome.is_proven
    assert len(asked) == 6


@pytest.mark.contract("whole-list.kept")
@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 40),
    changes=st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 39), st.sampled_from(["drop", "add", "move"])),
        max_size=4,
    ),
    name=st.sampled_from(["id", "n"]),
    has_total=st.booleans(),
    data_path=st.sampled_from([".items", ".items", *NARROWED, *HIDDEN]),
)
# The list was 31 long, then 29, of which 30 had arrived.
@example(
    count=32,
    changes=[(0, 0, "drop"), *[(6, 0, "drop")] * 2],
    name="id",
    has_total=True,
    data_path=".items",
)
# Of the first page, one item is left.
@example(
    count=3,
    changes=[(0, 1, "add")] * 3,
    name="id",
    has_total=False,
    data_path=HIDDEN[0],
)
def test_what_is_there_all_the_time_is_read_or_the_list_is_kept(
    count: int,
    changes: list[tuple[int, int, str]],
    name: str,
    has_total: bool,
    data_path: str,
) -> None:
    lasting = {n for n in range(count) if n % 2 == 0 or data_path == ".items"}

    def change(request: int, now: Rows) -> Rows:
        now = list(now) if request else rows(count, name)
        for at, place, what in changes:
            if at != request:
                continue
            if what == "add":
                now.insert(0, {name: 1000 + at * 40 + place, "text": "new"})
            elif now and what == "move":
                now.insert(0, now.pop(place % len(now)))
            elif now:
                lasting.discard(now.pop(place % len(now))[name])
        return now

    # Without a total, nothing tells that a list has become shorter.
    if not has_total:
        changes = [each for each in changes if each[2] != "drop"]
    try:
        found, _, outcome = asyncio.run(read(listing(change, has_total), narrowed(data_path)))
    except ResourceError:
        # Pages that begin within one another may come again.
        assert data_path in HIDDEN
        return
    if outcome.is_proven and not hidden(changes):
        assert lasting <= ids(found)


def hidden(changes: list[tuple[int, int, str]]) -> bool:
    """Whether changes may undo each other's traces: something comes for each that goes."""
    kinds = {what for _, _, what in changes}
    return "drop" in kinds and len(kinds) > 1


INNOCENT: list[tuple[str, Callable[[int, Rows], Rows]]] = [
    ("still", lambda request, now: rows(12)),
    ("one page", lambda request, now: rows(3)),
    ("none", lambda request, now: []),
    ("grows at the end", lambda request, now: rows(12 + request)),
    ("without identifiers", lambda request, now: rows(12, "n")),
    ("falling", lambda request, now: rows(12)[::-1]),
    ("equal on one page", lambda request, now: [*[{"n": 1}] * 5, *rows(6)]),
    ("texts as identifiers", lambda request, now: [{"id": f"{n * 7 % 12}"} for n in range(12)]),
    ("an identifier for some", lambda request, now: [*rows(7), *({"n": n} for n in range(5))]),
    ("nested", lambda request, now: [{"node": {"id": n}} for n in range(12)]),
    ("null identifiers", lambda request, now: [{"id": None, "n": n} for n in range(12)]),
]


@pytest.mark.contract("whole-list.repeated", "whole-list.shrinks")
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("config", [OFFSET, PAGE])
@pytest.mark.parametrize("what", [before for _, before in INNOCENT], ids=[n for n, _ in INNOCENT])
async def test_a_list_in_which_nothing_moves_is_read_once(
    has_total: bool, config: dict[str, Any], what: Callable[[int, Rows], Rows]
) -> None:
    _, asked, outcome = await read(listing(what, has_total), **config)
    assert outcome.is_proven
    assert len(asked) == len(set(asked))


@pytest.mark.contract("whole-list.repeated")
@pytest.mark.parametrize(
    "items",
    [
        pytest.param([{"n": n % 6} for n in range(12)], id="equal items"),
        pytest.param(
            [{"id": n % 6, "of": n // 6} for n in range(12)], id="no identifier after all"
        ),
    ],
)
async def test_what_stands_on_two_pages_for_good_costs_one_more_reading(items: Rows) -> None:
    found, asked, outcome = await read(listing(lambda request, now: items))
    assert outcome.is_proven
    assert {tuple(item.items()) for item in found} == {tuple(item.items()) for item in items}
    assert len(asked) == 6


@pytest.mark.contract("whole-list.kept")
async def test_items_that_hold_their_age_are_told_apart_by_their_identifier() -> None:
    asked: list[int] = []

    def route(request: ApiRequest) -> Any:
        # It counts from 1, and gives two at most: 0 and 1, then 1 and 2, of the total of 4.
        asked.append(len(asked))
        start = max(int(request.url.params["offset"]) - 1, 0)
        return {
            "items": [{**row, "age": len(asked)} for row in rows(4)[start : start + 2]],
            "total": 4,
        }

    found, _, outcome = await read(route, page_size="3")
    assert ids(found) == {0, 1, 2}
    assert outcome.standing is Standing.KEPT
    assert "an item stood on two pages" in outcome.reasons[0]


@pytest.mark.contract("whole-list.kept")
@pytest.mark.parametrize("seed", range(20))
async def test_items_that_hold_their_age_and_have_no_order_are_kept_unless_all_came(
    seed: int,
) -> None:
    chance, asked = random.Random(seed), []

    def route(request: ApiRequest) -> Any:
        asked.append(request)
        start = int(request.url.params["offset"])
        rows_now = [{**row, "age": len(asked)} for row in chance.sample(rows(23), 23)]
        return {"items": rows_now[start : start + 5], "total": 23}

    found, _, outcome = await read(route)
    assert outcome.standing is Standing.KEPT or ids(found) == set(range(23))


async def test_a_total_of_what_is_left_costs_one_more_reading() -> None:
    def route(request: ApiRequest) -> Any:
        start = int(request.url.params["offset"])
        return {"items": rows(15)[start : start + 5], "total": 15 - start, "has_more": start < 10}

    found, asked, outcome = await read(route)
    assert ids(found) == set(range(15))
    assert outcome.is_proven
    assert len(asked) == 6


@pytest.mark.contract("whole-list.repeated")
async def test_lists_of_discovery_are_read_again_too() -> None:
    def grow(request: int, now: Rows) -> Rows:
        return rows(10) if request == 0 else [{"id": 99}, *now] if request == 1 else now

    teams = listing(grow)
    parameter = PathParameter("team", OF_TEAMS, Endpoint("/teams", data_path=DataPath(".items")))
    path = "/teams/{team}/things"
    plan = ResourcePlan(path, Endpoint(path), (parameter,))
    found, _, outcome = await read(
        lambda request: teams(request) if request.url.path == "/teams" else [{"x": 1}], plan
    )
    assert {item["__team"] for item in found} == {*map(str, range(10)), "99"}
    assert outcome.is_proven


async def test_answers_that_resources_share_are_asked_for_anew() -> None:
    def grow(request: int, now: Rows) -> Rows:
        return rows(10) if request == 0 else [{"id": 99}, *now] if request == 1 else now

    api = Api(listing(grow))
    client: Any = api
    given_settings = {"base_url": "https://api.test", **OFFSET, "max_concurrent_requests": 1}
    session = Session(client, ConnectionSettings.parse(given_settings), (LIST, LIST))
    found = [item async for batch in ResourceReader(LIST, session).batches() for item in batch]
    assert ids(found) == {*range(10), 99}
    session.close()
