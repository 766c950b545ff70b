"""An entry of `live_events`, checked, and what it makes of one event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import ExpressionLimitError, LiveEventError, SelectorError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from expressions.programs import literal_text
from formats.json_values import kind_of
from mapping.plan.endpoint import Endpoint, PathValue

# Of one event.
MOST_PARTS = 1000


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
    of discovered items that they carry too; `paths` are the placeholders whose values keep their
    slashes, while all others are one segment of the path; `variables`, those that variables of the
    environment fill in a resync, with these.
    """

    place: str
    path: str
    when: ItemExpression
    endpoint: Endpoint
    params: Mapping[str, ItemExpression]
    marked: frozenset[str]
    included: frozenset[str]
    paths: frozenset[str]
    delete_when: ItemExpression | None = None
    identifier: ItemExpression | None = None
    variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    each: ItemExpression | None = None

    async def parts(self, event: Any, evaluator: Evaluator) -> list[Any]:
        """Return the events that one brings: `each` output of it as `body`, or the event itself.

        The whole body is then `batch`.

        Raises:
            LiveEventError: the expression fails, takes more than it may, or there are more than can
                be taken on.
        """
        if self.each is None:
            return [event]
        try:
            bodies = await evaluator.every(self.each, event)
        except ExpressionLimitError as error:
            raise LiveEventError(str(error)) from None
        except ValueError as error:
            raise self._failure(self.each, "each", error) from None
        if len(bodies) > MOST_PARTS:
            raise LiveEventError(
                f"{self.place}.each: {self.each.expression} gives {len(bodies)} events, and at "
                f"most {MOST_PARTS} of one are taken on; let the sender send smaller batches"
            )
        return [{**event, "body": body, "batch": event["body"]} for body in bodies]

    async def subject(self, event: Any, evaluator: Evaluator) -> EventSubject | None:
        """Return the subject of an event `{"headers": {…}, "body": …}`; None unless `when` is true.

        Raises:
            LiveEventError: an expression fails on it, takes more than it may, or does not give a
                text or number.
        """
        if await self._first(self.when, "when", event, evaluator) is not True:
            return None
        is_deletion = bool(
            self.delete_when
            and await self._first(self.delete_when, "delete_when", event, evaluator) is True
        )
        identifier = ""
        if self.identifier:
            identifier = str(await self._scalar(self.identifier, "identifier", event, evaluator))
        if is_deletion:
            return EventSubject(identifier, is_deletion=True)
        return EventSubject(
            identifier,
            values={
                name: await self._value(expression, name, event, evaluator)
                for name, expression in self.params.items()
                if name not in self.included
            },
            included={
                name: await self._first(expression, f"params.{name}", event, evaluator)
                for name, expression in self.params.items()
                if name in self.included
            },
        )

    def marks(self, subject: EventSubject) -> dict[str, Any]:
        """Return the marks of every fetched item: `__team_id` with its value."""
        texts = {name: value.mark for name, value in subject.values.items() if name in self.marked}
        return {f"__{name}": value for name, value in {**texts, **subject.included}.items()}

    async def _first(
        self, expression: ItemExpression, name: str, event: Any, evaluator: Evaluator
    ) -> Any:
        try:
            outputs = await evaluator.every(expression, event)
        except ExpressionLimitError as error:
            raise LiveEventError(str(error)) from None
        except ValueError as error:
            raise self._failure(expression, name, error) from None
        if any(other != outputs[0] for other in outputs[1:]):
            raise LiveEventError(
                f"{self.place}.{name}: {expression.expression} gives {len(outputs)} values for one "
                f"event; write {self.place}.each, such as `.body.events[]`, which makes an event "
                "of each"
            )
        return outputs[0] if outputs else None

    def _failure(self, expression: ItemExpression, name: str, error: ValueError) -> LiveEventError:
        return LiveEventError(
            f"{self.place}.{name}: {expression.expression} fails on an event: {error}"
        )

    async def _value(
        self, expression: ItemExpression, name: str, event: Any, evaluator: Evaluator
    ) -> PathValue:
        value = await self._scalar(expression, f"params.{name}", event, evaluator)
        is_segment = name not in self.paths
        return PathValue(str(value), is_segment, value, self.variables.get(name, frozenset()))

    async def _scalar(
        self, expression: ItemExpression, name: str, event: Any, evaluator: Evaluator
    ) -> str | int | float:
        value = await self._first(expression, name, event, evaluator)
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
    return literal_text(expression) or None


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
