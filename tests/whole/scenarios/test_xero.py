"""Refresh tokens that are replaced at each use, as Xero has them.

https://developer.xero.com/documentation/guides/oauth2/auth-flow/#refreshing-access-and-refresh-tokens
https://developer.xero.com/documentation/api/accounting/contacts
"""

import json
import stat
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

FIRST = "refresh-t0ken-from-the-browser"
CLIENT_SECRET = "cl1ent-secret-of-the-scenario"
TENANT = "70784a63-d24b-46a9-a4db-0e70a274b056"
CONTACTS = 25


class Xero:
    """Token endpoint and API; an access token holds for two requests, a refresh token for one."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.refresh_token = FIRST
        self.exchanges = 0
        self.misused: list[str] = []
        self._left = 0
        self.app.post("/connect/token")(self.token)
        self.app.get("/api.xro/2.0/Contacts")(self.contacts)

    async def token(self, request: Request) -> JSONResponse:
        form = dict(httpx.QueryParams((await request.body()).decode()))
        wanted = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": "catalog",
            "client_secret": CLIENT_SECRET,
        }
        if form != wanted:
            self.misused.append(form.get("refresh_token", ""))
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.exchanges += 1
        self._left = 2
        self.refresh_token = f"rotated-t0ken-{self.exchanges}"
        answer = {
            "access_token": f"access-t0ken-{self.exchanges}",
            "expires_in": 1800,
            "token_type": "Bearer",
            "refresh_token": self.refresh_token,
        }
        return JSONResponse(answer)

    def contacts(self, request: Request, page: int, pageSize: int) -> JSONResponse:  # noqa: N803
        wanted = f"Bearer access-t0ken-{self.exchanges}"
        self._left -= 1
        if self._left < 0 or request.headers.get("authorization") != wanted:
            return JSONResponse({"Title": "Unauthorized", "Detail": "TokenExpired"}, 401)
        if request.headers.get("xero-tenant-id") != TENANT:
            return JSONResponse({"Title": "Forbidden"}, 403)
        numbers = range(CONTACTS)[(page - 1) * pageSize : page * pageSize]
        items = [{"ContactID": f"contact-{n}", "Name": f"Contact {n}"} for n in numbers]
        return JSONResponse({"Contacts": items})


@pytest.mark.contract("auth.oauth.rotation", "auth.oauth.rotation-file")
def test_contacts(harbour: Harbour, tmp_path: Path) -> None:
    xero = Xero()
    file = tmp_path / "refresh-token"
    mapping = resource("/Contacts", "contact", identifier=".ContactID", data_path=".Contacts")
    with serve(xero.app) as server:
        harbour.install([mapping])
        settings = {
            "baseUrl": f"{server.url}/api.xro/2.0",
            "authType": "oauth2",
            "grantType": "refresh_token",
            "tokenUrl": f"{server.url}/connect/token",
            "clientId": "catalog",
            "clientSecret": CLIENT_SECRET,
            "clientAuthentication": "body",
            "refreshToken": FIRST,
            "refreshTokenFile": str(file),
            "customHeaders": {"Xero-Tenant-Id": "${XERO_TENANT}"},
            "paginationType": "page",
            "pageSize": "5",
            "sizeParam": "pageSize",
        }
        variables = {"XERO_TENANT": TENANT}
        first = harbour.sail(settings, variables=variables)
        second = harbour.sail(settings, variables=variables)
    assert (first.code, second.code) == (0, 0), [*first.errors(), *second.errors()]
    assert first.totals()[0] == CONTACTS
    assert second.totals()[2] == 0
    assert set(harbour.catalog("contact")) == {f"contact-{n}" for n in range(CONTACTS)}
    # Revoked every two requests, in both runs.
    assert xero.exchanges >= 6
    assert xero.misused == []
    assert json.loads(file.read_text())["refresh_token"] == xero.refresh_token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for secret in (CLIENT_SECRET, FIRST, "rotated-t0ken", "access-t0ken"):
        assert secret not in first.log + second.log
