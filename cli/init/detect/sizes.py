"""The parameter that sets the size of a page, and its value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.init.blocks import ASKED
from cli.init.detect.answers import Answer, Ask, Comparison, Questions, compare, same_run
from cli.init.detect.clues import sent_sizes, size_order, total_of

FULL_SIZE = 100
_SMALLER_SIZES = (50, 25, 10)
_LARGEST_TRIAL = 5


@dataclass(slots=True)
class Sizes:
    """A parameter that sets the page size, with the page that showed it; none without a name."""

    name: str = ""
    small: int = 0
    page: Answer | None = None

    @property
    def query(self) -> dict[str, str | int]:
        return {self.name: self.small} if self.name else {}


def find_size(first: Answer, sent: Mapping[str, str], hints: Sequence[str]) -> Questions[Sizes]:
    """Return the parameter that sets how many items a page has, shown by a smaller page."""
    if first.count < 2 or first.items is None:
        return Sizes()
    small = min(first.count // 2, _LARGEST_TRIAL)
    for name in size_order(first, [*sent, *hints]):
        answer = yield Ask({name: small})
        if answer.items is not None and same_run(first.items[:small], answer.items):
            return Sizes(name, small, answer)
    return Sizes()


def size_settings(
    sizes: Sizes, first_number: Mapping[str, str | int], kind: str, length: int = 0
) -> Questions[dict[str, Any]]:
    """Return sizeParam and pageSize, as far as the API honours them."""
    if not sizes.name:
        # The server's own size tells a full page from the last one.
        return {"pageSize": str(length)} if length and length != FULL_SIZE else {}
    settings: dict[str, Any] = (
        {} if sizes.name == ASKED[kind].size_param else {"sizeParam": sizes.name}
    )
    size = yield from _largest_size(sizes.name, first_number)
    return settings | ({"pageSize": str(size)} if size != FULL_SIZE else {})


def _largest_size(name: str, first_number: Mapping[str, str | int]) -> Questions[int]:
    """Return the size to ask for: 100, or less where the API refuses that or sends fewer."""
    for size in (FULL_SIZE, *_SMALLER_SIZES):
        answer = yield Ask({**first_number, name: size})
        if answer.items is None:
            continue
        total = total_of(answer)
        capped = total is not None and answer.count < min(size, total)
        return answer.count if capped and answer.count else size
    return _SMALLER_SIZES[-1]


def larger_pages(
    first: Answer, sizes: Sizes, link: str, hints: Sequence[str]
) -> Questions[dict[str, str | int]]:
    """Return a page size for the endpoint's own query, where links page and the API honours one."""
    names = [sizes.name] if sizes.name else sent_sizes(link) or size_order(first, hints)[:3]
    for name in names:
        answer = yield Ask({name: FULL_SIZE})
        honoured = answer.count > first.count or (sizes.name and answer.count)
        if answer.items is not None and honoured:
            return {name: FULL_SIZE}
    return {}


def is_next(items: list[dict[str, Any]], known: list[dict[str, Any]], second: Answer) -> bool:
    """Return whether a second page follows: other items, those that must follow if known."""
    if compare(items, second) is not Comparison.FOLLOWS:
        return False
    got = second.listed[: len(known)]
    return same_run(known[: len(got)], got)
