"""Lists within elements, for the rest of which no request asks: heard where they speak of it."""

from contextlib import aclosing
from typing import Any, cast

import pytest

from errors import ResourceError
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from outcomes import Outcome
from tests.reading.test_account import Packed
from tests.reading.test_resource_reader import Api, reader
from tests.support.models import settings_of

ITEMS = [{"id": number} for number in range(3)]
LINK = "https://api.test/v1/issues?page=2"
OF_REPOS = ".data.repos.nodes[].issues.nodes[]"


def repos(**beside: Any) -> Any:
    """Two repositories, one of which has this beside its issues."""
    issues = [{"nodes": ITEMS}, {"nodes": ITEMS, **beside}]
    return {"data": {"repos": {"nodes": [{"id": n, "issues": issues[n]} for n in range(2)]}}}


async def read(
    body: Any, data_path: str, api: type[Api] = Api, **pagination: Any
) -> tuple[int, Outcome | None, str]:
    """How many items came, how that ended, and the error if there is one."""
    asked = settings_of(pagination.pop("kind", "none"), **pagination)
    endpoint = Endpoint("/things", data_path=DataPath(data_path), pagination=asked)
    reading = reader(api(lambda request: body), ResourcePlan("/things", endpoint))
    count, error = 0, ""
    try:
        async with aclosing(cast("Any", reading.batches())) as batches:
            async for batch in batches:
                count += len(batch)
    except ResourceError as failure:
        error = str(failure)
    return count, reading.outcome, error


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize(
    "body, data_path, place",
    [
        (repos(pageInfo={"hasNextPage": True}), OF_REPOS, "issues.pageInfo.hasNextPage"),
        (repos(pageInfo={"endCursor": "x9"}), OF_REPOS, "issues.pageInfo.endCursor"),
        (repos(totalCount=5), OF_REPOS, "issues.totalCount"),
        (repos(next=LINK), OF_REPOS, "issues.next"),
        (repos(total=5, startAt=0, maxResults=3), OF_REPOS, "issues.total"),
        (repos(partial=True), OF_REPOS, "issues.partial"),
        (repos(has_more=True), f"{OF_REPOS} | select(.id != 1)", "issues.has_more"),
        ({"results": [{"series": ITEMS, "partial": True}]}, ".results[].series[]?", "partial"),
        (
            {"results": [{"series": [{"values": ITEMS, "partial": True}]}]},
            ".results[].series[].values[]",
            "results.series.partial",
        ),
        ([{"issues": ITEMS, "pagination": {"next": LINK}}], ".[].issues[]", "pagination.next"),
        ([{"issues": ITEMS, "isTruncated": True}], ".[].issues[]", "isTruncated"),
    ],
)
@pytest.mark.parametrize("kind", ["none", "page"])
@pytest.mark.parametrize("api", [Api, Packed])
async def test_a_list_in_an_element_that_is_not_whole_is_kept(
    body: Any, data_path: str, place: str, kind: str, api: type[Api]
) -> None:
    _, outcome, error = await read(body, data_path, api, kind=kind)
    assert not error
    assert outcome is not None
    assert not outcome.is_proven
    assert f"{place} is " in outcome.reasons[0]
    assert "in an element, so that the list there is not whole" in outcome.reasons[0]


@pytest.mark.contract("more.every-type")
async def test_a_place_that_does_not_speak_of_the_list_is_ignored() -> None:
    place = "data.repos.nodes.issues.totalCount"
    for ignored, is_proven in ([], False), ([place], True), (["data.repos"], True):
        _, outcome, _ = await read(repos(totalCount=5), OF_REPOS, ignore_markers=ignored)
        assert outcome is not None
        assert outcome.is_proven is is_proven


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize(
    "body, data_path",
    [
        (repos(), OF_REPOS),
        (repos(pageInfo={"hasNextPage": False, "endCursor": "x9"}), OF_REPOS),
        (repos(totalCount=3), OF_REPOS),
        (repos(totalCount=0), OF_REPOS),
        (repos(total=9, total_filtered_count=3), OF_REPOS),
        (repos(next=None), OF_REPOS),
        (repos(partial=False), OF_REPOS),
        # A sum of money.
        (repos(total=1200), OF_REPOS),
        (repos(total=1200, currency="EUR", count=3), OF_REPOS),
        # What a record says of itself.
        ([{"issues": ITEMS, "last": False, "next": LINK, "total": 9}], ".[].issues[]"),
        ([{"issues": ITEMS, "more": LINK, "cursor": "x9", "done": False}], ".[].issues[]"),
        ([{"issues": ITEMS, "truncated": "Lorem ipsum"}], ".[].issues[]"),
        ([{"issues": [], "error": "disk full"}, {"issues": ITEMS}], ".[].issues[]"),
        # A record, or a part of one, is no connection.
        (
            [{"id": 1, "result": {"error": "exit 1", "success": False, "steps": ITEMS}}],
            ".[].result.steps[]",
        ),
        (
            [{"state": {"code": 137, "message": "killed", "units": []}}],
            ".[].state.units[]",
        ),
        ([{"checklist": {"items": ITEMS, "done": False}}], ".[].checklist.items[]"),
        ([{"course": {"units": ITEMS, "last": False, "next": "unit-4"}}], ".[].course.units[]"),
        ([{"schedule": {"runs": ITEMS, "next": "2026-12-01T00:00:00Z"}}], ".[].schedule.runs[]"),
        ([{"id": 1, "urls": ITEMS, "truncated": True}], ".[].urls[]"),
        # What an item says is of the item.
        (repos(), ".data.repos.nodes[]"),
        ([{"issues": [{"id": 1, "has_more": True}]}], ".[].issues[]"),
        # The mapping looks at the elements itself.
        (repos(has_more=True), ".data.repos.nodes[] | select(.id == 0) | .issues.nodes[]"),
    ],
)
async def test_elements_are_not_misheard(body: Any, data_path: str) -> None:
    _, outcome, error = await read(body, data_path)
    assert not error
    assert outcome is not None
    assert outcome.is_proven


@pytest.mark.contract("messages.heard")
async def test_an_error_in_place_of_a_list_in_an_element_keeps_the_resource() -> None:
    body = repos()
    body["data"]["repos"]["nodes"].append({"id": 3, "issues": {"error": "locked", "nodes": []}})
    count, outcome, error = await read(body, OF_REPOS)
    assert (count, error) == (6, "")
    assert outcome is not None
    assert not outcome.is_proven
    assert "data.repos.nodes.issues speaks of an error in an element" in outcome.reasons[0]
    _, outcome, _ = await read(body, OF_REPOS, ignore_markers=["data.repos.nodes.issues"])
    assert outcome is not None
    assert outcome.is_proven
