"""JSON schemas of a document: where a response has its list, and what an item looks like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.init.detect.identifiers import Keys, is_sure_name
from cli.init.detect.lists import CONTENT, is_beside, is_called, name_score, names_an_item
from cli.init.openapi.document import Node
from cli.init.paths import how_named
from cli.init.surveyed import Reference

_FORMATS = {"date-time": "date-time", "email": "email", "uri": "url", "url": "url"}
_ELEMENTS = ("string", "number", "boolean", "object")
_TYPES = {"integer": "number", "array": "array", **{name: name for name in _ELEMENTS}}
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class DocumentedList:
    """A list that a response has by its schema: the keys that lead there, and its items' schema."""

    path: tuple[str, ...]
    item: Node


def find_documented_list(schema: Node, endpoint: str) -> DocumentedList | None:
    """Return the list of items in a response; None when it has none.

    Sample: `{"type": "object", "properties": {"data": {"type": "array", "items": …}}}`: at `data`.
    """
    ends_in_item = endpoint.rstrip("/").endswith("}")
    found = [one for one in _lists(schema, (), 0, endpoint) if not is_beside(one.path, endpoint)]
    if ends_in_item:
        # What asks for one thing answers with that thing, whatever lists this has.
        found = [one for one in found if not one.path or _is_content(one.path[-1], endpoint)]
    return max(
        found, key=lambda one: name_score(one.path, endpoint) - 0.5 * len(one.path), default=None
    )


def _is_content(name: str, endpoint: str) -> bool:
    return name.lower() in CONTENT or is_called(name, endpoint)


def properties_of(schema: Node, depth: int = 0) -> dict[str, Node]:
    """Return the properties of an object's schema, with `allOf` and the first `oneOf`."""
    found = dict(schema.items("properties"))
    if depth < _DEEPEST:
        choices = [*_first_real(schema, "oneOf"), *_first_real(schema, "anyOf")]
        for part in [*schema.elements("allOf"), *choices]:
            found = {**properties_of(part, depth + 1), **found}
    return found


def port_schema(schema: Node, depth: int = 0) -> dict[str, Any]:
    """Return a property of a blueprint for a documented field: type, format, enum, items."""
    kind = type_of(schema)
    if kind is None:
        choices = [*_first_real(schema, "anyOf"), *_first_real(schema, "oneOf")]
        parts = [*schema.elements("allOf"), *choices]
        named = (port_schema(part, depth + 1) for part in parts if depth < _DEEPEST)
        return next((found for found in named if found), {})
    result: dict[str, Any] = {"type": kind}
    if form := _FORMATS.get(str(schema.value("format"))):
        result["format"] = form
    values = schema.value("enum")
    if isinstance(values, list) and kind == "string":
        result["enum"] = [value for value in values if isinstance(value, str)]
    items = schema.child("items") if kind == "array" and depth < _DEEPEST else None
    if items is not None and (inner := type_of(items)) in _ELEMENTS:
        result["items"] = {"type": inner}
    return result


def item_schema(item: Node) -> dict[str, Any]:
    """Return the schema of a blueprint from that of an item."""
    found = {name: port_schema(node) for name, node in properties_of(item).items()}
    return {"properties": {name: schema for name, schema in found.items() if schema}}


def type_of(schema: Node) -> str | None:
    """Return Port's type for a schema; of a list of types with null, the other one counts."""
    kind = schema.value("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind is None and schema.child("properties") is not None:
        kind = "object"
    if kind is None and schema.child("items") is not None:
        kind = "array"
    return _TYPES.get(str(kind))


def first_of_enum(schema: Node | None) -> list[Any]:
    """Return the first of the values that a schema allows, as a list; none where it lists none."""
    values = schema.value("enum") if schema else None
    return values[:1] if isinstance(values, list) else []


def is_sendable(value: Any, *kinds: type) -> bool:
    """Return whether a value of a document may be sent: of these kinds, and nothing but itself.

    In a mapping, braces stand for a path parameter or a variable of the environment.
    """
    return isinstance(value, kinds) and "{" not in "".join(_texts_in(value))


def leaf_names(schema: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield the scalar fields of a response beside its lists, with the keys that lead there."""
    for name, node in properties_of(schema).items():
        kind = type_of(node)
        if kind == "object" and len(path) < _DEEPEST:
            yield from leaf_names(node, (*path, name))
        elif kind in ("string", "number", "boolean", None):
            yield (*path, name), node


def scalar_fields(item: Node) -> tuple[tuple[Keys, bool], ...]:
    """Return the fields of an item that may name something, up to one level deep; whether text."""
    return tuple(_scalar_fields(item))


def _scalar_fields(item: Node) -> Iterator[tuple[Keys, bool]]:
    for name, node in properties_of(item).items():
        kind = type_of(node)
        if kind in ("string", "number"):
            yield (name,), kind == "string"
        elif kind in ("object", None):
            for inner, found in properties_of(node).items():
                if (inner_kind := type_of(found)) in ("string", "number"):
                    yield (name, inner), inner_kind == "string"


def references_of(item: Node) -> tuple[Reference, ...]:
    """Return the fields of an item that refer to other things by what names these.

    Sample: `team: {$ref: …/team_reference}`, whose schema has an `id`.
    """
    found = []
    for name, node in properties_of(item).items():
        many = type_of(node) == "array"
        target = node.child("items") if many else node
        if target is None:
            continue
        kind = type_of(target)
        if kind in ("string", "number"):
            if how_named(name):
                found.append(Reference(name, "", (), many, kind == "string"))
            continue
        inner = {key: type_of(one) for key, one in properties_of(target).items()}
        named = next((key for key in inner if is_sure_name(key)), "")
        if named and inner[named] in ("string", "number"):
            schema = _schema_name(target)
            found.append(Reference(name, schema, (named,), many, inner[named] == "string"))
    return tuple(found)


def _schema_name(schema: Node) -> str:
    """Return what a schema is called: by its `$ref`, or by that of the only part it is made of."""
    parts = [
        *schema.elements("allOf"),
        *_first_real(schema, "anyOf"),
        *_first_real(schema, "oneOf"),
    ]
    return schema.name or next((part.name for part in parts if part.name), "")


def _lists(
    schema: Node, path: tuple[str, ...], depth: int, endpoint: str
) -> Iterator[DocumentedList]:
    items = schema.child("items") if type_of(schema) == "array" else None
    if items is not None:
        if properties_of(items):
            yield DocumentedList(path, items)
    elif depth <= _DEEPEST:
        properties = properties_of(schema)
        is_item = names_an_item(properties)
        for name, node in properties.items():
            # A list of something that has an identifier is a part of that, not of the answer.
            if not is_item or _is_content(name, endpoint):
                yield from _lists(node, (*path, name), depth + 1, endpoint)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = [*value, *value.values()] if isinstance(value, Mapping) else value
    for element in inner if isinstance(inner, list) else ():
        yield from _texts_in(element)


def _first_real(schema: Node, group: str) -> list[Node]:
    """Return the first alternative that is not just null."""
    return [part for part in schema.elements(group) if _is_real(part)][:1]


def _is_real(part: Node) -> bool:
    content = part.value()
    return isinstance(content, Mapping) and content.get("type") != "null"
