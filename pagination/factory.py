"""From settings to a strategy; a new paginationType is one line here."""

from collections.abc import Callable

from pagination.page import Strategy
from pagination.strategies import Cursor, HeaderLink, NextLink, Offset, PageNumber, SingleRequest
from settings.pagination import PaginationSettings


def create_strategy(settings: PaginationSettings) -> Strategy:
    """A fresh strategy for one endpoint; strategies count as they go and are not shared."""
    return _STRATEGIES[settings.type](settings)


_STRATEGIES: dict[str, Callable[[PaginationSettings], Strategy]] = {
    "none": lambda _: SingleRequest(),
    "offset": Offset,
    "page": PageNumber,
    "cursor": Cursor,
    "next_link": NextLink,
    "header_link": HeaderLink,
}
