"""Properties that Port computes: mirror and calculation properties.

Aggregation properties are left out: they are computed in the background at Port, and a resync
neither writes nor reads them.
"""

from functools import lru_cache
from typing import Any, Protocol

import jq

from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.state import PortState


class _Program(Protocol):
    def input_value(self, value: Any) -> Any: ...


def derived_properties(state: PortState, entity: EntityRecord) -> dict[str, Any]:
    """Return values of the computed properties of one entity; null where there is no value."""
    blueprint = state.blueprint(entity.blueprint)
    mirrors = {
        name: _mirror(state, entity, str(definition.get("path", "")).split("."))
        for name, definition in blueprint.get("mirrorProperties", {}).items()
    }
    calculations = blueprint.get("calculationProperties", {})
    if not calculations:
        return mirrors
    document = {**entity.as_json(), "properties": {**entity.properties, **mirrors}}
    return mirrors | {
        name: _calculate(str(definition.get("calculation", "null")), document)
        for name, definition in calculations.items()
    }


def _mirror(state: PortState, entity: EntityRecord, path: list[str]) -> Any:
    """Follow relations from the entity; the last step names a property of the entity reached."""
    step, *rest = path
    blueprint = state.blueprint(entity.blueprint)
    relation = blueprint["relations"].get(step)
    if relation is None or not rest:
        return _own_value(entity, step)
    reached = [state.find_entity(relation["target"], key) for key in entity.related(step)]
    values = [_mirror(state, item, rest) for item in reached if item is not None]
    if relation.get("many"):
        return values
    return values[0] if values else None


def _own_value(entity: EntityRecord, name: str) -> Any:
    if name.startswith("$"):
        return entity.as_json().get(name[1:])
    return entity.properties.get(name)


def _calculate(expression: str, document: dict[str, Any]) -> Any:
    try:
        return next(iter(_compiled(expression).input_value(document)), None)
    except ValueError:  # the expression does not compile, or fails on this entity
        return None


@lru_cache(maxsize=256)
def _compiled(expression: str) -> _Program:
    program: _Program = jq.compile(expression)
    return program
