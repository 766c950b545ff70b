"""Tells whether an item stood on two pages of a list, at little cost in time and memory.

Equal items are equal JSON, by 8-byte hashes. Making these takes as long as parsing, so that a
first reading goes by an identifier, where items have one: where that differs, so does the item. In
order, as identifiers often come, not even what was seen before is looked at.
"""

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import orjson

from formats.identifiers import IDENTIFIERS, mark_of

# Beyond so many items of a list, only the last pages are compared.
MOST_COMPARED = 200_000
_PAGES_COMPARED = 10
# Of so many that came again, it is known that they did.
_MOST_COUNTED = 10_000


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
        # How often each mark came again.
        self._again: Counter[int] = Counter()
        self._room = room
        self._all: set[int] | None = set()
        self._recent: deque[set[int]] = deque(maxlen=_PAGES_COMPARED)
        self._taken = 0

    @property
    def is_repeated(self) -> bool:
        """True where a mark was on two pages."""
        return bool(self._again)

    @property
    def has_moved(self) -> bool:
        """True where a mark was on two pages and on no third: what stays on pages is on each."""
        return 1 in self._again.values()

    @property
    def marks(self) -> set[int] | None:
        """The marks of all pages; None where they were too many to keep."""
        return self._all

    def begin(self, marks: set[int] | None, last: Iterable[set[int]]) -> None:
        """Begin with pages that share none: all `marks`, if they are known, and the `last` ones."""
        self._recent.extend(map(_bounded, last))
        if marks is None or not self._room.take(len(marks)):
            self.keep_last_only()
        else:
            self._all, self._taken = marks, len(marks)

    def page(self, marks: set[int]) -> None:
        """Compare a page with those before, and remember it."""
        if len(self._again) < _MOST_COUNTED:
            before = self._recent if self._all is None else [self._all]
            self._again.update(set().union(*(marks & each for each in before)))
        self._recent.append(_bounded(marks))
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


def _bounded(marks: set[int]) -> set[int]:
    return marks if len(marks) <= MOST_COMPARED else set()


class Repeats(ABC):
    """Looks at the pages of one reading of a list, and tells whether it `found` a repeated item."""

    def __init__(self, room: Room) -> None:
        self._seen = Seen(room)

    @property
    def found(self) -> bool:
        """True where an item stood on two pages."""
        return self._seen.is_repeated

    @property
    def has_moved(self) -> bool:
        """True where an item stood on two pages, and not on more of them."""
        return self._seen.has_moved

    @property
    def marks(self) -> set[int] | None:
        """The marks by which all items were told apart; None where they were too many."""
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
        self._room = room
        # What the marks are made of, a line for each page, while they are in order; None once they
        # were not. It is one block, because objects that are kept from each page keep the memory of
        # all else of it from being used again.
        self._ordered: bytearray | None = bytearray()
        self._pages = 0
        self._order = _Order()
        self._page: set[int] = set()
        self._length = 0
        self._taken = 0
        self._is_cut = False

    @property
    def marks(self) -> set[int] | None:
        if self._ordered is not None:
            self._compare_all()
        return super().marks

    def portion(self, items: Sequence[Any]) -> None:
        if not items:
            return
        values = _values_of(self.name, items)
        numbers = _numbers_of(values)
        if numbers is None:
            values = list(map(self._identifier_of, items))
            numbers = _mixed_numbers_of(values)
        self._length += len(values)
        if self._ordered is None:
            self._page |= _marks_in(numbers)
        else:
            self._ordered += numbers
            self._order.take(values)

    def marks_of(self, items: Sequence[Any]) -> set[int]:
        """Return the marks by which these items are told apart, as `marks` has them."""
        return _marks_in(_mixed_numbers_of(map(self._identifier_of, items)))

    def anew(self) -> "ByIdentifier":
        """Return one that goes by the same field, and has seen nothing yet."""
        return ByIdentifier(Room(), self.name)

    def versions_of(self, items: Iterable[Any]) -> dict[Any, int]:
        """Return the marks of the JSON of some items, by what they are told apart by."""
        return {self._identifier_of(item): mark_of(item) for item in items}

    def _identifier_of(self, item: Any) -> Any:
        """Return what an item is told apart by: its JSON, where it has no identifier."""
        value = item.get(self.name) if isinstance(item, dict) else None
        return value if type(value) in (str, int) else mark_of(item)

    def page_ended(self) -> None:
        length, self._length = self._length, 0
        if self._ordered is None:
            self._seen.page(self._page)
            self._page = set()
        elif length:
            self._is_cut = self._is_cut or not self._room.take(length)
            self._taken += 0 if self._is_cut else length
            self._ordered += b"\n"
            self._pages += 1
            if not self._order.is_kept:
                self._compare_all()
            elif self._is_cut:
                self._release()
                while self._pages > _PAGES_COMPARED:
                    del self._ordered[: self._ordered.index(b"\n") + 1]
                    self._pages -= 1

    def forget(self) -> None:
        self._release()
        super().forget()

    def _release(self) -> None:
        self._room.give_back(self._taken)
        self._taken = 0

    def _compare_all(self) -> None:
        *pages, rest = (self._ordered or b"").split(b"\n")
        self._ordered = None
        self._release()
        # Those in order share none.
        kept = pages if self._order.is_kept else pages[:-1]
        marks = None if self._is_cut else _marks_in(b"".join(kept))
        self._seen.begin(marks, map(_marks_in, kept[-_PAGES_COMPARED:]))
        for page in pages[len(kept) :]:
            self._seen.page(_marks_in(page))
        self._page = _marks_in(rest)


def _values_of(name: str, items: Sequence[Any]) -> list[Any]:
    """Return the values of a field of some items; `[None]` where one is without it."""
    first = items[0] if items else None
    # Its key itself, because one that is merely equal takes longer to look up.
    key = next((key for key in first if key == name), name) if isinstance(first, dict) else name
    try:
        return [item[key] for item in items]
    except (KeyError, TypeError, IndexError):
        return [None]


def _numbers_of(values: list[Any]) -> bytes | None:
    """Return the marks of identifiers as JSON; None where not all are integers, or all texts."""
    # Each of these looks at all values within C.
    with suppress(TypeError):
        text = orjson.dumps(values)
        if not text[1:-1].translate(None, b"0123456789-,"):
            return text
    with suppress(TypeError):
        "".join(values)
        return orjson.dumps(list(map(hash, values)))
    return None


def _mixed_numbers_of(values: Iterable[int | str]) -> bytes:
    """Return the marks of any identifiers as JSON: integers of 64 bits are marks themselves."""
    return orjson.dumps(
        [
            value if isinstance(value, int) and -(2**63) <= value < 2**64 else hash(value)
            for value in values
        ]
    )


def _marks_in(lists: bytes | bytearray) -> set[int]:
    """Return the marks in some JSON lists of them, such as `[1,2][3]`."""
    return set(orjson.loads(lists.replace(b"][", b",") or b"[]"))


class _Order:
    """The order of some values, rising or falling as the first of them; `is_kept` while they do."""

    def __init__(self) -> None:
        self.is_kept = True
        self._last: Any = None
        self._falls = False

    def take(self, values: list[Any]) -> None:
        """Look at the values that come next, one at least."""
        if self.is_kept:
            self.is_kept = self._goes_on(values)
            self._last = values[-1]

    def _goes_on(self, values: list[Any]) -> bool:
        first = values[0]
        try:
            if self._last is None:
                self._falls = first > values[-1]
            elif not (self._last > first if self._falls else self._last < first):
                return False
            return sorted(values, reverse=self._falls) == values
        except TypeError:
            # Numbers and texts.
            return False


def repeats_of(first: Iterable[Sequence[Any]], room: Room) -> Repeats:
    """Return what compares the items of a list whose first page is given, in parts."""
    items = [item for part in first for item in part]
    for name in IDENTIFIERS:
        if _identifies(name, items):
            return ByIdentifier(room, name)
    return ByJson(room)


def _identifies(name: str, items: Sequence[Any]) -> bool:
    values = _values_of(name, items)
    return set(map(type, values)) <= {str, int} and len(set(values)) == len(values) > 0
