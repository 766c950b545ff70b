"""The types of pagination: the name and the options of each, with types, defaults and form texts.

A type is a class here, a strategy in `pagination/` that is written for it, and its settings in
`.port/spec.yaml`. Everything else knows it by its class: the connection settings, the `pagination`
block with its form, and the command line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

from api_messages import Where
from settings.marks import marked
from settings.places import PlaceError, place_of
from settings.types import FrozenSettings

Stop = Literal["auto", "empty_page", "short_page"]

PAGINATION_TYPES: dict[str, type["PaginationSettings"]] = {}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a pagination type, as users see it.

    `setting` is its name among the connection settings; without one, only a `pagination` block has
    it. `title` is what forms call it, if that is not its name. `least` is the least number, or the
    length of the shortest text. Of the options with the same `one_of`, a block may give one;
    `usual` is where an answer is looked at if none is given. Where the option names a marker in
    bodies, `says_more` is what one that is true says; `is_place` tells that it names a place there.
    The type cannot do without one that `is_required`.
    """

    description: str
    setting: str = ""
    title: str = ""
    least: int = 1
    one_of: str = ""
    usual: str = ""
    says_more: bool | None = None
    is_jq: bool = False
    is_place: bool = False
    is_required: bool = False


def option(description: str, *, default: Any = None, **about: Any) -> Any:
    """Return a field that users may give; for what else is said `about` it, see `Option`."""
    field = Field(default)
    field.metadata.append(Option(description, **about))
    return field


class PaginationSettings(BaseModel):
    """The way to ask for the pages of an endpoint, and to see from answers whether there are more.

    A subclass with a `type` is the pagination type of that name, and its options are those of its
    fields that `option` describes. Here are the ones that every type with pages has. Where nobody
    asks for a `page_size`, it still says what `stop: short_page` takes for short.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]

    page_size: int = 100
    total_path: str | None = option(
        "Where the number of all items is in the body. Example: `paging.total`.",
        setting="total_path",
        is_place=True,
    )
    stop: Stop = option(
        "What ends the pages: `auto` weighs everything the API says, `empty_page` is only a page "
        "without items, `short_page` one below the page size. Example: `empty_page`.",
        default="auto",
        one_of="end",
    )
    max_pages: int | None = option(
        "How many pages there may be; if there are more, the resource fails. Example: `1000`.",
        title="Most pages",
    )
    ignore_markers: tuple[str, ...] = option(
        "Places of answers, or response headers, that do not speak of pages, whatever they are "
        "called. Example: `[meta.total, X-Total-Count]`.",
        default=(),
        title="Ignored markers",
    )
    # Whether pages are counted, so that a number may stand anywhere in a request.
    is_counted: ClassVar[bool] = False
    # Whether a selector itself says that one page is all that is wanted.
    is_one_page: bool = False
    # Whether equal requests are answered by different pages.
    stateful: bool = False

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "type" in vars(cls):
            PAGINATION_TYPES[cls.type] = cls

    def __copy__(self) -> Self:
        """Return a copy of the fields alone: `model_copy` may be about to change some."""
        copied = super().__copy__()
        for derived in vars(copied).keys() - type(self).model_fields.keys():
            del vars(copied)[derived]
        return copied

    @classmethod
    @cache
    def options(cls) -> Mapping[str, Option]:
        """Return the options that the type has, by name; those of every type come last."""
        shared = marked(PaginationSettings, Option)
        own = {name: each for name, each in marked(cls, Option).items() if name not in shared}
        return own | shared

    @classmethod
    def has_setting(cls, name: str) -> bool:
        """Return whether the connection setting of an option holds for this type."""
        own = cls.options().get(name)
        return name in cls.model_fields and (own is None or bool(own.setting))

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return the names of the options that the type cannot do without, and that are not set."""
        options = self.options()
        return tuple(
            name for name in options if options[name].is_required and not getattr(self, name)
        )

    @cached_property
    def ignored(self) -> tuple[str, ...]:
        """Return the places that do not speak of pages, in lower case: headers have no case."""
        plain = (place.removeprefix("$").removeprefix(".") for place in self.ignore_markers)
        return tuple(place.lower() for place in plain)

    @cached_property
    def places(self) -> Mapping[str, str]:
        """Return the places in bodies that are given, by the names of their options.

        Sample: `{"cursor_path": "meta.next"}`.
        """
        names = [name for name, each in self.options().items() if each.is_place]
        usual = {name: type(self).model_fields[name].default for name in names}
        given = {name: getattr(self, name) for name in names}
        return {name: path for name, path in given.items() if path and path != usual[name]}

    def with_plain_places(self) -> Self:
        """Return the same settings, with each place as it is read.

        Raises:
            PlaceError: names the option, and how to write its place.
        """
        changed = {}
        for name, path in self.places.items():
            try:
                place = place_of(path)
            except PlaceError as error:
                raise PlaceError(f"{name}: {error}") from None
            if place != path:
                changed[name] = place
        return self.model_copy(update=changed) if changed else self

    @cached_property
    def marker(self) -> tuple[str, bool] | None:
        """Return the path of the marker to look at in bodies, and whether true means more.

        Sample: `("meta.has_more", True)`.
        """
        for name, about in self.options().items():
            if about.says_more is not None and (path := getattr(self, name)):
                return path, about.says_more
        return None


class SingleRequestSettings(PaginationSettings):
    """`none`: the first answer is all there is."""

    type = "none"

    @classmethod
    @cache
    def options(cls) -> Mapping[str, Option]:
        """Return those that tell whether one page is all."""
        options = marked(PaginationSettings, Option)
        return {name: options[name] for name in ("total_path", "ignore_markers")}


Param = Annotated[
    str,
    option(
        "What carries the offset, page number or cursor. Example: `after`.",
        default=...,
        setting="pagination_param",
        title="Parameter",
    ),
]
SizeParam = Annotated[
    str,
    option(
        "What carries the page size; an empty text sends none. Example: `per_page`.",
        default=...,
        setting="size_param",
        title="Size parameter",
        least=0,
    ),
]
In = Annotated[
    Where,
    option(
        "Which part of the request carries the parameter: `query`, `header`, `body`, where its "
        "name is a path of keys, or `placeholder`, where it stands in braces. Example: `body`.",
        default="query",
        title="In",
    ),
]
HasMorePath = Annotated[
    str | None,
    option(
        "What is true in the body where there is another page. Example: `has_more`.",
        setting="has_more_path",
        is_place=True,
        title="Has-more path",
        one_of="end",
        says_more=True,
    ),
]
LastPagePath = Annotated[
    str | None,
    option(
        "What is true in the body of the last page. Example: `meta.last`.",
        is_place=True,
        title="Last-page path",
        one_of="end",
        says_more=False,
    ),
]


class AskedSettings(PaginationSettings):
    """A type that asks for each page: `param` carries which one, `size_param` how long it may be.

    `where` and `size_where` are the parts of the request that carry them.
    """

    page_size: int = option(
        "Items asked for per page. Example: `50`.", default=100, setting="page_size"
    )
    param: Param
    size_param: SizeParam
    where: In = "query"
    size_where: Where = option(
        "The same for the size parameter; unset, as `in`. Example: `query`.",
        default="query",
        title="Size in",
    )

    @property
    def placeholders(self) -> frozenset[str]:
        """Return the names of the placeholders of the request that pagination fills."""
        places = {(self.where, self.param), (self.size_where, self.size_param)}
        return frozenset(name for where, name in places if where == "placeholder" and name)


class OffsetSettings(AskedSettings):
    """`offset`: `?offset=0&limit=100`, then advanced by the number of records received."""

    type = "offset"
    is_counted = True

    param: Param = "offset"
    size_param: SizeParam = "limit"
    start_offset: int = option(
        "Offset of the first item; 1 where the API counts items from 1, as SCIM does. Example: "
        "`1`.",
        default=0,
        setting="start_offset",
        least=0,
    )
    has_more_path: HasMorePath = None
    last_page_path: LastPagePath = None


class PageNumberSettings(AskedSettings):
    """`page`: `?page=1&size=100`, then the next number."""

    type = "page"
    is_counted = True

    param: Param = "page"
    size_param: SizeParam = "size"
    start_page: int = option(
        "First page number of type `page`. Example: `0`.", default=1, setting="start_page", least=0
    )
    has_more_path: HasMorePath = None
    last_page_path: str | None = option(
        "What is true in the body of the last page. Example: `meta.last`.",
        setting="last_page_path",
        is_place=True,
        title="Last-page path",
        one_of="end",
        says_more=False,
    )


class CursorSettings(AskedSettings):
    """`cursor`: the first request has none; each answer names the cursor for the next."""

    type = "cursor"

    param: Param = "cursor"
    size_param: SizeParam = "limit"
    cursor_path: str | None = option(
        "Where the next cursor is in the body. Example: `meta.next_cursor`.",
        setting="cursor_path",
        is_place=True,
        one_of="cursor",
        usual="next_cursor",
    )
    cursor_header: str | None = option(
        "Response header that holds the next cursor. Example: `X-Next-Token`.", one_of="cursor"
    )
    cursor_item: str | None = option(
        "JQ on the last item of a page that gives the next cursor. Example: `.id`.",
        one_of="cursor",
        is_jq=True,
    )
    has_more_path: HasMorePath = None
    last_page_path: LastPagePath = None


class NextLinkSettings(PaginationSettings):
    """`next_link`: the body or a header names the next address, absolute or relative."""

    type = "next_link"

    next_link_path: str = option(
        "Where the next address is in the body. Example: `links.next`.",
        default="@odata.nextLink",
        setting="next_link_path",
        is_place=True,
        title="Next-link path",
        one_of="next link",
        usual="@odata.nextLink",
    )
    next_link_header: str | None = option(
        "Response header that holds the next address. Example: `Next-Page`.",
        title="Next-link header",
        one_of="next link",
    )
    last_page_path: LastPagePath = None


class HeaderLinkSettings(PaginationSettings):
    """`header_link`: a `Link` header (RFC 8288) names the next address."""

    type = "header_link"

    header_link_rel: str = option(
        "The `rel` of the link in the `Link` header. Example: `next`.",
        default="next",
        setting="header_link_rel",
        title="Header-link rel",
    )
    last_page_path: LastPagePath = None


class CustomSettings(PaginationSettings):
    """`custom`: an expression of the user says of each answer what is asked next.

    What it gives is nothing at the end, an address, an object of what changes in the request, or,
    where there is a `param`, a cursor that is put there.
    """

    type = "custom"

    param: Param = ""
    where: In = "query"
    next_request: str | None = option(
        "JQ on `{body, headers, request, items, page, received}` that gives what is asked next: an "
        "address, an object of what changes in the request, or null at the end. Example: "
        '`.body.link[] | select(.relation == "next") | .url`.',
        setting="next_request",
        is_jq=True,
        is_required=True,
    )
    stateful: bool = option(
        "Whether the API itself moves on with each request, so that equal ones give different "
        "pages, as Elasticsearch's scroll does. Example: `true`.",
        default=False,
    )


def _all_options() -> dict[str, Option]:
    """Return the options of all types, each between those that surround it in its own type."""
    found: dict[str, Option] = {}
    order: list[str] = []
    for kind in PAGINATION_TYPES.values():
        # As a setting, an option may be for some types only: what the block says is the same.
        found |= {
            name: each for name, each in kind.options().items() if each.setting or name not in found
        }
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
    for name, about in OPTIONS.items():
        if about.setting:
            annotation, limits = value_type(name)
            fields[about.setting] = (annotation, Field(default=None, **limits))
    return create_model(model.__name__, __base__=model, __module__=__name__, **fields)


@_with_options
class ConnectionPagination(FrozenSettings):
    """The connection settings for pagination: its type, and those options that are settings."""

    @property
    def chosen(self) -> PaginationSettings:
        """The settings of the type, with its defaults for what is not set."""
        given = self.model_dump(exclude_none=True)
        kind = PAGINATION_TYPES[given["pagination_type"]]
        return kind(
            **{
                name: given[about.setting]
                for name, about in OPTIONS.items()
                if kind.has_setting(name) and about.setting in given
            }
        )

    def missing(self) -> Iterator[str]:
        """Yield a line for each setting that the chosen type cannot do without."""
        for name in self.chosen.lacking:
            yield (
                f"{to_camel(OPTIONS[name].setting)}: is required with paginationType "
                f"{self.chosen.type}"
            )
