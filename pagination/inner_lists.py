"""Lists within the elements of a list, such as the issues of each repository: are they whole?

    .data.repos.nodes[].issues.nodes[]

No request asks for the rest of such a list, so that an element that speaks of more makes a doubt.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from formats.messages import is_evident_error
from formats.paths import Step, walk
from pagination import dialects
from pagination.counts import counts_in
from pagination.holders import Holder, inside
from pagination.spellings import every_spelling, with_attributes
from pagination.witness import Evidence, Rank, Sign, is_below, signs_of_inner_list, signs_of_record

_PAGING_NEIGHBOURS = with_attributes(every_spelling(dialects.PAGING_NEIGHBOURS, ""))

type Way = Sequence[Step | None]
"""The keys from an element to its list; None stands for each element of a list between."""


class _Inner(NamedTuple):
    """The object that holds a list within an element; it may be that element, a record itself."""

    holder: Holder
    found: Any
    is_record: bool


def cut_within(
    elements: Iterable[Any], way: Way, prefix: str, ignored: Iterable[str]
) -> Sign | None:
    """Return what says that a list within one of some elements is not whole; None without it.

    Inputs: `way` leads from each to its list, `prefix` to the elements; `ignored` are places that
    do not speak of lists. Sample: `issues.pageInfo.hasNextPage is true` of
    `{"issues": {"nodes": [], "pageInfo": {"hasNextPage": true}}}`.
    """
    ignored = tuple(ignored)
    for element in elements:
        for inner in _inner_lists(element, way, prefix):
            signs = [sign for sign in _signs_of(inner) if not is_below(sign.place, ignored)]
            whole = [sign for sign in signs if sign.rank > Rank.CUT]
            sign = next((sign for sign in signs if sign.rank <= Rank.CUT), None)
            sign = sign or Evidence(tuple(whole)).leading() or _total_of(inner, ignored)
            if sign and sign.more:
                return sign
    return None


def message_within(
    elements: Iterable[Any], way: Way, prefix: str, ignored: Iterable[str]
) -> Sign | None:
    """Return the place of an error in place of a list within one of some elements; None without.

    What an element itself says is that of a record. Inputs: as for `cut_within`.
    """
    ignored = tuple(ignored)
    for element in elements:
        for inner in _inner_lists(element, way, prefix):
            value, place = inner.holder.value, inner.holder.prefix.removesuffix(".")
            if inner.found or inner.is_record or not is_evident_error(value):
                continue
            if not is_below(place, ignored):
                return Sign(Rank.PARTIAL, place, more=True, said="speaks of an error")
    return None


def _signs_of(inner: _Inner) -> Iterator[Sign]:
    first, *others = inside(inner.holder)
    yield from (signs_of_record if inner.is_record else signs_of_inner_list)(first)
    for holder in others:
        yield from signs_of_inner_list(holder)


def _total_of(inner: _Inner, ignored: tuple[str, ...]) -> Sign | None:
    """Return the total that says more than an inner list has, and no other one that fits it."""
    if inner.is_record or not isinstance(inner.found, list):
        return None
    length = len(inner.found)
    counts = [
        one
        for holder in inside(inner.holder)
        for one in counts_in([holder], {})
        if one.unit == "items" and one.number >= length and not is_below(one.place, ignored)
        if not _may_be_sum(one.place, holder)
    ]
    least = min(counts, key=lambda one: one.number, default=None)
    if least is None or least.number == length:
        return None
    return Sign(Rank.TOTAL, least.place, more=True, said=f"is {least.number}, beside {length}")


def _may_be_sum(place: str, holder: Holder) -> bool:
    """Return whether a number is called `total` alone, as that of an order beside its lines is."""
    name = place.rpartition(".")[2].lstrip("@").lower()
    return name == dialects.BARE_TOTAL and _PAGING_NEIGHBOURS.isdisjoint(holder.value)


def _inner_lists(element: Any, way: Way, prefix: str) -> Iterator[_Inner]:
    value, place = element, prefix
    for position, step in enumerate(way):
        if step is None:
            for each in value if isinstance(value, list) else ():
                yield from _inner_lists(each, way[position + 1 :], place)
            return
        is_last = position + 1 == len(way) or way[position + 1] is None
        if is_last and isinstance(value, dict):
            held = value.get(step)
            if held is None or isinstance(held, list):
                yield _Inner(Holder(value, place, step), held, is_record=position == 0)
        value, place = walk(value, [step])[1], f"{place}{step}."
