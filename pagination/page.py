"""The values that pagination works with; nothing here or beside it touches the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api_messages import ApiRequest
from outcomes import Doubt


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, as pagination sees it.

    `count` is how many items data_path found, and `items` are these, unless they were too many to
    keep: then `digest` is equal for equal ones, and only `first_item` and `last_item` are there.
    `received` is how many records the API sent (None when the answer is a single object); `beside`
    is the object that holds the items, where totals stand; `fingerprint` is equal for equal bodies.
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

    @property
    def is_empty(self) -> bool:
        """Return whether the API sent nothing, not even something that data_path leaves out."""
        return not self.count and not self.received

    def starts_with(self, item: Any) -> bool:
        """Return whether an answer that starts with this item may be the same once more."""
        return self.count > 0 and self.first_item == item

    def repeats(self, before: "Page") -> bool:
        """Return whether this answer, or its list of items, is the same as the one before."""
        if self.fingerprint == before.fingerprint:
            return True
        if not self.count or self.count != before.count:
            return False
        return self.digest == before.digest and self.items == before.items


@dataclass(frozen=True, slots=True)
class Statement:
    """The word of an answer itself on further pages; `more` is None when it says nothing."""

    more: bool | None = None
    reason: str = ""


SILENT = Statement()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a page: hand its items on or drop them, ask for `request`, or end.

    An end may leave a `doubt`: something that speaks of more, and that no setting answers. It is
    `denied` where the answer itself says that there is no more: a marker, or a total that is
    reached.
    """

    keep: bool
    request: ApiRequest | None = None
    reason: str = ""
    extra: bool = False
    doubt: Doubt | None = None
    denied: bool = False
