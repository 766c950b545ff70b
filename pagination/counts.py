"""The numbers of items or pages that an answer itself gives, beside its items or in headers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pagination import dialects
from pagination.holders import Holder
from pagination.spellings import every_spelling, with_attributes

_NAMES = {
    **every_spelling(dialects.TOTAL_NAMES, "items"),
    **every_spelling(dialects.PAGE_TOTALS, "pages"),
}
# Names that count where the number of the page stands beside them.
_NEIGHBOURS = with_attributes(every_spelling(dialects.PAGE_TOTALS_BESIDE.values(), ""))
_MONEY_NEIGHBOURS = with_attributes(dialects.MONEY_NEIGHBOURS)
_NAMES_BESIDE = {**_NAMES, **every_spelling(dialects.PAGE_TOTALS_BESIDE, "pages")}
_HEADERS = {
    **dict.fromkeys(dialects.TOTAL_HEADERS, "items"),
    **dict.fromkeys(dialects.PAGE_TOTAL_HEADERS, "pages"),
}
_RANGE = re.compile(r"(?!bytes\b)(?:[\w-]+[ =])?(?:\d+-\d+|\*)/(\d{1,19})", re.IGNORECASE)
_MOST_DIGITS = 20
# As in `9.0`, and `1,234`.
_WHOLE = re.compile(r"(\d{1,19})\.0+|(\d{1,3}(?:,\d{3}){1,5})")


class Count(NamedTuple):
    """A number that an answer gives, of `items` or `pages`."""

    unit: str
    number: int
    place: str


def counts_in(holders: Iterable[Holder], headers: Mapping[str, str]) -> Iterator[Count]:
    """Yield all that the usual names in these objects and headers say."""
    for holder in holders:
        if holder.value.keys().isdisjoint(_MONEY_NEIGHBOURS):
            yield from _in_holder(holder)
    if not headers.keys().isdisjoint(_HEADERS.keys()):
        for name, text in headers.items():
            if name in _HEADERS and (number := number_of(text)) is not None:
                yield Count(_HEADERS[name], number, name)
    if (number := total_in_range(headers)) is not None:
        yield Count("items", number, dialects.RANGE_HEADER)


def total_in_range(headers: Mapping[str, str]) -> int | None:
    """Return the total of a `Content-Range` header such as `items 0-9/20`; None without one."""
    text = headers.get(dialects.RANGE_HEADER)
    found = _RANGE.fullmatch(text.strip()) if text else None
    return int(found[1]) if found else None


def number_of(value: Any) -> int | None:
    """Return a number, or a text of one; None for anything else, and for what is below zero."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < _MOST_DIGITS:
        return int(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def number_told(value: Any) -> int | None:
    """Return the number that stands where settings say that one is, as `number_of` does.

    Other than under a usual name, which may be a sum of money, it may also be written `9.0`,
    `"1,234"` or `{"value": 9}`.
    """
    if isinstance(value, dict):
        value = value.get(dialects.TOTAL_VALUE)
    if isinstance(value, float | str):
        whole = _WHOLE.fullmatch(str(value).strip())
        value = int((whole[1] or whole[2]).replace(",", "")) if whole else value
    return number_of(value)


def _in_holder(holder: Holder) -> Iterator[Count]:
    names = _NAMES if holder.value.keys().isdisjoint(_NEIGHBOURS) else _NAMES_BESIDE
    for unit, place, value in holder.words(names):
        inner = value.get(dialects.TOTAL_VALUE) if isinstance(value, dict) else value
        if (number := number_of(inner)) is not None:
            yield Count(unit, number, place)
