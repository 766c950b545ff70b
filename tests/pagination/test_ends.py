"""The end of an endpoint: proven, in doubt, or an error, by what speaks against it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import PaginationError, TooDeepError
from pagination.counts import number_told
from pagination.page import Page, Verdict
from pagination.pager import Pager
from pagination.sizes import PageSizes
from tests.support.models import (
    ABSENT,
    START,
    Answer,
    EndpointRead,
    Linked,
    Server,
    numbered,
    put,
    read,
    settings_of,
)

KINDS = ["none", "offset", "page", "cursor", "next_link", "header_link"]
COUNTED = ["offset", "page"]


def seen(done: EndpointRead) -> list[str]:
    return [doubt.seen for doubt in done.doubts]


def numbered_pages(*lengths: int, **beside: Any) -> Server:
    """Pages of these lengths, by page number or offset, with the same beside each."""
    items = numbered(sum(lengths))

    def api(request: ApiRequest) -> Answer:
        params = request.url.params
        if "offset" in params:
            offset = int(params["offset"])
            starts = [sum(lengths[:index]) for index in range(len(lengths))]
            number = starts.index(offset) if offset in starts else len(lengths)
        else:
            number = int(params["page"]) - 1
        start = sum(lengths[:number])
        return Answer({"items": items[start : start + sum(lengths[number : number + 1])], **beside})

    return api


# Promises beat an empty page.


@pytest.mark.contract("empty.numbered")
@pytest.mark.parametrize("beside", [{"total": 14}, {"has_more": True}, {"isLast": False}])
@pytest.mark.parametrize("empty", [1, 2, 3])
def test_a_promise_beats_up_to_three_empty_pages(beside: dict[str, Any], empty: int) -> None:
    lengths = (5, *[0] * empty, 5, 4)
    whole = numbered_pages(*lengths, **beside)

    def api(request: ApiRequest) -> Answer:
        answer = whole(request)
        is_last = answer.body["items"][-1:] == [{"id": 13}]
        denial = {"has_more": False} if is_last and "total" not in beside else {}
        return Answer({**answer.body, **denial, **({"isLast": True} if denial else {})})

    assert read(api, settings_of("page")).ids == list(range(14))


@pytest.mark.contract("empty.numbered")
@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("beside", [{"total": 14}, {"totalPages": 9}, {"has_more": True}])
def test_a_promise_that_breaks_is_an_error_and_costs_three_pages(
    kind: str, beside: dict[str, Any]
) -> None:
    reading = EndpointRead(numbered_pages(5, 5, **beside), settings_of(kind))
    with pytest.raises(PaginationError, match="4 empty pages in a row, although") as caught:
        reading.run()
    assert reading.ids == list(range(10))
    assert reading.requests == 6
    assert f"ignore_markers: [{next(iter(beside))}]" in str(caught.value)


def test_an_offset_goes_on_over_an_empty_page_by_the_length_of_the_one_before() -> None:
    def api(request: ApiRequest) -> Answer:
        offset = int(request.url.params["offset"])
        hidden = range(5, 10)
        found = [{"id": n} for n in range(offset, min(offset + 5, 14)) if n not in hidden]
        return Answer({"items": found, "total": 9})

    done = read(api, settings_of("offset"))
    assert done.ids == [0, 1, 2, 3, 4, 10, 11, 12, 13]
    assert [request.url.params["offset"] for request in done.asked] == ["0", "5", "10"]


@pytest.mark.parametrize("kind", COUNTED)
def test_an_empty_page_is_the_end_where_nothing_promises_more(kind: str) -> None:
    for beside in ({}, {"total": 10}, {"total": 14, "links": {"next": None}}):
        done = read(numbered_pages(5, 5, **beside), settings_of(kind))
        assert (done.ids, done.doubts) == (list(range(10)), [])


@pytest.mark.contract("empty.numbered")
@pytest.mark.parametrize("kind", COUNTED)
def test_a_total_is_no_promise_beside_a_filtered_data_path(kind: str) -> None:
    """Then the items are not what the API counts."""
    done = read(numbered_pages(5, 5, total=14), settings_of(kind), is_plain=False)
    assert (done.ids, done.doubts, done.requests) == (list(range(10)), [], 3)


@pytest.mark.parametrize("kind", COUNTED)
def test_a_token_beside_numbered_pages_is_no_promise(kind: str) -> None:
    """Counting goes on while pages bring items; a token that never ends leaves a doubt."""
    done = read(numbered_pages(5, 3, next_cursor="dXNl"), settings_of(kind))
    assert done.ids == list(range(8))
    assert done.requests == 6
    assert seen(done) == ["next_cursor is set, and 4 empty pages in a row"]


@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("beside", [{"totalPages": 9}, {"next_cursor": "dXNl"}])
def test_a_total_that_is_reached_makes_an_empty_page_the_end(
    kind: str, beside: dict[str, Any]
) -> None:
    done = read(numbered_pages(5, 5, total=10, **beside), settings_of(kind))
    assert (done.ids, done.requests, done.doubts) == (list(range(10)), 3, [])


def test_a_token_beside_numbered_pages_that_are_over_leaves_a_doubt() -> None:
    pages = numbered_pages(5, 3, next_cursor="dXNl")

    def api(request: ApiRequest) -> Answer:
        answer = pages(request)
        return answer if answer.body["items"] else Answer({}, 404)

    done = read(api, settings_of("page"))
    assert (done.ids, done.requests) == (list(range(8)), 3)
    assert seen(done) == ["next_cursor is set, and the next page is answered 404"]


@pytest.mark.contract("empty.linked")
@pytest.mark.parametrize("kind, most", [("cursor", 100), ("next_link", 3), ("header_link", 3)])
@pytest.mark.parametrize("beside", [{}, {"has_more": True}, {"total": 50}])
def test_a_way_on_over_empty_pages_ends_in_a_doubt(
    kind: str, most: int, beside: dict[str, Any]
) -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("cursor", 0))
        link = f"?cursor={number + 1}"
        body = {"items": numbered(5) if not number else [], **beside}
        if kind == "header_link":
            return Answer(body, headers={"Link": f'<{link}>; rel="next"'})
        return Answer({**body, "next_cursor": number + 1, "next": link})

    done = read(api, settings_of(kind, next_link_path="next"))
    assert (len(done.ids), done.requests) == (5, most + 2)
    assert seen(done) == [f"{most + 1} empty pages in a row, and each leads to another"]
    assert "`stop: empty_page`" in done.doubts[0].advice
    if kind != "header_link":
        stopped = read(api, settings_of(kind, next_link_path="next", stop="empty_page"))
        assert (stopped.requests, stopped.doubts) == (2, [])


def test_a_marker_ends_links_that_lead_to_nothing() -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("cursor", 0))
        more = {"meta": {"has_more": number < 1}, "links": {"next": f"?cursor={number + 1}"}}
        return Answer({"items": numbered(5) if not number else [], **more})

    done = read(api, settings_of("next_link", next_link_path="links.next"))
    assert (done.requests, done.doubts) == (2, [])


def test_a_link_that_says_that_it_has_no_results_is_not_followed() -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("cursor", 0))
        results = "true" if number < 2 else "false"
        link = f'<?cursor={number + 1}>; rel="next"; results="{results}"'
        return Answer(numbered(2, 2 * number), headers={"Link": link})

    done = read(api, settings_of("header_link"))
    assert (done.ids, done.doubts) == (list(range(6)), [])


def without_list(body: dict[str, Any], **options: Any) -> Verdict:
    """Return the verdict on an answer in which data_path finds nothing."""
    page = Page(START, {}, body, [], 0, None, body, b"", path=("items",))
    return Pager(START, settings_of(**options), PageSizes(5)).receive(page)


def test_a_list_that_is_missing_or_null_is_an_empty_one() -> None:
    more: list[dict[str, Any]] = [
        *({"items": None, "total": 9}, {"total": 9}),
        {"has_more": True},
    ]
    no_more: list[dict[str, Any]] = [
        *({}, {"items": None}, {"total": 0}),
        {"items": None, "has_more": False},
    ]
    for body in more:
        assert without_list(body, kind="none").doubt
        assert without_list(body, kind="page").request
    for body in no_more:
        for kind in KINDS:
            verdict = without_list(body, kind=kind)
            assert (verdict.request, verdict.doubt, verdict.error) == (None, None, None)


def test_a_last_page_without_anything_ends_a_cursor() -> None:
    """As Google's does; the token that is gone denies that there is more."""

    def api(request: ApiRequest) -> Answer:
        if "cursor" in request.url.params:
            return Answer({"items": []})
        return Answer({"items": numbered(3), "nextPageToken": "b", "total": 50})

    done = read(api, settings_of("cursor", cursor_path="nextPageToken"))
    assert (done.ids, done.requests, done.doubts) == ([0, 1, 2], 2, [])


# A page that arrived is handed on, also where it cannot be told what follows.


@pytest.mark.contract("page.handed-on")
@pytest.mark.parametrize(
    "kind, beside, said",
    [
        ("cursor", {"next_cursor": {"a": 1}}, "next_cursor holds"),
        ("next_link", {"next": {"a": 1}}, "the next link is"),
        ("next_link", {"next": "https://a:b/"}, "the next link is no address"),
    ],
)
def test_a_page_without_a_usable_way_on_is_handed_on(
    kind: str, beside: dict[str, Any], said: str
) -> None:
    answer = Answer({"items": numbered(3), **beside})
    reading = EndpointRead(lambda _: answer, settings_of(kind, next_link_path="next"))
    with pytest.raises(PaginationError, match=said):
        reading.run()
    assert reading.ids == [0, 1, 2]


@pytest.mark.contract("page.handed-on")
def test_the_page_of_a_repeated_cursor_is_handed_on() -> None:
    counts = iter(range(9))

    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(3, 3 * next(counts)), "next_cursor": "x", "more": True})

    reading = EndpointRead(api, settings_of("cursor"))
    with pytest.raises(PaginationError, match="already read"):
        reading.run()
    assert reading.ids == list(range(6))


@pytest.mark.contract("page.handed-on")
def test_the_page_beyond_the_most_pages_is_handed_on() -> None:
    reading = EndpointRead(numbered_pages(5, 5, 5), settings_of("page", max_pages=1))
    with pytest.raises(TooDeepError, match="more than 1 pages"):
        reading.run()
    assert reading.ids == list(range(10))


# Nobody said how to go on, or the way was looked for in the wrong place: a doubt.


@pytest.mark.contract("more.kept")
@pytest.mark.parametrize(
    "kind, beside, headers, expected",
    [
        ("cursor", {"pagination": {"next_cursor": "x"}}, {}, "pagination.next_cursor is set"),
        ("cursor", {"page_info": {"end_cursor": "x"}}, {}, "page_info.end_cursor is set"),
        ("cursor", {"paging": {"next": {"after": "x"}}}, {}, "paging.next.after is set"),
        ("next_link", {"links": {"next": "/v1?p=2"}}, {}, "links.next is set"),
        ("next_link", {}, {"Link": '</p>; rel="next"'}, 'Link has rel="next"'),
        ("header_link", {}, {"Link": '</p>; rel="nextPage"'}, 'Link has rel="nextpage"'),
        ("header_link", {"@odata.nextLink": "/p"}, {}, "@odata.nextLink is set"),
        ("cursor", {"total": 257}, {}, "total counts more than what arrived"),
        ("next_link", {"has_more": True}, {}, "has_more is true"),
    ],
)
def test_a_way_on_in_another_place_is_a_doubt(
    kind: str, beside: dict[str, Any], headers: dict[str, str], expected: str
) -> None:
    answer = Answer({"items": numbered(3), **beside}, headers=headers)
    done = read(lambda _: answer, settings_of(kind, next_link_path="elsewhere"))
    assert done.requests == 1
    assert seen(done) == [f"{expected}, and no {kind.replace('_', ' ')}"]


def test_a_place_that_leads_elsewhere_on_the_last_page_is_a_doubt() -> None:
    """FHIR's links by index: on the first page the second one is the next, later it is not."""

    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("p", 0))
        back = [{"relation": "previous", "url": f"?p={number - 1}"}] if number else []
        on = [{"relation": "next", "url": f"?p={number + 1}"}] if number < 2 else []
        links = [{"relation": "self", "url": f"?p={number}"}, *back, *on]
        return Answer({"items": numbered(2, 2 * number), "link": links})

    by_index = read(api, settings_of("next_link", next_link_path="link.1.url"))
    assert by_index.doubts or by_index.ids == list(range(6))
    by_relation = read(api, settings_of("next_link", next_link_path="link"))
    assert (by_relation.ids, by_relation.doubts) == (list(range(6)), [])


@pytest.mark.parametrize("kind", ["cursor", "next_link", "header_link"])
@pytest.mark.parametrize("last", [None, "", ABSENT])
def test_a_way_on_that_ends_silences_totals(kind: str, last: Any) -> None:
    name = {"cursor": "next_cursor", "next_link": "next", "header_link": None}[kind]
    whole = Linked([5, 5, 3], name, last, str if kind == "cursor" else "?cursor={}".format)

    def overstated(request: ApiRequest) -> Answer:
        answer = whole(request)
        return Answer({**answer.body, "total": 99}, headers=answer.headers)

    done = read(overstated, settings_of(kind, next_link_path="next"))
    assert (len(done.ids), done.doubts) == (13, [])


def test_a_marker_outranks_a_link_that_denies() -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params["page"])
        return Answer({"items": numbered(2, 2 * number), "next": None, "isLast": number == 3})

    assert read(api, settings_of("page")).ids == list(range(2, 8))


@pytest.mark.contract("more.broken-promise")
def test_a_cursor_that_is_gone_beside_a_marker_of_more_is_an_error() -> None:
    """Not at the end of what was ever told, but where the API breaks off."""

    def api(request: ApiRequest) -> Answer:
        is_first = "cursor" not in request.url.params
        way = {"next_cursor": "b"} if is_first else {}
        return Answer({"items": numbered(3, 0 if is_first else 3), "has_more": True, **way})

    reading = EndpointRead(api, settings_of("cursor"))
    with pytest.raises(PaginationError, match="has_more is true"):
        reading.run()
    assert len(reading.items) == 6


@pytest.mark.contract("more.partial")
@pytest.mark.parametrize("kind", KINDS)
def test_a_partial_list_is_a_doubt_once_for_an_endpoint(kind: str) -> None:
    body = {"items": numbered(2), "has_more": False, "incomplete_results": True}
    done = read(lambda _: Answer(body), settings_of(kind))
    assert seen(done) == ["incomplete_results is true, so that the list is not whole"]


@pytest.mark.contract("more.partial")
@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("status", [200, 404])
def test_a_list_that_is_cut_is_a_doubt_where_our_own_question_ends_it(
    kind: str, status: int
) -> None:
    """As where an API takes no notice of the page that is asked for, or knows only one."""
    asked: list[ApiRequest] = []

    def api(request: ApiRequest) -> Answer:
        asked.append(request)
        body = {"items": numbered(3), "truncated": True}
        return Answer(body, status=status if len(asked) > 1 else 200)

    reading = read(api, settings_of(kind, page_size=100))
    assert (len(asked), len(reading.items)) == (2, 3)
    assert [said for said in seen(reading) if "truncated is true" in said]


@pytest.mark.contract("more.denials")
@pytest.mark.parametrize("kind", ["none", "cursor", "next_link", "header_link"])
@pytest.mark.parametrize(
    "denial",
    [{"has_more": False}, {"links": {"next": None}}, {"next_cursor": ""}, {"last": "true"}],
)
def test_a_denial_silences_what_comes_after_it(kind: str, denial: dict[str, Any]) -> None:
    body = {"items": numbered(3), "total": 257, **denial}
    assert read(lambda _: Answer(body), settings_of(kind)).doubts == []


@pytest.mark.contract("more.booleans")
@pytest.mark.parametrize("texts", [("true", "false"), ("yes", "no"), ("1", "0"), ("True", "False")])
@pytest.mark.parametrize("option", ["has_more_path", "last_page_path"])
def test_texts_are_booleans_also_where_the_user_names_the_marker(
    texts: tuple[str, str], option: str
) -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params["page"])
        is_true = number < 3 if option == "has_more_path" else number >= 3
        return Answer({"items": numbered(5, 5 * number), "state": {"it": texts[not is_true]}})

    named: dict[str, Any] = {option: "state.it"}
    done = read(api, settings_of("page", **named))
    assert (len(done.ids), done.requests, done.doubts) == (15, 3, [])


# Places that settings name.


@pytest.mark.contract("places.unmet")
def test_a_place_that_no_answer_had_is_told_with_the_keys_that_are_there() -> None:
    sizes = PageSizes(5)
    asked = settings_of("cursor", cursor_path="meta.nxt", total_path="meta.total")
    read(lambda _: Answer({"items": [], "meta": {"total": 0, "next": None}}), asked, sizes)
    assert list(sizes.unmet_places()) == [
        "cursor_path: meta.nxt is in no answer, items, meta.total, meta.next are"
    ]
    read(lambda _: Answer({"items": [], "meta": {"total": 0, "nxt": None}}), asked, sizes)
    assert list(sizes.unmet_places()) == []


@pytest.mark.contract("places.unmet")
@pytest.mark.parametrize(
    "told", [9, 9.0, "9", "9.0", " 9 ", {"value": 9}, {"value": "9"}], ids=repr
)
def test_a_total_that_settings_name_may_be_written_in_any_way(told: Any) -> None:
    sizes = PageSizes(5)
    # Without a total, the first page is the longest of short ones, and the second the last.
    pages = numbered_pages(3, 2, 4, all=told)
    done = read(pages, settings_of("page", total_path="all"), sizes)
    assert (len(done.ids), list(sizes.unmet_places())) == (9, [])


@pytest.mark.contract("places.unmet")
@pytest.mark.parametrize(
    "told, kind",
    [(9.5, "a number"), ("nine", "a text"), ([], "a list"), ({"n": 9}, "an object")],
    ids=repr,
)
def test_a_total_that_is_no_number_is_told_and_hides_no_other(told: Any, kind: str) -> None:
    sizes = PageSizes(5)
    pages = numbered_pages(3, 2, 4, all=told, total=9)
    done = read(pages, settings_of("page", total_path="all"), sizes)
    assert len(done.ids) == 9
    assert list(sizes.unmet_places()) == [f"total_path: all holds {kind}, and no number of items"]


def test_thousands_may_be_parted_by_commas_where_settings_name_the_total() -> None:
    assert number_told("1,234,567") == 1_234_567
    assert [number_told(each) for each in ("1,23", "12345,678", "1.5", "", True, -1)] == [None] * 6


def test_a_default_place_is_not_looked_for() -> None:
    sizes = PageSizes(5)
    read(lambda _: Answer({"items": []}), settings_of("next_link"), sizes)
    assert list(sizes.unmet_places()) == []


# A model of an API in any dialect, under any settings.


@dataclass
class Api:
    """An API with pages of at most `cap` items, which says more in one dialect."""

    count: int
    cap: int
    by: str
    mark: Callable[[dict[str, Any], dict[str, str], int, int, int], None]
    requests: int = 0

    def __call__(self, request: ApiRequest) -> Answer:
        self.requests += 1
        params = request.url.params
        start = self._start(params)
        items = numbered(self.count)[start : start + self.cap]
        end = start + self.cap
        body: dict[str, Any] = {"items": items}
        headers: dict[str, str] = {}
        self.mark(body, headers, end, self.count, self.cap)
        return Answer(body, headers=headers)

    def _start(self, params: Any) -> int:
        if self.by == "page":
            return (int(params.get("page", 1)) - 1) * self.cap
        return int(params.get("offset" if self.by == "offset" else "cursor", 0) or 0)


def marker(path: str, more: Any, no_more: Any) -> Callable[..., None]:
    def mark(body: dict[str, Any], headers: dict[str, str], end: int, count: int, cap: int) -> None:
        value = more if end < count else no_more
        if callable(value):
            value = value(end, cap)
        if value is not ABSENT:
            put(body, path, value)

    return mark


def total(path: str) -> Callable[..., None]:
    return lambda body, headers, end, count, cap: put(body, path, count)


def header(name: str, text: Callable[[int, int], str]) -> Callable[..., None]:
    def mark(body: dict[str, Any], headers: dict[str, str], end: int, count: int, cap: int) -> None:
        if end < count:
            headers[name] = text(end, cap)

    return mark


def total_header(body: dict[str, Any], headers: dict[str, str], end: int, n: int, c: int) -> None:
    headers["X-Total-Count"] = str(n)


def token(end: int, cap: int) -> str:
    return str(end)


def link(end: int, cap: int) -> str:
    return f"?cursor={end}&page={end // cap + 1}&offset={end}"


DIALECTS: dict[str, tuple[Callable[..., None], list[str]]] = {
    "has_more": (marker("has_more", True, False), COUNTED),
    "IsTruncated": (marker("IsTruncated", "true", "false"), COUNTED),
    "isLast": (marker("isLast", False, True), COUNTED),
    "more, omitted": (marker("more", True, ABSENT), COUNTED),
    "total": (total("total"), COUNTED),
    "meta.total": (total("meta.total"), COUNTED),
    "X-Total-Count": (total_header, COUNTED),
    "next_cursor": (marker("next_cursor", token, None), ["cursor"]),
    "response_metadata": (marker("response_metadata.next_cursor", token, ""), ["cursor"]),
    "nextPageToken": (marker("nextPageToken", token, ABSENT), ["cursor"]),
    "links.next": (marker("links.next", link, None), ["next_link"]),
    "@odata.nextLink": (marker("@odata.nextLink", link, ABSENT), ["next_link"]),
    "Link": (header("Link", lambda end, cap: f'<{link(end, cap)}>; rel="next"'), ["header_link"]),
    "X-Next-Cursor": (header("X-Next-Cursor", token), ["cursor"]),
}
PLACES = [
    "next_cursor",
    "response_metadata.next_cursor",
    "nextPageToken",
    "links.next",
    "@odata.nextLink",
]


def by_of(dialect: str, kind: str) -> str:
    return kind if kind in COUNTED else "cursor"


@settings(deadline=None, max_examples=400)
@given(
    data=st.data(),
    dialect=st.sampled_from(sorted(DIALECTS)),
    kind=st.sampled_from(KINDS),
    count=st.integers(0, 30),
    cap=st.integers(1, 12),
    page_size=st.integers(1, 12),
)
@pytest.mark.contract("more.every-type")
def test_every_item_comes_or_an_error_or_a_doubt(
    data: st.DataObject, dialect: str, kind: str, count: int, cap: int, page_size: int
) -> None:
    """Whatever the dialect, and whichever way the settings name, right, wrong or not at all."""
    mark, _ = DIALECTS[dialect]
    api_by = data.draw(st.sampled_from(["offset", "page", "cursor"]))
    options = {
        "cursor_path": data.draw(st.none() | st.sampled_from([*PLACES, "misspelt"])),
        "next_link_path": data.draw(st.sampled_from([*PLACES, "misspelt"])),
        "has_more_path": data.draw(st.sampled_from([None, "has_more", "IsTruncated", "mor"])),
    }
    api = Api(count, cap, api_by, mark)
    reading = EndpointRead(api, settings_of(kind, page_size, **options))
    try:
        reading.run()
    except PaginationError:
        assert set(reading.ids) <= set(range(count))
    else:
        assert reading.doubts or sorted(set(reading.ids)) == list(range(count))
    assert reading.requests <= 2 * (count // cap) + 3 + 110


@settings(deadline=None, max_examples=300)
@given(
    data=st.data(),
    dialect=st.sampled_from(sorted(DIALECTS)),
    count=st.integers(0, 30),
    cap=st.integers(1, 12),
    page_size=st.integers(1, 12),
)
@pytest.mark.contract("more.innocents")
def test_an_innocent_api_that_is_read_rightly_leaves_no_doubt(
    data: st.DataObject, dialect: str, count: int, cap: int, page_size: int
) -> None:
    mark, kinds = DIALECTS[dialect]
    kind = data.draw(st.sampled_from(kinds))
    place = dialect if dialect in PLACES else None
    options: dict[str, Any] = {"next_link_path": dialect}
    if dialect == "X-Next-Cursor":
        options["cursor_header"] = dialect
    elif dialect == "response_metadata":
        options["cursor_path"] = "response_metadata.next_cursor"
    else:
        options["cursor_path"] = place
    api = Api(count, cap, by_of(dialect, kind), mark)
    done = read(api, settings_of(kind, page_size, **options))
    assert done.ids == list(range(count))
    assert done.doubts == []
    assert done.requests <= -(-count // cap) + 2


class RowsThatAreHidden:
    """ServiceNow: windows of rows, of which the reader may see each third; the total has all."""

    count = 41

    def __call__(self, request: ApiRequest) -> Answer:
        asked = request.url.params
        start, size = int(asked.get("offset", 0)), int(asked.get("limit", 5))
        rows = range(self.count)[start : start + size]
        onward = f"/v1/things?offset={start + size}&limit={size}"
        link = {"Link": f'<{onward}>;rel="next"'} if start + size < self.count else {}
        items = [{"id": row} for row in rows if row % 3 == 0]
        return Answer({"items": items}, headers={"X-Total-Count": f"{self.count}", **link})


@pytest.mark.contract("empty.numbered")
def test_a_total_that_counts_hidden_rows_names_the_setting_that_reads_the_list() -> None:
    expected = set(range(0, 41, 3))
    for size in range(3, 12):
        reading = EndpointRead(RowsThatAreHidden(), settings_of("offset", size))
        with pytest.raises(PaginationError, match="paginationType: header_link"):
            reading.run()
        by_link = read(RowsThatAreHidden(), settings_of("header_link", size))
        assert set(by_link.ids) == expected
        assert not by_link.doubts
        assert by_link.requests == 9
        options = {"ignore_markers": ["X-Total-Count"]}
        ignored = read(RowsThatAreHidden(), settings_of("offset", size, **options))
        assert set(ignored.ids) == expected or ignored.doubts
