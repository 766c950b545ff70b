"""Slack: `ok`, a list under the name of its things, and `response_metadata.next_cursor`.

Errors come with status 200, `ok: false` and a code in `error`.
"""

import base64
from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, number

# Slack may return fewer items than asked for, so the model never fills a page.
SHORT_BY = 20


def _user(n: int) -> dict[str, Any]:
    profile = {"real_name": f"Person {n}", "title": "Engineer"}
    return {
        "id": f"U{n:08}",
        "name": f"person{n}",
        "deleted": n == 12,
        "tz": "Europe/Berlin",
        "is_bot": n == 9,
        "is_admin": n == 1,
        "profile": profile if n == 9 else {**profile, "email": f"person{n}@example.com"},
    }


USERS = [_user(n) for n in range(400)]
CHANNELS = [
    {
        "id": f"C{n:08}",
        "name": f"team-{n}",
        "created": 1_767_225_600 + n,
        "creator": "U00000001",
        "is_private": n == 4,
        "is_archived": False,
        "num_members": 10 + n,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": f"What team {n} does", "creator": "U00000001", "last_set": 1},
    }
    for n in range(190)
]
USER_GROUPS = [
    {
        "id": "S00000001",
        "handle": "on-call",
        "name": "On call",
        "description": "Answers at night",
        "users": ["U00000001", "U00000002"],
        "user_count": 2,
    }
]

ENTITIES = {
    "slackUser": {user["id"] for user in USERS if not user["deleted"]},
    "slackChannel": {str(channel["id"]) for channel in CHANNELS},
    "slackUserGroup": {"S00000001"},
}
SAMPLES = [
    {
        "blueprint": "slackUser",
        "identifier": "U00000009",
        "title": "Person 9",
        "properties": {
            "handle": "person9",
            "email": None,
            "jobTitle": "Engineer",
            "timezone": "Europe/Berlin",
            "isBot": True,
            "isAdmin": False,
        },
        "relations": {},
    },
    {
        "blueprint": "slackChannel",
        "identifier": "C00000189",
        "title": "team-189",
        "properties": {
            "topic": "",
            "purpose": "What team 189 does",
            "isPrivate": False,
            "memberCount": 199,
            "createdAt": "2026-01-01T00:03:09Z",
        },
        "relations": {"creator": "U00000001"},
    },
    {
        "blueprint": "slackUserGroup",
        "identifier": "S00000001",
        "title": "On call",
        "properties": {"handle": "on-call", "description": "Answers at night"},
        "relations": {"members": ["U00000001", "U00000002"]},
    },
]


def _page(request: httpx.Request, name: str, items: list[dict[str, Any]]) -> httpx.Response:
    cursor = request.url.params.get("cursor", "")
    start = int(base64.b64decode(cursor)) if cursor else 0
    end = start + number(request, "limit", 100) - SHORT_BY
    following = base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
    return httpx.Response(
        200,
        json={
            "ok": True,
            name: items[start:end],
            "response_metadata": {"next_cursor": following},
        },
    )


def serve() -> ModelServer:
    server = ModelServer(
        "https://slack.com/api", {"Authorization": "Bearer replace-with-your-token"}
    )

    @server.route("/users.list")
    def users(request: httpx.Request) -> httpx.Response:
        return _page(request, "members", USERS)

    @server.route("/conversations.list")
    def channels(request: httpx.Request) -> httpx.Response:
        assert request.url.params["types"] == "public_channel,private_channel"
        return _page(request, "channels", CHANNELS)

    @server.route("/usergroups.list")
    def user_groups(request: httpx.Request) -> httpx.Response:
        assert request.url.params["include_users"] == "true"
        return httpx.Response(200, json={"ok": True, "usergroups": USER_GROUPS})

    return server
