"""`custom` against APIs as their documentation has them: each request that is sent, and the end.

FHIR           https://hl7.org/fhir/R4/bundle.html#link
Azure Table    https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
DynamoDB       https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
Dropbox        https://www.dropbox.com/developers/documentation/http/documentation#files-list_folder
Elasticsearch  https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-scroll
"""

import json
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import BASE_URL, numbered, reply, resource

FHIR = '.body.link[] | select(.relation == "next") | .url'
AZURE = """
.headers
| {NextPartitionKey: ."x-ms-continuation-nextpartitionkey",
   NextRowKey: ."x-ms-continuation-nextrowkey"}
| select(.NextPartitionKey or .NextRowKey)
| {query_params: .}
"""
DYNAMO = """
.request.body as $sent | .body.LastEvaluatedKey
| if . then {body: ($sent + {ExclusiveStartKey: .})} else null end
"""
DROPBOX = """
if .body.has_more
then {endpoint: "/2/files/list_folder/continue", body: {cursor: .body.cursor}}
else null end
"""
SCROLL = """
if .items == [] then null
else {endpoint: "/_search/scroll", query_params: {scroll: null},
      body: {scroll: "1m", scroll_id: .body._scroll_id}} end
"""


def sent(request: httpx.Request) -> Any:
    return json.loads(request.content)


@pytest.mark.contract("pagination.custom")
async def test_a_list_of_links(sync: Sync) -> None:
    def patients(request: httpx.Request) -> Any:
        place = request.url.params.get("_page", "1")
        links = [{"relation": "self", "url": str(request.url)}]
        if place == "1":
            links.append({"relation": "next", "url": f"{BASE_URL}/Patient?_page=2"})
        return {"total": 3, "link": links, "entry": numbered(2) if place == "1" else [{"id": 2}]}

    settings = {"paginationType": "custom", "nextRequest": FHIR}
    selector = resource(
        "/items", endpoint="/Patient", data_path=".entry", query_params={"_count": "2"}
    )
    outcome = await sync(settings, [selector], {"/Patient": patients}, existing=["0", "old"])
    assert outcome.succeeded().queries("/Patient") == [{"_count": "2"}, {"_page": "2"}]
    assert outcome.ids() == [0, 1, 2]
    assert outcome.deleted == ["old"]


@pytest.mark.contract("pagination.custom")
async def test_two_cursors_in_headers(sync: Sync) -> None:
    def rows(request: httpx.Request) -> Any:
        if "NextRowKey" in request.url.params:
            return {"value": [{"id": 2}]}
        more = {"x-ms-continuation-NextPartitionKey": "p1", "x-ms-continuation-NextRowKey": "r9"}
        return httpx.Response(200, headers=more, json={"value": numbered(2)})

    pagination = {"type": "custom", "next_request": AZURE}
    selector = resource("/items", endpoint="/rows()", data_path=".value", pagination=pagination)
    outcome = await sync({}, [selector], {"/rows()": rows}, existing=["0", "old"])
    assert outcome.succeeded().queries("/rows()") == [
        {},
        {"NextPartitionKey": "p1", "NextRowKey": "r9"},
    ]
    assert (outcome.ids(), outcome.deleted) == ([0, 1, 2], ["old"])


@pytest.mark.contract("pagination.custom")
async def test_an_object_as_the_cursor(sync: Sync) -> None:
    def scan(request: httpx.Request) -> Any:
        assert sent(request)["TableName"] == "things"
        key = sent(request).get("ExclusiveStartKey")
        if key is None:
            # A filter may leave nothing of a page.
            return {"Items": [], "Count": 0, "LastEvaluatedKey": {"id": {"S": "a"}}}
        if key == {"id": {"S": "a"}}:
            return {"Items": numbered(2), "LastEvaluatedKey": {"id": {"S": "c"}}}
        assert key == {"id": {"S": "c"}}
        return {"Items": [{"id": 2}]}

    settings = {"paginationType": "custom", "nextRequest": DYNAMO}
    selector = resource(
        "/items", endpoint="/", method="POST", body={"TableName": "things"}, data_path=".Items"
    )
    outcome = await sync(settings, [selector], {"/": scan}, existing=["0", "old"])
    assert (outcome.succeeded().ids(), outcome.deleted) == ([0, 1, 2], ["old"])


def folder(request: httpx.Request) -> Any:
    assert sent(request) == {"path": "", "limit": 2}
    return {"entries": numbered(2), "cursor": "c1", "has_more": True}


def more_of_folder(request: httpx.Request) -> Any:
    is_first = sent(request) == {"cursor": "c1"}
    assert is_first or sent(request) == {"cursor": "c2"}
    entries = [{"id": 2}] if is_first else [{"id": 3}]
    return {"entries": entries, "cursor": "c2" if is_first else "c3", "has_more": is_first}


@pytest.mark.contract("pagination.custom")
async def test_another_endpoint_for_what_follows(sync: Sync) -> None:
    settings = {"paginationType": "custom", "nextRequest": DROPBOX}
    body = {"path": "", "limit": 2}
    selector = resource(
        "/items", endpoint="/2/files/list_folder", method="POST", body=body, data_path=".entries"
    )
    routes = {"/2/files/list_folder": folder, "/2/files/list_folder/continue": more_of_folder}
    outcome = await sync(settings, [selector], routes, existing=["0", "old"])
    assert (outcome.succeeded().ids(), outcome.deleted) == ([0, 1, 2, 3], ["old"])


@pytest.mark.contract("pagination.custom.evidence")
async def test_a_promise_that_the_expression_does_not_hear_keeps_everything(sync: Sync) -> None:
    settings = {"paginationType": "custom", "nextRequest": ".body.elsewhere"}
    body = {"path": "", "limit": 2}
    selector = resource(
        "/items", endpoint="/2/files/list_folder", method="POST", body=body, data_path=".entries"
    )
    outcome = await sync(settings, [selector], {"/2/files/list_folder": folder}, existing=["old"])
    assert outcome.succeeded().ids() == [0, 1]
    assert outcome.deleted == []


class Scrolling:
    """Each scroll has a place of its own; a request moves it on, and the id stays the same."""

    def __init__(self, count: int, *, lost: int = 0) -> None:
        self.count, self.lost = count, lost
        self.places: dict[str, int] = {}
        self.routes = {"/things/_search": self.opened, "/_search/scroll": self.scrolled}

    def opened(self, request: httpx.Request) -> Any:
        assert request.url.params["scroll"] == "1m"
        name = f"scroll-{len(self.places)}"
        return self.page(name)

    def scrolled(self, request: httpx.Request) -> Any:
        assert not request.url.query
        answer = self.page(sent(request)["scroll_id"])
        if self.lost and self.places["scroll-0"] > 2:
            self.lost -= 1
            return reply({}, 502)
        return answer

    def page(self, name: str) -> Any:
        place = self.places.get(name, 0)
        self.places[name] = place + 2
        return {"_scroll_id": name, "hits": {"hits": numbered(self.count)[place : place + 2]}}


def scrolling(**more: Any) -> Any:
    return resource(
        "/items",
        endpoint="/things/_search",
        method="POST",
        query_params={"scroll": "1m"},
        body={"size": 2},
        data_path=".hits.hits",
        pagination={"type": "custom", "next_request": SCROLL, "stateful": True, **more},
    )


@pytest.mark.contract("pagination.custom.stateful")
@pytest.mark.parametrize("count", [0, 1, 2, 5, 8])
async def test_a_scroll(sync: Sync, count: int) -> None:
    """Equal requests give different pages; two resources each have a scroll of their own."""
    api = Scrolling(count)
    outcome = await sync({}, [scrolling(), scrolling()], api.routes, existing=["0", "old"])
    assert outcome.succeeded().ids() == [*range(count), *range(count)]
    assert "old" in outcome.deleted
    assert len(api.places) == 2


@pytest.mark.contract("pagination.custom.stateful")
async def test_a_scroll_that_lost_a_page_fails(sync: Sync) -> None:
    """Asked once more, the API would answer with the page after the one that was lost."""
    api = Scrolling(8, lost=1)
    outcome = await sync({"maxRetries": "3"}, [scrolling()], api.routes, existing=["old"])
    outcome.failed("the API answered 502")
    assert outcome.ids() == [0, 1]
    assert outcome.deleted == []


@pytest.mark.contract("pagination.custom.stateful")
async def test_without_stateful_a_scroll_ends_in_doubt(sync: Sync) -> None:
    api = Scrolling(8)
    outcome = await sync({}, [scrolling(stateful=False)], api.routes, existing=["old"])
    assert outcome.succeeded().ids() == [0, 1, 2, 3]
    assert outcome.deleted == []


@pytest.mark.contract("pagination.custom.origin")
@pytest.mark.parametrize(
    "told",
    [
        ".body.next",
        "{endpoint: .body.next}",
        '.body.next | {endpoint: ., headers: {"X-A": "b"}, method: "POST", body: {a: 1}}',
    ],
)
async def test_another_host_is_refused(sync: Sync, told: str) -> None:
    settings = {"paginationType": "custom", "nextRequest": f"{told} // empty"}
    routes = {"/items": {"items": numbered(2), "next": "https://files.example.net/2"}}
    selector = resource("/items", data_path=".items")
    outcome = await sync(settings, [selector], routes, existing=["old"])
    outcome.failed("refused to send anything to https://files.example.net")
    assert outcome.ids() == [0, 1]
    assert outcome.deleted == []


@pytest.mark.contract("pagination.custom.evidence")
@pytest.mark.parametrize(
    "told, said",
    [
        (".body.next.href", "next_request fails"),
        ("[.body.next]", "next_request gives a list"),
        ("{query: {}}", "gives an object with 'query'; it may have endpoint, method"),
        ("def f: f; f", "nextRequest def f: f; f did not end within 1 seconds"),
    ],
)
async def test_what_cannot_be_told_fails_and_keeps_the_page(
    sync: Sync, told: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expressions.evaluator.seconds_allowed", lambda: 1.0)
    settings = {"paginationType": "custom", "nextRequest": told}
    routes = {"/items": {"items": numbered(2), "next": "b"}}
    selector = resource("/items", data_path=".items")
    outcome = await sync(settings, [selector], routes, existing=["old"])
    outcome.failed(said)
    assert outcome.ids() == [0, 1]
    assert outcome.deleted == []
