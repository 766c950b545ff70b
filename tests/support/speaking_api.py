"""A model API that speaks of its pages in any dialect, tells lies and fails as APIs do.

A `World` says how it is, as plain data; `SpeakingApi` answers requests by it, without a network. It
knows the tables of `pagination/dialects.py` and `formats/messages.py`, whose words it speaks, and
nothing of the rules by which they are heard.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

import httpx

from api_messages import ApiRequest, ApiResponse
from errors import StatusError

BASE = "https://api.test"
THINGS, TEAMS = "/things", "/teams"

type Row = dict[str, Any]
type Way = Literal["single", "offset", "page", "cursor", "next_link", "header_link"]


class Speech(StrEnum):
    """The kinds of words in which an answer says whether there is more."""

    MORE = "more"
    LAST = "last"
    TOKEN = "token"
    LINK = "link"
    RELATIONS = "relations"
    TOTAL = "total"
    PAGES = "pages"


TOTALS = frozenset({Speech.TOTAL, Speech.PAGES})


@dataclass(frozen=True)
class Word:
    """A word and where it stands: `meta.has_more`, or a response header, as `holder` is None.

    `form` chooses how its value is written, `omits` leaves it out instead of denying, `lie` is
    added to a total.
    """

    speech: Speech
    name: str
    holder: tuple[str, ...] | None = ()
    form: int = 0
    omits: bool = False
    lie: int = 0

    @property
    def path(self) -> tuple[str, ...]:
        return (*(self.holder or ()), self.name)

    @property
    def place(self) -> str:
        """The place, as settings name it."""
        return ".".join(self.path)

    @property
    def is_on_top(self) -> bool:
        return not self.holder or self.holder[0] != "data"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the page that has the `chunk`th rows of `path`."""

    kind: str
    path: str = THINGS
    chunk: int = 0
    body: Any = None
    status: int = 200


@dataclass(frozen=True)
class Move:
    """A change of the list in front of a request, counted from 0."""

    request: int
    kind: Literal["drop", "add", "front"]
    at: int = 0


@dataclass(frozen=True)
class World:
    """An API: `counts` are the rows of its list, or of that of each parent where `is_nested`.

    `cap` is the most rows of a page, whatever is asked for; `hidden` are rows that are counted, but
    never shown, and `off` those that a filter of the user leaves out; `list_path` is where a list
    stands, empty for a bare array; `beyond` is what a page after the last one is; `noise` stands
    beside every list; `first_offset` is that of the first row. Where it `varies`, each row holds
    what changes from one answer to the next.
    """

    way: Way = "page"
    counts: tuple[int, ...] = (12,)
    is_nested: bool = False
    cap: int = 5
    honours_size: bool = True
    first_page: int = 1
    first_offset: int = 0
    varies: bool = False
    words: tuple[Word, ...] = ()
    hidden: frozenset[int] = frozenset()
    off: frozenset[int] = frozenset()
    counts_hidden: bool = False
    list_path: tuple[str, ...] = ("items",)
    beyond: str = "empty"
    noise: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None
    moves: tuple[Move, ...] = ()

    @property
    def lists(self) -> dict[str, list[Row | None]]:
        """The rows of each path; None is one that is hidden."""
        if not self.is_nested:
            return {THINGS: self._rows("t", self.counts[0])}
        parents: list[Row | None] = [row(f"{n}") for n in range(len(self.counts))]
        below = {f"{TEAMS}/{n}/things": self._rows(f"{n}", c) for n, c in enumerate(self.counts)}
        return {TEAMS: parents, **below}

    def _rows(self, name: str, count: int) -> list[Row | None]:
        rows = [row(f"{name}-{n}", on=n not in self.off) for n in range(count)]
        return [None if n in self.hidden else each for n, each in enumerate(rows)]


def row(identifier: str, *, on: bool = True) -> Row:
    """Return a record, with fields that speak of pages nowhere but beside a list."""
    return {"id": identifier, "next": "/v1?page=2", "code": "LHR", "has_more": True, "on": on}


@dataclass(frozen=True)
class Point:
    """Where an answer stands in its list, as words say it."""

    more: bool
    address: str
    token: str
    total: int
    pages: int


type Write = Callable[[Point], Any]

# How words are written where there is more, and where there is not; by their form.
_BOOLEANS: list[tuple[Any, Any]] = [(True, False), ("true", "false"), ("yes", "no")]
_MARKS = [*_BOOLEANS, (1, 0), ("1", "0")]
_SELF = {"relation": "self", "url": "/self"}
_WRITTEN: dict[Speech, list[tuple[Write, Any]]] = {
    Speech.TOKEN: [(lambda p: p.token, None), (lambda p: p.token, ""), (lambda p: p.token, False)],
    Speech.LINK: [
        (lambda p: p.address, None),
        (lambda p: p.address, ""),
        (lambda p: p.address.removeprefix(BASE), None),
        (lambda p: {"href": p.address}, None),
    ],
    Speech.RELATIONS: [
        (lambda p: [_SELF, {"relation": "next", "url": p.address}], [_SELF]),
        (lambda p: [{"rel": "next", "href": p.address}], [_SELF]),
    ],
}
_COUNTS: list[Callable[[int], Any]] = [lambda n: n, str, lambda n: {"value": n}]


def written(word: Word, point: Point) -> Any:
    """Return what a word's value is at a point."""
    if word.speech in TOTALS:
        number = point.total if word.speech is Speech.TOTAL else point.pages
        forms = _COUNTS if word.speech is Speech.TOTAL else _COUNTS[:2]
        return forms[word.form % len(forms)](max(0, number + word.lie))
    if word.speech is Speech.MORE:
        return _MARKS[word.form % len(_MARKS)][not point.more]
    if word.speech is Speech.LAST:
        # A number under `last` may be that of the last page.
        forms_of_last = _MARKS if word.name.lower().startswith("is") else _BOOLEANS
        return forms_of_last[word.form % len(forms_of_last)][point.more]
    forms_of_way = _WRITTEN[word.speech]
    write, end = forms_of_way[word.form % len(forms_of_way)]
    return write(point) if point.more else end


class SpeakingApi:
    """Stands for an ApiClient: answers as a world is, and keeps what was asked for."""

    def __init__(self, world: World, *, is_filtered: bool = False) -> None:
        self.redactor = self
        self.asked: list[ApiRequest] = []
        self._world = world
        self._lists = world.lists
        # What was there all the time, and could be seen; of a filtered list, what is on.
        self.lasting = {
            item["id"]
            for path, rows in self._lists.items()
            if path != TEAMS
            for item in rows
            if item and (item["on"] or not is_filtered)
        }
        self._requests: Counter[str] = Counter()

    # As an ApiClient.

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.asked.append(request)
        status, body, headers = self._answer(request)
        if status >= 400:
            place = self.describe(request)
            raise StatusError(status, f"the API answered {status}", endpoint=place, said="no")
        return ApiResponse(request.url, status, httpx.Headers(headers), json.dumps(body).encode())

    async def wait_to_repeat(self, answer: ApiResponse, attempt: int) -> None:
        """Lose no time."""

    def describe(self, request: ApiRequest) -> str:
        return f"{request.method} {request.url}"

    def excerpt(self, content: bytes) -> str:
        return content[:300].decode()

    def url(self, url: httpx.URL) -> str:
        return str(url)

    # As an API.

    def _answer(self, request: ApiRequest) -> tuple[int, Any, dict[str, str]]:
        path = request.url.path
        if path not in self._lists:
            return 404, None, {}
        self._move(path)
        query = dict(request.url.params)
        size = self._size(query, path)
        start = self._start(query, size)
        fault = self._world.fault
        if fault is None or (fault.path, fault.chunk) != (path, start // size):
            return self._page(path, query, start, size)
        return self._faulty(fault, path, query, start, size)

    def _move(self, path: str) -> None:
        count = self._requests[path]
        self._requests[path] += 1
        rows = self._lists[path]
        for move in self._world.moves:
            if move.request != count:
                continue
            if move.kind == "add":
                rows.insert(0, row(f"new-{count}-{move.at}"))
            elif rows:
                moved = rows.pop(move.at % len(rows))
                if move.kind == "front":
                    rows.insert(0, moved)
                elif moved:
                    self.lasting.discard(moved["id"])

    def _size(self, query: Mapping[str, str], path: str) -> int:
        if self._world.way == "single":
            return max(1, len(self._lists[path]))
        name = "size" if self._world.way == "page" else "limit"
        asked = int(query.get(name, self._world.cap)) if self._world.honours_size else 0
        return min(self._world.cap, asked) if asked > 0 else self._world.cap

    def _start(self, query: Mapping[str, str], size: int) -> int:
        match self._world.way:
            case "offset":
                return max(0, int(query.get("offset") or 0) - self._world.first_offset)
            case "page":
                return max(0, int(query.get("page") or 0) - self._world.first_page) * size
            case "cursor":
                text = query.get("cursor", "").removeprefix("t")
            case _:
                text = query.get("p", "")
        return int(text) if text.isdecimal() else 0

    def _page(
        self, path: str, query: Mapping[str, str], start: int, size: int, *, without: bool = False
    ) -> tuple[int, Any, dict[str, str]]:
        rows = self._lists[path]
        if start and start >= len(rows) and self._world.beyond.isdecimal():
            return int(self._world.beyond), None, {}
        shown: Any = [item for item in rows[start : start + size] if item]
        if self._world.varies:
            shown = [{**item, "seen": len(self.asked)} for item in shown]
        body: Any = shown
        headers: dict[str, str] = {}
        if self._world.list_path:
            body = {**self._world.noise}
            if not (start and start >= len(rows) and self._world.beyond == "absent"):
                null = start and start >= len(rows) and self._world.beyond == "null"
                put(body, self._world.list_path, None if null else shown)
        point = self._point(path, query, start, size)
        for word in self._world.words:
            is_way = word.speech in (Speech.TOKEN, Speech.LINK, Speech.RELATIONS)
            if not (without and is_way):
                self._say(word, point, body, headers)
        return 200, body, headers

    def _say(self, word: Word, point: Point, body: Any, headers: dict[str, str]) -> None:
        if word.omits and not point.more and word.speech not in TOTALS:
            return
        if word.holder is not None:
            put(body, word.path, written(word, point))
        elif word.name == "Link":
            if point.more:
                headers["Link"] = f'<{point.address}>; rel="next"'
        elif word.name == "Content-Range":
            headers["Content-Range"] = f"items 0-1/{max(0, point.total + word.lie)}"
        else:
            value = written(replace(word, form=0), point)
            headers[word.name] = "" if value in (None, False) else str(value)

    def _point(self, path: str, query: Mapping[str, str], start: int, size: int) -> Point:
        rows = self._lists[path]
        following = start + size
        asked = dict(query)
        match self._world.way:
            case "offset":
                asked["offset"] = f"{following + self._world.first_offset}"
            case "page":
                asked["page"] = f"{following // size + self._world.first_page}"
            case "cursor":
                asked["cursor"] = f"t{following}"
            case _:
                asked["p"] = f"{following}"
        return Point(
            following < len(rows),
            f"{BASE}{path}?{httpx.QueryParams(asked)}",
            f"t{following}",
            len(rows) if self._world.counts_hidden else sum(map(bool, rows)),
            max(1, -(-len(rows) // size)),
        )

    def _faulty(
        self, fault: Fault, path: str, query: Mapping[str, str], start: int, size: int
    ) -> tuple[int, Any, dict[str, str]]:
        match fault.kind:
            case "message" | "not_ready" | "status" | "strange" | "gone":
                if path.startswith(f"{TEAMS}/") and not start and fault.status in (404, 410):
                    # A parent that has vanished has nothing left.
                    self.lasting -= {item["id"] for item in self._lists[path] if item}
                return fault.status, fault.body, {}
            case "repeat":
                return self._page(path, query, max(0, start - size), size)
            case "no_way":
                return self._page(path, query, start, size, without=True)
        status, body, headers = self._page(path, query, start, size)
        if fault.kind == "partial" and isinstance(body, dict):
            body["incomplete_results"] = True
        if status == 200:
            body = self._damaged(body, fault.kind)
        return status, body, headers

    def _damaged(self, body: Any, kind: str) -> Any:
        *above, last = self._world.list_path or ("",)
        if kind == "cut_above":
            return {**body, above[0]: None}
        holder: Any = body
        for name in above:
            holder = holder.get(name, {})
        rows = holder.get(last) if self._world.list_path else body
        if kind == "partial" and rows:
            del rows[:1]
        elif rows:
            rows[0] = None
        return body


def put(body: Any, path: Sequence[str], value: Any) -> None:
    """Set what a path names."""
    *holders, name = path
    for holder in holders:
        body = body.setdefault(holder, {})
    body[name] = value
