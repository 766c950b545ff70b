"""Wherever a user may write an expression, one that never ends fails its resource and no other."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from expressions import evaluator
from framework import entity_processor
from tests.whole.pipeline.support import numbered, parameter, reply, resource

ENDLESS = "def f: f; f"
BESIDE = resource("/beside")


@pytest.fixture(autouse=True)
def _short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (evaluator, entity_processor):
        monkeypatch.setattr(module, "seconds_allowed", lambda: 0.5)


@contextmanager
def never_held_up() -> Iterator[None]:
    """Assert that other tasks get their turn, as health checks do."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begin = time.monotonic()
            await asyncio.sleep(0.02)
            longest = max(longest, time.monotonic() - begin)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
    assert longest < 2


def nested(**more: Any) -> Any:
    return resource("/teams/{team}/x", path_parameters={"team": parameter("/teams", **more)})


PLACES: dict[str, tuple[Any, str]] = {
    "data_path": (resource("/x", data_path=ENDLESS), f"data_path {ENDLESS}"),
    "items_filter": (resource("/x", items_filter=ENDLESS), f"items_filter {ENDLESS}"),
    "emit": (resource("/x", emit=ENDLESS), f"emit {ENDLESS}"),
    "field": (nested(field=ENDLESS), f"path_parameters.team.field {ENDLESS}"),
    "filter": (nested(filter=ENDLESS), f"path_parameters.team.filter {ENDLESS}"),
    "on_error": (
        resource("/refused", on_error=[{"when": ENDLESS, "then": "skip"}]),
        f"on_error.0.when {ENDLESS}",
    ),
    "mapping": (
        resource("/x", mapping={"title": ENDLESS}),
        f"the mapping's expression {ENDLESS}",
    ),
    "query": (resource("/x", query=ENDLESS), f"the mapping's expression {ENDLESS}"),
}
ROUTES = {
    "/x": numbered(3),
    "/beside": numbered(2),
    "/teams": numbered(2),
    "/refused": reply({"error": "no"}, 418),
}


@pytest.mark.contract("expressions.time", "expressions.everywhere")
@pytest.mark.parametrize("place", PLACES)
async def test_what_never_ends_fails_by_name_and_alone(sync: Any, place: str) -> None:
    mapped, named = PLACES[place]
    with never_held_up():
        outcome = await sync({}, [mapped, BESIDE], ROUTES)

    assert not outcome.result.reconciliation_success
    assert any(f"{named} did not end within 0.5 seconds" in line for line in outcome.log)
    assert outcome.ids("/beside") == [0, 1]
    assert outcome.deleted == []
    assert not [line for line in outcome.log if "aclose" in line or "Error processing" in line]


@pytest.mark.contract("expressions.time", "expressions.everywhere")
async def test_the_other_engine_is_bounded_too(sync: Any) -> None:
    mapped = resource("/x", mapping={"title": ENDLESS})
    with never_held_up():
        outcome = await sync({"mappingEngine": "ocean"}, [mapped, BESIDE], ROUTES)

    assert not outcome.result.reconciliation_success
    assert any(f"expression {ENDLESS} did not end within" in line for line in outcome.log)
    assert outcome.ids("/beside") == [0, 1]


@pytest.mark.contract("expressions.files")
@pytest.mark.parametrize("engine", ["fused", "ocean"])
async def test_an_import_in_a_mapping_reads_nothing(sync: Any, engine: str) -> None:
    mapped = resource("/x", mapping={"title": 'import "pyproject" as $d {search: "."}; $d'})
    outcome = await sync({"mappingEngine": engine}, [mapped], ROUTES)

    assert all(entity.get("title") is None for entity in outcome.result.upserted_entities)


@pytest.mark.contract("expressions.files")
async def test_an_import_in_a_selector_fails_its_resource(sync: Any) -> None:
    mapped = resource("/x", items_filter='import "a" as $d {search: "/etc"}; true')
    outcome = await sync({}, [mapped, BESIDE], ROUTES)

    assert "import reads files, which no expression may" in outcome.errors
    assert outcome.ids("/beside") == [0, 1]
