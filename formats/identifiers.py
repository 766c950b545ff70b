"""What items are told apart by: their identifiers, or else all that they hold."""

import json
from collections.abc import Iterable
from typing import Any

import orjson

# The usual names of a field that identifies an item, the surest first.
IDENTIFIERS = ("id", "_id", "uuid", "guid", "sys_id", "key", "identifier", "arn", "Id", "ID")


def has_identifier(item: Any) -> bool:
    """Return whether an item has a field of the kind that tells items apart."""
    return bool(identifier_of(item))


def identifier_of(item: Any) -> str:
    """Return the name of the field that identifies an item; empty where there is none."""
    names = item if isinstance(item, dict) else ()
    return next(
        (name for name in IDENTIFIERS if name in names and type(item[name]) in (str, int)), ""
    )


def sum_of(name: str, items: Iterable[Any]) -> int | None:
    """Return what is equal for items with the same identifiers in any order; None without them."""
    try:
        return sum(hash(item[name]) for item in items)
    except (KeyError, TypeError):
        return None


def mark_of(item: Any) -> int:
    """Return eight bytes that are equal for items with equal JSON."""
    try:
        return hash(orjson.dumps(item))
    except TypeError:
        # An integer beyond 64 bits.
        return hash(json.dumps(item))
