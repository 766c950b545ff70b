"""Projects and clusters of MongoDB Atlas, which asks for HTTP Digest.

https://www.mongodb.com/docs/atlas/api/atlas-admin-api/
"""

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.support.digest_server import DigestGuard
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PUBLIC, PRIVATE = "pvqkxzab", "0f7a2b1c-private-key-of-the-model"
GROUPS = 23


class Atlas:
    """Lists projects in pages, and the clusters of each; takes no count of a nonce twice."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.guard = DigestGuard(PUBLIC, PRIVATE, "MD5", strict=False, uses=9)
        self.app.get("/api/atlas/v2/groups")(self.groups)
        self.app.get("/api/atlas/v2/groups/{group}/clusters")(self.clusters)

    def _refusal(self, request: Request) -> JSONResponse | None:
        query = request.url.query
        target = f"{request.url.path}?{query}" if query else request.url.path
        header = request.headers.get("authorization", "")
        challenge = self.guard.challenge_to(request.method, target, header)
        if challenge is None:
            return None
        named = {"www-authenticate": challenge}
        return JSONResponse({"error": 401, "reason": "Unauthorized"}, 401, named)

    async def groups(self, request: Request, pageNum: int, itemsPerPage: int) -> JSONResponse:  # noqa: N803 (the API's)
        if refusal := self._refusal(request):
            return refusal
        start = itemsPerPage * (pageNum - 1)
        found = [{"id": f"g{n}"} for n in range(GROUPS)][start : start + itemsPerPage]
        return JSONResponse({"results": found, "totalCount": GROUPS, "links": []})

    async def clusters(self, request: Request, group: str) -> JSONResponse:
        if refusal := self._refusal(request):
            return refusal
        return JSONResponse({"results": [{"id": f"c-{group}"}], "totalCount": 1, "links": []})


@pytest.mark.contract("auth.digest", "auth.digest.shared", "secrets.log-settings")
def test_clusters_of_all_projects(harbour: Harbour) -> None:
    atlas = Atlas()
    page = {"type": "page", "param": "pageNum", "size_param": "itemsPerPage", "page_size": 10}
    group = {
        "endpoint": "/groups",
        "data_path": ".results",
        "field": ".id",
        "pagination": page,
    }
    clusters = resource(
        "/groups/{group}/clusters",
        "cluster",
        version="null",
        data_path=".results",
        pagination=page,
        path_parameters={"group": group},
    )
    harbour.install([clusters])
    with serve(atlas.app) as server:
        settings = {
            "baseUrl": f"{server.url}/api/atlas/v2",
            "authType": "digest",
            "username": PUBLIC,
            "password": PRIVATE,
        }
        outcome = harbour.sail(settings)
        assert outcome.code == 0, outcome.errors()
        assert set(harbour.catalog("cluster")) == {f"c-g{n}" for n in range(GROUPS)}
        assert PRIVATE not in outcome.log
        assert len(set(atlas.guard.accepted)) == len(atlas.guard.accepted)
        wrong = harbour.sail({**settings, "password": "wr0ng-private-key"})
    assert wrong.code != 0
    assert set(harbour.catalog("cluster")) == {f"c-g{n}" for n in range(GROUPS)}
    assert "answered 401" in wrong.log
    assert "wr0ng-private-key" not in wrong.log
