"""Whatever the order, a catalog that heard of every change equals the API; and no loss deletes."""

import asyncio
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.whole.histories.world import Catalog, ModelApi, World, open_world, resource

USER = '.body.type == "user"'
# Each is a way to map the same events; `reuses` says whether an id may come back after deletion.
ASKING = {
    "when": USER,
    "fetch": "/users/{id}",
    "params": {"id": ".body.id"},
    "identifier": ".body.id",
}
TOLD = {**ASKING, "delete_when": '.body.action == "delete"'}
APART = (
    {
        "when": f'{USER} and .body.action != "delete"',
        "fetch": "/users/{id}",
        "params": {"id": ".body.id"},
    },
    {
        "when": f'{USER} and .body.action == "delete"',
        "delete_when": "true",
        "identifier": ".body.id",
    },
)
MAPPINGS = {"asking": ((ASKING,), True), "told": ((TOLD,), False), "apart": (APART, False)}


@dataclass
class History:
    """Changes of the API, the events that tell of them, and what becomes of these."""

    mapping: str
    seed: int
    steps: list[tuple[str, str]]
    drops: float
    faults: float


STEPS = ["change"] * 5 + ["delete"] * 3 + ["resync"] * 2
HISTORIES = st.builds(
    History,
    st.sampled_from(sorted(MAPPINGS)),
    st.integers(0, 2**32),
    st.lists(
        st.tuples(
            st.sampled_from(STEPS),
            st.sampled_from("abcd"),
        ),
        min_size=15,
        max_size=30,
    ),
    st.sampled_from([0, 0, 0.2]),
    st.sampled_from([0, 0, 0.3]),
)


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_a_resync_changes_nothing_where_no_event_was_lost(history: History) -> None:
    asyncio.run(_live_through(history))


async def _live_through(history: History) -> None:
    chance = random.Random(history.seed)
    api = ModelApi(
        pause=lambda: chance.choice([0, 0.001, 0.008]),
        fails=lambda: chance.random() < history.faults,
    )
    catalog = Catalog(pause=lambda: chance.choice([0, 0, 0.003]))
    async with open_world(api, catalog, resource(*MAPPINGS[history.mapping][0])) as world:
        unheard = await _happen(history, world, chance)
        await world.settle()
        if not unheard and not world.fates["lost"]:
            assert catalog.entities == api.users
        # A deletion is only ever of what the API has not, or had not when it was last heard of.
        missing = api.users.keys() - catalog.entities.keys()
        assert not missing or unheard & missing or world.fates["lost"]
        api.fails = lambda: False
        await world.resync()
        await world.settle()
        assert catalog.entities == api.users


async def _happen(history: History, world: World, chance: random.Random) -> set[str]:
    """All steps of a history; the ids of which some event was dropped."""
    reuses = MAPPINGS[history.mapping][1]
    unheard: set[str] = set()
    erased: set[str] = set()
    underway: list[asyncio.Task[None]] = []

    async def deliver(name: str, action: str) -> None:
        await asyncio.sleep(chance.choice([0, 0.001, 0.004, 0.01]))
        await world.tell({"type": "user", "id": name, "action": action})

    for step, name in history.steps:
        if step == "resync":
            underway.append(asyncio.create_task(world.resync()))
        elif _change(world.api, step, name, erased if not reuses else set()):
            if chance.random() < history.drops:
                unheard.add(name)
            else:
                copies = range(chance.choice([1, 1, 2]))
                underway += [asyncio.create_task(deliver(name, step)) for _ in copies]
        await asyncio.sleep(chance.choice([0, 0, 0.002]))
    await asyncio.gather(*underway)
    return unheard


def _change(api: ModelApi, step: str, name: str, erased: set[str]) -> bool:
    """Change the API, unless the id is one of the `erased`, and whether anything changed."""
    if name in erased:
        return False
    if step == "delete":
        if name in api.users:
            erased.add(name)
        return api.users.pop(name, None) is not None
    api.users[name] = api.users.get(name, 0) + 1
    return True
