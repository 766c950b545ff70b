"""Path parameters: where the values of placeholders come from, and what an item gives."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple, Self

from errors import SelectorError
from expressions.evaluator import Column, Evaluator, Outputs, first_of
from expressions.item_expressions import ItemExpression
from formats.json_values import element_kind_of, exact
from mapping.plan.combining import too_many
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.times import moment_in


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
        variables = frozenset[str]().union(*(value.variables for value in values))
        typed = as_list if self.join is None else text
        return PathValue(text, values[0].segment, typed, variables)


class Found(NamedTuple):
    """The gift of one discovered item: values by placeholder, and included fields by name."""

    values: Mapping[str, PathValue]
    include: Mapping[str, Any]


class Verdict(Enum):
    """The verdict on a discovered item, by `filter` and `changed`; a timeless one passes, too."""

    PASSES = auto()
    TIMELESS = auto()
    FILTERED = auto()
    FILTER_FAILED = auto()
    UNCHANGED = auto()


class Gift(NamedTuple):
    """All that one item gives.

    `values` are combinations of values, `missing` is how many were missing, null or empty;
    `include` are fields to hand down, of which `failed` failed and are null. It is `broken` where a
    field fails on the item, which is more than that it gives nothing.
    """

    values: list[dict[str, PathValue]]
    missing: int
    include: dict[str, Any]
    failed: int
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment's variables that a mapping may see, and what it makes values of them."""

    expression: ItemExpression
    # Their values may be secrets.
    exposed: Mapping[str, str] = field(repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The variables that the values may come from; all, where the expression names none."""
        named = {name for name in self.exposed if name in self.expression.expression}
        return frozenset(named or self.exposed)

    async def items(self, evaluator: Evaluator) -> list[Any]:
        """Return the values.

        Raises:
            SelectorError: there are none; lists the variables, and never says what they hold.
            ExpressionLimitError: the expression takes more than it may.
        """
        said = f"{self.expression.setting}: {self.expression.expression}"
        there = ", ".join(self.exposed) or "none"
        try:
            outputs = await evaluator.every(self.expression, dict(self.exposed))
        except ValueError:
            # Not what jq says, because it quotes the values.
            raise SelectorError(f"{said} fails; exposedVariables are {there}") from None
        found = [exact(each) for output in outputs for each in elements(output)]
        if not found:
            raise SelectorError(f"{said} gives no value; exposedVariables are {there}")
        return found


@dataclass(frozen=True, slots=True)
class PathParameter:
    """The source of the values of one or more placeholders.

    `fields` are JQ on each item, by placeholder. The items are those of `endpoint`, `items`,
    or what `variables` give. `keeps_slashes` tells that `encode: path` is written.
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
    variables: Variables | None = None
    keeps_slashes: bool = False

    @property
    def provenance(self) -> frozenset[str]:
        """The names of the environment's variables that its values may come from."""
        return self.variables.names if self.variables else frozenset()

    @property
    def uses(self) -> Sequence[str]:
        """The placeholders of other parameters that its request holds."""
        return self.endpoint.placeholders if self.endpoint else []

    def changed_since(self, moment: datetime | None) -> Self:
        """Return the same parameter, for those items alone that have changed since then."""
        return replace(self, since=moment)

    async def verdicts(self, items: Sequence[Any], evaluator: Evaluator) -> list[Verdict]:
        """Return for each item whether it is to be looked at.

        Only exactly true passes the filter; one that says neither yes nor no, as `.state = 1`,
        failed. An item that does not say when it changed may have changed.

        Raises:
            ExpressionLimitError: an expression takes more than it may.
        """
        changed = self.changed if self.since else None
        rows = await evaluator.table(
            [Column(each) for each in (self.filter, changed) if each], items
        )
        return [self._verdict(row, is_timed=changed is not None) for row in rows]

    def _verdict(self, row: Sequence[Outputs], *, is_timed: bool) -> Verdict:
        if self.filter and isinstance(row[0], ValueError):
            return Verdict.FILTER_FAILED
        passes = first_of(row[0]) if self.filter else True
        if passes is not None and not isinstance(passes, bool):
            return Verdict.FILTER_FAILED
        if not passes:
            return Verdict.FILTERED
        if not is_timed or self.since is None:
            return Verdict.PASSES
        moment = moment_in(row[-1])
        if moment is None:
            return Verdict.TIMELESS
        return Verdict.UNCHANGED if moment < self.since else Verdict.PASSES

    async def gifts(self, items: Sequence[Any], evaluator: Evaluator) -> Iterator[Gift]:
        """Return what each item gives; of several fields, each value with each.

        Raises:
            SelectorError: at its turn, a value is an object, or a list within a list; or several
                fields make too many combinations.
            ExpressionLimitError: an expression takes more than it may.
        """
        fields = [Column(expression, is_every=True) for expression in self.fields.values()]
        include = [Column(expression) for expression in self.include.values()]
        rows = await evaluator.table([*fields, *include], items)
        return (self._gift(row[: len(fields)], row[len(fields) :]) for row in rows)

    def plain_count(self, item: Any) -> int | None:
        """Return how many combinations of values an item gives; None where jq has to tell.

        Raises:
            SelectorError: a value is an object, or a list within a list.
        """
        outputs = [expression.at_path(item) for expression in self.fields.values()]
        if None in outputs:
            return None
        include = [None] * len(self.include)
        return len(self._gift([each or () for each in outputs], [include] * len(include)).values)

    def _gift(self, fields: Sequence[Outputs], include: Sequence[Outputs]) -> Gift:
        found = [
            self._values(expression, outputs)
            for expression, outputs in zip(self.fields.values(), fields, strict=True)
        ]
        if problem := too_many([values for values, _ in found]):
            names = ", ".join(expression.setting for expression in self.fields.values())
            raise SelectorError(f"{names}: of one item, {problem}; let one field make the pairs")
        missing = sum(count for _, count in found)
        combined = itertools.product(*(values for values, _ in found))
        included = [None if isinstance(each, ValueError) else first_of(each) for each in include]
        return Gift(
            [dict(zip(self.fields, values, strict=True)) for values in combined],
            missing,
            dict(zip(self.include, included, strict=True)),
            sum(isinstance(each, ValueError) for each in include),
            broken=any(isinstance(each, ValueError) for each in fields),
        )

    def _values(self, expression: ItemExpression, outputs: Outputs) -> tuple[list[PathValue], int]:
        given = [] if isinstance(outputs, ValueError) else outputs
        listed = [each for output in given for each in elements(output)]
        for value in listed:
            if isinstance(value, dict | list):
                raise SelectorError(
                    f"{expression.setting}: {expression.expression} gives "
                    f"{element_kind_of(value)}; it must give a text or a number, or a list of these"
                )
        texts = [(text_of(value), value) for value in listed]
        values = [
            PathValue(text, self.segment, exact(value), self.provenance)
            for text, value in texts
            if text
        ]
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
