"""Port's search rules: which entities a query selects.

{"combinator": "and", "rules": [
    {"property": "$datasource", "operator": "contains", "value": "port-ocean/custom/"},
    {"property": "language", "operator": "in", "value": ["Go", "Rust"]},
    {"combinator": "or", "rules": [...]}]}
"""

import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tools.sandbox.port.errors import InvalidRequest
from tools.sandbox.port.formats import parse_date_time
from tools.sandbox.port.records import EntityRecord, timestamp
from tools.sandbox.port.state import PortState

Predicate = Callable[[Any, Any], bool]

_META: dict[str, Callable[[EntityRecord], Any]] = {
    "$identifier": lambda entity: entity.identifier,
    "$title": lambda entity: entity.title,
    "$blueprint": lambda entity: entity.blueprint,
    "$icon": lambda entity: entity.icon,
    "$team": lambda entity: entity.team,
    "$datasource": lambda entity: entity.datasource,
    "$createdAt": lambda entity: timestamp(entity.created_at),
    "$createdBy": lambda entity: entity.created_by,
    "$updatedAt": lambda entity: timestamp(entity.updated_at),
    "$updatedBy": lambda entity: entity.updated_by,
}


def search(
    state: PortState, query: dict[str, Any], blueprint: str | None = None
) -> list[EntityRecord]:
    """Entities that the query selects, of one blueprint when given.

    Raises `InvalidRequest` for a rule or an operator that Port does not know.
    """
    return [entity for entity in _candidates(state, query, blueprint) if matches(entity, query)]


def matches(entity: EntityRecord, query: dict[str, Any]) -> bool:
    """Return whether one entity passes a query, a group of rules, or a single rule."""
    if "rules" in query:
        results = (matches(entity, rule) for rule in query["rules"])
        return any(results) if _combinator(query) == "or" else all(results)
    name, value = query.get("operator"), query.get("value")
    if name == "relatedTo":
        return any(value in entity.related(relation) for relation in entity.relations)
    if name not in _OPERATORS:
        raise InvalidRequest(f'search operator "{name}" is not supported')
    return _OPERATORS[name](_operand(entity, query), value)


def _combinator(query: dict[str, Any]) -> str:
    combinator = query.get("combinator", "and")
    if combinator not in ("and", "or"):
        raise InvalidRequest(f'search combinator "{combinator}" is neither "and" nor "or"')
    return str(combinator)


def _operand(entity: EntityRecord, rule: dict[str, Any]) -> Any:
    if "relation" in rule:
        return entity.relations.get(rule["relation"])
    name = rule.get("property")
    if not isinstance(name, str):
        raise InvalidRequest("a search rule needs a property, a relation or nested rules")
    if name.startswith("$"):
        if name not in _META:
            raise InvalidRequest(f'search property "{name}" is not a meta-property')
        return _META[name](entity)
    return entity.properties.get(name)


def _candidates(
    state: PortState, query: dict[str, Any], blueprint: str | None
) -> Iterable[EntityRecord]:
    """Return the entities worth asking: Ocean's look-ups name a blueprint and identifiers.

    Scanning everything for each of them would make a sync quadratic.
    """
    conjuncts = query.get("rules", []) if _combinator(query) == "and" else []
    blueprint = blueprint or _named(conjuncts, "$blueprint")
    if blueprint is None:
        return [entity for records in state.entities.values() for entity in records.values()]
    records = state.entities.get(blueprint, {})
    identifiers = _named(conjuncts, "$identifier")
    if identifiers is None:
        return list(records.values())
    keys = dict.fromkeys(key for key in _as_list(identifiers) if isinstance(key, str))
    return [records[key] for key in keys if key in records]


def _named(rules: list[dict[str, Any]], name: str) -> Any:
    operators = ("=", "in") if name == "$identifier" else ("=",)
    for rule in rules:
        if rule.get("property") == name and rule.get("operator") in operators:
            return rule.get("value")
    return None


def _equals(actual: Any, expected: Any) -> bool:
    if isinstance(actual, list) and not isinstance(expected, list):
        return expected in actual
    return bool(actual == expected)


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, list):
        return expected in actual
    return isinstance(actual, str) and str(expected) in actual


def _is_empty(actual: Any, _: Any) -> bool:
    return actual in (None, "", [], {})


def _between(actual: Any, expected: Any) -> bool:
    if not isinstance(expected, dict) or not {"from", "to"} <= expected.keys():
        raise InvalidRequest('the value of "between" must be {"from": …, "to": …}')
    return _is_at_least(actual, expected["from"]) and _is_at_most(actual, expected["to"])


def _ordered(compare: Predicate) -> Predicate:
    def check(actual: Any, expected: Any) -> bool:
        left, right = _comparable(actual), _comparable(expected)
        return left is not None and type(left) is type(right) and compare(left, right)

    return check


_is_at_least, _is_at_most = _ordered(operator.ge), _ordered(operator.le)


def _comparable(value: Any) -> float | str | datetime | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return parse_date_time(value) or value
    return None


def _not(predicate: Predicate) -> Predicate:
    return lambda actual, expected: not predicate(actual, expected)


def _any(predicate: Predicate) -> Predicate:
    return lambda actual, expected: any(predicate(actual, item) for item in _as_list(expected))


def _of_text(predicate: Callable[[str, str], bool]) -> Predicate:
    return lambda actual, expected: isinstance(actual, str) and predicate(actual, str(expected))


_is_in, _begins, _ends = _any(_equals), _of_text(str.startswith), _of_text(str.endswith)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str | None, Predicate] = {
    "=": _equals,
    "!=": _not(_equals),
    ">": _ordered(operator.gt),
    ">=": _is_at_least,
    "<": _ordered(operator.lt),
    "<=": _is_at_most,
    "in": _is_in,
    "notIn": _not(_is_in),
    "contains": _contains,
    "doesNotContains": _not(_contains),
    "containsAny": _any(_contains),
    "beginsWith": _begins,
    "doesNotBeginsWith": _not(_begins),
    "endsWith": _ends,
    "doesNotEndsWith": _not(_ends),
    "isEmpty": _is_empty,
    "isNotEmpty": _not(_is_empty),
    "between": _between,
    "notBetween": _not(_between),
}
