"""Expressions of a mapping that need no jq: constants, and paths of names.

What jq would give is known without asking it: `"service"`, `true` and `.owner.email`, of an item
that has there what jq hands on as it is. Most expressions are that, and most items have that.
"""

import re
from dataclasses import dataclass
from typing import Any

from expressions.programs import literal_text
from formats.json_values import LARGEST_EXACT

_PATH = re.compile(r"\s*((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*")
_WORDS = {"true": True, "false": False, "null": None}
# Values within a value that are looked at; jq is as fast with what has more.
_MOST_WITHIN = 50


class Unknown:
    """The result of which only jq knows what it is."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class PlainExpression:
    """A path of names; a constant where there is no path."""

    path: tuple[str, ...] = ()
    constant: Any = None

    @classmethod
    def of(cls, expression: Any) -> "PlainExpression | None":
        """Return it; None where jq has to evaluate the expression."""
        if not isinstance(expression, str):
            return None
        if path := _PATH.fullmatch(expression):
            return cls(tuple(path[1].split(".")[1:]))
        if expression.strip() in _WORDS:
            return cls(constant=_WORDS[expression.strip()])
        text = literal_text(expression)
        return None if text is None or not _is_as_it_is(text) else cls(constant=text)

    def value(self, item: Any) -> Any:
        """Return what jq gives for an item, or `UNKNOWN`."""
        if not self.path:
            return self.constant
        for name in self.path:
            if type(item) is not dict:
                # Of null it is null; all else is an error, which is jq's to word.
                return None if item is None else UNKNOWN
            item = item.get(name)
        return item if _is_as_it_is(item) else UNKNOWN


def _is_as_it_is(value: Any) -> bool:
    """Return whether jq hands on a value as it is; it may do so with others, too."""
    if value is None or value is True or value is False:
        return True
    kind = type(value)
    if kind is str:
        return value.isascii() or _is_unicode(value)
    if kind is int:
        return bool(-LARGEST_EXACT < value < LARGEST_EXACT)
    # jq makes whole numbers of some.
    if kind is float:
        return -LARGEST_EXACT < value < LARGEST_EXACT and not value.is_integer()
    return (kind is list or kind is dict) and _is_container_as_it_is(value)


def _is_container_as_it_is(container: Any) -> bool:
    waiting, seen = [container], 0
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            inner = [*value.values(), *value]
        elif type(value) is list:
            inner = value
        elif _is_as_it_is(value):
            continue
        else:
            return False
        seen += len(inner)
        if seen > _MOST_WITHIN:
            return False
        waiting += inner
    return True


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair.
        return False
    return True
