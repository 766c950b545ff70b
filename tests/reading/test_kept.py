"""Resources that were read as told, but are kept: what speaks against deleting."""

from contextlib import aclosing
from typing import Any, cast

import pytest

from expressions.item_expressions import ItemExpression
from mapping.plan.endpoint import Endpoint
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
