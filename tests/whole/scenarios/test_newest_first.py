"""Pull requests, which GitHub cannot filter by time but gives newest first.

https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
"""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.demo.child_environment import IDENTIFIER
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

KIND = "/repos/{repo}/pulls"
NOW = datetime.now(UTC)


class GitHub:
    """Repositories that say when they were pushed to, and a hundred pull requests of each."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[str] = []
        self.app.get("/orgs/acme/repos")(self.list_repositories)
        self.app.get("/repos/acme/{repo}/pulls")(self.list_pulls)

    def list_repositories(self) -> list[dict[str, str]]:
        days = {"web": 0, "api": 1, "archive": 400}
        return [{"full_name": f"acme/{name}", "pushed_at": ago(n)} for name, n in days.items()]

    def list_pulls(self, request: Request, repo: str) -> JSONResponse:
        query = request.query_params
        page = int(query.get("page", 1))
        self.asked.append(f"{repo} {query.get('state')} {query.get('sort')} {page}")
        found = [
            {"id": f"{repo}-{number}", "version": number, "updated_at": ago(number)}
            for number in range(100)
        ]
        rest = request.url.include_query_params(page=page + 1)
        headers = {"Link": f'<{rest}>; rel="next"'} if page < 10 else {}
        return JSONResponse(found[10 * (page - 1) : 10 * page], headers=headers)


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_pulls(harbour: Harbour) -> None:
    api = GitHub()
    pulls = resource(
        KIND,
        "pull",
        path_parameters={
            "repo": {
                "endpoint": "/orgs/acme/repos",
                "field": ".full_name",
                "changed": ".pushed_at",
            }
        },
        incremental={
            "field": ".updated_at",
            "query_params": {"state": "all", "sort": "updated", "direction": "desc"},
        },
    )
    harbour.install([pulls])
    cursors = harbour.state.integrations[IDENTIFIER].cursors
    cursors[KIND, 0] = {"primary": (NOW - timedelta(days=12, hours=1)).isoformat()}
    with serve(api.app) as server:
        settings = {"baseUrl": server.url, "paginationType": "header_link"}
        outcome = harbour.sail(
            settings, variables={"OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED": "true"}
        )
    assert outcome.code == 0, outcome.errors()
    # Two pages with changes, of which the second also has older ones, and one for the overlap.
    expected = {f"{repo} all updated {page}" for repo in ("web", "api") for page in (1, 2, 3)}
    assert sorted(api.asked) == sorted(expected)
    found = {f"{repo}-{number}" for repo in ("web", "api") for number in range(30)}
    assert set(harbour.catalog("pull")) == found
