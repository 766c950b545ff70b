"""The lists of a body, where nothing names the one that is meant."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

type Place = tuple[str, ...]

# The step of a place to the elements of a list.
EACH = "[]"

# Where links are objects, what they mean and where they lead: `{"rel": "next", "href": "/users"}`.
RELATION_NAMES = ("rel", "relation")
ADDRESS_NAMES = ("href", "url", "link", "uri", "$ref")
# So deep in a body, lists are looked for.
_DEPTH = 3


def lists_in(body: Any) -> dict[Place, Sequence[Any]]:
    """Return the lists of a body by their places, and objects of alike objects; no lists of links.

    Sample: `{("data", "users"): [{"id": 1}]}` for `{"data": {"users": [{"id": 1}]}, "page": 2}`.
    """
    return {place: found for place, found in _lists_in((), body) if not _are_links(found)}


def longest_in(value: Any, depth: int = _DEPTH) -> list[Any]:
    """Return the longest list of a body, the outer one of two, or alike objects by their keys.

    Lists of links are none.
    """
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or _are_links(inner):
        return []
    here = inner if inner is value or _are_alike(inner) else []
    below = (longest_in(each, depth - 1) for each in inner) if depth else ()
    return max([here, *below], key=len)


def place_of(element: Any, body: Any) -> Place | None:
    """Return the place of the list, or object, of which this very object is an element.

    Sample: `("groups", "[]", "members")` for a member of a group.
    """
    level: list[tuple[Place, Any]] = [((), body)] if isinstance(body, dict | list) else []
    for _ in range(_DEPTH + 1):
        below = []
        for place, value in level:
            inner = value.values() if isinstance(value, dict) else value
            if any(each is element for each in inner):
                return place
            keys = value if isinstance(value, dict) else itertools.repeat(EACH)
            below += [
                ((*place, key), each)
                for key, each in zip(keys, inner, strict=False)
                if isinstance(each, dict | list)
            ]
        level = below
    return None


def _lists_in(place: Place, value: Any) -> Iterator[tuple[Place, Sequence[Any]]]:
    if isinstance(value, list):
        yield place, value
    elif isinstance(value, dict) and len(place) <= _DEPTH:
        if _are_alike(value.values()):
            yield place, [{**each, "key": key} for key, each in value.items()]
        else:
            for key, each in value.items():
                yield from _lists_in((*place, key), each)


def _are_alike(values: Collection[Any]) -> bool:
    """Return whether these are several objects with the same keys."""
    kinds = {tuple(each) if isinstance(each, dict) else () for each in values}
    return len(values) > 1 and len(kinds) == 1 and () not in kinds


def _are_links(found: Sequence[Any]) -> bool:
    return bool(found) and all(
        isinstance(each, dict)
        and any(name in each for name in RELATION_NAMES)
        and any(name in each for name in ADDRESS_NAMES)
        for each in found
    )
