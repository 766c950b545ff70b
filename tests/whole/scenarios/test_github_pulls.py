"""Open pull requests of all repositories of two GitHub organisations, with the repositories' teams.

https://docs.github.com/en/rest/repos/repos#list-organization-repositories
https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

REPOS: dict[str, list[tuple[str, str | None]]] = {
    "acme": [("web", "blue"), ("api", None), ("docs", "red"), ("old", "red")],
    "globex": [("web", "green"), ("infra", "blue")],
}
PULLS = {name: [f"{name}:{n}" for n in range(1, 4)] for name in ("acme/web", "globex/web")}
PULLS |= {"acme/docs": ["acme/docs:9"], "globex/infra": [], "acme/old": ["acme/old:1"]}


class GitHub:
    """Two organisations, in pages with a Link header.

    `broken` is an organisation that answers 500. The repository acme/api was deleted a moment ago.
    """

    def __init__(self, broken: str = "") -> None:
        self.app = FastAPI()
        self.asked: Counter[str] = Counter()
        self._broken = broken
        self.app.get("/orgs/{org}/repos")(self.repos)
        self.app.get("/repos/{owner}/{repo}/pulls")(self.pulls)

    def repos(self, request: Request, org: str) -> JSONResponse:
        if org == self._broken:
            return JSONResponse({"message": "Server Error"}, 500)
        return self._page(
            request,
            [
                {
                    "name": name,
                    "owner": {"login": org},
                    "archived": name == "old",
                    "custom_properties": {"team": team},
                }
                for name, team in REPOS[org]
            ],
        )

    def pulls(self, request: Request, owner: str, repo: str) -> JSONResponse:
        if repo == "api":
            return JSONResponse({"message": "Not Found"}, 404)
        assert request.query_params["state"] == "open"
        return self._page(request, [{"id": each} for each in PULLS[f"{owner}/{repo}"]])

    def _page(self, request: Request, items: list[dict[str, Any]]) -> JSONResponse:
        size, page = (int(request.query_params.get(n, "1")) for n in ("per_page", "page"))
        self.asked[f"{request.url.path} {page}"] += 1
        shown = items[size * (page - 1) : size * page]
        following = request.url.include_query_params(page=page + 1)
        more = {"Link": f'<{following}>; rel="next"'} if size * page < len(items) else {}
        return JSONResponse(shown, headers=more)


def pulls() -> dict[str, Any]:
    mapped = resource(
        "/repos/{owner}/{repo}/pulls",
        "pull",
        query_params={"state": "open", "per_page": 2},
        path_parameters={
            "org": {"values": ["acme", "globex"]},
            "repo": {
                "endpoint": "/orgs/{org}/repos",
                "query_params": {"per_page": 2},
                "fields": {"owner": ".owner.login", "repo": ".name"},
                "filter": ".archived | not",
                "include": {"team": ".custom_properties.team"},
            },
        },
    )
    properties = mapped["port"]["entity"]["mappings"]["properties"]
    properties["parent"] = '.__org + ":" + .__repo + ":" + (.__team | tostring)'
    return mapped


def test_pulls_of_all_repositories(harbour: Harbour) -> None:
    api = GitHub()
    harbour.install([pulls()])
    harbour.store("pull", {"acme/api:1": {}, "acme/old:1": {}})
    with serve(api.app) as server:
        outcome = harbour.sail({"baseUrl": server.url, "paginationType": "header_link"})
    assert outcome.code == 0, outcome.errors()
    found = {name: entity["parent"] for name, entity in harbour.catalog("pull").items()}
    assert found == {
        **{f"acme/web:{n}": "acme:web:blue" for n in (1, 2, 3)},
        **{f"globex/web:{n}": "globex:web:green" for n in (1, 2, 3)},
        "acme/docs:9": "acme:docs:red",
    }
    assert set(api.asked.values()) == {1}
    assert "/repos/acme/api/pulls" in outcome.log
    assert "gone (404)" in outcome.log


def test_an_organisation_that_fails_loses_nothing(harbour: Harbour) -> None:
    harbour.install([pulls()])
    harbour.store("pull", {"globex/web:1": {}, "acme/old:1": {}})
    with serve(GitHub(broken="globex").app) as server:
        settings = {"baseUrl": server.url, "paginationType": "header_link", "maxRetries": "0"}
        outcome = harbour.sail(settings)
    assert outcome.code != 0
    expected = {"acme/web:1", "acme/web:2", "acme/web:3", "acme/docs:9"}
    assert set(harbour.catalog("pull")) == expected | {"globex/web:1", "acme/old:1"}
    assert any("/orgs/globex/repos" in line and "500" in line for line in outcome.errors())
