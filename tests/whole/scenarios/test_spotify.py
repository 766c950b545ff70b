"""OAuth 2.0 client credentials, as Spotify has them.

https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
https://developer.spotify.com/documentation/web-api/reference/get-categories
"""

import base64

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, Outcome, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

CLIENT_ID = "5fe01282e44241328a84e7c5cc169165"
CLIENT_SECRET = "cl1ent-secret-of-the-scenario"
CATEGORIES = 53


class Accounts:
    """The token endpoint, at a host of its own."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.issued: list[str] = []
        self.valid: set[str] = set()
        self.app.post("/api/token")(self.token)

    async def token(self, request: Request) -> JSONResponse:
        form = dict(httpx.QueryParams((await request.body()).decode()))
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return JSONResponse({"error": "invalid_client"}, 400)
        if form != {"grant_type": "client_credentials"}:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        self.issued.append(f"BQ-access-token-{len(self.issued)}")
        self.valid = {self.issued[-1]}
        answer = {"access_token": self.issued[-1], "token_type": "Bearer", "expires_in": 3600}
        return JSONResponse(answer)


class Api:
    """Categories in pages; the token in use is revoked once, in the middle."""

    def __init__(self, accounts: Accounts) -> None:
        self.app = FastAPI()
        self.asked: list[int] = []
        self._accounts = accounts
        self.app.get("/v1/browse/categories")(self.categories)

    def categories(self, request: Request, limit: int = 20, offset: int = 0) -> JSONResponse:
        self.asked.append(offset)
        if len(self.asked) == 3:
            self._accounts.valid.clear()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._accounts.valid:
            error = {"status": 401, "message": f"The access token {token} expired"}
            return JSONResponse({"error": error}, 401)
        ids = [f"category-{number}" for number in range(CATEGORIES)]
        items = [{"id": each, "name": each.title()} for each in ids[offset : offset + limit]]
        page = {"items": items, "limit": limit, "offset": offset, "total": CATEGORIES}
        return JSONResponse({"categories": page})


def sail(harbour: Harbour, accounts: Accounts, api: Api, secret: str) -> Outcome:
    with serve(accounts.app) as login, serve(api.app) as server:
        harbour.install(
            [resource("/v1/browse/categories", "category", data_path=".categories.items")]
        )
        settings = {
            "baseUrl": server.url,
            "authType": "oauth2",
            "tokenUrl": f"{login.url}/api/token",
            "clientId": CLIENT_ID,
            "clientSecret": secret,
            "paginationType": "offset",
            "pageSize": "20",
            "totalPath": "categories.total",
        }
        return harbour.sail(settings)


@pytest.mark.contract("auth.oauth.grants", "auth.oauth.client", "auth.oauth.expiry")
def test_categories(harbour: Harbour) -> None:
    accounts = Accounts()
    api = Api(accounts)
    done = sail(harbour, accounts, api, CLIENT_SECRET)
    assert done.code == 0, done.errors()
    assert set(harbour.catalog("category")) == {f"category-{n}" for n in range(CATEGORIES)}
    assert api.asked == [0, 20, 40, 40]
    assert len(accounts.issued) == 2
    for secret in (CLIENT_SECRET, "BQ-access-token"):
        assert secret not in done.log


@pytest.mark.contract("auth.oauth.failure", "failure.no-deletes")
def test_a_wrong_secret(harbour: Harbour) -> None:
    harbour.install([resource("/v1/browse/categories", "category")])
    harbour.store("category", {"category-of-yesterday": {}})
    accounts = Accounts()
    api = Api(accounts)
    done = sail(harbour, accounts, api, "wr0ng-secret-of-the-scenario")
    assert done.code == 1
    assert set(harbour.catalog("category")) == {"category-of-yesterday"}
    assert any("400 with invalid_client" in line for line in done.errors())
    assert any("clientSecret" in line for line in done.errors())
    assert api.asked == []
    assert "wr0ng-secret" not in done.log
