"""Issues that changed since the last run, as GitHub filters them.

https://docs.github.com/en/rest/issues/issues#list-repository-issues
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

INCREMENTAL = {"OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED": "true"}
PATH = "/repos/acme/web/issues"
OTHER = "/repos/acme/web/milestones"


class GitHub:
    """Issues with `since` and `state`, and `Link` headers."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[dict[str, str]] = []
        self.broken_page = 0
        self.issues: dict[int, dict[str, Any]] = {}
        self.change(*range(1, 26), version=1, ago=timedelta(days=30))
        self.milestones: list[str | None] = []
        self.app.get(PATH)(self.list_issues)
        self.app.get(OTHER)(self.list_milestones)

    def change(self, *numbers: int, version: int, ago: timedelta = timedelta()) -> None:
        moment = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        for number in numbers:
            changed = {"number": number, "version": version, "updated_at": moment}
            self.issues[number] = {"state": "open", **self.issues.get(number, {}), **changed}

    def list_issues(self, request: Request) -> JSONResponse:
        query = dict(request.query_params)
        self.asked.append(query)
        page, size = int(query.get("page", 1)), int(query["per_page"])
        if page == self.broken_page:
            return JSONResponse({"message": "Server Error"}, 500)
        found = list(self._found(query))
        headers = {}
        if page * size < len(found):
            rest = request.url.include_query_params(page=page + 1)
            headers["Link"] = f'<{rest}>; rel="next"'
        return JSONResponse(found[(page - 1) * size : page * size], headers=headers)

    def list_milestones(self, since: str | None = None) -> list[dict[str, Any]]:
        self.milestones.append(since)
        return [{"id": "m1", "version": 1}]

    def _found(self, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        for issue in self.issues.values():
            is_wanted = query.get("state", "open") in ("all", issue["state"])
            if is_wanted and issue["updated_at"] >= query.get("since", ""):
                yield issue


def issues_since(**options: str) -> dict[str, Any]:
    """The resource; `options` of its incremental runs."""
    return resource(
        PATH,
        "issue",
        identifier=".number | tostring",
        query_params={"state": "all", "per_page": 10},
        incremental={"param": "since", **options},
    )


def test_issues(harbour: Harbour) -> None:
    api = GitHub()
    issues = issues_since(lookback="1m")
    milestones = resource(OTHER, "milestone", incremental={"param": "since"})
    users = resource("/users", "user")
    settings = {"paginationType": "header_link", "maxRetries": "0"}
    with serve(api.app) as server:
        settings["baseUrl"] = server.url
        harbour.install([issues, milestones, users])
        # The first run has no cursor; all is read, and resources without the block are not.
        first = harbour.sail(settings, variables=INCREMENTAL)
        begun = datetime.now(UTC)
        api.change(3, 4, 30, *range(10, 20), version=2)
        api.issues[4]["state"] = "closed"
        api.broken_page = 2
        failed = harbour.sail(settings, variables=INCREMENTAL)
        api.broken_page = 0
        api.issues[5]["version"] = 9
        del api.issues[7]
        second = harbour.sail(settings, variables=INCREMENTAL)
    assert (first.code, failed.code, second.code) == (0, 1, 0), second.printed
    assert "since" not in api.asked[0]
    sinces = [query["since"] for query in api.asked[3:]]
    # A failed run keeps its cursor, so the next one asks for the same.
    assert len(set(sinces)) == 1
    assert len(sinces) == 4
    # A minute before the first run began.
    asked = datetime.fromisoformat(sinces[0])
    assert timedelta(minutes=1) < begun - asked < timedelta(minutes=2)
    # It does not stop the others, whose cursors go on.
    assert api.milestones[0] is None
    assert api.milestones[1] != api.milestones[2]
    versions = {number: found["version"] for number, found in harbour.catalog("issue").items()}
    changed = {"3", "4", "30", *map(str, range(10, 20))}
    assert {number for number, version in versions.items() if version == 2} == changed
    # Only what says that it changed is read; and what is gone stays until the next full resync.
    assert versions["5"] == 1
    assert "7" in versions


def test_after_a_full_resync_only_changes_are_read(harbour: Harbour) -> None:
    api = GitHub()
    issues = issues_since()
    with serve(api.app) as server:
        settings = {"paginationType": "header_link", "baseUrl": server.url}
        harbour.install([issues])
        before = datetime.now(UTC)
        full = harbour.sail(settings)
        read = len(api.asked)
        api.change(3, version=2)
        changes = harbour.sail(settings, variables=INCREMENTAL)
    assert (full.code, changes.code, full.errors()) == (0, 0, []), changes.printed
    (asked,) = api.asked[read:]
    since = datetime.fromisoformat(asked["since"])
    assert before - timedelta(seconds=3) < since < datetime.now(UTC)
    versions = {number: found["version"] for number, found in harbour.catalog("issue").items()}
    assert versions == {str(number): 1 + (number == 3) for number in range(1, 26)}
