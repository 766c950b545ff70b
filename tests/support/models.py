"""Model servers: an API as a pure function from a request to an answer, and a way to read it.

The models know nothing of `pagination`; they say how APIs behave, for better and for worse.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx
import jq

from api_messages import ApiRequest
from errors import StatusError
from expressions.evaluator import Outputs
from expressions.item_expressions import ItemExpression
from outcomes import Doubt
from pagination.page import Page, Verdict
from pagination.pager import Pager
from pagination.sizes import PageSizes
from settings.pagination import OPTIONS, PAGINATION_TYPES, PaginationSettings

BASE = "https://api.test/v1"
START = ApiRequest("GET", httpx.URL(f"{BASE}/things"))
MOST_REQUESTS = 400

type Item = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a model server says."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


type Server = Callable[[ApiRequest], Answer]


def numbered(count: int, start: int = 0) -> list[Item]:
    """Items that can be told apart."""
    return [{"id": number} for number in range(start, start + count)]


def settings_of(kind: str, page_size: int = 5, **others: Any) -> PaginationSettings:
    """Return the settings of a type; options that it does not have make no difference."""
    assert others.keys() <= OPTIONS.keys()
    own = {
        name: value for name, value in others.items() if name in PAGINATION_TYPES[kind].options()
    }
    return PAGINATION_TYPES[kind](page_size=page_size, **own)


class EndpointRead:
    """Reads one endpoint of a model server; `step` sends one request."""

    def __init__(
        self,
        server: Server,
        settings: PaginationSettings,
        sizes: PageSizes | None = None,
        choose: Callable[[list[Item]], list[Item]] = list,
        *,
        is_plain: bool = True,
        start: ApiRequest = START,
    ) -> None:
        self._server = server
        self._is_plain = is_plain
        self._choose = choose
        sizes = sizes or PageSizes(settings.page_size)
        self._pager = Pager(start, settings, sizes, BASE)
        self.next: ApiRequest | None = self._pager.request
        self.items: list[Item] = []
        self.asked: list[ApiRequest] = []
        self.extra = 0
        self.reason = ""
        self.doubts: list[Doubt] = []

    @property
    def ids(self) -> list[Any]:
        return [item["id"] for item in self.items]

    @property
    def requests(self) -> int:
        return len(self.asked)

    def step(self) -> None:
        """Send the next request and take the verdict.

        Raises:
            StatusError, PaginationError: as the integration would.
        """
        assert self.next is not None
        request = self.next
        self.asked.append(request)
        assert self.requests <= MOST_REQUESTS, "this never ends"
        answer = self._server(request)
        if answer.status >= 400:
            end = self._pager.refused(answer.status)
            if end is None:
                raise StatusError(answer.status, f"the API answered {answer.status}")
            self._take(end)
            return
        page = replace(page_of(request, answer, self._choose), is_plain=self._is_plain)
        if column := self._pager.column:
            seen = self._pager.seen(page)
            told = () if seen is None else outputs_of(column.expression, seen)
            page = replace(page, told=told)
        verdict = self._pager.receive(page)
        if verdict.keep:
            self.items += page.items
        self.extra += verdict.extra
        self._take(verdict)

    def _take(self, verdict: Verdict) -> None:
        self.next, self.reason = verdict.request, verdict.reason
        if verdict.doubt:
            self.doubts.append(verdict.doubt)
        if verdict.error:
            raise verdict.error

    def run(self) -> "EndpointRead":
        """Read to the end."""
        while self.next is not None:
            self.step()
        return self


def outputs_of(expression: ItemExpression, item: Any) -> Outputs:
    """Return what reading asks another process for, evaluated in this one."""
    try:
        return list(jq.compile(expression.program).input_value(item))
    except ValueError as error:
        return error


def page_of(
    request: ApiRequest, answer: Answer, choose: Callable[[list[Item]], list[Item]] = list
) -> Page:
    """An answer as pagination sees it; items are the body or what `items` of it holds."""
    found = answer.body["items"] if isinstance(answer.body, dict) else answer.body
    is_list = isinstance(found, list)
    items = choose(found) if is_list else [found]
    return Page(
        request=request,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=answer.body,
        items=items,
        path=("items",) if isinstance(answer.body, dict) else (),
        count=len(items),
        received=len(found) if is_list else None,
        beside=answer.body,
        fingerprint=json.dumps(answer.body, sort_keys=True).encode(),
        first_item=items[0] if items else None,
        last_item=items[-1] if items else None,
    )


def read(
    server: Server,
    settings: PaginationSettings,
    sizes: PageSizes | None = None,
    choose: Callable[[list[Item]], list[Item]] = list,
    *,
    is_plain: bool = True,
) -> EndpointRead:
    """Read a model server to its end."""
    return EndpointRead(server, settings, sizes, choose, is_plain=is_plain).run()


@dataclass
class Numbered:
    """An API that is asked by offset or by page number.

    `cap` is the most items per page whatever is asked for; `beyond` is the status of a page that
    would be empty; `total` and `marker` say what stands beside the items; `marks` are the values
    of the marker for "more" and "no more"; `lengths` makes pages of uneven length; `appended`
    items come into being after the first request.
    """

    items: list[Item]
    cap: int = 1000
    by: Literal["offset", "page"] = "page"
    start_page: int = 1
    beyond: int = 200
    total: str | None = None
    marker: str | None = None
    marks: tuple[Any, Any] = (True, False)
    lengths: Sequence[int] = ()
    appended: Sequence[Item] = ()
    ignored: frozenset[str] = frozenset()
    array: bool = False
    requests: int = 0

    def __call__(self, request: ApiRequest) -> Answer:
        self.requests += 1
        if self.requests == 2:
            self.items = [*self.items, *self.appended]
        asked = {n: int(v) for n, v in request.url.params.items() if n not in self.ignored}
        size = min(self.cap, asked.get("limit", asked.get("size", self.cap)))
        start, end = self._span(asked, size)
        part = self.items[start:end]
        if not part and start and self.beyond != 200:
            return Answer({"message": "no such page"}, self.beyond)
        headers = self._total_headers(size)
        if self.array:
            return Answer(part, headers=headers)
        return Answer({"items": part, **self._beside(end, size)}, headers=headers)

    def pages(self, size: int) -> int:
        """How many pages hold items."""
        return -(-len(self.items) // min(self.cap, size))

    def _span(self, asked: Mapping[str, int], size: int) -> tuple[int, int]:
        if self.by == "offset":
            start = asked.get("offset", 0)
            return start, start + (self._length(start) or size)
        number = asked.get("page", self.start_page) - self.start_page
        if self.lengths:
            return sum(self.lengths[:number]), sum(self.lengths[: number + 1])
        return number * size, (number + 1) * size

    def _length(self, start: int) -> int:
        """How long the page is that starts here, where pages are uneven."""
        position = 0
        for length in self.lengths:
            if position == start:
                return length
            position += length
        return 0

    def _beside(self, end: int, size: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.marker:
            put(found, self.marker, self.marks[0 if end < len(self.items) else 1])
        if self.total and not self.total.startswith("X-"):
            put(found, self.total, self._total(self.total, size))
        return found

    def _total_headers(self, size: int) -> dict[str, str]:
        if self.total and self.total.startswith("X-"):
            return {self.total: str(self._total(self.total, size))}
        return {}

    def _total(self, name: str, size: int) -> int:
        return self.pages(size) if "page" in name.lower().rpartition(".")[2] else len(self.items)


@dataclass
class Linked:
    """An API that names the next page: by cursor, by a link in the body, or by a `Link` header.

    `name` is where the cursor or link stands; None means a `Link` header. `last` is what stands
    there on the last page (ABSENT: nothing). `keyset` gives a cursor with every page that has
    items. `lengths` are the lengths of the pages; zero makes an empty page in the middle.
    """

    lengths: Sequence[int]
    name: str | None = "next_cursor"
    last: Any = None
    link: Callable[[int], Any] = str
    keyset: bool = False
    has_more: str | None = None
    always_more: bool = False
    total: str | None = None
    ignored: bool = False
    noise: bool = False
    array: bool = False
    requests: int = 0

    @property
    def items(self) -> list[Item]:
        return numbered(sum(self.lengths))

    def __call__(self, request: ApiRequest) -> Answer:
        self.requests += 1
        index = 0 if self.ignored else int(request.url.params.get("cursor") or 0)
        start = sum(self.lengths[:index])
        part = self.items[start : sum(self.lengths[: index + 1])]
        more = index + 1 < len(self.lengths)
        points_on = more or (self.keyset and bool(part))
        body: dict[str, Any] = {"items": part}
        headers = {}
        if self.name is None:
            if points_on:
                headers["Link"] = f'<?cursor={index + 1}>; rel="next"'
        elif points_on:
            put(body, self.name, self.link(index + 1))
        elif self.last is not ABSENT:
            put(body, self.name, self.last)
        if self.has_more:
            put(body, self.has_more, more or self.always_more)
        if self.total:
            put(body, self.total, len(self.items))
        if self.noise:
            body["request"] = self.requests
        return Answer(part if self.array else body, headers=headers)


ABSENT = object()


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set what a dotted path names."""
    *holders, name = path.split(".") if not path.startswith("@") else [path]
    for holder in holders:
        body = body.setdefault(holder, {})
    body[name] = value
