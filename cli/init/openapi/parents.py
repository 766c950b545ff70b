"""Which documented list gives the values of a path's placeholders, and from which of its fields."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cli.init.detect.identifiers import (
    Identifier,
    Keys,
    Part,
    is_inner,
    is_listed,
    is_no_name,
    is_sure_of,
    rank_of,
)
from cli.init.detect.naming import blueprint_name
from cli.init.detect.secrets import names_secret_at
from cli.init.paths import Group, how_named, last_group, lists_of, renamed, skeleton
from cli.init.values import Fields, field_choices
from errors import ConfigurationError

_MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Things:
    """What a document says of the items of a list: `scalars` are their fields, and which are text.

    `key` is the placeholder by which the endpoint of one item asks for it.
    """

    path: str
    key: str
    scalars: tuple[tuple[Keys, bool], ...]

    @property
    def identifiers(self) -> list[Identifier]:
        """What probably tells items apart, the likeliest first, with what that rests on."""
        blueprint = blueprint_name(self.path)
        texts = dict(self.scalars)
        found: dict[Keys, Identifier] = {}
        for choice in field_choices(Group((self.key,), ""), list(texts), []) if self.key else []:
            keys = choice[self.key]
            why = f"the path of one item has {{{self.key}}}"
            found[keys] = Identifier((Part(keys, texts[keys]),), is_sure=True, why=why)
        for keys in sorted(self._usual, key=lambda keys: rank_of(keys, blueprint)):
            is_sure = is_sure_of(keys, blueprint)
            why = "by its name" if is_sure else "nothing better is documented"
            found.setdefault(keys, Identifier((Part(keys, texts[keys]),), is_sure, why=why))
        return list(found.values())

    @property
    def _usual(self) -> list[Keys]:
        """The fields that may be names: no measures, no moments, nothing of something else."""
        blueprint = blueprint_name(self.path)
        return [
            keys
            for keys, is_text in self.scalars
            if not is_inner(keys)
            and not is_no_name(keys[-1])
            and (is_text or is_listed(keys, blueprint) or how_named(keys[-1]))
        ]


@dataclass(frozen=True, slots=True)
class Source:
    """A list that gives values: its path, with the placeholders called as in the nested one."""

    path: str
    listed: str
    fields: Mapping[str, Keys]


def sources_of(
    path: str, listed: Mapping[str, Any], chosen: Collection[str] = (), depth: int = 0
) -> dict[str, Source]:
    """Return the sources of all placeholders of a path, by the last name that each one fills.

    Inputs: `listed`, the documented lists by path; `chosen`, those that the user wants.

    Raises:
        ConfigurationError: nothing lists the values of one.
    """
    group = last_group(path)
    if group is None:
        return {}
    if depth > _MOST_STEPS:
        raise ConfigurationError("its lists of values lead in a circle")
    looked = []
    others = [one for one in listed if skeleton(one) != skeleton(path)]
    for candidate in lists_of(group, others, chosen):
        try:
            return _sources_by(path, group, candidate, listed, chosen, depth)
        except ConfigurationError as error:
            looked.append(f"{candidate}: {error}")
    names = " and ".join(f"{{{name}}}" for name in group.names)
    where = f"; looked at {'; '.join(looked[:3])}" if looked else ""
    raise ConfigurationError(f"nothing lists the values of {names}{where}")


def _sources_by(
    path: str,
    group: Group,
    candidate: str,
    listed: Mapping[str, Any],
    chosen: Collection[str],
    depth: int,
) -> dict[str, Source]:
    things: Things = listed[candidate].things
    available = [keys for keys, _ in things.scalars if not names_secret_at(keys[-1], candidate)]
    choices: list[Fields] = field_choices(group, available, things.identifiers)
    if not choices:
        raise ConfigurationError(f"its items have no field that gives {', '.join(group.names)}")
    is_in_front = skeleton(candidate) == skeleton(group.front)
    like = renamed(candidate, path) if is_in_front else candidate
    found = sources_of(like, listed, chosen, depth + 1)
    covered = {name for source in found.values() for name in source.fields} | set(group.names)
    front = last_group(group.front)
    if front and not covered.issuperset(front.names):
        found = {**sources_of(group.front, listed, chosen, depth + 1), **found}
    return {**found, group.name: Source(like, candidate, choices[0])}
