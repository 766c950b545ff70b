"""The types of pagination: the name and the options of each, with types, defaults and form texts.

A type is a class here, a strategy in `pagination/` that is written for it, and its settings in
`.port/spec.yaml`. Everything else knows it by its class: the connection settings, the `pagination`
block with its form, and the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from api_messages import Where
from settings.types import FrozenSettings

Stop = Literal["auto", "empty_page", "short_page"]
type Marker = tuple[str, bool]

PAGINATION_TYPES: dict[str, type["PaginationSettings"]] = {}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a pagination type, as users see it.

    `setting` is its name among the connection settings; without one, only a `pagination` block has
    it. `least` is the least number, or the length of the shortest text. Of the options with the
    same `one_of`, a block may give one; `usual` is where an answer is looked at if none is given.
    Where the option names a marker in bodies, `says_more` is what one that is true says.
    """

    title: str
    description: str
    setting: str = ""
    least: int = 1
    one_of: str = ""
    usual: str = ""
    says_more: bool | None = None
    is_jq: bool = False


class PaginationSettings(BaseModel):
    """How the pages of an endpoint are asked for, and how answers tell whether there are more.

    A subclass with a `type` is the pagination type of that name; its options are the fields that
    are described by an `Option`. Here are those that every type with pages has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]

    page_size: int = 100
    total_path: Annotated[
        str | None,
        Option(
            "Total path",
            "Where the number of all items is in the body. Example: `paging.total`.",
            setting="total_path",
        ),
    ] = None
    stop: Annotated[
        Stop,
        Option(
            "Stop",
            "What ends the pages: `auto` weighs everything the API says, `empty_page` is "
            "only a page without items, `short_page` one below the page size. "
            "Example: `empty_page`.",
            one_of="end",
        ),
    ] = "auto"
    max_pages: Annotated[
        int | None,
        Option(
            "Most pages",
            "How many pages there may be; if there are more, the resource fails. Example: `1000`.",
        ),
    ] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "type" in vars(cls):
            PAGINATION_TYPES[cls.type] = cls

    @classmethod
    def options(cls) -> Mapping[str, Option]:
        """Return the options that the type has, by name; those of every type come last."""
        shared = _described(PaginationSettings)
        own = {name: each for name, each in _described(cls).items() if name not in shared}
        return own | shared

    @property
    def marker(self) -> Marker | None:
        """Return the path of the marker to look at in bodies, and whether true means more.

        Sample: `("meta.has_more", True)`.
        """
        for name, option in self.options().items():
            if option.says_more is not None and (path := getattr(self, name)):
                return path, option.says_more
        return None


Param = Annotated[
    str,
    Option(
        "Parameter",
        "What carries the offset, page number or cursor. Example: `after`.",
        setting="pagination_param",
    ),
]
SizeParam = Annotated[
    str,
    Option(
        "Size parameter",
        "What carries the page size; an empty text sends none. Example: `per_page`.",
        setting="size_param",
        least=0,
    ),
]
HasMorePath = Annotated[
    str | None,
    Option(
        "Has-more path",
        "What is true in the body where there is another page. Example: `has_more`.",
        setting="has_more_path",
        one_of="end",
        says_more=True,
    ),
]


class SingleRequestSettings(PaginationSettings):
    """`none`: the first answer is all there is."""

    type = "none"

    @classmethod
    def options(cls) -> Mapping[str, Option]:
        """Return no options."""
        return {}


class AskedSettings(PaginationSettings):
    """A type that asks for each page: `param` carries which one, `size_param` how long it may be.

    `where` and `size_where` are the parts of the request that carry them.
    """

    page_size: Annotated[
        int,
        Option("Page size", "Items asked for per page. Example: `50`.", setting="page_size"),
    ] = 100
    param: Param
    size_param: SizeParam
    where: Annotated[
        Where,
        Option(
            "In",
            "Which part of the request carries the parameter: `query`, `header` or `body`, "
            "where its name is a path of keys. Example: `body`.",
        ),
    ] = "query"
    size_where: Annotated[
        Where,
        Option("Size in", "The same for the size parameter; unset, as `in`. Example: `query`."),
    ] = "query"


class OffsetSettings(AskedSettings):
    """`offset`: `?offset=0&limit=100`, then advanced by the number of records received."""

    type = "offset"

    param: Param = "offset"
    size_param: SizeParam = "limit"
    has_more_path: HasMorePath = None


class PageNumberSettings(AskedSettings):
    """`page`: `?page=1&size=100`, then the next number."""

    type = "page"

    param: Param = "page"
    size_param: SizeParam = "size"
    start_page: Annotated[
        int,
        Option(
            "Start page",
            "First page number of type `page`. Example: `0`.",
            setting="start_page",
            least=0,
        ),
    ] = 1
    has_more_path: HasMorePath = None
    last_page_path: Annotated[
        str | None,
        Option(
            "Last-page path",
            "What is true in the body of the last page. Example: `meta.last`.",
            setting="last_page_path",
            one_of="end",
            says_more=False,
        ),
    ] = None


class CursorSettings(AskedSettings):
    """`cursor`: the first request has none; each answer names the cursor for the next."""

    type = "cursor"

    param: Param = "cursor"
    size_param: SizeParam = "limit"
    cursor_path: Annotated[
        str | None,
        Option(
            "Cursor path",
            "Where the next cursor is in the body. Example: `meta.next_cursor`.",
            setting="cursor_path",
            one_of="cursor",
            usual="next_cursor",
        ),
    ] = None
    cursor_header: Annotated[
        str | None,
        Option(
            "Cursor header",
            "Response header that holds the next cursor. Example: `X-Next-Token`.",
            one_of="cursor",
        ),
    ] = None
    cursor_item: Annotated[
        str | None,
        Option(
            "Cursor item",
            "JQ on the last item of a page that gives the next cursor. Example: `.id`.",
            one_of="cursor",
            is_jq=True,
        ),
    ] = None
    has_more_path: HasMorePath = None


class NextLinkSettings(PaginationSettings):
    """`next_link`: the body or a header names the next address, absolute or relative."""

    type = "next_link"

    next_link_path: Annotated[
        str,
        Option(
            "Next-link path",
            "Where the next address is in the body. Example: `links.next`.",
            setting="next_link_path",
            one_of="next link",
            usual="@odata.nextLink",
        ),
    ] = "@odata.nextLink"
    next_link_header: Annotated[
        str | None,
        Option(
            "Next-link header",
            "Response header that holds the next address. Example: `Next-Page`.",
            one_of="next link",
        ),
    ] = None


class HeaderLinkSettings(PaginationSettings):
    """`header_link`: a `Link` header (RFC 8288) names the next address."""

    type = "header_link"

    header_link_rel: Annotated[
        str,
        Option(
            "Header-link rel",
            "The `rel` of the link in the `Link` header. Example: `next`.",
            setting="header_link_rel",
        ),
    ] = "next"


def _described(kind: type[PaginationSettings]) -> dict[str, Option]:
    return {
        name: option
        for name, field in kind.model_fields.items()
        for option in field.metadata
        if isinstance(option, Option)
    }


def _all_options() -> dict[str, Option]:
    """Return the options of all types, each between those that surround it in its own type."""
    found: dict[str, Option] = {}
    order: list[str] = []
    for kind in PAGINATION_TYPES.values():
        found |= kind.options()
        place = len(order)
        for name in reversed([*kind.options()]):
            if name in order:
                place = order.index(name)
            else:
                order.insert(place, name)
    return {name: found[name] for name in order}


OPTIONS = _all_options()
TYPE_NAME: Any = Literal.__getitem__(tuple(PAGINATION_TYPES))


def value_type(name: str) -> tuple[Any, dict[str, Any]]:
    """Return the type of an option and its limits, as pydantic's `Field` takes them.

    Sample: `(int | None, {"ge": 1})` for `page_size`.
    """
    kinds = PAGINATION_TYPES.values()
    own: Any = next(k.model_fields[name].annotation for k in kinds if name in k.options())
    least = OPTIONS[name].least
    limits: dict[Any, dict[str, Any]] = {int: {"ge": least}, str: {"min_length": least or None}}
    return own | None, next((limits[each] for each in limits if own in (each, each | None)), {})


def _with_options[Model: BaseModel](model: type[Model]) -> type[Model]:
    fields: dict[str, Any] = {"pagination_type": (TYPE_NAME, "none")}
    for name, option in OPTIONS.items():
        if option.setting:
            annotation, limits = value_type(name)
            fields[option.setting] = (annotation, Field(default=None, **limits))
    return create_model(model.__name__, __base__=model, __module__=__name__, **fields)


@_with_options
class ConnectionPagination(FrozenSettings):
    """The connection settings for pagination: its type, and those options that are settings."""

    @property
    def chosen(self) -> PaginationSettings:
        """Return the settings of the type, with its defaults for what is not set."""
        given = self.model_dump(exclude_none=True)
        kind = PAGINATION_TYPES[given["pagination_type"]]
        return kind(
            **{
                name: given[option.setting]
                for name, option in OPTIONS.items()
                if name in kind.model_fields and option.setting in given
            }
        )
