"""JQ expressions on one value, such as a path parameter's field, compiled but not evaluated."""

from collections.abc import Mapping
from typing import Any

from expressions.programs import check_jq, program_of
from formats.paths import leading_path, walk


class ItemExpression:
    """A JQ expression that is applied to one item, such as a path parameter's field or filter.

    An `Evaluator` evaluates it.

    Raises:
        SelectorError: on construction, when it is no valid JQ; names the setting.
    """

    def __init__(self, expression: str, setting: str) -> None:
        self.expression = expression
        self.setting = setting
        check_jq(expression, setting)
        stripped = expression.strip()
        steps, rest = leading_path(stripped)
        self._steps = None if rest or not stripped.startswith(".") else steps

    @classmethod
    def optional(cls, expression: str | None, setting: str) -> "ItemExpression | None":
        """Return the expression of a setting, or None where it is not set."""
        return cls(expression, setting) if expression else None

    @classmethod
    def by_name(cls, expressions: Mapping[str, str], setting: str) -> "dict[str, ItemExpression]":
        """Return the expressions of a setting such as `{id: .body.id, team: .body.team}`."""
        return {name: cls(text, f"{setting}.{name}") for name, text in expressions.items()}

    @property
    def program(self) -> str:
        """The program that Ocean makes of it."""
        return program_of(self.expression)

    def plain(self, value: Any) -> list[Any] | None:
        """Return the one output of a path that ends at a text, whole number, truth or nothing.

        None where jq has to tell: of all other expressions and values.
        """
        found = self.at_path(value)
        return found if found and (found[0] is None or isinstance(found[0], str | int)) else None

    def at_path(self, value: Any) -> list[Any] | None:
        """Return whatever is at the end of a path; None where there is no such path."""
        if self._steps is None:
            return None
        # Most expressions are a path, for which a run of jq would cost a hundred times as much.
        for number, step in enumerate(self._steps):
            if not isinstance(value, dict) or not isinstance(step, str):
                present, value = walk(value, self._steps[number:])
                if not present:
                    return None
                break
            value = value.get(step)
        return [value]
