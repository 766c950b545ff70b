"""Each word of the table of dialects, and each API as its documentation shows it: heard where it
speaks of more, and not misheard where it does not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from api_messages import ApiRequest
from pagination import dialects
from pagination.page import Page, Verdict
from pagination.pager import Pager
from pagination.sizes import PageSizes
from pagination.spellings import spellings
from tests.support.models import START, Answer, numbered, put, read, settings_of

ITEMS = numbered(3)
TOKEN = "dXNlcjpVMDYx"
LINK = "https://api.test/v1/things?page=2"


@dataclass(frozen=True)
class Said:
    """An answer, and the keys that lead to its list."""

    body: Any
    path: tuple[str | int, ...] = ("items",)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = True


def end_of(said: Said, **options: Any) -> Verdict:
    """Return the verdict on an answer under the setting `none`."""
    found = said.body
    for step in said.path:
        found = found[step]
    items = found if isinstance(found, list) else [found]
    page = Page(
        START,
        {name.lower(): text for name, text in said.headers.items()},
        said.body,
        items,
        len(items),
        len(items) if isinstance(found, list) else None,
        None,
        b"",
        path=said.path,
        is_plain=said.is_plain,
    )
    pagination = settings_of("none", **options)
    return Pager(START, pagination, PageSizes(100)).receive(page)


def is_heard(said: Said, **options: Any) -> bool:
    verdict = end_of(said, **options)
    assert verdict.request is None
    assert verdict.error is None
    assert verdict.keep
    return verdict.doubt is not None


def beside(name: str, value: Any, container: str = "") -> Said:
    holder = {name: value}
    return Said({"items": ITEMS, **({container: holder} if container else holder)})


SPEAKING: Mapping[str, tuple[Any, ...]] = {
    "MORE_MARKERS": (True, "true", "True", "yes", 1, "1"),
    "LAST_MARKERS": (False, "false", "no"),
    "PARTIAL_MARKERS": (True, "true"),
    "CUT_MARKERS": (True, "true"),
    "PARTIAL_LISTS": (["europe-west1"],),
    "BARE_TOKENS": (TOKEN, "itr8/rec7"),
    "NEXT_LINKS": (LINK, "/v1/things?page=2", "?page=2", {"href": LINK}, {"url": LINK}),
    "NEXT_TOKENS": (TOKEN, 7, {"id": {"S": "7"}}),
    "CONTINUE": (TOKEN, {"cmcontinue": "page|1"}),
    "TOTAL_NAMES": (4, 257, "257", {"value": 257, "relation": "gte"}),
    "PAGE_TOTALS": (2, "6"),
}
SILENT: Mapping[str, tuple[Any, ...]] = {
    "MORE_MARKERS": (False, None, "false", "no", "0", 0, "", "Jane"),
    "LAST_MARKERS": (True, "true", "yes", None, "2026-01-01", LINK, 6),
    "PARTIAL_MARKERS": (False, None, "false", "", 3, [], "some text"),
    "CUT_MARKERS": (False, None, "false", "", 3, [], "some text"),
    "PARTIAL_LISTS": ([], None, "", 0, {}),
    "BARE_TOKENS": (None, "", "0", "50", 50, 0, "some text", {"limit": 3}, True, "true"),
    "NEXT_LINKS": (None, "", False, {}, {"href": None}),
    "NEXT_TOKENS": (None, "", False, 0, -1, "0", {}),
    "CONTINUE": (None, "", False, {}),
    "TOTAL_NAMES": (3, 0, -1, "3", 2, None, "many", 1234.5, "1234.50", {"eur": 257}, True),
    "PAGE_TOTALS": (1, 0, "1", None, 1.5),
}
WORDS = [
    (table, word, value)
    for table, values in SPEAKING.items()
    for word in getattr(dialects, table)
    for value in values
]
INNOCENT = [
    (table, word, value)
    for table, values in SILENT.items()
    for word in getattr(dialects, table)
    for value in values
]


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("table, word, value", WORDS)
def test_every_word_is_heard_where_it_speaks(table: str, word: str, value: Any) -> None:
    assert is_heard(beside(word, value))


@pytest.mark.parametrize("table, word, value", INNOCENT)
def test_no_word_is_misheard_where_it_does_not(table: str, word: str, value: Any) -> None:
    assert not is_heard(beside(word, value))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("table", SPEAKING)
def test_attributes_of_xml_speak_like_elements(table: str) -> None:
    for words, heard in ((WORDS, True), (INNOCENT, False)):
        for _, word, value in (each for each in words if each[0] == table):
            attribute = {f"@{word.removeprefix('@')}": value}
            assert is_heard(Said({"items": ITEMS, "@limit": "3", **attribute})) is heard


@pytest.mark.parametrize("name", sorted(dialects.VAGUE_ATTRIBUTES))
def test_a_vague_attribute_speaks_beside_others_of_pages_alone(name: str) -> None:
    """NUnit's `total` counts tests, and a schedule's `next` is a date."""
    said = {"items": ITEMS, f"@{name}": "2026-12-01"}
    for value in ("2026-12-01", "18", "x9", False):
        assert not is_heard(Said({**said, f"@{name}": value, "@passed": "2"}))


def test_the_last_token_of_oai_pmh_has_nothing_but_attributes() -> None:
    last = {"@completeListSize": "9", "@cursor": "6"}
    assert not is_heard(beside("resumptionToken", last))
    assert is_heard(beside("resumptionToken", {**last, "#text": "x9"}))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("relation, is_next", [("next", True), ("self", False)])
@pytest.mark.parametrize("is_alone", [True, False])
def test_links_of_atom_are_heard_and_followed(relation: str, is_next: bool, is_alone: bool) -> None:
    link = {"@rel": relation, "@href": "https://h.test/feed?page=2"}
    links = link if is_alone else [{"@rel": "self", "@href": LINK}, link]
    assert is_heard(Said({"items": ITEMS, "link": links})) is is_next

    def api(request: ApiRequest) -> Answer:
        if "page" in request.url.params:
            return Answer({"items": numbered(1, 3)})
        return Answer({"items": numbered(3), "link": links})

    done = read(api, settings_of("next_link", next_link_path="link"))
    assert done.ids == list(range(4 if is_next else 3))


@pytest.mark.parametrize("table, word, value", [each for each in WORDS if each[2] == each[2]][::3])
def test_no_word_is_heard_in_an_item_or_where_there_is_no_list(
    table: str, word: str, value: Any
) -> None:
    item = {"id": 1, word: value, "meta": {word: value}}
    assert not is_heard(Said([item], ()))
    assert not is_heard(Said({"items": [item]}))
    assert not is_heard(Said(item, ()))
    assert not is_heard(Said({"data": {"thing": item}}, ("data", "thing")))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize(
    "container, word",
    [(name, word) for name, words in dialects.TOKENS_IN.items() for word in words],
)
def test_a_token_counts_in_its_object_alone(container: str, word: str) -> None:
    assert is_heard(beside(word, TOKEN, container))
    assert not is_heard(beside(word, None, container))
    assert not is_heard(beside(word, TOKEN))
    assert not is_heard(beside(word, TOKEN, "cursors"))


@pytest.mark.contract("more.every-type")
def test_parts_that_failed_make_a_list_that_is_not_whole() -> None:
    for name, counts in dialects.PARTIAL_COUNTS.items():
        for count in counts:
            assert is_heard(beside(count, 1, name))
            assert not is_heard(beside(count, 0, name))
    assert not is_heard(beside("skipped", 3, "_shards"))
    assert is_heard(beside("status", "timeout", "meta"))
    assert not is_heard(beside("status", "done", "meta"))
    assert not is_heard(beside("status", "timeout"))


@pytest.mark.contract("more.denials")
@pytest.mark.parametrize("denial", [{"next_token": None}, {"next": None}, {"has_more": False}])
def test_a_bare_token_is_silenced_by_any_denial_and_denies_nothing_itself(denial: Any) -> None:
    assert not is_heard(of(cursor=TOKEN, **denial))
    assert is_heard(of(cursor=None, total=257))
    assert is_heard(of(cursor="", total=257))


def test_a_marker_of_a_cut_list_is_one_of_more_where_pages_follow() -> None:
    """As AWS KMS has it; GitHub's trees end there."""
    page = of(Truncated=True, NextMarker=TOKEN)
    assert is_heard(page)
    pages: dict[str | None, dict[str, Any]] = {
        None: {"Truncated": True, "NextMarker": TOKEN},
        TOKEN: {"Truncated": False},
    }

    def answer(request: ApiRequest) -> Answer:
        asked = request.url.params.get("Marker")
        return Answer({"items": [{"id": asked}], **pages[asked]})

    settings = settings_of("cursor", cursor_path="NextMarker", param="Marker")
    reading = read(answer, settings)
    assert len(reading.items) == 2
    assert not reading.doubts


@pytest.mark.contract("more.every-type")
def test_links_in_lists_are_heard() -> None:
    assert is_heard(of(_links={"next": [{"href": LINK}]}))
    assert is_heard(of(links=[{"rel": ["self"], "href": LINK}, {"rel": ["next"], "href": LINK}]))
    assert is_heard(of(next={"$ref": LINK}))
    assert not is_heard(of(_links={"next": []}))
    assert not is_heard(of(links=[{"rel": ["self", "collection"], "href": LINK}]))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("word", dialects.PAGE_TOTALS_BESIDE)
def test_a_number_of_pages_counts_beside_the_number_of_the_page(word: str) -> None:
    assert is_heard(of(page=1, **{word: 3}))
    assert is_heard(of(pagination={"page": 1, word: 3}))
    assert not is_heard(of(page=1, **{word: 1}))
    assert not is_heard(of(title="a book", **{word: 300}))


BACK = {
    "Spring Data": {"first": False, "last": True, "totalElements": 5},
    "HAL": {"_links": {"prev": {"href": "/things?page=0"}}},
    "JSON:API": {"links": {"prev": "/things?page=0", "next": None}},
    "Laravel": {"prev_page_url": LINK, "next_page_url": None},
    "Django REST": {"previous": LINK, "next": None},
    "Relay": {"pageInfo": {"hasPreviousPage": True, "hasNextPage": False}},
    "FHIR": {"link": [{"relation": "previous", "url": LINK}]},
}
FIRST = {
    "Spring Data": {"first": True, "last": True, "number": 0},
    "a person": {"first": "Ada", "last": "Lovelace"},
    "JSON:API": {"links": {"prev": None, "next": None, "first": LINK}},
    "Laravel": {"prev_page_url": None},
    "a number": {"prev": 0, "previous": 1, "prev_page": 1},
    "an item": {"previous": {"id": 7, "name": "the one before"}},
}


def on_page_one(beside_items: Mapping[str, Any], **options: Any) -> list[str]:
    body = {"items": ITEMS, "has_more": False, **beside_items}
    pagination = settings_of("page", **options)
    return [doubt.seen for doubt in read(lambda _: Answer(body), pagination).doubts]


@pytest.mark.contract("more.start")
@pytest.mark.parametrize("said", BACK.values(), ids=BACK)
def test_a_first_page_with_others_before_it_is_doubted(said: Any) -> None:
    (seen,) = on_page_one(said)
    assert "on page 1, the first that was asked for" in seen
    assert not on_page_one(said, start_page=0)


@pytest.mark.contract("more.start")
@pytest.mark.parametrize("said", FIRST.values(), ids=FIRST)
def test_a_first_page_is_the_first(said: Any) -> None:
    assert not on_page_one(said)


@pytest.mark.contract("more.start")
def test_a_place_that_does_not_speak_of_pages_before_is_ignored() -> None:
    assert not on_page_one({"first": False}, ignore_markers=["first"])


@pytest.mark.parametrize("container", dialects.CONTAINERS)
def test_usual_objects_are_looked_into(container: str) -> None:
    assert is_heard(beside("has_more", True, container))
    assert is_heard(beside("total", 257, container))
    assert is_heard(beside("next", LINK, container))
    assert not is_heard(beside("elsewhere", {"has_more": True}, container))


@pytest.mark.parametrize("container", dialects.LINK_CONTAINERS)
def test_links_are_looked_for_by_name_and_by_relation(container: str) -> None:
    assert is_heard(beside("next", LINK, container))
    assert is_heard(beside("next", {"href": LINK}, container))
    for relation, address in (("rel", "href"), ("relation", "url")):
        links = [{relation: "self", address: LINK}, {relation: "next", address: LINK}]
        assert is_heard(Said({"items": ITEMS, container: links}))
        assert not is_heard(Said({"items": ITEMS, container: links[:1]}))
    for innocent in ("more", "total", "help", "related"):
        assert not is_heard(beside(innocent, LINK, container))


@pytest.mark.parametrize("spelt", sorted(spellings("has_more") | spellings("is_truncated")))
def test_every_spelling_is_one_word(spelt: str) -> None:
    assert is_heard(beside(spelt, True))
    assert spellings("has_more") >= {"has_more", "hasMore", "HasMore", "has-more", "HAS_MORE"}


@pytest.mark.parametrize("name", [*dialects.NEXT_LINK_HEADERS, *dialects.NEXT_TOKEN_HEADERS])
def test_headers_that_lead_on_are_heard(name: str) -> None:
    assert is_heard(Said(ITEMS, (), {name.title(): "2"}))
    for empty in ("", "null", " "):
        assert not is_heard(Said(ITEMS, (), {name: empty}))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("name", dialects.MORE_HEADERS)
def test_markers_in_headers_are_heard(name: str) -> None:
    assert is_heard(Said(ITEMS, (), {name.title(): "true"}))
    for silent in ("false", "", "0", "null"):
        assert not is_heard(Said(ITEMS, (), {name.title(): silent}))


@pytest.mark.contract("more.every-type")
@pytest.mark.parametrize("name", dialects.OBJECT_HEADERS)
def test_objects_in_headers_are_heard(name: str) -> None:
    for speaking in (
        {"HasNext": True},
        {"TotalCount": 9, "PageSize": 3, "CurrentPage": 1},
        {"TotalPages": 3, "CurrentPage": 1},
        {"nextPageLink": LINK},
    ):
        verdict = end_of(Said(ITEMS, (), {name.title(): json.dumps(speaking)}))
        assert verdict.doubt
        assert f"{name}." in verdict.doubt.seen
        # No path leads there.
        assert f"Path: {name}" not in verdict.doubt.advice
    for silent in (
        json.dumps({"HasNext": False, "TotalCount": 3}),
        json.dumps({"TotalCount": 3, "TotalPages": 1, "CurrentPage": 1, "nextPageLink": ""}),
        "page=1; total=9",
        "[9]",
        "9",
        "",
        "[" * 100_000,
    ):
        assert not is_heard(Said(ITEMS, (), {name.title(): silent}))


@pytest.mark.parametrize("name", [*dialects.TOTAL_HEADERS, *dialects.PAGE_TOTAL_HEADERS])
def test_totals_in_headers_are_heard(name: str) -> None:
    assert is_heard(Said(ITEMS, (), {name: "257"}))
    for innocent in ("", "0", "-1", "many", "1.5", "1"):
        assert not is_heard(Said(ITEMS, (), {name: innocent}))


@pytest.mark.parametrize(
    "header, heard",
    [
        ("items 0-2/20", True),
        ("0-2/20", True),
        ("things 0-2/20", True),
        ("items 0-2/3", False),
        ("items 0-2/*", False),
        ("bytes 0-2/20", False),
        ("bytes 0-1023/146515", False),
        ("items */0", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_a_content_range_counts_items_and_no_bytes(header: str, heard: bool) -> None:
    assert is_heard(Said(ITEMS, (), {"Content-Range": header})) is heard


@pytest.mark.parametrize(
    "header, heard",
    [
        (f'<{LINK}>; rel="next"', True),
        (f'<{LINK}>; rel="nextPage"', True),
        (f'<{LINK}>; rel="prev", <{LINK}>; rel="next last"', True),
        (f'<{LINK}>; rel="next"; results="true"; cursor="0:100:0"', True),
        (f'<{LINK}>; rel="next"; results="false"; cursor="0:100:0"', False),
        (f'<{LINK}>; rel="prev", <{LINK}>; rel="first"', False),
        (f'<{LINK}>; rel="self"', False),
        (f'<{LINK}>; rel="preload"; as="script"', False),
        (f'<{LINK}>; rel="canonical"', False),
        (f'<{LINK}>; title="next"', False),
        ("next", False),
        ("", False),
    ],
)
def test_link_headers_are_heard(header: str, heard: bool) -> None:
    assert is_heard(Said(ITEMS, (), {"Link": header})) is heard


# APIs as their documentation shows them: an answer of which more follows, and the last one.

DYNAMO_KEY = {"id": {"S": "7"}}
FHIR_SELF = {"relation": "self", "url": LINK}
FHIR = {"resourceType": "Bundle", "entry": ITEMS}
ES = {"took": 5, "timed_out": False, "_scroll_id": "DXF1ZXJ5"}
IAM = ("ListUsersResponse", "ListUsersResult", "Users", "member")


def iam(truncated: Any, **others: Any) -> dict[str, Any]:
    result = {"Users": {"member": ITEMS}, "IsTruncated": truncated, **others}
    return {"ListUsersResponse": {"ListUsersResult": result}}


def elastic(total: int, **others: Any) -> Said:
    hits = {"total": {"value": total, "relation": "eq"}, "hits": ITEMS}
    return Said({**ES, **others, "hits": hits}, ("hits", "hits"))


def at(path: str, **others: Any) -> Said:
    """Return an answer with the items at a dotted path and something beside them."""
    body: dict[str, Any] = {}
    put(body, path, ITEMS)
    return Said({**body, **others}, tuple(path.split(".")))


def of(**others: Any) -> Said:
    return Said({"items": ITEMS, **others})


def headed(**headers: str) -> Said:
    return Said(ITEMS, (), {name.replace("_", "-"): text for name, text in headers.items()})


APIS: Mapping[str, tuple[Said, Said]] = {
    "Slack": (
        of(ok=True, response_metadata={"next_cursor": TOKEN}),
        of(ok=True, response_metadata={"next_cursor": ""}),
    ),
    "Lark": (
        Said(
            {"code": 0, "data": {"items": ITEMS, "has_more": True, "page_token": TOKEN}},
            ("data", "items"),
        ),
        Said(
            {"code": 0, "data": {"items": ITEMS, "has_more": False, "page_token": ""}},
            ("data", "items"),
        ),
    ),
    "Weibo": (
        at("statuses", previous_cursor=0, next_cursor=11488013766, total_number=81655),
        at("statuses", previous_cursor=0, next_cursor=0, total_number=3),
    ),
    "Conduit": (
        Said(
            {"result": {"data": ITEMS, "cursor": {"limit": 3, "after": "1"}}},
            ("result", "data"),
        ),
        Said(
            {"result": {"data": ITEMS, "cursor": {"limit": 100, "after": None}}},
            ("result", "data"),
        ),
    ),
    "JSend": (
        Said({"status": "success", "data": {"posts": ITEMS, "total": 8}}, ("data", "posts")),
        Said({"status": "success", "data": {"posts": ITEMS}}, ("data", "posts")),
    ),
    "OData": (
        at("value", **{"@odata.count": 3, "@odata.nextLink": LINK}),
        at("value", **{"@odata.count": 3, "@odata.deltaLink": LINK}),
    ),
    "FHIR": (
        Said({**FHIR, "link": [FHIR_SELF, {"relation": "next", "url": LINK}]}, ("entry",)),
        Said({**FHIR, "link": [FHIR_SELF], "total": 3}, ("entry",)),
    ),
    "HAL": (
        Said(
            {
                "_embedded": {"orders": ITEMS},
                "_links": {"next": {"href": "/orders?p=2"}},
            },
            ("_embedded", "orders"),
        ),
        Said(
            {"_embedded": {"orders": ITEMS}, "_links": {"self": {"href": "/orders"}}},
            ("_embedded", "orders"),
        ),
    ),
    "JSON:API": (
        at("data", links={"self": LINK, "next": LINK, "last": LINK}),
        at("data", links={"self": LINK, "prev": LINK, "next": None}, meta={"total": 13}),
    ),
    "JSON:API without null": (
        at("data", links={"first": "?p=1", "last": "?p=5", "next": "?p=2"}),
        at("data", links={"first": "?p=1", "last": "?p=5", "prev": "?p=4"}, meta={"total": 13}),
    ),
    "Relay": (
        Said(
            {"data": {"nodes": ITEMS, "pageInfo": {"hasNextPage": True, "endCursor": TOKEN}}},
            ("data", "nodes"),
        ),
        Said(
            {"data": {"nodes": ITEMS, "pageInfo": {"hasNextPage": False, "endCursor": TOKEN}}},
            ("data", "nodes"),
        ),
    ),
    "Elasticsearch": (elastic(10_000), elastic(3)),
    "Elasticsearch that timed out": (elastic(3, timed_out=True), elastic(3)),
    "WordPress": (headed(X_WP_Total="257", X_WP_TotalPages="26"), headed(X_WP_Total="3")),
    "Jira": (
        at("values", startAt=0, maxResults=50, total=257, isLast=False, nextPage=LINK),
        at("values", startAt=254, maxResults=50, total=257, isLast=True),
    ),
    "Jira issues by token": (
        at("issues", nextPageToken=TOKEN, isLast=False),
        at("issues", isLast=True),
    ),
    "Confluence": (
        at("results", _links={"next": "/wiki/api/v2/pages?cursor=x", "base": LINK}),
        at("results", _links={"base": "https://example.test/wiki"}),
    ),
    "Bitbucket Server": (
        at("values", size=3, isLastPage=False, nextPageStart=3),
        at("values", size=3, isLastPage=True, nextPageStart=None),
    ),
    "Rundeck": (
        at("executions", paging={"count": 3, "total": 42, "offset": 0, "max": 20}),
        at("executions", paging={"count": 3, "total": 3, "offset": 0, "max": 20}),
    ),
    "Sonar": (
        at("components", paging={"pageIndex": 1, "pageSize": 100, "total": 257}),
        at("components", paging={"pageIndex": 1, "pageSize": 100, "total": 3}),
    ),
    "Nexus": (of(continuationToken=TOKEN), of(continuationToken=None)),
    "Okta": (
        headed(Link=f'<{LINK}>; rel="self", <{LINK}>; rel="next"'),
        headed(Link=f'<{LINK}>; rel="self"'),
    ),
    "Sentry": (
        headed(Link=f'<{LINK}>; rel="next"; results="true"; cursor="0:100:0"'),
        headed(Link=f'<{LINK}>; rel="next"; results="false"; cursor="0:100:0"'),
    ),
    "GitHub": (
        headed(Link=f'<{LINK}>; rel="next", <{LINK}>; rel="last"'),
        headed(Link=f'<{LINK}>; rel="prev", <{LINK}>; rel="first"'),
    ),
    "GitHub search": (
        of(total_count=3, incomplete_results=True),
        of(total_count=3, incomplete_results=False),
    ),
    "GitHub trees": (
        at("tree", sha="9fb0", url="https://api.test/trees/9fb0", truncated=True),
        at("tree", sha="9fb0", url="https://api.test/trees/9fb0", truncated=False),
    ),
    "GitLab": (
        headed(X_Next_Page="2", X_Page="1", X_Total="257", X_Total_Pages="86"),
        headed(X_Next_Page="", X_Page="86", X_Total="257", X_Total_Pages="86"),
    ),
    "S3": (
        at("Contents", IsTruncated="true", NextContinuationToken=TOKEN, KeyCount="3"),
        at("Contents", IsTruncated="false", KeyCount="3", MaxKeys="1000"),
    ),
    "DynamoDB": (
        at("Items", Count=3, ScannedCount=90, LastEvaluatedKey=DYNAMO_KEY),
        at("Items", Count=3, ScannedCount=90),
    ),
    "etcd": (at("kvs", count="257", more=True), at("kvs", count="3")),
    "IAM": (Said(iam("true", Marker=TOKEN), IAM), Said(iam("false"), IAM)),
    "Notion": (
        at("results", object="list", next_cursor=TOKEN, has_more=True),
        at("results", object="list", next_cursor=None, has_more=False),
    ),
    "Notion, cut": (
        at(
            "results",
            has_more=False,
            request_status={"type": "incomplete", "incomplete_reason": "query_result_limit"},
        ),
        at("results", has_more=False, request_status={"type": "complete"}),
    ),
    "Buildbot": (at("builds", meta={"total": 120}), at("builds", meta={"total": 3})),
    "InfluxDB": (
        Said(
            {"results": [{"series": [{"values": ITEMS, "partial": True}]}]},
            ("results", 0, "series", 0, "values"),
        ),
        Said({"results": [{"series": [{"values": ITEMS}]}]}, ("results", 0, "series", 0, "values")),
    ),
    "ServiceNow": (
        Said(
            {"result": ITEMS},
            ("result",),
            {"X-Total-Count": "257", "Link": f'<{LINK}>;rel="next",<{LINK}>;rel="last"'},
        ),
        Said(
            {"result": ITEMS},
            ("result",),
            {"X-Total-Count": "9", "Link": f'<{LINK}>;rel="first",<{LINK}>;rel="last"'},
        ),
    ),
    "Meta": (
        at("data", paging={"cursors": {"before": "a", "after": "b"}, "next": LINK}),
        at("data", paging={"cursors": {"before": "a", "after": "b"}}),
    ),
    "HubSpot": (
        at("results", paging={"next": {"after": "3", "link": "?after=3"}}),
        at("results", total=3),
    ),
    "Intercom": (
        at("data", pages={"type": "pages", "next": {"page": 2, "starting_after": TOKEN}}),
        at("data", pages={"type": "pages", "next": None, "page": 1, "total_pages": 1}),
    ),
    "Datadog": (
        at("data", meta={"page": {"total_count": 90, "total_filtered_count": 12}}),
        at("data", meta={"page": {"total_count": 90, "total_filtered_count": 3}}),
    ),
    "Google": (of(kind="list", nextPageToken=TOKEN), of(kind="list", nextSyncToken=TOKEN)),
    "Cloud Logging": (at("entries", nextPageToken=TOKEN), at("entries")),
    "Kubernetes": (
        of(metadata={"resourceVersion": "9", "continue": TOKEN, "remainingItemCount": 7}),
        of(metadata={"resourceVersion": "9"}),
    ),
    "Salesforce": (
        at("records", totalSize=257, done=False, nextRecordsUrl="/services/data/v1/query/01g-2"),
        at("records", totalSize=3, done=True),
    ),
    "Spring": (
        at("content", last=False, first=True, totalPages=6, totalElements=18, number=0),
        at("content", last=True, first=False, totalPages=6, totalElements=18, number=5),
    ),
    "Spring HATEOAS": (
        at("content", page={"size": 3, "totalElements": 18, "totalPages": 6, "number": 0}),
        at("content", page={"size": 20, "totalElements": 3, "totalPages": 1, "number": 0}),
    ),
    "Django REST": (
        at("results", count=257, next=LINK, previous=None),
        at("results", count=257, next=None, previous=LINK),
    ),
    "Laravel": (
        at("data", meta={"current_page": 1, "last_page": 6, "total": 18}, links={"next": LINK}),
        at("data", meta={"current_page": 6, "last_page": 6, "total": 18}, links={"next": None}),
    ),
    "Stripe": (at("data", object="list", has_more=True), at("data", has_more=False)),
    "Zendesk": (
        at("users", meta={"has_more": True, "after_cursor": TOKEN}, links={"next": LINK}),
        at("users", meta={"has_more": False, "after_cursor": TOKEN}, links={"next": LINK}),
    ),
    "Asana": (
        at("data", next_page={"offset": TOKEN, "path": "/tasks", "uri": LINK}),
        at("data", next_page=None),
    ),
    "Cloudflare": (
        at("result", result_info={"page": 1, "count": 3, "total_count": 90, "total_pages": 30}),
        at("result", result_info={"page": 1, "count": 3, "total_count": 3, "total_pages": 1}),
    ),
    "Solr": (
        Said({"response": {"numFound": 257, "start": 0, "docs": ITEMS}}, ("response", "docs")),
        Said({"response": {"numFound": 3, "start": 0, "docs": ITEMS}}, ("response", "docs")),
    ),
    "Algolia": (
        at("hits", nbHits=257, page=0, nbPages=86, hitsPerPage=3),
        at("hits", nbHits=3, page=0, nbPages=1, hitsPerPage=20),
    ),
    "SCIM": (
        at("Resources", totalResults=257, itemsPerPage=3, startIndex=1),
        at("Resources", totalResults=3, itemsPerPage=3, startIndex=1),
    ),
    "MediaWiki": (
        at("query.pages", **{"continue": {"cmcontinue": "page|1", "continue": "-||"}}),
        at("query.pages", batchcomplete=""),
    ),
    "Kinto": (
        Said({"data": ITEMS}, ("data",), {"Next-Page": LINK, "Total-Records": "257"}),
        Said({"data": ITEMS}, ("data",), {"Total-Records": "3"}),
    ),
    "PostgREST": (headed(Content_Range="0-2/257"), headed(Content_Range="0-2/3")),
    "Hydra": (
        at("member", **{"hydra:view": {"hydra:next": "/books?page=2"}, "hydra:totalItems": 257}),
        at("member", **{"hydra:view": {"@id": "/books"}, "hydra:totalItems": 3}),
    ),
    "ArcGIS": (at("features", exceededTransferLimit=True), at("features")),
    "GBIF": (at("results", endOfRecords=False, count=99), at("results", endOfRecords=True)),
    "Matrix": (of(next_cursor=TOKEN), of(next_batch="s72594_4483_1934")),
    "Microsoft Graph delta": (
        at("value", **{"@odata.nextLink": LINK}),
        at("value", **{"@odata.deltaLink": LINK}),
    ),
}


@pytest.mark.contract("more.places")
@pytest.mark.parametrize("name", APIS)
def test_each_api_is_heard_where_it_says_more(name: str) -> None:
    assert is_heard(APIS[name][0])


@pytest.mark.contract("more.innocents")
@pytest.mark.parametrize("name", APIS)
def test_each_api_is_not_misheard_on_its_last_page(name: str) -> None:
    assert not is_heard(APIS[name][1])


@pytest.mark.contract("more.innocents")
@pytest.mark.parametrize(
    "said",
    [
        Said({"id": 1, "next_run": "2026-12-01T00:00:00Z", "total": 9, "more": True}, ()),
        Said({"job": {"id": 1, "next": LINK, "has_more": True}}, ("job",)),
        Said({"lines": ITEMS, "total": 129900, "currency": "EUR"}, ("lines",)),
        Said({"lines": ITEMS, "total": 129900, "subtotal": 109900, "tax": 20000}, ("lines",)),
        Said({"lines": ITEMS, "total": 1299.5}, ("lines",)),
        of(next="the next release is in May"),
        of(next_run="2026-12-01", next_maintenance={"at": "2026-12-01"}),
        of(count=257, size=257, limit=100, offset=0),
        at("results", range={"start_pos": 0, "end_pos": 3, "total": 3}),
        at("artifacts", result="FAILURE", number=257, nextBuild=None, building=False),
        at("feed", items=3, sentiment_score_definition="x <= -0.35: Bearish"),
        of(code="LHR", description="Heathrow", message="ok"),
        of(stats={"total": 257, "has_more": True}),
        of(filters={"next": LINK}, sort={"last": False}),
        Said([{"id": 1, "next": LINK, "total": 9}], ()),
        Said({"pages": [{"id": 1, "next": LINK}], "page": 1}, ("pages",)),
        Said({"links": [{"rel": "next", "href": LINK}]}, ("links",)),
        Said({"items": ITEMS, "total": 257}, is_plain=False),
    ],
)
def test_what_only_looks_like_more_is_not_misheard(said: Said) -> None:
    assert not is_heard(said)


@pytest.mark.contract("more.ignored")
@pytest.mark.parametrize(
    "said, place",
    [
        (of(total=257), "total"),
        (of(meta={"total": 257}), "meta.total"),
        (of(meta={"total": 257}), "meta"),
        (of(meta={"total": 257}), ".meta.total"),
        (of(meta={"total": 257}), "$.meta.total"),
        (of(has_more=True), "has_more"),
        (of(links={"next": LINK}), "links.next"),
        (of(incomplete_results=True), "incomplete_results"),
        (headed(X_Total_Count="257"), "X-Total-Count"),
        (headed(Link=f'<{LINK}>; rel="next"'), "Link"),
        (APIS["Notion, cut"][0], "request_status"),
        (APIS["InfluxDB"][0], "results.0.series.0.partial"),
    ],
)
def test_places_that_the_user_names_say_nothing(said: Said, place: str) -> None:
    assert is_heard(said)
    assert is_heard(said, ignore_markers=("elsewhere",))
    assert not is_heard(said, ignore_markers=(place,))


@pytest.mark.contract("more.chosen-end")
@pytest.mark.parametrize("name", [name for name in APIS if "cut" not in name])
def test_one_page_that_was_asked_for_leaves_no_doubt(name: str) -> None:
    said = APIS[name][0]
    verdict = end_of(said)
    assert verdict.doubt
    chosen = settings_of("none").model_copy(update={"is_one_page": True})
    found = said.body
    for step in said.path:
        found = found[step]
    page = Page(START, said.headers, said.body, found, 3, 3, None, b"", path=said.path)
    doubt = Pager(START, chosen, PageSizes(100)).receive(page).doubt
    assert doubt is None or "not whole" in doubt.seen


@pytest.mark.contract("more.kept")
def test_a_doubt_says_what_was_seen_and_which_setting_answers_it() -> None:
    doubt = end_of(APIS["FHIR"][0]).doubt
    assert doubt
    assert doubt.seen == "link has a next link, and paginationType is none"
    assert doubt.advice == (
        "set paginationType: next_link, nextLinkPath: link; if one page is all that is wanted, "
        "`pagination: none` in the selector; if link does not speak of pages, "
        "`ignore_markers: [link]` in the selector's pagination"
    )


def test_a_body_that_is_an_item_is_not_looked_at() -> None:
    """As in NDJSON, where each line is one, and in a map from keys to items."""
    body = {"id": 1, "next": LINK, "has_more": True, "total": 257}
    for is_plain in (True, False):
        page = Page(START, {}, body, ITEMS, 3, 3, body, b"", is_plain=is_plain)
        verdict = Pager(START, settings_of("none"), PageSizes(100)).receive(page)
        assert (verdict.doubt is None) is is_plain


@pytest.mark.contract("more.totals")
def test_the_smallest_total_that_is_not_below_the_items_counts() -> None:
    assert not is_heard(of(total=2, totalCount=3, totalItems=257))
    assert is_heard(of(total=2, totalItems=257))


@pytest.mark.contract("more.denials")
def test_a_total_of_zero_is_one_where_nothing_came() -> None:
    counts = {"total_count": 30, "total_filtered_count": 0}
    reading = read(lambda _: Answer({"items": [], **counts}), settings_of("page"))
    assert (reading.requests, reading.doubts) == (1, [])
    # Beside items it is how an API says that it does not know.
    assert is_heard(of(total=0, total_count=30))
    assert not is_heard(of(total=0))


@pytest.mark.contract("more.kept")
def test_a_marker_comes_with_the_way_on_that_stands_beside_it() -> None:
    for beside, way in (
        ({"next_cursor": TOKEN}, "paginationType: cursor, cursorPath: next_cursor"),
        ({"next": LINK}, "paginationType: next_link, nextLinkPath: next"),
        ({"next_cursor": ""}, "hasMorePath: has_more, with paginationType"),
        ({}, "hasMorePath: has_more, with paginationType"),
    ):
        said = at("items", has_more=True, **beside)
        doubt = end_of(said).doubt
        assert doubt is not None
        assert doubt.seen.startswith("has_more is true")
        assert f"set {way}" in doubt.advice
