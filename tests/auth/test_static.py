"""Credentials that stay the same: API keys in their places, and Basic without a password."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from auth.static import QueryParameter, prefixed
from client import ApiClient
from errors import SettingsError, StatusError
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply

KEY = "k3y/of+the=tests"


def _settings(location: str, **more: Any) -> dict[str, Any]:
    return {"auth_type": "api_key", "api_key": KEY, "api_key_location": location, **more}


async def _get(client: ApiClient, url: str) -> None:
    await client.send(ApiRequest("GET", httpx.URL(url)))


@pytest.mark.contract("auth.api-key.location")
async def test_a_key_in_the_query(api: FakeApi, connect: ClientFactory) -> None:
    client = connect(**_settings("query", api_key_header="app id"))
    await _get(client, f"{api.url}/x?q=a%2Cb,c&flag&app%20id=old&app+id=older")
    assert api.received[0].target == "/x?q=a%2Cb,c&flag&app%20id=k3y%2Fof%2Bthe%3Dtests"
    assert "x-api-key" not in api.received[0].headers


@pytest.mark.contract("auth.api-key.location")
@given(
    pairs=st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=5)), max_size=5),
    name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
    value=st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
)
def test_other_parameters_stay(pairs: list[tuple[str, str]], name: str, value: str) -> None:
    pairs = [pair for pair in pairs if pair[0] != name]
    url = httpx.URL("https://h.test/x", params=pairs)
    request = httpx.Request("GET", url)
    QueryParameter(name, value).fill(request)
    sent = parse_qsl(request.url.query.decode(), keep_blank_values=True, strict_parsing=True)
    assert sent == [*parse_qsl(url.query.decode(), keep_blank_values=True), (name, value)]
    assert request.url.query.startswith(url.query)
    filled = request.url
    QueryParameter(name, value).fill(request)
    assert request.url == filled


@pytest.mark.contract("auth.api-key.location", "cookies.kept")
async def test_a_key_in_a_cookie(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(headers={"set-cookie": "sid=1; Path=/"}), Reply())
    client = connect(**_settings("cookie", api_key_header="token"))
    await _get(client, f"{api.url}/x")
    await _get(client, f"{api.url}/x")
    assert [sent.headers["cookie"] for sent in api.received] == [
        f"token={KEY}",
        f"sid=1; token={KEY}",
    ]


@pytest.mark.contract("auth.api-key.prefix")
@pytest.mark.parametrize(
    "prefix, value",
    [
        ("", KEY),
        ("Token", f"Token {KEY}"),
        ("Token ", f"Token {KEY}"),
        ("Token token=", f"Token token={KEY}"),
    ],
)
async def test_a_prefix(api: FakeApi, connect: ClientFactory, prefix: str, value: str) -> None:
    more = {"api_key_header": "Authorization", "api_key_prefix": prefix}
    await _get(connect(**_settings("header", **more)), f"{api.url}/x")
    assert api.received[0].headers["authorization"] == value


@given(prefix=st.text(), key=st.text())
def test_nothing_of_prefix_and_key_is_lost(prefix: str, key: str) -> None:
    assert prefixed(prefix, key) in (f"{prefix}{key}", f"{prefix} {key}")


@pytest.mark.contract("secrets.errors", "secrets.log-headers")
@pytest.mark.parametrize("location", ["header", "query", "cookie"])
async def test_a_key_is_never_shown(
    api: FakeApi, connect: ClientFactory, logs: list[str], location: str
) -> None:
    def answer(request: Received) -> Reply:
        headers = str(dict(request.headers))
        return Reply(503 if len(api.received) == 1 else 400, body={"at": request.target + headers})

    api.answer = answer
    client = connect(**_settings(location, api_key_header="appid"))
    with pytest.raises(StatusError) as caught:
        await _get(client, f"{api.url}/x?a=1")
    unreachable = connect(**_settings(location), base_url="http://127.0.0.1:9", max_retries=0)
    with pytest.raises(Exception, match=":9/x") as missed:
        await _get(unreachable, "http://127.0.0.1:9/x")
    said = "\n".join([*logs, str(caught.value), str(missed.value)])
    for form in (KEY, "k3y%2Fof%2Bthe%3Dtests"):
        assert form not in said


@pytest.mark.contract("origin.allowed")
@pytest.mark.parametrize("location", ["header", "query", "cookie"])
async def test_another_host_gets_no_key(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, location: str
) -> None:
    api.script(Reply(302, headers={"location": f"{other_api.url}/y?a=1"}))
    client = connect(**_settings(location), allowed_hosts="127.0.0.1")
    await _get(client, f"{api.url}/x")
    (sent,) = other_api.received
    assert KEY in f"{httpx.URL(api.received[0].target).params}{api.received[0].headers}" or (
        "k3y%2Fof" in api.received[0].target
    )
    assert sent.target == "/y?a=1"
    assert not {"cookie", "x-api-key"} & set(sent.headers)


@pytest.mark.contract("start.bad-settings")
@pytest.mark.parametrize(
    "config, said",
    [
        (_settings("body"), "apiKeyLocation: must be one of"),
        (_settings("cookie", api_key="a b"), "apiKey: has, with apiKeyPrefix, a space"),
        (_settings("cookie", api_key_prefix="a;"), "apiKey: has, with apiKeyPrefix"),
        (_settings("header", api_key_header="a b"), "apiKeyHeader: "),
        (_settings("header", api_key_prefix="a\nb"), "apiKeyPrefix: has a line break"),
    ],
)
def test_what_no_request_can_carry_is_refused(config: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({"base_url": "https://h.test", **config})
    (problem,) = caught.value.problems
    assert problem.startswith(said)
    assert KEY not in problem


@pytest.mark.contract("auth.basic.empty-password", "settings.basic.required")
@pytest.mark.parametrize("password", [{}, {"password": ""}, {"password": None}])
async def test_basic_with_an_empty_password(
    api: FakeApi, connect: ClientFactory, logs: list[str], password: dict[str, str | None]
) -> None:
    api.script(Reply(400, body={"detail": "no such key: sk_live_51Hx"}))
    client = connect(auth_type="basic", username="sk_live_51Hx", **password)
    with pytest.raises(StatusError) as caught:
        await _get(client, f"{api.url}/x")
    pair = api.received[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(pair) == b"sk_live_51Hx:"
    assert any("without a password" in line for line in logs)
    assert "sk_live_51Hx" not in "\n".join([*logs, str(caught.value)])


def test_a_user_name_with_a_password_is_no_secret(connect: ClientFactory) -> None:
    client = connect(auth_type="basic", username="catalog-reader", password="p4ssword")
    assert client.redactor.text("catalog-reader p4ssword") == "catalog-reader ***"


async def test_several_header_secrets(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLICATION_KEY", "appl1cation-key")
    monkeypatch.setenv("GATEWAY_KEY", "g4teway-key")
    headers = {"X-Application-Key": "${APPLICATION_KEY}", "X-Gateway-Key": "gw ${GATEWAY_KEY}"}
    api.script(Reply(400, body={"got": "appl1cation-key g4teway-key"}))
    client = connect(**_settings("header"), custom_headers=headers)
    with pytest.raises(StatusError) as caught:
        await _get(client, f"{api.url}/x")
    (sent,) = api.received
    assert sent.headers["x-application-key"] == "appl1cation-key"
    assert sent.headers["x-gateway-key"] == "gw g4teway-key"
    assert sent.headers["x-api-key"] == KEY
    assert "*** ***" in str(caught.value)
