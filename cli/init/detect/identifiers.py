"""Fields that tell items apart, and fields that name them for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.arrays import jq_path
from cli.init.detect.naming import camel, words_of

SURE = ("__key", "id", "uuid", "guid", "_id", "uid", "sys_id", "key", "identifier", "slug")
_LIKELY = ("full_name", "fullName", "path", "name", "login", "username", "code", "sku", "number")
_IDENTIFIERS = (*SURE, *_LIKELY, "email", "url", "self", "href", "value")
_NAMES = ("name", "title", "display_name", "displayName", "full_name", "fullName", "label")
_TEXTS = ("subject", "summary", "headline")
TITLES = (*_NAMES, *_TEXTS, "login", "username", "key", "email", "slug", "value")
_IDENTIFIER_TEXT = re.compile(r"^[A-Za-z0-9@_.+:\\/=-]+$")
_FORBIDDEN = r'gsub("[^A-Za-z0-9@_.+:\\\\/=-]"; "-")'

# Objects that only wrap the fields of an item.
WRAPPERS = frozenset({"attributes", "fields", "properties", "node", "resource", "spec"})

type Columns = Mapping[tuple[str, ...], list[Any]]


@dataclass(frozen=True, slots=True)
class Identifier:
    """An expression that tells items apart, and the field that it reads."""

    expression: str
    keys: tuple[str, ...]
    is_sure: bool


def find_identifiers(columns: Columns, count: int, blueprint: str, mark: str) -> list[Identifier]:
    """Return the fields that tell all items apart, the likeliest first."""
    likely = identifier_names(blueprint)
    sure = {*SURE, *_own_names(blueprint)}
    found = []
    # Of one parent alone, nobody can tell whether others have the same names.
    is_comparable = not mark or len(set(map(str, columns.get((mark,), [])))) > 1
    for keys, values in columns.items():
        if keys[0] == mark or not _are_names(values, count):
            continue
        expression = _name_expression(keys, values)
        is_distinct = len(set(map(str, values))) == len(values)
        if is_distinct and is_comparable and expression:
            found.append(Identifier(expression, keys, _name(keys) in sure))
        elif mark and _are_distinct(columns[(mark,)], values):
            text = f'.{mark} + "/" + ({_as_text(keys, values)})'
            found.append(Identifier(text, keys, _name(keys) in sure))
    ranks = {name: rank for rank, name in enumerate(likely)}
    return sorted(found, key=lambda one: (ranks.get(_name(one.keys), 99), len(one.keys)))


def _name(keys: tuple[str, ...]) -> str:
    """Return the name of a field; an attribute of XML is as good as an element."""
    return keys[-1].removeprefix("@")


def is_name(value: Any) -> bool:
    """Return whether a value may tell an item apart: a text or an integer."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def identifier_names(blueprint: str) -> list[str]:
    """Return the names that an identifier of a blueprint usually has, the likeliest first."""
    return [*sorted(_own_names(blueprint)), *_IDENTIFIERS]


def _own_names(blueprint: str) -> set[str]:
    words = words_of(blueprint)
    return {camel([*words, "id"]), f"{'_'.join(words)}_id"}


def _are_distinct(marks: Sequence[Any], values: Sequence[Any]) -> bool:
    pairs = set(zip(map(str, marks), map(str, values), strict=True))
    return len(pairs) == len(values)


def _are_names(values: Sequence[Any], count: int) -> bool:
    return bool(values) and len(values) == count and all(map(is_name, values))


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


def find_title(columns: Columns, identifier: Identifier | None) -> str:
    ranked = []
    for keys, values in columns.items():
        is_text = any(values) and all(isinstance(value, str | None) for value in values)
        if keys[-1] in TITLES and is_text:
            filled = sum(bool(value) for value in values) / len(values)
            depth = 0 if len(keys) == 1 or keys[0] in WRAPPERS else 1
            ranked.append((depth, filled < 0.9, TITLES.index(keys[-1]), jq_path(keys)))
    if ranked:
        return min(ranked)[3]
    return identifier.expression if identifier else ""
