"""Tells whether an item stood on two pages of a list, at little cost in time and memory.

Equal items are equal JSON, by 8-byte hashes. Making these takes as long as parsing, so that a
first reading goes by an identifier, where items have one: where that differs, so does the item. In
order, as identifiers often come, not even what was seen before is looked at.
"""

import json
from abc import ABC, abstractmethod
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson

# Beyond so many items of a list, only the last pages are compared.
MOST_COMPARED = 200_000
_PAGES_COMPARED = 10
# What items are told apart by, if it is there and differs for all of a page.
_IDENTIFIERS = ("id", "_id", "uuid", "guid", "sys_id", "key", "identifier", "arn", "Id", "ID")


class Room:
    """The number of items that may be remembered at once, over all lists that are being read."""

    def __init__(self, left: int = MOST_COMPARED) -> None:
        self._left = left

    def take(self, count: int) -> bool:
        """Take room for so many more items, and tell whether there was as much."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        """Give back what was taken."""
        self._left += count


class Seen:
    """The marks that pages had: all of them, or those of the last pages where they are many."""

    def __init__(self, room: Room) -> None:
        self.is_repeated = False
        self._room = room
        self._all: set[int] | None = set()
        self._recent: deque[set[int]] = deque(maxlen=_PAGES_COMPARED)
        self._taken = 0

    @property
    def marks(self) -> set[int] | None:
        """The marks of all pages; None where they were too many to keep."""
        return self._all

    def page(self, marks: set[int]) -> None:
        """Compare a page with those before, and remember it."""
        if not self.is_repeated:
            before = self._recent if self._all is None else [self._all]
            self.is_repeated = not all(map(marks.isdisjoint, before))
        self._recent.append(marks if len(marks) <= MOST_COMPARED else set())
        if self._all is None:
            return
        if self._room.take(len(marks)):
            self._taken += len(marks)
            self._all |= marks
        else:
            self.keep_last_only()

    def keep_last_only(self) -> None:
        """Forget all but the last pages."""
        self._all = None
        self.forget()

    def forget(self) -> None:
        """Give back the room."""
        self._room.give_back(self._taken)
        self._taken = 0


class Repeats(ABC):
    """Looks at the pages of one reading of a list, and tells whether it `found` a repeated item."""

    def __init__(self, room: Room) -> None:
        self._seen = Seen(room)

    @property
    def found(self) -> bool:
        """True where an item stood on two pages."""
        return self._seen.is_repeated

    @property
    def marks(self) -> set[int] | None:
        """The hashes by which all items were told apart; None where they were too many."""
        return self._seen.marks

    @abstractmethod
    def portion(self, items: Sequence[Any]) -> None:
        """Look at some items of a page."""

    @abstractmethod
    def page_ended(self) -> None:
        """Compare the page with those before."""

    def forget(self) -> None:
        """Give back what memory was reserved, at the end of the reading."""
        self._seen.forget()


class ByJson(Repeats):
    """Goes by the JSON of whole items; `last` are the marks of the portion that came last."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.last: list[int] = []
        self._page: set[int] = set()

    def portion(self, items: Sequence[Any]) -> None:
        self.last = [mark_of(item) for item in items]
        self._page.update(self.last)

    def page_ended(self) -> None:
        self._seen.page(self._page)
        self._page = set()


class ByIdentifier(Repeats):
    """Goes by a field that identifies items.

    Pages whose identifiers go on rising, or falling, repeat none. Only when they cease to, they are
    compared.
    """

    def __init__(self, room: Room, name: str) -> None:
        super().__init__(room)
        self.name = name
        self._get = itemgetter(name)
        self._room = room
        self._page: list[Any] = []
        self._types: set[type] = set()
        # The hashes of each page, while they are in order; None once they were not. The identifiers
        # themselves would keep the memory of the pages that they came with from being used again.
        self._ordered: deque[array[int]] | None = deque()
        self._order = _Order()
        self._taken = 0
        self._is_cut = False

    @property
    def marks(self) -> set[int] | None:
        if self._ordered is not None:
            self._compare_all()
        return super().marks

    def portion(self, items: Sequence[Any]) -> None:
        try:
            values = list(map(self._get, items))
        except (KeyError, TypeError, IndexError):
            values = [None]
        types = set(map(type, values))
        if not types <= {str, int}:
            values = list(map(self._identifier_of, items))
            types = set(map(type, values))
        self._page += values
        self._types |= types

    def marks_of(self, items: Sequence[Any]) -> set[int]:
        """Return the hashes by which these items are told apart, as `marks` has them."""
        return set(map(hash, map(self._identifier_of, items)))

    def _identifier_of(self, item: Any) -> Any:
        """Return what an item is told apart by: its JSON, where it has no identifier."""
        value = item.get(self.name) if isinstance(item, dict) else None
        return value if type(value) in (str, int) else mark_of(item)

    def page_ended(self) -> None:
        page, self._page = self._page, []
        types, self._types = self._types, set()
        if self._ordered is None:
            self._seen.page(set(map(hash, page)))
        elif page:
            self._is_cut = self._is_cut or not self._room.take(len(page))
            self._taken += 0 if self._is_cut else len(page)
            self._ordered.append(array("q", map(hash, page)))
            if len(types) > 1 or not self._order.goes_on(page):
                self._compare_all()
            elif self._is_cut:
                self._release()
                while len(self._ordered) > _PAGES_COMPARED:
                    self._ordered.popleft()

    def forget(self) -> None:
        self._release()
        super().forget()

    def _release(self) -> None:
        self._room.give_back(self._taken)
        self._taken = 0

    def _compare_all(self) -> None:
        pages, self._ordered = self._ordered or (), None
        self._release()
        if self._is_cut:
            self._seen.keep_last_only()
        for page in pages:
            self._seen.page(set(page))


class _Order:
    """The order of the values of pages: rising or falling, as those of the first one."""

    def __init__(self) -> None:
        self._last: Any = None
        self._falls = False

    def goes_on(self, page: list[Any]) -> bool:
        """Return whether a page is in order, and goes on beyond those before; one type a page."""
        last, self._last = self._last, page[-1]
        if last is None:
            self._falls = page[0] > page[-1]
        elif type(last) is not type(page[0]) or not (
            last > page[0] if self._falls else last < page[0]
        ):
            return False
        return sorted(page, reverse=self._falls) == page


def repeats_of(first: Iterable[Sequence[Any]], room: Room) -> Repeats:
    """Return what compares the items of a list whose first page is given, in parts."""
    items = [item for part in first for item in part]
    for name in _IDENTIFIERS:
        if _identifies(name, items):
            return ByIdentifier(room, name)
    return ByJson(room)


def mark_of(item: Any) -> int:
    """Return eight bytes that are equal for items with equal JSON."""
    try:
        return hash(orjson.dumps(item))
    except TypeError:
        # An integer beyond 64 bits.
        return hash(json.dumps(item))


def _identifies(name: str, items: Sequence[Any]) -> bool:
    try:
        values = list(map(itemgetter(name), items))
    except (KeyError, TypeError, IndexError):
        return False
    return set(map(type, values)) <= {str, int} and len(set(values)) == len(values) > 0
