"""Six ways in which REST APIs hand out long lists, over any sequence.

Sizes are honoured up to `LARGEST_PAGE` and then silently capped, as most APIs do.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.datastructures import URL

LARGEST_PAGE = 100

Size = Annotated[int, Query(ge=1, description=f"Items per page, at most {LARGEST_PAGE}.")]
Number = Annotated[int, Query(ge=1, description="Number of the page, from 1.")]
Offset = Annotated[int, Query(ge=0, description="How many items to skip.")]


class Page[Item](BaseModel):
    """`{"items": […], "page": 1, "size": 50, "total": 99, "hasMore": true}`."""

    items: Sequence[Item]
    page: int
    size: int
    total: int
    has_more: bool = Field(serialization_alias="hasMore")


class Slice[Item](BaseModel):
    """`{"data": […], "offset": 0, "limit": 50, "has_more": true}`."""

    data: Sequence[Item]
    offset: int
    limit: int
    has_more: bool


class CursorPage[Item](BaseModel):
    """`{"results": […], "next_cursor": "MTAw"}`; the last page has `null` there."""

    results: Sequence[Item]
    next_cursor: str | None


class ODataPage[Item](BaseModel):
    """`{"value": […], "@odata.nextLink": "https://…"}`; the last page has no link."""

    value: Sequence[Item]
    next_link: str | None = Field(default=None, serialization_alias="@odata.nextLink")


def page_of[Item](items: Sequence[Item], page: int, size: int) -> Page[Item]:
    """Return the `page`-th run of `size` items, with the total and whether another run follows."""
    size = min(size, LARGEST_PAGE)
    end = page * size
    return Page(
        items=items[end - size : end],
        page=page,
        size=size,
        total=len(items),
        has_more=end < len(items),
    )


def slice_of[Item](items: Sequence[Item], offset: int, limit: int) -> Slice[Item]:
    """Return `limit` items from `offset` on."""
    limit = min(limit, LARGEST_PAGE)
    end = offset + limit
    return Slice(data=items[offset:end], offset=offset, limit=limit, has_more=end < len(items))


def cursor_page_of[Item](items: Sequence[Item], cursor: str | None, limit: int) -> CursorPage[Item]:
    """Return `limit` items from where the opaque cursor points to.

    Raises:
        ValueError: the cursor was not made by this API.
    """
    start = _position(cursor) if cursor else 0
    end = start + min(limit, LARGEST_PAGE)
    return CursorPage(
        results=items[start:end], next_cursor=_cursor(end) if end < len(items) else None
    )


def odata_page_of[Item](
    items: Sequence[Item], url: URL, skip_token: int, top: int
) -> ODataPage[Item]:
    """Return `top` items from `skip_token` on; the link to the next keeps other parameters."""
    end = skip_token + min(top, LARGEST_PAGE)
    found = items[skip_token:end]
    if end >= len(items):
        return ODataPage(value=found)
    return ODataPage(value=found, next_link=str(url.include_query_params(**{"$skiptoken": end})))


def link_header(url: URL, page: int, size: int, total: int) -> str:
    """Return an RFC 8288 `Link` header: first, prev, next and last where they exist."""
    last = max(1, -(-total // min(size, LARGEST_PAGE)))
    targets = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}
    return ", ".join(
        f'<{url.include_query_params(page=number)}>; rel="{rel}"'
        for rel, number in targets.items()
        if 1 <= number <= last
    )


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("the cursor is not one of ours") from error
    prefix, _, position = text.partition(":")
    if prefix != "at" or not position.isdecimal():
        raise ValueError("the cursor is not one of ours")
    return int(position)
