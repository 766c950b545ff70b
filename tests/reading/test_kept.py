"""Resources that were read as told, but are kept: what speaks against deleting."""

from contextlib import aclosing
from typing import Any, cast

import pytest

from api_messages import ApiRequest
from expressions.item_expressions import ItemExpression
from expressions.jq_expressions import DataPath
from mapping.plan.endpoint import Endpoint
from mapping.plan.export import AnswerExpression, ExportPlan, ExportStep
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from outcomes import Outcome, Standing
from tests.reading.test_resource_reader import NESTED, OF_TEAMS, TEAMS, Api, reader


async def outcome_of(api: Api, plan: ResourcePlan, **config: Any) -> Outcome:
    reading = reader(api, plan, **config)
    async with aclosing(cast("Any", reading.batches())) as batches:
        async for _ in batches:
            pass
    assert reading.outcome
    return reading.outcome


@pytest.mark.contract("discovery.doubt.filter")
async def test_discovery_of_an_envelope_is_kept() -> None:
    active = ItemExpression('.status == "active"', "filter")
    parameter = PathParameter("team", OF_TEAMS, TEAMS, filter=active)
    path = "/teams/{team}/things"
    plan = ResourcePlan(path, Endpoint(path), (parameter,))
    envelope = {"teams": [{"id": 1, "status": "active"}], "total": 1}

    outcome = await outcome_of(Api(lambda request: envelope), plan)

    assert outcome.standing is Standing.KEPT
    assert ".status is in none of them; an item has teams, total" in outcome.reasons[0]
    closed = [{"id": 1, "status": "closed"}]
    assert (await outcome_of(Api(lambda request: closed), plan)).is_proven
    assert (await outcome_of(Api(lambda request: []), NESTED)).is_proven


@pytest.mark.contract("evidence.threshold.denied")
@pytest.mark.parametrize("second, is_denied", [([{"id": 3}, {"id": 4}], True), (404, False)])
async def test_an_endpoint_that_is_gone_says_nothing_of_how_much_there_is(
    second: Any, is_denied: bool
) -> None:
    def answer(request: ApiRequest) -> Any:
        return second if request.url.path == "/teams/2/things" else [{"id": 1}, {"id": 2}]

    outcome = await outcome_of(Api(answer, {"x-total-count": "2"}), NESTED)
    assert (outcome.is_proven, outcome.is_denied) == (True, is_denied)


@pytest.mark.contract("evidence.threshold.denied")
@pytest.mark.parametrize("files, is_denied", [([], False), (["1"], True)])
async def test_an_export_without_files_says_nothing_of_how_much_there_is(
    files: list[str], is_denied: bool
) -> None:
    poll = ExportStep(Endpoint("/export"), {"file": AnswerExpression(".", "export.fields.file")})
    export = ExportPlan(None, poll, AnswerExpression("true", "export.poll.done"))
    plan = ResourcePlan("/files", Endpoint("/files/{file}"), export=export)

    def answer(request: ApiRequest) -> Any:
        return files if request.url.path == "/export" else [{"id": 1}]

    outcome = await outcome_of(Api(answer, {"x-total-count": "1"}), plan)
    assert (outcome.is_proven, outcome.is_denied) == (True, is_denied)


THINGS = [{"id": number, "name": "x"} for number in range(3)]


@pytest.mark.contract("evidence.lone-objects")
@pytest.mark.parametrize(
    "items, answer, path, is_proven",
    [
        (THINGS, [], ".", False),
        (THINGS, {}, ".", False),
        (THINGS[:1], [], ".", False),
        ([{"thing": thing} for thing in THINGS], {}, ".thing", False),
        ([{"things": THINGS}], {}, ".things", True),
        # The mapping says that it means none.
        (THINGS, [], "(. | objects | select(any(. != null))) // []", True),
        (THINGS, {}, "(. | objects | select(any(. != null))) // []", True),
        # Innocent: one alone is an object in some APIs, and several are a list.
        ([*THINGS, [*THINGS]], [], ".", True),
        ([], [], ".", True),
        ([[*THINGS]], [], ".", True),
    ],
)
async def test_an_empty_answer_among_objects_is_no_proof(
    items: list[Any], answer: Any, path: str, is_proven: bool
) -> None:
    answers = [*items, answer]
    plan = ResourcePlan(
        "/things/{n}",
        Endpoint("/things/{n}", data_path=DataPath(path)),
        (PathParameter("n", {"n": ItemExpression(".", "n")}, items=tuple(range(len(answers)))),),
    )
    api = Api(lambda request: answers[int(request.url.path.rpartition("/")[2])])
    outcome = await outcome_of(api, plan)
    assert outcome.is_proven is is_proven
    assert all("the answer is empty, where others are one" in one for one in outcome.doubts)


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("path", [".items // []", "(.items // [])[]", ".items? // []", ".items"])
@pytest.mark.parametrize(
    "body, is_proven",
    [
        ({"items": THINGS, "total": 257}, False),
        ({"items": THINGS, "total": 3}, True),
        ({"items": [], "total": 0}, True),
        ({"items": [], "total": 5}, False),
    ],
)
async def test_a_total_counts_also_where_a_missing_list_means_none(
    path: str, body: Any, is_proven: bool
) -> None:
    plan = ResourcePlan("/things", Endpoint("/things", data_path=DataPath(path)))
    outcome = await outcome_of(Api(lambda request: body), plan)
    assert outcome.is_proven is is_proven


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("total, is_proven", [(0, True), (None, True), (5, False)])
async def test_a_missing_list_means_none_unless_a_total_counts_some(
    total: int | None, is_proven: bool
) -> None:
    plan = ResourcePlan("/things", Endpoint("/things", data_path=DataPath(".items // []")))
    outcome = await outcome_of(Api(lambda request: {"total": total}), plan)
    assert outcome.is_proven is is_proven
