"""What Ocean's part of a resource, `port`, has to hold, beside what Ocean itself asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

from port_ocean.core.handlers.port_app_config.models import PortResourceConfig

from errors import SelectorError
from expressions.programs import check_jq
from expressions.spelling import is_bare_word

_PLACE = "port.entity.mappings"
_GROUPS = ("properties", "relations")


def without_nulls(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource as it is written, without what is null: a key whose value was left out.

    That is the selector, the properties and relations, and each of these.
    """
    given = {name: value for name, value in resource.items() if (name, value) != ("selector", None)}
    mappings = given
    for step in ("port", "entity", "mappings"):
        if not isinstance(mappings.get(step), Mapping):
            return given
        mappings[step] = mappings = dict(mappings[step])
    for group in _GROUPS:
        if group in mappings and mappings[group] is None:
            del mappings[group]
        elif isinstance(mappings.get(group), Mapping):
            there = mappings[group].items()
            mappings[group] = {name: value for name, value in there if value is not None}
    return given


def problems_of(port: PortResourceConfig) -> Iterator[str]:
    """Yield a line for each expression without which no item becomes an entity, and is no JQ."""
    mappings = port.entity.mappings
    needed = {
        f"{_PLACE}.identifier": mappings.identifier,
        f"{_PLACE}.blueprint": mappings.blueprint,
        "port.itemsToParse": port.items_to_parse,
    }
    for place, expression in needed.items():
        if isinstance(expression, str):
            yield from _problem(place, expression)


def _problem(place: str, expression: str) -> Iterator[str]:
    try:
        check_jq(expression, place)
    except SelectorError as error:
        is_name = place.endswith("blueprint") and is_bare_word(expression)
        quoted = f"""'"{expression.strip()}"'"""
        fixed = f"{place}: {expression!r} is not valid JQ: write {quoted}"
        yield fixed if is_name else str(error)
