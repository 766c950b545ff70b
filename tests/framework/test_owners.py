"""Whose an entity is: where that is in doubt, it is somebody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import owners
from framework.owners import EntityOwners, entity_key
from framework.refusals import EntityKey

ADA: EntityKey = ("user", "ada")
SEVEN: EntityKey = ("user", "7")


def brought(*pairs: tuple[EntityKey, str | None]) -> EntityOwners:
    found = EntityOwners()
    for entity, identity in pairs:
        found.bring(entity, identity)
    return found


def again(known: EntityOwners) -> EntityOwners:
    return EntityOwners.from_bytes(known.to_bytes())


@pytest.mark.contract("incremental.delta")
@pytest.mark.parametrize(
    "pairs, gone, is_free",
    [
        ([(ADA, "1")], [(ADA, "1")], True),
        ([(ADA, "1"), (ADA, "1")], [(ADA, "1")], True),
        ([(ADA, "1"), (ADA, "2")], [(ADA, "1")], False),
        ([(ADA, "1"), (ADA, "2")], [(ADA, "2")], False),
        ([(ADA, "1"), (ADA, "2")], [(ADA, "1"), (ADA, "2")], True),
        ([(ADA, "1")], [(ADA, "2")], False),
        ([(ADA, "1")], [(("team", "ada"), "1")], False),
        ([], [(ADA, "1")], False),
        ([], [(SEVEN, "7")], True),
        ([(SEVEN, "7")], [(SEVEN, "7")], True),
        ([(SEVEN, "7"), (SEVEN, "8")], [(SEVEN, "7")], False),
        ([(SEVEN, "7"), (SEVEN, "8")], [(SEVEN, "8")], False),
        ([(SEVEN, "8"), (SEVEN, "7")], [(SEVEN, "8")], False),
        ([(SEVEN, "7"), (SEVEN, "8")], [(SEVEN, "8"), (SEVEN, "7")], True),
        # What cannot be told from others is never known to be gone.
        ([(ADA, None), (ADA, "1")], [(ADA, "1")], False),
    ],
)
@pytest.mark.parametrize("is_later", [False, True])
def test_the_last_that_has_an_entity_lets_it_go(
    pairs: list[tuple[EntityKey, str | None]],
    gone: list[tuple[EntityKey, str]],
    is_free: bool,
    is_later: bool,
) -> None:
    known = again(brought(*pairs)) if is_later else brought(*pairs)
    assert [known.let_go(*one) for one in gone][-1] is is_free


def test_what_another_run_noted_counts_too() -> None:
    known, other = brought((ADA, "1")), brought((ADA, "2"), (SEVEN, "8"))
    known.join(other)
    assert not known.let_go(ADA, "1")
    assert known.let_go(SEVEN, "8")
    assert not brought((SEVEN, "7")).is_partial


@pytest.mark.contract("incremental.delta")
def test_where_there_are_too_many_nothing_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_MOST", 3)
    named = [(("user", f"n{number}"), str(number)) for number in range(4)]
    namesakes = [(("user", str(number)), str(number)) for number in range(100, 110)]
    assert brought(*named[:3], *namesakes).let_go(*named[0])
    known = again(brought(*named))
    assert known.is_partial
    assert not known.let_go(*named[0])
    assert not known.let_go(SEVEN, "7")
    joined = brought(*named[:2])
    joined.join(known)
    assert joined.is_partial


def test_where_nothing_was_kept_nothing_is_sure() -> None:
    assert EntityOwners.from_bytes(b"").is_partial


NAMES = st.tuples(st.just("user"), st.sampled_from(["ada", "7", "8", "\ud800"]))
STEPS = st.tuples(st.booleans(), NAMES, st.sampled_from(["1", "7", "8"]))


@pytest.mark.contract("incremental.delta")
@given(st.lists(STEPS), st.integers(0, 5))
def test_nobody_loses_what_another_has(
    steps: list[tuple[bool, EntityKey, str]], kept_after: int
) -> None:
    known = EntityOwners()
    having: set[tuple[EntityKey, str]] = set()
    for number, (is_there, entity, identity) in enumerate(steps):
        if number == kept_after:
            known = again(known)
        if is_there:
            known.bring(entity, identity)
            having.add((entity, identity))
        else:
            having.discard((entity, identity))
            if known.let_go(entity, identity):
                assert not [each for each in having if each[0] == entity]


@pytest.mark.parametrize(
    "entity, key",
    [
        ({"blueprint": "user", "identifier": "ada"}, ADA),
        ({"blueprint": "user", "identifier": 7}, SEVEN),
        ({"blueprint": "user", "identifier": None}, None),
        ({"blueprint": "user", "identifier": {"combinator": "and"}}, None),
        ({"identifier": "ada"}, None),
        ({}, None),
    ],
)
def test_the_key_of_what_a_mapping_gives(entity: dict[str, object], key: EntityKey | None) -> None:
    assert entity_key(entity) == key
