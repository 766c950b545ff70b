"""Zendesk: a list under the name of its things, and `meta` with `has_more` and `after_cursor`."""

from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, number

TIMES = {"created_at": "2026-03-04T05:06:07Z", "updated_at": "2026-03-05T05:06:07Z"}
ORGANIZATIONS = [
    {
        "id": 35_000_000_000_000 + n,
        "name": f"Customer {n}",
        "domain_names": [f"customer{n}.example.com"],
        "tags": ["gold"] if n == 0 else [],
        **TIMES,
    }
    for n in range(103)
]
FIRST = 35_000_000_000_000
USERS = [
    {
        "id": 77_000 + n,
        "name": f"Agent {n}" if n < 5 else f"Customer's person {n}",
        "email": f"person{n}@example.com",
        "role": "agent" if n < 5 else "end-user",
        "active": True,
        "iana_time_zone": "Europe/Berlin",
        "organization_id": FIRST if n == 4 else None,
        **TIMES,
    }
    for n in range(20)
]


def _ticket(n: int, organization: int) -> dict[str, Any]:
    return {
        "id": n,
        "subject": f"Question {n}",
        "status": "open",
        "priority": "high" if n == 301 else None,
        "type": "incident",
        "tags": ["web"],
        "requester_id": 77_010,
        "assignee_id": 77_003 if n % 2 else None,
        "organization_id": organization,
        **TIMES,
    }


TICKETS = {
    FIRST: [_ticket(n, FIRST) for n in range(1, 222)],
    FIRST + 102: [_ticket(301, FIRST + 102)],
}

ENTITIES = {
    "zendeskOrganization": {str(found["id"]) for found in ORGANIZATIONS},
    "zendeskAgent": {str(77_000 + n) for n in range(5)},
    "zendeskTicket": {*map(str, range(1, 222)), "301"},
}
SAMPLES = [
    {
        "blueprint": "zendeskOrganization",
        "identifier": "35000000000000",
        "title": "Customer 0",
        "properties": {
            "domains": ["customer0.example.com"],
            "tags": ["gold"],
            "createdAt": "2026-03-04T05:06:07Z",
        },
        "relations": {},
    },
    {
        "blueprint": "zendeskAgent",
        "identifier": "77004",
        "title": "Agent 4",
        "properties": {
            "email": "person4@example.com",
            "active": True,
            "timezone": "Europe/Berlin",
        },
        "relations": {"organization": "35000000000000"},
    },
    {
        "blueprint": "zendeskTicket",
        "identifier": "301",
        "title": "Question 301",
        "properties": {
            "status": "open",
            "priority": "high",
            "type": "incident",
            "tags": ["web"],
            "createdAt": "2026-03-04T05:06:07Z",
            "updatedAt": "2026-03-05T05:06:07Z",
        },
        "relations": {"organization": "35000000000102", "assignee": "77003"},
    },
]


def _page(request: httpx.Request, name: str, items: list[dict[str, Any]]) -> httpx.Response:
    start, size = number(request, "page[after]", 0), number(request, "page[size]", 100)
    end = start + size
    following = str(request.url.copy_set_param("page[after]", end))
    more = end < len(items)
    return httpx.Response(
        200,
        json={
            name: items[start:end],
            # The last page has a cursor too; only has_more says that it is the last.
            "meta": {
                "has_more": more,
                "after_cursor": str(end) if items else None,
                "before_cursor": str(start) if items else None,
            },
            "links": {"next": following if more else None, "prev": None},
        },
    )


def serve() -> ModelServer:
    login = httpx.BasicAuth("catalog@example.com/token", "replace-with-your-token")
    request = next(login.auth_flow(httpx.Request("GET", "https://example.zendesk.com")))
    server = ModelServer(
        "https://example.zendesk.com/api/v2", {"Authorization": request.headers["Authorization"]}
    )

    @server.route("/organizations")
    def organizations(request: httpx.Request) -> httpx.Response:
        return _page(request, "organizations", ORGANIZATIONS)

    @server.route("/users")
    def users(request: httpx.Request) -> httpx.Response:
        role = request.url.params["role"]
        return _page(request, "users", [user for user in USERS if user["role"] == role])

    @server.route("/organizations/{organization}/tickets")
    def tickets(request: httpx.Request, organization: str) -> httpx.Response:
        return _page(request, "tickets", TICKETS.get(int(organization), []))

    return server
