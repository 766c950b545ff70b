"""The rules of deletion, against a few sentences of the contract written down once more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from port_ocean.core.models import Entity

from framework.deletion import Doomed, Feeder, LastGuard, named, objections
from outcomes import Doubt, Outcome

PROVEN = Outcome.of([], [])
DENIED = Outcome.of([], [], is_denied=True)
KEPT = Outcome.of([], [Doubt("has_more is true")])
FAILED = Outcome.of([ValueError("500")], [])
NOBODY: dict[str, set[int]] = {}

BLUEPRINTS = st.sampled_from("abc")
KEYS = st.tuples(BLUEPRINTS, st.integers(0, 30).map(str))
OUTCOMES = st.sampled_from([PROVEN, DENIED, KEPT, FAILED, None])
FEEDERS = st.lists(st.tuples(st.none() | BLUEPRINTS, st.booleans(), OUTCOMES), max_size=4).map(
    lambda drawn: [
        Feeder(index, f"/{index}", blueprint, may_delete, outcome)
        for index, (blueprint, may_delete, outcome) in enumerate(drawn)
    ]
)


def entity(key: tuple[str, str]) -> Entity:
    return Entity(blueprint=key[0], identifier=key[1])


def many(count: int, blueprint: str = "a", start: int = 0) -> list[Entity]:
    return [entity((blueprint, str(number))) for number in range(start, start + count)]


def feeder(outcome: Outcome | None = PROVEN, blueprint: str | None = "a", index: int = 0) -> Feeder:
    return Feeder(index, f"/{index}", blueprint, may_delete=True, outcome=outcome)


@given(before=st.sets(KEYS), after=st.sets(KEYS), seen=st.sets(KEYS))
def test_only_what_was_there_and_was_not_seen_is_doomed(
    before: set[tuple[str, str]], after: set[tuple[str, str]], seen: set[tuple[str, str]]
) -> None:
    doomed = Doomed.of(map(entity, before), map(entity, after), seen)
    gone = {key for group in doomed.entities.values() for key in group}
    assert gone == before - after - seen
    assert len(doomed.all) == len(gone)
    assert doomed.totals.total() == len(before | after | seen)


@pytest.mark.contract("evidence.gate")
@given(before=st.sets(KEYS), feeders=FEEDERS)
def test_a_blueprint_is_free_exactly_when_all_that_may_feed_it_is_proven_and_deletes(
    before: set[tuple[str, str]], feeders: list[Feeder]
) -> None:
    doomed = Doomed.of(map(entity, before), [])
    held = objections(doomed, feeders)
    for blueprint in doomed.entities:
        feeding = [one for one in feeders if one.blueprint is None or one.blueprint == blueprint]
        free = all(one.may_delete and one.outcome in (PROVEN, DENIED) for one in feeding)
        assert (blueprint not in held) is free
    assert all(held.values())
    assert doomed.without(held).entities.keys() == doomed.entities.keys() - held.keys()


@pytest.mark.contract("evidence.threshold")
@given(
    before=st.sets(KEYS),
    after=st.sets(KEYS),
    feeders=FEEDERS,
    threshold=st.floats(0.05, 1),
    earlier=st.sets(KEYS),
)
def test_more_than_the_threshold_goes_only_where_it_is_certain(
    before: set[tuple[str, str]],
    after: set[tuple[str, str]],
    feeders: list[Feeder],
    threshold: float,
    earlier: set[tuple[str, str]],
) -> None:
    guard = LastGuard()
    first = Doomed.of(map(entity, earlier), [])
    held_up = guard.doubts(first, feeders, threshold, NOBODY)
    doomed = Doomed.of(map(entity, before), map(entity, after))
    doubts = guard.doubts(doomed, feeders, threshold, NOBODY)
    rest = doomed.without(doubts)
    uncertain = []
    for blueprint, gone in rest.entities.items():
        feeding = [one for one in feeders if one.feeds(blueprint)]
        is_sure = bool(feeding) and all(one.outcome is DENIED for one in feeding)
        again = blueprint in held_up and gone.keys() <= first.entities[blueprint].keys()
        if not is_sure and not again:
            uncertain.append(blueprint)
            total = doomed.totals[blueprint]
            assert not feeding or total < 10 or len(gone) <= threshold * total
    assert rest.sum(uncertain) <= threshold * doomed.totals.total()


@given(before=st.sets(KEYS), after=st.sets(KEYS), feeders=FEEDERS)
def test_with_a_threshold_of_one_nothing_is_held_up(
    before: set[tuple[str, str]], after: set[tuple[str, str]], feeders: list[Feeder]
) -> None:
    doomed = Doomed.of(map(entity, before), map(entity, after))
    assert LastGuard().doubts(doomed, feeders, 1, NOBODY) == {}


@pytest.mark.contract("evidence.threshold")
@pytest.mark.parametrize(
    "gone, stay, is_held_up",
    [
        (90, 10, False),
        (91, 9, True),
        (9, 1, False),
        (10, 0, True),
        # Fewer than ten are only judged together with all others.
        (9, 0, False),
        (1, 0, False),
        (0, 100, False),
        (100, 100, False),
        (1000, 1, True),
        (5, 5, False),
    ],
)
def test_the_share_of_a_blueprint(gone: int, stay: int, is_held_up: bool) -> None:
    after = many(stay, start=gone) + many(10_000, "big")
    doomed = Doomed.of(many(gone), after)
    doubts = LastGuard().doubts(doomed, [feeder(), feeder(PROVEN, "big", 1)], 0.9, NOBODY)
    assert bool(doubts) is is_held_up
    assert all(f"{gone} of {gone + stay}" in doubt.seen for doubt in doubts.values())


@pytest.mark.contract("evidence.threshold", "evidence.threshold.unfed")
def test_a_blueprint_that_no_resource_feeds_is_judged_with_all_others() -> None:
    doomed = Doomed.of(many(20, "gone"), many(20))
    feeders = [feeder()]
    assert LastGuard().doubts(doomed, feeders, 0.9, NOBODY) == {}
    alone, guard = Doomed.of(many(20, "gone"), []), LastGuard()
    for _ in range(3):
        # No reading speaks of it, so that reading again proves nothing.
        (doubt,) = guard.doubts(alone, feeders, 0.9, NOBODY).values()
        assert "no resource feeds it any more" in str(doubt)


@pytest.mark.contract("evidence.threshold.denied")
@pytest.mark.parametrize(
    "outcomes, passes", [([DENIED], True), ([DENIED, DENIED], True), ([DENIED, PROVEN], False)]
)
def test_all_resources_have_to_say_that_it_is_all(outcomes: list[Outcome], passes: bool) -> None:
    feeders = [feeder(outcome, index=index) for index, outcome in enumerate(outcomes)]
    doomed = Doomed.of(many(100), [])
    assert bool(LastGuard().doubts(doomed, feeders, 0.9, NOBODY)) is not passes
    confirmed = {"a": {1}}
    assert LastGuard().doubts(doomed, feeders, 0.9, confirmed) == {}


@pytest.mark.contract("evidence.threshold.again")
@pytest.mark.parametrize(
    "second, third, held_up",
    [
        (many(100), many(100), [True, False, False]),
        # More is gone than before: that is another outcome.
        (many(101), many(101), [True, True, False]),
        (many(99), many(99), [True, False, False]),
        (many(5), many(100), [True, False, True]),
        ([], many(100), [True, False, True]),
    ],
)
def test_the_same_in_the_next_resync(
    second: list[Entity], third: list[Entity], held_up: list[bool]
) -> None:
    guard, after = LastGuard(), many(5, start=1000)
    seen = [
        bool(guard.doubts(Doomed.of(gone, after), [feeder()], 0.9, NOBODY))
        for gone in (many(100), second, third)
    ]
    assert seen == held_up


@pytest.mark.parametrize(
    "names, text", [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), ([*"abcd"], "a, b, c, …")]
)
def test_names_for_a_message(names: list[str], text: str) -> None:
    assert named(names) == text
