"""Entities that are made quickly are Ocean's own, and what is kept of them is little."""

import tracemalloc
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from port_ocean.context.event import EventType
from port_ocean.core.handlers.entity_processor import jq_entity_processor
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.integrations.mixins import SyncRawMixin
from port_ocean.core.models import Entity
from port_ocean.core.ocean_types import CalculationResult, EntitySelectorDiff
from pydantic.v1 import ValidationError

from framework import entities
from framework.deletion import Doomed
from framework.entities import QuickEntity, SeenEntity, SlimResults, make_entities_quickly
from framework.refusals import key_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)
MAPPED = st.fixed_dictionaries(
    {"identifier": VALUES, "blueprint": VALUES},
    optional={
        "title": VALUES,
        "icon": st.text(max_size=3) | VALUES,
        "team": st.text(max_size=3) | st.lists(VALUES, max_size=2) | VALUES,
        "properties": OBJECTS | VALUES,
        "relations": OBJECTS | VALUES,
        "more": VALUES,
    },
)


@given(MAPPED | OBJECTS)
def test_they_are_what_ocean_makes(mapped: dict[str, Any]) -> None:
    try:
        theirs = Entity.parse_obj(mapped)
    except ValidationError:
        with pytest.raises(ValidationError):
            QuickEntity.parse_obj(mapped)
        return
    ours = QuickEntity.parse_obj(mapped)
    assert ours == theirs
    assert ours.__fields_set__ == theirs.__fields_set__
    assert ours.dict(exclude_unset=True) == theirs.dict(exclude_unset=True)
    written = theirs.dict(exclude_unset=True, by_alias=True)
    assert ours.dict(exclude_unset=True, by_alias=True) == written


def test_ocean_makes_them() -> None:
    make_entities_quickly()
    assert getattr(jq_entity_processor, "Entity") is QuickEntity  # noqa: B009  # it is no export
    assert {"Entity", "parse_obj"} <= set(JQEntityProcessor._parse_items.__code__.co_names)


def entity(number: int, relations: dict[str, Any] | None = None) -> Entity:
    content = {"properties": {"a": 1, "b": "x" * 100}, "relations": relations or {}}
    return QuickEntity.parse_obj(
        {"identifier": f"item-{number}", "blueprint": "item", "title": "x", **content}
    )


@pytest.mark.contract("memory.catalog")
async def test_a_full_resync_keeps_little_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    async def registered(self: Any, resource: Any, results: Any, *more: Any) -> CalculationResult:
        return CalculationResult(EntitySelectorDiff(list(map(entity, results)), []), [])

    monkeypatch.setattr(SyncRawMixin, "_register_resource_raw", registered)
    monkeypatch.setattr(entities, "event", SimpleNamespace(event_type=EventType.RESYNC))
    kept: list[Entity] = []
    register: Any = SlimResults._register_resource_raw
    itself: Any = SlimResults.__new__(SlimResults)
    tracemalloc.start()
    try:
        for start in range(0, 20_000, 1000):
            numbers: Any = list(range(start, start + 1000))
            found = await register(itself, None, numbers, None)
            kept += found.entity_selector_diff.passed
        held = tracemalloc.get_traced_memory()[0] / len(kept)
        doomed = Doomed.of([entity(7), entity(-1)], kept)
        peak = tracemalloc.get_traced_memory()[1] / len(kept)
    finally:
        tracemalloc.stop()
    assert [one.identifier for one in doomed.all] == ["item--1"]
    assert doomed.totals == {"item": 20_001}
    assert held < 160
    assert peak < 320


async def test_other_events_get_their_entities_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [entity(1)]

    async def registered(self: Any, resource: Any, results: Any, *more: Any) -> CalculationResult:
        return CalculationResult(EntitySelectorDiff(whole, []), [])

    monkeypatch.setattr(SyncRawMixin, "_register_resource_raw", registered)
    monkeypatch.setattr(entities, "event", SimpleNamespace(event_type=EventType.HTTP_REQUEST))
    register: Any = SlimResults._register_resource_raw
    found = await register(SlimResults.__new__(SlimResults), None, [], None)
    assert found.entity_selector_diff.passed == whole


@pytest.mark.parametrize("identifier", ["x", 1, {"combinator": "and", "rules": []}])
def test_what_is_kept_is_known_by_the_same_key(identifier: Any) -> None:
    whole = Entity(identifier=identifier, blueprint="item", relations={"a": "b"})
    seen: Any = SeenEntity(whole)
    assert key_of(seen) == key_of(whole)
    assert seen.relations == {"a": "b"}
    assert seen.is_using_search_identifier is whole.is_using_search_identifier
