"""Simple paths, such as `.data.users[0]`, at the start of a JQ expression."""

import json
import re
from collections.abc import Sequence
from typing import Any

type Step = str | int

# One step of a path: .name, ."any name", .["any name"], [0]
_STEP = re.compile(
    r'\.(?P<name>[A-Za-z_]\w*)|\.?\[?"(?P<quoted>(?:[^"\\]|\\.)*)"\]?|\.?\[(?P<index>-?\d+)\]'
)
_PREFIX_ENDS = ("[", "|", "//", "?")


def leading_path(expression: str) -> tuple[list[Step], str]:
    """Return the simple path that an expression starts with, and the rest.

    Where the rest combines it with something else (`.a + .b`), there is no leading path: what
    `.a` holds is then not what the API sent in all.
    """
    inner = _within_brackets(expression)
    if inner:
        steps, rest = leading_path(inner)
        return (steps, expression) if rest.startswith("[]") else ([], expression)
    if not _is_one_pipeline(expression):
        return [], expression
    steps = []
    position = 1 if expression == "." else 0
    while step := _STEP.match(expression, position):
        if (position == 0 and not step[0].startswith(".")) or (value := _step_value(step)) is None:
            break
        steps.append(value)
        position = step.end()
    rest = expression[position:].strip()
    if not steps and rest.startswith(".["):
        return [], rest.removeprefix(".")
    if rest.startswith(_PREFIX_ENDS) and (steps or expression == "."):
        return steps, rest
    return (steps, "") if not rest else ([], expression)


def _within_brackets(expression: str) -> str:
    """Return the inside of `[.items[] | select(.ok)]`, which is as good as `.items | map(…)`."""
    return expression[1:-1].strip() if _outside_brackets(expression) == "[]" else ""


def _is_one_pipeline(expression: str) -> bool:
    """Return false where several sources are combined first, as in `.users[], .groups[]`."""
    first = _outside_brackets(expression).partition("|")[0]
    return not re.search(r",|\s[-+*/%]\s", first.replace("//", ""))


def _outside_brackets(expression: str) -> str:
    """Return the expression with nothing left between brackets or in quotes: `.a[]`."""
    outer, depth, quoted = "", 0, False
    for position, character in enumerate(expression):
        if character == '"' and expression[position - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "[({":
            outer += character * (depth == 0)
            depth += 1
        elif character in "])}":
            depth -= 1
            outer += character * (depth == 0)
        elif depth == 0:
            outer += character
    return outer


def _step_value(step: re.Match[str]) -> Step | None:
    """Return the key or index of a step; None when jq's quoting says more than JSON's."""
    if step["name"] is not None:
        return step["name"]
    if step["index"] is not None:
        return int(step["index"])
    try:
        name: str = json.loads(f'"{step["quoted"]}"')
    except ValueError:
        return None
    return name


def walk(value: Any, steps: Sequence[Step]) -> tuple[bool, Any]:
    """Return whether a path is there, and its value; below a null everything is there, as null."""
    for step in steps:
        if value is None:
            return True, None
        present, value = _take(value, step)
        if not present:
            return False, None
    return True, value


def _take(value: Any, step: Step) -> tuple[bool, Any]:
    if isinstance(step, str):
        present = isinstance(value, dict) and step in value
        return present, value[step] if present else None
    present = isinstance(value, list) and -len(value) <= step < len(value)
    return present, value[step] if present else None
