"""Answers that are one object each, as those of `/users/{id}`: is each of them a record?

Records of one kind share keys. What shares none with them is something else: a message, or what
data_path was not written for.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import ResponseError
from expressions.jq_expressions import DataPath
from formats.messages import is_bare_message, only_explains
from outcomes import Doubt

_MOST_SHAPES = 100
_MOST_NAMES = 10

type Names = frozenset[str]
"""The keys of an object that have a value."""


@dataclass(slots=True)
class LoneObjects:
    """The keys of such answers, whatever their order.

    `_places` has an answer for each set of keys, `_errors` those that speak of an error and of
    nothing else: they are records where other records have any of that. `_empty` is the first that
    was an empty list instead, or an object without any value.
    """

    _counts: Counter[Names] = field(default_factory=Counter)
    _keys: Counter[str] = field(default_factory=Counter)
    _records: int = 0
    _places: dict[Names, str] = field(default_factory=dict)
    _errors: dict[Names, ResponseError] = field(default_factory=dict)
    _empty: str = ""

    def take_empty(self, place: str) -> None:
        """Note an answer that is an empty list or object; `place` is its endpoint."""
        self._empty = self._empty or place

    def take(self, item: Mapping[str, Any], place: str, error: ResponseError) -> None:
        """Note an object; `place` is its endpoint, `error` what it is if it is a message."""
        said = {name: value for name, value in item.items() if value is not None}
        names = frozenset(said)
        if len(self._counts) >= _MOST_SHAPES and names not in self._counts:
            return
        if not said:
            self.take_empty(place)
        elif is_bare_message(said):
            self._errors.setdefault(names, error)
        elif only_explains(said):
            self._note(names, place)
        else:
            self._note(names, place)
            self._records += 1
            # Also without a value it is a key that records have.
            self._keys.update(item.keys())

    @property
    def messages(self) -> Iterator[ResponseError]:
        """The errors that share nothing with the records beside them."""
        for names, error in self._errors.items():
            if self._records and self._keys.keys().isdisjoint(names):
                yield error

    def doubts(self, data_path: DataPath) -> Iterator[Doubt]:
        """Yield what has nothing of what most others have, and is no plain error either."""
        if self._records and self._empty and data_path.is_plain and not data_path.has_alternative:
            advised = f"({data_path.expression} | objects | select(any(. != null))) // []"
            yield Doubt(
                "the answer is empty, where others are one object each",
                f"if it means that there is none, write data_path: `{advised}`",
                self._empty,
            )
        shared = {name for name, count in self._keys.items() if 2 * count > self._records}
        for names in self._counts:
            least = 1 if only_explains(dict.fromkeys(names)) else 2
            common = sorted(name for name in shared if self._keys[name] >= least)
            if common and names.isdisjoint(common):
                path = "" if data_path.expression == "." else f"{data_path.expression} | "
                advised = f"({path}select(has({json.dumps(common[0])}))) // []"
                yield Doubt(
                    f"the answer is an object with {_told(names)}, and without anything that "
                    f"others have ({_told(common)})",
                    f"if it is no item, write data_path: `{advised}`",
                    self._places[names],
                )

    def _note(self, names: Names, place: str) -> None:
        self._counts[names] += 1
        self._places.setdefault(names, place)


def _told(names: Names | list[str]) -> str:
    return ", ".join(sorted(names)[:_MOST_NAMES])
