"""Models of APIs that page in ways of their own, each with a mapping that reads it to the end.

FHIR          https://hl7.org/fhir/http.html#paging
ORDS          https://docs.oracle.com/en/database/oracle/oracle-rest-data-services/
DynamoDB      https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
Azure Table   https://learn.microsoft.com/en-us/rest/api/storageservices/query-timeout-and-pagination
Dropbox       https://www.dropbox.com/developers/documentation/http/documentation#files-list_folder
Elasticsearch https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-scroll
SCIM          https://datatracker.ietf.org/doc/html/rfc7644#section-3.4.2.4
JSON-RPC      https://www.jsonrpc.org/specification#batch
Twitch        https://dev.twitch.tv/docs/api/reference/#get-users
Transmission  https://github.com/transmission/transmission/blob/main/docs/rpc-spec.md
InfluxQL      https://docs.influxdata.com/influxdb/v1/query_language/explore-data/
Gerrit        https://gerrit-review.googlesource.com/Documentation/rest-api.html#output
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.support.fake_api import Received, Reply
from tests.whole.process.serving import CLOSED

SIZE = 3
NAMES = [f"t{number}" for number in range(7)]
SESSION = "X-Transmission-Session-Id"
# Where the second server of `{instance}` begins.
EU = "/eu"
# What the log says of a resource with an error, and of one that was read, though not for certain.
FAILED = "{} was not read completely"
KEPT = "{} is kept, so nothing of it is deleted"
# The answer that has no page of the list.
NO_PAGE = -1

type Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Dialect:
    """An API below a path with its name.

    Inputs: `selector`, `identifier`, `version` and `text` of the mapping; `start`, the number of
    the first item that a request asks for; `page`, the answer with the items from there on;
    `error`, how the API says with status 200 that it failed; `verdict`, what the log says of that;
    `passing`, a fault after which the
    request may be sent again. Of a list `in_turn`, nothing is read beyond a page that fails.
    """

    selector: Mapping[str, Any]
    start: Callable[[Received], int]
    page: Callable[[Received, int], Any]
    error: Any
    identifier: str = ".id"
    version: str = ".version"
    text: str = ".__parent"
    texts: frozenset[str | None] = frozenset({None})
    verdict: str = FAILED
    passing: Reply = CLOSED
    in_turn: bool = True
    names: tuple[str, ...] = tuple(NAMES)

    @property
    def first(self) -> set[str]:
        """The items that arrive while the second page is broken."""
        return {*self.names[:SIZE], *([] if self.in_turn else self.names[2 * SIZE :])}


def rows(start: int, count: int = SIZE) -> Items:
    """Return the items of a page."""
    return [{"id": name, "version": 2} for name in NAMES[start : start + count]]


def has_more(start: int) -> bool:
    """Return whether items follow those of the page that begins at `start`."""
    return start + SIZE < len(NAMES)


def from_query(name: str, first: int = 0) -> Callable[[Received], int]:
    """Return a reader of an offset in the query that counts from `first`."""
    return lambda request: int(request.query.get(name, first)) - first


def page_in(pattern: str) -> Callable[[Received], int]:
    """Return a reader of a page number in the target of the request."""

    def start(request: Received) -> int:
        found = re.search(pattern, request.target)
        assert found, request.target
        return SIZE * (int(found[1]) - 1)

    return start


def _linked(request: Received, query: str, path: str | None = None) -> str:
    return f"http://{request.headers['host']}{path or request.path}?{query}"


# --- Links in a list


def _fhir(request: Received, start: int) -> Any:
    links = [{"relation": "self", "url": _linked(request, request.target.partition("?")[2])}]
    if has_more(start):
        query = f"_getpages=c7&_getpagesoffset={start + SIZE}"
        links.append({"relation": "next", "url": _linked(request, query, "/fhir")})
    entry = [
        {"resource": {"resourceType": "Patient", "id": row["id"], "meta": {"versionId": "2"}}}
        for row in rows(start)
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(NAMES)}
    return {**bundle, "link": links, "entry": entry}


def _ords(request: Received, start: int) -> Any:
    ways = [("self", request.path), ("first", request.path)]
    if has_more(start):
        ways.append(("next", _linked(request, f"limit={SIZE}&offset={start + SIZE}")))
    items = [
        {**row, "links": [{"rel": "self", "href": f"{request.path}/{row['id']}"}]}
        for row in rows(start)
    ]
    return {
        "items": items,
        "hasMore": has_more(start),
        "limit": SIZE,
        "offset": start,
        "count": len(items),
        "links": [{"rel": rel, "href": href} for rel, href in ways],
    }


# --- Cursors


def _dynamo_start(request: Received) -> int:
    key = request.json().get("ExclusiveStartKey")
    return NAMES.index(key["id"]["S"]) + 1 if key else 0


def _dynamo(request: Received, start: int) -> Any:
    assert request.json()["TableName"] == "things"
    found = [{"id": {"S": row["id"]}, "version": {"N": "2"}} for row in rows(start)]
    answer = {"Items": found, "Count": len(found), "ScannedCount": len(found)}
    key = {"LastEvaluatedKey": {"id": found[-1]["id"]}} if has_more(start) else {}
    return {**answer, **key}


def _table_start(request: Received) -> int:
    query = request.query
    assert ("NextRowKey" in query) == ("NextPartitionKey" in query)
    assert query["$select"] == "id,version"
    return int(query.get("NextRowKey", "r0").removeprefix("r"))


def _table(request: Received, start: int) -> Any:
    named = {
        "x-ms-continuation-NextPartitionKey": "p1",
        "x-ms-continuation-NextRowKey": f"r{start + SIZE}",
    }
    return Reply(body={"value": rows(start)}, headers=named if has_more(start) else {})


def _dropbox_start(request: Received) -> int:
    asked = request.json()
    if request.path.endswith("/continue"):
        assert list(asked) == ["cursor"]
        return int(asked["cursor"].removeprefix("AAH-"))
    assert asked == {"path": ""}
    return 0


def _dropbox(request: Received, start: int) -> Any:
    # It gives a cursor with the last page too, which asks for later changes.
    cursor = f"AAH-{start + SIZE}"
    return {"entries": rows(start), "cursor": cursor, "has_more": has_more(start)}


def _search_start(request: Received) -> int:
    asked = request.json()
    assert asked["size"] == SIZE
    after = asked.get("search_after")
    return NAMES.index(after[1]) + 1 if after else 0


def _search(request: Received, start: int) -> Any:
    hits = [
        {"_id": row["id"], "_source": {"version": 2}, "sort": [7, row["id"]]} for row in rows(start)
    ]
    return Scroll.answer(hits, failed=0)


class Scroll:
    """Elasticsearch's scroll: each request gives the page after the last that was given."""

    def __init__(self) -> None:
        self._next = 0

    def start(self, request: Received) -> int:
        if request.path.endswith("/things/_search"):
            assert request.query["scroll"] == "1m"
            self._next = 0
        else:
            assert request.json() == {"scroll": "1m", "scroll_id": "DXF1"}
            assert not request.query
        return self._next

    def page(self, request: Received, start: int) -> Any:
        self._next += SIZE
        hits = [{"_id": row["id"], "_source": {"version": 2}} for row in rows(start)]
        return self.answer(hits, failed=0)

    @staticmethod
    def answer(hits: list[Any], failed: int) -> dict[str, Any]:
        shards = {"total": 2, "successful": 2 - failed, "skipped": 0, "failed": failed}
        total = {"value": len(NAMES), "relation": "eq"}
        found = {"total": total, "max_score": 1.0, "hits": hits}
        return {
            "_scroll_id": "DXF1",
            "took": 2,
            "timed_out": False,
            "_shards": shards,
            "hits": found,
        }


_SCROLL = Scroll()


# --- Numbers


def _scim(request: Received, start: int) -> Any:
    found = [{"id": row["id"], "meta": {"version": 'W/"2"'}} for row in rows(start)]
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(NAMES),
        "startIndex": start + 1,
        "itemsPerPage": len(found),
        "Resources": found,
    }


def _rpc_start(request: Received) -> int:
    (call,) = request.json()
    assert call["params"]["limit"] == SIZE
    return int(call["params"]["offset"])


def _rpc(request: Received, start: int) -> Any:
    result = {"things": rows(start), "total": len(NAMES)}
    return [{"jsonrpc": "2.0", "id": 1, "result": result}]


def _influx_start(request: Received) -> int:
    found = re.fullmatch(r"SELECT \* FROM cpu LIMIT 3 OFFSET (\d+)", request.query["q"])
    assert found, request.query["q"]
    return int(found[1])


def _influx(request: Received, start: int) -> Any:
    """It has no series where nothing is left."""
    values = [[1_700_000_000, row["id"], 2] for row in rows(start) if row["id"] in NAMES[:6]]
    series = {"name": "cpu", "columns": ["time", "id", "version"], "values": values}
    return {"results": [{"statement_id": 0, **({"series": [series]} if values else {})}]}


# --- Many identifiers in one request


def _asked_for(request: Received) -> list[str]:
    if request.method == "GET":
        return request.query.get_list("id")
    return [value for name, value in parse_qsl(request.body.decode()) if name == "ids[]"]


def _known_start(request: Received) -> int:
    asked = _asked_for(request)
    return NAMES.index(asked[0]) if asked else NO_PAGE


def _known(request: Received, start: int) -> Any:
    asked = _asked_for(request)
    assert len(asked) <= SIZE
    found = [row for row in rows(0, len(NAMES)) if row["id"] in asked]
    return {"data": found if asked else [{"id": name} for name in NAMES]}


def _batched(known_by: str, **selector: Any) -> dict[str, Any]:
    known = {"endpoint": known_by, "data_path": ".data", "field": ".id", "batch": {"size": SIZE}}
    return {"data_path": ".data", "path_parameters": {"id": known}, **selector}


# --- A session that comes with a refusal, on two servers


def _is_eu(request: Received) -> bool:
    return request.path.startswith(EU)


def _torrents(request: Received, start: int) -> Any:
    session = "eu-session-5d1f" if _is_eu(request) else "us-session-0c8e"
    if request.headers.get(SESSION) != session:
        return Reply(409, b"<h1>409: Conflict</h1>", {SESSION: session})
    found = rows(start, len(NAMES) if _is_eu(request) else SIZE)
    return {"arguments": {"torrents": found}, "result": "success"}


# --- Texts


def _gerrit(request: Received, start: int) -> Any:
    found = rows(start)
    if has_more(start):
        found[-1]["_more_changes"] = True
    return Reply(body=f")]}}'\n{json.dumps(found)}".encode())


def _emoji(request: Received, start: int) -> Any:
    """Of each text, some are cut within an emoji, and the charset is that of a database."""
    written = [f'{{"id": "{row["id"]}", "version": 2, "name": "é\\ud83d"}}' for row in rows(start)]
    body = f'{{"notes": [{", ".join(written)}], "total": {len(NAMES)}}}'
    return Reply(body=body.encode(), headers={"content-type": "application/json; charset=utf8mb4"})


def _latin(request: Received, start: int) -> Any:
    found = [{**row, "name": "Müller"} for row in rows(start)]
    return Reply(body=json.dumps(found, ensure_ascii=False).encode("latin-1"))


_SIGN_IN = Reply(
    body=b"<!doctype html><title>Sign in</title><p>Your session expired.",
    headers={"content-type": "text/html"},
)
_EXPIRED = {"error": {"code": 401, "message": "the session expired"}}

DIALECTS: Mapping[str, Dialect] = {
    "fhir": Dialect(
        {
            "endpoint": "/fhir/Patient",
            "query_params": {"_count": "3"},
            "data_path": ".entry",
            "pagination": {
                "type": "custom",
                "next_request": '.body.link[] | select(.relation == "next") | .url',
            },
        },
        from_query("_getpagesoffset"),
        _fhir,
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "expired", "diagnostics": "no such search"}],
        },
        identifier=".resource.id",
        version=".resource.meta.versionId | tonumber",
    ),
    "ords": Dialect(
        {
            "endpoint": "/ords/hr/things",
            "query_params": {"limit": "3"},
            "data_path": ".items",
            "pagination": {"type": "next_link", "next_link_path": "links"},
        },
        from_query("offset"),
        _ords,
        {"code": "ServiceUnavailable", "title": "Unavailable", "type": "tag:oracle.com,2020:error"},
    ),
    "dynamo": Dialect(
        {
            "endpoint": "/dynamo/",
            "method": "POST",
            "headers": {"X-Amz-Target": "DynamoDB_20120810.Scan"},
            "body": {"TableName": "things", "Limit": SIZE},
            "data_path": ".Items",
            "pagination": {
                "type": "custom",
                "next_request": ".request.body as $sent | .body.LastEvaluatedKey "
                "| if . then {body: ($sent + {ExclusiveStartKey: .})} else null end",
            },
        },
        _dynamo_start,
        _dynamo,
        {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "too fast"},
        identifier=".id.S",
        version=".version.N | tonumber",
    ),
    "table": Dialect(
        {
            "endpoint": "/table/things()",
            "query_params": {"$select": "id,version"},
            "data_path": ".value",
            "pagination": {
                "type": "custom",
                "next_request": ".headers | {NextPartitionKey: "
                '."x-ms-continuation-nextpartitionkey", '
                'NextRowKey: ."x-ms-continuation-nextrowkey"} '
                "| select(.NextPartitionKey) | {query_params: .}",
            },
        },
        _table_start,
        _table,
        {"odata.error": {"code": "OperationTimedOut", "message": {"value": "too slow"}}},
    ),
    "dropbox": Dialect(
        {
            "endpoint": "/dropbox/2/files/list_folder",
            "method": "POST",
            "body": {"path": ""},
            "data_path": ".entries",
            "pagination": {
                "type": "custom",
                "next_request": "if .body.has_more then {endpoint: "
                '"/dropbox/2/files/list_folder/continue", body: {cursor: .body.cursor}} '
                "else null end",
            },
        },
        _dropbox_start,
        _dropbox,
        {"error_summary": "reset/..", "error": {".tag": "reset"}},
    ),
    "search": Dialect(
        {
            "endpoint": "/search/things/_search",
            "method": "POST",
            "body": {"sort": ["rank", "id"]},
            "data_path": ".hits.hits",
            "pagination": {
                "type": "cursor",
                "in": "body",
                "param": "search_after",
                "cursor_item": ".sort",
                "size_param": "size",
                "page_size": SIZE,
            },
        },
        _search_start,
        _search,
        {"error": {"type": "search_phase_execution_exception"}, "status": 503},
        identifier="._id",
        version="._source.version",
    ),
    "scroll": Dialect(
        {
            "endpoint": "/scroll/things/_search",
            "method": "POST",
            "query_params": {"scroll": "1m"},
            "body": {"size": SIZE},
            "data_path": ".hits.hits",
            "pagination": {
                "type": "custom",
                "stateful": True,
                "next_request": "if .items == [] then null else "
                '{endpoint: "/scroll/_search/scroll", query_params: {scroll: null}, '
                'body: {scroll: "1m", scroll_id: .body._scroll_id}} end',
            },
        },
        _SCROLL.start,
        _SCROLL.page,
        Scroll.answer([], failed=2),
        identifier="._id",
        version="._source.version",
        verdict=KEPT,
        # What may have cost a page is not sent again.
        passing=Reply(429, _EXPIRED, {"Retry-After": "0"}),
    ),
    "scim": Dialect(
        {
            "endpoint": "/scim/v2/Users",
            "data_path": ".Resources",
            "pagination": {
                "type": "offset",
                "start_offset": 1,
                "param": "startIndex",
                "size_param": "count",
                "page_size": SIZE,
            },
        },
        from_query("startIndex", first=1),
        _scim,
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": "the directory is busy",
            "status": "503",
        },
        version='.meta.version | capture("(?<n>[0-9]+)").n | tonumber',
    ),
    "paged": Dialect(
        {
            "endpoint": "/paged/items/page/{page}",
            "pagination": {"type": "page", "in": "placeholder", "page_size": SIZE},
        },
        page_in(r"/page/(\d+)$"),
        lambda request, start: rows(start),
        _EXPIRED,
    ),
    "rpc": Dialect(
        {
            "endpoint": "/rpc/",
            "method": "POST",
            "body": [{"jsonrpc": "2.0", "id": 1, "method": "things.list", "params": {}}],
            "data_path": ".[0].result.things",
            "pagination": {
                "type": "offset",
                "in": "body",
                "param": "0.params.offset",
                "size_param": "0.params.limit",
                "page_size": SIZE,
                "total_path": "0.result.total",
            },
        },
        _rpc_start,
        _rpc,
        [{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "session expired"}}],
    ),
    "twitch": Dialect(
        _batched("/twitch/followed", endpoint="/twitch/users", query_params={"id": ["{id}"]}),
        _known_start,
        _known,
        {"error": "Unauthorized", "status": 401, "message": "Invalid OAuth token"},
        in_turn=False,
    ),
    "brackets": Dialect(
        _batched(
            "/brackets/known",
            endpoint="/brackets/things",
            method="POST",
            body={"ids[]": ["{id}"]},
            body_format="form",
        ),
        _known_start,
        _known,
        {"success": False, "message": "the session expired"},
        in_turn=False,
    ),
    "transmission": Dialect(
        {
            "endpoint": "{instance}/transmission/rpc",
            "method": "POST",
            "body": {"method": "torrent-get", "arguments": {"fields": ["id", "version"]}},
            "data_path": ".arguments.torrents",
        },
        lambda request: SIZE if _is_eu(request) else 0,
        _torrents,
        {"arguments": {}, "result": "the database is locked"},
        verdict=KEPT,
    ),
    "influx": Dialect(
        {
            "endpoint": "/influx/query",
            "query_params": {
                "db": "catalog",
                "q": "SELECT * FROM cpu LIMIT {limit} OFFSET {offset}",
            },
            "data_path": ".results[0].series[0].values",
            "emit": "{id: .[1], version: .[2]}",
            "pagination": {"type": "offset", "in": "placeholder", "page_size": SIZE},
        },
        _influx_start,
        _influx,
        {"results": [{"statement_id": 0, "error": "query-timeout limit exceeded"}]},
        names=tuple(NAMES[:6]),
    ),
    "gerrit": Dialect(
        {
            "endpoint": "/gerrit/changes/",
            "query_params": {"n": "3"},
            "pagination": {
                "type": "custom",
                "next_request": "if .items[-1]._more_changes "
                "then {query_params: {S: .received}} else null end",
            },
        },
        from_query("S"),
        _gerrit,
        _SIGN_IN,
    ),
    "emoji": Dialect(
        {
            "endpoint": "/emoji/notes",
            "data_path": ".notes",
            "pagination": {"type": "page", "page_size": SIZE},
        },
        page_in(r"[?&]page=(\d+)"),
        _emoji,
        {"errno": 1366, "error": "Incorrect string value"},
        text=".name",
        texts=frozenset({"é\ufffd"}),
    ),
    "latin": Dialect(
        {
            "endpoint": "/latin/people",
            "response_format": {"type": "json", "encoding": "windows-1252"},
            "pagination": {"type": "page", "page_size": SIZE},
        },
        page_in(r"[?&]page=(\d+)"),
        _latin,
        _SIGN_IN,
        text=".name",
        texts=frozenset({"Müller"}),
    ),
}
