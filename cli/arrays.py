"""The arrays of a body: what a data_path could mean."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 5
_SHOWN_KEYS = 6


@dataclass(frozen=True, slots=True)
class FoundArray:
    """An array in a body: the keys that lead to it, and what it holds."""

    path: tuple[str, ...]
    elements: Sequence[Any]

    @property
    def data_path(self) -> str:
        return jq_path(self.path)

    @property
    def holds_objects(self) -> bool:
        return bool(self.elements) and all(isinstance(item, dict) for item in self.elements)

    def __str__(self) -> str:
        return f"{self.data_path} ({describe_elements(self.elements)})"


def arrays_in(body: Any) -> list[FoundArray]:
    """Return every array outside of other arrays, those that are nearest to the top first.

    Sample: `{"data": {"users": [{"id": 1}]}, "tags": []}` gives `.tags` and `.data.users`.
    """
    return sorted(_arrays(body, ()), key=lambda found: len(found.path))


def jq_path(keys: Sequence[str]) -> str:
    """Return the JQ path of keys: `("data", "my-list")` gives `.data."my-list"`, none give `.`."""
    # Quoted as in JSON, control characters included.
    steps = (key if _PLAIN_KEY.fullmatch(key) else json.dumps(key) for key in keys)
    return "".join(f".{step}" for step in steps) or "."


def describe_elements(elements: Sequence[Any]) -> str:
    """Return a few words about an array, such as `2 objects with id, name`."""
    if not elements:
        return "empty"
    if not all(isinstance(item, Mapping) for item in elements):
        return f"{len(elements)} {'value' if len(elements) == 1 else 'values'}"
    keys = list(dict.fromkeys(str(key) for item in elements for key in item))
    more = ", …" if len(keys) > _SHOWN_KEYS else ""
    noun = "object" if len(elements) == 1 else "objects"
    return f"{len(elements)} {noun} with {', '.join(keys[:_SHOWN_KEYS])}{more}"


def _arrays(value: Any, path: tuple[str, ...]) -> Iterator[FoundArray]:
    if isinstance(value, list):
        yield FoundArray(path, value)
    elif isinstance(value, Mapping) and len(path) < _DEEPEST:
        for key, inner in value.items():
            yield from _arrays(inner, (*path, str(key)))
