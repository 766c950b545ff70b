"""Values of path parameters, as pages of their endpoint arrive."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast

import pytest

from api_messages import ApiRequest
from errors import OceanCustomError, ResourceError, StatusError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.path_parameter import Batch, PathParameter
from reading.account import Account
from reading.data_path_fit import DataPathFit
from reading.endpoint_reader import EndpointReader
from reading.failures import Failures, Vanished
from reading.item_stream import Portion
from reading.parameters.combinations import Combinations
from reading.parameters.discovery import NOTHING, Discovery, EndpointSource, FixedSource

BASE = "https://api.test"
TEAMS = Endpoint("/teams")


class Pages:
    """Stands for an EndpointReader; `handed_out` tells how many pages were asked for."""

    def __init__(self, *pages: list[Any], error: Exception | None = None) -> None:
        self.account = Account()
        self.fit = DataPathFit()
        self.handed_out = 0
        self._pages = pages
        self._error = error

    async def read(self, first: ApiRequest, texts: Mapping[str, str]) -> AsyncIterator[Portion]:
        assert first.url == f"{BASE}/teams"
        assert texts == {}
        for page in self._pages:
            self.handed_out += 1
            self.account.received += len(page)
            yield Portion(page, 0, len(page))
        if self._error:
            raise self._error


def discovery(
    pages: Pages,
    field: str = ".id",
    filter_: str | None = None,
    include: str | None = None,
    batch: Batch | None = None,
) -> Discovery:
    parameter = PathParameter(
        "team",
        {"team": ItemExpression(field, "path_parameters.team.field")},
        TEAMS,
        filter=ItemExpression(filter_, "filter") if filter_ else None,
        include={"extra": ItemExpression(include, "include")} if include else {},
        batch=batch,
    )
    reader = cast("EndpointReader", pages)
    return Discovery(parameter, EndpointSource(TEAMS, reader, BASE, Vanished(TEAMS)), Evaluator())


async def read(found: Discovery) -> tuple[list[str], list[OceanCustomError]]:
    """All values as texts, and what went wrong."""
    failures = Failures()
    combinations = Combinations([found], ["team"], failures, workers=2)
    values = [each.values["team"].text async for each in combinations.stream()]
    combinations.conclude()
    return values, failures.errors


async def doubts(found: Discovery) -> list[str]:
    """What speaks against what was discovered, where nothing failed."""
    _, errors = await read(found)
    assert errors == []
    return [str(doubt) for doubt in found.doubts()]


async def texts(found: Discovery) -> list[str]:
    values, errors = await read(found)
    for error in errors:
        raise error
    return values


@pytest.mark.contract("paths.empty-values")
@pytest.mark.contract("paths.equal-values")
@pytest.mark.contract("path-parameter.field")
async def test_each_value_once_in_the_order_of_discovery(logs: list[str]) -> None:
    pages = Pages(
        [{"id": 3}, {"id": "a"}, {"id": None}],
        [{"id": ""}, {}, {"id": "3"}, {"id": 0}, {"id": "a"}, "odd"],
    )
    assert await texts(discovery(pages)) == ["3", "a", "0"]
    assert "3 values of team in 9 items" in logs[-1]
    assert "4 without a value, 2 repeated" in logs[-1]


@pytest.mark.contract("path-parameter.streamed")
async def test_values_come_before_discovery_is_complete() -> None:
    pages = Pages([{"id": 1}], [{"id": 2}])
    async with aclosing(discovery(pages).found(NOTHING)) as found:
        assert (await anext(found)).values == {"team": PathValue("1")}
        assert pages.handed_out == 1


@pytest.mark.contract("path-parameter.filter")
async def test_a_filter_that_fails_on_some_items_leaves_them_out(logs: list[str]) -> None:
    pages = Pages([{"id": 1, "n": 1}, {"id": 2, "n": "x"}, {"id": 3, "n": -5}])
    assert await texts(discovery(pages, filter_=".n + 1 > 0")) == ["1"]
    assert "2 left out (1 by filter, 1 where filter fails)" in logs[-1]


@pytest.mark.contract("discovery.doubt.field")
@pytest.mark.parametrize(
    "items, field, seen",
    [
        (
            [{"id": 1}, "odd"],
            ".id",
            "1 of 2 discovered items of path_parameters.team are no objects",
        ),
        ([{"id": 1}, None, {"id": 2}], ".id", "1 of 3 discovered items"),
        ([{"id": 1}, {"id": "x"}], ".id + 1", "field .id + 1 fails on 1 of 2 discovered items"),
        # Innocent: nothing there, also where it is said to be so, and texts alone.
        ([{"id": 1}, {"id": None}, {}], ".id", ""),
        ([{"id": 1}, {"id": "x"}], "(.id + 1)? // empty", ""),
        (["a", "b"], ".", ""),
        ([{"id": 1}, {"id": ""}], ".id", ""),
    ],
)
async def test_an_item_that_cannot_be_read_is_in_doubt(
    items: list[Any], field: str, seen: str
) -> None:
    found = await doubts(discovery(Pages(items), field=field))
    assert [seen in each for each in found] == ([True] if seen else [])


@pytest.mark.parametrize("never_decides", [".id | test(1)", ".id = 1", ".id"])
async def test_a_filter_that_always_fails_is_an_error(never_decides: str) -> None:
    with pytest.raises(ResourceError, match=r"path_parameters\.team\.filter fails on each of 2"):
        await texts(discovery(Pages([{"id": 1}, {"id": 2}]), filter_=never_decides))


@pytest.mark.contract("failure.discovery")
async def test_no_value_at_all_is_an_error_that_shows_the_keys() -> None:
    expected = r"path_parameters\.team\.field \.key gives no value for any of 2 .* has id, name"
    with pytest.raises(ResourceError, match=expected):
        await texts(
            discovery(Pages([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]), field=".key")
        )


async def test_an_include_that_always_fails_is_an_error() -> None:
    with pytest.raises(ResourceError, match=r"path_parameters\.team\.include fails on each of 2"):
        await texts(discovery(Pages([{"id": 1}, {"id": 2}]), include=".id.x"))
    assert await texts(discovery(Pages([{"id": 1}, {"id": {}}][:1]), include=".x.y")) == ["1"]


async def test_nothing_discovered_and_everything_filtered_out_are_no_errors() -> None:
    assert await texts(discovery(Pages())) == []
    assert await texts(discovery(Pages([{"id": 1}]), filter_="false")) == []


async def test_a_value_that_is_an_object_is_an_error() -> None:
    values, (error,) = await read(discovery(Pages([{"id": 1}, {"id": {}}])))
    assert values == ["1"]
    assert "path_parameters.team.field: .id gives an object" in str(error)


@pytest.mark.contract("failure.discovery")
async def test_items_of_a_long_page_leave_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where none passes, so that nobody waits for anything."""
    monkeypatch.setattr("expressions.event_loop._SLICE", 0)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    assert (
        await texts(discovery(Pages([{"id": number} for number in range(50)]), filter_="false"))
        == []
    )
    other.cancel()
    assert turns >= 50


async def test_an_error_comes_after_the_values_before_it() -> None:
    broken = StatusError(500, "broken")
    values, (error,) = await read(discovery(Pages([{"id": 1}], error=broken)))
    assert (values, str(error)) == (["1"], "GET /teams: broken")


async def test_batches_as_values_arrive_the_last_one_smaller(logs: list[str]) -> None:
    pages = Pages([{"id": 1}, {"id": 2}, {"id": 1}], [{"id": [3, 4]}, {"id": 5}])
    assert await texts(discovery(pages, batch=Batch(2))) == ["1,2", "3,4", "5"]
    assert "5 values of team in 5 items" in logs[-1]


async def test_what_was_read_before_an_error_is_in_a_batch() -> None:
    pages = Pages([{"id": 1}], error=StatusError(500, "broken"))
    values, errors = await read(discovery(pages, batch=Batch(9)))
    assert (values, len(errors)) == (["1"], 1)


async def test_a_value_that_could_be_taken_for_two_is_left_out_loudly() -> None:
    pages = Pages([{"id": "a"}, {"id": "b,c"}, {"id": "d"}])
    values, (error,) = await read(discovery(pages, batch=Batch(9)))
    assert values == ["a,d"]
    assert "'b,c' holds ','" in str(error)
    assert await texts(discovery(pages, batch=Batch(9, ";"))) == ["a;b,c;d"]
    assert await texts(discovery(pages, batch=Batch(9, is_joined=False))) == ["a,b,c,d"]


def fixed(items: tuple[Any, ...], field: str = ".") -> Discovery:
    fields = {"team": ItemExpression(field, "path_parameters.team.field")}
    parameter = PathParameter("team", fields, items=items)
    return Discovery(parameter, FixedSource(parameter, Evaluator()), Evaluator())


async def test_fixed_values() -> None:
    assert await texts(fixed(("a", 7, "a", True))) == ["a", "7", "true"]
    assert await texts(fixed(({"id": 1}, {"id": 2}), ".id")) == ["1", "2"]
    with pytest.raises(ResourceError, match="gives no value for any of 2"):
        await texts(fixed((None, "")))


# --- A filter that leaves out everything

ACTIVE = '.status == "active"'
ENVELOPE = {"items": [{"id": 1, "status": "active"}], "total": 1}


@pytest.mark.contract("discovery.doubt.filter")
@pytest.mark.parametrize(
    "filter_, items, seen",
    [
        (ACTIVE, [ENVELOPE], ".status is in none of them; an item has items, total"),
        (ACTIVE, [{"id": 1, "state": "active"}] * 3, "leaves out all 3 discovered items, and"),
        (f'{ACTIVE} and .kind == "team"', [{"id": 1, "kind": "team"}], ".status is in none"),
        (f'.kind == "team" and ({ACTIVE})', [{"id": 1, "kind": "team"}], ".status is in none"),
        (".meta.status", [{"id": 1, "meta": {}}], ".meta.status is in none"),
        ('has("active")', [{"id": 1}], ".active is in none"),
        ('any(.labels[]?; .name == "x")', [{"id": 1, "name": "x"}], ".labels is in none"),
        (".archived == true", [{"id": 1}, {"id": 2}], ".archived is in none"),
        ('.["the state"] == 1', [{"id": 1}], ".the state is in none"),
    ],
)
async def test_a_filter_on_what_no_item_has_is_in_doubt(
    filter_: str, items: list[Any], seen: str
) -> None:
    (said,) = await doubts(discovery(Pages(items), filter_=filter_))
    assert said.startswith("GET /teams: path_parameters.team.filter leaves out all")
    assert seen in said
    assert "look at path_parameters.team.filter and data_path" in said


@pytest.mark.contract("discovery.doubt.field")
@pytest.mark.parametrize(
    "items",
    [
        [{**ENVELOPE, "status": "ok"}],
        [{"status": "closed", "name": "a"}, {"status": "closed", "id": None}],
        [{"status": "closed", "id": ""}],
    ],
)
async def test_a_filter_that_leaves_out_only_what_has_no_value_is_in_doubt(
    items: list[Any],
) -> None:
    (said,) = await doubts(discovery(Pages(items), filter_=ACTIVE))
    assert "and none of them has a value of .id" in said
    assert await doubts(discovery(Pages(items), filter_=ACTIVE, field=".id // empty")) == []


CLOSED = [{"id": 1, "status": "closed"}, {"id": 2}]


@pytest.mark.contract("discovery.doubt.filter", "discovery.doubt.field")
@pytest.mark.parametrize(
    "filter_, items",
    [
        (ACTIVE, []),
        (ACTIVE, CLOSED),
        (ACTIVE, [{"id": 1, "status": None}]),
        (ACTIVE, [*CLOSED, {"id": 3, "status": "active"}]),
        (ACTIVE, [{"id": 3, "status": "active"}, {"id": 4}]),
        (f"{ACTIVE} and .archived != true", CLOSED),
        (f"(.archived | not) and {ACTIVE}", CLOSED),
        (f"{ACTIVE} or .state == 1", CLOSED),
        ("(.archived // false) == true", [{"id": 1}]),
        ("false", [{"id": 1}]),
        ("length > 5", [{"id": 1}]),
        ('type == "array"', [{"id": 1}]),
        ('any(.labels[]; .name == "x")', [{"id": 1, "labels": []}]),
        ('.labels | index("x") != null', [{"id": 1, "labels": ["y"]}]),
        ('.meta.status == "active"', [{"id": 1, "meta": None}]),
        (None, [{"id": 1, "state": "x"}]),
        (None, []),
    ],
)
async def test_a_filter_that_knows_its_items_is_in_no_doubt(
    filter_: str | None, items: list[Any]
) -> None:
    assert await doubts(discovery(Pages(items), filter_=filter_)) == []


@pytest.mark.contract("discovery.doubt.filter")
async def test_a_filter_on_values_of_the_mapping_may_be_misspelt_too() -> None:
    parameter = PathParameter(
        "team",
        {"team": ItemExpression(".id", "field")},
        items=({"id": 1, "use": True},),
        filter=ItemExpression(".used", "filter"),
    )
    evaluator = Evaluator()
    (said,) = await doubts(Discovery(parameter, FixedSource(parameter, evaluator), evaluator))
    assert ".used is in none of them; an item has id, use" in said
