"""The `pagination` block of a selector or path parameter, as a user writes it.

A pydantic.v1 model, as Ocean asks; the mapping form shows its titles and descriptions.
"""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic.v1 import BaseModel, Extra, Field, root_validator

from errors import SelectorError
from expressions.jq_expressions import compile_jq
from settings.pagination import ALTERNATIVES, OPTION_TYPES, PaginationSettings

# Fields whose own name Python does not allow.
_AS_WRITTEN = {"where": "in", "size_where": "size_in"}


class PaginationConfig(BaseModel):
    """How one endpoint is read to its end, in place of the connection's pagination settings."""

    type: Literal["none", "offset", "page", "cursor", "next_link", "header_link"] | None = Field(
        default=None,
        title="Type",
        description="How pages are asked for; unset, as paginationType says. Example: `cursor`.",
    )
    page_size: int | None = Field(
        default=None,
        alias="pageSize",
        ge=1,
        title="Page size",
        description="Items asked for per page. Example: `50`.",
    )
    param: str | None = Field(
        default=None,
        min_length=1,
        title="Parameter",
        description="What carries the offset, page number or cursor. Example: `after`.",
    )
    size_param: str | None = Field(
        default=None,
        alias="sizeParam",
        title="Size parameter",
        description="What carries the page size; an empty text sends none. Example: `per_page`.",
    )
    where: Literal["query", "header", "body"] | None = Field(
        default=None,
        alias="in",
        title="In",
        description="Which part of the request carries the parameter: `query`, `header` or `body`, "
        "where its name is a path of keys. Example: `body`.",
    )
    size_where: Literal["query", "header", "body"] | None = Field(
        default=None,
        alias="sizeIn",
        title="Size in",
        description="The same for the size parameter; unset, as `in`. Example: `query`.",
    )
    start_page: int | None = Field(
        default=None,
        alias="startPage",
        ge=0,
        title="Start page",
        description="First page number of type `page`. Example: `0`.",
    )
    cursor_path: str | None = Field(
        default=None,
        alias="cursorPath",
        min_length=1,
        title="Cursor path",
        description="Where the next cursor is in the body. Example: `meta.next_cursor`.",
    )
    cursor_header: str | None = Field(
        default=None,
        alias="cursorHeader",
        min_length=1,
        title="Cursor header",
        description="Response header that holds the next cursor. Example: `X-Next-Token`.",
    )
    cursor_item: str | None = Field(
        default=None,
        alias="cursorItem",
        min_length=1,
        title="Cursor item",
        description="JQ on the last item of a page that gives the next cursor. Example: `.id`.",
    )
    has_more_path: str | None = Field(
        default=None,
        alias="hasMorePath",
        min_length=1,
        title="Has-more path",
        description="What is true in the body where there is another page. Example: `has_more`.",
    )
    last_page_path: str | None = Field(
        default=None,
        alias="lastPagePath",
        min_length=1,
        title="Last-page path",
        description="What is true in the body of the last page. Example: `meta.last`.",
    )
    next_link_path: str | None = Field(
        default=None,
        alias="nextLinkPath",
        min_length=1,
        title="Next-link path",
        description="Where the next address is in the body. Example: `links.next`.",
    )
    next_link_header: str | None = Field(
        default=None,
        alias="nextLinkHeader",
        min_length=1,
        title="Next-link header",
        description="Response header that holds the next address. Example: `Next-Page`.",
    )
    header_link_rel: str | None = Field(
        default=None,
        alias="headerLinkRel",
        min_length=1,
        title="Header-link rel",
        description="The `rel` of the link in the `Link` header. Example: `next`.",
    )
    total_path: str | None = Field(
        default=None,
        alias="totalPath",
        min_length=1,
        title="Total path",
        description="Where the number of all items is in the body. Example: `paging.total`.",
    )
    stop: Literal["auto", "empty_page", "short_page"] | None = Field(
        default=None,
        title="Stop",
        description="What ends the pages: `auto` weighs everything the API says, `empty_page` is "
        "only a page without items, `short_page` one below the page size. Example: `empty_page`.",
    )
    max_pages: int | None = Field(
        default=None,
        alias="maxPages",
        ge=1,
        title="Most pages",
        description="How many pages there may be; if there are more, the resource fails. "
        "Example: `1000`.",
    )

    class Config:
        extra = Extra.forbid
        allow_population_by_field_name = True

    @root_validator(pre=True)
    def _spellings(cls, values: dict[str, Any]) -> dict[str, Any]:
        # `size_in` belongs to a field whose own name cannot be `in`.
        return {"sizeIn" if name == "size_in" else name: item for name, item in values.items()}

    @classmethod
    def validate(cls, value: Any) -> Self:
        """A block; one that is only a type is that type."""
        return super().validate({"type": value} if isinstance(value, str) else value)

    def over(self, connection: PaginationSettings, place: str) -> PaginationSettings:
        """These options, on those of the connection where the type is the same.

        Raises:
            SelectorError: an option is not for the type, or two contradict each other.
        """
        kind = self.type or connection.type
        given = {name: item for name, item in self._given().items() if name != "type"}
        for name in given:
            if kind not in OPTION_TYPES[name]:
                raise SelectorError(_misplaced(f"{place}.{spelt(name)}", kind, name))
        for group in ALTERNATIVES:
            if len(both := [name for name in group if name in given]) > 1:
                raise SelectorError(
                    f"{place}: {' and '.join(map(spelt, both))} contradict each other; give one"
                )
        if self.cursor_item:
            compile_jq(self.cursor_item, f"{place}.cursor_item")
        if self.where:
            given.setdefault("size_where", self.where)
        same = kind == connection.type
        base = connection if same else PaginationSettings.of_type(kind)
        return base.model_copy(update={**dict(_without_rivals(given)), **given})

    def _given(self) -> dict[str, Any]:
        return {name: item for name, item in self.dict().items() if item is not None}


def _without_rivals(given: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What of the connection's settings an option takes the place of."""
    fields = PaginationSettings.model_fields
    for group in ALTERNATIVES:
        if any(name in given for name in group):
            yield from ((name, fields[name].default) for name in group)


def _misplaced(place: str, kind: str, name: str) -> str:
    types = ", ".join(sorted(OPTION_TYPES[name]))
    return f"{place}: has no effect with type {kind}; it is for {types}"


def spelt(name: str) -> str:
    """The name of a field as users write it."""
    return _AS_WRITTEN.get(name, name)
