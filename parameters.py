"""Path parameters: where the values of placeholders come from, and what an item gives."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from endpoints import Endpoint, PathValue
from errors import SelectorError
from extraction import ItemExpression
from times import moment_of


@dataclass(frozen=True, slots=True)
class PathParameter:
    """How the values of one placeholder are discovered."""

    name: str
    endpoint: Endpoint
    field: ItemExpression
    filter: ItemExpression | None = None
    segment: bool = False
    changed: ItemExpression | None = None
    since: datetime | None = None

    def changed_since(self, moment: datetime | None) -> Self:
        """The same parameter, for items alone that `changed` says have changed since then."""
        return replace(self, since=moment)

    def passes(self, item: Any) -> bool:
        """Whether the filter lets an item through: only exactly true does.

        Raises:
            ValueError: the filter fails on this item.
        """
        return (self.filter is None or self.filter.first(item) is True) and self._is_current(item)

    def _is_current(self, item: Any) -> bool:
        if self.changed is None or self.since is None:
            return True
        try:
            moment = moment_of(self.changed.first(item))
        except ValueError:
            return True
        return moment is None or moment >= self.since

    def value_of(self, item: Any) -> PathValue | None:
        """The value that an item gives; None when it is missing, null or empty.

        Raises:
            SelectorError: the value is an object or a list.
        """
        try:
            value = self.field.first(item)
        except ValueError:
            value = None
        if isinstance(value, dict | list):
            kind = "an object" if isinstance(value, dict) else "a list"
            raise SelectorError(
                f"path_parameters.{self.name}.field: {self.field.expression} gives {kind}; "
                "it must give a string or a number"
            )
        text = _text_of(value)
        return PathValue(text, self.segment, value) if text else None


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
