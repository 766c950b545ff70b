"""How pages are asked for, as the connection settings and a `pagination` block say it."""

from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict

from api_messages import Where

PaginationType = Literal["none", "offset", "page", "cursor", "next_link", "header_link"]
Stop = Literal["auto", "empty_page", "short_page"]

_PARAMS = {"offset": "offset", "page": "page", "cursor": "cursor"}
_SIZE_PARAMS = {"offset": "limit", "page": "size", "cursor": "limit"}
_NUMBERED = frozenset({"offset", "page"})
_ASKED = _NUMBERED | {"cursor"}
_PAGED = frozenset(get_args(PaginationType)) - {"none"}
# Which types an option is for; every other option is for all types.
OPTION_TYPES = {
    "page_size": _ASKED,
    "param": _ASKED,
    "size_param": _ASKED,
    "where": _ASKED,
    "size_where": _ASKED,
    "start_page": frozenset({"page"}),
    "cursor_path": frozenset({"cursor"}),
    "cursor_header": frozenset({"cursor"}),
    "cursor_item": frozenset({"cursor"}),
    "has_more_path": _ASKED,
    "last_page_path": frozenset({"page"}),
    "next_link_path": frozenset({"next_link"}),
    "next_link_header": frozenset({"next_link"}),
    "header_link_rel": frozenset({"header_link"}),
    "total_path": _PAGED,
    "stop": _PAGED,
    "max_pages": _PAGED,
}
# Of each group only one may say where the way on is.
ALTERNATIVES = (
    ("cursor_path", "cursor_header", "cursor_item"),
    ("next_link_path", "next_link_header"),
    ("has_more_path", "last_page_path", "stop"),
)


class PaginationSettings(BaseModel):
    """How pages are asked for, and where answers tell whether there are more.

    `where` is the part of a request that carries `param`, `size_where` the one that carries
    `size_param`, which is empty where none is sent. `cursor_item` is JQ on a page's last item.
    """

    model_config = ConfigDict(frozen=True)

    type: PaginationType = "none"
    page_size: int = 100
    param: str = ""
    size_param: str = ""
    where: Where = "query"
    size_where: Where = "query"
    start_page: int = 1
    cursor_path: str | None = None
    cursor_header: str | None = None
    cursor_item: str | None = None
    has_more_path: str | None = None
    last_page_path: str | None = None
    next_link_path: str = "@odata.nextLink"
    next_link_header: str | None = None
    header_link_rel: str = "next"
    total_path: str | None = None
    stop: Stop = "auto"
    max_pages: int | None = None

    @classmethod
    def of_type(cls, kind: PaginationType) -> Self:
        """The defaults of a type."""
        return cls(type=kind, param=_PARAMS.get(kind, ""), size_param=_SIZE_PARAMS.get(kind, ""))
