"""Simple paths, such as `.data.users[0]`, at the start of a JQ expression."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

type Step = str | int

# One step of a path: .name, ."any name", .["any name"], [0]
_STEP = re.compile(
    r'\.(?P<name>[A-Za-z_]\w*)|\.?\[?"(?P<quoted>(?:[^"\\]|\\.)*)"\]?|\.?\[(?P<index>-?\d+)\]'
)
_PREFIX_ENDS = ("[", "|", "//", "?")
# What is given in place of nothing: `// []`.
_NOTHING = re.compile(r"//\s*(?:\[\s*\]|\{\s*\}|empty|null)\s*")
_ROOT = re.compile(r"\.\s*\|(?![|=/])")


def unwrapped(expression: str) -> str:
    """Return the same expression without what stands around or before its path.

    Sample: `.users[] | select(.ok)` for `(.users[] | select(.ok))`, and for the same behind `. |`.
    """
    text = expression.strip()
    while True:
        if root := _ROOT.match(text):
            inner, after = "", text[root.end() :]
        elif text.startswith("(") and (end := _closing(text)):
            inner, after = text[1:end].strip(), text[end + 1 :].strip()
        else:
            return text
        if inner and after and not after.startswith("|") and leading_path(inner)[1]:
            return text
        text = f"{inner} {after}".strip() if after.startswith("|") else f"{inner}{after.strip()}"


def leading_path(expression: str) -> tuple[list[Step], str]:
    """Return the simple path that an expression starts with, and the rest.

    Where the rest combines it with something else (`.a + .b`), there is no leading path: what
    `.a` holds is then not what the API sent in all.
    """
    if expression.startswith("[") and (end := _closing(expression)):
        # `[.items[] | select(.ok)]` is as good as `.items | map(…)`.
        steps, rest = leading_path(unwrapped(expression[1:end]))
        is_whole = expression[end + 1 :].strip()[:1] in ("", "|")
        return (steps, expression) if rest.startswith("[]") and is_whole else ([], expression)
    if expression.startswith("(") and (end := _closing(expression)):
        # `(.items // [])[]` is about `.items`.
        path, _, alternative = expression[1:end].partition("//")
        steps, rest = leading_path(path.strip())
        is_path = not rest and _NOTHING.fullmatch(f"//{alternative}")
        return (steps, f"//{expression}") if is_path else ([], expression)
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


def _closing(expression: str) -> int:
    """Return where the bracket ends with which an expression begins; 0 where it does not end."""
    ends = (at for at, each, depth in _outside_quotes(expression) if each in "])}" and depth == 0)
    return next(ends, 0)


def _is_one_pipeline(expression: str) -> bool:
    """Return false where several sources are combined first, as in `.users[], .groups[]`."""
    first = _outside_brackets(expression).partition("|")[0]
    return not re.search(r",|\s[-+*/%]\s", first.replace("//", ""))


def _outside_brackets(expression: str) -> str:
    """Return the expression with nothing left between brackets or in quotes: `.a[]`."""
    return "".join(each for _, each, depth in _outside_quotes(expression) if depth == 0)


def _outside_quotes(expression: str) -> Iterator[tuple[int, str, int]]:
    """Yield the characters outside of texts, with their positions, and in how many brackets.

    A bracket itself is in those around it.
    """
    depth, quoted = 0, False
    for position, character in enumerate(expression):
        if character == '"' and expression[position - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth -= character in "])}"
            yield position, character, depth
            depth += character in "[({"


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
