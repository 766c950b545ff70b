"""The lists of a body, where nothing names the one that is meant."""

from collections.abc import Iterator, Sequence
from typing import Any

from formats.identifiers import has_identifier

type Place = tuple[str, ...]

# Where links are objects, what they mean and where they lead: `{"rel": "next", "href": "/users"}`.
# In XML they are attributes.
RELATION_NAMES = ("rel", "relation", "@rel")
ADDRESS_NAMES = ("href", "url", "link", "uri", "$ref", "@href", "@url")
# Through so many objects, lists are looked for.
_DEPTH = 8


def lists_in(body: Any) -> dict[Place, Sequence[Any]]:
    """Return the lists of a body by their places, and objects of like objects; none within a list.

    Lists of links are none. Sample: `{("data", "users"): [{"id": 1}]}` for
    `{"data": {"users": [{"id": 1}]}, "page": 2}`.
    """
    return {place: found for place, found in _lists_in((), body) if not _are_links(found)}


def longest_in(body: Any) -> Sequence[Any]:
    """Return the longest of these lists; an empty one where there is none."""
    return max(lists_in(body).values(), key=len, default=[])


def _lists_in(place: Place, value: Any) -> Iterator[tuple[Place, Sequence[Any]]]:
    if isinstance(value, list):
        yield place, value
    elif isinstance(value, dict) and len(place) < _DEPTH:
        if _are_alike(value):
            yield place, [{**each, "key": key} for key, each in value.items()]
        else:
            for key, each in value.items():
                yield from _lists_in((*place, key), each)


def _are_alike(value: dict[str, Any]) -> bool:
    """Return whether the values are several objects that share a key with the first of them."""
    first, *others = value.values() or [None]
    if not others or not isinstance(first, dict):
        return False
    return all(isinstance(each, dict) and not first.keys().isdisjoint(each) for each in others)


def _are_links(found: Sequence[Any]) -> bool:
    return bool(found) and all(
        isinstance(each, dict)
        and any(name in each for name in RELATION_NAMES)
        and any(name in each for name in ADDRESS_NAMES)
        and not has_identifier(each)
        for each in found
    )
