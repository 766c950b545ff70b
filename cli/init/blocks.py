"""Pagination as it was detected, written as a `pagination` block of the mapping."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from mapping.fields.pagination import PaginationConfig, spelt
from settings.pagination import (
    OPTIONS,
    PAGINATION_TYPES,
    AskedSettings,
    PaginationSettings,
    SingleRequestSettings,
)

# The types that ask for each page, with their defaults.
ASKED = {
    name: settings
    for name, kind in PAGINATION_TYPES.items()
    if isinstance(settings := kind(), AskedSettings)
}
# The options of a block by the names that connection settings have, or that they would have.
_OPTIONS = {"paginationType": "type"} | {
    to_camel(option.setting or spelt(name)): name for name, option in OPTIONS.items()
}
_ONLY_IN_BLOCKS = frozenset(
    to_camel(spelt(name)) for name, option in OPTIONS.items() if not option.setting
)


def needs_block(settings: Mapping[str, Any]) -> bool:
    """Return whether connection settings cannot say it: options of blocks, no size parameter."""
    return bool(_ONLY_IN_BLOCKS & settings.keys()) or settings.get("sizeParam") == ""


def block_of(settings: Mapping[str, Any]) -> Any:
    """Return the block, complete in itself; one that is only a type is its type.

    Sample: `{"paginationType": "offset"}` gives
    `{"type": "offset", "param": "offset", "size_param": "limit", "page_size": 100}`.
    """
    given = _plain(settings)
    kind = given["type"]
    effective = pagination_of(settings)
    asked = ("param", "size_param", "page_size") if kind in ASKED else ()
    block = {"type": kind, **{name: getattr(effective, name) for name in asked}, **given}
    options = PAGINATION_TYPES[kind].options()
    known = {options[name].one_of for name in options if name in block}
    for name, option in options.items():
        # The connection may have another way on than the usual one.
        if option.usual and option.one_of not in known:
            block[name] = option.usual
    return kind if len(block) == 1 else {spelt(name): value for name, value in block.items()}


def pagination_of(settings: Mapping[str, Any]) -> PaginationSettings:
    """Return the pagination that a sync makes of settings."""
    connection = SingleRequestSettings()
    given = _plain(settings)
    return PaginationConfig.parse_obj(given).over(connection, "pagination") if given else connection


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a block by the names of its fields, with numbers as such.

    Sample: `{"paginationType": "page", "pageSize": "50"}` gives
    `{"type": "page", "page_size": 50}`.
    """
    named = {_OPTIONS[name]: value for name, value in settings.items() if name in _OPTIONS}
    block = PaginationConfig.parse_obj(named)
    return {name: getattr(block, name) for name in named}
