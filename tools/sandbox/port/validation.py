"""Checks of entities against their blueprints, in the words of Port's API.

Only stored properties are checked: mirror, calculation and aggregation properties are computed by
Port and may not be written.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from tools.sandbox.port.errors import InvalidRequest
from tools.sandbox.port.formats import matches_format
from tools.sandbox.port.records import EntityRecord

IDENTIFIER = re.compile(r"[A-Za-z0-9@_.+:\\/=-]+")
IDENTIFIER_MAX_LENGTH = 1000

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def check_identifier(value: Any) -> str:
    """Return the identifier itself; `InvalidRequest` when Port would not take it."""
    if not isinstance(value, str) or not value:
        raise InvalidRequest("body must have a non-empty string property 'identifier'")
    if len(value) > IDENTIFIER_MAX_LENGTH:
        raise InvalidRequest(
            f"identifier must NOT have more than {IDENTIFIER_MAX_LENGTH} characters"
        )
    if not IDENTIFIER.fullmatch(value):
        raise InvalidRequest(f'identifier "{value}" must match pattern ^[A-Za-z0-9@_.+:\\\\/=-]+$')
    return value


def check_entity(blueprint: dict[str, Any], entity: EntityRecord) -> None:
    """Raise `InvalidRequest` with everything about the entity that does not fit the blueprint."""
    problems = [
        *_property_problems(blueprint["schema"], entity.properties),
        *_relation_problems(blueprint["relations"], entity.relations),
    ]
    if problems:
        raise InvalidRequest(
            "; ".join(problems),
            blueprint=entity.blueprint,
            identifier=entity.identifier,
            problems=problems,
        )


def _property_problems(schema: dict[str, Any], properties: dict[str, Any]) -> Iterator[str]:
    known = schema["properties"]
    required = schema.get("required", [])
    for name in required:
        if properties.get(name) is None:
            yield f"properties must have required property '{name}'"
    for name, value in properties.items():
        if name not in known:
            yield f"properties must NOT have additional properties: '{name}'"
        elif value is not None:
            yield from value_problems(f"properties/{name}", known[name], value)


def value_problems(where: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
    """Yield the problems of a value under a property definition; `where` begins each message."""
    expected = schema.get("type")
    if expected and not _has_type(value, expected):
        yield f"{where} must be {expected}"
        return
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(map(str, schema["enum"]))
        yield f"{where} must be equal to one of the allowed values: {allowed}"
    if isinstance(value, str):
        yield from _string_problems(where, schema, value)
    elif isinstance(value, list):
        yield from _array_problems(where, schema, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_problems(where, schema, value)


def _has_type(value: Any, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES.get(expected, (object,)))


def _string_problems(where: str, schema: dict[str, Any], value: str) -> Iterator[str]:
    if (name := schema.get("format")) and not matches_format(value, name):
        yield f'{where} must match format "{name}"'
    if (pattern := schema.get("pattern")) and not re.search(pattern, value):
        yield f'{where} must match pattern "{pattern}"'
    yield from _size_problems(where, schema, len(value), ("minLength", "maxLength"), "characters")


def _array_problems(where: str, schema: dict[str, Any], value: list[Any]) -> Iterator[str]:
    yield from _size_problems(where, schema, len(value), ("minItems", "maxItems"), "items")
    if schema.get("uniqueItems") and any(value.count(item) > 1 for item in value):
        yield f"{where} must NOT have duplicate items"
    items = schema.get("items")
    if items:
        for index, item in enumerate(value):
            yield from value_problems(f"{where}/{index}", items, item)


def _size_problems(
    where: str, schema: dict[str, Any], size: int, limits: tuple[str, str], unit: str
) -> Iterator[str]:
    least, most = schema.get(limits[0]), schema.get(limits[1])
    if least is not None and size < least:
        yield f"{where} must NOT have fewer than {least} {unit}"
    if most is not None and size > most:
        yield f"{where} must NOT have more than {most} {unit}"


def _number_problems(where: str, schema: dict[str, Any], value: float) -> Iterator[str]:
    if not math.isfinite(value):
        yield f"{where} must be number"
    if (least := schema.get("minimum")) is not None and value < least:
        yield f"{where} must be >= {least}"
    if (most := schema.get("maximum")) is not None and value > most:
        yield f"{where} must be <= {most}"


def _relation_problems(known: dict[str, Any], relations: dict[str, Any]) -> Iterator[str]:
    for name, definition in known.items():
        if definition.get("required") and relations.get(name) in (None, []):
            yield f"relations must have required property '{name}'"
    for name, value in relations.items():
        if name not in known:
            yield f"relations must NOT have additional properties: '{name}'"
        elif value is not None:
            yield from _relation_value_problems(name, known[name], value)


def _relation_value_problems(name: str, definition: dict[str, Any], value: Any) -> Iterator[str]:
    if not definition.get("many"):
        if not isinstance(value, str):
            yield f"relations/{name} must be string"
    elif not isinstance(value, list):
        yield f"relations/{name} must be array"
    elif not all(isinstance(item, str) for item in value):
        yield f"relations/{name} must be an array of strings"
