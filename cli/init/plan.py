"""The plan of an installation from surveyed endpoints: settings, mapping, blueprints."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

from cli.arrays import jq_path
from cli.findings import type_problem
from cli.init.asking import Asker
from cli.init.blocks import block_of, needs_block
from cli.init.detect.answers import Paging
from cli.init.detect.fields import NAMED_SECRET, Field, is_gauge
from cli.init.detect.identifiers import Identifier, Keys, Part, bare, value_of
from cli.init.detect.naming import camel, segments_of, title, words_of
from cli.init.detect.relations import (
    Relation,
    RelationTarget,
    documented_relation,
    find_relations,
    words_of_reference,
)
from cli.init.paths import how_named
from cli.init.surveyed import Reference, Surveyed, ValueSource
from settings.pagination import ConnectionPagination

_SIZE = "pageSize"
_MOST_NAMES = 30
_MOST_KINDS = 5
PAGING = frozenset(map(to_camel, ConnectionPagination.model_fields))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something found out about an endpoint, and whether the API itself has shown it."""

    message: str
    is_proven: bool


@dataclass(frozen=True, slots=True)
class Guess:
    """What a document alone made of an endpoint, and what each choice rests on."""

    kind: str
    items_at: str
    identifier: str
    rests_on: str
    title: str
    pages: str


@dataclass(slots=True)
class SetupPlan:
    """The content of the files to write.

    `settings` by their names in the spec, without secrets; `notes` and `doubts` (the endpoints, by
    text) are for the user to read.
    """

    settings: dict[str, Any]
    mapping: dict[str, Any]
    blueprints: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    doubts: dict[str, list[str]] = field(default_factory=dict)

    def doubt(self, kind: str, text: str) -> None:
        """Note a doubt about an endpoint."""
        self.doubts.setdefault(text, []).append(kind)

    @property
    def warnings(self) -> list[str]:
        """All warnings: those about many endpoints once, with some of them."""
        grouped = [
            f"{_shortened(kinds, _MOST_KINDS)}: {text}" for text, kinds in self.doubts.items()
        ]
        return [*grouped, *self.notes]


def make_plan(
    surveyed: Sequence[Surveyed], connection: Mapping[str, Any], asker: Asker
) -> SetupPlan:
    """Combine what is known about endpoints.

    Inputs: `connection`, the settings that reach the API, by their names in the spec; where they
    name a paginationType, endpoints that page in another way get a `pagination` block.
    """
    paging = combine_paging(surveyed, connection)
    plan = SetupPlan({**connection, **paging}, {}, [])
    for one in surveyed:
        if one.is_asked:
            plan.evidence += _evidence(one)
        else:
            plan.guesses.append(_guess(one))
    for kind, doubt in _of_parents(surveyed).items():
        plan.doubt(kind, doubt)
    chosen = [one for one in surveyed if _is_usable(one, plan, asker)]
    names = _blueprint_names(chosen)
    targets = Targets.of([_target(one, names[one.kind]) for one in chosen])
    resources = []
    for one in chosen:
        _offer_gauges(one, asker)
        relations = _relations(one, names, targets, asker)
        resources.append(_resource(one, names[one.kind], relations, paging))
        plan.blueprints.append(_blueprint(one, names[one.kind], relations, asker))
        for text in _left_out(one):
            plan.doubt(one.kind, text)
    plan.mapping = {
        "deleteDependentEntities": True,
        "createMissingRelatedEntities": True,
        "resources": resources,
    }
    return plan


def combine_paging(surveyed: Sequence[Surveyed], connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pagination settings of the connection: those of most endpoints."""
    given = {name: value for name, value in connection.items() if name in PAGING}
    if given.get("paginationType", "none") != "none":
        return given
    paged = [one for one in surveyed if one.paging.type != "none"]
    plain = [one for one in paged if not needs_block(one.paging.settings)]
    if not plain:
        return {}
    way, _ = Counter(_way(one.paging.settings) for one in plain).most_common(1)[0]
    same = [one for one in plain if _way(one.paging.settings) == way]
    settings = dict(same[0].paging.settings)
    sizes = [int(size) for one in same if (size := one.paging.settings.get(_SIZE))]
    return {**settings, _SIZE: str(min(sizes))} if sizes else settings


def _is_usable(one: Surveyed, plan: SetupPlan, asker: Asker) -> bool:
    """Return whether an endpoint goes into the mapping; a warning tells why not, or a doubt."""
    if one.identifier is None:
        plan.doubt(one.kind, f"left out: {_why_unnamed(one)}")
        return False
    if one.paging.doubt:
        plan.doubt(one.kind, one.paging.doubt)
    if one.paging.is_incomplete and not one.is_insisted:
        question = f"{one.kind}: include it, although not all of it would be read?"
        return asker.confirm(question, default=False)
    return True


def _offer_gauges(one: Surveyed, asker: Asker) -> None:
    """Leave out what changes each minute by its name, unless the user wants it.

    Each sync would write all entities anew, and nobody looks up a gauge in a catalog.
    """
    gauges = [item for item in one.shape.fields if is_gauge(item)]
    names = _shortened([".".join(item.keys) for item in gauges])
    question = f"{one.kind}: leave out what seems to change all the time ({names})?"
    if gauges and asker.confirm(question, default=True):
        one.shape.fields = [item for item in one.shape.fields if item not in gauges]


def _why_unnamed(one: Surveyed) -> str:
    """Return why nothing identifies the items of an endpoint, and what to do where it helps."""
    secret = _shortened([name for name, why in one.shape.left_out.items() if why == NAMED_SECRET])
    if not one.items and not secret:
        return "the list is empty"
    why = "no field of its items tells them apart"
    if not secret:
        return why
    return (
        f"{why}, but for what is named like a secret ({secret}); what is none there can be mapped "
        "by hand, see docs/mapping.md"
    )


def _shortened(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _of_parents(surveyed: Sequence[Surveyed]) -> dict[str, str]:
    """Return the doubts about the lists that values come from, where nobody chose them."""
    parents = [found.parent for one in surveyed for found in one.parameters.values()]
    own = {one.kind for one in surveyed}
    return {
        one.kind: one.paging.doubt for one in parents if one.kind not in own and one.paging.doubt
    }


def _way(settings: Mapping[str, Any]) -> str:
    own = {name: str(value) for name, value in settings.items() if name != _SIZE}
    return json.dumps(own, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Targets:
    """What relations may lead to: all, by blueprint, and by the words of its name."""

    all: Sequence[RelationTarget]
    by_name: Mapping[str, RelationTarget]
    by_words: Mapping[tuple[str, ...], Sequence[RelationTarget]]

    @classmethod
    def of(cls, targets: Sequence[RelationTarget]) -> "Targets":
        """Return the targets, with what finds them."""
        by_words: dict[tuple[str, ...], list[RelationTarget]] = {}
        for target in targets:
            by_words.setdefault(tuple(target.words), []).append(target)
        return cls(targets, {target.blueprint: target for target in targets}, by_words)


def _target(one: Surveyed, blueprint: str) -> RelationTarget:
    made = one.identifier
    return RelationTarget(blueprint, frozenset(made.of(item) for item in one.items if made), made)


def _blueprint_names(surveyed: Sequence[Surveyed]) -> dict[str, str]:
    """Name blueprints by kind; equal ones get the word in front of them in the path."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for one in surveyed:
        name = one.blueprint
        segments = segments_of(one.kind)
        while name in taken and len(segments) > 1:
            segments.pop()
            name = camel([*words_of(segments[-1]), *words_of(name)])
        names[one.kind] = name
        taken.add(name)
    return names


def _relations(
    one: Surveyed, names: Mapping[str, str], targets: Targets, asker: Asker
) -> list[Relation]:
    found = _to_parents(one, names, targets.by_name)
    others = [*_documented_relations(one, names[one.kind], targets.by_words)]
    others += find_relations(one.items, names[one.kind], targets.all)
    for relation in others:
        if relation.name in {known.name for known in found}:
            continue
        question = (
            f"{one.kind}: is {relation.keys[0]} a relation to {relation.target}? Hardly any of its "
            "values was seen there."
        )
        if relation.is_sure or asker.confirm(question, default=False):
            found.append(relation)
    return found


def _documented_relations(
    one: Surveyed, own: str, targets: Mapping[tuple[str, ...], Sequence[RelationTarget]]
) -> Iterator[Relation]:
    """Yield what documentation says to be references, unless values contradict it."""
    for reference in one.wanted.references:
        words = words_of_reference(reference.key, reference.schema)
        for target in (found for each in words for found in targets.get(each, ())):
            # Where values were seen on both sides, these tell.
            is_seen = bool(one.items and target.identifiers)
            is_itself = target.blueprint == own and reference.key in _keys_of(target.identifier)
            if not is_seen and not is_itself and _fits(reference, target.identifier):
                yield documented_relation(
                    reference.key,
                    ".".join(reference.inner),
                    target,
                    many=reference.many,
                    is_text=reference.is_text,
                )
                break


def _keys_of(identifier: Identifier | None) -> tuple[str, ...]:
    return identifier.keys if identifier else ()


def _fits(reference: Reference, identifier: Identifier | None) -> bool:
    """Return whether a reference holds what identifies the thing that it refers to."""
    if identifier is None or len(identifier.parts) > 1:
        return False
    held = bare(reference.inner[-1]) if reference.inner else how_named(reference.key)
    return bare(identifier.keys[-1]) in (held, bare(reference.key))


def _to_parents(
    one: Surveyed, names: Mapping[str, str], targets: Mapping[str, RelationTarget]
) -> list[Relation]:
    """Return relations to what the placeholders' values name, where that is chosen too."""
    found = []
    for name, source in one.parameters.items():
        blueprint = names.get(source.parent.kind)
        expression = _to_parent(one, source, targets[blueprint]) if blueprint else ""
        if blueprint and expression:
            found.append(Relation((f"__{name}",), blueprint, False, expression, True))
    return found


def _to_parent(one: Surveyed, source: ValueSource, target: RelationTarget) -> str:
    """Return the JQ that makes a parent's identifier of values in a path; empty if none does.

    Where values were seen, they are looked at on both sides.
    """
    made = target.identifier
    if made is None:
        return ""
    given = {keys: (f"__{name}",) for name, keys in source.fields.items()}
    ways = [[part.keys if part.is_mark else given.get(part.keys, ()) for part in made.parts]]
    marks: list[Keys] = [(f"__{name}",) for name in source.fields]
    ways += [[mark] for mark in reversed(marks)]
    ways += [list(marks)] if len(marks) > 1 else []
    for way in ways:
        if not all(way):
            continue
        likely = Identifier(tuple(map(Part, way)), is_sure=True, cleaning=made.cleaning)
        seen = {likely.of(item) for item in one.items}
        if seen <= target.identifiers if one.items else way == ways[0]:
            return likely.expression
    return ""


def _resource(
    one: Surveyed, blueprint: str, relations: Sequence[Relation], paging: Mapping[str, Any]
) -> dict[str, Any]:
    own = _own_paging(one.paging, paging)
    selector: dict[str, Any] = {"query": "true", **_place(one), **_sent(one), **own}
    if one.parameters:
        selector["path_parameters"] = {
            name: _parameter(found, paging) for name, found in one.parameters.items()
        }
    assert one.identifier is not None  # noqa: S101 (others are left out before)
    mappings: dict[str, Any] = {
        "identifier": one.identifier.expression,
        "title": one.shape.title or one.identifier.expression,
        "blueprint": json.dumps(blueprint),
        "properties": {item.name: item.expression for item in _fields(one, relations)},
    }
    if relations:
        mappings["relations"] = {item.name: item.expression for item in relations}
    return {"kind": one.kind, "selector": selector, "port": {"entity": {"mappings": mappings}}}


def _parameter(found: ValueSource, paging: Mapping[str, Any]) -> dict[str, Any]:
    lists = found.parent
    own = _own_paging(lists.paging, paging)
    place = {} if lists.found.whole_path == "." else {"data_path": lists.found.whole_path}
    given = {"endpoint": lists.kind, **_sent(lists), **place, **own}
    fields = {name: jq_path(keys) for name, keys in found.fields.items()}
    if len(fields) > 1:
        return {**given, "fields": fields}
    return {**given, "field": next(iter(fields.values()))}


def _place(one: Surveyed) -> dict[str, Any]:
    place = {} if one.found.data_path == "." else {"data_path": one.found.data_path}
    return {**place, **({"emit": one.found.emit} if one.found.emit else {})}


def _sent(one: Surveyed) -> dict[str, Any]:
    """Return what an endpoint's requests have, and how it answers, unless that is usual."""
    how = {} if one.wanted.method == "GET" else {"method": one.wanted.method}
    body = {} if one.body is None else {"body": one.body}
    given = {
        "query_params": one.query,
        "headers": dict(one.wanted.headers),
        "response_format": one.wanted.response_format,
    }
    return {**how, **body, **{name: value for name, value in given.items() if value}}


def _own_paging(own: Paging, paging: Mapping[str, Any]) -> dict[str, Any]:
    """Return a `pagination` block, where an endpoint does not page as the connection says."""
    if own.type == "none" or _way(own.settings) == _way(paging):
        return {}
    return {"pagination": block_of(own.settings)}


def _fields(one: Surveyed, relations: Sequence[Relation]) -> list[Field]:
    """Return the fields that become properties: those that nothing else of the entity shows."""
    shown = {relation.keys for relation in relations}
    whole = {keys[:1] for keys in shown if len(keys) > 1}
    title_path = one.shape.title
    return [
        item
        for item in one.shape.fields
        if item.keys not in shown
        and item.keys[:1] not in whole
        and not (item.expression == title_path and len(item.keys) == 1)
        and not (one.identifier and item.keys == one.identifier.keys)
    ]


def _blueprint(
    one: Surveyed, name: str, relations: Sequence[Relation], asker: Asker
) -> dict[str, Any]:
    documented = (one.wanted.schema or {}).get("properties", {})
    properties = {}
    for item in _fields(one, relations):
        schema = dict(_documented(item, documented, one) or item.schema)
        if "enum" in schema and item.doubt and item.keys[-1] not in documented:
            question = f"{one.kind}: make {item.name} an {item.doubt}"
            if not asker.confirm(question, default=False, is_minor=True):
                schema.pop("enum")
        properties[item.name] = {"title": item.title, **schema}
    return {
        "identifier": name,
        "title": title(words_of(name)),
        "schema": {"properties": properties, "required": []},
        "relations": {
            relation.name: {
                "title": relation.title,
                "target": relation.target,
                "required": False,
                "many": relation.many,
            }
            for relation in relations
        },
    }


def _documented(item: Field, documented: Mapping[str, Any], one: Surveyed) -> Any:
    """Return the documented schema of a field, unless values contradict it."""
    schema = documented.get(item.keys[-1]) if len(item.keys) == 1 else None
    values = (value_of(found, item.keys) for found in one.items)
    wrong = schema and any(type_problem(value, schema) for value in values if value is not None)
    return None if wrong else schema


def _left_out(one: Surveyed) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for name, reason in one.shape.left_out.items():
        reasons.setdefault(reason, []).append(name)
    return [f"left out ({reason}): {_shortened(names)}" for reason, names in reasons.items()]


def _guess(one: Surveyed) -> Guess:
    made, paging = one.identifier, one.paging
    pages = f"{paging.type}, {paging.why}" if paging.type != "none" else "no parameter tells"
    return Guess(
        one.kind,
        one.found.data_path,
        made.expression if made else "",
        made.why if made else "",
        one.shape.title,
        pages,
    )


def _evidence(one: Surveyed) -> Iterator[Evidence]:
    seen = f"{len(one.found.items)} items in the first answer," if one.items else "lists items"
    yield Evidence(f"{one.kind}: {seen} at {one.found.data_path}", bool(one.items))
    paging = one.paging
    if paging.type != "none":
        proof = "proven" if paging.is_proven else "not proven"
        text = f"{one.kind}: pages by {paging.type}, {proof}: {paging.why}"
        yield Evidence(text, paging.is_proven)
    elif paging.is_proven:
        yield Evidence(f"{one.kind}: has one page: {paging.why}", True)
