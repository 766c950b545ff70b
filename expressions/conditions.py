"""The conditions that a filter is made of, and the places of an item that each looks at.

.status == "active" and (.tags | index("x"))     .status == "active" looks at .status,
                                                 (.tags | index("x")) looks at .tags
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from expressions.item_expressions import ItemExpression
from expressions.jq_expressions import keys_of
from expressions.programs import check_program, program_of
from formats.paths import Step, leading_path, walk
from outcomes import Doubt

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|\.?[A-Za-z_$@][\w:]*|//|[()\[\]{}]|.', re.DOTALL)
# Beside them, `and` does not join two conditions that must both hold.
_OTHER_JOINTS = frozenset(
    {"or", "|", ",", ";", "//", "as", "def", "if", "reduce", "foreach", "try", "label"}
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_WITHIN_BRACKETS = re.compile(r"\(.*\)", re.DOTALL)
_HAS = re.compile(r"\bhas\(\s*(?:\"([^\"\\]*)\"|'([^']*)')\s*\)")
# A text that is no key, as in `."a b"` and `.["a b"]`.
_TEXT = re.compile(r'(?<![.\[])(?:"(?:[^"\\]|\\.)*"|\'[^\']*\')')
# A path that begins here; a dot behind a name, bracket or text goes on with one.
_PATH = re.compile(
    r"""(?<![\w\])}"'?.$])(?:\.[A-Za-z_]\w*|\.\[?"(?:[^"\\]|\\.)*"\]?)"""
    r"""(?:\.[A-Za-z_]\w*|\.?\[?"(?:[^"\\]|\\.)*"\]?)*"""
)


# A place, or one compared with a constant: `.a`, `.a.b == "c"`.
_COMPARISON = re.compile(
    rf"""\(*\s*{_PATH.pattern}\s*"""
    r"""(?:(?P<sign>[=!]=|[<>]=?)\s*(?P<constant>"[^"\\]*"|-?[\d.]+|[a-z]+))?\s*\)*"""
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter, and the places in an item that it looks at first."""

    expression: ItemExpression
    places: tuple[tuple[Step, ...], ...]

    @property
    def shown(self) -> str:
        """The places for a message, such as `.status` or `.meta.state`."""
        return " and ".join("".join(f".{step}" for step in place) for place in self.places)

    @property
    def fails_on_nothing(self) -> bool:
        """Return whether it compares a place so that an item without that place does not pass.

        Of `.a == 1` and `.a` that is so; `.a != 1` is true where there is no `a`.
        """
        found = _COMPARISON.fullmatch(self.expression.expression.strip())
        if found is None:
            return False
        is_null = found["constant"] == "null"
        # In the order of jq, null comes first.
        unmet = {None: True, ">": True, "==": not is_null, ">=": not is_null}
        return {**unmet, "!=": is_null, "<": is_null}.get(found["sign"], False)

    def finds(self, item: Any) -> bool:
        """Return whether an item has something where it looks."""
        return any(walk(item, list(place))[0] for place in self.places)


class UnmetConditions:
    """The conditions of a filter that find nothing in any item, as long as it leaves out all.

    They are in doubt: they may be misspelt, or the items may be others than they were written for.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._conditions = [each for each in conditions if each.fails_on_nothing]
        self._has_passed = False
        self._count = 0
        self._keys = ""

    def take(self, items: Sequence[Any], *, some_passed: bool) -> None:
        """Look at items; `some_passed` tells that they were not all left out."""
        self._has_passed = self._has_passed or some_passed
        if self._has_passed or not items:
            return
        self._count += len(items)
        self._keys = self._keys or keys_of(items[0])
        self._conditions = [each for each in self._conditions if not any(map(each.finds, items))]

    def doubt(self, setting: str) -> Doubt | None:
        """Return what speaks against believing that no item passes the filter of a setting."""
        if self._has_passed or not self._count or not self._conditions:
            return None
        place = self._conditions[0].shown
        return Doubt(
            f"{setting} leaves out all {self._count} items, and {place} is in none of them; "
            f"an item has {self._keys}",
            f"look at {setting}; where items may lack it, say what that means, as in "
            f"`({place} // false)`",
        )


def conditions_of(filter_: ItemExpression) -> list[Condition]:
    """Return the conditions of a filter that are about places of an item.

    One with `//` is left out: it says itself what an absence means.
    """
    parts = [part for part in _parts(filter_.expression.strip()) if "//" not in part]
    found = ((ItemExpression(part, filter_.setting), _places(part)) for part in parts)
    return [Condition(expression, places) for expression, places in found if places]


def comparisons_of(filter_: ItemExpression | None) -> UnmetConditions:
    """Return those conditions of a filter that compare a place; none has met any item yet."""
    return UnmetConditions(conditions_of(filter_) if filter_ else [])


def _parts(expression: str) -> list[str]:
    """Return what `and` joins; the whole where it joins nothing, or more is going on."""
    parts, depth = [""], 0
    for word in _WORD.findall(expression):
        if depth == 0 and word in _OTHER_JOINTS:
            return [expression]
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0 and word == "and":
            parts.append("")
        else:
            parts[-1] += word
    parts = [part.strip() for part in parts]
    if not all(map(_is_jq, parts)):
        return [expression]
    if len(parts) == 1 and _WITHIN_BRACKETS.fullmatch(expression):
        inner = expression[1:-1].strip()
        return _parts(inner) if _is_jq(inner) else parts
    return parts


def _is_jq(part: str) -> bool:
    try:
        check_program(program_of(part))
    except ValueError:
        return False
    return bool(part.strip())


def _places(condition: str) -> tuple[tuple[Step, ...], ...]:
    """Return the places that are looked at before anything is piped on."""
    blank = _TEXT.sub(lambda text: '"' + "x" * (len(text[0]) - 2) + '"', condition)
    # What follows `|` or `;` sees something else than the item.
    head = re.split(r"[|;]", blank, maxsplit=1)[0]
    in_paths = [tuple(leading_path(match[0])[0]) for match in _PATH.finditer(head)]
    asked = [(match[1] or match[2],) for match in _HAS.finditer(condition[: len(head)])]
    found: list[tuple[Step, ...]] = [*in_paths, *asked]
    return tuple(dict.fromkeys(place for place in found if place))
