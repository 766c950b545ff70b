"""JSON as the page shows it: a window of what an object or array holds, however large it is.

The page never has a whole body: it asks for what it shows, by the keys that lead there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from cli.arrays import describe_elements

type Steps = tuple[str | int, ...]

COUNT = 100
_LONGEST = 240
_WHOLE = 20_000
_LOOKED_AT = 50
_KEYS = 5


class NoSuchPlaceError(ValueError):
    """Nothing of the body is where the page asked for it."""


def value_at(body: Any, steps: Sequence[str | int]) -> Any:
    """Return the value at keys and indices.

    Raises:
        NoSuchPlaceError: there is none.
    """
    for step in steps:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            raise NoSuchPlaceError("the answer has nothing there") from None
    return body


def window(body: Any, steps: Sequence[str | int], start: int = 0) -> dict[str, Any]:
    """Return a part of what is at a place: its kind and size, and up to `COUNT` children.

    Sample: of `{"users": [{"id": 7}]}`, the place `["users"]` gives `{"type": "array", "size": 1,
    "start": 0, "children": [{"key": 0, "type": "object", "size": 1, "text": "id"}]}`. A text that
    is asked for on its own is longer than among others.
    """
    value = value_at(body, steps)
    children = [node(key, inner) for key, inner in islice(_inside(value), start, start + COUNT)]
    own = node("", value, _WHOLE)
    return {**own, "start": start, "children": children}


def node(key: str | int, value: Any, longest: int = _LONGEST) -> dict[str, Any]:
    """Return a value in one line: its kind, its size, and what it looks like."""
    if isinstance(value, Mapping):
        return {"key": key, "type": "object", "size": len(value), "text": _keys(value)}
    if isinstance(value, list):
        about = describe_elements(value[:_LOOKED_AT]).partition(" ")[2]
        return {"key": key, "type": "array", "size": len(value), "text": about}
    text = value if isinstance(value, str) else json.dumps(value)
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return {"key": key, "type": kind_of(value), "size": len(text), "text": cut}


def kind_of(value: Any) -> str:
    """Return what JSON calls a scalar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _inside(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return iter(value.items())
    return enumerate(value) if isinstance(value, list) else iter(())


def _keys(value: Mapping[str, Any]) -> str:
    more = ", …" if len(value) > _KEYS else ""
    return f"{', '.join(map(str, islice(value, _KEYS)))}{more}"
