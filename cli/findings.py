"""Findings about mapped entities. Pure: entities in, findings out."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from port_ocean.core.models import Entity

from formats.times import iso_time

type Topic = Literal[
    "null-field",
    "collision",
    "dangling-relation",
    "blueprint",
    "identifier",
    "data-path",
    "no-items",
    "evidence",
    "mapping",
    "settings",
]

_SHOWN = 3
_IDENTIFIER = re.compile(r"^[A-Za-z0-9@_.+:\\/=-]+$")
_ALLOWED = "A-Z a-z 0-9 @ _ . + : \\ / = -"
# Of RFC 5321; the time for the pattern grows with the square of the length.
_LONGEST_EMAIL = 320
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at; `is_error` when Port would refuse or lose an entity because of it."""

    topic: Topic
    message: str
    is_error: bool = False
    field: str = ""


def null_fields(entities: Sequence[Entity]) -> Iterator[Finding]:
    """Yield fields that are null for all entities of a resource: most often a misspelt path."""
    for name in _field_names(entities):
        if all(_value(entity, name) in (None, [], "") for entity in entities):
            yield Finding(
                "null-field", f"{name} is null or empty in all {len(entities)} entities", field=name
            )


def collisions(entities: Iterable[Entity]) -> Iterator[Finding]:
    """Yield identifiers that several entities share: Port keeps the last of them only."""
    counts = Counter((str(entity.blueprint), str(entity.identifier)) for entity in entities)
    for (blueprint, identifier), count in counts.items():
        if count > 1:
            yield Finding(
                "collision",
                f"{count} items become the same {blueprint} {identifier}; Port keeps only the last",
                is_error=True,
            )


def unusable_identifiers(entities: Iterable[Entity]) -> Iterator[Finding]:
    """Yield identifiers that Port refuses."""
    for entity in entities:
        match entity.identifier:
            case dict():
                continue
            case str(text) if _IDENTIFIER.match(text):
                continue
            case str():
                why = f"has characters that Port refuses; allowed are {_ALLOWED}"
            case _:
                why = "is no string; add `| tostring`"
        message = f"identifier {entity.identifier!r} of {entity.blueprint} {why}"
        yield Finding("identifier", message, is_error=True)


def dangling_relations(
    entities: Sequence[Entity], targets: Mapping[tuple[str, str], str], *, is_partial: bool
) -> Iterator[Finding]:
    """Yield relations to entities that the preview does not have.

    Inputs: `targets`, the blueprint that each relation (of a blueprint, by name) leads to, where
    it is known; `is_partial`, whether the preview stopped before the end of the data.
    """
    known: defaultdict[str, set[str]] = defaultdict(set)
    for entity in entities:
        known[str(entity.blueprint)].add(str(entity.identifier))
    everything = set().union(*known.values()) if known else set()
    missing: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entity in entities:
        for name, value in entity.relations.items():
            target = targets.get((str(entity.blueprint), name))
            there = known[target] if target else everything
            missing[str(entity.blueprint), name] += [
                related for related in _related(value) if related not in there
            ]
    for (blueprint, name), absent in missing.items():
        if absent:
            yield _dangling(blueprint, name, absent, is_partial)


def blueprint_differences(
    entities: Sequence[Entity], blueprints: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Yield misfits of values and blueprints: missing blueprints and properties, other types."""
    for blueprint in dict.fromkeys(str(entity.blueprint) for entity in entities):
        own = [entity for entity in entities if str(entity.blueprint) == blueprint]
        if blueprint not in blueprints:
            message = f"blueprint {blueprint} is not in the blueprints file"
            yield Finding("blueprint", message, is_error=True)
            continue
        yield from _properties(blueprint, own, blueprints[blueprint])
        yield from _relations(blueprint, own, blueprints[blueprint])


def type_problem(value: Any, schema: Mapping[str, Any]) -> str:
    """Return why a value does not fit a property's schema; empty when it does."""
    wanted = schema.get("type")
    if isinstance(wanted, str) and not _has_type(value, wanted):
        return f"is {type_name(value)}, not {wanted}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is not in enum"
    if wanted == "array" and isinstance(schema.get("items"), Mapping):
        return next((text for item in value if (text := type_problem(item, schema["items"]))), "")
    form = schema.get("format")
    if isinstance(value, str) and isinstance(form, str) and not has_format(value, form):
        return f"{value[:40]!r} is no {form}"
    return ""


def has_format(value: str, form: str) -> bool:
    """Return whether a text has one of Port's formats; formats that are not looked at pass."""
    match form:
        case "url":
            return bool(_URL.match(value))
        case "email":
            return len(value) <= _LONGEST_EMAIL and bool(_EMAIL.match(value))
        case "date-time":
            moment = iso_time(value)
            return moment is not None and moment.tzinfo is not None
    return True


def type_name(value: Any) -> str:
    """Return Port's name for the type of a value."""
    names = {bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "number")


def _has_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return wanted not in _TYPES or isinstance(value, _TYPES[wanted])


def _properties(
    blueprint: str, entities: Sequence[Entity], definition: Mapping[str, Any]
) -> Iterator[Finding]:
    declared = definition.get("schema", {}).get("properties", {})
    required = definition.get("schema", {}).get("required", [])
    for name in dict.fromkeys(name for entity in entities for name in entity.properties):
        place = f"{blueprint}.{name}"
        if name not in declared:
            yield Finding("blueprint", f"property {place} is not in the blueprint", field=place)
            continue
        values = (entity.properties.get(name) for entity in entities)
        wrong = [
            text
            for value in values
            if value is not None and (text := type_problem(value, declared[name]))
        ]
        if wrong:
            message = f"property {place}: {wrong[0]} ({len(wrong)} of {len(entities)} entities)"
            yield Finding("blueprint", message, is_error=True, field=place)
    for name in required:
        lacking = sum(entity.properties.get(name) is None for entity in entities)
        if lacking:
            message = f"property {blueprint}.{name} is required, but null in {lacking} entities"
            yield Finding("blueprint", message, is_error=True, field=f"{blueprint}.{name}")


def _relations(
    blueprint: str, entities: Sequence[Entity], definition: Mapping[str, Any]
) -> Iterator[Finding]:
    declared = definition.get("relations", {})
    for name in dict.fromkeys(name for entity in entities for name in entity.relations):
        place = f"{blueprint}.{name}"
        if name not in declared:
            yield Finding("blueprint", f"relation {place} is not in the blueprint", field=place)
            continue
        many = bool(declared[name].get("many"))
        values = [entity.relations.get(name) for entity in entities]
        if any(
            isinstance(value, list) is not many
            for value in values
            if value is not None and not isinstance(value, dict)
        ):
            form = "a list" if many else "one identifier"
            message = f"relation {place} must be {form}: many is {str(many).lower()}"
            yield Finding("blueprint", message, is_error=True, field=place)


def _related(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    # Search queries find their targets in Port.
    return [str(related) for related in values if related and not isinstance(related, dict)]


def _dangling(blueprint: str, name: str, absent: list[str], is_partial: bool) -> Finding:
    different = list(dict.fromkeys(absent))
    more = f" and {len(different) - _SHOWN} more" if len(different) > _SHOWN else ""
    examples = f"{', '.join(different[:_SHOWN])}{more}"
    hint = "; they may be on pages that the preview did not read" if is_partial else ""
    return Finding(
        "dangling-relation",
        f"relation {blueprint}.{name} points to what is not in the preview: {examples}{hint}",
        field=f"{blueprint}.{name}",
    )


def _field_names(entities: Sequence[Entity]) -> list[str]:
    names = ["title"] if any("title" in entity.__fields_set__ for entity in entities) else []
    for group in ("properties", "relations"):
        names += dict.fromkeys(
            f"{group}.{name}" for entity in entities for name in getattr(entity, group)
        )
    return names


def _value(entity: Entity, name: str) -> Any:
    group, _, key = name.partition(".")
    return getattr(entity, group).get(key) if key else getattr(entity, group)
