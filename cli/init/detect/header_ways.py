"""Ways to the next page that stand in a header of the answer, other than `Link`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.init.detect.answers import Answer, Ask, Comparison, Paging, Questions, compare
from cli.init.detect.clues import LINK_VALUE, has_more_setting, is_cursor_name
from cli.init.detect.sizes import Sizes, find_size, larger_pages, size_settings

_WAY = re.compile(r"next|continu|cursor|locator|marker", re.IGNORECASE)
_OTHER = re.compile(r"^link$|prev|first|last|content-|security", re.IGNORECASE)
# What some APIs write where there is no next page.
_NOTHING = frozenset({"", "null", "0", "-1", "false"})
_TOKENS = ("continuationToken", "continuation", "after", "pageToken", "page_token", "nextToken")
_USUAL_PARAMS = ("page", "cursor", *_TOKENS, "next", "offset")


def header_ways(first: Answer, sizes: Sizes, hints: Sequence[str]) -> Questions[Paging | None]:
    """Detect pages by a header such as `X-Next-Page: 2` or `Next-Page: https://…`."""
    for name, value in _clues(first.headers):
        if LINK_VALUE.match(value):
            answer = yield Ask(url=value)
            if compare(first.listed, answer) is Comparison.FOLLOWS:
                query = yield from larger_pages(first, sizes, value, hints)
                settings = {"paginationType": "next_link", "nextLinkHeader": name}
                return Paging(settings, query, True, f"the header {name} leads to other items")
            continue
        for param in _params(name, hints):
            answer = yield Ask({**sizes.query, param: value})
            if compare(first.listed, answer) is Comparison.FOLLOWS:
                return (yield from _cursor(first, name, param, sizes, hints))
    return None


def _cursor(
    first: Answer, name: str, param: str, sizes: Sizes, hints: Sequence[str]
) -> Questions[Paging]:
    settings: dict[str, Any] = {
        "paginationType": "cursor",
        "paginationParam": param,
        "cursorHeader": name,
        **has_more_setting(first),
    }
    if not sizes.name:
        sizes = yield from find_size(first, {}, hints)
    settings |= (yield from size_settings(sizes, {}, "cursor")) if sizes.name else {"sizeParam": ""}
    return Paging(settings, {}, True, f"{param} with the header {name} brings other items")


def _clues(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if _WAY.search(name) and not _OTHER.search(name) and value.strip() not in _NOTHING:
            yield name, value.strip()


def _params(name: str, hints: Sequence[str]) -> list[str]:
    """Return names of the query parameter that takes what a header holds, the likeliest first."""
    words = [word for word in name.lower().split("-") if word not in ("x", "ms", "next")]
    hinted = [each for each in hints if is_cursor_name(each)]
    own = ["_".join(words), words[-1]] if words else []
    return list(dict.fromkeys([*hinted, *own, *_USUAL_PARAMS]))
