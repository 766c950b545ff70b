"""The values that pagination works with; nothing here or beside it touches the network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from api_messages import ApiRequest
from errors import EndpointError
from expressions.evaluator import Outputs
from formats.identifiers import mark_of
from formats.lists import Place, lists_in
from formats.paths import Step, walk
from outcomes import Doubt
from pagination.counts import Count, counts_in
from pagination.holders import Holder, holders_around, holders_in
from pagination.likeness import Likeness, common_likeness, likeness

# The place of the items among the lists of a body, of which none has such a key.
_ITEMS = ("", "items")


@dataclass(frozen=True)
class Page:
    """One answer, as pagination sees it.

    Names of `headers` are lower case. `count` is how many items data_path found, and `items` are
    these, unless they were too many to keep: then `digest` is equal for equal ones, `identities`
    for those with the same identifiers (None without any), and only `first_item` and `last_item`
    are there. `received` is how many records the API sent (None when the answer is a single
    object); `beside` is the object that holds the items, where totals stand; `fingerprint` is equal
    for equal bodies. Where there are no items, `matched` tells whether the
    list is there, `is_null` that it is null. `path` leads to the items, as far as data_path is a
    path; where that is all it is, and what it finds is what the API counts, the page `is_plain`.
    `sent` are the records of the API where data_path may leave out or change some; where it does
    not say which list they are, that `is_guess`. `size` is that of the items, in bytes.
    `told` is what an expression of the user, by which the strategy goes on, gives on this page.
    """

    request: ApiRequest
    headers: Mapping[str, str]
    body: Any
    items: list[Any]
    count: int
    received: int | None
    beside: Any
    fingerprint: bytes
    digest: bytes = b""
    first_item: Any = None
    last_item: Any = None
    identities: int | None = None
    matched: bool = True
    is_null: bool = False
    path: tuple[Step, ...] = ()
    is_plain: bool = True
    size: int = 0
    told: Outputs = ()
    sent: Sequence[Any] = ()
    is_guess: bool = False

    @cached_property
    def holders(self) -> list[Holder]:
        """Return the objects around the items, and in headers, which may speak of further pages."""
        around = holders_around(self.body, self.path, is_plain=self.is_plain)
        return [*around, *holders_in(self.headers)]

    @cached_property
    def counts(self) -> tuple[Count, ...]:
        """Return the numbers of items and pages that the answer itself gives."""
        return tuple(counts_in(self.holders, self.headers))

    @cached_property
    def lists(self) -> dict[Place, Sequence[Any]]:
        """Return all lists of the body, by their places."""
        return lists_in(self.body)

    @property
    def counted(self) -> bool:
        """Return whether there can be no more records than were `received`."""
        return not self.is_guess or len(self.sent) <= (self.received or 0)

    @property
    def is_object(self) -> bool:
        """Return whether the answer is one object, of which there are no pages."""
        return self.received is None and self.count > 0

    @property
    def is_empty(self) -> bool:
        """Return whether the API sent nothing, not even something that data_path leaves out."""
        return not self.count and not self.received

    @property
    def is_cut(self) -> bool:
        """Return whether a null stands above the list, in place of what holds it."""
        if self.matched or self.count:
            return False
        above = (self.path[:depth] for depth in range(len(self.path)))
        return any(walk(self.body, steps) == (True, None) for steps in above)

    def starts_with(self, item: Any) -> bool:
        """Return whether an answer that starts with this item may be the same once more."""
        return self.count > 0 and self.first_item == item

    def repeats(self, before: "Page") -> bool:
        """Return whether this answer, or its list of records, is the same as the one before."""
        if self.fingerprint == before.fingerprint:
            return True
        if not self.count or self.count != before.count:
            return False
        if self.digest != before.digest or self.items != before.items:
            return False
        # Items that are made of other records may be equal, and 1 and true are so in Python.
        is_same = self.lists == before.lists if self.is_guess else self.sent == before.sent
        return is_same and list(map(mark_of, self.items)) == list(map(mark_of, before.items))

    def likeness(self, before: "Page") -> Likeness | None:
        """Return in what the records differ from those before; None where they are others."""
        if self.is_guess:
            # Which of the lists are the records is not known, or they are in none.
            return common_likeness(
                {**before.lists, _ITEMS: before.items}, {**self.lists, _ITEMS: self.items}
            )
        return likeness(before.sent or before.items, self.sent or self.items)


@dataclass(frozen=True, slots=True)
class Statement:
    """The word of an answer itself on further pages; `more` is None when it says nothing.

    `place` is where it says so, and `said` what: `has_more` and `is true`.
    """

    more: bool | None = None
    place: str = ""
    said: str = ""

    @property
    def reason(self) -> str:
        """The statement in words, such as `has_more is true`."""
        return f"{self.place} {self.said}"


SILENT = Statement()


class Verdict(NamedTuple):
    """The decision on a page: hand its items on or drop them, ask for `request`, or end.

    An end may leave a `doubt`: something that speaks of more, and that no setting answers. It is
    `denied` where the answer itself says that there is no more. With an `error` the endpoint cannot
    be read to its end, but this page has arrived.
    """

    keep: bool
    request: ApiRequest | None = None
    reason: str = ""
    extra: bool = False
    doubt: Doubt | None = None
    error: EndpointError | None = None
    denied: bool = False

    @property
    def is_end(self) -> bool:
        """Return whether the endpoint ends here, and nothing speaks against that."""
        return self.request is None and self.doubt is None and self.error is None
