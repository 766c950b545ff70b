"""Tells pages that are the same page once more, although not every byte of it is.

Items may come in another order each time, or hold what changes from one answer to the next, such as
an age or a signed address. An API that knows nothing of pages then never repeats itself.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, starmap
from typing import Any, NamedTuple

from formats.identifiers import IDENTIFIERS, mark_of
from formats.lists import Place

# Names of fields that may identify an item where none of the usual ones is there, at their end.
_TELLING = re.compile(r"(?:id|name|host|login|slug|serial|number|code|title|email)$", re.IGNORECASE)
# What does not change by itself: where it differs, so does the item.
_NAMING = {*map(str.lower, IDENTIFIERS), "uid", "name", "title", "slug", "login", "email"}
# What is one item's own. Others, such as a name or state, stand on each page of a history as well.
_IDENTIFYING = _NAMING - {"name", "title", "key", "identifier"}
# So many fields are tried for what identifies items; on so many items first, and then so many of
# them on all.
_MOST_TRIED = 16
_SHOWN = 50
_MOST_COMPARED = 3
_DEEPEST = 2
_MISSING = object()


class Likeness(NamedTuple):
    """Two lists of the same items, as it seems, that differ in some fields: `("cpu", "load")`.

    It `is_sure` where not only numbers of rows say that they are the same.
    """

    differing: frozenset[Place] = frozenset()
    is_sure: bool = True


def likeness(before: Sequence[Any], now: Sequence[Any]) -> Likeness | None:
    """Return in what two lists of the same items differ; None where they hold others.

    The order of the items is none. Which is which tells the first field that identifies them; where
    another one differs that names them, they are others.

    Sample: `age` for `[{"id": 1, "age": 7}]` and `[{"id": 1, "age": 8}]`.
    """
    if len(before) != len(now):
        return None
    place = _identity_of(before, now)
    pairs: list[tuple[Any, Any]] = []
    if place:
        known = dict(zip(_all_at(before, place), before, strict=True))
        pairs = [(known[key], item) for key, item in zip(_all_at(now, place), now, strict=True)]
    differing = frozenset(chain.from_iterable(starmap(_changed_in, pairs)))
    if any(changed[-1].lower() in _NAMING for changed in differing):
        return None
    is_sure = place is not None and _is_sure(place, now, differing)
    if place and differing:
        return Likeness(differing, is_sure)
    return Likeness(is_sure=is_sure) if _is_reordered(before, now) else None


def common_likeness(
    before: Mapping[Place, Sequence[Any]], now: Mapping[Place, Sequence[Any]]
) -> Likeness | None:
    """Return the `likeness` of all lists together; None where one holds other items."""
    if before.keys() != now.keys():
        return None
    found = [likeness(before[place], now[place]) for place in now]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    differing = frozenset(chain.from_iterable(each.differing for each in known))
    return Likeness(differing, all(each.is_sure for each in known))


def _is_reordered(before: Sequence[Any], now: Sequence[Any]) -> bool:
    # Others are told at once by the first of them.
    if before is not now and now and now[0] not in before:
        return False
    return before is now or Counter(map(mark_of, before)) == Counter(map(mark_of, now))


def _identity_of(before: Sequence[Any], now: Sequence[Any]) -> Place | None:
    """Return the place of what tells items apart, and is the same in both lists; None if none is.

    Other fields than those that may identify by their name count where there is none of these.
    """
    first = now[0] if now else None
    for places in _places(first) if isinstance(first, dict) else ():
        shown = [place for place in places if _identifies(place, now[:_SHOWN])]
        for place in shown[:_MOST_COMPARED]:
            if _is_shared(place, before, now):
                return place
        if shown:
            break
    return None


def _is_shared(place: Place, before: Sequence[Any], now: Sequence[Any]) -> bool:
    here = set(_all_at(now, place))
    return len(here) == len(now) and here == set(_all_at(before, place))


def _places(item: Mapping[str, Any]) -> tuple[list[Place], list[Place]]:
    """Return where something may identify an item, the surest first, and where else."""
    places = sorted(_fields_of(item), key=len)
    usual = [place for place in places if place[-1] in IDENTIFIERS]
    usual.sort(key=lambda place: (len(place), IDENTIFIERS.index(place[-1])))
    others = [place for place in places if place[-1] not in IDENTIFIERS]
    telling = [place for place in others if _TELLING.search(place[-1])]
    rest = [place for place in others if not _TELLING.search(place[-1])]
    return [*usual, *telling][:_MOST_TRIED], rest[:_MOST_TRIED]


def _fields_of(item: Mapping[str, Any], above: Place = ()) -> Iterator[Place]:
    for key, value in item.items():
        if not isinstance(value, dict):
            yield (*above, key)
        elif len(above) < _DEEPEST:
            yield from _fields_of(value, (*above, key))


def _identifies(place: Place, items: Sequence[Any]) -> bool:
    values = _all_at(items, place)
    return set(map(type, values)) <= {str, int} and len(set(values)) == len(values)


def _all_at(items: Sequence[Any], place: Place) -> list[Any]:
    """Return the text or number at a place of each item; None where there is none."""
    # No call for each item: most pages that are compared are others.
    values: Sequence[Any] = items
    for key in place:
        values = [value.get(key) if isinstance(value, dict) else None for value in values]
    return [value if type(value) in (str, int) else None for value in values]


def _is_sure(place: Place, items: Sequence[Any], differing: frozenset[Place]) -> bool:
    """Return whether what identifies items is not only their place on the page, or one for all.

    Beside their place, something else that names them makes sure.
    """
    if not _are_positions(_all_at(items, place)):
        return place[-1].lower() in _IDENTIFYING
    others = (
        each
        for each in chain(*_places(items[0]))
        if each[-1].lower() in _NAMING and each != place and each not in differing
    )
    return any(_identifies(each, items) for each in others)


def _are_positions(values: Sequence[Any]) -> bool:
    """Return whether values are those of a row's number, counted from 0 or 1."""
    count = len(values)
    found = {int(value) for value in values if f"{value}".isdecimal() and len(f"{value}") < 9}
    return found in (set(range(count)), set(range(1, count + 1)))


def _changed_in(one: Any, other: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the fields in which two items differ, of an address also before its query."""
    if one == other and type(one) is type(other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            inner = (one.get(key, _MISSING), other.get(key, _MISSING))
            yield from _changed_in(*inner, (*place, key))
    elif isinstance(one, str) and isinstance(other, str) and "?" in one + other:
        heads = [text.partition("?") for text in (one, other)]
        if heads[0][0] != heads[1][0]:
            yield place
        if heads[0][2] != heads[1][2]:
            yield (*place, "?")
    else:
        yield place
