"""The plan of an installation from surveyed endpoints: settings, mapping, blueprints."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

from cli.findings import type_problem
from cli.init.asking import Asker
from cli.init.blocks import block_of, needs_block
from cli.init.detect.answers import Paging
from cli.init.detect.fields import NAMED_SECRET, Field
from cli.init.detect.lists import value_at
from cli.init.detect.naming import camel, segments_of, title, words_of
from cli.init.detect.relations import Relation, RelationTarget, find_relations
from cli.init.surveyed import Surveyed, ValueSource
from settings.pagination import ConnectionPagination

_SIZE = "pageSize"
_MOST_NAMES = 30
_PAGING = frozenset(map(to_camel, ConnectionPagination.model_fields))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something found out about an endpoint, and whether the API itself has shown it."""

    message: str
    is_proven: bool


@dataclass(slots=True)
class SetupPlan:
    """The content of the files to write.

    `settings` by their names in the spec, without secrets; `warnings` are for the user to read.
    """

    settings: dict[str, Any]
    mapping: dict[str, Any]
    blueprints: list[dict[str, Any]]
    warnings: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


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
        plan.evidence += _evidence(one)
    plan.warnings += _of_parents(surveyed)
    chosen = [one for one in surveyed if _is_usable(one, plan, asker)]
    names = _blueprint_names(chosen)
    targets = [RelationTarget(names[one.kind], frozenset(_identifiers(one))) for one in chosen]
    resources = []
    for one in chosen:
        relations = _relations(one, names, targets, asker)
        resources.append(_resource(one, names[one.kind], relations, paging))
        plan.blueprints.append(_blueprint(one, names[one.kind], relations, asker))
        plan.warnings += _left_out(one)
    plan.mapping = {
        "deleteDependentEntities": True,
        "createMissingRelatedEntities": True,
        "resources": resources,
    }
    return plan


def combine_paging(surveyed: Sequence[Surveyed], connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pagination settings of the connection: those of most endpoints."""
    given = {name: value for name, value in connection.items() if name in _PAGING}
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
        plan.warnings.append(f"{one.kind} is left out: {_why_unnamed(one)}")
        return False
    if one.paging.doubt:
        plan.warnings.append(f"{one.kind}: {one.paging.doubt}")
    if one.paging.is_incomplete:
        question = f"{one.kind}: include it, although not all of it would be read?"
        return asker.confirm(question, default=False)
    return True


def _of_parents(surveyed: Sequence[Surveyed]) -> list[str]:
    """Return the doubts about the lists that values come from, where nobody chose them."""
    parents = [found.parent for one in surveyed for found in one.parameters.values()]
    own = {one.kind for one in surveyed}
    doubtful = {each.kind: each.paging.doubt for each in parents if each.kind not in own}
    return [f"{kind}: {doubt}" for kind, doubt in doubtful.items() if doubt]


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


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _way(settings: Mapping[str, Any]) -> str:
    own = {name: str(value) for name, value in settings.items() if name != _SIZE}
    return json.dumps(own, sort_keys=True)


def _identifiers(one: Surveyed) -> list[str]:
    keys = one.identifier.keys if one.identifier else ()
    return [str(value_at(item, keys)) for item in one.items]


def _blueprint_names(surveyed: Sequence[Surveyed]) -> dict[str, str]:
    """Name blueprints by kind; equal ones get the word in front of them in the path."""
    names: dict[str, str] = {}
    for one in surveyed:
        name = one.blueprint
        segments = segments_of(one.kind)
        while name in names.values() and len(segments) > 1:
            segments.pop()
            name = camel([*words_of(segments[-1]), *words_of(name)])
        names[one.kind] = name
    return names


def _relations(
    one: Surveyed, names: Mapping[str, str], targets: Sequence[RelationTarget], asker: Asker
) -> list[Relation]:
    found = _to_parents(one, names)
    for relation in find_relations(one.items, names[one.kind], targets):
        if relation.name in {known.name for known in found}:
            continue
        question = (
            f"{one.kind}: is {relation.keys[0]} a relation to {relation.target}? None of its "
            "values was seen there."
        )
        if relation.is_sure or asker.confirm(question, default=False):
            found.append(relation)
    return found


def _to_parents(one: Surveyed, names: Mapping[str, str]) -> list[Relation]:
    """Return relations to what the placeholders' values name, where that is chosen too."""
    return [
        Relation((f"__{name}",), names[found.parent.kind], False, found.reference(name), True)
        for name, found in one.parameters.items()
        if found.parent.kind in names
    ]


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
    given = {"endpoint": lists.kind, **_sent(lists), **_place(lists), **own}
    return {**given, "field": found.field}


def _place(one: Surveyed) -> dict[str, Any]:
    return {} if one.found.data_path == "." else {"data_path": one.found.data_path}


def _sent(one: Surveyed) -> dict[str, Any]:
    """Return the method, body and query of an endpoint, as far as they are not the usual ones."""
    how = {} if one.wanted.method == "GET" else {"method": one.wanted.method}
    body = {} if one.body is None else {"body": one.body}
    return {**how, **body, **({"query_params": one.query} if one.query else {})}


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
            if not asker.confirm(question, default=True):
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
    values = (value_at(found, item.keys) for found in one.items)
    wrong = schema and any(type_problem(value, schema) for value in values if value is not None)
    return None if wrong else schema


def _left_out(one: Surveyed) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for name, reason in one.shape.left_out.items():
        reasons.setdefault(reason, []).append(name)
    return [
        f"{one.kind}: left out ({reason}): {_shortened(names)}" for reason, names in reasons.items()
    ]


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
