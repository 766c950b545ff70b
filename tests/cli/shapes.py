"""Model servers: one for each response shape that documentation of public APIs shows.

Each answers requests for one list of items; `total` items are there in all.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.fake_api import Received, Reply

type Items = list[dict[str, Any]]
type Serve = Callable[[Items, Received], Reply]

CREATED = "2026-03-01T08:30:00Z"


def people(count: int) -> Items:
    return [
        {
            "id": 1000 + number,
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "status": ("active", "away")[number % 2],
            "url": f"https://example.com/people/{number}",
            "created_at": CREATED,
            "score": number / 2,
            "admin": number % 3 == 0,
        }
        for number in range(count)
    ]


@dataclass(frozen=True)
class Shape:
    """A server of one shape: which path it answers, how many items it has, how it answers.

    `way` is the paginationType that reads it; `name_of` what identifies an item.
    """

    name: str
    serve: Serve
    way: str
    path: str = "/people"
    total: int = 57
    make: Callable[[int], Items] = people
    name_of: Callable[[dict[str, Any]], str] = lambda item: str(item["id"])

    @property
    def names(self) -> set[str]:
        return {self.name_of(item) for item in self.make(self.total)}

    def answer(self, request: Received) -> Reply:
        if request.path != self.path:
            return Reply(404, {"message": "Not Found"})
        return self.serve(self.make(self.total), request)


def number(request: Received, name: str, default: int) -> int:
    return int(request.query.get(name, default))


def absolute(request: Received, **query: object) -> str:
    merged = request.query.merge({name: str(value) for name, value in query.items()})
    return f"http://{request.headers['host']}{request.path}?{merged}"


def github(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 1), min(number(request, "per_page", 30), 100)
    last = -(-len(items) // size)
    links = [f'<{absolute(request, page=page + 1)}>; rel="next"'] if page < last else []
    links += [f'<{absolute(request, page=last)}>; rel="last"'] if page < last else []
    headers = {"Link": ", ".join(links)} if links else {}
    return Reply(200, items[(page - 1) * size : page * size], headers)


def gitlab(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 1), min(number(request, "per_page", 20), 100)
    headers = {"X-Total": str(len(items)), "X-Page": str(page), "X-Per-Page": str(size)}
    return Reply(200, items[(page - 1) * size : page * size], headers)


def jira(items: Items, request: Received) -> Reply:
    start, size = number(request, "startAt", 0), min(number(request, "maxResults", 50), 50)
    page = items[start : start + size]
    return Reply(
        200,
        {
            "maxResults": size,
            "startAt": start,
            "total": len(items),
            "isLast": start + size >= len(items),
            "values": page,
        },
    )


def slack(items: Items, request: Received) -> Reply:
    size = min(number(request, "limit", 20), 200)
    start = int(base64.b64decode(request.query.get("cursor", "")) or 0)
    more = start + size < len(items)
    cursor = base64.b64encode(str(start + size).encode()).decode() if more else ""
    body = {
        "ok": True,
        "members": items[start : start + size],
        "cache_ts": 1498777272,
        "response_metadata": {"next_cursor": cursor},
    }
    return Reply(200, body)


def zendesk(items: Items, request: Received) -> Reply:
    size = min(number(request, "page[size]", 100), 100)
    start = int(request.query.get("page[after]", "0").removeprefix("c"))
    more = start + size < len(items)
    body = {
        "people": items[start : start + size],
        "meta": {
            "has_more": more,
            "after_cursor": f"c{start + size}",
            "before_cursor": f"c{start}",
        },
        "links": {
            "prev": absolute(request, **{"page[before]": f"c{start}"}),
            "next": absolute(request, **{"page[after]": f"c{start + size}"}),
        },
    }
    return Reply(200, body)


def hubspot(items: Items, request: Received) -> Reply:
    size = number(request, "limit", 10)
    if size > 100:
        return Reply(400, {"status": "error", "message": "limit must be at most 100"})
    start = number(request, "after", 0)
    body: dict[str, Any] = {"results": items[start : start + size]}
    if start + size < len(items):
        after = str(start + size)
        body["paging"] = {"next": {"after": after, "link": absolute(request, after=after)}}
    return Reply(200, body)


def odata(items: Items, request: Received) -> Reply:
    start, size = number(request, "$skiptoken", 0), min(number(request, "$top", 20), 100)
    body: dict[str, Any] = {"@odata.context": "https://example.com/$metadata#people"}
    body["value"] = items[start : start + size]
    if start + size < len(items):
        body["@odata.nextLink"] = absolute(request, **{"$skiptoken": start + size})
    return Reply(200, body)


def spring(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 0), min(number(request, "size", 20), 2000)
    found = items[page * size : (page + 1) * size]
    pages = -(-len(items) // size)
    body = {
        "content": found,
        "pageable": {"pageNumber": page, "pageSize": size, "offset": page * size, "paged": True},
        "totalElements": len(items),
        "totalPages": pages,
        "last": page + 1 >= pages,
        "first": page == 0,
        "number": page,
        "size": size,
        "numberOfElements": len(found),
        "sort": {"sorted": False, "empty": True},
    }
    return Reply(200, body)


def hateoas(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 0), min(number(request, "size", 20), 1000)
    pages = -(-len(items) // size)
    links = {"self": {"href": absolute(request)}}
    if page + 1 < pages:
        links["next"] = {"href": absolute(request, page=page + 1, size=size)}
    body = {
        "_embedded": {"people": items[page * size : (page + 1) * size]},
        "_links": links,
        "page": {"size": size, "totalElements": len(items), "totalPages": pages, "number": page},
    }
    return Reply(200, body)


def json_api_people(count: int) -> Items:
    return [
        {"type": "people", "id": str(item.pop("id")), "attributes": item} for item in people(count)
    ]


def json_api(items: Items, request: Received) -> Reply:
    page, size = number(request, "page[number]", 1), min(number(request, "page[size]", 10), 50)
    last = -(-len(items) // size)
    links: dict[str, str | None] = {"self": absolute(request)}
    links["next"] = absolute(request, **{"page[number]": page + 1}) if page < last else None
    body = {"data": items[(page - 1) * size : page * size], "links": links, "included": []}
    return Reply(200, body)


def django_offset(items: Items, request: Received) -> Reply:
    start, size = number(request, "offset", 0), min(number(request, "limit", 25), 100)
    more = start + size < len(items)
    body = {
        "count": len(items),
        "next": absolute(request, offset=start + size, limit=size) if more else None,
        "previous": None,
        "results": items[start : start + size],
    }
    return Reply(200, body)


def django_page(items: Items, request: Received) -> Reply:
    """Its page size is the server's own, and a page that is not there is a 404."""
    page, size = number(request, "page", 1), 20
    if (page - 1) * size >= len(items):
        return Reply(404, {"detail": "Invalid page."})
    more = page * size < len(items)
    body = {
        "count": len(items),
        "next": absolute(request, page=page + 1) if more else None,
        "previous": None,
        "results": items[(page - 1) * size : page * size],
    }
    return Reply(200, body)


def pagerduty(items: Items, request: Received) -> Reply:
    start, size = number(request, "offset", 0), min(number(request, "limit", 25), 100)
    body = {
        "people": items[start : start + size],
        "limit": size,
        "offset": start,
        "more": start + size < len(items),
        "total": None,
    }
    return Reply(200, body)


def airtable_records(count: int) -> Items:
    return [
        {"id": f"rec{item.pop('id')}", "createdTime": CREATED, "fields": item}
        for item in people(count)
    ]


def airtable(items: Items, request: Received) -> Reply:
    size = min(number(request, "pageSize", 20), 100)
    start = int(request.query.get("offset", "itr/0").removeprefix("itr/"))
    body: dict[str, Any] = {"records": items[start : start + size]}
    if start + size < len(items):
        body["offset"] = f"itr/{start + size}"
    return Reply(200, body)


def google(items: Items, request: Received) -> Reply:
    size = min(number(request, "maxResults", 20), 500)
    token = request.query.get("pageToken", "")
    start = int(base64.urlsafe_b64decode(token) or 0)
    body: dict[str, Any] = {"kind": "admin#people", "etag": '"x"'}
    body["people"] = items[start : start + size]
    if start + size < len(items):
        body["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Reply(200, body)


def laravel(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 1), 15
    last = -(-len(items) // size)
    body = {
        "data": items[(page - 1) * size : page * size],
        "links": {
            "first": absolute(request, page=1),
            "last": absolute(request, page=last),
            "prev": None,
            "next": absolute(request, page=page + 1) if page < last else None,
        },
        "meta": {"current_page": page, "last_page": last, "per_page": size, "total": len(items)},
    }
    return Reply(200, body)


def sonarqube_projects(count: int) -> Items:
    return [{"key": f"project:{number}", "name": f"Project {number}"} for number in range(count)]


def sonarqube(items: Items, request: Received) -> Reply:
    page, size = number(request, "p", 1), min(number(request, "ps", 20), 500)
    body = {
        "paging": {"pageIndex": page, "pageSize": size, "total": len(items)},
        "components": items[(page - 1) * size : page * size],
    }
    return Reply(200, body)


def strapi(items: Items, request: Received) -> Reply:
    page = number(request, "pagination[page]", 1)
    size = min(number(request, "pagination[pageSize]", 25), 100)
    pages = -(-len(items) // size)
    paging = {"page": page, "pageSize": size, "pageCount": pages, "total": len(items)}
    body = {"data": items[(page - 1) * size : page * size], "meta": {"pagination": paging}}
    return Reply(200, body)


def pods(count: int) -> Items:
    return [
        {
            "metadata": {"name": f"pod-{number}", "uid": f"u-{number}", "namespace": "default"},
            "status": {"phase": "Running"},
        }
        for number in range(count)
    ]


def kubernetes(items: Items, request: Received) -> Reply:
    size = number(request, "limit", len(items)) or len(items)
    start = int(request.query.get("continue", "0").removeprefix("k"))
    metadata: dict[str, Any] = {"resourceVersion": "10245"}
    if start + size < len(items):
        metadata |= {
            "continue": f"k{start + size}",
            "remainingItemCount": len(items) - start - size,
        }
    body = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata}
    return Reply(200, {**body, "items": items[start : start + size]})


def bitbucket(items: Items, request: Received) -> Reply:
    page, size = number(request, "page", 1), min(number(request, "pagelen", 10), 100)
    body: dict[str, Any] = {"pagelen": size, "size": len(items), "page": page}
    body["values"] = items[(page - 1) * size : page * size]
    if page * size < len(items):
        body["next"] = absolute(request, page=page + 1)
    return Reply(200, body)


def datadog(items: Items, request: Received) -> Reply:
    size = min(number(request, "page[limit]", 10), 1000)
    start = int(request.query.get("page[cursor]", "d0").removeprefix("d"))
    body: dict[str, Any] = {"data": items[start : start + size], "meta": {"elapsed": 132}}
    if start + size < len(items):
        body["meta"]["page"] = {"after": f"d{start + size}"}
    return Reply(200, body)


def scim(items: Items, request: Received) -> Reply:
    """SCIM: the first item is 1, and answers echo where they begin."""
    start = int(request.query.get("startIndex", "1"))
    size = min(int(request.query.get("count", "20")), 100)
    shown = items[start - 1 : start - 1 + size]
    told = {"totalResults": len(items), "startIndex": start, "itemsPerPage": len(shown)}
    return Reply(200, {**told, "Resources": shown})


def firebase(items: Items, request: Received) -> Reply:
    """A map from keys to objects, all at once."""
    return Reply(200, {"people": {f"-N{item.pop('id')}": item for item in items}})


def registry(items: Items, request: Received) -> Reply:
    """A list of bare names, all at once."""
    return Reply(200, {"name": "library/app", "tags": [item["tag"] for item in items]})


def tags(count: int) -> Items:
    return [{"tag": f"v1.{number}"} for number in range(count)]


def lines(items: Items, request: Received) -> Reply:
    """Newline-delimited JSON, all at once."""
    content = "\n".join(json.dumps(item) for item in items).encode()
    return Reply(200, content, {"content-type": "application/x-ndjson"})


def plain(items: Items, request: Received) -> Reply:
    return Reply(200, {"meta": {"tags": [{"a": 1}, {"a": 2}, {"a": 3}]}, "people": items})


SHAPES = [
    Shape("github", github, "header_link"),
    Shape("gitlab", gitlab, "page"),
    Shape("jira", jira, "offset", total=120),
    Shape("slack", slack, "cursor"),
    Shape("zendesk", zendesk, "cursor", total=230),
    Shape("hubspot", hubspot, "next_link", total=230),
    Shape("odata", odata, "next_link"),
    Shape("spring", spring, "page", total=250),
    Shape("hateoas", hateoas, "next_link"),
    Shape("json_api", json_api, "next_link", make=json_api_people),
    Shape("django_offset", django_offset, "next_link"),
    Shape("django_page", django_page, "next_link"),
    Shape("pagerduty", pagerduty, "offset"),
    Shape("airtable", airtable, "cursor", make=airtable_records),
    Shape("google", google, "cursor"),
    Shape("laravel", laravel, "next_link"),
    Shape("sonarqube", sonarqube, "page", make=sonarqube_projects, name_of=lambda it: it["key"]),
    Shape("strapi", strapi, "page", total=240),
    Shape("kubernetes", kubernetes, "cursor", make=pods, name_of=lambda it: it["metadata"]["uid"]),
    Shape("bitbucket", bitbucket, "next_link"),
    Shape("scim", scim, "offset", total=230),
    Shape("datadog", datadog, "cursor"),
    Shape("firebase", firebase, "none", name_of=lambda item: f"-N{item['id']}"),
    Shape("registry", registry, "none", make=tags, name_of=lambda item: item["tag"]),
    Shape("lines", lines, "none"),
    Shape("plain", plain, "none"),
    # One page holds all: only a smaller page shows how the API would go on.
    Shape("short github", github, "header_link", total=12),
    Shape("short slack", slack, "cursor", total=12),
    Shape("short jira", jira, "offset", total=8),
    Shape("short spring", spring, "page", total=9),
]
