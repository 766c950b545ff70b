"""Pages that are the same page once more, and pages that only look like it."""

import asyncio
import itertools
import random
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import ResourceError
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import Action, ErrorRule
from mapping.plan.resource import ResourcePlan
from settings.pagination import CustomSettings
from tests.reading.test_whole_list import HIDDEN, NARROWED, OFFSET, PAGE, Rows, narrowed, read

MOST = 150
# Of the last ones, no path tells which list they are about.
UNKNOWN = HIDDEN[3:]
PATHS = [".items", ".items[]", ".items[].node", *NARROWED[:2], *HIDDEN]
CURSOR: dict[str, Any] = {"pagination_type": "cursor", "cursor_path": "next", "page_size": "5"}
LINK: dict[str, Any] = {"pagination_type": "next_link", "next_link_path": "next"}


class TooManyRequestsError(Exception):
    """An API was asked without an end."""


def rows(count: int, start: int = 0) -> Rows:
    return [{"id": n, "name": f"n{n}", "node": {"id": n}} for n in range(start, start + count)]


def bounded(answer: Callable[[ApiRequest, int], Any]) -> Any:
    """A route that tells each answer how many came before, and ends what has no end."""
    numbers = itertools.count()

    def route(request: ApiRequest) -> Any:
        number = next(numbers)
        if number > MOST:
            raise TooManyRequestsError
        return answer(request, number)

    return route


def changing(items: Rows, number: int, chance: random.Random | None = None) -> Rows:
    """The same items with what changes from one answer to the next; by chance in another order."""
    now = [{**item, "age": number, "picture": f"/p?signature={number}"} for item in items]
    return chance.sample(now, len(now)) if chance else now


def numbered(items: Rows) -> Rows:
    """Items with their place on the page as identifier."""
    return [{"id": place, "label": item["name"]} for place, item in enumerate(items)]


def labels(found: Rows) -> set[str]:
    return {item["label"] for item in found}


def ids(found: Rows) -> list[Any]:
    return sorted(item["id"] for item in found)


@pytest.mark.contract("loop.page")
@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("config", [OFFSET, PAGE])
@pytest.mark.parametrize("data_path", PATHS)
async def test_a_short_list_that_changes_is_read_once_where_the_api_has_no_pages(
    data_path: str, config: dict[str, Any], count: int, is_ordered: bool
) -> None:
    chance = None if is_ordered else random.Random(7)
    route = bounded(lambda request, number: {"items": changing(rows(count), number, chance)})
    found, asked, outcome = await read(route, narrowed(data_path), **config)
    expected = {n for n in range(count) if "select" not in data_path or n % 2 == 0}
    assert {item["id"] for item in found} == expected
    assert outcome.is_proven
    assert len(asked) <= 5


@pytest.mark.contract("loop.page")
@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("data_path", PATHS)
@pytest.mark.parametrize("config", [OFFSET, PAGE, CURSOR, LINK])
async def test_a_full_page_that_changes_and_comes_again_is_an_error(
    config: dict[str, Any], data_path: str, is_ordered: bool
) -> None:
    chance = None if is_ordered else random.Random(7)

    def answer(request: ApiRequest, number: int) -> Any:
        # Each answer leads on, to a page that is the same.
        more = {"next": f"/things?at={number}"} if config in (CURSOR, LINK) else {}
        return {"items": changing(rows(5), number, chance), **more}

    if data_path in UNKNOWN and config in (OFFSET, PAGE):
        *_, outcome = await read(bounded(answer), narrowed(data_path), **config)
        assert outcome.is_kept
        assert "a page came again that is full before data_path leaves records out" in f"{outcome}"
        return
    said = "page 2 is the same as the one before, but for age, picture; the API seems to ignore"
    said = (
        said
        if is_ordered or data_path != ".items[].node"
        else "page 2 is the same as the one before"
    )
    with pytest.raises(ResourceError, match=said):
        await read(bounded(answer), narrowed(data_path), **config)


def paged(request: ApiRequest, items: Rows, cap: int) -> Rows:
    query = request.url.params
    start = int(query["offset"]) if "offset" in query else int(query["page"]) * cap
    return items[start : start + cap]


@pytest.mark.contract("loop.page")
@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(0, 23),
    cap=st.integers(1, 7),
    changes=st.booleans(),
    data_path=st.sampled_from([".items", ".items[]", "(.items[])"]),
    config=st.sampled_from([OFFSET, PAGE]),
    beyond=st.sampled_from(["empty", "last"]),
)
@example(count=11, cap=5, changes=True, data_path=".items", config=PAGE, beyond="last")
def test_pages_whose_items_are_numbered_anew_are_read_or_fail(
    count: int, cap: int, changes: bool, data_path: str, config: dict[str, Any], beyond: str
) -> None:
    """The `id` is the place on the page, so that only the label tells items of two pages apart."""
    cap = min(cap, 5)

    def answer(request: ApiRequest, number: int) -> Any:
        here = paged(request, rows(count), cap)
        if beyond == "last" and not here:
            here = rows(count)[max(0, count - 1) // cap * cap :]
        here = numbered(here)
        return {"items": changing(here, number) if changes else here}

    try:
        found, asked, outcome = asyncio.run(read(bounded(answer), narrowed(data_path), **config))
    except ResourceError:
        assert beyond == "last" or config == OFFSET
        return
    assert len(asked) <= MOST
    if outcome.is_proven:
        assert labels(found) == {f"n{n}" for n in range(count)}


@pytest.mark.contract("loop.page")
@pytest.mark.parametrize("action", ["", "stop", "skip", "retry", "fail"])
@pytest.mark.parametrize("answer", [404, 500, 410, [], {}, {"items": None}, "text", {"items": []}])
async def test_what_comes_of_a_question_asked_again_costs_no_item(answer: Any, action: str) -> None:
    """The third request is for the first page again: the second has rows of the same numbers."""

    def page(request: ApiRequest, number: int) -> Any:
        here = numbered(paged(request, rows(9), 3))
        return answer if number == 2 else {"items": here}

    then = cast("Action", action)
    rules = (ErrorRule.parse([404, 500, 410], then, "on_error.0"),) if action else ()
    plan = ResourcePlan("/things", narrowed(".items").endpoint, error_rules=rules)
    found, _, outcome = await read(bounded(page), plan, **PAGE)
    assert labels(found) == {f"n{n}" for n in range(9)}
    assert outcome.is_proven


@pytest.mark.contract("loop.page")
async def test_what_moves_on_by_itself_is_not_asked_again() -> None:
    """Each answer of a queue brings the next items, numbered anew, to the same request."""

    def answer(request: ApiRequest, number: int) -> Any:
        here = rows(9)[3 * number : 3 * number + 3]
        return {"items": numbered(here), "next": "/things" if number < 2 else None}

    queue = CustomSettings(page_size=5, next_request=".body.next", stateful=True)
    endpoint = Endpoint("/things", data_path=DataPath(".items"), pagination=queue)
    found, asked, outcome = await read(bounded(answer), ResourcePlan("/things", endpoint))
    assert labels(found) == {f"n{n}" for n in range(9)}
    assert outcome.is_proven
    assert len(asked) == 3


PROJECTIONS = [
    ".items[].owner",
    ".items | map(.owner)",
    "(.items[] | .owner)",
    ". | .items | map(.owner) | unique",
    ".items[] | select(.ok) | .owner",
    "(.items[] | select(.ok) | .owner)",
    "[.items[].owner] | unique",
    "(.items // []) | map(select(.ok) | .owner)",
]


@pytest.mark.contract("loop.page", "evidence.proof")
@pytest.mark.parametrize("beside", [{}, {"facets": [{"name": n} for n in range(20)]}])
@pytest.mark.parametrize("config", [OFFSET, PAGE, {**PAGE, "page_size": "50"}])
@pytest.mark.parametrize("data_path", PROJECTIONS)
async def test_pages_that_differ_only_in_what_data_path_leaves_out_are_others(
    data_path: str, config: dict[str, Any], beside: dict[str, Any]
) -> None:
    """The first three pages are of things of one owner, and the last one of another."""
    items = [
        {"id": n, "ok": n % 5 == 0, "owner": {"id": "b" if n > 14 else "a"}} for n in range(18)
    ]
    route = bounded(lambda request, number: {"items": paged(request, items, 5), **beside})
    found, _, outcome = await read(route, narrowed(data_path), **config)
    assert {item["id"] for item in found} == {"a", "b"}
    # Where another list is longer, nothing tells when data_path leaves all of a page out.
    assert outcome.is_proven or beside


@pytest.mark.contract("evidence.proof")
@pytest.mark.parametrize("config", [OFFSET, PAGE])
@pytest.mark.parametrize("cap", [1, 2, 5])
@pytest.mark.parametrize("data_path", ["(.items[])", "(.items[] | select(.id % 4 == 3))"])
async def test_a_page_of_which_one_item_is_left_is_no_single_object(
    data_path: str, cap: int, config: dict[str, Any]
) -> None:
    route = bounded(lambda request, number: {"items": paged(request, rows(8), cap)})
    found, _, outcome = await read(route, narrowed(data_path), **config)
    expected = {3, 7} if "select" in data_path else {*range(8)}
    assert {item["id"] for item in found} == expected or outcome.is_kept
