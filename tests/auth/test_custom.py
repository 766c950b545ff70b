"""Authentication: static credentials, and custom authentication over a real connection."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from api_messages import USER_AGENT, ApiRequest, ApiResponse
from auth.custom import CustomAuth
from auth.strategy import Clock
from client import ApiClient
from errors import AuthenticationError, EndpointError, SettingsError, StatusError
from redaction import Redactor
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.clock import SetClock
from tests.support.fake_api import FakeApi, Received, Reply

_SECRET = "cl13nt-s3cret"
_REQUEST = {"endpoint": "/login", "body": {"client_secret": _SECRET}}
_TEMPLATE = {"headers": {"Authorization": "Bearer {{.access_token}}"}}


class TokenApi:
    """`/login` gives t0ken-1, t0ken-2, …; only the `valid` ones are accepted elsewhere."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.issued = 0
        self.valid: set[str] = set()
        self.issue_valid = True
        self.login_delay = 0.0
        api.answer = self

    def __call__(self, request: Received) -> Reply:
        if request.path == "/login":
            self.issued += 1
            token = f"t0ken-{self.issued}"
            if self.issue_valid:
                self.valid = {token}
            return Reply(body={"access_token": token, "expires_in": 9}, delay=self.login_delay)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return Reply() if token in self.valid else Reply(401, body={"error": f"bad {token}"})

    @property
    def asked(self) -> list[Received]:
        return [request for request in self.api.received if request.path != "/login"]


@pytest.fixture
def tokens(api: FakeApi) -> TokenApi:
    return TokenApi(api)


def _custom(
    request: dict[str, Any] | None = None, template: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "auth_type": "custom",
        "custom_auth_request": {**_REQUEST, **(request or {})},
        "custom_auth_request_template": template or _TEMPLATE,
    }


async def _get(client: ApiClient, api: FakeApi, path: str = "/x", **parts: Any) -> ApiResponse:
    return await client.send(ApiRequest("GET", httpx.URL(f"{api.url}{path}"), **parts))


def _parse(**config: Any) -> ConnectionSettings:
    return ConnectionSettings.parse({"base_url": "https://h.test", **config})


# --- Static credentials


@pytest.mark.contract("auth.bearer.header")
async def test_a_bearer_token(api: FakeApi, connect: ClientFactory) -> None:
    client = connect(auth_type="bearer_token", api_token="t0ken+/=")
    await _get(client, api, headers={"Authorization": "Basic old"})
    assert api.received[0].headers.get_list("authorization") == ["Bearer t0ken+/="]


@pytest.mark.contract("auth.basic.header", "auth.basic.alias")
@pytest.mark.parametrize("auth_type", ["basic", "basic_auth"])
async def test_basic_with_colons_and_umlauts(
    api: FakeApi, connect: ClientFactory, auth_type: str
) -> None:
    await _get(connect(auth_type=auth_type, username="zoë", password="a:b:ü"), api)
    scheme, _, pair = api.received[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(pair).decode() == "zoë:a:b:ü"


@pytest.mark.contract("auth.api-key.header", "settings.apiKeyHeader.default")
@pytest.mark.parametrize("config, name", [({}, "X-API-Key"), ({"api_key_header": "Key"}, "Key")])
async def test_an_api_key(
    api: FakeApi, connect: ClientFactory, config: dict[str, str], name: str
) -> None:
    await _get(connect(auth_type="api_key", api_key="k3y", **config), api)
    assert api.received[0].headers[name] == "k3y"


@pytest.mark.contract("retry.static-credentials")
@pytest.mark.parametrize("status", [401, 403])
async def test_static_credentials_that_are_refused_fail_at_once(
    api: FakeApi, connect: ClientFactory, status: int
) -> None:
    api.script(Reply(status))
    with pytest.raises(StatusError) as caught:
        await _get(connect(auth_type="bearer_token", api_token="t0ken"), api)
    assert "credentials" in str(caught.value)
    assert len(api.received) == 1


# --- The authentication request


@pytest.mark.contract(
    "auth.custom.method",
    "auth.custom.headers",
    "auth.custom.query",
    "auth.custom.body-json",
    "auth.custom.endpoint-path",
    "settings.baseUrl.prefix",
)
@pytest.mark.parametrize("method", [None, "GET", "POST", "PUT", "patch", "DELETE"])
async def test_the_authentication_request(
    api: FakeApi, connect: ClientFactory, method: str | None
) -> None:
    api.script(Reply(body={"access_token": "t0ken"}))
    request = {
        "headers": {"X-Tenant": "acme"},
        "query_params": {"scope": "a b", "n": 1},
        **({"method": method} if method else {}),
    }
    client = connect(base_url=f"{api.url}/api/", **_custom(request))
    await _get(client, api)
    sent = api.received[0]
    assert (sent.path, sent.method) == ("/api/login", (method or "POST").upper())
    assert dict(sent.query) == {"scope": "a b", "n": "1"}
    assert sent.headers["x-tenant"] == "acme"
    assert sent.headers["content-type"] == "application/json"
    assert sent.json() == {"client_secret": _SECRET}


@pytest.mark.contract("auth.custom.body-form")
async def test_the_authentication_request_as_a_form(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"access_token": "t0ken"}))
    form = "grant_type=client_credentials&client_secret=a%2Fb"
    await _get(connect(**_custom({"body": None, "bodyForm": form})), api)
    assert api.received[0].body == form.encode()
    assert api.received[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.contract("auth.custom.endpoint-url", "origin.auth-endpoint")
async def test_the_authentication_request_to_another_origin(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    other_api.script(Reply(body={"access_token": "t0ken"}))
    config = _custom({"endpoint": f"{other_api.url}/oauth/token"})
    await _get(connect(custom_headers={"X-Own": "tenant-1"}, **config), api)
    (login,), (asked,) = other_api.received, api.received
    assert login.path == "/oauth/token"
    assert login.json() == {"client_secret": _SECRET}
    assert "x-own" not in login.headers
    assert "authorization" not in login.headers
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert asked.headers["x-own"] == "tenant-1"


@pytest.mark.parametrize(
    "request_config, named",
    [
        pytest.param(
            {"endpoint": None},
            "customAuthRequest.endpoint",
            marks=pytest.mark.contract("auth.custom.endpoint-required"),
        ),
        pytest.param(
            {"endpoint": ""},
            "customAuthRequest.endpoint",
            marks=pytest.mark.contract("auth.custom.endpoint-required"),
        ),
        pytest.param(
            {"bodyForm": "a=1"},
            "bodyForm",
            marks=pytest.mark.contract("auth.custom.one-body"),
        ),
        pytest.param(
            {"url": "/x"},
            "customAuthRequest.url: is not known; allowed are endpoint, method",
            marks=pytest.mark.contract("auth.custom.unknown-key"),
        ),
        pytest.param(
            {"reauthenticateIntervalSeconds": 0},
            "customAuthRequest.reauthenticateIntervalSeconds",
            marks=pytest.mark.contract("auth.custom.interval.minimum"),
        ),
        pytest.param(
            {"method": "BREW"},
            "customAuthRequest.method: must be one of",
            marks=pytest.mark.contract("auth.custom.method"),
        ),
    ],
)
def test_a_wrong_authentication_request_is_refused(
    request_config: dict[str, Any], named: str
) -> None:
    given = {**_REQUEST, **request_config}
    config = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        _parse(**{**_custom(), "custom_auth_request": json.dumps(config)})
    assert named in str(caught.value)
    assert _SECRET not in str(caught.value)


@pytest.mark.contract("auth.template.not-empty", "auth.template.no-dot")
@pytest.mark.parametrize(
    "template, named",
    [
        ({"headers": {}}, "at least one of headers, queryParams, body"),
        ({"header": {"A": "{{.a}}"}}, "customAuthRequestTemplate.header: is not known"),
        ({"headers": {"A": "Bearer {{access_token}}"}}, "headers.A"),
        ({"body": {"a": ["{{ 1 }}"]}}, "body.a[0]"),
    ],
)
def test_a_wrong_template_is_refused(template: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _parse(**{**_custom(), "custom_auth_request_template": template})
    assert "customAuthRequestTemplate" in str(caught.value)
    assert named in str(caught.value)


# --- The template in API requests


@pytest.mark.contract("auth.template.headers", "auth.template.query", "auth.template.body")
async def test_the_template_sets_and_overrides(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"token": "t0ken", "id": 7, "deep": {"list": ["zero", "one"]}}))
    template = {
        "headers": {"X-Auth": "{{.token}}", "X-Id": "{{.id}}"},
        "query_params": {"key": "k-{{.token}}", "n": "{{.id}}"},
        "body": {"auth": {"who": "{{.deep.list[1]}}", "id": "{{.id}}"}, "fixed": [1]},
    }
    client = connect(**_custom(template=template))
    url = httpx.URL(f"{api.url}/x?key=old&page=2")
    body = {"filter": "open", "fixed": None}
    await client.send(ApiRequest("POST", url, {"x-auth": "old", "X-B": "b"}, body))
    await _get(client, api, "/y")
    _, posted, got = api.received
    assert sorted(posted.query.multi_items()) == [("key", "k-t0ken"), ("n", "7"), ("page", "2")]
    assert posted.headers.get_list("x-auth") == ["t0ken"]
    assert (posted.headers["x-id"], posted.headers["x-b"]) == ("7", "b")
    assert posted.json() == {"filter": "open", "fixed": [1], "auth": {"who": "one", "id": "7"}}
    assert got.json() == {"auth": {"who": "one", "id": "7"}, "fixed": [1]}
    assert got.headers["x-auth"] == "t0ken"


@pytest.mark.contract("origin.no-credentials")
async def test_a_fetched_key_in_the_query_goes_to_no_other_host(
    tokens: TokenApi, api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        if request.path == "/login":
            return tokens(request)
        return Reply(302, headers={"location": f"{other_api.url}{request.target}"})

    api.answer = answer
    template = {"queryParams": {"key": "{{.access_token}}"}}
    client = connect(**_custom(template=template), allowed_hosts="127.0.0.1")
    await _get(client, api, "/x?a=1")
    assert tokens.asked[0].target == "/x?a=1&key=t0ken-1"
    assert other_api.received[0].target == "/x?a=1"


@pytest.mark.contract("auth.template.body")
async def test_a_body_that_is_no_object_cannot_take_fields(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(body={"token": "t0ken"}))
    client = connect(**_custom(template={"body": {"auth": "{{.token}}"}}))
    with pytest.raises(AuthenticationError, match="no JSON object"):
        await client.send(ApiRequest("POST", httpx.URL(f"{api.url}/x"), body=[1]))


@pytest.mark.contract("auth.template.missing-path", "secrets.log-auth-response")
async def test_a_missing_path_names_the_keys_and_no_value(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    api.script(Reply(body={"token": "t0ken-value", "ttl": 3600, "user": {"name": "v4lue"}}))
    with pytest.raises(AuthenticationError) as caught:
        await _get(connect(**_custom()), api)
    message = str(caught.value)
    assert "headers.Authorization uses {{.access_token}}" in message
    assert "token, ttl, user" in message
    for value in ("t0ken-value", "v4lue", _SECRET):
        assert value not in "\n".join([message, *logs])
    assert len(api.received) == 1


@pytest.mark.parametrize(
    "reply, said",
    [
        (Reply(400, body={"error": "leak-1"}), "answered 400"),
        (Reply(401, body={"error": "leak-1"}), "answered 401"),
        (Reply(body=b"<html>leak-1</html>"), "not JSON"),
        (Reply(body=b""), "not JSON"),
    ],
)
@pytest.mark.contract("secrets.log-auth-response", "secrets.errors")
async def test_an_authentication_that_fails_is_quoted_in_no_part(
    api: FakeApi, connect: ClientFactory, logs: list[str], reply: Reply, said: str
) -> None:
    api.script(reply)
    with pytest.raises(AuthenticationError, match=said) as caught:
        await _get(connect(**_custom()), api)
    assert "customAuthRequest" in str(caught.value)
    assert str(caught.value).startswith(f"POST {api.url}/login: ")
    assert "leak-1" not in "\n".join([str(caught.value), *logs])
    assert len(api.received) == 1


@pytest.mark.contract("retry.transient")
async def test_the_authentication_request_is_retried(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(503), Reply(raw=b""), Reply(body={"access_token": "t0ken"}))
    await _get(connect(**_custom()), api)
    assert [request.path for request in api.received] == ["/login"] * 3 + ["/x"]


async def test_an_authentication_endpoint_out_of_reach_is_named(
    api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(max_retries=0, **_custom({"endpoint": "http://127.0.0.1:9/oauth"}))
    with pytest.raises(EndpointError) as caught:
        await _get(client, api)
    assert "127.0.0.1:9/oauth" in str(caught.value)


@pytest.mark.contract("cookies.kept")
async def test_a_session_cookie_of_the_login_goes_with_the_first_request(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(body={"access_token": "t"}, headers={"set-cookie": "sid=1; Path=/"}), Reply())
    await _get(connect(**_custom()), api)
    assert api.received[1].headers.get("cookie") == "sid=1"


# --- How often


@pytest.mark.contract("auth.custom.single-flight", "auth.template.once")
@pytest.mark.parametrize("limit", [1, 10])
async def test_many_requests_share_one_authentication(
    tokens: TokenApi, api: FakeApi, connect: ClientFactory, limit: int
) -> None:
    tokens.login_delay = 0.02
    client = connect(max_concurrent_requests=limit, **_custom())
    await asyncio.gather(*(_get(client, api) for _ in range(25)))
    assert tokens.issued == 1
    assert len(tokens.asked) == 25


@pytest.mark.contract("auth.custom.single-flight")
async def test_many_requests_share_one_failed_authentication(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(401, delay=0.05))
    client = connect(**_custom())
    outcomes = await asyncio.gather(*(_get(client, api) for _ in range(9)), return_exceptions=True)
    assert all(isinstance(outcome, AuthenticationError) for outcome in outcomes)
    assert all("answered 401" in str(outcome) for outcome in outcomes)
    assert len(api.received) == 1


@pytest.mark.contract("auth.custom.renew-on-401", "auth.custom.interval.unset")
async def test_a_401_renews_once_and_repeats_the_request(
    tokens: TokenApi, api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(**_custom())
    await _get(client, api)
    tokens.valid = set()
    url = httpx.URL(f"{api.url}/y?a=1")
    assert (await client.send(ApiRequest("POST", url, body={"a": 1}))).status == 200
    assert tokens.issued == 2
    refused, repeated = api.asked("/y")
    assert (refused.method, refused.target, refused.body) == (
        repeated.method,
        repeated.target,
        repeated.body,
    )
    assert repeated.headers["authorization"] == "Bearer t0ken-2"


@pytest.mark.contract("auth.custom.shared-renewal")
async def test_requests_that_fail_together_share_one_renewal(
    tokens: TokenApi, api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(max_concurrent_requests=20, **_custom())
    await _get(client, api)
    tokens.valid, tokens.login_delay = set(), 0.05
    await asyncio.gather(*(_get(client, api) for _ in range(20)))
    assert tokens.issued == 2
    # Each at most twice: once refused, once repeated.
    assert 20 < len(tokens.asked) <= 41


@pytest.mark.contract("retry.custom-renews-once")
async def test_a_401_after_the_renewal_is_final(
    tokens: TokenApi, api: FakeApi, connect: ClientFactory
) -> None:
    tokens.issue_valid = False
    with pytest.raises(StatusError) as caught:
        await _get(connect(**_custom()), api)
    assert caught.value.status == 401
    assert (tokens.issued, len(tokens.asked)) == (2, 2)


@pytest.mark.contract("secrets.log-auth-response", "secrets.log-settings", "secrets.errors")
async def test_tokens_appear_in_no_log_and_no_error(
    tokens: TokenApi, api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    tokens.issue_valid = False
    with pytest.raises(StatusError) as caught:
        await _get(connect(**_custom()), api, "/x?key=t0ken-2")
    said = "\n".join([*logs, str(caught.value), repr(caught.value)])
    assert "Authenticated" in said
    assert "t0ken" not in said
    assert _SECRET not in said


@pytest.mark.contract("secrets.log-auth-response", "secrets.errors")
async def test_an_api_that_echoes_shows_neither_session_nor_what_was_made_of_the_answer(
    api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        if request.path == "/login":
            return Reply(body={"user": "ada", "n": 7}, headers={"set-cookie": "sid=s3ssion-1"})
        sent = f"{request.headers['cookie']} {request.target} {request.headers['accept']}"
        return Reply(400, body=f"{sent} json".encode())

    api.answer = answer
    template = {
        "headers": {"Accept": "a/b"},
        "queryParams": {"key": "{{.user | ascii_upcase}}-{{.n}}", "format": "json"},
    }
    with pytest.raises(StatusError) as caught:
        await _get(connect(**_custom(template=template)), api)
    assert "sid=*** /x?key=***&format=json a/b json" in str(caught.value)


def _auth(interval: int | None, clock: Clock) -> CustomAuth:
    extra = {} if interval is None else {"reauthenticate_interval_seconds": interval}
    return CustomAuth(_parse(**_custom(extra)), Redactor(), clock)


@pytest.mark.contract("auth.custom.interval.early", "auth.custom.interval.unset")
@pytest.mark.parametrize(
    "interval, renewed_at", [(3600, 3540), (600, 540), (100, 90), (1, 0.9), (None, None)]
)
async def test_credentials_are_renewed_before_they_expire(
    interval: int | None, renewed_at: float | None
) -> None:
    clock, issued = SetClock(1000.0), [0]
    auth = _auth(interval, clock)

    def answer(request: httpx.Request) -> httpx.Response:
        issued[0] += request.url.path == "/login"
        return httpx.Response(200, json={"access_token": f"t0ken-{issued[0]}"})

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, auth=auth) as client:
        await client.get("https://h.test/x")
        clock.moment += 10**9 if renewed_at is None else renewed_at - 0.01
        await client.get("https://h.test/x")
        assert issued == [1]
        clock.moment += 0.02
        response = await client.get("https://h.test/x")
    expected = 1 if renewed_at is None else 2
    assert issued == [expected]
    assert response.request.headers["authorization"] == f"Bearer t0ken-{expected}"


@pytest.mark.contract("auth.custom.empty-body")
@pytest.mark.parametrize("empty", [{}, "", None])
async def test_an_empty_body_beside_a_form_counts_as_none(
    api: FakeApi, connect: ClientFactory, empty: Any
) -> None:
    api.script(Reply(body={"access_token": "t"}))
    request = {"endpoint": "/login", "body": empty, "bodyForm": "grant_type=client_credentials"}
    await _get(connect(**_custom(request=request)), api)
    assert api.received[0].body == b"grant_type=client_credentials"
    assert api.received[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.contract("auth.custom.empty-body")
async def test_an_empty_form_beside_a_body_counts_as_none(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(body={"access_token": "t"}))
    request = {"endpoint": "/login", "body": {"a": 1}, "bodyForm": ""}
    await _get(connect(**_custom(request=request)), api)
    assert api.received[0].json() == {"a": 1}


async def test_an_empty_body_alone_is_sent(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"access_token": "t"}))
    await _get(connect(**_custom(request={"endpoint": "/login", "body": {}})), api)
    assert api.received[0].json() == {}


@pytest.mark.contract("request.user-agent")
@pytest.mark.parametrize(
    "given, sent",
    [({}, USER_AGENT), ({"custom_headers": {"user-agent": "mine/2"}}, "mine/2")],
)
async def test_every_request_says_who_asks(
    api: FakeApi, connect: ClientFactory, given: dict[str, Any], sent: str
) -> None:
    api.script(Reply(body={"access_token": "t"}))
    await _get(connect(**_custom(), **given), api)
    assert [each.headers.get_list("user-agent") for each in api.received] == [[sent], [sent]]
    assert USER_AGENT == "Port-Ocean-HTTP-Integration/1.0"
