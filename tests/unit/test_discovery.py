"""Values of path parameters, as pages of their endpoint arrive."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from discovery import Discovery, combinations
from endpoint_reader import EndpointReader
from endpoints import Endpoint, PathValue
from errors import ResourceError, SelectorError, StatusError
from extraction import ItemExpression
from item_stream import Portion
from messages import ApiRequest
from page_reader import EndpointStatistics
from pagination.sizes import PageSizes
from parameters import PathParameter

BASE = "https://api.test"


class Pages:
    """Stands for an EndpointReader; `handed_out` tells how many pages were asked for."""

    def __init__(self, *pages: list[Any], error: Exception | None = None) -> None:
        self.statistics = EndpointStatistics(PageSizes(100))
        self.handed_out = 0
        self._pages = pages
        self._error = error

    async def read(self, first: ApiRequest) -> AsyncIterator[Portion]:
        assert first.url == f"{BASE}/teams"
        for page in self._pages:
            self.handed_out += 1
            yield Portion(page, 0)
        if self._error:
            raise self._error


def discovery(
    pages: Pages, name: str = "team", field: str = ".id", filter_: str | None = None
) -> Discovery:
    chosen = ItemExpression(filter_, "filter") if filter_ else None
    parameter = PathParameter(name, Endpoint("/teams"), ItemExpression(field, "field"), chosen)
    return Discovery(parameter, cast("EndpointReader", pages), BASE)


async def texts(found: Discovery) -> list[str]:
    return [value.text async for value in found.values()]


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
    values = discovery(pages).values()
    assert await anext(values) == PathValue("1")
    assert pages.handed_out == 1
    await cast("Any", values).aclose()


@pytest.mark.contract("path-parameter.filter")
async def test_a_filter_that_fails_on_some_items_leaves_them_out(logs: list[str]) -> None:
    pages = Pages([{"id": 1, "n": 1}, {"id": 2, "n": "x"}, {"id": 3, "n": -5}])
    assert await texts(discovery(pages, filter_=".n + 1 > 0")) == ["1"]
    assert "1 filtered out, 1 where the filter failed" in logs[-1]


async def test_a_filter_that_always_fails_is_an_error() -> None:
    with pytest.raises(ResourceError, match=r"path_parameters\.team\.filter fails on each of 2"):
        await texts(discovery(Pages([{"id": 1}, {"id": 2}]), filter_=".id | test(1)"))


@pytest.mark.contract("failure.discovery")
async def test_no_value_at_all_is_an_error_that_shows_the_keys() -> None:
    with pytest.raises(
        ResourceError, match=r"\.key gives no value for any of 2 .*: ?|has id, name"
    ):
        await texts(
            discovery(Pages([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]), field=".key")
        )


async def test_nothing_discovered_and_everything_filtered_out_are_no_errors() -> None:
    assert await texts(discovery(Pages())) == []
    assert await texts(discovery(Pages([{"id": 1}]), filter_="false")) == []


async def test_a_value_that_is_an_object_is_an_error() -> None:
    with pytest.raises(SelectorError, match="gives an object"):
        await texts(discovery(Pages([{"id": {}}])))


@pytest.mark.contract("failure.discovery")
async def test_an_error_comes_after_the_values_before_it() -> None:
    found = discovery(Pages([{"id": 1}], error=StatusError(500, "broken")))
    values: list[str] = []
    with pytest.raises(StatusError):  # noqa: PT012 (what comes before it counts)
        async for value in found.values():
            values.append(value.text)
    assert values == ["1"]


@pytest.mark.contract("path-parameter.several")
async def test_every_combination_the_first_as_it_arrives() -> None:
    first = Pages([{"id": 1}], [{"id": 2}])
    second = Pages([{"id": "a"}, {"id": "b"}])
    found = combinations([discovery(first, "x"), discovery(second, "y")])
    pairs = []
    async for values in found:
        pairs.append((values["x"].text, values["y"].text))
        assert first.handed_out == (1 if len(pairs) <= 2 else 2)
    assert pairs == [("1", "a"), ("1", "b"), ("2", "a"), ("2", "b")]
