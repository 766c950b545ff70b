"""Questions and answers of detection, the comparison of two pages, and the result."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import httpx

from api_messages import ApiRequest
from pagination.page import Page

# Nothing that is detected depends on where the answer came from.
_REQUEST = ApiRequest("GET", httpx.URL("https://unknown.invalid"))
_NAMING = ("id", "uuid", "guid", "_id", "key", "identifier", "slug", "self", "url", "name")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the endpoint: its address with further query parameters, or another address."""

    query: Mapping[str, str | int] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API; `items` is None for an error, or where the list has moved.

    `path` leads to the items, where they are the elements of a list of the body.
    """

    items: list[dict[str, Any]] | None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    path: tuple[str, ...] | None = None

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The items that are there; none where there is no list.

        Where that must not be taken for an empty list, `compare` or `items` tells.
        """
        return self.items or []

    @property
    def count(self) -> int:
        return len(self.listed)

    @property
    def page(self) -> Page:
        """The answer as the pagination of a sync sees it."""
        return Page(
            _REQUEST,
            {name.lower(): text for name, text in self.headers.items()},
            self.body,
            self.listed,
            self.count,
            self.count,
            None,
            b"",
            path=self.path or (),
            is_plain=self.path is not None,
        )


class Comparison(Enum):
    """The relation of a page to the one before."""

    FOLLOWS = "holds other items"
    SAME = "holds the same items"
    EMPTY = "is empty"
    MIXED = "shares some items"
    REFUSED = "is an error"


def compare(first: Sequence[Mapping[str, Any]], second: Answer) -> Comparison:
    """Compare a second page with the first.

    Only a page of other items of the same kind follows; whatever shares items disproves.
    """
    if second.items is None:
        return Comparison.REFUSED
    if not second.items:
        return Comparison.EMPTY
    before, after = names_of(first, second.items)
    if not before & after:
        return Comparison.FOLLOWS
    return Comparison.SAME if after <= before else Comparison.MIXED


def names_of(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> tuple[set[str], set[str]]:
    """Return the items of two pages by a naming field that both have, else by all that they hold.

    Items may carry values that change with each request, such as the time.
    """
    if key := naming_key(first, second):
        return {str(item[key]) for item in first}, {str(item[key]) for item in second}
    return {_whole(item) for item in first}, {_whole(item) for item in second}


def same_run(expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether two runs of items are the same items in the same order."""
    if len(expected) != len(got):
        return False
    if key := naming_key(expected, got):
        return [item[key] for item in expected] == [item[key] for item in got]
    return [_whole(item) for item in expected] == [_whole(item) for item in got]


def naming_key(*pages: Sequence[Mapping[str, Any]]) -> str:
    """Return a usual naming field that tells the items of each page apart; empty without one."""
    return next((key for key in _NAMING if all(_is_distinct(page, key) for page in pages)), "")


def leaves_beside(body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every scalar of a body outside of arrays, with its keys."""
    if isinstance(body, Mapping) and len(path) < 6:
        for key, inner in body.items():
            yield from leaves_beside(inner, (*path, str(key)))
    elif not isinstance(body, list | Mapping):
        yield path, body


def _is_distinct(items: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [item.get(key) for item in items]
    scalar = all(isinstance(value, str | int) and value != "" for value in values)
    return scalar and len(set(map(str, values))) == len(values)


def _whole(item: Mapping[str, Any]) -> str:
    return json.dumps(item, sort_keys=True, default=str)


type Questions[Result] = Generator[Ask, Answer, Result]


@dataclass(frozen=True, slots=True)
class Paging:
    """The pagination of an endpoint, as detected.

    `settings` are connection settings by their names in the spec, or options that only a
    `pagination` block has, in the same spelling; `query` belongs to the endpoint
    itself, such as a page size; `why` is the evidence; `doubt` says what could not be proven;
    `is_incomplete`, that there is more than can be read so.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str | int] = field(default_factory=dict)
    is_proven: bool = False
    why: str = ""
    doubt: str = ""
    is_incomplete: bool = False

    @property
    def type(self) -> str:
        return str(self.settings.get("paginationType", "none"))
