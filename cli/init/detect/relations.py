"""Fields that point to items of another resource, by name and by the values that both have."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.arrays import jq_path
from cli.init.detect.identifiers import is_name
from cli.init.detect.naming import property_name, property_title, words_of
from cli.init.detect.plurals import singular

_ID_WORDS = frozenset({"id", "ids", "key", "slug", "uuid", "guid", "ref", "name", "identifier"})
_INNER = ("id", "key", "slug", "uuid", "identifier", "name", "login")


@dataclass(frozen=True, slots=True)
class RelationTarget:
    """A resource that others may point to: the words of its blueprint, and its identifiers."""

    blueprint: str
    identifiers: frozenset[str]

    @property
    def words(self) -> list[str]:
        return words_of(self.blueprint)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation to a target; `is_sure` when some of its values are identifiers of the target.

    `keys` is the field that it is read from, which then need not be a property as well.
    """

    keys: tuple[str, ...]
    target: str
    many: bool
    expression: str
    is_sure: bool

    @property
    def name(self) -> str:
        return property_name((_bare_name(self.keys[0]),))

    @property
    def title(self) -> str:
        return property_title((_bare_name(self.keys[0]),))


def find_relations(
    items: Sequence[Mapping[str, Any]], own: str, targets: Sequence[RelationTarget]
) -> list[Relation]:
    """Return the relations of a resource to the targets; `own` is its own blueprint.

    Sample: `{"team_id": 7}` relates to a target `team` with the identifier `7`.
    """
    found: dict[str, Relation] = {}
    for key in dict.fromkeys(str(key) for item in items for key in item):
        for relation in _of_field(key, items, own, targets):
            known = found.get(relation.name)
            if known is None or (relation.is_sure and not known.is_sure):
                found[relation.name] = relation
    return list(found.values())


def _of_field(
    key: str, items: Sequence[Mapping[str, Any]], own: str, targets: Sequence[RelationTarget]
) -> Iterator[Relation]:
    values = [item[key] for item in items if item.get(key) not in (None, [], "")]
    if not values:
        return
    many = any(isinstance(value, list) for value in values)
    elements = [element for value in values for element in (value if many else [value])]
    for target in targets:
        if not _points_to(key, target, own):
            continue
        for inner in _inner_keys(elements):
            names = {str(_inner(element, inner)) for element in elements}
            is_sure = bool(names & target.identifiers)
            expression = _expression(key, inner, elements, many=many)
            keys = (key, inner) if inner else (key,)
            relation = Relation(keys, target.blueprint, many, expression, is_sure)
            if is_sure or inner in ("", "id"):
                yield relation
            if is_sure:
                break


def _points_to(key: str, target: RelationTarget, own: str) -> bool:
    words = words_of(key.strip("_"))
    bare = [*words]
    while len(bare) > 1 and bare[-1] in _ID_WORDS:
        bare.pop()
    bare = [*bare[:-1], singular(bare[-1])] if bare else []
    if target.blueprint == own and bare == words and bare == target.words:
        return False
    return bare == target.words or bare[-len(target.words) :] == target.words != bare[:0]


def _inner_keys(elements: Sequence[Any]) -> list[str]:
    """Return "" for plain values; else the naming fields that all the objects have."""
    if all(isinstance(value, str | int) and not isinstance(value, bool) for value in elements):
        return [""]
    if all(isinstance(value, dict) for value in elements):
        return [name for name in _INNER if all(is_name(value.get(name)) for value in elements)]
    return []


def _inner(element: Any, key: str) -> Any:
    return element[key] if key else element


def _expression(key: str, inner: str, elements: Sequence[Any], *, many: bool) -> str:
    is_text = all(isinstance(_inner(element, inner), str) for element in elements)
    path = jq_path((key,))
    step = f".{inner}" if inner else ""
    if many:
        text = "" if is_text else " | tostring"
        return f"[{path}[]?{step}{text}]"
    if is_text:
        return f"{path}{step}"
    return f"{path}{step} | if . == null then null else tostring end"


def _bare_name(key: str) -> str:
    """Strip the ending of an id: `team_id` and `__team_id` give `team`, `teamIds` gives `teams`."""
    name = key.strip("_")
    ids = re.sub(r"(?<=[a-z0-9])(_ids|Ids|IDs)$", "s", name)
    return re.sub(r"(?<=[a-z0-9])(_(id|key|slug|uuid)|Id|ID|Key|Slug|Uuid)$", "", ids)
