"""Looks at what a filter leaves out: could it have meant any of the items that there are?"""

import re
from collections.abc import Iterator
from typing import Any

from errors import OceanCustomError
from expressions.conditions import Condition, conditions_of
from expressions.jq_expressions import keys_of
from formats.paths import walk
from mapping.plan.path_parameter import PathParameter
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

    def take(self, item: Any) -> None:
        """Look at an item that is left out."""
        if self._has_passed:
            return
        self._count += 1
        self._keys = self._keys or keys_of(item)
        if self._conditions:
            self._conditions = [each for each in self._conditions if _lacks(item, each)]
        self._has_value = self._has_value or self._gives_value(item)

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

    def _gives_value(self, item: Any) -> bool:
        try:
            return bool(self._parameter.outputs(item).values)
        except OceanCustomError:
            # Something is there, even if it is no value.
            return True


def _lacks(item: Any, condition: Condition) -> bool:
    """Return whether an item does not meet a condition, and has nothing where that looks."""
    if any(walk(item, list(place))[0] for place in condition.places):
        return False
    try:
        return condition.expression.first(item) is not True
    except ValueError:
        return True
