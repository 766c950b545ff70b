"""Tells by the text of a JQ expression whether it may give several outputs.

Where it may, one output is a list of one element, as with `(.items[] | select(.ok))` of a page on
which one item is left, and no answer of which there is only one.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from expressions.programs import with_double_quotes

# These give one output or none, however many their argument gives.
_COLLECTING = re.compile(
    r"(?:IN|add|all|any|contains|del|first|group_by|has|index|indices|inside|isempty|join|last|map"
    r"|map_values|max_by|min_by|nth|rindex|select|sort_by|test|unique_by|with_entries)\s*\("
    r"|limit\s*\(\s*1\s*;"
)
# A text that is made for each of several.
_INTERPOLATED = re.compile(r"\\\(.*\[\s*\]", re.DOTALL)
_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*") | \#[^\r\n]* | \b(?:then|else|elif|and|or)\s*\[\s*\]
    |(?P<many>(?<=[\w.\])"?}])\s*\[\s*\]|\.\.|(?<![.$])\b(?:combinations|inputs|leaf_paths|match
        |paths|range|recurse|recurse_down|repeat|scan|splits|tostream|while)\b)
    |(?<![.$])\b(?P<reduce>reduce)\b | \b(?P<named>as)\b
    |(?P<call>(?<![.$\w])(?:limit\s*\(\s*1\s*;|[A-Za-z_]\w*\s*\()) | (?P<index>(?<=[\w.\])"?}])\[)
    |(?P<open>[\[({]) | (?P<close>[\])}]) | (?P<comma>,) | (?P<alternative>//)
    |(?P<pipe>\|(?!=))
    """,
    re.VERBOSE | re.DOTALL,
)


class _Bracket(NamedTuple):
    """An open bracket, a function's own where it `is_call`.

    What stands in it may be one output however many there are, or have commas between its parts.
    """

    is_call: bool = False
    collects: bool = False
    parts: bool = False


def may_give_several(expression: str) -> bool:
    """Return whether an expression that compiles may give several outputs for one input.

    Sample: true for `.data | .items[]` and `.left, .right`, false for `{names: [.items[].name]}`
    and `first(.items[])`. Where that cannot be told, as behind a function that it defines, it may.
    """
    is_reduced = False
    for token, inside in _tokens(expression):
        match token.lastgroup:
            case "many" if not (inside.collects or is_reduced):
                return True
            case "text" if _INTERPOLATED.search(token[0]) and not inside.collects:
                return True
            case "comma" if not (inside.collects or inside.parts):
                return True
            case "reduce" | "named":
                is_reduced = token.lastgroup == "reduce"
    return False


def has_alternative(expression: str) -> bool:
    """Return whether an expression says what is meant where there is nothing.

    Sample: true for `(.users // [])[]` and `.users[]? // empty`, false for
    `.users[] | select(.age // 0 > 17)` and `.users[] | .name // .login`, which speak of elements.
    """
    depth, goes_through = 0, False
    # Behind a pipe, in brackets as deep or deeper, it is about elements.
    of_elements: int | None = None
    for token, inside in _tokens(expression):
        match token.lastgroup:
            case "many":
                goes_through = True
            case "pipe" if goes_through and of_elements is None:
                of_elements = depth
            case "call" | "index" | "open":
                depth += 1
            case "close":
                depth -= 1
                of_elements = (
                    None if of_elements is not None and depth < of_elements else of_elements
                )
            case "alternative" if of_elements is None and not inside.is_call:
                return True
    return False


def _tokens(expression: str) -> Iterator[tuple[re.Match[str], _Bracket]]:
    """Yield what matters of an expression, with the bracket in which it stands."""
    brackets = [_Bracket()]
    for token in _TOKEN.finditer(with_double_quotes(expression)):
        inside = brackets[-1]
        yield token, inside
        match token.lastgroup:
            case "call":
                is_collecting = _COLLECTING.fullmatch(token[0]) is not None
                brackets.append(_Bracket(True, inside.collects or is_collecting))
            case "index":
                brackets.append(_Bracket(inside.is_call, inside.collects))
            case "open":
                collects = inside.collects or token[0] == "["
                brackets.append(_Bracket(inside.is_call, collects, parts=token[0] == "{"))
            case "close" if len(brackets) > 1:
                brackets.pop()
