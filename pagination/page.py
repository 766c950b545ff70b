"""The values that pagination works with; nothing here or beside it touches the network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, NamedTuple

from api_messages import ApiRequest
from errors import EndpointError
from expressions.evaluator import Outputs
from formats.lists import EACH, Place, lists_in, place_of
from formats.paths import Step, walk
from outcomes import Doubt
from pagination.counts import Count, counts_in
from pagination.holders import Holder, holders_around
from pagination.likeness import common_difference, difference


@dataclass(frozen=True)
class Page:
    """One answer, as pagination sees it.

    Names of `headers` are lower case. `count` is how many items data_path found, and `items` are
    these, unless they were too many to keep: then `digest` is equal for equal ones, `identities`
    for those with the same identifiers (None without any), and only `first_item` and `last_item`
    are there. `received` is how many records the API sent (None when
    the answer is a single object); `beside` is the object that holds the items, where totals stand;
    `fingerprint` is equal for equal bodies. Where there are no items, `matched` tells whether the
    list is there, `is_null` that it is null. `path` leads to the items, as far as data_path is a
    path; where that is all it is, and what it finds is what the API counts, the page `is_plain`.
    `sent` are the records of the API where data_path may leave out or change some, as far as can be
    told; `counted` tells whether `received` is how many. `size` is that of the items, in bytes.
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
    counted: bool = True

    @cached_property
    def holders(self) -> list[Holder]:
        """Return the objects around the items, which may speak of further pages."""
        # Where data_path does not say where its list is, it is that of the records.
        found = () if self.path or self.is_plain else self.record_place or ()
        path = self.path or tuple(takewhile(EACH.__ne__, found))
        return holders_around(self.body, path, is_plain=self.is_plain)

    @cached_property
    def counts(self) -> tuple[Count, ...]:
        """Return the numbers of items and pages that the answer itself gives."""
        return tuple(counts_in(self.holders, self.headers))

    @cached_property
    def record_place(self) -> Place | None:
        """The place in the body of the records that were `sent`; None where there are none."""
        return place_of(self.sent[0], self.body) if self.sent else None

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
        return self.count > 0 and difference([self.first_item], [item]) is not None

    def repeats(self, before: "Page") -> bool:
        """Return whether this answer, or its list of records, is the same as the one before."""
        if self.fingerprint == before.fingerprint:
            return True
        if not self.count or self.count != before.count:
            return False
        if self.digest != before.digest or self.items != before.items:
            return False
        # Items that are made of other records may be equal.
        return not self.sent or self.difference(before) == frozenset()

    def difference(self, before: "Page") -> frozenset[str] | None:
        """Return the fields in which the records differ from those before; None for other records.

        Of pages of which the records were too many to keep, the name of the fields is empty.
        """
        if self.digest:
            is_same = self.received == before.received and self.identities == before.identities
            known = self.identities is not None and is_same
            return frozenset({""} if self.digest != before.digest else ()) if known else None
        if self.sent and not self.counted:
            return common_difference(lists_in(before.body), lists_in(self.body))
        return difference(before.sent or before.items, self.sent or self.items)


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
