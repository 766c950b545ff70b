"""The objects of an answer that may speak of further pages: those around its items."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from formats.paths import Step
from pagination import dialects
from pagination.spellings import every_spelling

_PAGING_ATTRIBUTES = frozenset(
    f"@{name}" for name in every_spelling(dialects.PAGING_NEIGHBOURS, value=True)
)
_CONTAINERS = every_spelling(dialects.CONTAINERS, value=True)


class Holder(NamedTuple):
    """An object that may speak of pages, and its place in the body, such as `data.`.

    Its key `leads_on` holds the items, however it is called. Where it `is_header`, no path into
    the body names what it says.
    """

    value: Mapping[str, Any]
    prefix: str
    leads_on: Any = None
    is_header: bool = False

    @property
    def name(self) -> str:
        """Return how it is called in the object around it; empty where it is the body."""
        return self.prefix.rstrip(".").rpartition(".")[2]

    def words[Word](self, known: Mapping[str, Word]) -> Iterator[tuple[Word, str, Any]]:
        """Yield what is known of its keys, with their places and values.

        An attribute of XML, such as `@has_more`, is called like an element. `@total` and the like
        count where others beside them speak of pages: a suite of tests has a total, too.
        """
        for key, value in self.value.items():
            word = known.get(key)
            if word is None and key[:1] == "@" and not self._is_vague(key[1:]):
                word = known.get(key[1:])
            if word is not None and key != self.leads_on:
                yield word, f"{self.prefix}{key}", value

    def _is_vague(self, name: str) -> bool:
        neighbours = _PAGING_ATTRIBUTES - {f"@{name}"}
        return name.lower() in dialects.VAGUE_ATTRIBUTES and neighbours.isdisjoint(self.value)


def holders_around(body: Any, path: Sequence[Step], *, is_plain: bool) -> list[Holder]:
    """Return the objects around the items, and the usual objects in them, as `meta.pagination`.

    Around them are the body, the list's holder, and that one's own. There are none where the body
    is itself the items, or one of them, as in NDJSON. Inputs: `path` leads to the items, and where
    that is all that data_path is, it `is_plain`.
    """
    return [found for holder in _around(body, path, is_plain) for found in inside(holder)]


def holders_in(headers: Mapping[str, str]) -> Iterator[Holder]:
    """Yield the objects that stand in headers as JSON; names of headers are lower case."""
    for name in dialects.OBJECT_HEADERS.keys() & headers.keys():
        with suppress(ValueError, RecursionError):
            value = json.loads(headers[name])
            if isinstance(value, dict):
                yield Holder(value, f"{name}.", is_header=True)


def _around(body: Any, path: Sequence[Step], is_plain: bool) -> Iterator[Holder]:
    if not path and not is_plain and isinstance(body, dict):
        yield Holder(body, "")
    value, prefix, last = body, "", len(path) - 1
    for depth, step in enumerate(path):
        if isinstance(value, dict) and (depth == 0 or depth >= last - 1):
            yield Holder(value, prefix, step)
        value, prefix = _at(value, step), f"{prefix}{step}."


def inside(holder: Holder, depth: int = 2) -> Iterator[Holder]:
    """Yield an object, and the usual objects in it that speak of pages, such as `meta`."""
    yield holder
    if depth:
        for _, place, value in holder.words(_CONTAINERS):
            if isinstance(value, dict):
                yield from inside(Holder(value, f"{place}."), depth - 1)


def _at(value: Any, step: Step) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return value[step]
    return None
