"""Entities as Port would get them, by Ocean's own mapping code; and which items became none."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from port_ocean.core.integrations.mixins.utils import handle_items_to_parse
from port_ocean.core.models import Entity

from framework.entity_processor import FusedEntityProcessor
from mapping.resources import CustomResourceConfig

_PATH = re.compile(r"(?<![\w.\"\])])\.[A-Za-z_][\w.]*")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item that becomes no entity: its number in the resource, a name for it, and the cause."""

    number: int
    label: str
    why: str


@dataclass(slots=True)
class MappedItems:
    """The entities that the mapping makes of a resource's items.

    `items` are those that were mapped (after itemsToParse); `filtered` were dropped by
    selector.query, `refused` have no identifier or blueprint or made the mapping fail.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    filtered: list[Dropped] = field(default_factory=list)
    refused: list[Dropped] = field(default_factory=list)


async def map_items(
    resource: CustomResourceConfig, items: list[dict[str, Any]], processor: FusedEntityProcessor
) -> MappedItems:
    """Map the items of a resource as a sync does."""
    mapped = MappedItems(await _split(resource, items))
    result = await processor.parse_items(resource, mapped.items)
    mapped.entities = result.entity_selector_diff.passed
    for number, item in enumerate(mapped.items, 1):
        await _sort(mapped, resource, processor, number, item)
    return mapped


async def _split(
    resource: CustomResourceConfig, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    port = resource.port
    if not port.items_to_parse:
        return items
    batches = handle_items_to_parse(
        items,
        port.items_to_parse_name,
        port.items_to_parse,
        port.items_to_parse_top_level_transform,
    )
    return [item async for batch in batches for item in batch]


async def _sort(
    mapped: MappedItems,
    resource: CustomResourceConfig,
    processor: FusedEntityProcessor,
    number: int,
    item: dict[str, Any],
) -> None:
    """Put an item to the dropped ones where it belongs there."""
    query = resource.selector.query
    try:
        passes = await processor.passes(item, query)
    except Exception as error:  # noqa: BLE001 (jq raises whatever the expression does)
        why = f"query {query} fails: {_one_line(error)}"
        mapped.refused.append(Dropped(number, label_of(item), why))
        return
    if not passes:
        why = f"query {query} is false{_values_in(query, item)}"
        mapped.filtered.append(Dropped(number, label_of(item), why))
    elif why := "; ".join([text async for text in _missing(resource, processor, item)]):
        mapped.refused.append(Dropped(number, label_of(item), why))


async def _missing(
    resource: CustomResourceConfig, processor: FusedEntityProcessor, item: dict[str, Any]
) -> AsyncIterator[str]:
    mappings = resource.port.entity.mappings
    expressions = {"identifier": mappings.identifier, "blueprint": mappings.blueprint}
    for name, expression in expressions.items():
        if isinstance(expression, str) and not await processor.value_of(item, expression):
            yield f"{name} {expression} gives nothing"


def label_of(item: dict[str, Any]) -> str:
    """Return a short name for an item: one of its usual naming fields, else its keys."""
    for key in ("id", "identifier", "key", "name", "title", "slug", "uuid"):
        value = item.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return f"{key} {shorten(value)}"
    return f"keys {shorten(', '.join(map(str, item)))}"


def shorten(value: Any) -> str:
    """Return a value for one line of output."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _values_in(query: str, item: dict[str, Any]) -> str:
    """Return the values of the simple paths in a query, because they are why it is false."""
    shown = list(dict.fromkeys(_shown(query, item)))
    return f": {', '.join(shown)}" if shown else ""


def _shown(query: str, item: dict[str, Any]) -> Iterator[str]:
    for path in _PATH.findall(query):
        value: Any = item
        for key in path.strip(".").split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, dict | list):
            yield f"{path} is {_json(value)}"


def _json(value: Any) -> str:
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    return f'"{shorten(value)}"' if isinstance(value, str) else str(value)


def _one_line(error: BaseException) -> str:
    return shorten(str(error).splitlines()[0] if str(error) else type(error).__name__)
