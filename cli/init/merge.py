"""Three-way merge: what was generated before, what the user made of it, what is generated now.

A value that the user changed stays, one that the user removed stays away; all else follows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence
from typing import Any

_NOTHING = object()
# What tells the elements of a list apart: resources of a mapping, and blueprints.
_KEYS = ("kind", "identifier")
# Generated keys that go when they are no longer generated. Others may come from a run for other
# endpoints, such as relations to these.
_REPLACED = frozenset(
    {"method", "query_params", "headers", "body", "data_path", "emit", "response_format"}
    | {"pagination", "path_parameters"}
)


def merge(base: Any, theirs: Any, ours: Any, *, is_whole: bool = False) -> Any:
    """Return the merged value; containers of `theirs` are changed in place, so that comments stay.

    Inputs: `base`, generated at the last run (None at the first); `theirs`, the file as it is now;
    `ours`, generated now. With `is_whole`, `ours` is all that there should be: what it lacks of
    `base` goes, unless it was changed in `theirs`.
    """
    if isinstance(theirs, MutableMapping) and isinstance(ours, Mapping):
        known = base if isinstance(base, Mapping) else {}
        return _merge_mapping(known, theirs, ours, is_whole=is_whole)
    # Where nothing is left of a whole list, what was added to it by hand is.
    is_emptied = is_whole and isinstance(ours, list) and not ours
    if _is_keyed(theirs) and (_is_keyed(ours) or is_emptied):
        known_list = base if isinstance(base, list) else []
        return _merge_list(known_list, theirs, ours, is_whole=is_whole)
    return ours if theirs == base else theirs


def remember(base: Any, ours: Any) -> Any:
    """Return the generated content from now on: an earlier run may have had other endpoints."""
    if isinstance(base, Mapping) and isinstance(ours, Mapping):
        named = {**base, **ours}
        return {key: remember(base.get(key), ours.get(key, base.get(key))) for key in named}
    if _is_keyed(base) and _is_keyed(ours):
        known = {name_of(item): item for item in base}
        return list((known | {name_of(item): item for item in ours}).values())
    return ours


def name_of(item: Any) -> str:
    """Return the name of an element of a keyed list; empty for others."""
    if not isinstance(item, Mapping):
        return ""
    return next((str(item[key]) for key in _KEYS if key in item), "")


def _merge_mapping(
    base: Mapping[str, Any],
    theirs: MutableMapping[str, Any],
    ours: Mapping[str, Any],
    *,
    is_whole: bool,
) -> MutableMapping[str, Any]:
    for key, value in ours.items():
        if key in theirs:
            before = base.get(key, _NOTHING)
            theirs[key] = merge(before, theirs[key], value, is_whole=is_whole)
        elif key not in base:
            theirs[key] = value
    gone = [key for key in theirs if key in base and key not in ours]
    for key in gone:
        if (is_whole or key in _REPLACED) and theirs[key] == base[key]:
            del theirs[key]
    return theirs


def _merge_list(
    base: list[Any], theirs: MutableSequence[Any], ours: list[Any], *, is_whole: bool
) -> MutableSequence[Any]:
    """Merge elements by name: those of another run stay, and those by hand as they are."""
    before, present, wanted = _by_name(base), _by_name(theirs), _by_name(ours)
    for name, item in wanted.items():
        if name in present and name in before:
            merge(before[name], present[name], item, is_whole=is_whole)
        elif name not in present and name not in before:
            theirs.append(item)
    gone = [present[name] for name in before if name in present and name not in wanted]
    for item in [one for one in gone if is_whole and one in base]:
        theirs.remove(item)
    return theirs


def _by_name(items: Iterable[Any]) -> dict[tuple[str, int], Any]:
    """Return elements by their names; of the same name, the first, the second and so on."""
    found: dict[tuple[str, int], Any] = {}
    times: Counter[str] = Counter()
    for item in items:
        name = name_of(item)
        found[name, times[name]] = item
        times[name] += 1
    return found


def _is_keyed(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(name_of, value))
