"""What the processor does besides evaluating: its process, its fallback, and its event loop."""

import asyncio
import gc
import json
import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.port_app_config.models import ResourceConfig

from errors import ExpressionLimitError
from expressions.worker import JqWorkerError
from framework import entity_processor as fused_processor
from framework.entity_processor import FusedEntityProcessor
from tests.framework.mapping_support import in_this_process, resource, told_by

ITEM = {"identifier": ".id | tostring", "blueprint": '"item"'}


@pytest.fixture
def processor() -> Iterator[FusedEntityProcessor]:
    context: Any = None
    started = FusedEntityProcessor(context)
    yield started
    started.close()


@pytest.fixture
def _ocean_forks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JQEntityProcessor, "parse_items_sync", in_this_process)


@pytest.fixture
def _ocean_maps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JQEntityProcessor, "parse_items_sync", None)


async def identifiers(
    processor: FusedEntityProcessor, mapping: dict[str, Any], items: list[Any]
) -> list[Any]:
    result = await processor.parse_items(resource(mapping), items)
    return [entity.identifier for entity in result.entity_selector_diff.passed]


def reasons(logs: list[str]) -> list[str]:
    return [line for line in logs if "one expression at a time" in line]


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_thousands_of_items_of_any_size_keep_their_order(
    processor: FusedEntityProcessor,
) -> None:
    items = [{"id": n, "text": "x" * (n % 7 * 20_000)} for n in range(1050)]
    assert await identifiers(processor, ITEM, items) == [str(n) for n in range(1050)]


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_batches_of_several_resources_at_once(processor: FusedEntityProcessor) -> None:
    async def both(number: int) -> tuple[list[Any], list[Any]]:
        items = [{"id": f"{number}-{n}"} for n in range(250)]
        mapping = {"identifier": f'.id + "-{number}"', "blueprint": '"item"'}
        return await identifiers(processor, mapping, items), items

    for number, (found, items) in enumerate(await asyncio.gather(*map(both, range(6)))):
        assert found == [f"{item['id']}-{number}" for item in items]


@pytest.mark.usefixtures("_ocean_maps_nothing")
@pytest.mark.parametrize(
    "identifier, text, exact",
    [
        (".id | tonumber", "9007199254740993", 9007199254740993),
        (".id | tonumber", "-9007199254740993", -9007199254740993),
        (".id | fromjson", "123456789012345678901234567890", 123456789012345678901234567890),
        (".id | tonumber", "9223372036854776000", 9223372036854776000),
        (".id | tonumber | tostring", "9007199254740993", "9007199254740993"),
        (".id | tonumber", "9007199254740991", 9007199254740991),
        (".id | tonumber", "1e17", 10**17),
        (".id | tonumber", "1e400", 1.7976931348623157e308),
        (".id | tonumber", "17.0", 17),
        (".id | tonumber", "1.5e300", int(1.5e300)),
        (".id | [tonumber, 1.5]", "9007199254740993", [9007199254740993, 1.5]),
        ("{a: (.id | tonumber), b: -0}", "9007199254740993", {"a": 9007199254740993, "b": 0}),
    ],
)
async def test_identifying_integers_stay_exact(
    processor: FusedEntityProcessor, identifier: str, text: str, exact: object
) -> None:
    more = {"relations": {"to": identifier}, "properties": {"value": ".id | tonumber"}}
    result = await processor.parse_items(
        resource({**ITEM, **more, "identifier": identifier}), [{"id": text}]
    )
    (entity,) = result.entity_selector_diff.passed
    assert repr(entity.identifier) == repr(entity.relations["to"]) == repr(exact)
    assert entity.properties["value"] in (
        int(float(text)) if text != "1e400" else 0,
        float(text),
        1.7976931348623157e308,
    )


@pytest.mark.usefixtures("_ocean_forks_nothing")
@pytest.mark.parametrize(
    "expression, reason",
    [
        (". as [$a] ?// $a | $a.id", "has ?//"),
        ("$__loc__ | .line", "has __loc__"),
        ("halt", "ends the program"),
        ("def a: 1; " * 2 + "a, $__loc__", "has __loc__"),
    ],
)
async def test_what_cannot_share_a_program_gives_what_ocean_gives_and_is_said_once(
    processor: FusedEntityProcessor, logs: list[str], expression: str, reason: str
) -> None:
    mapping = resource({**ITEM, "properties": {"odd": expression}})
    context: Any = None
    expected = await told_by(JQEntityProcessor(context), mapping, [{"id": 1}])
    for _ in range(3):
        assert await told_by(processor, mapping, [{"id": 1}]) == expected
    (line,) = reasons(logs)
    assert reason in line
    assert "because" in line


@pytest.mark.usefixtures("_ocean_forks_nothing")
async def test_a_mapping_of_very_many_expressions_is_evaluated_one_by_one(
    processor: FusedEntityProcessor, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    monkeypatch.setattr("framework.fused_program._MOST_EXPRESSIONS", 3)
    assert await identifiers(processor, {**ITEM, "title": ".id"}, [{"id": 1}]) == ["1"]
    assert "more than 3 expressions" in reasons(logs)[0]


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_a_thousand_expressions_fit(processor: FusedEntityProcessor) -> None:
    properties = {f"p{n}": f".id + {n}" for n in range(990)}
    result = await processor.parse_items(
        resource({**ITEM, "properties": properties}), [{"id": 1}] * 3
    )
    for entity in result.entity_selector_diff.passed:
        assert entity.properties == {f"p{n}": n + 1 for n in range(990)}


@pytest.mark.usefixtures("_ocean_forks_nothing")
@pytest.mark.parametrize("odd", [{"id": {1, 2}}, {"id": {(1, 2): 3}}, {"id": object()}])
async def test_items_that_are_no_json_fail_as_with_ocean(
    processor: FusedEntityProcessor, logs: list[str], odd: dict[str, Any]
) -> None:
    context: Any = None
    items = [{"id": 1}, odd]
    expected = await told_by(JQEntityProcessor(context), resource(ITEM), items)
    assert await told_by(processor, resource(ITEM), items) == expected
    assert not reasons(logs)
    assert await identifiers(processor, ITEM, [{"id": 2}]) == ["2"]


@pytest.mark.usefixtures("_ocean_forks_nothing")
async def test_items_and_results_that_are_nested_very_deeply(
    processor: FusedEntityProcessor,
) -> None:
    context: Any = None
    deep: Any = []
    for _ in range(3000):
        deep = [deep]
    items = [{"id": 1, "deep": deep}, {"id": 2}]
    expected = await told_by(JQEntityProcessor(context), resource(ITEM), items)
    assert "RecursionError" in expected.errors[0]
    assert await told_by(processor, resource(ITEM), items) == expected

    # Beyond that, nothing could write it: the expression fails, which the log says.
    for depth in (300, 900, 3000):
        mapping = {**ITEM, "properties": {"deep": f"reduce range({depth}) as $i (0; [.])"}}
        result = await processor.parse_items(resource(mapping), [{"id": 1}, {"id": 2}])
        for entity in result.entity_selector_diff.passed:
            found = 0
            value = entity.properties["deep"]
            while value:
                value, found = value[0], found + 1
            assert found == (depth if depth < 1000 else 0)
        assert len(result.entity_selector_diff.passed) == 2


@pytest.mark.usefixtures("_ocean_forks_nothing")
async def test_no_item_is_lost_when_the_process_keeps_dying(
    processor: FusedEntityProcessor, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    asked = 0

    async def dying(*_: object) -> list[bytes]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise JqWorkerError("the process that runs jq died twice over the same text")

    with monkeypatch.context() as patch:
        patch.setattr(processor._worker, "run", dying)
        items = [{"id": n} for n in range(450)]
        assert await identifiers(processor, ITEM, items) == [str(n) for n in range(450)]
    assert asked <= 3
    assert "died twice" in reasons(logs)[0]
    assert await identifiers(processor, ITEM, [{"id": 2}]) == ["2"]
    assert len(reasons(logs)) == 1


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_a_process_that_is_killed_between_and_during_batches(
    processor: FusedEntityProcessor,
) -> None:
    slow = {**ITEM, "title": "(last(range(2000000)) | empty), .id"}
    await identifiers(processor, ITEM, [{"id": 0}])
    assert processor._worker.process_id
    os.kill(processor._worker.process_id, signal.SIGKILL)
    await asyncio.sleep(0.3)
    batch = asyncio.create_task(identifiers(processor, slow, [{"id": 1}]))
    await asyncio.sleep(0.4)
    os.kill(processor._worker.process_id, signal.SIGKILL)
    assert await batch == ["1"]


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_an_endless_expression_fails_its_batch_in_time(
    processor: FusedEntityProcessor, ocean_config: SimpleNamespace
) -> None:
    ocean_config.process_in_queue_timeout = 0.5
    await identifiers(processor, ITEM, [{"id": 0}])
    started = time.monotonic()
    with pytest.raises(ExpressionLimitError) as caught:
        await identifiers(processor, {**ITEM, "title": "last(repeat(1))"}, [{"id": 1}] * 1000)
    assert time.monotonic() - started < 10
    assert str(caught.value).startswith(
        "the mapping's expression last(repeat(1)) did not end within 0.5 seconds"
    )
    ocean_config.process_in_queue_timeout = 60
    assert await identifiers(processor, ITEM, [{"id": 1}]) == ["1"]


@pytest.mark.usefixtures("_ocean_forks_nothing")
async def test_ocean_as_the_engine(processor: FusedEntityProcessor, logs: list[str]) -> None:
    processor.engine = "ocean"
    assert await identifiers(processor, ITEM, [{"id": 1}]) == ["1"]
    assert not reasons(logs)


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_a_selector_that_does_not_compile_needs_no_process(
    processor: FusedEntityProcessor,
) -> None:
    result = await processor.parse_items(resource(ITEM, ".["), [{"id": 1}, {"id": 2}])
    assert [type(error) for error in result.errors] == [ValueError, ValueError]
    assert processor._worker.process_id is None


@pytest.mark.usefixtures("_ocean_maps_nothing")
async def test_the_event_loop_is_never_held_up(
    processor: FusedEntityProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ocean's own making of entities aside: `parse_items_sync` is what is ours."""
    turns: list[float] = []

    async def watch() -> None:
        while True:
            turns.append(time.thread_time())
            await asyncio.sleep(0)

    items = [{"id": n, "list": list(range(50)), "text": "x" * 100} for n in range(5000)]
    mapping = {**ITEM, "properties": {f"p{n}": ".list" for n in range(10)}}
    await processor.parse_items_sync(mapping, items[:1], "true")
    watcher = asyncio.create_task(watch())
    gc.collect()
    gc.disable()
    results, errors = await processor.parse_items_sync(mapping, items, "true")
    gc.enable()
    watcher.cancel()
    assert len(results) == len(items)
    assert not errors
    assert max(later - earlier for earlier, later in pairwise(turns)) < 0.05


async def test_errors_hold_no_frames(processor: FusedEntityProcessor) -> None:
    """Each frame would hold an item for as long as the resync collects errors."""
    for selector in (".[", "1", "empty", "error(1)"):
        result = await processor.parse_items(resource(ITEM, selector), [{"id": 1}] * 3)
        assert [error.__traceback__ for error in result.errors] == [None] * 3


async def test_mappings_beyond_a_number_are_forgotten(
    processor: FusedEntityProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fused_processor, "_MOST_PLANS", 2)
    for number in range(5):
        mapping = {**ITEM, "title": str(number)}
        assert await identifiers(processor, mapping, [{"id": 1}]) == ["1"]
    assert len(processor._plans) == 2


async def test_ocean_with_its_processes_gives_the_same(processor: FusedEntityProcessor) -> None:
    config = ResourceConfig.parse_obj(
        {
            "kind": "/things",
            "selector": {"query": ".ok"},
            "port": {
                "entity": {
                    "mappings": {
                        "identifier": ".id | tostring",
                        "blueprint": '"item"',
                        "title": ".name # the name",
                        "team": {
                            "combinator": '"and"',
                            "rules": [{"property": '"name"', "operator": '"="', "value": ".team"}],
                        },
                        "properties": {"a": ".a", "b": ".a.b", "c": ".[", "d": "empty"},
                        "relations": {"r": "[.a[]?]"},
                    }
                }
            },
        }
    )
    items = [
        {"id": 1.0, "ok": True, "a": [1.0, 2**60, 1e-7], "team": "x"},
        {"id": "2", "ok": False, "a": {"b": "é\ud83d\ude00"}},
        {"id": None, "ok": True, "name": "\x00"},
        {"ok": 1, "a": float("nan")},
        {"id": 5, "ok": True, "a": "\udc00"},
    ]
    context: Any = None
    for parse_all in (False, True):
        theirs, ours = [
            await told_by(engine, config, items, parse_all=parse_all)
            for engine in (JQEntityProcessor(context), processor)
        ]
        assert json.loads(ours.result) == json.loads(theirs.result)
        assert (ours.result, ours.errors) == (theirs.result, theirs.errors)
