"""Pagination is found by asking, and what is called proven reads every item."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from cli.init.blocks import pagination_of
from cli.init.detect.answers import Answer, Ask, Comparison, Paging, compare, same_run
from cli.init.detect.clues import total_of
from cli.init.detect.paging import detect_paging
from pagination.page import Page
from pagination.pager import Pager
from pagination.sizes import PageSizes
from tests.support.models import outputs_of

URL = httpx.URL("https://api.example.com/things")
PAGES = ("page", "pageNumber", "p")
OFFSETS = ("offset", "skip", "startAt")
SIZES = ("limit", "per_page", "size", "pageSize")
CURSORS = (("next_cursor", "cursor"), ("nextPageToken", "pageToken"), ("after", "after"))


@dataclass(frozen=True)
class Api:
    """A simulated API: `family` is how it pages, and every other parameter is ignored."""

    family: str
    total: int
    default: int = 20
    cap: int = 100
    param: str = "page"
    size_param: str = "limit"
    first: int = 1
    tells_total: bool = True
    volatile: bool = False
    cursor_field: str = "next_cursor"
    asked: list[str] = field(default_factory=list, compare=False)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [{"id": number, "name": f"Thing {number}"} for number in range(self.total)]

    def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
        self.asked.append(str(dict(query)))
        size = min(int(query.get(self.size_param, self.default)), self.cap)
        size = size if size > 0 else self.default
        start = self._start(query, size)
        found = self.items[start : start + size]
        if self.volatile:
            found = [{**item, "seen": len(self.asked)} for item in found]
        body: dict[str, Any] = {"things": found}
        more = start + size < self.total
        if self.tells_total:
            body["total"] = self.total
        if self.family == "cursor":
            body[self.cursor_field] = f"c{start + size}" if more else None
        if self.family == "object" and more:
            body["continue"] = {"from_": start + size, "more": "0"}
        if self.family == "next_link":
            body["next"] = str(URL.copy_merge_params({"from_": start + size})) if more else None
        if self.family in ("links", "link"):
            way = str(URL.copy_merge_params({"from_": start + size}))
            names = ("relation", "url") if self.family == "link" else ("rel", "href")
            told = [("self", "/things"), *([("next", way)] if more else [])]
            body[self.family] = [dict(zip(names, each, strict=True)) for each in told]
        if self.family == "keyset":
            body["has_more"] = more
        if self.family == "cursor_header":
            return body, {"x-next-token": f"c{start + size}"} if more else {}
        if self.family == "next_header":
            way = str(URL.copy_merge_params({"from_": start + size}))
            return body, {"Next-Page": way} if more else {}
        target = f'<{URL.copy_merge_params({"from_": start + size})}>; rel="next"'
        return body, {"link": target} if self.family == "header_link" and more else {}

    def _start(self, query: Mapping[str, str], size: int) -> int:
        if self.family == "page":
            return max(0, int(query.get(self.param, self.first)) - self.first) * size
        if self.family == "offset":
            return max(0, int(query.get(self.param, self.first)) - self.first)
        if self.family == "object":
            return int(query.get("from_", 0)) + int(query.get("more", 0))
        if self.family == "cursor":
            return int(query.get(self.param, "c0").removeprefix("c") or 0)
        if self.family == "cursor_header":
            return int(query.get(self.param, "c0").removeprefix("c") or 0)
        if self.family == "keyset":
            return int(query.get(self.param, -1)) + 1
        if self.family in ("next_link", "header_link", "next_header", "link", "links"):
            return int(query.get("from_", 0))
        return 0


def detected(api: Api, hints: Sequence[str] = ()) -> Paging:
    """The pagination that detection finds, with the API answering its questions."""

    def reply(ask: Ask) -> Answer:
        url = httpx.URL(ask.url) if ask.url else URL.copy_merge_params(dict(ask.query))
        try:
            body, headers = api.answer(dict(url.params))
        except ValueError:
            return Answer(None)
        return Answer(body["things"], body, headers)

    questions = detect_paging(reply(Ask()), hints=hints)
    try:
        ask = next(questions)
        while True:
            ask = questions.send(reply(ask))
    except StopIteration as done:
        paging: Paging = done.value
        return paging


def read_all(api: Api, paging: Paging) -> list[int]:
    """The items that a sync with the found settings reads, by the engine of a sync."""
    pagination = pagination_of(paging.settings)
    request = ApiRequest("GET", URL).with_query(dict(paging.query))
    reading = Pager(request, pagination, PageSizes(pagination.page_size))
    found: list[int] = []
    asked: ApiRequest | None = reading.request
    while asked:
        body, headers = api.answer(dict(asked.url.params))
        things = body["things"]
        content = json.dumps(body).encode()
        page = Page(
            asked, httpx.Headers(headers), body, things, len(things), len(things), body, content
        )
        page = replace(page, last_item=things[-1] if things else None)
        if reading.column and (seen := reading.seen(page)) is not None:
            page = replace(page, told=outputs_of(reading.column.expression, seen))
        verdict = reading.receive(page)
        found += [item["id"] for item in things] if verdict.keep else []
        asked = verdict.request
    return found


def apis() -> st.SearchStrategy[Api]:
    common = {
        "total": st.integers(0, 90),
        "default": st.integers(5, 30),
        "cap": st.integers(30, 200),
        "size_param": st.sampled_from([*SIZES, "strange_size"]),
        "tells_total": st.booleans(),
        "volatile": st.booleans(),
    }
    pages = st.builds(
        Api, st.just("page"), param=st.sampled_from(PAGES), first=st.sampled_from([0, 1]), **common
    )
    offsets = st.builds(
        Api,
        st.just("offset"),
        param=st.sampled_from(OFFSETS),
        first=st.sampled_from([0, 1]),
        **common,
    )
    cursors = st.sampled_from(CURSORS).flatmap(
        lambda pair: st.builds(
            Api, st.just("cursor"), cursor_field=st.just(pair[0]), param=st.just(pair[1]), **common
        )
    )
    ways = ["next_link", "header_link", "next_header", "object", "link", "links"]
    links = st.builds(Api, st.sampled_from(ways), **common)
    after = st.sampled_from(["after", "starting_after", "since_id"])
    keysets = st.builds(Api, st.just("keyset"), param=after, **common)
    headers = st.builds(Api, st.just("cursor_header"), param=st.just("token"), **common)
    return st.one_of(pages, offsets, cursors, links, keysets, headers)


@settings(max_examples=150, deadline=None)
@given(apis())
def test_what_is_proven_reads_every_item(api: Api) -> None:
    paging = detected(api)
    if paging.is_proven and paging.type != "none":
        assert read_all(api, paging) == list(range(api.total))


@settings(max_examples=150, deadline=None)
@given(apis())
def test_a_list_of_several_pages_is_never_called_complete(api: Api) -> None:
    paging = detected(api)
    first_page = min(api.default, api.cap)
    if paging.is_proven and paging.type == "none":
        assert api.total <= first_page


@settings(max_examples=60, deadline=None)
@given(
    total=st.integers(1, 60),
    default=st.integers(5, 30),
    echo=st.sampled_from(["page", "offset", "limit", "per_page", "next_page", "hasMore"]),
)
def test_echoes_without_effect_prove_nothing(total: int, default: int, echo: str) -> None:
    class Echoing(Api):
        def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
            body, headers = super().answer({})
            return {**body, echo: 1}, headers

    paging = detected(Echoing("ignores everything", total, default))
    assert paging.type == "none"


def test_answers_that_differ_each_time_prove_nothing() -> None:
    class Random(Api):
        def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
            start = 10 * len(self.asked)
            self.asked.append("")
            return {"things": [{"id": start + n} for n in range(10)], "next": "/more"}, {}

    paging = detected(Random("none", 50))
    assert paging.type == "none"
    assert "other items each time" in paging.doubt


@pytest.mark.parametrize("family", ["page", "offset", "cursor", "next_link", "header_link"])
@pytest.mark.parametrize("total", [8, 50, 250])
def test_usual_apis_are_recognised(family: str, total: int) -> None:
    param = {"offset": "offset", "cursor": "cursor"}.get(family, "page")
    api = Api(family, total, param=param, first=0 if family == "offset" else 1)
    paging = detected(api)
    assert (paging.type, paging.is_proven) == (family, True)
    assert read_all(api, paging) == list(range(total))


@pytest.mark.parametrize("param, size_param", [("startIndex", "count"), ("offset", "strange")])
@pytest.mark.parametrize("total", [21, 50, 250])
def test_offsets_that_count_from_one_are_recognised(
    param: str, size_param: str, total: int
) -> None:
    """SCIM echoes where it begins."""

    class Echoing(Api):
        def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
            body, headers = super().answer(query)
            return {**body, self.param: int(query.get(self.param, 1))}, headers

    api = Echoing("offset", total, param=param, size_param=size_param)
    paging = detected(api)
    assert paging.is_proven
    assert (paging.type, paging.settings["startOffset"]) == ("offset", "1")
    assert read_all(api, paging) == list(range(total))


@pytest.mark.parametrize("place", ["link", "links"])
@pytest.mark.parametrize("total", [21, 250])
def test_a_list_of_links_is_recognised(place: str, total: int) -> None:
    """FHIR's `link` by relation, and Oracle's `links` by rel."""
    api = Api(place, total)
    paging = detected(api)
    assert paging.is_proven
    assert paging.settings == {"paginationType": "next_link", "nextLinkPath": place}
    assert read_all(api, paging) == list(range(total))


@pytest.mark.parametrize("total", [21, 50, 250])
def test_an_object_of_query_parameters_is_recognised(total: int) -> None:
    """MediaWiki's `continue`."""
    api = Api("object", total)
    paging = detected(api)
    assert paging.is_proven
    assert paging.settings == {
        "paginationType": "custom",
        "nextRequest": ".body.continue | values | {query_params: .}",
    }
    assert read_all(api, paging) == list(range(total))


@pytest.mark.parametrize(
    "family, param, settings",
    [
        ("keyset", "after", {"cursorItem": ".id", "pageSize": None}),
        ("cursor_header", "token", {"cursorHeader": "x-next-token"}),
        ("next_header", "page", {"nextLinkHeader": "Next-Page"}),
    ],
)
@pytest.mark.parametrize("size_param", ["limit", "strange_size"])
def test_what_only_a_block_can_say_is_recognised(
    family: str, param: str, settings: dict[str, str | None], size_param: str
) -> None:
    api = Api(family, 250, param=param, size_param=size_param)
    paging = detected(api)
    assert paging.is_proven
    assert {name: paging.settings.get(name) for name in settings} == settings
    assert read_all(api, paging) == list(range(250))


def test_a_marker_without_a_way_on_is_told() -> None:
    class Cut(Api):
        def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
            body, headers = super().answer({})
            return {**body, "has_more": True}, headers

    paging = detected(Cut("no way on", 70, tells_total=False))
    assert paging.is_incomplete
    assert "has_more is true, and paginationType is none" in paging.doubt


def test_a_total_that_cannot_be_reached_is_told() -> None:
    paging = detected(Api("no way on", 70))
    assert paging.is_incomplete
    assert "70 items and sent 20" in paging.doubt


def test_few_questions_are_asked() -> None:
    api = Api("no way on", 70)
    detected(api)
    assert len(api.asked) <= 50


items = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 30)}), unique_by=lambda item: item["id"]
)


@given(items, items)
def test_a_page_follows_only_when_it_shares_nothing(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    outcome = compare(first, Answer(second))
    shared = {item["id"] for item in first} & {item["id"] for item in second}
    assert (outcome is Comparison.FOLLOWS) == (bool(second) and not shared)


@given(items)
def test_a_page_never_follows_itself(page: list[dict[str, Any]]) -> None:
    assert compare(page, Answer(page)) is not Comparison.FOLLOWS
    assert same_run(page, page)


@pytest.mark.parametrize(
    "body, headers, total",
    [
        ({"total": 70}, {}, 70),
        ({"meta": {"count": 70}}, {}, 70),
        ({"count": 2}, {}, 2),
        ({"count": 1}, {}, None),
        ({}, {"X-Total-Count": "9"}, 9),
        ({"total": "many"}, {}, None),
    ],
)
def test_totals(body: Any, headers: dict[str, str], total: int | None) -> None:
    assert total_of(Answer([{}, {}], body, headers)) == total


class Filtering(Api):
    """`page` is no page: 1 keeps all items, other values keep none, as a filter may."""

    def answer(self, query: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
        body, headers = super().answer({})
        return ({**body, "things": []} if query.get("page", "1") != "1" else body), headers


def test_a_filter_that_empties_the_list_is_no_page_number() -> None:
    paging = detected(Filtering("filters", 20))
    assert paging.type == "none"
    assert not paging.is_incomplete


def test_a_page_number_that_is_called_offset_is_no_offset() -> None:
    api = Api("page", 1000, param="offset", first=0, size_param="strange_size", tells_total=False)
    assert detected(api).type == "none"


@pytest.mark.parametrize("family", ["page", "offset", "cursor"])
def test_an_empty_list_tells_nothing_of_its_pages(family: str) -> None:
    paging = detected(Api(family, 0, tells_total=False), hints=["starting_after", "page"])
    assert (paging.type, paging.settings) == ("none", {})
