"""GitHub's webhooks keep repositories fresh: renamed, archived, deleted, and once with a fault.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository
https://docs.github.com/en/rest/repos/repos#get-a-repository
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.whole.process.live import SECRET, ChangingApi, Running, listening, resync, until
from tests.whole.process.sailing import Harbour

pytestmark = pytest.mark.process

MAPPING = {
    "kind": "/orgs/acme/repos",
    "selector": {
        "query": "true",
        "items_filter": ".archived | not",
        "live_events": [
            {
                "when": '.headers["x-github-event"] == "repository"',
                "fetch": "/repos/{owner}/{repo}",
                "params": {
                    "owner": ".body.repository.owner.login",
                    "repo": ".body.repository.name",
                },
                "identifier": ".body.repository.id",
                "delete_when": '.body.action == "deleted"',
            }
        ],
    },
    "port": {
        "entity": {
            "mappings": {
                "identifier": ".id | tostring",
                "blueprint": '"repository"',
                "properties": {"version": ".stargazers_count", "parent": ".full_name"},
            }
        }
    },
}


class GitHub(ChangingApi):
    """As much of GitHub as repositories of one organisation need."""

    failures = 0

    def put(self, number: int, name: str, *, stars: int = 0, archived: bool = False) -> None:
        self.users[str(number)] = {
            "id": number,
            "name": name,
            "full_name": f"acme/{name}",
            "owner": {"login": "acme"},
            "stargazers_count": stars,
            "archived": archived,
        }

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked[path] += 1
        if path == "/orgs/acme/repos":
            return 200, list(self.users.values())
        if self.failures:
            self.failures -= 1
            return 502, {"message": "Server Error"}
        named = {f"/repos/{each['full_name']}": each for each in self.users.values()}
        return (200, named[path]) if path in named else (404, {"message": "Not Found"})


def event(action: str, number: int, name: str) -> dict[str, Any]:
    """As GitHub sends it; its repository is of another time than the API's."""
    owner = {"login": "acme", "id": 1}
    stale = {"id": number, "name": name, "full_name": f"acme/{name}", "stargazers_count": -1}
    return {"action": action, "repository": {**stale, "owner": owner}, "sender": {"login": "ann"}}


@contextmanager
def installed(harbour: Harbour, api: GitHub) -> Iterator[Running]:
    harbour.install([MAPPING])
    settings = {
        "baseUrl": api.url,
        "webhookAuth": "hmac",
        "webhookPreset": "github",
        "webhookSecret": SECRET,
        "webhookWindow": "0.2",
    }
    with listening(harbour, settings) as integration:
        yield integration


def test_repositories_follow_their_webhooks(harbour: Harbour) -> None:
    api = GitHub()
    for number, name in ((1, "web"), (2, "api"), (3, "old"), (4, "gone")):
        api.put(number, name)
    kind = {"X-GitHub-Event": "repository"}

    def names() -> dict[str, str]:
        return {key: each["parent"] for key, each in harbour.catalog("repository").items()}

    with api.serve(), installed(harbour, api) as integration:
        assert integration.send({"zen": "…"}, headers={"X-GitHub-Event": "ping"}) == 200
        api.put(2, "gateway")
        api.put(3, "old", archived=True)
        api.failures = 1
        del api.users["4"]
        for action, number, name in (
            ("renamed", 2, "gateway"),
            ("archived", 3, "old"),
            ("deleted", 4, "gone"),
        ):
            assert integration.send(event(action, number, name), headers=kind) == 200
        assert integration.send(event("deleted", 1, "web"), secret="guessed", headers=kind) == 401
        until(lambda: names() == {"1": "acme/web", "2": "acme/gateway"})
        sync = resync(harbour)
    assert (sync.created, sync.updated, sync.deleted) == (set(), set(), set())
