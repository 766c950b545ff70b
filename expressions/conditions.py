"""The conditions that a filter is made of, and the places of an item that each looks at.

.status == "active" and (.tags | index("x"))     .status == "active" looks at .status,
                                                 (.tags | index("x")) looks at .tags
"""

import re
from dataclasses import dataclass

from expressions.item_expressions import ItemExpression
from expressions.programs import check_program, program_of
from formats.paths import Step, leading_path

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


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter, and the places in an item that it looks at first."""

    expression: ItemExpression
    places: tuple[tuple[Step, ...], ...]

    @property
    def shown(self) -> str:
        """The places for a message, such as `.status` or `.meta.state`."""
        return " and ".join("".join(f".{step}" for step in place) for place in self.places)


def conditions_of(filter_: ItemExpression) -> list[Condition]:
    """Return the conditions of a filter that are about places of an item.

    One with `//` is left out: it says itself what an absence means.
    """
    parts = [part for part in _parts(filter_.expression.strip()) if "//" not in part]
    found = ((ItemExpression(part, filter_.setting), _places(part)) for part in parts)
    return [Condition(expression, places) for expression, places in found if places]


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
