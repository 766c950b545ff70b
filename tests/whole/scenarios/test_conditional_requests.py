"""What did not change is not sent again, as GitHub wants it of its clients.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import hashlib
import json
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

TOKEN = "tok-51c0de-conditional"


class GitHub:
    """Repositories in pages with an `ETag`, which depends on who asks."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.versions = dict.fromkeys(range(50), 1)
        self.statuses: list[int] = []
        self.app.get("/orgs/acme/repos")(self.list_repositories)

    def list_repositories(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        page = int(request.query_params.get("page", 1))
        chosen = list(self.versions.items())[10 * (page - 1) : 10 * page]
        body = json.dumps([{"id": str(number), "version": version} for number, version in chosen])
        tag = f'W/"{hashlib.sha256(body.encode()).hexdigest()}"'
        headers = {"ETag": tag, "Vary": "Accept, Authorization", "Cache-Control": "private"}
        if page * 10 < len(self.versions):
            rest = request.url.include_query_params(page=page + 1)
            headers["Link"] = f'<{rest}>; rel="next"'
        unchanged = request.headers.get("if-none-match") == tag
        self.statuses.append(304 if unchanged else 200)
        if unchanged:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")


def test_repositories(harbour: Harbour, tmp_path: Path) -> None:
    api = GitHub()
    kept = tmp_path / "kept"
    with serve(api.app) as server:
        settings = {
            "baseUrl": server.url,
            "authType": "bearer_token",
            "apiToken": TOKEN,
            "paginationType": "header_link",
            "responseDirectory": str(kept),
        }
        harbour.install([resource("/orgs/acme/repos", "repository")])
        first = harbour.sail(settings)
        api.versions[25] = 2
        second = harbour.sail(settings)
    assert (first.code, second.code) == (0, 0), second.errors()
    assert api.statuses == [200] * 5 + [304, 304, 200, 304, 304]
    assert second.totals() == (0, 1, 0)
    versions = {name: found["version"] for name, found in harbour.catalog("repository").items()}
    assert versions == {str(number): 2 if number == 25 else 1 for number in range(50)}
    assert "4 of 5 conditional requests were answered 304" in second.log
    files = [file for file in kept.rglob("*") if file.is_file()]
    assert len(files) == 6
    assert all(file.stat().st_mode & 0o77 == 0 for file in files)
    assert not any(TOKEN.encode() in file.read_bytes() for file in files)
