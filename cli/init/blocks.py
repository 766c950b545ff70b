"""Pagination as it was detected, written as a `pagination` block of the mapping."""

from collections.abc import Mapping
from typing import Any

from mapping.fields.pagination import PaginationConfig
from settings.pagination import OPTION_TYPES, PaginationSettings

# The options of a block by the names that connection settings have, or that they would have.
_OPTIONS = {
    "paginationType": "type",
    "paginationParam": "param",
    "sizeParam": "size_param",
    "pageSize": "page_size",
    "in": "in",
    "startPage": "start_page",
    "cursorPath": "cursor_path",
    "cursorHeader": "cursor_header",
    "cursorItem": "cursor_item",
    "hasMorePath": "has_more_path",
    "lastPagePath": "last_page_path",
    "nextLinkPath": "next_link_path",
    "nextLinkHeader": "next_link_header",
    "headerLinkRel": "header_link_rel",
    "totalPath": "total_path",
}
_ONLY_IN_BLOCKS = frozenset({"in", "cursorHeader", "cursorItem", "nextLinkHeader"})
_NUMBERS = frozenset({"page_size", "start_page"})
# Where the way on is by default; it is written down, because the connection may have another.
_DEFAULTS = {
    "cursor": ("cursor_path", "next_cursor", ("cursor_path", "cursor_header", "cursor_item")),
    "next_link": ("next_link_path", "@odata.nextLink", ("next_link_path", "next_link_header")),
}


def needs_block(settings: Mapping[str, Any]) -> bool:
    """Return whether connection settings cannot say it: options of blocks, or no size parameter."""
    return bool(_ONLY_IN_BLOCKS & settings.keys()) or settings.get("sizeParam") == ""


def block_of(settings: Mapping[str, Any]) -> Any:
    """Return the block, complete in itself; one that is only a type is its type.

    Sample: `{"paginationType": "offset"}` gives
    `{"type": "offset", "param": "offset", "size_param": "limit", "page_size": 100}`.
    """
    given = _plain(settings)
    kind = given["type"]
    effective = pagination_of(settings)
    asked = ("param", "size_param", "page_size") if kind in OPTION_TYPES["param"] else ()
    block = {"type": kind, **{name: getattr(effective, name) for name in asked}, **given}
    name, default, group = _DEFAULTS.get(kind, ("", "", ()))
    if name and not any(each in block for each in group):
        block[name] = default
    return kind if len(block) == 1 else block


def pagination_of(settings: Mapping[str, Any]) -> PaginationSettings:
    """Return the pagination that a sync makes of a block."""
    given = _plain(settings)
    if not given:
        return PaginationSettings()
    block = PaginationConfig.parse_obj(given)
    return block.over(PaginationSettings(), "pagination")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    named = {_OPTIONS[name]: value for name, value in settings.items() if name in _OPTIONS}
    return {name: int(value) if name in _NUMBERS else value for name, value in named.items()}
