"""The values that pagination works with; nothing here or beside it touches the network."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from messages import ApiRequest


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, as pagination sees it.

    `items` are what data_path found; `received` is how many records the API sent (None when the
    answer is a single object); `beside` is the object that holds the items, where totals stand;
    `fingerprint` is equal for equal bodies.
    """

    request: ApiRequest
    headers: Mapping[str, str]
    body: Any
    items: list[Any]
    received: int | None
    beside: Any
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What an answer itself says about further pages; `more` is None when it says nothing."""

    more: bool | None = None
    reason: str = ""


SILENT = Statement()


class Strategy(ABC):
    """How one family of APIs is asked for pages.

    `parameter` is the query parameter or setting that the API would have to honour, for errors.
    `counts` tells whether the number of items says something about the end.
    """

    parameter: str
    counts: bool = False

    @abstractmethod
    def first(self, request: ApiRequest) -> ApiRequest:
        """The request for the first page."""

    @abstractmethod
    def statement(self, page: Page) -> Statement:
        """What the answer says itself, beyond settings that name a path."""

    def is_named(self, page: Page) -> bool:
        """Whether the answer has the place where the way on would stand, be it empty."""
        return False

    @abstractmethod
    def following(self, page: Page) -> ApiRequest | None:
        """The request for the page after this one; None when the answer gives no address.

        Raises:
            PaginationError: what should be an address cannot be one.
        """
