"""Looks at what a filter leaves out: could it have meant any of the items that there are?"""

import re
from collections.abc import Iterator
from typing import Any

from expressions.conditions import Condition, conditions_of
from expressions.evaluator import Column, Evaluator, Outputs, first_of
from expressions.jq_expressions import keys_of
from formats.paths import walk
from mapping.plan.path_parameter import PathParameter, elements, text_of
from outcomes import Doubt

# A field that says itself that an item may lack it.
_MAY_BE_LACKING = re.compile(r"//\s*empty\b")


class LeftOut:
    """The items that the filter of a path parameter leaves out, as long as it leaves out all.

    Then a condition that no item meets is in doubt where what it looks at is in none of them; so is
    the filter where none of them has the value of `field`, as on an envelope around the items.
    """

    def __init__(self, parameter: PathParameter) -> None:
        self._parameter = parameter
        self._conditions = conditions_of(parameter.filter) if parameter.filter else []
        fields = [field.expression for field in parameter.fields.values()]
        self._may_lack_value = any(map(_MAY_BE_LACKING.search, fields))
        self._has_value = self._has_passed = False
        self._count = 0
        self._keys = ""

    def passed(self) -> None:
        """Take note that an item passed, so that nothing is in doubt."""
        self._has_passed = True

    async def take(self, items: list[Any], evaluator: Evaluator) -> None:
        """Look at some items that are all left out.

        Raises:
            ExpressionLimitError: an expression takes more than it may.
        """
        if self._has_passed or not items:
            return
        self._count += len(items)
        self._keys = self._keys or keys_of(items[0])
        lacking = [each for each in self._conditions if _lack_places(items, each)]
        unmet = await evaluator.table([Column(each.expression) for each in lacking], items)
        self._conditions = [
            each
            for place, each in enumerate(lacking)
            if not any(first_of(row[place]) is True for row in unmet)
        ]
        self._has_value = self._has_value or await self._give_value(items, evaluator)

    def doubts(self) -> Iterator[Doubt]:
        """Yield what speaks against believing that there is nothing to discover."""
        if self._has_passed or not self._count:
            return
        name = f"path_parameters.{self._parameter.name}"
        seen = f"{name}.filter leaves out all {self._count} discovered items"
        for condition in self._conditions[:1]:
            yield Doubt(
                f"{seen}, and {condition.shown} is in none of them; an item has {self._keys}",
                f"look at {name}.filter and data_path; where items may lack it, say what that "
                f"means, as in `({condition.shown.partition(' ')[0]} // false)`",
                self._place,
            )
            return
        if not self._has_value and not self._may_lack_value:
            field = next(iter(self._parameter.fields.values()))
            yield Doubt(
                f"{seen}, and none of them has a value of {field.expression}; "
                f"an item has {self._keys}",
                f"look at {name}.data_path and field; where items may lack it, write "
                f"`{field.expression} // empty`",
                self._place,
            )

    @property
    def _place(self) -> str:
        endpoint = self._parameter.endpoint
        return f"{endpoint.method} {endpoint.path}" if endpoint else ""

    async def _give_value(self, items: list[Any], evaluator: Evaluator) -> bool:
        """Return whether any item has something where its fields look, even if it is no value."""
        fields = [Column(field, is_every=True) for field in self._parameter.fields.values()]
        return any(all(map(_is_there, row)) for row in await evaluator.table(fields, items))


def _is_there(outputs: Outputs) -> bool:
    if isinstance(outputs, ValueError):
        return False
    return any(text_of(each) for output in outputs for each in elements(output))


def _lack_places(items: list[Any], condition: Condition) -> bool:
    """Return whether no item has anything where a condition looks."""
    places = [list(place) for place in condition.places]
    return not any(walk(item, place)[0] for item in items for place in places)
