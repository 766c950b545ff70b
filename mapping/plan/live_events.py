"""An entry of `live_events`, checked, and what it makes of one event."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import LiveEventError, SelectorError
from expressions.jq_expressions import ItemExpression
from formats.json_values import kind_of
from mapping.plan.endpoint import Endpoint, PathValue

# What JQ computes cannot be told from the mapping alone.
_PLAIN_NAME = re.compile(r"""\s*(["'])([^"'\\]+)\1\s*""")


@dataclass(frozen=True, slots=True)
class EventSubject:
    """The subject of one event: an entity to delete, or the values of a request.

    `identifier` is the entity's, or "" where the entry does not say it.
    """

    identifier: str
    is_deletion: bool = False
    values: Mapping[str, PathValue] = field(default_factory=dict)
    included: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveEventPlan:
    """One entry, with its place in the mapping for messages, such as `live_events.0`.

    `marked` are the placeholders whose values items carry, as in a resync, `included` the fields
    of discovered items that they carry too; `segments` are the placeholders whose values are
    encoded as one segment of the path.
    """

    place: str
    path: str
    when: ItemExpression
    endpoint: Endpoint
    params: Mapping[str, ItemExpression]
    marked: frozenset[str]
    included: frozenset[str]
    segments: frozenset[str]
    delete_when: ItemExpression | None = None
    identifier: ItemExpression | None = None

    def subject(self, event: Any) -> EventSubject | None:
        """Return the subject of an event `{"headers": {…}, "body": …}`; None unless `when` is true.

        Raises:
            LiveEventError: an expression fails on it, or does not give a text or number.
        """
        if self._first(self.when, "when", event) is not True:
            return None
        is_deletion = bool(
            self.delete_when and self._first(self.delete_when, "delete_when", event) is True
        )
        identifier = ""
        if self.identifier:
            identifier = str(self._scalar(self.identifier, "identifier", event))
        if is_deletion:
            return EventSubject(identifier, is_deletion=True)
        return EventSubject(
            identifier,
            values={
                name: self._value(expression, name, event)
                for name, expression in self.params.items()
                if name not in self.included
            },
            included={
                name: self._first(expression, f"params.{name}", event)
                for name, expression in self.params.items()
                if name in self.included
            },
        )

    def marks(self, subject: EventSubject) -> dict[str, Any]:
        """Return the marks of every fetched item: `__team_id` with its value."""
        texts = {name: value.text for name, value in subject.values.items() if name in self.marked}
        return {f"__{name}": value for name, value in {**texts, **subject.included}.items()}

    def _first(self, expression: ItemExpression, name: str, event: Any) -> Any:
        try:
            return expression.first(event)
        except ValueError as error:
            raise LiveEventError(
                f"{self.place}.{name}: {expression.expression} fails on an event: {error}"
            ) from None

    def _value(self, expression: ItemExpression, name: str, event: Any) -> PathValue:
        value = self._scalar(expression, f"params.{name}", event)
        return PathValue(str(value), name in self.segments, value)

    def _scalar(self, expression: ItemExpression, name: str, event: Any) -> str | int | float:
        value = self._first(expression, name, event)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            given = "nothing" if value is None else kind_of(value)
            raise LiveEventError(
                f"{self.place}.{name}: {expression.expression} gives {given} for an "
                "event where `when` is true; it must give a text or a number"
            )
        return value


def blueprint_of(expression: str) -> str | None:
    """Return the blueprint that a mapping gives whatever the item: a text in quotes; else None.

    Sample: `"team"` gives `team`, and `.type // "team"` may be any.
    """
    plain = _PLAIN_NAME.fullmatch(expression)
    return plain[2] if plain else None


def check_blueprint(plans: tuple[LiveEventPlan, ...], blueprint: str) -> None:
    """Refuse an identifier where the blueprint is not known without an item.

    Raises:
        SelectorError: names the entry.
    """
    for plan in plans:
        if plan.identifier and blueprint_of(blueprint) is None:
            raise SelectorError(
                f"{plan.place}.identifier: cannot tell the entity, because the mapping's blueprint "
                f"{blueprint} depends on the item; leave identifier and delete_when out"
            )
