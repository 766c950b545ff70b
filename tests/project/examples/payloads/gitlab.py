"""GitLab: top-level arrays with `Link` and `X-Total` headers; keyset pages for projects."""

from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, link_header, number, numbered_page


def _group(ident: int, path: str, name: str, parent: int | None = None) -> dict[str, Any]:
    return {
        "id": ident,
        "name": name,
        "path": path.rpartition("/")[2],
        "full_path": path,
        "parent_id": parent,
        "description": "",
        "visibility": "private",
        "web_url": f"https://gitlab.com/groups/{path}",
    }


GROUPS = [_group(10, "acme", "Acme"), _group(11, "acme/platform", "Platform", 10)]


def _member(n: int) -> dict[str, Any]:
    return {
        "id": 900 + n,
        "username": f"dev{n}",
        "name": f"Developer {n}",
        "state": "active",
        "access_level": 50 if n == 0 else 30,
        "web_url": f"https://gitlab.com/dev{n}",
        "expires_at": None,
    }


MEMBERS = {"acme": [_member(n) for n in range(104)], "acme/platform": [_member(3)]}


def _project(n: int) -> dict[str, Any]:
    kind, space = ("user", "dev3") if n == 249 else ("group", "acme/platform" if n % 2 else "acme")
    path = f"{space}/app-{n}"
    return {
        "id": 4_000 + 3 * n,
        "name": f"App {n}",
        "path_with_namespace": path,
        "description": None,
        "visibility": "internal",
        "default_branch": None if n == 100 else "main",
        "archived": n == 6,
        "star_count": n,
        "topics": ["web"],
        "last_activity_at": "2026-06-07T10:11:12.345Z",
        "web_url": f"https://gitlab.com/{path}",
        "namespace": {"id": 10, "kind": kind, "full_path": space},
    }


PROJECTS = [_project(n) for n in range(250)]


def _release(project: str, tag: str) -> dict[str, Any]:
    return {
        "tag_name": tag,
        "name": f"Release {tag}",
        "released_at": "2026-06-01T00:00:00.000Z",
        "author": {"id": 903, "username": "dev3"},
        "_links": {"self": f"https://gitlab.com/{project}/-/releases/{tag}"},
    }


RELEASES = {
    "acme/platform/app-1": [_release("acme/platform/app-1", f"1.{n}") for n in range(101)],
    "dev3/app-249": [_release("dev3/app-249", "0.1")],
    "acme/app-6": [_release("acme/app-6", "0.9")],
}

ENTITIES = {
    "gitlabGroup": {"acme", "acme/platform"},
    "gitlabMember": {*(f"acme:dev{n}" for n in range(104)), "acme/platform:dev3"},
    "gitlabProject": {project["path_with_namespace"] for project in PROJECTS},
    "gitlabRelease": {*(f"acme/platform/app-1@1.{n}" for n in range(101)), "dev3/app-249@0.1"},
}
SAMPLES = [
    {
        "blueprint": "gitlabGroup",
        "identifier": "acme/platform",
        "title": "Platform",
        "properties": {
            "url": "https://gitlab.com/groups/acme/platform",
            "description": "",
            "visibility": "private",
        },
        "relations": {"parent": "acme"},
    },
    {
        "blueprint": "gitlabMember",
        "identifier": "acme:dev103",
        "title": "Developer 103",
        "properties": {
            "url": "https://gitlab.com/dev103",
            "username": "dev103",
            "state": "active",
            "accessLevel": 30,
        },
        "relations": {"group": "acme"},
    },
    {
        "blueprint": "gitlabProject",
        "identifier": "dev3/app-249",
        "title": "App 249",
        "properties": {
            "url": "https://gitlab.com/dev3/app-249",
            "description": None,
            "visibility": "internal",
            "defaultBranch": "main",
            "archived": False,
            "stars": 249,
            "topics": ["web"],
            "lastActivityAt": "2026-06-07T10:11:12.345Z",
        },
        "relations": {"group": None},
    },
    {
        "blueprint": "gitlabRelease",
        "identifier": "acme/platform/app-1@1.100",
        "title": "Release 1.100",
        "properties": {
            "url": "https://gitlab.com/acme/platform/app-1/-/releases/1.100",
            "tag": "1.100",
            "releasedAt": "2026-06-01T00:00:00.000Z",
            "author": "dev3",
        },
        "relations": {"project": "acme/platform/app-1"},
    },
]


def _counted(request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
    response = numbered_page(request, items, default_size=20)
    response.headers["X-Total"] = str(len(items))
    response.headers["X-Page"] = request.url.params.get("page", "1")
    return response


def _keyset(request: httpx.Request) -> httpx.Response:
    params = request.url.params
    assert (params["pagination"], params["order_by"], params["sort"]) == ("keyset", "id", "asc")
    after, size = number(request, "id_after", 0), number(request, "per_page", 20)
    rest = [project for project in PROJECTS if project["id"] > after]
    page = rest[:size]
    following = {"next": request.url.copy_set_param("id_after", page[-1]["id"])}
    return httpx.Response(
        200, json=page, headers=link_header(following if len(rest) > size else {})
    )


def serve() -> ModelServer:
    server = ModelServer("https://gitlab.com/api/v4", {"PRIVATE-TOKEN": "replace-with-your-token"})

    @server.route("/groups")
    def groups(request: httpx.Request) -> httpx.Response:
        return _counted(request, GROUPS)

    @server.route("/groups/{group}/members")
    def members(request: httpx.Request, group: str) -> httpx.Response:
        return _counted(request, MEMBERS[group])

    @server.route("/projects")
    def projects(request: httpx.Request) -> httpx.Response:
        return _keyset(request)

    @server.route("/projects/{project}/releases")
    def releases(request: httpx.Request, project: str) -> httpx.Response:
        return _counted(request, RELEASES.get(project, []))

    return server
