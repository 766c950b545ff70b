"""No deletion without proof: model APIs in all dialects, read with all kinds of settings."""

import asyncio
import math
import os
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from loguru import logger

from client import ApiClient
from errors import ResourceError
from expressions.item_expressions import ItemExpression
from framework.deletion import Doomed, Feeder, objections
from mapping.plan.endpoint import Endpoint
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from outcomes import Outcome, Standing
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.support.speaking_api import (
    BASE,
    TEAMS,
    THINGS,
    TOTALS,
    Fault,
    SpeakingApi,
    Speech,
    World,
)
from tests.support.worlds import Reading, data_path_of, readings, worlds

# For the long run: see CONTRIBUTING.md.
EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "400"))
CONNECTION = ConnectionSettings.parse({"base_url": BASE, "max_concurrent_requests": 2})
FIELD = {"team": ItemExpression(".id", "field")}
BLUEPRINT = "thing"
# Requests that find nothing, on top of those for pages that there are: how many for an endpoint.
EXTRA = 3
MOST_REQUESTS = 3000


class Entity(NamedTuple):
    """An entity, as far as the rule of deletion looks at it."""

    blueprint: str
    identifier: str


class Result(NamedTuple):
    """What came of reading a world."""

    api: SpeakingApi
    brought: set[str]
    outcome: Outcome

    @property
    def missing(self) -> set[str]:
        return self.api.lasting - self.brought


def plan_of(world: World, reading: Reading) -> ResourcePlan:
    path = data_path_of(reading)
    if not world.is_nested:
        return ResourcePlan(
            "things", Endpoint(THINGS, data_path=path, pagination=reading.pagination)
        )
    teams = Endpoint(TEAMS, data_path=path, pagination=reading.pagination)
    below = Endpoint("/teams/{team}/things", data_path=path, pagination=reading.pagination)
    return ResourcePlan("things", below, (PathParameter("team", FIELD, teams),))


async def read(world: World, reading: Reading) -> Result:
    api = SpeakingApi(world, is_filtered=not reading.is_plain)
    plan = plan_of(world, reading)
    session = Session(cast("ApiClient", api), CONNECTION, (plan,))
    reader = ResourceReader(plan, session)
    items: list[dict[str, Any]] = []
    with suppress(ResourceError):
        async with aclosing(cast("Any", reader.batches())) as batches:
            async for batch in batches:
                items += batch
    session.close()
    brought = {item["id"] for item in items if "id" in item}
    outcome = reader.outcome or Outcome(Standing.FAILED)
    if items and not brought:
        # As where no item gets an identifier.
        outcome = Outcome(Standing.FAILED, ("no identifier",))
    return Result(api, brought, outcome)


def deleted(result: Result) -> set[str]:
    """What the gate lets go of entities of all items that are there, and of one that is not."""
    before = [Entity(BLUEPRINT, name) for name in [*result.api.lasting, "stale"]]
    after = [Entity(BLUEPRINT, name) for name in result.brought]
    doomed = Doomed.of(cast("Any", before), cast("Any", after))
    feeder = Feeder(0, "things", BLUEPRINT, may_delete=True, outcome=result.outcome)
    doomed = doomed.without(objections(doomed, [feeder]))
    return {entity.identifier for entity in doomed.all}


def spoken(world: World, reading: Reading, *, on_top: bool = False) -> Iterator[Speech]:
    """How each page that is not the last one says so."""
    for word in world.words:
        if on_top and not word.is_on_top:
            continue
        if word.holder is not None and not world.list_path:
            continue
        if word.speech not in TOTALS or (reading.is_plain and word.lie >= 0):
            yield word.speech


def is_decidable(world: World, reading: Reading) -> bool:
    """Whether anything tells that something is missing: else nobody could know."""
    said = set(spoken(world, reading))
    is_right = reading.mode == "right"
    if world.moves:
        # A page may look like the one before, which is how short lists end.
        is_alike = not said and world.cap < reading.pagination.page_size
        return is_right and not is_alike and not hides_changes(world, said)
    if reading.mode == "other" and reading.pagination.type == "page" and not world.first_page:
        # The first page is passed over.
        return Speech.TOTAL in said
    if world.fault and (tell := TELLING.get(world.fault.kind)):
        # By `//`, users say that what is missing is none.
        is_allowed = "//" in reading.data_path and world.fault.kind in ("strange", "cut_above")
        return not is_allowed and tell(world, reading, said)
    if world.hidden and not (said and is_right):
        # Nothing at all, and the same token once more, is how feeds end.
        return False
    is_low = any(word.lie < 0 for word in world.words)
    return bool(said) or (is_right and not is_low)


def hides_changes(world: World, said: set[Speech]) -> bool:
    """Whether something comes for each that goes, or no total tells of what goes."""
    kinds = {move.kind for move in world.moves}
    return "drop" in kinds and (len(kinds) > 1 or Speech.TOTAL not in said)


PROMISES = {Speech.MORE, Speech.LAST, *TOTALS}


def tells_of_cut(world: World, reading: Reading, said: set[Speech]) -> bool:
    fault = cast("Fault", world.fault)
    if fault.chunk:
        return bool(said & PROMISES)
    # What stands beside the list is gone as well.
    said = set(spoken(world, reading, on_top=True))
    is_only = world.way == "single" or len(world.lists.get(fault.path, ())) <= world.cap
    # On the only page, nothing but a number says that there is more than nothing.
    return bool(said & (TOTALS if is_only else PROMISES))


def tells_of_null(world: World, reading: Reading, said: set[Speech]) -> bool:
    # A value that is missing is left out, and so is what a filter leaves out.
    is_seen = reading.is_plain and cast("Fault", world.fault).path != TEAMS
    return is_seen and (bool(said) or reading.mode == "right")


def tells_of_strange(world: World, reading: Reading, said: set[Speech]) -> bool:
    # Without a data_path, an object is one item, where no other answer is a list.
    is_object = not (world.list_path or reading.is_plain)
    body = cast("Fault", world.fault).body
    is_item = not world.list_path and (is_lone(world) or "id" in body)
    return not (is_object or is_item) and (bool(said) or reading.mode == "right")


type Tell = Callable[[World, Reading, set[Speech]], bool]
# Which faults something must tell of; of the others, each answer speaks for itself.
TELLING: dict[str, Tell] = {
    "gone": lambda world, reading, said: bool(said & PROMISES),
    "repeat": lambda world, reading, said: bool(said & PROMISES),
    # Where the way on is gone, that denies what a total says.
    "no_way": lambda world, reading, said: bool(said & {Speech.MORE, Speech.LAST}),
    "cut_above": tells_of_cut,
    "null_item": tells_of_null,
    "strange": tells_of_strange,
}


def is_lone(world: World) -> bool:
    """Whether the answer that is at fault may be the only one of its resource."""
    fault = world.fault
    is_only = not world.is_nested or len(world.counts) == 1
    return fault is not None and not fault.chunk and (is_only or fault.path == TEAMS)


def is_innocent(world: World, reading: Reading) -> bool:
    """Whether an API tells the truth and nothing goes wrong, and it is read as it should be."""
    if reading.mode != "right" or world.fault or world.moves or world.hidden:
        return False
    if any(word.lie for word in world.words):
        return False
    if reading.is_hidden:
        # Offsets go by what was left, and pages of which nothing was are an end in the end.
        return False
    # A refusal of a page after a full one says nothing of an end; where a field that was never
    # there is left out, that does not either.
    return world.beyond != "400" or any(
        word.speech in TOTALS or (word.speech in (Speech.MORE, Speech.LAST) and not word.omits)
        for word in world.words
    )


def fair_requests(world: World, reading: Reading) -> int:
    """How many requests are enough."""
    size = reading.pagination.page_size if world.honours_size else world.cap
    size = min(size, world.cap)
    lists = world.lists.values()
    return sum(math.ceil(len(rows) / size) + EXTRA for rows in lists)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    # What so many readings tell would take more time than they.
    logger.disable("reading")
    with asyncio.Runner() as one:
        yield one
    logger.enable("reading")


@pytest.mark.contract("evidence.proof")
@pytest.mark.timeout(120 + EXAMPLES // 10)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_no_run_deletes_what_the_api_still_has(runner: asyncio.Runner, data: st.DataObject) -> None:
    world = data.draw(worlds())
    reading = data.draw(readings(world))
    result = runner.run(read(world, reading))
    event(f"{result.outcome.standing}")
    assert len(result.api.asked) <= MOST_REQUESTS
    if is_decidable(world, reading):
        check(result)
    if is_innocent(world, reading):
        event("innocent")
        assert result.outcome.is_proven, result.outcome
        assert not result.missing
        assert len(result.api.asked) <= fair_requests(world, reading)


def check(result: Result) -> None:
    """Nothing is deleted that is there; what a completed run lacks is said in a warning."""
    assert deleted(result) <= {"stale"}
    assert result.outcome.is_proven == ("stale" in deleted(result))
    if result.missing:
        assert not result.outcome.is_proven
    if result.outcome.is_kept:
        assert all(result.outcome.doubts)
