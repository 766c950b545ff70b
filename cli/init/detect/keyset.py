"""Keyset pagination: the next page is asked for by what names the last item of this one."""

from collections.abc import Iterator, Sequence
from typing import Any

from cli.arrays import jq_path
from cli.init.detect.answers import Answer, Ask, Paging, Questions, naming_key, same_run
from cli.init.detect.clues import has_more_clue, has_more_setting, total_of
from cli.init.detect.sizes import Sizes, is_next, size_settings

_IDS = ("since_id", "max_id", "after_id", "last_id")
_PARAMS = ("starting_after", "after", *_IDS, "since", "startAfter", "exclusive_start_key")


def keyset(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    """Detect pages by a parameter such as `starting_after`, with a field of the last item.

    Asked for where documentation names the parameter, or the answer says that there is more.
    """
    page = sizes.page or first
    items = page.listed
    key = naming_key(items)
    if not items or not key:
        return None
    for param in _likely(page, hints):
        if (yield from _is_proven(param, key, first, items, sizes)):
            settings: dict[str, Any] = {
                "paginationType": "cursor",
                "paginationParam": param,
                "cursorItem": jq_path((key,)),
                **has_more_setting(page),
            }
            own = (yield from size_settings(sizes, {}, "cursor")) if sizes.name else None
            settings |= {"sizeParam": ""} if own is None else own
            why = f"{param}={jq_path((key,))} of the last item brings the items that follow"
            return Paging(settings, {}, True, why)
    return None


def _likely(page: Answer, hints: Sequence[str]) -> Iterator[str]:
    yield from (name for name in _PARAMS if name in hints)
    total = total_of(page)
    if has_more_clue(page) or (total is not None and total > page.count):
        yield from (name for name in _PARAMS if name not in hints)


def _is_proven(
    param: str, key: str, first: Answer, items: list[dict[str, Any]], sizes: Sizes
) -> Questions[bool]:
    """Return whether items follow the last one, and those after the first one are the rest."""
    known = first.listed[len(items) : 2 * len(items)]
    if not is_next(items, known, (yield Ask({**sizes.query, param: items[-1][key]}))):
        return False
    after_first = yield Ask({**sizes.query, param: items[0][key]})
    rest = after_first.items
    return rest is not None and same_run(items[1:], rest[: len(items) - 1])
