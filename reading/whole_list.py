"""Reads lists by offset or page number again where items moved between pages while it was read.

Where the total falls, or an item stands on two pages, another one may have slipped from a page that
was still to be read to one that was read already. All readings together count.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

import log_lines
from api_messages import ApiRequest
from expressions.evaluator import Evaluator
from formats.identifiers import has_identifier, mark_of
from outcomes import Doubt
from pagination.page import Page
from pagination.sizes import PageSizes
from pagination.totals import find_total
from reading.account import Reason
from reading.endpoint_reader import UNWATCHED, EndpointReader, Watch
from reading.item_stream import Portion
from reading.repeats import (
    ByIdentifier,
    ByJson,
    Repeats,
    Room,
    repeats_of,
)
from settings.pagination import OffsetSettings, PageNumberSettings, PaginationSettings

_MOST_AGAIN = 2
# Items of a first page that wait to see whether there is a second one.
_MOST_WAITING = 5000
# So many of them are compared with those of the next reading.
_MOST_VERSIONS = 50
_REPEATED = "an item stood on two pages of the list"
_ADVICE = (
    "ask for a fixed order with query_params, such as a sort by id, or page by a cursor where the "
    "API has one; where it counts offsets from 1, `startOffset: 1`"
)


class _Comparison:
    """Compares the pages of one reading, from the second one on.

    Inputs: `repeats` compares, by default what suits the first page.
    """

    def __init__(self, room: Room, repeats: Repeats | None = None) -> None:
        self.repeats = repeats
        # The JSON of the first items, where others are told apart by something else.
        self.versions: dict[Any, int] = {}
        self._room = room
        # The first page, which is looked at only where there is another one.
        self._first: list[Sequence[Any]] = []
        self._has_first = False

    @property
    def found(self) -> bool:
        """True where something stood on two pages."""
        return self.repeats is not None and self.repeats.found

    @property
    def has_moved(self) -> bool:
        """True where something stood on two pages, and not on more of them."""
        return self.repeats is not None and self.repeats.has_moved

    def portion(self, items: Sequence[Any]) -> None:
        """Look at some of a page."""
        if self.repeats is None and not self._has_first:
            self._first.append(items)
            if sum(map(len, self._first)) > _MOST_WAITING:
                self._begin()
        else:
            (self.repeats or self._begin()).portion(items)

    def page_ended(self) -> None:
        """Compare the page with those before."""
        if self.repeats:
            self.repeats.page_ended()
        self._has_first = self._has_first or bool(self._first)

    def forget(self) -> None:
        """Give back what memory was reserved, at the end of the reading."""
        if self.repeats:
            self.repeats.forget()

    def _begin(self) -> Repeats:
        """Look at the first page, or at what arrived of it."""
        self.repeats = repeats_of(self._first, self._room)
        if isinstance(self.repeats, ByIdentifier):
            self.versions = self.repeats.versions_of(self._first[0][:_MOST_VERSIONS])
        for items in self._first:
            self.repeats.portion(items)
        if self._has_first:
            self.repeats.page_ended()
        self._first = []
        return self.repeats


class Movement(Watch):
    """Watches one reading of a list for items that move between its pages.

    Inputs: `inner` watches too; `pagination`, the settings, say where a total is, and what is none,
    as far as answers had it, which `sizes` knows;
    `repeats` compares the items, by default what suits those of the first page. Where data_path
    leaves out or changes some, what the API sent is compared as well, with room of its own, so that
    it takes none from the items.

    Sample of the cause: "an item stood on two pages of the list".
    """

    def __init__(
        self,
        inner: Watch,
        pagination: PaginationSettings,
        sizes: PageSizes,
        room: Room,
        room_for_sent: Room,
        repeats: Repeats | None = None,
    ) -> None:
        self._items = _Comparison(room, repeats)
        # Once it is read again, what is equal but for what an identifier tells is another one.
        self._sent = _Comparison(room_for_sent, ByJson(Room()) if repeats else None)
        self._cause = ""
        # True where it was not read to its end, or the end is in doubt anyway.
        self.is_cut = False
        self._inner = inner
        self._pagination = pagination
        self._sizes = sizes
        self.total: int | None = None
        # Whether a page was shorter than another one, and not the last; whether one began with the
        # item with which the one before had ended.
        self.is_uneven = False
        self.is_overlapping = False
        # Whether a number of pages may have told the end, and no number of items.
        self.goes_by_pages = False
        self._ending: int | None = None
        self._begins = True
        self._lengths: set[int] = set()

    @property
    def reads_ahead(self) -> bool:
        return self._inner.reads_ahead

    @property
    def repeats(self) -> Repeats | None:
        """The comparison of the items; None while there is only one page."""
        return self._items.repeats

    @property
    def cause(self) -> str:
        """Why items may have been missed; empty where nothing speaks for it."""
        return self._cause or (_REPEATED if self._sent.has_moved else "")

    @property
    def versions(self) -> dict[Any, int]:
        """The JSON of the first items, where others are told apart by an identifier."""
        return self._items.versions

    @property
    def sent_marks(self) -> set[int] | None:
        """The marks of what the API sent beyond the items, where it was read by its JSON."""
        repeats = self._sent.repeats
        return repeats.marks if isinstance(repeats, ByJson) else None

    async def portion(self, portion: Portion, evaluator: Evaluator) -> None:
        await self._inner.portion(portion, evaluator)
        self._items.portion(portion.items)
        # Of what is empty, as a row that may not be seen, there may be any number.
        if sent := [record for record in portion.sent if record]:
            self._sent.portion(sent)
        if isinstance(self.repeats, ByJson) and (border := portion.sent or portion.items):
            self._look_at_border(border[0], border[-1], is_item=not portion.sent)

    def _look_at_border(self, first: Any, last: Any, *, is_item: bool) -> None:
        # Of what data_path leaves out, only an identifier tells from a header or the like.
        if self._begins and (is_item or has_identifier(first)):
            self.is_overlapping |= mark_of(first) == self._ending
        self._begins, self._ending = False, mark_of(last)

    def answered(self, page: Page) -> None:
        self._inner.answered(page)
        if page.received:
            self.is_uneven = len(self._lengths) > 1 or self._is_after_shorter(page.received)
            self._lengths.add(page.received)
        path = self._sizes.met_total_path(self._pagination)
        told = find_total(page, path, page.received or 0, self._pagination.ignored)
        total = told.items
        if total is None:
            self.goes_by_pages = told.pages is not None
            return
        if self.total is not None and total < self.total:
            self._cause = self._cause or "the total fell while the list was read"
        self.total = total

    def _is_after_shorter(self, length: int) -> bool:
        return any(before < length for before in self._lengths)

    def page_ended(self, received: int) -> str | None:
        self._begins = True
        self._items.page_ended()
        self._sent.page_ended()
        if self._items.found:
            self._cause = self._cause or _REPEATED
        reason = self._inner.page_ended(received)
        self.is_cut = self.is_cut or bool(reason)
        return reason

    def takes(self, doubt: Doubt) -> bool:
        self.is_cut = True
        return self._inner.takes(doubt)

    def forget(self) -> None:
        """Give back what memory was reserved, at the end of the reading."""
        self._items.forget()
        self._sent.forget()


class _Again(Movement):
    """Watches a further reading, which goes by the JSON of items.

    Where that changes by itself, as where items hold their age, it does not tell what stood on two
    pages; then an identifier does. Inputs: `versions`, the JSON of items of the first reading, by
    their identifiers, and `by_identifier`, which compares these.
    """

    def __init__(
        self, *args: Any, versions: Mapping[Any, int], by_identifier: ByIdentifier | None
    ) -> None:
        super().__init__(*args)
        self._versions = versions
        self._by_identifier = by_identifier
        # Whether items of the first page are not what they were; None before they came again.
        self._is_changed: bool | None = None

    @property
    def cause(self) -> str:
        has_moved = self._by_identifier is not None and self._by_identifier.found
        # Where none of the known items came again, it is not known whether they change.
        return super().cause or (_REPEATED if has_moved and self._is_changed is not False else "")

    async def portion(self, portion: Portion, evaluator: Evaluator) -> None:
        await super().portion(portion, evaluator)
        if self._by_identifier is None:
            return
        self._by_identifier.portion(portion.items)
        if self._is_changed is None:
            found = self._by_identifier.versions_of(portion.items)
            if shared := found.keys() & self._versions.keys():
                self._is_changed = any(found[key] != self._versions[key] for key in shared)

    def page_ended(self, received: int) -> str | None:
        if self._by_identifier:
            self._by_identifier.page_ended()
        return super().page_ended(received)


class _Union:
    """The items of all readings of a list, as far as they are known."""

    def __init__(self, first: Repeats | None) -> None:
        self._by_identifier = first if isinstance(first, ByIdentifier) else None
        self._marks = first.marks if isinstance(first, ByJson) else None
        self._identifiers: set[int] = set()
        self._sent: set[int] = set()
        self._is_new = False

    def lacking(self, items: list[Any], marks: list[int]) -> list[Any]:
        """Return those of some items that are new; all, where only identifiers are known.

        Inputs: `marks`, that of the JSON of each item.
        """
        if self._marks is not None:
            items = [
                item for item, mark in zip(items, marks, strict=True) if mark not in self._marks
            ]
            self._is_new = self._is_new or bool(items)
        elif self._by_identifier:
            here = self._by_identifier.marks_of(items)
            self._identifiers |= here
            self._is_new = self._is_new or not here <= (self._by_identifier.marks or set())
        else:
            self._is_new = True
        return items

    def add(self, reading: ByJson, sent: set[int] | None) -> bool:
        """Add a reading that has ended, and return whether it brought anything new.

        Inputs: `sent`, the marks of what the API sent where that is not the items.
        """
        self._sent |= sent or set()
        marks = reading.marks
        # Where items that differ share one, it identifies nothing.
        if self._by_identifier and len(marks or ()) != len(self._identifiers):
            self._is_new = True
        is_new, self._is_new = self._is_new, False
        self._by_identifier = None
        self._marks = None if marks is None else marks | (self._marks or set())
        return is_new

    def is_below(self, total: int | None) -> bool:
        """Return whether a total promises more items than are known to differ.

        Those of short pages, where an offset goes by what was received, may be counted twice, and
        those at the border of pages, where offsets are counted from 1. Others may be there twice.
        """
        marks = self._sent or self._marks
        return total is not None and (marks is None or len(marks) < total)


class WholeListReader(EndpointReader):
    """Reads endpoints as `EndpointReader` does, and lists in which items move again.

    They are read again at most twice, until nothing moves or nothing new comes; else there is a
    doubt. Of a further reading, only items that those before lacked are given, as far as these are
    known.
    """

    def read(
        self,
        first: ApiRequest,
        path_params: Mapping[str, str] | None = None,
        watch: Watch = UNWATCHED,
        *,
        anew: bool = False,
    ) -> AsyncGenerator[Portion]:
        """Read the items; errors as for `EndpointReader.read`."""
        if self._most_pages is None and isinstance(
            self._pagination, OffsetSettings | PageNumberSettings
        ):
            return self._read_whole(first, path_params, watch)
        return super().read(first, path_params, watch, anew=anew)

    @cached_property
    def _rooms(self) -> tuple[Room, Room]:
        return Room(), Room()

    async def _read_whole(
        self, first: ApiRequest, path_params: Mapping[str, str] | None, watch: Watch
    ) -> AsyncGenerator[Portion]:
        movement = Movement(*self._watched(watch))
        try:
            async with aclosing(super().read(first, path_params, movement)) as portions:
                async for portion in portions:
                    yield portion
            if movement.cause and not movement.is_cut:
                async with aclosing(self._again(first, path_params, watch, movement)) as portions:
                    async for portion in portions:
                        yield portion
        finally:
            movement.forget()

    async def _again(
        self,
        first: ApiRequest,
        path_params: Mapping[str, str] | None,
        watch: Watch,
        before: Movement,
    ) -> AsyncGenerator[Portion]:
        place = self._client.describe(first)
        union = _Union(before.repeats)
        versions, known = before.versions, before.repeats
        for _ in range(_MOST_AGAIN):
            log_lines.few("reading the list again").info(
                f"{place}: reading the list again, because {before.cause}"
            )
            repeats = ByJson(Room())
            by_identifier = known.anew() if isinstance(known, ByIdentifier) else None
            movement = _Again(
                *self._watched(watch), repeats, versions=versions, by_identifier=by_identifier
            )
            # It is the same endpoint once more.
            self.account.endpoints -= 1
            reading = super().read(first, path_params, movement, anew=True)
            async with aclosing(reading) as portions:
                async for portion in portions:
                    items = union.lacking(portion.items, repeats.last)
                    if left_out := len(portion.items) - len(items):
                        self.account.left_out[Reason.READ_BEFORE] += left_out
                    yield portion._replace(items=items)
            is_new = union.add(repeats, movement.sent_marks)
            if not movement.cause or movement.is_cut:
                return
            before = movement
            if not is_new and not self._may_be_short(movement, union):
                return
        self.doubts.append(Doubt(f"{before.cause}, as often as it was read", _ADVICE, place))

    @staticmethod
    def _may_be_short(movement: Movement, union: _Union) -> bool:
        """Return whether what was counted twice may have ended a reading that brought nothing new.

        It is so where pages may overlap, and a total was not reached without that.
        """
        if movement.is_overlapping and movement.goes_by_pages:
            return True
        return (movement.is_uneven or movement.is_overlapping) and union.is_below(movement.total)

    def _watched(self, watch: Watch) -> tuple[Watch, PaginationSettings, PageSizes, Room, Room]:
        return watch, self._pagination, self._sizes, *self._rooms
