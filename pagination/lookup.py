"""Dotted paths into a body, such as `meta.next_cursor`, and what a marker found there says."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pagination.dialects import FALSE_TEXTS, TRUE_TEXTS
from pagination.page import SILENT, Statement


def find(body: Any, path: str) -> tuple[bool, Any]:
    """Return whether the path is there, and its value; one literal key first, then by dots.

    Numbers index lists: `pages.0.next`. A dot in front, as JQ has it, makes no difference. A key
    may have dots itself: `data.@odata.nextLink`.
    """
    steps = steps_of(body, path)
    for step in steps or ():
        body = body[step]
    return (False, None) if steps is None else (True, body)


def steps_of(body: Any, path: str) -> tuple[str | int, ...] | None:
    """Return the keys and indices that a path leads through, as `find` reads it; None if it ends.

    Sample: on `{"page": {"a.next": null}}`, `page.a.next` gives `("page", "a.next")`.
    """
    if isinstance(body, dict) and path in body:
        return (path,)
    if isinstance(body, dict) and "." not in path:
        return None
    steps: list[str | int] = []
    parts = path.removeprefix(".").split(".")
    while parts:
        first = parts[0]
        if isinstance(body, list) and first.isdecimal() and int(first) < len(body):
            steps.append(int(first))
            body, parts = body[int(first)], parts[1:]
        elif isinstance(body, dict) and (length := _key_in(body, parts)):
            steps.append(".".join(parts[:length]))
            body, parts = body[steps[-1]], parts[length:]
        else:
            return None
    return tuple(steps)


def _key_in(body: Mapping[str, Any], parts: list[str]) -> int:
    """Return how many parts make the key that comes next; 0 where there is no such key."""
    lengths = range(1, len(parts) + 1)
    return next((length for length in lengths if ".".join(parts[:length]) in body), 0)


def truth(value: Any) -> bool:
    """Return what a marker says, whatever it is written as.

    The texts false, no and 0 are false, as is all that is empty; XML has nothing but texts.
    """
    if isinstance(value, str):
        return value.strip().lower() not in FALSE_TEXTS | {""}
    return bool(value)


def any_says_more(body: Any, paths: Iterable[str], ignored: Collection[str] = ()) -> Statement:
    """Return "more" where a marker is true, else "no more" where one is there but false."""
    answer = SILENT
    for path in paths:
        present, value = (False, None) if path.lower() in ignored else find(body, path)
        if present and truth(value):
            return Statement(True, path, f"is {show(value)}")
        if present and answer is SILENT:
            answer = Statement(False, path, f"is {show(value)}")
    return answer


def show(value: Any) -> str:
    """Return a marker's value for a log line; not more than its kind if it could be a token."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and value.strip().lower() in TRUE_TEXTS | FALSE_TEXTS:
        return value.strip()
    return "set" if value else "empty"
