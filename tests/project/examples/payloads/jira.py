"""Jira: `values` with `startAt`, `maxResults`, `total` and `isLast`; never more than 50 a page."""

from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, number

LARGEST_PAGE = 50
LEAD = {"accountId": "5b10ac8d", "displayName": "Mia Lead", "active": True}


def _project(n: int) -> dict[str, Any]:
    return {
        "id": str(10_000 + n),
        "key": f"PRJ{n}",
        "name": f"Project {n}",
        "projectTypeKey": "software",
        "style": "next-gen" if n % 2 else "classic",
        "simplified": bool(n % 2),
        "isPrivate": n == 3,
        "lead": LEAD,
    }


PROJECTS = [_project(n) for n in range(120)]
VERSIONS = {
    "PRJ7": [
        {
            "id": str(20_000 + n),
            "name": f"1.{n}",
            "archived": False,
            "released": n < 60,
            "projectId": 10_007,
            **({"releaseDate": "2026-04-01", "description": "Out"} if n < 60 else {}),
        }
        for n in range(100)
    ]
}
COMPONENTS = {
    "PRJ119": [
        {
            "id": "30001",
            "name": "Billing",
            "description": "Invoices",
            "lead": LEAD,
            "assigneeType": "COMPONENT_LEAD",
            "issueCount": 17,
            "project": "PRJ119",
        },
        {"id": "30002", "name": "Search", "issueCount": 0, "project": "PRJ119"},
    ]
}

ENTITIES = {
    "jiraProject": {project["key"] for project in PROJECTS},
    "jiraVersion": {str(20_000 + n) for n in range(100)},
    "jiraComponent": {"30001", "30002"},
}
SAMPLES = [
    {
        "blueprint": "jiraProject",
        "identifier": "PRJ119",
        "title": "Project 119",
        "properties": {
            "type": "software",
            "style": "next-gen",
            "private": False,
            "lead": "Mia Lead",
        },
        "relations": {},
    },
    {
        "blueprint": "jiraVersion",
        "identifier": "20059",
        "title": "1.59",
        "properties": {
            "description": "Out",
            "released": True,
            "archived": False,
            "releaseDate": "2026-04-01",
        },
        "relations": {"project": "PRJ7"},
    },
    {
        "blueprint": "jiraComponent",
        "identifier": "30002",
        "title": "Search",
        "properties": {"description": None, "lead": None, "issueCount": 0},
        "relations": {"project": "PRJ119"},
    },
]


def _page(request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
    start = number(request, "startAt", 0)
    size = min(number(request, "maxResults", LARGEST_PAGE), LARGEST_PAGE)
    end = start + size
    body = {
        "self": str(request.url),
        "startAt": start,
        "maxResults": size,
        "total": len(items),
        "isLast": end >= len(items),
        "values": items[start:end],
    }
    if end < len(items):
        body["nextPage"] = str(request.url.copy_set_param("startAt", end))
    return httpx.Response(200, json=body)


def serve() -> ModelServer:
    login = httpx.BasicAuth("catalog@example.com", "replace-with-your-token")
    request = next(login.auth_flow(httpx.Request("GET", "https://example.atlassian.net")))
    server = ModelServer(
        "https://example.atlassian.net/rest/api/3",
        {"Authorization": request.headers["Authorization"]},
    )

    @server.route("/project/search")
    def projects(request: httpx.Request) -> httpx.Response:
        assert request.url.params["expand"] == "lead"
        return _page(request, PROJECTS)

    @server.route("/project/{key}/version")
    def versions(request: httpx.Request, key: str) -> httpx.Response:
        return _page(request, VERSIONS.get(key, []))

    @server.route("/project/{key}/component")
    def components(request: httpx.Request, key: str) -> httpx.Response:
        return _page(request, COMPONENTS.get(key, []))

    return server
