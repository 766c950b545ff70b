"""Tokens that are signed here, as GitHub Apps have them.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app
"""

import jwt
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.support.signing_keys import pem_of, verifying
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

CLIENT_ID = "Iv1.8a61f9b3a7aba766"
INSTALLATIONS = 7


class GitHub:
    """Installations of an app, in pages of three; the second page fails once."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.tokens: list[str] = []
        self.app.get("/app/installations")(self.installations)

    def installations(self, request: Request, page: int = 1) -> JSONResponse:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, verifying("RS256"), ["RS256"], issuer=CLIENT_ID)
        except jwt.InvalidTokenError as error:
            return JSONResponse({"message": f"{token} could not be decoded: {error}"}, 401)
        if claims["exp"] - claims["iat"] > 600:
            return JSONResponse({"message": "'exp' is too far in the future"}, 401)
        self.tokens.append(token)
        if len(self.tokens) == 2:
            return JSONResponse({"message": "Server Error"}, 502)
        numbers = range(INSTALLATIONS)[(page - 1) * 3 : page * 3]
        more = page * 3 < INSTALLATIONS
        link = f'<{request.url.include_query_params(page=page + 1)}>; rel="next"' if more else ""
        items = [{"id": number, "account": {"login": f"org-{number}"}} for number in numbers]
        return JSONResponse(items, headers={"Link": link} if link else None)


@pytest.mark.contract("auth.jwt.token", "auth.jwt.lifetime", "secrets.log-settings")
def test_installations(harbour: Harbour) -> None:
    github = GitHub()
    mapping = resource("/app/installations", "installation", identifier=".account.login")
    with serve(github.app) as server:
        harbour.install([mapping])
        settings: dict[str, object] = {
            "baseUrl": server.url,
            "authType": "jwt",
            "signingKey": pem_of("RS256"),
            "tokenClaims": {"iss": CLIENT_ID},
            "tokenLifetime": "600",
            "paginationType": "header_link",
        }
        done = harbour.sail(settings)
    assert done.code == 0, done.errors()
    assert set(harbour.catalog("installation")) == {f"org-{n}" for n in range(INSTALLATIONS)}
    assert len(github.tokens) == 4
    assert len(set(github.tokens)) == 1
    assert "eyJ" not in done.log
    assert all(line not in done.log for line in pem_of("RS256").splitlines()[1:-1])
