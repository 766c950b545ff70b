"""One strategy per paginationType: what is asked next, and which markers an answer may hold."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from api_messages import ApiRequest, Where
from errors import PaginationError
from formats.json_values import kind_of
from pagination.cursors import CursorValue, cursors_of
from pagination.lookup import any_says_more, find
from pagination.page import SILENT, Page, Statement, Strategy
from settings.pagination import PaginationSettings


class Asking:
    """Puts the way on, and the page size, where a request carries them."""

    def __init__(self, settings: PaginationSettings) -> None:
        self._settings = settings

    def sized(self, request: ApiRequest) -> ApiRequest:
        """The request with the page size, if one is sent."""
        settings = self._settings
        if not settings.size_param:
            return request
        return self._put(request, settings.size_where, settings.size_param, settings.page_size)

    def at(self, value: CursorValue, request: ApiRequest) -> ApiRequest:
        """The request for the page at an offset, number or cursor."""
        return self._put(request, self._settings.where, self._settings.param, value)

    def _put(self, request: ApiRequest, where: Where, name: str, value: Any) -> ApiRequest:
        try:
            return request.placed(where, name, value)
        except ValueError as error:
            raise PaginationError(f"{error}", advice="look at body and pagination.in") from None


class SingleRequest(Strategy):
    """`none`: the first answer is all there is."""

    parameter = "paginationType"

    def first(self, request: ApiRequest) -> ApiRequest:
        return request

    def statement(self, page: Page) -> Statement:
        return Statement(False, "paginationType is none")

    def following(self, page: Page) -> ApiRequest | None:
        return None


class Offset(Strategy):
    """`offset`: `?offset=0&limit=100`, then advanced by the number of records received."""

    counts = True

    def __init__(self, settings: PaginationSettings) -> None:
        self.parameter = settings.param
        self._ask = Asking(settings)
        self._offset = 0

    def first(self, request: ApiRequest) -> ApiRequest:
        self._offset = 0
        return self._ask.sized(self._ask.at(0, request))

    def statement(self, page: Page) -> Statement:
        return any_says_more(page.body, ("has_more", "hasMore"))

    def following(self, page: Page) -> ApiRequest | None:
        if not page.received:
            raise PaginationError(
                "the API says that there is more, but sent no items to count the offset by",
                advice="look at hasMorePath and paginationParam",
            )
        self._offset += page.received
        return self._ask.at(self._offset, page.request)

    def ahead(self, request: ApiRequest, length: int, places: range) -> list[ApiRequest]:
        offsets = (self._offset + length * place for place in places)
        return [self._ask.at(offset, request) for offset in offsets]


class PageNumber(Strategy):
    """`page`: `?page=1&size=100`, then the next number; startPage gives the first."""

    counts = True

    def __init__(self, settings: PaginationSettings) -> None:
        self.parameter = settings.param
        self._ask = Asking(settings)
        self._start = settings.start_page
        self._number = self._start

    def first(self, request: ApiRequest) -> ApiRequest:
        self._number = self._start
        return self._ask.sized(self._ask.at(self._start, request))

    def statement(self, page: Page) -> Statement:
        return any_says_more(page.body, ("next_page", "next", "hasMore", "has_more"))

    def following(self, page: Page) -> ApiRequest | None:
        self._number += 1
        return self._ask.at(self._number, page.request)

    def ahead(self, request: ApiRequest, length: int, places: range) -> list[ApiRequest]:
        numbers = (self._number + place for place in places)
        return [self._ask.at(number, request) for number in numbers]


class Cursor(Strategy):
    """`cursor`: the first request has none; each answer names the cursor for the next."""

    def __init__(self, settings: PaginationSettings) -> None:
        self.parameter = settings.param
        self._ask = Asking(settings)
        self._cursors = cursors_of(settings)

    def first(self, request: ApiRequest) -> ApiRequest:
        return self._ask.sized(request)

    def statement(self, page: Page) -> Statement:
        return any_says_more(page.body, ("has_more", "hasMore", "meta.has_more"))

    def following(self, page: Page) -> ApiRequest | None:
        cursor = self._cursors.next(page)
        return None if cursor is None else self._ask.at(self._value_in(cursor), page.request)

    def is_named(self, page: Page) -> bool:
        return self._cursors.are_named(page)

    def _value_in(self, cursor: CursorValue) -> CursorValue:
        """Where an API gives the next page's whole address, the cursor is a parameter of it."""
        if isinstance(cursor, str) and "?" in cursor:
            inner = httpx.QueryParams(cursor.partition("?")[2]).get(self.parameter)
            return cursor if inner is None else inner
        return cursor


class NextLink(Strategy):
    """`next_link`: the body or a header names the next address, absolute or relative."""

    parameter = "nextLinkPath"

    def __init__(self, settings: PaginationSettings) -> None:
        self._path = settings.next_link_path
        self._header = (settings.next_link_header or "").lower()

    def first(self, request: ApiRequest) -> ApiRequest:
        return request

    def statement(self, page: Page) -> Statement:
        return SILENT

    def is_named(self, page: Page) -> bool:
        return self._find(page)[0]

    def following(self, page: Page) -> ApiRequest | None:
        link = self._find(page)[1]
        return _linked(page.request, link, self.parameter) if link else None

    def _find(self, page: Page) -> tuple[bool, Any]:
        if not self._header:
            return find(page.body, self._path)
        return self._header in page.headers, page.headers.get(self._header, "").strip()


class HeaderLink(Strategy):
    """`header_link`: a `Link` header (RFC 8288) names the next address."""

    parameter = "headerLinkRel"

    def __init__(self, settings: PaginationSettings) -> None:
        self._rel = settings.header_link_rel.lower()

    def first(self, request: ApiRequest) -> ApiRequest:
        return request

    def statement(self, page: Page) -> Statement:
        return SILENT

    def following(self, page: Page) -> ApiRequest | None:
        for target, relations in parse_link_header(page.headers.get("link", "")):
            if self._rel in relations:
                return _linked(page.request, target, self.parameter)
        return None


# A link's target may hold commas and semicolons; a quoted parameter value may hold anything.
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)')
_LINK_PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?')


def parse_link_header(value: str) -> Iterator[tuple[str, set[str]]]:
    """Targets and their relation types, lower case, from a `Link` header (RFC 8288, section 3).

    Only the first `rel` of a link counts, as the RFC says. Anything unreadable is passed over.
    """
    for target, parameters in _LINK.findall(value):
        for name, quoted, token in _LINK_PARAMETER.findall(parameters):
            if name.lower() == "rel":
                yield target.strip(), set((quoted or token).lower().split())
                break


def _linked(request: ApiRequest, link: Any, setting: str) -> ApiRequest:
    if not isinstance(link, str):
        raise PaginationError(f"the next link is {kind_of(link)} and no address", advice=setting)
    try:
        return request.following(link)
    except ValueError:
        raise PaginationError("the next link is no address", advice=setting) from None
