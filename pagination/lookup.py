"""Dotted paths into a body, such as `meta.next_cursor`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pagination.page import SILENT, Statement


def find(body: Any, path: str) -> tuple[bool, Any]:
    """Return whether the path is there, and its value; one literal key first, then by dots.

    Numbers index lists: `pages.0.next`. A dot in front, as JQ has it, makes no difference.
    """
    if isinstance(body, Mapping) and path in body:
        return True, body[path]
    for part in path.removeprefix(".").split("."):
        if isinstance(body, Mapping) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return False, None
    return True, body


def any_says_more(body: Any, paths: Iterable[str]) -> Statement:
    """Return "more" where a marker is truthy, else "no more" where one is there but falsy."""
    answer = SILENT
    for path in paths:
        present, value = find(body, path)
        if present and value:
            return Statement(True, f"{path} is set")
        if present and answer is SILENT:
            answer = Statement(False, f"{path} is {show(value)}")
    return answer


def show(value: Any) -> str:
    """Return a marker's value for a log line; not more than its kind if it could be a token."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    return "set" if value else "empty"
