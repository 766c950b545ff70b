"""Tells pages that are the same page once more, although not every byte of it is.

Items may come in another order each time, or hold what changes from one answer to the next, such as
an age or a signed address. An API that knows nothing of pages then never repeats itself.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, starmap
from typing import Any

from formats.identifiers import IDENTIFIERS, mark_of
from formats.lists import Place

type _Keys = frozenset[str]

# Names of fields that may identify an item where none of the usual ones is there, at their end.
_TELLING = re.compile(r"(?:id|name|host|login|slug|serial|number|code|title|email)$", re.IGNORECASE)
_MISSING = object()


def difference(before: Sequence[Any], now: Sequence[Any]) -> _Keys | None:
    """Return the fields in which two lists of the same items differ; None where they hold others.

    The order of the items is none. Which is which tells the first field that identifies them.

    Sample: `age` for `[{"id": 1, "age": 7}]` and `[{"id": 1, "age": 8}]`.
    """
    if not before or len(before) != len(now):
        return None
    if before == now:
        return frozenset()
    place = _identity_of(now)
    if place is None:
        is_reordered = Counter(map(mark_of, before)) == Counter(map(mark_of, now))
        return frozenset() if is_reordered else None
    known = {_at(item, place): item for item in before}
    if len(known) != len(now) or not all(_at(item, place) in known for item in now):
        return None
    pairs = ((known[_at(item, place)], item) for item in now)
    return frozenset(chain.from_iterable(starmap(_changed_keys, pairs)))


def is_variation(differing: _Keys | None, varying: _Keys | None) -> bool:
    """Return whether a page differs from another one only as that one does from itself.

    Inputs: the `difference` of the two pages, and that of the other one when it came once more.
    What names an item does not change by itself: then the items stand for others.
    """
    if differing is None or varying is None or not differing <= varying:
        return False
    return not any(_TELLING.fullmatch(name) for name in differing)


def common_difference(
    before: Mapping[Place, Sequence[Any]], now: Mapping[Place, Sequence[Any]]
) -> _Keys | None:
    """Return the `difference` of all lists of two bodies; None where one holds other items."""
    if not before or before.keys() != now.keys():
        return None
    keys: set[str] = set()
    for place, found in now.items():
        differing = difference(before[place], found) if found or before[place] else frozenset()
        if differing is None:
            return None
        keys |= differing
    return frozenset(keys)


def _identity_of(items: Sequence[Any]) -> Place | None:
    """Return the place of what tells some items apart; None where nothing does."""
    first = items[0]
    places = _places(first) if isinstance(first, dict) else ()
    return next((place for place in places if _identifies(place, items)), None)


def _places(item: Mapping[str, Any]) -> Iterator[Place]:
    """Yield where something may identify an item, the surest first."""
    held = [(key, value) for key, value in item.items() if isinstance(value, dict)]
    places: list[Place] = [(key,) for key in item]
    places += [(key, inner) for key, value in held for inner in value]
    yield from sorted(
        (place for place in places if place[-1] in IDENTIFIERS),
        key=lambda place: (len(place), IDENTIFIERS.index(place[-1])),
    )
    yield from (place for place in places if _TELLING.search(place[-1]))


def _identifies(place: Place, items: Sequence[Any]) -> bool:
    values = [_at(item, place) for item in items]
    return set(map(type, values)) <= {str, int} and len(set(values)) == len(values)


def _at(item: Any, place: Place) -> Any:
    """Return the text or number at a place of an item; None where there is none."""
    for key in place:
        item = item.get(key) if isinstance(item, dict) else None
    return item if type(item) in (str, int) else None


def _changed_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    if one == other:
        return []
    keys = one.keys() | other.keys()
    return [key for key in keys if one.get(key, _MISSING) != other.get(key, _MISSING)]
