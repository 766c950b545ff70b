"""The account of a resource's records: each is handed on, or left out for one reason.

    received + added = handed on + left out

The log, `ocean-custom preview` and the documentation say it in these words.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why records are left out; the words stand behind their number."""

    REPEATED_PAGE = "on a page like the one before"
    READ_BEFORE = "read before"
    DATA_PATH = "by data_path"
    SHAPE = "by items_filter or emit"
    FILTER = "by filter"
    FILTER_FAILED = "where filter fails"
    REMOVED = "gone, as the API says"
    UNCHANGED = "not changed since"
    NO_VALUE = "without a value"
    REPEATED = "repeated"
    LIMIT = "beyond the limit"
    FAILED = "in what failed"


_BY_MAPPING = (
    Reason.DATA_PATH,
    Reason.SHAPE,
    Reason.FILTER,
    Reason.FILTER_FAILED,
    Reason.NO_VALUE,
)


@dataclass(slots=True)
class Account:
    """Counts the records of endpoints that share a template, or of fixed values.

    Of each endpoint one `ending` is counted. Sample of the text:

        1000 items received, 880 handed on, 120 left out (100 by items_filter or emit, 20 repeated)
    """

    received: int = 0
    added: int = 0
    handed_on: int = 0
    left_out: Counter[Reason] = field(default_factory=Counter)
    endpoints: int = 0
    pages: int = 0
    extra_requests: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    @property
    def undecided(self) -> int:
        """The records of which it is not known yet what becomes of them."""
        return self.received + self.added - self.handed_on - self.left_out.total()

    @property
    def is_narrowed(self) -> bool:
        """Return whether the mapping itself leaves out some of what arrived."""
        return any(self.left_out[reason] for reason in _BY_MAPPING)

    def step(self, before: int, after: int, reason: Reason) -> None:
        """Count a step from `before` records to `after`: fewer are left out, more are added."""
        self.added += max(0, after - before)
        if after < before:
            self.left_out[reason] += before - after

    def close(self, reason: Reason) -> None:
        """Count all that is undecided as left out, at the end of the reading."""
        if rest := self.undecided:
            self.left_out[reason] += rest

    @property
    def all_left_out(self) -> str:
        """The number left out and its parts, such as `, 3 left out (2 by filter, 1 repeated)`."""
        parts = ", ".join(f"{self.left_out[each]} {each}" for each in Reason if self.left_out[each])
        return f", {self.left_out.total()} left out ({parts})" if parts else ""

    def __str__(self) -> str:
        added = f", {self.added} added" if self.added else ""
        told = f"{self.received} items received{added}, {self.handed_on} handed on"
        return f"{told}{self.all_left_out}"
