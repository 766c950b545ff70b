"""An API that a studio has to find its way in: a token, cursors, pages, and lists within lists."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_api import Received, Reply

TOKEN = "tok-of-the-unknown-api-5d1e"
TEAMS = 5
MEMBERS = 5
PROJECTS = 15


@dataclass
class UnknownApi:
    """`extra` are answers by path, in front of all others, with a query if it is not refused."""

    url: str = ""
    extra: dict[str, Reply] = field(default_factory=dict)
    refuses_queries: bool = False

    def answer(self, request: Received) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            challenge = {"WWW-Authenticate": "Bearer"}
            return Reply(401, {"error": "who is it?"}, challenge)
        path = request.path.removeprefix("/v1").rstrip("/")
        if path in self.extra:
            is_refused = self.refuses_queries and request.query
            return Reply(400, {"message": "what?"}) if is_refused else self.extra[path]
        parts = [part for part in path.split("/") if part]
        match parts:
            case ["teams"]:
                return Reply(body=_by_cursor("teams", self.teams, request))
            case ["teams", key, "members"] if key in {team["key"] for team in self.teams}:
                return Reply(body=_by_page(self.members(key), request))
            case ["projects"]:
                return Reply(body=_by_cursor("projects", self.projects, request))
        return Reply(404, {"message": "nothing here"})

    @property
    def teams(self) -> list[dict[str, Any]]:
        return [{"key": f"t{n}", "label": f"Team {n}", "size": n * 3} for n in range(TEAMS)]

    def members(self, team: str) -> list[dict[str, Any]]:
        return [
            {"id": f"{team}-{n}", "name": f"Member {n} of {team}", "admin": n == 0}
            for n in range(MEMBERS)
        ]

    @property
    def projects(self) -> list[dict[str, Any]]:
        return [
            {"id": 1000 + n, "title": f"Project {n}", "team": {"key": f"t{n % TEAMS}"}}
            for n in range(PROJECTS)
        ]

    @property
    def identifiers(self) -> dict[str, set[str]]:
        """The identifiers of all that there is, by blueprint."""
        return {
            "team": {team["key"] for team in self.teams},
            "member": {member["id"] for team in self.teams for member in self.members(team["key"])},
            "project": {str(project["id"]) for project in self.projects},
        }


def _by_cursor(name: str, items: list[Any], request: Received) -> dict[str, Any]:
    """Three a page unless asked otherwise, and never more than four."""
    start = int(request.query.get("after") or 0)
    size = min(int(request.query.get("limit", "3")), 4)
    end = start + size
    following = str(end) if end < len(items) else None
    return {"data": {name: items[start:end]}, "paging": {"next_cursor": following}, "warnings": []}


def _by_page(items: list[Any], request: Received) -> dict[str, Any]:
    page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "2"))
    return {"items": items[(page - 1) * size : page * size], "total": len(items)}
