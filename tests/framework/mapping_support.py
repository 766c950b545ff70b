"""Both engines on the same mapping and items, and all that can be told of what they did."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from loguru import logger
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.entity_processor.jq_entity_processor_sync import JQEntityProcessorSync

type Record = tuple[str, str, str]


@dataclass
class Told:
    """What a call of `parse_items` came to: `result` is JSON text or an exception."""

    result: str
    errors: list[str]
    records: list[Record]

    @property
    def without_order(self) -> tuple[str, list[str], list[Record]]:
        return self.result, self.errors, sorted(self.records)


def resource(mappings: dict[str, Any], selector: str = "true") -> Any:
    """As much of a resource of Ocean's as the processors look at; takes what models would not."""
    entity = SimpleNamespace(dict=lambda **_: mappings, blueprint=mappings.get("blueprint"))
    return SimpleNamespace(
        kind="/things",
        selector=SimpleNamespace(query=selector),
        port=SimpleNamespace(entity=SimpleNamespace(mappings=entity)),
    )


async def in_this_process(
    _: Any, patterns: dict[str, Any], items: Sequence[Any], selector: str, parse_all: bool = False
) -> Any:
    """Ocean's evaluation of a batch, without the processes that it forks for it."""

    def mapped(item: Any) -> Any:
        try:
            evaluate = JQEntityProcessorSync._get_mapped_entity
            return [evaluate(item, patterns, selector, parse_all)], []
        except Exception as error:  # noqa: BLE001  # as Ocean does
            return [], [error]

    return [mapped(item) for item in items], []


async def told_by(
    processor: JQEntityProcessor, mapping: Any, items: list[Any], *, parse_all: bool = False
) -> Told:
    records: list[Record] = []

    def keep(message: Any) -> None:
        record = message.record
        if "one expression at a time" not in record["message"]:
            extra = json.dumps(record["extra"], default=repr, sort_keys=True)
            records.append((record["level"].name, record["message"], extra))

    sink = logger.add(keep, level=0, format="{message}")
    try:
        result = await processor.parse_items(mapping, items, parse_all)
    except Exception as error:  # noqa: BLE001  # compared
        return Told(repr(error), [], records)
    finally:
        logger.remove(sink)
    found = result.entity_selector_diff
    entities = [[entity.dict() for entity in part] for part in (found.passed, found.failed)]
    # In the order of keys too, and with 1 and 1.0 told apart. Misconfigured fields only are in the
    # order in which Ocean's tasks happen to end.
    misconfigured = sorted(result.misconfigured_entity_keys.items())
    content = json.dumps([*entities, misconfigured])
    return Told(content, list(map(repr, result.errors)), records)


def rounded(told: Told) -> Told:
    """With identifying integers as Ocean gets them from jq: through a double."""
    if not told.result.startswith("["):
        return told
    passed, failed, misconfigured = json.loads(told.result)
    for entity in (*passed, *failed):
        for part in ("identifier", "relations"):
            entity[part] = _rounded(entity[part])
    return Told(json.dumps([passed, failed, misconfigured]), told.errors, told.records)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return int(float(value)) if type(value) is int else value
