"""Fields that point to items of another resource, by name and by the values that both have."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.arrays import jq_path
from cli.init.detect.identifiers import Identifier, Part, bare, is_name, within
from cli.init.detect.naming import property_name, property_title, words_of
from cli.init.detect.plurals import singular

_ID_WORDS = frozenset(
    {"id", "ids", "key", "slug", "uuid", "guid", "gid", "sid", "ref", "name", "identifier", "code"}
)
_INNER = ("id", "gid", "key", "slug", "uuid", "identifier", "sid", "name", "login")
# What follows the name of a thing in the name of a reference to it: `team_reference`.
_OF_REFERENCES = frozenset({"reference", "ref", "summary", "compact", "mini", "link", "stub"})
# Of the values of a field, so many must be identifiers of what it points to.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class RelationTarget:
    """A resource that others may point to: its blueprint, its identifiers, and how they are made.

    `identifiers` are those of the items that were seen.
    """

    blueprint: str
    identifiers: frozenset[str]
    identifier: Identifier | None = None

    @property
    def words(self) -> list[str]:
        return words_of(self.blueprint)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation to a target; `is_sure` when its values are identifiers of the target.

    `keys` is the field that it is read from, which then need not be a property as well.
    """

    keys: tuple[str, ...]
    target: str
    many: bool
    expression: str
    is_sure: bool
    why: str = ""

    @property
    def name(self) -> str:
        return property_name((self._bare_name,))

    @property
    def title(self) -> str:
        return property_title((self._bare_name,))

    @property
    def _bare_name(self) -> str:
        """The name without the ending of an id; `builderid` points to a builder, too."""
        name = _bare_name(self.keys[0])
        joined = "".join(words_of(self.target))
        return self.target if bare(name) in {f"{joined}{end}" for end in _ID_WORDS} else name


@dataclass(frozen=True, slots=True)
class _Way:
    """A way from a field to the identifiers of a target: what of the field, after which marks."""

    key: str
    inner: str
    many: bool
    target: RelationTarget
    is_text: bool = True

    @property
    def marks(self) -> tuple[Part, ...]:
        """What items carry of their parents, where the target's identifiers begin with it."""
        made = self.target.identifier
        return tuple(part for part in made.parts if part.is_mark) if made else ()

    def of(self, item: Mapping[str, Any]) -> list[str]:
        """Return the identifiers that an item points to."""
        value = item.get(self.key)
        elements = value if self.many and isinstance(value, list) else [value]
        inner = [_inner(each, self.inner) for each in elements]
        texts = ["/".join([*self._outer(item), str(each)]) for each in inner if is_name(each)]
        made = self.target.identifier
        return [made.cleaning.of(text) for text in texts] if made else texts

    @property
    def expression(self) -> str:
        """The JQ of the relation; null, or an empty list, where an item has no value.

        Samples: `.team`, `[.teams[]?.id | tostring]`.
        """
        marks = "".join(f'{within(part.expression)} + "/" + ' for part in self.marks)
        outer = f"({marks.removesuffix(' + ')}) as $outer | " if marks else ""
        steps = self._steps
        path = f"{jq_path((self.key,))}{'[]?' if self.many else ''}"
        path = f"{path}.{self.inner}" if self.inner else path
        if self.many:
            return f"{outer}[{' | '.join([path, *steps])}]"
        if not steps:
            return path
        return f"{outer}{path} | if . == null then null else {' | '.join(steps)} end"

    @property
    def _steps(self) -> list[str]:
        """What makes an identifier of the target of a value."""
        text = [] if self.is_text else ["tostring"]
        text = ["$outer + tostring"] if self.marks else text
        made = self.target.identifier
        return [*text, made.cleaning.value] if made and made.cleaning.value else text

    def _outer(self, item: Mapping[str, Any]) -> list[str]:
        return [part.of(item) or "" for part in self.marks]


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


def names_target(key: str, target: RelationTarget, own: str) -> bool | None:
    """Return whether a field is called like a target: None where only the end of its name is.

    Sample: for a target `team`, `team_id` and `teams` are, and `owner_team` may be.
    """
    words = _thing(words_of(key.strip("_")))
    if bare(key) in {f"{''.join(target.words)}{end}" for end in _ID_WORDS}:
        return True
    if target.blueprint == own and words == target.words == words_of(key.strip("_")):
        return False
    if words == target.words:
        return True
    return None if words[-len(target.words) :] == target.words else False


def words_of_reference(key: str, schema_name: str) -> list[tuple[str, ...]]:
    """Return the words of what a documented field may refer to, by its name and its schema's.

    Samples: the field `team_id`, and the schemas `team_reference` and `TeamCompact`, give team.
    """
    words = words_of(schema_name)
    while len(words) > 1 and words[-1] in _OF_REFERENCES:
        words = [*words[:-2], singular(words[-2])]
    found = [tuple(_thing(words_of(key.strip("_")))), tuple(words)]
    return [each for each in dict.fromkeys(found) if each]


def documented_relation(
    key: str, inner: str, target: RelationTarget, *, many: bool, is_text: bool
) -> Relation:
    """Return the relation that documentation tells of, which nothing has proven."""
    way = _Way(key, inner, many, target, is_text)
    keys = (key, inner) if inner else (key,)
    why = "the document refers to it"
    return Relation(keys, target.blueprint, many, way.expression, is_sure=True, why=why)


def _of_field(
    key: str, items: Sequence[Mapping[str, Any]], own: str, targets: Sequence[RelationTarget]
) -> Iterator[Relation]:
    values = [item[key] for item in items if item.get(key) not in (None, [], "")]
    if not values or key.startswith("__"):
        return
    many = any(isinstance(value, list) for value in values)
    elements = [element for value in values for element in (value if many else [value])]
    for target in targets:
        is_named = names_target(key, target, own)
        if is_named is False:
            continue
        for inner in _inner_keys(elements):
            if target.blueprint == own and _is_own_identifier(key, inner, target):
                continue
            is_text = all(isinstance(_inner(element, inner), str) for element in elements)
            way = _Way(key, inner, many, target, is_text)
            is_sure = _is_proven(way, items)
            keys = (key, inner) if inner else (key,)
            relation = Relation(keys, target.blueprint, many, way.expression, is_sure)
            if is_sure or (is_named and inner in ("", "id")):
                yield relation
            if is_sure:
                break


def _is_own_identifier(key: str, inner: str, target: RelationTarget) -> bool:
    """Return whether a field is what identifies its own items, and so points to nothing."""
    made = target.identifier
    return made is not None and made.keys == ((key, inner) if inner else (key,))


def _is_proven(way: _Way, items: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether most of the values are identifiers of the target that were seen."""
    if way.marks and not all(part.keys[0] in item for item in items for part in way.marks):
        return False
    made = {text for item in items for text in way.of(item)}
    return bool(made) and len(made & way.target.identifiers) >= _LEAST_SHARE * len(made)


def _thing(words: list[str]) -> list[str]:
    """Return words without those that tell of an identifier: team, ids gives team."""
    left = [*words]
    while len(left) > 1 and left[-1] in _ID_WORDS:
        left.pop()
    return [*left[:-1], singular(left[-1])] if left else []


def _inner_keys(elements: Sequence[Any]) -> list[str]:
    """Return "" for plain values; else the naming fields that all the objects have."""
    if all(is_name(value) for value in elements):
        return [""]
    if all(isinstance(value, dict) for value in elements):
        return [name for name in _INNER if all(is_name(value.get(name)) for value in elements)]
    return []


def _inner(element: Any, key: str) -> Any:
    if not key:
        return element
    return element.get(key) if isinstance(element, Mapping) else None


def _bare_name(key: str) -> str:
    """Strip the ending of an id: `team_id` and `__team_id` give `team`, `teamIds` gives `teams`."""
    name = re.sub(r"(_or_[a-z]+|Or[A-Z][a-z]+)$", "", key.strip("_"))
    ids = re.sub(r"(?<=[a-z0-9])(_ids|Ids|IDs)$", "s", name)
    return re.sub(r"(?<=[a-z0-9])(_(id|ID|key|slug|uuid)|Id|ID|Key|Slug|Uuid)$", "", ids)
