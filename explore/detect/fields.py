"""Properties, identifier and title from sample items."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from explore.arrays import jq_path
from explore.detect.naming import camel, property_name, property_title, words_of
from explore.findings import has_format, type_name
from explore.masking import is_telling

# Objects that only wrap the fields of an item.
_WRAPPERS = frozenset({"attributes", "fields", "properties", "node", "resource", "spec"})
_HYPERMEDIA = frozenset({"_links", "links", "_embedded", "_meta", "__metadata"})
_ENUM_WORDS = frozenset(
    (
        "status",
        "state",
        "type",
        "kind",
        "level",
        "severity",
        "priority",
        "visibility",
        "role",
        "category",
        "tier",
        "environment",
        "phase",
        "health",
        "lifecycle",
    )
)
_IDENTIFIERS = (
    "__key",
    "id",
    "uuid",
    "guid",
    "_id",
    "uid",
    "sys_id",
    "key",
    "identifier",
    "slug",
    "full_name",
    "fullName",
    "path",
    "name",
    "login",
    "username",
    "code",
    "sku",
    "number",
    "email",
    "url",
    "self",
    "href",
    "value",
)
_SURE = frozenset(
    {"__key", "id", "uuid", "guid", "_id", "uid", "sys_id", "key", "identifier", "slug"}
)
_TITLES = (
    "name",
    "title",
    "display_name",
    "displayName",
    "full_name",
    "fullName",
    "label",
    "subject",
    "summary",
    "headline",
    "login",
    "username",
    "key",
    "email",
    "slug",
    "value",
)
_IDENTIFIER_TEXT = re.compile(r"^[A-Za-z0-9@_.+:\\/=-]+$")
_FORBIDDEN = r'gsub("[^A-Za-z0-9@_.+:\\\\/=-]"; "-")'
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


@dataclass(frozen=True, slots=True)
class Identifier:
    """What tells items apart: a JQ expression, and the field that it reads."""

    expression: str
    keys: tuple[str, ...]
    is_sure: bool


@dataclass(slots=True)
class Shape:
    """What items look like; `left_out` are fields that become no property, with the reason."""

    identifiers: list[Identifier] = field(default_factory=list)
    title: str = ""
    fields: list[Field] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def identifier(self) -> Identifier | None:
        return self.identifiers[0] if self.identifiers else None


def infer_shape(
    items: Sequence[Mapping[str, Any]], blueprint: str, mark: str = "", origin: str = ""
) -> Shape:
    """What the items look like.

    Inputs: `blueprint`, its identifier, because `userId` may identify a user; `mark`, the name of
    a field such as `__team_id` that tells nested items of different parents apart; `origin` of the
    API, such as `https://api.example.com`: links to it are for programs.
    """
    shape = Shape()
    columns = dict(_columns(items))
    shape.identifiers = _identifiers(columns, len(items), blueprint, mark)
    shape.title = _title(columns, shape.identifier)
    for keys, values in columns.items():
        _sort_column(shape, keys, values, origin)
    _limit(shape)
    return shape


def _sort_column(shape: Shape, keys: tuple[str, ...], values: Sequence[Any], origin: str) -> None:
    name = ".".join(keys)
    present = [value for value in values if value not in (None, "", [], {})]
    if keys[0].startswith("__"):
        return
    if is_telling(keys[-1]):
        shape.left_out[name] = "named like a secret"
    elif not present:
        shape.left_out[name] = "null or empty in every item that was seen"
    elif origin and all(str(value).startswith(f"{origin}/") for value in present):
        shape.left_out[name] = "links within the API"
    else:
        plain = keys[-1] if keys[0] in _WRAPPERS and len(keys) > 1 else ""
        taken = {known.name for known in shape.fields}
        found = Field(keys, *infer_schema(keys[-1], present), plain_name=plain)
        shape.fields.append(
            Field(keys, found.schema, found.doubt) if found.name in taken else found
        )


def _limit(shape: Shape) -> None:
    for extra in shape.fields[_MOST_FIELDS:]:
        shape.left_out[".".join(extra.keys)] = f"more than {_MOST_FIELDS} fields"
    del shape.fields[_MOST_FIELDS:]


def infer_schema(name: str, values: Sequence[Any]) -> tuple[dict[str, Any], str]:
    """The schema that fits all values (none of them null), and what about it is only likely."""
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
        return len(value) > 10 and value[4:5] == "-" and _is_moment(value)
    return has_format(value, form)


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_enum(name: str, values: Sequence[str], different: Sequence[str]) -> bool:
    few = 1 < len(different) <= _MOST_ENUM and len(values) >= _SEEN_EACH * len(different)
    short = all(0 < len(value) <= _LONGEST_ENUM for value in different)
    return few and short and bool(_ENUM_WORDS & set(words_of(name)))


def _elements_schema(values: Sequence[Sequence[Any]]) -> dict[str, Any]:
    kinds = {type_name(element) for value in values for element in value}
    if len(kinds) == 1 and (kind := kinds.pop()) in ("string", "number", "boolean", "object"):
        return {"items": {"type": kind}}
    return {}


def _columns(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The values of every field over all items; small objects are taken apart."""
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
    if key not in _WRAPPERS and len(inner) > _MOST_FLATTENED:
        named = [name for name in inner if name in _SURE or name in _TITLES]
        inner = dict.fromkeys(named)
        if not inner:
            yield (key,), list(values)
    for name in inner:
        found = [value.get(name) if isinstance(value, dict) else None for value in values]
        is_deep = any(isinstance(value, dict) for value in found)
        if key in _WRAPPERS or not is_deep:
            yield (key, name), found


def _identifiers(
    columns: Mapping[tuple[str, ...], list[Any]], count: int, blueprint: str, mark: str
) -> list[Identifier]:
    """Fields that tell all items apart, the likeliest first."""
    own = _own_names(blueprint)
    found = []
    # Of one parent alone, nobody can tell whether others have the same names.
    is_comparable = not mark or len(set(map(str, columns.get((mark,), [])))) > 1
    for keys, values in columns.items():
        if keys[0] == mark or not _are_names(values, count):
            continue
        expression = _name_expression(keys, values)
        is_distinct = len(set(map(str, values))) == len(values)
        if is_distinct and is_comparable and expression:
            found.append(Identifier(expression, keys, keys[-1] in _SURE | own))
        elif (
            mark
            and len({(a, str(b)) for a, b in zip(columns[(mark,)], values, strict=True)}) == count
        ):
            text = f'.{mark} + "/" + ({_as_text(keys, values)})'
            found.append(Identifier(text, keys, keys[-1] in _SURE | own))
    ranks = {name: rank for rank, name in enumerate((*sorted(own), *_IDENTIFIERS))}
    return sorted(found, key=lambda one: (ranks.get(one.keys[-1], 99), len(one.keys)))


def name_rank(name: str, blueprint: str) -> int | None:
    """How likely a field of this name identifies an item; 0 is likeliest, None not at all."""
    names = (*sorted(_own_names(blueprint)), *_IDENTIFIERS)
    return names.index(name) if name in names else None


def title_rank(name: str) -> int | None:
    """How likely a field of this name is a title; 0 is likeliest, None not at all."""
    return _TITLES.index(name) if name in _TITLES else None


def _own_names(blueprint: str) -> set[str]:
    words = words_of(blueprint)
    return {camel([*words, "id"]), f"{'_'.join(words)}_id"}


def _are_distinct(marks: Sequence[Any], values: Sequence[Any]) -> bool:
    pairs = set(zip(map(str, marks), map(str, values), strict=True))
    return len(pairs) == len(values)


def _are_names(values: Sequence[Any], count: int) -> bool:
    usable = all(
        isinstance(value, str | int) and not isinstance(value, bool) and value != ""
        for value in values
    )
    return usable and len(values) == count and bool(values)


def _name_expression(keys: tuple[str, ...], values: Sequence[Any]) -> str:
    texts = [str(value) for value in values]
    plain = _as_text(keys, values)
    if all(_IDENTIFIER_TEXT.match(text) for text in texts):
        return plain
    replaced = {re.sub(r"[^A-Za-z0-9@_.+:\\/=-]", "-", text) for text in texts}
    return f"{plain} | {_FORBIDDEN}" if len(replaced) == len(texts) else f"{plain} | @base64"


def _as_text(keys: tuple[str, ...], values: Sequence[Any]) -> str:
    path = jq_path(keys)
    return path if all(isinstance(value, str) for value in values) else f"{path} | tostring"


def _title(columns: Mapping[tuple[str, ...], list[Any]], identifier: Identifier | None) -> str:
    ranked = []
    for keys, values in columns.items():
        is_text = any(values) and all(isinstance(value, str | None) for value in values)
        if keys[-1] in _TITLES and is_text and not is_telling(keys[-1]):
            filled = sum(bool(value) for value in values) / len(values)
            depth = 0 if len(keys) == 1 or keys[0] in _WRAPPERS else 1
            ranked.append((depth, filled < 0.9, _TITLES.index(keys[-1]), jq_path(keys)))
    if ranked:
        return min(ranked)[3]
    return identifier.expression if identifier else ""
