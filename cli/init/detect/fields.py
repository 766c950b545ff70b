"""Properties, identifier and title from sample items."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.arrays import jq_path
from cli.findings import has_format, type_name
from cli.init.detect.answers import naming_key
from cli.init.detect.identifiers import (
    WRAPPERS,
    Identifier,
    find_identifiers,
    find_title,
    is_sure_name,
    is_title_name,
)
from cli.init.detect.naming import property_name, property_title, words_of
from cli.init.detect.secrets import without_secrets

_HYPERMEDIA = frozenset({"_links", "links", "_embedded", "_meta", "__metadata"})
_ENUM_WORD = re.compile(
    "status|state|type|kind|level|severity|priority|visibility|role|category|tier|environment|"
    "phase|health|lifecycle"
)
NAMED_SECRET = "named like a secret"  # noqa: S105 (a reason, which people read)
# May name a secret as well as an ordinary thing; it may tell items apart, and is no property.
_DOUBTFUL = frozenset({"key", "code"})
# Words of what changes all the time, and of the moments at which something was heard last.
_GAUGES = frozenset(
    {"uptime", "cpu", "memory", "mem", "rate", "load", "lag", "latency", "throughput", "idle"}
    | {"qps", "rps", "rss", "heap", "utilization", "backlog", "pending", "unacknowledged", "ready"}
    | {"inflight", "free", "available"}
)
_PULSE = frozenset({"heartbeat", "seen", "ping", "poll", "polled", "scraped", "scrape", "contact"})
_MOST_ENUM = 8
_SEEN_EACH = 3
_MOST_FLATTENED = 8
_MOST_FIELDS = 60
_LONGEST_ENUM = 40


@dataclass(frozen=True, slots=True)
class Field:
    """One property: where it is in an item, and how Port would hold it.

    `doubt` says what about it is only likely.
    """

    keys: tuple[str, ...]
    schema: Mapping[str, Any]
    doubt: str = ""
    plain_name: str = ""

    @property
    def name(self) -> str:
        return property_name((self.plain_name,) if self.plain_name else self.keys)

    @property
    def title(self) -> str:
        return property_title((self.plain_name,) if self.plain_name else self.keys)

    @property
    def expression(self) -> str:
        return jq_path(self.keys)


@dataclass(slots=True)
class Shape:
    """The fields of items; `left_out` are those that become no property, with the reason."""

    identifiers: list[Identifier] = field(default_factory=list)
    title: str = ""
    fields: list[Field] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def identifier(self) -> Identifier | None:
        return self.identifiers[0] if self.identifiers else None


def infer_shape(
    items: Sequence[Mapping[str, Any]],
    blueprint: str,
    nests: Sequence[Sequence[str]] = (),
    origin: str = "",
    hidden: Collection[tuple[str, ...]] = (),
    changing: Collection[tuple[str, ...]] = (),
) -> Shape:
    """Return the shape of the items.

    Inputs: `blueprint`, its identifier, because `userId` may identify a user; `nests`, names of
    fields such as `__team_id` that tell nested items of different parents apart; `origin` of the
    API, such as `https://api.example.com`: links to it are for programs; `hidden`, the keys of what
    items had and is named like a secret; `changing`, of what was different in the same items a
    moment later.
    """
    secrets = set(hidden)
    items = without_secrets(items, "", secrets)
    shape = Shape(left_out={".".join(keys): NAMED_SECRET for keys in sorted(secrets)})
    columns = dict(_columns(items))
    shape.identifiers = find_identifiers(columns, len(items), blueprint, nests)
    shape.title = find_title(columns, shape.identifier)
    holders = {keys[:length] for keys in secrets for length in range(1, len(keys))}
    for keys, values in columns.items():
        if keys in holders:
            shape.left_out[".".join(keys)] = "holds something named like a secret"
        elif keys in changing:
            shape.left_out[".".join(keys)] = "changes from one request to the next"
        else:
            _sort_column(shape, keys, values, origin)
    return shape


def _sort_column(shape: Shape, keys: tuple[str, ...], values: Sequence[Any], origin: str) -> None:
    name = ".".join(keys)
    present = [value for value in values if value not in (None, "", [], {})]
    if keys[0].startswith("__"):
        return
    if keys[-1].lower() in _DOUBTFUL:
        if not shape.identifier or shape.identifier.keys != keys:
            shape.left_out[name] = NAMED_SECRET
    elif not present:
        shape.left_out[name] = "null or empty in every item that was seen"
    elif origin and all(str(value).startswith(f"{origin}/") for value in present):
        shape.left_out[name] = "links within the API"
    else:
        plain = keys[-1] if keys[0] in WRAPPERS and len(keys) > 1 else ""
        if len(shape.fields) == _MOST_FIELDS:
            shape.left_out[name] = f"more than {_MOST_FIELDS} fields"
            return
        taken = {known.name for known in shape.fields}
        found = Field(keys, *infer_schema(keys[-1], present), plain_name=plain)
        shape.fields.append(
            Field(keys, found.schema, found.doubt) if found.name in taken else found
        )


def is_gauge(item: Field) -> bool:
    """Return whether a field changes all the time, by its name: `cpuUsage`, `uptime`."""
    words = [word for key in item.keys for word in words_of(key)]
    kind = item.schema.get("type")
    if item.schema.get("format") == "date-time":
        return bool(_PULSE.intersection(words))
    return kind == "number" and bool(_GAUGES.intersection(words))


def changing_in(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> set[tuple[str, ...]]:
    """Return the keys of what is different in the same items, as two answers have them."""
    key = naming_key(before, after)
    if not key:
        return set()
    later = {str(item[key]): dict(_values(item)) for item in after}
    return {
        keys
        for item in before
        for keys, value in _values(item)
        if keys in (found := later.get(str(item[key]), {})) and found[keys] != value
    }


def _values(item: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the scalar values of an item, up to one level deep, by their keys."""
    for name, value in item.items():
        inner = value.items() if isinstance(value, Mapping) else ()
        yield from (((name, key), one) for key, one in inner if not isinstance(one, list | dict))
        if not isinstance(value, list | Mapping):
            yield (name,), value


def infer_schema(name: str, values: Sequence[Any]) -> tuple[dict[str, Any], str]:
    """Return the schema that fits all values (none is null), and doubts about it."""
    kinds = {type_name(value) for value in values}
    if len(kinds) > 1:
        return {"type": "string"}, "values have different types; they are shown as text"
    [kind] = kinds
    if kind == "string":
        return _text_schema(name, values)
    if kind == "array":
        return {"type": "array", **_elements_schema(values)}, ""
    return {"type": kind}, ""


def _text_schema(name: str, values: Sequence[str]) -> tuple[dict[str, Any], str]:
    filled = [value for value in values if value]
    for form in ("date-time", "email", "url"):
        if filled and all(_is_form(value, form) for value in filled):
            return {"type": "string", "format": form}, ""
    different = sorted(set(values))
    if _is_enum(name, values, different):
        doubt = f"enum ({', '.join(different)})? Other values are refused then."
        return {"type": "string", "enum": different}, doubt
    return {"type": "string"}, ""


def _is_form(value: str, form: str) -> bool:
    if form == "url":
        return value.startswith(("http://", "https://")) and has_format(value, form)
    if form == "date-time":
        # A bare date is no date-time, and numbers in a text are none either.
        return len(value) > 10 and value[4:5] == "-" and has_format(value, form)
    return has_format(value, form)


def _is_enum(name: str, values: Sequence[str], different: Sequence[str]) -> bool:
    few = 1 < len(different) <= _MOST_ENUM and len(values) >= _SEEN_EACH * len(different)
    short = all(0 < len(value) <= _LONGEST_ENUM and value.isprintable() for value in different)
    return few and short and any(map(_ENUM_WORD.fullmatch, words_of(name)))


def _elements_schema(values: Sequence[Sequence[Any]]) -> dict[str, Any]:
    kinds = {type_name(element) for value in values for element in value}
    if len(kinds) == 1 and (kind := kinds.pop()) in ("string", "number", "boolean", "object"):
        return {"items": {"type": kind}}
    return {}


def _columns(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield the values of every field over all items; small objects are taken apart."""
    for key in dict.fromkeys(str(key) for item in items for key in item):
        values = [item.get(key) for item in items]
        objects = [value for value in values if isinstance(value, dict)]
        if key in _HYPERMEDIA:
            continue
        if objects and all(isinstance(value, dict | None) for value in values):
            yield from _inside(key, values, objects)
        else:
            yield (key,), values


def _inside(
    key: str, values: Sequence[Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    inner = dict.fromkeys(str(name) for value in objects for name in value)
    if key not in WRAPPERS and len(inner) > _MOST_FLATTENED:
        named = [name for name in inner if is_sure_name(name) or is_title_name(name)]
        inner = dict.fromkeys(named)
        if not inner:
            yield (key,), list(values)
    for name in inner:
        found = [value.get(name) if isinstance(value, dict) else None for value in values]
        is_deep = any(isinstance(value, dict) for value in found)
        if key in WRAPPERS or not is_deep:
            yield (key, name), found
