"""GitHub: top-level arrays, page by page, with the next page in the `Link` header."""

from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, numbered_page

ORGANIZATIONS = ["acme", "globex"]
ARCHIVED = "acme/service-007"


def _repository(org: str, n: int) -> dict[str, Any]:
    name = f"service-{n:03}"
    return {
        "id": _id(org, n),
        "name": name,
        "full_name": f"{org}/{name}",
        "owner": {"login": org, "type": "Organization"},
        "html_url": f"https://github.com/{org}/{name}",
        "description": None if n % 5 == 0 else f"Service number {n}",
        "language": ["Python", "Go", None][n % 3],
        "visibility": "private" if n % 2 else "public",
        "private": bool(n % 2),
        "default_branch": "main",
        "archived": f"{org}/{name}" == ARCHIVED,
        "open_issues_count": n,
        "topics": ["backend"] if n % 2 else [],
        "pushed_at": "2026-05-04T08:15:00Z",
    }


def _id(org: str, n: int) -> int:
    return 700_000_000 + ORGANIZATIONS.index(org) * 1_000 + n


REPOSITORIES = {
    "acme": [_repository("acme", n) for n in range(230)],
    "globex": [_repository("globex", n) for n in range(3)],
}
PLATFORM: dict[str, Any] = {
    "id": 31,
    "slug": "platform",
    "name": "Platform",
    "description": "Owns the clusters",
    "privacy": "closed",
    "html_url": "https://github.com/orgs/acme/teams/platform",
    "parent": None,
}
TEAMS = {
    "acme": [
        PLATFORM,
        {
            **PLATFORM,
            "id": 32,
            "slug": "on-call",
            "name": "On call",
            "description": None,
            "html_url": "https://github.com/orgs/acme/teams/on-call",
            "parent": {"id": 31, "slug": "platform", "name": "Platform"},
        },
    ],
    "globex": [],
}


def _release(
    full_name: str, n: int, *, draft: bool = False, name: str | None = ""
) -> dict[str, Any]:
    return {
        "id": 5_000 + n,
        "tag_name": f"v1.{n}.0",
        "name": name,
        "draft": draft,
        "prerelease": n % 10 == 9,
        "published_at": None if draft else "2026-05-01T00:00:00Z",
        "html_url": f"https://github.com/{full_name}/releases/tag/v1.{n}.0",
        "author": {"login": "octavia"},
    }


RELEASES = {
    "acme/service-001": [
        *[_release("acme/service-001", n) for n in range(120)],
        _release("acme/service-001", 120, draft=True),
    ],
    "globex/service-002": [_release("globex/service-002", 300, name="Autumn")],
    ARCHIVED: [_release(ARCHIVED, 400)],
}

ENTITIES = {
    "githubOrganization": set(ORGANIZATIONS),
    "githubRepository": {item["full_name"] for found in REPOSITORIES.values() for item in found},
    "githubTeam": {"acme/platform", "acme/on-call"},
    "githubRelease": {*(str(5_000 + n) for n in range(120)), "5300"},
}
SAMPLES = [
    {
        "blueprint": "githubOrganization",
        "identifier": "acme",
        "title": "acme",
        "properties": {"description": "Makes everything", "url": "https://github.com/acme"},
        "relations": {},
    },
    {
        "blueprint": "githubRepository",
        "identifier": "acme/service-229",
        "title": "service-229",
        "properties": {
            "url": "https://github.com/acme/service-229",
            "description": "Service number 229",
            "language": "Go",
            "visibility": "private",
            "defaultBranch": "main",
            "archived": False,
            "openIssues": 229,
            "topics": ["backend"],
            "pushedAt": "2026-05-04T08:15:00Z",
        },
        "relations": {"organization": "acme"},
    },
    {
        "blueprint": "githubTeam",
        "identifier": "acme/on-call",
        "title": "On call",
        "properties": {
            "url": "https://github.com/orgs/acme/teams/on-call",
            "description": None,
            "privacy": "closed",
        },
        "relations": {"organization": "acme", "parent": "acme/platform"},
    },
    {
        "blueprint": "githubRelease",
        "identifier": "5109",
        "title": "v1.109.0",
        "properties": {
            "url": "https://github.com/acme/service-001/releases/tag/v1.109.0",
            "tag": "v1.109.0",
            "prerelease": True,
            "publishedAt": "2026-05-01T00:00:00Z",
        },
        "relations": {"repository": "acme/service-001"},
    },
]


def serve() -> ModelServer:
    server = ModelServer(
        "https://api.github.com",
        {
            "Authorization": "Bearer replace-with-your-token",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )

    @server.route("/user/orgs")
    def organizations(request: httpx.Request) -> httpx.Response:
        found = [
            {"login": org, "id": n, "description": "Makes everything"}
            for n, org in enumerate(ORGANIZATIONS)
        ]
        return numbered_page(request, found, default_size=30)

    @server.route("/user/repos")
    def own_repositories(request: httpx.Request) -> httpx.Response:
        assert request.url.params["affiliation"] == "organization_member"
        found = [item for items in REPOSITORIES.values() for item in items]
        return numbered_page(request, found, default_size=30)

    @server.route("/orgs/{org}/repos")
    def repositories(request: httpx.Request, org: str) -> httpx.Response:
        return numbered_page(request, REPOSITORIES[org], default_size=30)

    @server.route("/orgs/{org}/teams")
    def teams(request: httpx.Request, org: str) -> httpx.Response:
        return numbered_page(request, TEAMS[org], default_size=30)

    @server.route("/repos/{owner}/{name}/releases")
    def releases(request: httpx.Request, owner: str, name: str) -> httpx.Response:
        return numbered_page(request, RELEASES.get(f"{owner}/{name}", []), default_size=30)

    return server
