"""APIs that page a list of items, each in one of the usual ways."""

from collections.abc import Callable
from typing import Any

import httpx

type Page = Callable[[httpx.Request], Any]
# Makes an answer from the items of a page and the number of all items.
type Shape = Callable[[list[Any], int], Any]


def bare(items: list[Any], _total: int) -> Any:
    """The items alone, as a top-level array."""
    return items


def offsets(
    items: list[Any],
    *,
    cap: int = 1000,
    shape: Shape = bare,
    param: str = "offset",
    size: str = "limit",
) -> Page:
    """Honours `offset` and `limit`, but sends at most `cap` items."""

    def answer(request: httpx.Request) -> Any:
        start = int(request.url.params[param])
        length = min(int(request.url.params[size]), cap)
        return shape(items[start : start + length], len(items))

    return answer


def pages(
    items: list[Any], *, cap: int = 1000, first: int = 1, param: str = "page", size: str = "size"
) -> Page:
    """Honours `page` and `size`, but sends at most `cap` items."""

    def answer(request: httpx.Request) -> Any:
        length = min(int(request.url.params[size]), cap)
        start = (int(request.url.params[param]) - first) * length
        return items[start : start + length]

    return answer


def by_param(name: str, answers: dict[str | None, Any]) -> Page:
    """The answer that the value of a query parameter chooses; `None` where there is none."""

    def answer(request: httpx.Request) -> Any:
        return answers[request.url.params.get(name)]

    return answer
