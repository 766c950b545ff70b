"""Other ways to ask an endpoint, or to read its answer, where the usual one gives no data."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from cli.init.surveyed import Wanted
from formats.texts import is_page

_LINES_TRIED = 3
_START = 1000


def adaptations(wanted: Wanted, content: bytes) -> Iterator[Wanted]:
    """Yield what may be done about an answer that cannot be read: nothing where it is no such one.

    A page for a browser asks for `Accept: application/json`; lines of JSON under another name are
    read as such.
    """
    if is_page(content[:_START].decode(errors="replace")) and "accept" not in map(
        str.lower, wanted.headers
    ):
        yield replace(wanted, headers={**wanted.headers, "Accept": "application/json"})
    if not wanted.response_format and _are_lines(content):
        yield replace(wanted, response_format="jsonl")


def _are_lines(content: bytes) -> bool:
    lines = [line for line in content.splitlines() if line.strip()][:_LINES_TRIED]
    with suppress(ValueError, RecursionError):
        return len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines)
    return False
