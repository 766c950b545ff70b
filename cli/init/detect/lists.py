"""The list of items in an answer, found by evidence: keys that repeat, names, counts."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cli.arrays import FoundArray, arrays_in, jq_path
from cli.init.detect.identifiers import Keys, bare, is_sure_name, value_of
from cli.init.detect.naming import last_segment, words_of
from cli.init.detect.secrets import without_secrets

type Form = Literal["array", "map", "values", "object", "table"]

_USUAL = re.compile(
    "items|data|results?|values?|records|entries|content|list|rows|hits|objects|resources|"
    "documents|nodes|elements|members"
)
# Names under which nothing but the content of an answer stands.
CONTENT = frozenset({"items", "data", "results", "result", "records", "entries"})
# Where the names of columns stand, beside rows that are arrays.
_COLUMNS = ("columns", "fields", "header", "headers", "schema", "cols")
# What stands beside the items: about the answer, not its content.
_BESIDE = re.compile(
    "meta|metadata|pagination|paging|pages?|links?|errors?|warnings?|messages|included|facets|"
    "aggregations|aggs|filters?|sort|sorting|columns|schemas?|actions|debug|context"
)
_CLEARLY_BETTER = 1.5
_MOST_MAP_DEPTH = 3
# An answer of one item may have so much beside it, such as `{"ok": true, "data": {…}}`.
_MOST_BESIDE = 4
# What answers that are lists have, too: the key, number or digest of a page or request.
_NO_ITEMS = frozenset({"key", "number", "sha", "slug", "sid", "identifier"})


@dataclass(frozen=True, slots=True)
class ListGuess:
    """A place that may hold the items: `data_path` finds them, `items` are the answer's own.

    `form`: an array of objects, a map from keys to objects, an array of bare values, one object, or
    an array of rows, each an array of values in the order of `columns`.
    Items are without what is named like a secret; `hidden` are the keys of all that is left out.
    """

    path: tuple[str, ...]
    form: Form
    items: list[dict[str, Any]] = field(repr=False)
    score: float = 0.0
    endpoint: str = ""
    hidden: set[tuple[str, ...]] = field(default_factory=set)
    columns: tuple[str, ...] = ()

    @property
    def emit(self) -> str:
        """The JQ that makes an object of an element; empty where each is one."""
        named = (f"{json.dumps(name)}: .[{index}]" for index, name in enumerate(self.columns))
        return f"{{{', '.join(named)}}}" if self.columns else ""

    @property
    def whole_path(self) -> str:
        """The JQ that finds the items with nothing else to help, as discovery has to."""
        return f"{self.data_path} | map({self.emit})" if self.columns else self.data_path

    @property
    def data_path(self) -> str:
        path = jq_path(self.path)
        lead = "" if path == "." else f"{path} | "
        match self.form:
            case "map":
                return f"{lead}to_entries | map({{__key: .key}} + .value)"
            case "values":
                return f"{lead}map({{value: .}})"
        return path

    def take(self, body: Any) -> list[dict[str, Any]] | None:
        """Return the items of another answer of the same endpoint; None where its shape differs."""
        items = self._whole(body)
        return None if items is None else without_secrets(items, self.endpoint, self.hidden)

    def sifted(self, endpoint: str) -> "ListGuess":
        """Return the same list of an endpoint, its items without what is named like a secret."""
        hidden: set[tuple[str, ...]] = set()
        items = without_secrets(self.items, endpoint, hidden)
        return replace(self, items=items, endpoint=endpoint, hidden=hidden)

    def _whole(self, body: Any) -> list[dict[str, Any]] | None:
        value = value_of(body, self.path)
        if self.form == "array" and isinstance(value, list):
            return [item for item in value if isinstance(item, dict)]
        if self.form == "table" and isinstance(value, list):
            return _zipped(self.columns, value)
        if self.form == "values" and isinstance(value, list):
            return [{"value": item} for item in value]
        if self.form == "map" and isinstance(value, Mapping):
            return _entries(value)
        return [value] if self.form == "object" and isinstance(value, dict) else None


def find_lists(body: Any, endpoint: str = "") -> list[ListGuess]:
    """Return possible lists of items, the best guess first.

    Sample: `{"meta": {"total": 2}, "users": [{"id": 1}, {"id": 2}]}` gives `.users`.
    An answer without any list is one item.
    """
    arrays = [array for array in arrays_in(body) if not is_beside(array.path, endpoint)]
    guesses = (
        [_of_array(array, body, endpoint) for array in arrays if array.holds_objects]
        or _tables(arrays, body)
        or _maps(body)
        or [_of_values(array) for array in arrays if _is_bare(array.elements)]
        or [_of_array(array, body, endpoint) for array in arrays if not array.elements]
    )
    guesses = [one for one in guesses if not is_of_an_item(body, one.path, endpoint)]
    if not guesses and isinstance(body, dict):
        path = _item_path(body)
        guesses = [ListGuess(path, "object", [value_of(body, path)])]
    ordered = sorted(guesses, key=lambda guess: -guess.score)
    return [guess.sifted(endpoint) for guess in ordered]


def list_at(body: Any, path: Keys, endpoint: str = "") -> ListGuess | None:
    """Return what a place of a body holds as a list of items; None where it can be none.

    Sample: of `{"users": {"ann": {"age": 7}, "bob": {"age": 8}}}`, `("users",)` gives a map.
    """
    value = value_of(body, path)
    found: ListGuess | None = None
    if isinstance(value, list):
        array = FoundArray(path, value)
        tables = _tables([array], body)
        is_bare = _is_bare(value)
        found = tables[0] if tables else _of_values(array) if is_bare else None
        found = found or ListGuess(path, "array", [one for one in value if isinstance(one, dict)])
    elif isinstance(value, dict):
        is_map = _is_map(value)
        items = _entries(value) if is_map else [value]
        found = ListGuess(path, "map" if is_map else "object", items)
    return found.sifted(endpoint) if found else None


def is_of_an_item(body: Any, path: Sequence[str], endpoint: str) -> bool:
    """Return whether a list is a part of one item that an answer is: the forks of a repository.

    What has an identifier of its own is an item; what has none only holds the list, unless the
    list is called like the endpoint.
    """
    if not path or path[-1].lower() in CONTENT or is_called(path[-1], endpoint):
        return False
    holders = (value_of(body, path[:length]) for length in range(len(path)))
    return any(names_an_item(holder) for holder in holders if isinstance(holder, Mapping))


def is_called(name: str, endpoint: str) -> bool:
    """Return whether a list is called like its endpoint: `models` of `/v2/models/search`."""
    words = words_of(name)
    return bool(words) and words == words_of(last_segment(endpoint))


def names_an_item(names: Iterable[Any]) -> bool:
    """Return whether one of the keys of an object is that of an identifier."""
    return any(is_sure_name(str(name)) and bare(str(name)) not in _NO_ITEMS for name in names)


def _item_path(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where the only object of an answer is: `data` of `{"data": {"id": 1}}`."""
    inner = {key: value for key, value in body.items() if isinstance(value, dict) and value}
    if len(inner) != 1 or names_an_item(body) or len(body) > _MOST_BESIDE:
        return ()
    [(key, value)] = inner.items()
    return (str(key),) if names_an_item(value) else ()


def _tables(arrays: Sequence[FoundArray], body: Any) -> list[ListGuess]:
    """Find arrays of rows beside the names of their columns: `{"columns": […], "rows": [[…]]}`."""
    found = []
    for array in arrays:
        holder = value_of(body, array.path[:-1]) if array.path else None
        is_rows = bool(array.elements) and all(isinstance(row, list) for row in array.elements)
        names = _column_names(holder) if is_rows and isinstance(holder, Mapping) else ()
        if names and all(len(row) == len(names) for row in array.elements):
            items = _zipped(names, array.elements)
            found.append(ListGuess(array.path, "table", items, columns=names))
    return found[:1]


def _column_names(holder: Mapping[str, Any]) -> tuple[str, ...]:
    for key in _COLUMNS:
        listed = holder.get(key)
        if isinstance(listed, list) and listed:
            named = [one.get("name") if isinstance(one, Mapping) else one for one in listed]
            texts = tuple(name for name in named if isinstance(name, str))
            if len(set(texts)) == len(listed):
                return texts
    return ()


def _zipped(columns: Sequence[str], rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=False)) for row in rows if isinstance(row, list)]


def is_clear(guesses: Sequence[ListGuess]) -> bool:
    """Return whether the first guess stands out so far that nobody needs to be asked."""
    if not guesses or not guesses[0].items:
        return False
    return len(guesses) == 1 or guesses[0].score - guesses[1].score >= _CLEARLY_BETTER


def _of_array(array: FoundArray, body: Any, endpoint: str) -> ListGuess:
    items = list(array.elements)
    score = math.log10(len(items) + 1) + 2 * _likeness(items)
    score += name_score(array.path, endpoint)
    score += _counted(len(items), body)
    return ListGuess(array.path, "array", items, score - 0.5 * len(array.path))


def name_score(path: Sequence[str], endpoint: str) -> float:
    """Score the name of a list: how much it tells that it holds the items of an endpoint."""
    if not path:
        return 2.0
    named = 3.0 if is_called(path[-1], endpoint) else 0.0
    return named + (2.0 if _USUAL.fullmatch(path[-1].lower()) else 0.0)


def _likeness(items: Sequence[Mapping[str, Any]]) -> float:
    """Return the share of keys that all but a few items have."""
    counts = Counter(key for item in items for key in item)
    if not counts:
        return 0.0
    shared = sum(count >= 0.8 * len(items) for count in counts.values())
    return shared / len(counts)


def _counted(length: int, body: Any) -> float:
    """Score a length by the numbers beside the arrays that say how many items there are."""
    numbers = [number for name, number in _numbers(body, "") if _is_count(name)]
    if length in numbers:
        return 1.0
    return 0.5 if any(number > length for number in numbers) else 0.0


def _is_count(name: str) -> bool:
    return bool({"count", "total", "size", "results", "length"} & set(words_of(name)))


def _numbers(value: Any, name: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, str(key))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, value


def is_beside(path: Sequence[str], endpoint: str = "") -> bool:
    """Return whether a path leads through a part that is about the answer, such as `meta`.

    An endpoint `/pages` may well answer with `pages`.
    """
    if path and is_called(path[-1], endpoint):
        path = path[:-1]
    return any(_BESIDE.fullmatch(step.strip("_$@").lower()) for step in path)


def _maps(body: Any) -> list[ListGuess]:
    """Find objects whose values are objects of one shape: items by their keys."""
    return [
        ListGuess(path, "map", _entries(value), 1 - 0.5 * len(path))
        for path, value in _objects(body, ())
        if _is_map(value) and not is_beside(path)
    ][:1]


def _is_map(value: Mapping[str, Any]) -> bool:
    values = list(value.values())
    if len(values) < 2 or not all(isinstance(item, dict) and item for item in values):
        return False
    return _likeness(values) >= 0.6


def _entries(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"__key": key, **item} for key, item in value.items() if isinstance(item, dict)]


def _objects(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and len(path) < _MOST_MAP_DEPTH:
        yield path, value
        for key, inner in value.items():
            yield from _objects(inner, (*path, str(key)))


def _is_bare(elements: Sequence[Any]) -> bool:
    return bool(elements) and not any(isinstance(item, dict | list | None) for item in elements)


def _of_values(array: FoundArray) -> ListGuess:
    items = [{"value": item} for item in array.elements]
    return ListGuess(array.path, "values", items, -0.5 * len(array.path))
