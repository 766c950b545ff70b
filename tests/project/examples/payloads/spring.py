"""Spring Data: a page from number 0 as `content`, with `last` and `totalElements` beside it."""

from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.project.examples.model_server import ModelServer, number

TOKEN = "issued-by-the-model"
TEAMS = [{"id": 1, "slug": "payments", "name": "Payments", "email": "payments@example.com"}]
SERVICES = [
    {
        "id": n,
        "name": f"service-{n}",
        "language": "Kotlin",
        "tier": n % 3,
        "createdAt": "2026-01-02T03:04:05Z",
        "team": {"id": 1, "slug": "payments"} if n % 2 else None,
    }
    for n in range(1, 201)
]
DEPLOYMENTS = {
    "200": [
        {
            "id": f"dep-{n}",
            "environment": "production",
            "version": f"1.{n}",
            "status": "SUCCEEDED",
            "deployedAt": "2026-07-08T09:10:11Z",
        }
        for n in range(130)
    ]
}

ENTITIES = {
    "inventoryTeam": {"payments"},
    "inventoryService": {str(n) for n in range(1, 201)},
    "inventoryDeployment": {f"dep-{n}" for n in range(130)},
}
SAMPLES = [
    {
        "blueprint": "inventoryTeam",
        "identifier": "payments",
        "title": "Payments",
        "properties": {"email": "payments@example.com"},
        "relations": {},
    },
    {
        "blueprint": "inventoryService",
        "identifier": "199",
        "title": "service-199",
        "properties": {"language": "Kotlin", "tier": 1, "createdAt": "2026-01-02T03:04:05Z"},
        "relations": {"team": "payments"},
    },
    {
        "blueprint": "inventoryDeployment",
        "identifier": "dep-129",
        "title": "1.129 on production",
        "properties": {
            "environment": "production",
            "version": "1.129",
            "status": "SUCCEEDED",
            "deployedAt": "2026-07-08T09:10:11Z",
        },
        "relations": {"service": "200"},
    },
]


def _page(request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
    page, size = number(request, "page", 0), number(request, "size", 20)
    content = items[page * size : (page + 1) * size]
    total_pages = -(-len(items) // size)
    return httpx.Response(
        200,
        json={
            "content": content,
            "pageable": {"pageNumber": page, "pageSize": size, "offset": page * size},
            "number": page,
            "size": size,
            "numberOfElements": len(content),
            "totalElements": len(items),
            "totalPages": total_pages,
            "first": page == 0,
            "last": page + 1 >= total_pages,
            "empty": not content,
        },
    )


def serve() -> ModelServer:
    server = ModelServer("https://inventory.example.com", {"Authorization": f"Bearer {TOKEN}"})

    @server.route("/oauth2/token", method="POST", public=True)
    def token(request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.read().decode())
        assert form["grant_type"] == ["client_credentials"]
        if form["client_secret"] != ["replace-with-your-secret"]:
            return httpx.Response(401, json={"error": "invalid_client"})
        body = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 299}
        return httpx.Response(200, json=body)

    @server.route("/api/teams")
    def teams(request: httpx.Request) -> httpx.Response:
        return _page(request, TEAMS)

    @server.route("/api/services")
    def services(request: httpx.Request) -> httpx.Response:
        return _page(request, SERVICES)

    @server.route("/api/services/{service}/deployments")
    def deployments(request: httpx.Request, service: str) -> httpx.Response:
        return _page(request, DEPLOYMENTS.get(service, []))

    return server
