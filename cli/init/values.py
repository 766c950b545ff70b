"""Values of placeholders: the fields of a list that give them, and the values that are tried."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from cli.init.detect.identifiers import Identifier, Keys, bare, is_name, value_of
from cli.init.detect.naming import words_of
from cli.init.paths import Group, how_named, names_same, thing_of
from cli.init.surveyed import Surveyed
from mapping.plan.endpoint import PathValue

# What of a thing within an item names it, such as login of `{"owner": {"login": "ann"}}`.
_INNER = ("login", "slug", "key", "name", "username", "id", "uuid", "gid", "sid")
# What stands in a path with more than one placeholder is more often a name than a number.
_IN_GROUPS = ("slug", "key", "login", "name", "username")
_MOST_CHOICES = 5
_MOST_COMBINED = 40

# The values in a path under the names that items carry, such as `(("__team", "red"),)`.
type Marks = tuple[tuple[str, str], ...]
type Fields = dict[str, Keys]


def field_choices(
    group: Group, available: Sequence[Keys], identifiers: Sequence[Identifier]
) -> list[Fields]:
    """Return which fields of a list's items may give the values, the likeliest first.

    Inputs: `available`, the keys of scalar fields; `identifiers` of the items.

    Sample: for `/repos/{owner}/{repo}`, `.owner.login` with `.name`.
    """
    outer = {name: next(_named(name, available), None) for name in group.names[:-1]}
    fixed = {name: keys for name, keys in outer.items() if keys}
    if len(fixed) < len(outer):
        return []
    last = [*_named(group.name, available, is_own=True)]
    # A plain noun stands for a name more often than for a number: `/orgs/{org}`.
    is_number = bool(identifiers) and not identifiers[0].parts[-1].is_text
    if outer or (is_number and thing_of(group.name) and not how_named(group.name)):
        last += [(name,) for name in _IN_GROUPS if (name,) in available]
    last += [one.keys for one in identifiers if len(one.keys) and not one.parts[-1].is_mark]
    return [{**fixed, group.name: keys} for keys in dict.fromkeys(last)][:_MOST_CHOICES]


def scalar_keys(items: Sequence[Mapping[str, Any]]) -> list[Keys]:
    """Return the keys of the fields that may be values, in all items, up to one level deep.

    What has spaces is for people, not for a path.
    """
    found: dict[Keys, int] = {}
    for item in items:
        for keys in _scalars(item):
            found[keys] = found.get(keys, 0) + 1
    return [keys for keys, count in found.items() if count == len(items)]


def marks_of(parent: Surveyed, fields: Fields, outer: Sequence[Marks]) -> list[Marks]:
    """Return, for each item of a list, the values in a path: its own, and those that it gives.

    Inputs: `outer`, values of the placeholders that the list has nothing to do with.
    """
    own = [f"__{name}" for name in parent.wanted.placeholders]
    inner = [
        (
            *((each, str(item.get(each))) for each in own),
            *((f"__{name}", str(value_of(item, keys))) for name, keys in fields.items()),
        )
        for item in parent.items
    ]
    combined = ((*first, *second) for second, first in product(inner, outer or [()]))
    return [marks for marks, _ in zip(dict.fromkeys(combined), range(_MOST_COMBINED), strict=False)]


def path_values(marks: Marks) -> dict[str, PathValue]:
    """Return marks as values of placeholders."""
    return {mark.removeprefix("__"): PathValue(value) for mark, value in marks}


def _named(name: str, available: Sequence[Keys], *, is_own: bool = False) -> Iterator[Keys]:
    """Yield fields that are called like a placeholder, or that name what it is called after.

    Inputs: `is_own`, whether the items are what the placeholder names: `slug` gives `team_slug`.
    """
    yield from (keys for keys in available if keys == (name,))
    yield from (keys for keys in available if bare("".join(keys)) == bare(name))
    how, thing = how_named(name), thing_of(name)
    if is_own:
        yield from (keys for keys in available if how and len(keys) == 1 and bare(keys[0]) == how)
        return
    holders = [keys for keys in available if names_same(thing, words_of(keys[0]))]
    yield from (keys for keys in holders if len(keys) == 1)
    wanted = (how, *_INNER) if how else _INNER
    yield from (keys for inner in wanted for keys in holders if bare(keys[-1]) == inner)


def _scalars(item: Mapping[str, Any]) -> Iterator[Keys]:
    for key, value in item.items():
        if _is_value(value):
            yield (str(key),)
        elif isinstance(value, Mapping):
            yield from ((str(key), str(name)) for name, inner in value.items() if _is_value(inner))


def _is_value(value: Any) -> bool:
    return is_name(value) and " " not in str(value)
