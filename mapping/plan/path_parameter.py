"""Path parameters: where the values of placeholders come from, and what an item gives."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Self

from errors import SelectorError
from expressions.jq_expressions import ItemExpression
from formats.json_values import element_kind_of, exact
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.times import moment_of


@dataclass(frozen=True, slots=True)
class Batch:
    """Values that one request takes together: up to `size`, with `join` between them.

    Without `join`, texts have commas, and a text of a JSON body that is the placeholder as a whole
    becomes a list. `is_joined` tells whether the values stand in a text anywhere.
    """

    size: int
    join: str | None = None
    is_joined: bool = True

    @property
    def separator(self) -> str:
        """The text between two values."""
        return "," if self.join is None else self.join

    def value(self, values: Sequence[PathValue]) -> PathValue:
        """Return several values as one: `a` and `b` are `a,b` in a text, `["a", "b"]` in a body."""
        text = self.separator.join(value.text for value in values)
        as_list = [value.value for value in values]
        return PathValue(text, values[0].segment, as_list if self.join is None else text)


class Found(NamedTuple):
    """The gift of one discovered item: values by placeholder, and included fields by name."""

    values: Mapping[str, PathValue]
    include: Mapping[str, Any]


class Outputs(NamedTuple):
    """The combinations of values that an item gives, and how many were missing, null or empty."""

    values: list[dict[str, PathValue]]
    missing: int


@dataclass(frozen=True, slots=True)
class PathParameter:
    """The source of the values of one or more placeholders.

    `fields` are JQ on each item, by placeholder. The items are those of `endpoint`, or `items`.
    """

    name: str
    fields: Mapping[str, ItemExpression]
    endpoint: Endpoint | None = None
    items: tuple[Any, ...] = ()
    filter: ItemExpression | None = None
    include: Mapping[str, ItemExpression] = field(default_factory=dict)
    batch: Batch | None = None
    segment: bool = False
    changed: ItemExpression | None = None
    since: datetime | None = None

    @property
    def uses(self) -> list[str]:
        """The placeholders of other parameters that its request holds."""
        return self.endpoint.placeholders if self.endpoint else []

    def passes(self, item: Any) -> bool:
        """Tell whether the filter lets an item through: only exactly true does.

        Raises:
            ValueError: the filter fails on this item, or says neither yes nor no, as `.state = 1`.
        """
        passes = self.filter is None or self.filter.first(item)
        if passes is not None and not isinstance(passes, bool):
            raise ValueError("neither true nor false")
        return passes is True

    def changed_since(self, moment: datetime | None) -> Self:
        """Return the same parameter, for those items alone that have changed since then."""
        return replace(self, since=moment)

    def outputs(self, item: Any) -> Outputs:
        """Return the values that an item gives; of several fields, each value with each.

        Raises:
            SelectorError: a value is an object, or a list within a list.
        """
        found = [self._values(expression, item) for expression in self.fields.values()]
        missing = sum(count for _, count in found)
        combined = itertools.product(*(values for values, _ in found))
        return Outputs(
            [dict(zip(self.fields, values, strict=True)) for values in combined], missing
        )

    def included(self, item: Any) -> tuple[dict[str, Any], int]:
        """Return the fields of an item to hand down, and how many failed, which are null."""
        found: dict[str, Any] = {}
        failed = 0
        for name, expression in self.include.items():
            try:
                found[name] = expression.first(item)
            except ValueError:
                found[name] = None
                failed += 1
        return found, failed

    @property
    def looks_at_changes(self) -> bool:
        """Tell whether only items that have changed since then are wanted."""
        return self.changed is not None and self.since is not None

    def changed_at(self, item: Any) -> datetime | None:
        """Return when an item changed, at the latest; None where it does not say so."""
        try:
            return moment_of(self.changed.first(item)) if self.changed else None
        except ValueError:
            return None

    def is_current(self, moment: datetime | None) -> bool:
        """Tell whether an item of that moment may have changed since then; without one it may."""
        return moment is None or self.since is None or moment >= self.since

    def _values(self, expression: ItemExpression, item: Any) -> tuple[list[PathValue], int]:
        try:
            outputs = expression.every(item)
        except ValueError:
            outputs = []
        listed = [each for output in outputs for each in elements(output)]
        for value in listed:
            if isinstance(value, dict | list):
                raise SelectorError(
                    f"{expression.setting}: {expression.expression} gives "
                    f"{element_kind_of(value)}; it must give a text or a number, or a list of these"
                )
        texts = [(text_of(value), value) for value in listed]
        values = [PathValue(text, self.segment, exact(value)) for text, value in texts if text]
        return values, len(texts) - len(values) or int(not values)


def text_of(value: Any) -> str:
    """Return a value as it stands in a path: numbers and booleans as in JSON; empty for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def elements(output: Any) -> list[Any]:
    """Return the elements of a list; everything else in a list of its own."""
    return output if isinstance(output, list) else [output]
