"""The strategy of each pagination type: its next request, and the usual markers of answers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import get_original_bases
from typing import Any, ClassVar, get_args

import httpx

from api_messages import ApiRequest, Where
from errors import PaginationError
from expressions.evaluator import Column
from expressions.item_expressions import ItemExpression
from formats.json_values import kind_of
from formats.paths import Step
from pagination.blanks import Blank
from pagination.cursors import CursorValue, cursors_of
from pagination.link_headers import parse_link_header
from pagination.lookup import any_says_more, find, steps_of
from pagination.next_requests import SETTING, NextRequests, places_read_by
from pagination.page import SILENT, Page, Statement
from pagination.witness import Rank, is_link, next_link_in
from settings.pagination import (
    AskedSettings,
    CursorSettings,
    CustomSettings,
    HeaderLinkSettings,
    NextLinkSettings,
    OffsetSettings,
    PageNumberSettings,
    PaginationSettings,
    SingleRequestSettings,
)

_STRATEGIES: dict[type[PaginationSettings], type["Strategy[Any]"]] = {}


def create_strategy(settings: PaginationSettings, base_url: str = "") -> "Strategy[Any]":
    """Return a fresh strategy for one endpoint, of the class that is for these settings.

    Inputs: `base_url`, which the endpoints that a user's expression gives are below.
    """
    return _STRATEGIES[type(settings)](settings, base_url)


class Strategy[Settings: PaginationSettings](ABC):
    """The way in which a pagination type asks for pages; a subclass names its settings.

    Strategies count as they go, so that each endpoint gets one of its own. `parameter` is the
    query parameter or setting that the API would have to honour, for errors. `counts` tells
    whether the number of items says something about the end; `rank`, what an answer denies where
    it lacks the way on; `most_empty`, how many empty pages are passed over while more is promised.
    """

    parameter: str
    counts: ClassVar[bool] = False
    rank: ClassVar[Rank | None] = None
    most_empty: ClassVar[int] = 3
    # Whether the next page begins after as many records as were received.
    goes_by_received: ClassVar[bool] = False
    # The setting that says where the first page begins.
    start_setting: ClassVar[str] = ""
    # How many records an empty page was taken for, at most.
    passed_over: int = 0

    def __init_subclass__(cls) -> None:
        for base in get_original_bases(cls):
            _STRATEGIES.update((kind, cls) for kind in get_args(base) if isinstance(kind, type))

    def __init__(self, settings: Settings, base_url: str = "") -> None:
        self._settings = settings
        self._base_url = base_url

    @property
    def column(self) -> Column | None:
        """The expression of the user whose outputs a page must carry as `told`, if any."""
        return None

    def seen(self, page: Page, number: int, received: int) -> Any:
        """Return what that expression is evaluated on; None where there is nothing.

        Inputs: `number`, that of the page, from 1; `received`, how many items came so far.
        """
        return page.last_item

    def needs_list(self, path: Sequence[Step]) -> bool:
        """Return whether it looks at the list at a path of a body, which cannot come in pieces."""
        return False

    def first(self, request: ApiRequest) -> ApiRequest:
        """Return the request for the first page."""
        return request

    @property
    def no_way(self) -> str:
        """The reason that is told where an answer does not lead further, such as `no next link`."""
        return f"no {self._settings.type.replace('_', ' ')}"

    @property
    def start(self) -> int:
        """The number or offset that is asked for first; 0 where there can be none before it."""
        return 0

    def followed(self, page: Page) -> frozenset[str]:
        """Return the places of an answer that the way on is taken from."""
        return frozenset()

    def judged(self, page: Page) -> frozenset[str]:
        """Return the places of which the user says what they mean, also where they say more."""
        return frozenset()

    def statement(self, page: Page) -> Statement:
        """Return the answer's own statement, beyond settings that name a path."""
        return SILENT

    def is_named(self, page: Page) -> bool:
        """Return whether the answer has the place where the way on would stand, be it empty."""
        return False

    def ahead(self, request: ApiRequest, length: int, places: range) -> list[ApiRequest]:
        """Return the requests at these places after `request`, if pages bring `length` records.

        There are none where only the answer tells what the next request is.
        """
        return []

    def _says_more(self, page: Page, *paths: str) -> Statement:
        return any_says_more(page.body, paths, self._settings.ignored)

    @abstractmethod
    def following(self, page: Page) -> ApiRequest | None:
        """Return the request for the page after this one; None when the answer gives no address.

        Raises:
            PaginationError: what should be an address cannot be one.
        """


class AskingStrategy[Settings: AskedSettings](Strategy[Settings]):
    """A strategy that puts the way on, and the page size, where a request carries them."""

    def __init__(self, settings: Settings, base_url: str = "") -> None:
        super().__init__(settings, base_url)
        self.parameter = settings.param
        self._blank: Blank | None = None
        is_placed = settings.size_where == "placeholder" and settings.size_param
        self._numbers = {settings.size_param: settings.page_size} if is_placed else {}

    def _sized(self, request: ApiRequest) -> ApiRequest:
        """Return the request with the page size, if one is sent."""
        settings = self._settings
        if not settings.size_param:
            return request
        return self._put(request, settings.size_where, settings.size_param, settings.page_size)

    def _at(self, value: CursorValue, request: ApiRequest) -> ApiRequest:
        """Return the request for the page at an offset, number or cursor."""
        return self._put(request, self._settings.where, self._settings.param, value)

    def _put(self, request: ApiRequest, where: Where, name: str, value: Any) -> ApiRequest:
        if where == "placeholder":
            # Once filled, a request has no place for the next number.
            self._blank = self._blank or Blank(request, self._settings.placeholders)
            self._numbers[name] = value
            return self._blank.filled(self._numbers, request)
        try:
            return request.placed(where, name, value)
        except ValueError as error:
            raise PaginationError(f"{error}", advice="look at body and pagination.in") from None


class SingleRequest(Strategy[SingleRequestSettings]):
    """The way of `none`: one request."""

    parameter = "paginationType"

    @property
    def no_way(self) -> str:
        return "paginationType is none"

    def following(self, page: Page) -> ApiRequest | None:
        return None


class Offset(AskingStrategy[OffsetSettings]):
    """The way of `offset`: it is advanced by the number of records received."""

    counts = True
    goes_by_received = True
    start_setting = "startOffset"
    _stride = 0

    def __init__(self, settings: OffsetSettings, base_url: str = "") -> None:
        super().__init__(settings, base_url)
        self._offset = settings.start_offset

    def first(self, request: ApiRequest) -> ApiRequest:
        return self._sized(self._at(self._offset, request))

    @property
    def start(self) -> int:
        return self._settings.start_offset

    def statement(self, page: Page) -> Statement:
        return self._says_more(page, "has_more", "hasMore")

    def following(self, page: Page) -> ApiRequest | None:
        # An empty page is passed over by the length of the one before, which the server can send.
        self._stride = page.received or self._stride or self._settings.page_size
        if not page.received:
            self.passed_over = max(self.passed_over, self._stride)
        self._offset += self._stride
        return self._at(self._offset, page.request)

    def ahead(self, request: ApiRequest, length: int, places: range) -> list[ApiRequest]:
        return [self._at(self._offset + length * place, request) for place in places]


class PageNumber(AskingStrategy[PageNumberSettings]):
    """The way of `page`: pages are counted from `start_page` on."""

    counts = True
    start_setting = "startPage"

    def __init__(self, settings: PageNumberSettings, base_url: str = "") -> None:
        super().__init__(settings, base_url)
        self._number = settings.start_page

    def first(self, request: ApiRequest) -> ApiRequest:
        return self._sized(self._at(self._number, request))

    def statement(self, page: Page) -> Statement:
        return self._says_more(page, "next_page", "next", "hasMore", "has_more")

    @property
    def start(self) -> int:
        return self._settings.start_page

    def following(self, page: Page) -> ApiRequest | None:
        self._number += 1
        return self._at(self._number, page.request)

    def ahead(self, request: ApiRequest, length: int, places: range) -> list[ApiRequest]:
        return [self._at(self._number + place, request) for place in places]


class Cursor(AskingStrategy[CursorSettings]):
    """The way of `cursor`: each answer names the one for the next request."""

    rank = Rank.TOKEN
    most_empty = 100

    def __init__(self, settings: CursorSettings, base_url: str = "") -> None:
        super().__init__(settings, base_url)
        self._cursors = cursors_of(settings)

    @property
    def column(self) -> Column | None:
        expression = self._cursors.expression
        return Column(expression) if expression else None

    def first(self, request: ApiRequest) -> ApiRequest:
        return self._sized(request)

    def statement(self, page: Page) -> Statement:
        return self._says_more(page, "has_more", "hasMore", "meta.has_more")

    def following(self, page: Page) -> ApiRequest | None:
        cursor = self._cursors.next(page)
        return None if cursor is None else self._at(self._value_in(cursor), page.request)

    def is_named(self, page: Page) -> bool:
        return self._cursors.are_named(page)

    def followed(self, page: Page) -> frozenset[str]:
        return self._cursors.places

    def _value_in(self, cursor: CursorValue) -> CursorValue:
        """Return the cursor, or the parameter of a whole address that stands for it.

        Sample: `"https://api.example.com/v1/things?after=b7"` is `"b7"` where the parameter is
        `after`.
        """
        if isinstance(cursor, str) and "?" in cursor:
            inner = httpx.QueryParams(cursor.partition("?")[2]).get(self.parameter)
            return cursor if inner is None else inner
        return cursor


class NextLink(Strategy[NextLinkSettings]):
    """The way of `next_link`: the body or a header names the next address."""

    parameter = "nextLinkPath"
    rank = Rank.LINK

    def followed(self, page: Page) -> frozenset[str]:
        header = self._settings.next_link_header
        return frozenset({header.lower() if header else self._settings.next_link_path})

    def is_named(self, page: Page) -> bool:
        return self._find(page)[0]

    def following(self, page: Page) -> ApiRequest | None:
        link = self._find(page)[1]
        return _linked(page.request, link, self.parameter) if link else None

    def _find(self, page: Page) -> tuple[bool, Any]:
        header = (self._settings.next_link_header or "").lower()
        if not header:
            present, link = find(page.body, self._settings.next_link_path)
            link = [link] if is_link(link) else link
            # FHIR gives a list of links by relation.
            by_relation = isinstance(link, list) and all(isinstance(one, dict) for one in link)
            return present, next_link_in(link) if by_relation else link
        return header in page.headers, page.headers.get(header, "").strip()


class HeaderLink(Strategy[HeaderLinkSettings]):
    """The way of `header_link`: a `Link` header (RFC 8288) names the next address."""

    parameter = "headerLinkRel"
    rank = Rank.LINK

    def followed(self, page: Page) -> frozenset[str]:
        return frozenset({"Link"})

    def following(self, page: Page) -> ApiRequest | None:
        for target, relations in parse_link_header(page.headers.get("link", "")):
            if self._settings.header_link_rel.lower() in relations:
                return _linked(page.request, target, self.parameter)
        return None


class Custom(Strategy[CustomSettings]):
    """The way of `custom`: an expression of the user tells the next request of each answer."""

    parameter = SETTING
    most_empty = 100
    no_way = "next_request gives none"

    def __init__(self, settings: CustomSettings, base_url: str = "") -> None:
        super().__init__(settings, base_url)
        told = settings.next_request or ""
        self._column = Column(ItemExpression(told, SETTING), is_every=True)
        self._next = NextRequests(told, base_url, settings.param, settings.where)
        self._places = places_read_by(told)

    @property
    def column(self) -> Column | None:
        return self._column

    def seen(self, page: Page, number: int, received: int) -> Any:
        return self._next.seen(page, number, received)

    def needs_list(self, path: Sequence[Step]) -> bool:
        return self._next.needs_list(path)

    def followed(self, page: Page) -> frozenset[str]:
        # `."@odata".nextLink` is spelt like the key `@odata.nextLink`, and leads elsewhere.
        led = {name: steps_of(page.body, name) for name in self._places}
        return frozenset(
            name for name, keys in self._places.items() if not keys or led[name] in (None, keys)
        )

    def judged(self, page: Page) -> frozenset[str]:
        return self.followed(page)

    def following(self, page: Page) -> ApiRequest | None:
        if isinstance(page.told, ValueError):
            if page.is_empty and not page.matched:
                # What it means that the list is not there is judged elsewhere, and says more.
                return None
            raise PaginationError(f"next_request fails: {page.told}", advice=f"look at {SETTING}")
        return self._next.request(page.told, page.request)


def _linked(request: ApiRequest, link: Any, setting: str) -> ApiRequest:
    if not isinstance(link, str):
        raise PaginationError(f"the next link is {kind_of(link)} and no address", advice=setting)
    try:
        return request.following(link)
    except ValueError:
        raise PaginationError("the next link is no address", advice=setting) from None
