"""`custom`: an expression of the user tells of each answer what is asked next."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import PaginationError, SelectorError
from mapping.fields.pagination import PaginationConfig
from pagination.next_requests import NextRequests, places_read_by
from pagination.pager import Pager
from pagination.sizes import PageSizes
from settings.connection import ConnectionSettings
from settings.pagination import PaginationSettings, SingleRequestSettings
from tests.support.models import (
    BASE,
    START,
    Answer,
    EndpointRead,
    Server,
    numbered,
    page_of,
    settings_of,
)

POST = ApiRequest("POST", START.address, body={"query": {"tier": "gold"}})


def custom(next_request: str, **options: Any) -> PaginationSettings:
    return settings_of("custom", next_request=next_request, **options)


def at(request: ApiRequest) -> str:
    """The endpoint of a request, below baseUrl."""
    return str(request.url.copy_with(query=None)).removeprefix(BASE)


def page_at(number: int, chunks: list[int]) -> list[dict[str, Any]]:
    return numbered(chunks[number], sum(chunks[:number])) if number < len(chunks) else []


type Api = Callable[[list[int]], Server]


def link_list(chunks: list[int]) -> Server:
    """FHIR: links in a list, by relation."""

    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("_page", "0"))
        links = [{"relation": "self", "url": f"{BASE}/things?_page={number}"}]
        if number + 1 < len(chunks):
            links.append({"relation": "next", "url": f"{BASE}/things?_page={number + 1}"})
        return Answer({"items": page_at(number, chunks), "link": links})

    return api


def two_headers(chunks: list[int]) -> Server:
    """Azure Table: two cursors, each in a header, and in two query parameters."""

    def api(request: ApiRequest) -> Answer:
        params = request.url.params
        number = 2 * int(params.get("NextPartitionKey", "0")) + int(params.get("NextRowKey", "0"))
        following = divmod(number + 1, 2)
        headers = {
            "x-ms-continuation-NextPartitionKey": str(following[0]),
            "x-ms-continuation-NextRowKey": str(following[1]),
        }
        is_last = number + 1 >= len(chunks)
        return Answer({"items": page_at(number, chunks)}, headers={} if is_last else headers)

    return api


def object_cursor(chunks: list[int]) -> Server:
    """DynamoDB: the key of the last item, an object, goes into the body."""

    def api(request: ApiRequest) -> Answer:
        assert request.body["query"] == {"tier": "gold"}
        key = request.body.get("ExclusiveStartKey")
        number = int(key["id"]["N"]) + 1 if key else 0
        more = {"LastEvaluatedKey": {"id": {"N": str(number)}}} if number + 1 < len(chunks) else {}
        return Answer({"items": page_at(number, chunks), **more})

    return api


def other_endpoint(chunks: list[int]) -> Server:
    """Dropbox: what follows is at another endpoint, with the cursor alone in the body."""

    def api(request: ApiRequest) -> Answer:
        if at(request) == "/things":
            assert request.body == POST.body
            number = 0
        else:
            assert at(request) == "/things/continue"
            assert list(request.body) == ["cursor"]
            number = int(request.body["cursor"])
        has_more = number + 1 < len(chunks)
        # A cursor is there on the last page, too.
        body = {"items": page_at(number, chunks), "cursor": str(number + 1), "has_more": has_more}
        return Answer(body)

    return api


def in_path(chunks: list[int]) -> Server:
    """Page numbers in the path, and one page more than there are is empty."""

    def api(request: ApiRequest) -> Answer:
        _, _, tail = at(request).partition("/page/")
        assert request.url.params["active"] == "true"
        return Answer({"items": page_at(int(tail or "1") - 1, chunks)})

    return api


def in_text(chunks: list[int]) -> Server:
    """SQL over HTTP: the offset stands in the text of the query."""

    def api(request: ApiRequest) -> Answer:
        _, _, offset = request.body["query"].partition(" OFFSET ")
        found = numbered(sum(chunks))[int(offset or "0") :][:5]
        return Answer({"items": found})

    return api


class Scroll:
    """Elasticsearch: the same scroll id every time; the server itself moves on."""

    def __init__(self, chunks: list[int]) -> None:
        self.chunks, self.place = chunks, 0

    def __call__(self, request: ApiRequest) -> Answer:
        assert (at(request) == "/_search/scroll") is (self.place > 0)
        items = page_at(self.place, self.chunks)
        self.place += 1
        return Answer({"_scroll_id": "abc", "items": items})


# Each API with what is asked first, and how its way on is written.
APIS: dict[str, tuple[Api, ApiRequest, dict[str, Any]]] = {
    "a list of links": (
        link_list,
        START,
        {"next_request": '.body.link[] | select(.relation == "next") | .url'},
    ),
    "two headers": (
        two_headers,
        START,
        {
            "next_request": '.headers | {query_params: {NextPartitionKey: .["x-ms-continuation-'
            'nextpartitionkey"], NextRowKey: .["x-ms-continuation-nextrowkey"]}} | '
            "select(.query_params.NextRowKey)"
        },
    ),
    "an object in the body": (
        object_cursor,
        POST,
        {
            "next_request": ".body.LastEvaluatedKey // empty | "
            '{body: {query: {tier: "gold"}, ExclusiveStartKey: .}}'
        },
    ),
    "an object beside what was sent": (
        object_cursor,
        POST,
        {
            "next_request": ". as $all | .body.LastEvaluatedKey | values | "
            "{body: ($all.request.body + {ExclusiveStartKey: .})}"
        },
    ),
    "another endpoint": (
        other_endpoint,
        POST,
        {
            "next_request": 'if .body.has_more then {endpoint: "/things/continue", '
            "body: {cursor: .body.cursor}} else null end"
        },
    ),
    "a number in the path": (
        in_path,
        START.with_query({"active": "true"}),
        {"next_request": '{endpoint: "/things/page/\\(.page + 1)"}', "stop": "empty_page"},
    ),
    "an offset in a text": (
        in_text,
        ApiRequest("POST", START.address, body={"query": "SELECT * FROM things LIMIT 5"}),
        {
            "next_request": "if (.items | length) < 5 then null else {body: {query: "
            '"SELECT * FROM things LIMIT 5 OFFSET \\(.received)"}} end'
        },
    ),
    "a scroll": (
        Scroll,
        POST,
        {
            "next_request": '{endpoint: "/_search/scroll", body: {scroll_id: .body._scroll_id}}',
            "stateful": True,
            "stop": "empty_page",
        },
    ),
}


def chunks_for(name: str) -> st.SearchStrategy[list[int]]:
    least = 1 if name in ("a number in the path", "a scroll") else 0
    return st.lists(st.integers(least, 7), min_size=1, max_size=9)


@pytest.mark.contract("pagination.custom")
@pytest.mark.parametrize("name", APIS)
@given(data=st.data())
def test_all_pages_are_read(name: str, data: st.DataObject) -> None:
    api, start, options = APIS[name]
    chunks = data.draw(chunks_for(name))
    done = EndpointRead(api(chunks), custom(**options), start=start).run()
    assert done.ids == list(range(sum(chunks)))
    assert done.doubts == []


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_a_cursor_is_put_where_the_block_says(chunks: list[int]) -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("after", "0"))
        following = number + 1 if number + 1 < len(chunks) else None
        return Answer({"items": page_at(number, chunks), "paging": {"token": following}})

    done = EndpointRead(api, custom(".body.paging.token", param="after")).run()
    assert (done.ids, done.doubts) == (list(range(sum(chunks))), [])


@pytest.mark.parametrize("cursor", [["a", 1], "a", 7, 1.5])
def test_a_cursor_in_a_body_may_be_a_list(cursor: Any) -> None:
    given = custom(".items[-1].sort", param="search_after", where="body")
    told = NextRequests(".", BASE, "search_after", "body").request([cursor], POST)
    assert told is not None
    assert told.body == {**POST.body, "search_after": cursor}
    assert given.type == "custom"


# What an expression may give.

CHANGES: list[tuple[Any, dict[str, Any]]] = [
    ("?page=2", {"address": f"{BASE}/things?page=2"}),
    ("/other", {"address": "https://api.test/other"}),
    ("https://files.test/2", {"address": "https://files.test/2"}),
    ({"endpoint": "other"}, {"address": f"{BASE}/other?a=1"}),
    ({"endpoint": "/other?b=2"}, {"address": f"{BASE}/other?a=1&b=2"}),
    ({"endpoint": "https://files.test/2"}, {"address": "https://files.test/2?a=1"}),
    ({"query_params": {"page": 2}}, {"address": f"{BASE}/things?a=1&page=2"}),
    ({"query_params": {"a": None}}, {"address": f"{BASE}/things"}),
    ({"query_params": {"a": ["x", "y"]}}, {"address": f"{BASE}/things?a=x&a=y"}),
    ({"endpoint": "/o", "query_params": {"a": None, "b": 1}}, {"address": f"{BASE}/o?b=1"}),
    ({"headers": {"X-Page": 2}}, {"headers": {"X-Kept": "1", "X-Page": "2"}}),
    ({"headers": {"x-kept": None}}, {"headers": {}}),
    ({"method": "PUT"}, {"method": "PUT"}),
    ({"body": [1]}, {"body": [1]}),
    ({"body": None}, {"body": None}),
    ({}, {}),
]


@pytest.mark.contract("pagination.custom.outputs")
@pytest.mark.parametrize("output, changed", CHANGES)
def test_what_an_output_says_changes_and_all_else_stays(
    output: Any, changed: dict[str, Any]
) -> None:
    before = ApiRequest("GET", f"{BASE}/things?a=1", {"X-Kept": "1"}, {"held": True})
    told = NextRequests(".", BASE).request([output], before)
    assert told is not None
    seen = {"address": str(told.url), "headers": told.headers}
    seen |= {"method": told.method, "body": told.body}
    same = {"address": f"{BASE}/things?a=1", "headers": {"X-Kept": "1"}}
    assert seen == same | {"method": "GET", "body": {"held": True}} | changed


@pytest.mark.contract("pagination.custom.outputs")
@pytest.mark.parametrize("outputs", [[], [None], [""], [False], [0], [[]], [None, "", None]])
def test_nothing_is_the_end(outputs: list[Any]) -> None:
    assert NextRequests(".", BASE).request(outputs, START) is None
    assert NextRequests(".", BASE, "after").request(outputs, START) is None


def test_the_same_output_twice_is_one() -> None:
    assert NextRequests(".", BASE).request(["/a", None, "/a"], START)


REFUSED: list[tuple[list[Any], str]] = [
    ([True], "gives true or false"),
    ([7], "gives a number; `param` says where a cursor goes"),
    ([["/a"]], "gives a list"),
    (["/a", "/b"], "gives 2 next requests for one answer"),
    (["http://[bad"], "gives a text that is no address"),
    ([{"query": {"a": 1}}], "gives an object with 'query'; it may have endpoint, method, query_p"),
    ([{"endpoint": ""}], "gives an endpoint that is an empty text and no path"),
    ([{"endpoint": None}], "gives an endpoint that is null and no path"),
    ([{"endpoint": "https://h:port/"}], "gives an endpoint that is no address"),
    ([{"method": "TRACE"}], "gives a method that is none of GET, POST"),
    ([{"query_params": "a=1"}], "gives query_params that are a text and no object"),
    ([{"headers": ["a"]}], "gives headers that are a list and no object"),
    ([{"headers": {"Host": "other.test"}}], "Host belongs to the connection"),
    ([{"headers": {"a b": "c"}}], "is no name that HTTP allows"),
    ([{"headers": {"X-A": {"b": 1}}}], "gives an object for the header X-A"),
]


@pytest.mark.contract("pagination.custom.outputs")
@pytest.mark.parametrize("outputs, said", REFUSED)
def test_any_other_output_is_an_error_that_says_what_is_allowed(
    outputs: list[Any], said: str
) -> None:
    with pytest.raises(PaginationError) as caught:
        NextRequests(".", BASE).request(outputs, START)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "body_format, body", [("form", [1]), ("form", "a=1"), ("text", {"a": 1}), ("graphql", "{a}")]
)
def test_a_body_must_fit_its_format(body_format: Any, body: Any) -> None:
    before = ApiRequest("POST", START.address, body_format=body_format)
    with pytest.raises(PaginationError, match=f"with body_format {body_format}"):
        NextRequests(".", BASE).request([{"body": body}], before)


# What an expression sees.


def test_an_expression_sees_what_was_asked() -> None:
    asked: list[Any] = []

    def api(request: ApiRequest) -> Answer:
        asked.append(request)
        return Answer({"items": numbered(2)}, headers={"X-Next": "b"})

    expression = (
        'select(.page == 1) | {headers: {"X-Told": ({headers, request, page, received} | tojson)}}'
    )
    start = ApiRequest("POST", f"{BASE}/things?a=1&b=2&b=3", {"X-A": "1"}, {"q": 7})
    EndpointRead(api, custom(expression), start=start).run()
    assert json.loads(asked[1].headers["X-Told"]) == {
        "headers": {"x-next": "b"},
        "request": {
            "endpoint": "/things",
            "method": "POST",
            "query_params": {"a": "1", "b": ["2", "3"]},
            "headers": {"X-A": "1"},
            "body": {"q": 7},
        },
        "page": 1,
        "received": 2,
    }


@pytest.mark.parametrize(
    "expression, handed",
    [
        (".headers.next", {"headers"}),
        (".body.next", {"body"}),
        ("if (.items | length) == 0 then null else .body.next end", {"items", "body"}),
        (".request.query_params.page", {"request"}),
        (".page", set()),
    ],
)
def test_what_an_expression_does_not_speak_of_is_not_handed_over(
    expression: str, handed: set[str]
) -> None:
    """A page of many megabytes need not be written for jq for a cursor in a header."""
    page = page_of(START, Answer({"items": numbered(2)}))
    seen = NextRequests(expression, BASE).seen(page, 1, 2)
    assert seen.keys() == handed | {"page", "received"}


@pytest.mark.parametrize(
    "expression, path, needs",
    [
        (".body.next", ["items"], False),
        (".body.meta.next", ["meta", "list"], False),
        (".body.meta | .next", ["meta", "list"], True),
        (".body | .next", ["items"], True),
        (".body.list[-1].id", ["list"], True),
        ('.body["list"] | length', ["list"], True),
        ('.body."list".more', ["list"], True),
        (".body.next", [], True),
        (".body[$key]", ["list"], True),
        (".body?.next", ["list"], True),
        (". as $all | $all.body.next", ["list"], False),
        ("(.items | length) as $n | .body.next", ["list"], True),
        (".headers.next", [], False),
        (".request.body + {cursor: 1} | {body: .}", ["list"], False),
        ('{endpoint: "/more", "body": {cursor: .body.cursor}}', ["list"], False),
        ("{body} | .body.next", ["list"], True),
        (".request.body.cursor", ["list"], False),
        (".page", ["list"], False),
    ],
)
def test_the_list_is_handed_over_where_an_expression_may_look_at_it(
    expression: str, path: list[str], needs: bool
) -> None:
    told = NextRequests(expression, BASE)
    assert told.needs_list(path) is needs
    body: dict[str, Any] = {"items": numbered(2), "next": 1, "meta": {"list": [1], "next": 2}}
    page = replace(page_of(START, Answer(body)), path=tuple(path))
    seen = told.seen(page, 1, 2).get("body", body)
    assert seen == body or not needs
    assert {**seen, "items": 0, "meta": 0} == {**body, "items": 0, "meta": 0}
    assert page.body == body


# What speaks against an end.


def always(**beside: Any) -> Server:
    return lambda request: Answer({"items": numbered(3, 3 * len(request.url.query)), **beside})


@pytest.mark.contract("pagination.custom.evidence")
@pytest.mark.parametrize(
    "beside, seen",
    [
        ({"has_more": True}, "has_more is true, and next_request gives none"),
        ({"links": {"next": "/things?page=2"}}, "links.next is set"),
        ({"next_cursor": "b7"}, "next_cursor is set"),
        ({"total": 9}, "total counts more than what arrived"),
    ],
)
def test_an_end_is_in_doubt_where_an_answer_speaks_of_more(
    beside: dict[str, Any], seen: str
) -> None:
    done = EndpointRead(always(**beside), custom(".body.elsewhere")).run()
    assert len(done.doubts) == 1
    assert seen in done.doubts[0].seen
    assert done.doubts[0].advice.startswith("set ")


@pytest.mark.contract("pagination.custom.evidence")
@pytest.mark.parametrize("beside", [{"has_more": True}, {"next_cursor": "b7"}])
def test_what_the_expression_looks_at_is_the_users_to_judge(beside: dict[str, Any]) -> None:
    (name,) = beside
    expression = f'if .body.{name} == "?" then "/more" else null end'
    assert EndpointRead(always(**beside), custom(expression)).run().doubts == []
    assert EndpointRead(always(**beside), custom(".body.other")).run().doubts


@pytest.mark.contract("pagination.custom.evidence")
def test_a_promise_that_breaks_after_another_page_is_an_error() -> None:
    def api(request: ApiRequest) -> Answer:
        place = {"token": "b"} if not request.url.query else {}
        return Answer({"items": numbered(2, len(request.url.query)), "has_more": True, **place})

    reading = EndpointRead(api, custom(".body.token", param="after"))
    with pytest.raises(PaginationError, match="has_more is true, which says that there is more"):
        reading.run()
    assert reading.requests == 2
    assert len(reading.ids) == 4


@pytest.mark.contract("pagination.custom.evidence")
def test_a_total_that_is_not_reached_after_another_page_is_a_doubt() -> None:
    def api(request: ApiRequest) -> Answer:
        place = {"token": "b"} if not request.url.query else {"token": None}
        return Answer({"items": numbered(2, len(request.url.query)), "total": 9, **place})

    done = EndpointRead(api, custom(".body | .token", param="after")).run()
    assert [doubt.seen for doubt in done.doubts] == [
        "total counts more than what arrived, and next_request gives none"
    ]


@pytest.mark.contract("pagination.custom.evidence")
def test_a_page_stands_although_the_expression_fails_on_it() -> None:
    reading = EndpointRead(always(next="/b"), custom(".body.next.href"))
    with pytest.raises(PaginationError, match="next_request fails"):
        reading.run()
    assert reading.ids == [0, 1, 2]


@pytest.mark.contract("pagination.custom.evidence")
def test_an_answer_without_the_list_is_judged_for_that() -> None:
    """An error under 200, or a last page that is `{}`: not what the expression makes of it."""
    page = replace(page_of(START, Answer({"items": []})), matched=False, told=ValueError("null"))
    verdict = Pager(START, custom(".body.link[] | .url"), PageSizes(5), BASE).receive(page)
    assert verdict.is_end
    page = replace(page, matched=True)
    verdict = Pager(START, custom(".body.link[] | .url"), PageSizes(5), BASE).receive(page)
    assert "next_request fails" in str(verdict.error)


# Circles.


@pytest.mark.contract("pagination.custom.circles")
def test_a_request_that_was_sent_before_is_no_end_that_is_proven() -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("page", "1"))
        return Answer({"items": numbered(3, 3 * number)})

    forward = "{query_params: {page: (.page % 3 + 1)}}"
    done = EndpointRead(api, custom(forward)).run()
    assert done.requests == 3 + 1
    assert "next_request gives a request that was sent before" in done.doubts[0].seen
    assert "give null" in done.doubts[0].advice


@pytest.mark.contract("pagination.custom.circles")
def test_a_request_that_was_sent_before_is_the_end_where_the_answer_says_so() -> None:
    def api(request: ApiRequest) -> Answer:
        number = int(request.url.params.get("after", "0"))
        following = number + 1 if number < 2 else None
        return Answer({"items": numbered(3, 3 * number), "next_cursor": following})

    done = EndpointRead(api, custom("{query_params: {after: .body.next_cursor}}")).run()
    assert (len(done.ids), done.doubts) == (9, [])


@pytest.mark.contract("pagination.custom.circles")
def test_an_api_that_does_not_move_on_is_an_error() -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(5)})

    told = '{endpoint: "/things/more", body: {id: 1}}'
    with pytest.raises(PaginationError, match="the API seems to ignore nextRequest"):
        EndpointRead(api, custom(told, stateful=True), start=POST).run()


def test_a_stateful_circle_of_two_ends() -> None:
    def api(request: ApiRequest) -> Answer:
        return Answer({"items": numbered(3, 3 * len(str(request.url)))})

    told = "{query_params: {page: (if .page % 2 == 0 then 10 else 2 end)}}"
    done = EndpointRead(api, custom(told, stateful=True)).run()
    assert done.requests == 3
    assert done.doubts


# The settings.


@pytest.mark.contract("pagination.custom.settings")
def test_the_expression_is_required() -> None:
    with pytest.raises(Exception, match="nextRequest: is required with paginationType custom"):
        ConnectionSettings.parse({"base_url": BASE, "pagination_type": "custom"})
    block = PaginationConfig.validate("custom")
    with pytest.raises(SelectorError, match=r"pagination\.next_request: is required with type cus"):
        block.over(SingleRequestSettings(), "pagination")


@pytest.mark.contract("pagination.custom.settings")
def test_a_block_takes_the_expression_of_the_connection() -> None:
    given = {"base_url": BASE, "pagination_type": "custom", "next_request": ".body.next"}
    connection = ConnectionSettings.parse(given).pagination
    block = PaginationConfig.validate({"type": "custom", "stop": "empty_page"})
    made = block.over(connection, "pagination")
    assert made.stop == "empty_page"
    assert made.next_request == ".body.next"  # type: ignore[attr-defined]  # of this type


@pytest.mark.contract("pagination.custom.settings")
@pytest.mark.parametrize("told", [".body.next |", "import 'x' as x; .", "$.body.next"])
def test_what_is_no_jq_is_refused_by_name(told: str) -> None:
    block = PaginationConfig.validate({"type": "custom", "next_request": told})
    with pytest.raises(SelectorError, match=r"pagination\.next_request: .* is not valid JQ"):
        block.over(SingleRequestSettings(), "pagination")


@pytest.mark.parametrize(
    "expression, places",
    [
        (".body.next", {"next"}),
        ('.body.meta["next page"] // .body."a.b".c', {"meta.next page", "a.b.c"}),
        (".body.link[] | select(.relation) | .url", {"link"}),
        ('.headers["X-Next"] // .headers.link', {"x-next", "Link"}),
        ("if .body.has_more then .body.paging.cursor else null end", {"has_more", "paging.cursor"}),
        (".body | .next", set()),
        (".request.body.next", set()),
        (".items[-1].id", set()),
    ],
)
def test_the_places_that_an_expression_reads(expression: str, places: set[str]) -> None:
    read = places_read_by(expression)
    assert read.keys() == places
    assert all(".".join(keys) in ("", place) for place, keys in read.items())
