"""What the sample API lets in, for each style of authentication."""

from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI

from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.auth import IDENTITY, AuthStyle, TokenIssuer

TOKEN = "the-token"
GRANT = {
    "grant_type": "client_credentials",
    "client_id": IDENTITY,
    "client_secret": TOKEN,
}


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sample.test")


def guarded(style: AuthStyle) -> FastAPI:
    return create_app([], TOKEN, auth=style)


async def status(style: AuthStyle, headers: Mapping[str, str | bytes]) -> int:
    async with client(guarded(style)) as http:
        raw = [(name.encode(), _bytes(value)) for name, value in headers.items()]
        return (await http.get("/api/v1/packages", headers=raw)).status_code


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


@pytest.mark.parametrize(
    "style,headers",
    [
        ("none", {}),
        ("bearer", {"Authorization": f"Bearer {TOKEN}"}),
        ("basic", {"Authorization": "Basic c2FtcGxlOnRoZS10b2tlbg=="}),
        ("api_key", {"X-API-Key": TOKEN}),
    ],
)
async def test_the_right_credentials_pass(style: AuthStyle, headers: dict[str, str]) -> None:
    assert await status(style, headers) == 200


@pytest.mark.parametrize("style", ["bearer", "basic", "api_key", "custom"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer other"},
        {"Authorization": "Basic b3RoZXI6b3RoZXI="},
        {"Authorization": TOKEN},
        {"X-API-Key": "other"},
        {"X-API-Key": b"\xc3\xb6"},
    ],
)
async def test_other_credentials_are_refused(
    style: AuthStyle, headers: Mapping[str, str | bytes]
) -> None:
    assert await status(style, headers) == 401


async def test_a_refusal_is_json_and_names_the_scheme() -> None:
    async with client(guarded("bearer")) as http:
        response = await http.get("/api/v1/packages")

    assert response.headers["www-authenticate"] == 'Bearer realm="sample"'
    assert response.json()["error"]["status"] == 401


@pytest.mark.parametrize(
    "encoded",
    [httpx.Request("POST", "/", json=GRANT), httpx.Request("POST", "/", data=GRANT)],
    ids=["json", "form"],
)
async def test_client_credentials_buy_a_token(encoded: httpx.Request) -> None:
    async with client(guarded("custom")) as http:
        response = await http.post("/oauth/token", content=encoded.content, headers=encoded.headers)
        bought = response.json()
        headers = {"Authorization": f"Bearer {bought['access_token']}"}
        response = await http.get("/api/v1/packages", headers=headers)

    assert bought["token_type"] == "Bearer"
    assert bought["expires_in"] == 3600
    assert response.status_code == 200


@pytest.mark.parametrize(
    "grant,status,error",
    [
        (GRANT | {"client_secret": "other"}, 401, "invalid_client"),
        (GRANT | {"client_id": "other"}, 401, "invalid_client"),
        (GRANT | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
        ([], 400, "invalid_request"),
    ],
)
async def test_a_wrong_grant_buys_nothing(grant: object, status: int, error: str) -> None:
    async with client(guarded("custom")) as http:
        response = await http.post("/oauth/token", json=grant)

    assert (response.status_code, response.json()) == (status, {"error": error})


async def test_only_the_custom_style_sells_tokens() -> None:
    async with client(guarded("bearer")) as http:
        assert (await http.post("/oauth/token", json=GRANT)).status_code == 404


async def test_a_token_expires() -> None:
    app = create_app([], TOKEN, auth="custom", token_lifetime=0)
    async with client(app) as http:
        bought = (await http.post("/oauth/token", json=GRANT)).json()
        headers = {"Authorization": f"Bearer {bought['access_token']}"}
        assert (await http.get("/api/v1/packages", headers=headers)).status_code == 401


def test_an_issued_token_is_accepted_until_its_lifetime_is_over() -> None:
    now = 100.0
    issuer = TokenIssuer(TOKEN, lifetime=30, clock=lambda: now)
    token = issuer.issue(IDENTITY, TOKEN)
    assert token is not None

    now = 129.9
    assert issuer.accepts(token)
    now = 130.0
    assert not issuer.accepts(token)
