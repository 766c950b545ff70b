"""Logins of several steps, and answers that are no JSON: headers, cookies, text and forms."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest, ApiResponse
from auth.base_url import Move
from auth.custom import CustomAuth
from auth.login_steps import LoginSteps
from client import ApiClient
from errors import AuthenticationError, RefusedOriginError, SettingsError, StatusError
from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.secrets import secrets_of
from tests.rooms import ClientFactory
from tests.support.clock import SetClock
from tests.support.fake_api import FakeApi, Received, Reply
from transport.origins import origin

_TOKEN = "t0ken/of+the=login"
_HTML = b'<form><input type="hidden" name="csrf" value="cs-rf&1"></form>'


def _login(*steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    template = more.pop("template", None)
    config = {"auth_type": "custom", "custom_auth_request": {"steps": list(steps), **more}}
    return {**config, "custom_auth_request_template": template} if template else config


async def _get(client: ApiClient, api: FakeApi, path: str = "/x") -> ApiResponse:
    return await client.send(ApiRequest("GET", httpx.URL(f"{api.url}{path}")))


def _refused(**config: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({"base_url": "https://h.test", **config})
    return str(caught.value)


class Portal:
    """An API that only takes what `is_logged_in` accepts, and what its `login` has answered."""

    def __init__(self, api: FakeApi, *logins: Reply) -> None:
        self.api = api
        self.logins = list(logins)
        self.refusal = 401
        self.takes: Callable[[Received], bool] = lambda request: True
        api.answer = self

    def __call__(self, request: Received) -> Reply:
        if request.path.startswith("/login"):
            return self.logins.pop(0) if len(self.logins) > 1 else self.logins[0]
        return Reply() if self.takes(request) else Reply(self.refusal)


# --- Where the credentials are in an answer


@pytest.mark.contract("auth.steps.answers", "auth.steps.whole")
@pytest.mark.parametrize(
    "answer, path",
    [
        # Keystone and Redfish.
        (Reply(201, headers={"X-Subject-Token": _TOKEN}), '.headers["x-subject-token"]'),
        (Reply(201, headers={"x-subject-token": _TOKEN}), '.headers["X-Subject-Token"]'),
        (Reply(204, b"", {"X-Auth-Token": _TOKEN}), '.headers["X-Auth-Token"]'),
        (Reply(body={"token": _TOKEN}), ".body.token"),
        (Reply(body=f"{_TOKEN}\n".encode(), headers={"content-type": "text/plain"}), ".text"),
        (
            Reply(body=f"<r><t>{_TOKEN}</t></r>".encode(), headers={"content-type": "text/xml"}),
            '.text | capture("<t>(?<t>[^<]+)").t',
        ),
        (
            Reply(
                body=b"token=t0ken%2Fof%2Bthe%3Dlogin&scope=",
                headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            ),
            ".body.token",
        ),
        (Reply(302, b"", {"set-cookie": f"sid={_TOKEN}; Path=/"}), ".cookies.sid"),
        (Reply(200, b"<html>", {"set-cookie": f"sid={_TOKEN}"}), ".steps[0].cookies.sid"),
    ],
)
async def test_a_token_wherever_it_is_in_the_answer(
    api: FakeApi, connect: ClientFactory, answer: Reply, path: str
) -> None:
    portal = Portal(api, answer)
    portal.takes = lambda request: request.headers.get("x-auth") == _TOKEN
    template = {"headers": {"X-Auth": f"{{{{{path}}}}}"}}
    step = {"endpoint": "/login", "successStatuses": [302]}
    client = connect(**_login(step, template=template))
    assert (await _get(client, api)).status == 200
    assert [request.path for request in api.received] == ["/login", "/x"]


@pytest.mark.contract("auth.custom.form-answer")
@pytest.mark.parametrize("is_declared", [True, False])
async def test_an_answer_that_is_a_form(
    api: FakeApi, connect: ClientFactory, is_declared: bool
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"} if is_declared else {}
    Portal(api, Reply(body=b"access_token=abc%20d&token_type=bearer", headers=form))
    client = connect(
        auth_type="custom",
        custom_auth_request={"endpoint": "/login"},
        custom_auth_request_template={"headers": {"X-Auth": "{{.access_token}}"}},
    )
    if not is_declared:
        with pytest.raises(AuthenticationError, match="not JSON"):
            await _get(client, api)
        return
    await _get(client, api)
    assert api.received[-1].headers["x-auth"] == "abc d"


@pytest.mark.contract("auth.steps.cookies")
@pytest.mark.parametrize("status", [204, 200, 302])
async def test_a_cookie_alone_is_enough(api: FakeApi, connect: ClientFactory, status: int) -> None:
    portal = Portal(api, Reply(status, b"", {"set-cookie": "sid=s3ssion; Path=/; HttpOnly"}))
    portal.takes = lambda request: request.headers.get("cookie") == "sid=s3ssion"
    form = "j_username=u&j_password=p"
    step = {"endpoint": "/login/j_security_check", "bodyForm": form, "successStatuses": [302]}
    client = connect(**_login(step))
    for path in ("/x", "/y"):
        assert (await _get(client, api, path)).status == 200
    assert api.received[0].body == form.encode()
    assert len(api.received) == 3


# An address alone tells the API no more of who asks than nothing does.
ADDRESS = {"baseUrl": "{{.headers.location}}", "baseUrlHosts": ["127.0.0.1"]}


@pytest.mark.contract("auth.steps.cookies")
@pytest.mark.parametrize("template", [None, ADDRESS])
async def test_a_login_that_gives_nothing_is_an_error(
    api: FakeApi, connect: ClientFactory, template: dict[str, Any] | None
) -> None:
    Portal(api, Reply(204, b"", {"location": api.url}))
    more = {"template": template} if template else {}
    with pytest.raises(AuthenticationError, match="gave no cookie"):
        await _get(connect(**_login({"endpoint": "/login"}, **more)), api)
    assert len(api.received) == 1


@pytest.mark.contract("auth.steps.statuses")
async def test_a_redirect_is_no_success_unless_it_is_named(
    api: FakeApi, connect: ClientFactory
) -> None:
    Portal(api, Reply(302, b"", {"set-cookie": "sid=1", "location": "/error"}))
    with pytest.raises(AuthenticationError) as caught:
        await _get(connect(**_login({"endpoint": "/login"})), api)
    assert "answered 302" in str(caught.value)
    assert "look at customAuthRequest.steps[0]; if that is how it succeeds, name it in " in str(
        caught.value
    )


# --- Several steps


@pytest.mark.contract("auth.steps.filled", "auth.steps.cookies", "secrets.log-auth-response")
async def test_a_csrf_token_first_then_the_login(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    portal = Portal(
        api,
        Reply(200, _HTML, {"set-cookie": "pre=pr3-login; Path=/"}),
        Reply(302, b"", {"set-cookie": "sid=s3ssion; Path=/", "location": "/home"}),
        Reply(body={"id": "k/1 ..", "key": "k3y-of-it"}),
    )
    steps = (
        {"endpoint": "/login", "method": "GET"},
        {
            "endpoint": "/login",
            "headers": {"X-CSRF": '{{.text | capture("value=\\"(?<v>[^\\"]+)").v}}'},
            "bodyForm": 'user=u&csrf={{.text | capture("value=\\"(?<v>[^\\"]+)").v}}&n={{.status}}',
            "queryParams": {"from": "{{.cookies.pre}}"},
            "successStatuses": [302],
        },
        {"endpoint": "/login/keys", "body": {"at": ["{{.headers.location}}"]}},
    )
    portal.takes = lambda request: request.headers.get("x-key") == "k3y-of-it pr3-login"
    template = {"headers": {"X-Key": "{{.body.key}} {{.steps[0].cookies.pre}}"}}
    client = connect(custom_headers={"X-Own": "7"}, **_login(*steps, template=template))
    await _get(client, api)
    first, second, third, asked = api.received
    assert "cookie" not in first.headers
    assert second.target == "/login?from=pr3-login"
    assert second.headers["x-csrf"] == "cs-rf&1"
    assert second.headers["cookie"] == "pre=pr3-login"
    assert parse_qs(second.body.decode()) == {"user": ["u"], "csrf": ["cs-rf&1"], "n": ["200"]}
    assert third.json() == {"at": ["/home"]}
    assert sorted(third.headers["cookie"].split("; ")) == ["pre=pr3-login", "sid=s3ssion"]
    assert sorted(asked.headers["cookie"].split("; ")) == ["pre=pr3-login", "sid=s3ssion"]
    assert {request.headers["x-own"] for request in api.received} == {"7"}
    assert len({request.headers["user-agent"] for request in api.received}) == 1
    for secret in ("pr3-login", "s3ssion", "k3y-of-it", "cs-rf"):
        assert secret not in "\n".join(logs)


@pytest.mark.contract("auth.steps.filled")
@pytest.mark.parametrize(
    "value, sent",
    [("k1", "/login/k1/keys"), ("a/b ?#", "/login/a%2Fb%20%3F%23/keys"), ("..", None), (".", None)],
)
async def test_a_value_in_the_path_stays_one_segment(
    api: FakeApi, connect: ClientFactory, value: str, sent: str | None
) -> None:
    Portal(api, Reply(body={"id": value}), Reply(body={"t": "t0ken"}))
    steps = ({"endpoint": "/login"}, {"endpoint": "/login/{{.body.id}}/keys"})
    client = connect(**_login(*steps, template={"headers": {"X-Auth": "{{.body.t}}"}}))
    if sent is None:
        with pytest.raises(AuthenticationError, match="would have a segment"):
            await _get(client, api)
        return
    await _get(client, api)
    assert api.received[1].target == sent


@pytest.mark.contract("auth.steps.hosts", "origin.auth-endpoint")
async def test_a_step_follows_a_link_to_hosts_that_settings_name_only(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    link = {"endpoint": "{{.headers.location}}"}
    template = {"headers": {"X-Auth": "{{.body.t}}"}}
    portal = Portal(api, Reply(201, b"", {"location": "/login/2"}), Reply(body={"t": "t0ken"}))
    await _get(connect(**_login({"endpoint": "/login"}, link, template=template)), api)
    assert [request.path for request in api.received] == ["/login", "/login/2", "/x"]
    portal.logins = [Reply(201, b"", {"location": f"{other_api.url}/login"})]
    with pytest.raises(AuthenticationError, match="neither baseUrl nor a step names"):
        await _get(connect(**_login({"endpoint": "/login"}, link, template=template)), api)
    assert not other_api.received
    other_api.script(Reply(body={"t": "t0ken"}))
    named = {"endpoint": f"{other_api.url}/other"}
    steps = ({"endpoint": "/login"}, link, named)
    await _get(connect(**_login(*steps, template=template)), api)
    assert [request.path for request in other_api.received] == ["/login", "/other"]


@pytest.mark.contract("auth.steps.missing", "secrets.log-auth-response", "secrets.errors")
@pytest.mark.parametrize("is_step", [True, False])
async def test_what_an_answer_lacks_is_told_with_what_it_has(
    api: FakeApi, connect: ClientFactory, logs: list[str], is_step: bool
) -> None:
    Portal(api, Reply(body={"tok": "t0ken-value"}, headers={"set-cookie": "sid=s3ssion-value"}))
    used = {"headers": {"X-Auth": "{{.body.token}}"}}
    config = (
        _login({"endpoint": "/login"}, {"endpoint": "/login/2", **used})
        if is_step
        else _login({"endpoint": "/login"}, template=used)
    )
    with pytest.raises(AuthenticationError) as caught:
        await _get(connect(**config), api)
    said = str(caught.value)
    place = "customAuthRequest.steps[1]." if is_step else "customAuthRequestTemplate: "
    assert f"{place}headers.X-Auth uses {{{{.body.token}}}}" in said
    for name in ("body.tok", "cookies.sid", "headers.content-type", "status", "text"):
        assert name in said
    for value in ("t0ken-value", "s3ssion-value"):
        assert value not in "\n".join([said, *logs])


@pytest.mark.contract("auth.steps.filled")
async def test_a_step_that_fails_is_named_and_nothing_after_it_is_sent(
    api: FakeApi, connect: ClientFactory
) -> None:
    Portal(api, Reply(body={"id": "k3y-1"}), Reply(403, body={"said": "leak-1"}))
    steps = ({"endpoint": "/login"}, {"endpoint": "/login/{{.body.id}}"}, {"endpoint": "/login/3"})
    client = connect(**_login(*steps, template={"headers": {"X": "{{.body.t}}"}}))
    for _ in range(3):
        with pytest.raises(AuthenticationError) as caught:
            await _get(client, api)
        said = str(caught.value)
        assert said.startswith(f"POST {api.url}/login/{{{{.body.id}}}}: ")
        assert "answered 403" in said
        assert "customAuthRequest.steps[1]" in said
        assert "k3y-1" not in said
        assert "leak-1" not in said
    assert len(api.received) == 2


@pytest.mark.contract("secrets.log-auth-response", "secrets.errors")
async def test_an_api_that_echoes_shows_no_value_of_any_step(
    api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        match request.path:
            case "/login":
                return Reply(204, b"", {"X-Seed": "s33d-value"})
            case "/login/2":
                return Reply(body={"key": "k3y-value", "id_token": "unused-value"})
        return Reply(400, b"s33d-value k3y-value unused-value plain")

    api.answer = answer
    steps = (
        {"endpoint": "/login"},
        {"endpoint": "/login/2", "headers": {"X-Seed": '{{.headers["x-seed"]}}'}},
    )
    client = connect(**_login(*steps, template={"headers": {"X-Key": "{{.body.key}}"}}))
    with pytest.raises(StatusError) as caught:
        await _get(client, api)
    assert "*** *** *** plain" in str(caught.value)


# --- When it is renewed


@pytest.mark.contract("auth.steps.renewal", "auth.custom.renew-on-401")
async def test_a_renewal_takes_all_steps_again_without_old_cookies(
    api: FakeApi, connect: ClientFactory
) -> None:
    portal = Portal(
        api,
        Reply(204, b"", {"set-cookie": "pre=1; Path=/"}),
        Reply(204, b"", {"set-cookie": "sid=1; Path=/"}),
        Reply(204, b"", {"set-cookie": "pre=2; Path=/"}),
        Reply(204, b"", {"set-cookie": "sid=2; Path=/"}),
    )
    client = connect(**_login({"endpoint": "/login"}, {"endpoint": "/login/2"}))
    await _get(client, api)
    portal.takes = lambda request: "sid=2" in request.headers["cookie"]
    assert (await _get(client, api, "/y")).status == 200
    again = [request for request in api.received if request.path.startswith("/login")][2:]
    assert "cookie" not in again[0].headers
    assert again[1].headers["cookie"] == "pre=2"
    last = api.asked("/y")[-1].headers["cookie"]
    assert sorted(last.split("; ")) == ["pre=2", "sid=2"]


@pytest.mark.contract("auth.custom.expired-statuses")
@pytest.mark.parametrize(
    "age, named, logins", [(31, [403, 409], 2), (29, [403, 409], 1), (31, [], 1), (31, [302], 1)]
)
async def test_other_statuses_mean_expired_where_they_are_named(
    age: float, named: list[int], logins: int
) -> None:
    request = {"endpoint": "/login", "reauthenticateStatuses": named}
    template = {"headers": {"X-Auth": "{{.t}}"}}
    settings = ConnectionSettings.parse(
        {
            "base_url": "https://h.test",
            "auth_type": "custom",
            "custom_auth_request": request,
            "custom_auth_request_template": template,
        }
    )
    clock, issued, expired = SetClock(1000.0), [0], [False]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/login":
            issued[0] += 1
            expired[0] = False
            return httpx.Response(200, json={"t": "t0ken"})
        return httpx.Response(403 if expired[0] else 200)

    transport = httpx.MockTransport(answer)
    auth = CustomAuth(settings, Redactor(), clock)
    async with httpx.AsyncClient(transport=transport, auth=auth) as client:
        await client.get("https://h.test/x")
        clock.moment += age
        expired[0] = True
        response = await client.get("https://h.test/x")
    assert issued == [logins]
    assert response.status_code == (200 if logins == 2 else 403)


@pytest.mark.contract("auth.steps.statuses", "auth.custom.expired-statuses")
async def test_a_session_id_that_comes_with_a_409(api: FakeApi, connect: ClientFactory) -> None:
    portal = Portal(api, Reply(409, b"", {"X-Transmission-Session-Id": "s3ssion-1"}))
    name = "x-transmission-session-id"
    portal.takes = lambda request: request.headers.get(name) == "s3ssion-1"
    portal.refusal = 409
    template = {"headers": {name: f'{{{{.headers["{name}"]}}}}'}}
    step = {"endpoint": "/login", "successStatuses": [409]}
    config = _login(step, template=template, reauthenticateStatuses=[409])
    assert (await _get(connect(**config), api)).status == 200


# --- What is refused at start


@pytest.mark.contract("auth.steps.refused")
@pytest.mark.parametrize(
    "config, said",
    [
        (_login({"endpoint": "/a", "url": 1}), "steps[0].url: is not known; allowed are endpoint"),
        (_login({"method": "GET"}), "customAuthRequest.steps[0].endpoint: is required"),
        (_login({"endpoint": "/a"}, endpoint="/b"), "has steps and endpoint; put what is sent"),
        (_login({"endpoint": "/a/{{.body.x}}"}), "there is no answer before it"),
        (_login({"endpoint": "/a"}, {"endpoint": "/{{.x}}"}), "write {{.body.x}}"),
        (_login({"endpoint": "/a"}, {"endpoint": "/{{body}}"}), "starts with a dot"),
        (_login({"endpoint": "/a"}, {"endpoint": "https://{{.text}}/b"}), "write the host itself"),
        (_login({"endpoint": "/a"}, {"endpoint": "https://h{{.text}}"}), "write the host itself"),
        (_login({"endpoint": "/a"}, template={"headers": {"X": "{{.t}}"}}), "write {{.body.t}}"),
        (
            _login({"endpoint": "/a"}, template={"headers": {"X": "{{.headers.x-t}}"}}),
            'a name with a dash is quoted: .headers["x-token"]',
        ),
        (_login({"endpoint": "/a", "successStatuses": [500]}), "successStatuses[0]"),
        (_login({"endpoint": "/a"}, reauthenticateStatuses=[200]), "reauthenticateStatuses[0]"),
        (_login({"endpoint": "/a"}, reauthenticateStatuses=["x"]), "reauthenticateStatuses[0]"),
        (
            {"auth_type": "custom", "custom_auth_request": {"endpoint": "/a"}},
            "customAuthRequestTemplate: is required",
        ),
    ],
)
def test_wrong_steps_are_refused(config: dict[str, Any], said: str) -> None:
    assert said in _refused(**config)


@pytest.mark.contract("secrets.errors")
def test_secrets_of_steps_are_known_and_placeholders_are_none() -> None:
    config = _login(
        {"endpoint": "/a?k=qu3ry-k3y", "bodyForm": "password=p4ssword&x={{.text}}"},
        {"endpoint": "/b", "bodyForm": "password=p4ssword&x={{.text}}", "body": None},
    )
    config["custom_auth_request"]["steps"][0] = {"endpoint": "/a?k=qu3ry-k3y"}
    settings = ConnectionSettings.parse({"base_url": "https://h.test", **config})
    found = set(secrets_of(settings))
    assert {"qu3ry-k3y", "p4ssword"} <= found
    assert not any("{{" in each for each in found)


# --- A baseUrl that comes with the answer

_INSTANCE = {
    "headers": {"Authorization": "Bearer {{.access_token}}"},
    "baseUrl": "{{.instance_url}}",
}


def _moving(*hosts: str) -> dict[str, Any]:
    return {
        "auth_type": "custom",
        "custom_auth_request": {"endpoint": "/login"},
        "custom_auth_request_template": {**_INSTANCE, "baseUrlHosts": list(hosts)},
    }


@pytest.mark.contract("auth.template.base-url")
async def test_requests_go_to_the_host_that_the_login_gave(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    host = httpx.URL(other_api.url).netloc.decode()
    answer = {"access_token": "t0ken", "instance_url": f"{other_api.url}/org/"}
    cookie = ("set-cookie", "sid=1; Path=/org")
    Portal(api, Reply(body=answer, headers=[cookie]))
    client = connect(base_url=f"{api.url}/v1/", custom_headers={"X-Own": "7"}, **_moving(host))
    api.answer = lambda request: Reply(body=answer)
    for path in ("/v1/users?a=1", "/v1", "/v1x", "/other"):
        await _get(client, api, path)
    assert [request.path for request in api.received] == ["/v1/login"]
    targets = [request.target for request in other_api.received]
    assert targets == ["/org/users?a=1", "/org", "/v1x", "/other"]
    for request in other_api.received:
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.headers["host"] == host
        assert request.headers["x-own"] == "7"
    # Links in answers lead there by name, and are no other host.
    linked = ApiRequest("GET", httpx.URL(f"{other_api.url}/org/users?page=2"))
    await client.send(linked)
    assert other_api.received[-1].headers["authorization"] == "Bearer t0ken"
    # An address is no secret.
    assert client.describe(linked) == f"GET {other_api.url}/org/users?page=2"


@pytest.mark.contract("auth.template.base-url", "cookies.kept")
async def test_cookies_of_the_api_stay_where_only_the_path_moves(
    api: FakeApi, connect: ClientFactory
) -> None:
    answer = {"access_token": "t0ken", "instance_url": f"{api.url}/org"}

    def respond(request: Received) -> Reply:
        return Reply(body=answer, headers={"set-cookie": "n=1; Path=/"})

    api.answer = respond
    client = connect(**_moving("127.0.0.1"))
    for _ in range(2):
        await _get(client, api)
    assert [request.path for request in api.received] == ["/login", "/org/x", "/org/x"]
    assert api.received[-1].headers["cookie"] == "n=1"


@pytest.mark.contract("auth.template.base-url", "origin.no-credentials")
@pytest.mark.parametrize(
    "address", ["", "no address", "https://evil.test", "//evil.test", "ftp://h"]
)
async def test_no_other_host_gets_anything(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, address: str
) -> None:
    answer = {"access_token": "t0ken", "instance_url": address or other_api.url}
    Portal(api, Reply(body=answer))
    client = connect(**_moving("*.my.example.com", "127.0.0.2"))
    with pytest.raises(AuthenticationError) as caught:
        await _get(client, api)
    assert "baseUrlHosts" in str(caught.value)
    assert "evil" not in str(caught.value)
    assert not other_api.received
    with pytest.raises(RefusedOriginError):
        await client.send(ApiRequest("GET", httpx.URL(f"{other_api.url}/x")))


async def test_a_host_without_tls_is_refused_where_base_url_has_it() -> None:
    config = {"base_url": "https://h.test", **_moving("h.test", "*.h.test")}
    auth = CustomAuth(ConnectionSettings.parse(config), Redactor())

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"access_token": "t", "instance_url": "http://a.h.test"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        with pytest.raises(AuthenticationError, match="https"):
            await client.get("https://h.test/x")


@pytest.mark.contract("auth.template.base-url")
@pytest.mark.parametrize(
    "change, said",
    [
        ({"baseUrl": None}, "baseUrl and baseUrlHosts together"),
        ({"baseUrlHosts": []}, "baseUrl and baseUrlHosts together"),
        ({"baseUrlHosts": ["https://a/"]}, "give hosts only"),
        ({"baseUrl": "{{a}}"}, "starts with a dot"),
    ],
)
def test_a_wrong_base_url_is_refused(change: dict[str, Any], said: str) -> None:
    config = _moving("h.test")
    config["custom_auth_request_template"] |= change
    assert said in _refused(**config)


@pytest.mark.contract("auth.steps.filled", "auth.steps.hosts")
@given(value=st.one_of(st.text(), st.from_regex(r"[./\\%:@?#;]{1,9}")), suffix=st.booleans())
def test_no_value_leads_elsewhere_than_its_segment(value: str, suffix: bool) -> None:
    endpoint = f"/login/{{{{.body.id}}}}{'/keys' if suffix else ''}"
    settings = ConnectionSettings.parse(
        {"base_url": "https://h.test/v1", **_login({"endpoint": "/login"}, {"endpoint": endpoint})}
    )
    steps = LoginSteps(settings)
    try:
        request = steps.filled(1, {".body.id": value}, {}, httpx.URL("https://h.test/login"))
    except AuthenticationError:
        return
    path = request.url.raw_path.decode("ascii")
    assert request.url.host == "h.test"
    assert path.startswith("/v1/login/")
    assert path.count("/") == 3 + suffix
    assert not {".", ".."} & set(path.split("/"))
    assert unquote(path.split("/")[3]) == value


@pytest.mark.contract("auth.template.base-url")
@given(
    old=st.sampled_from(["https://a.test", "https://a.test/v1", "https://a.test:8443/v1/"]),
    new=st.sampled_from(["https://b.test", "https://b.test/org", "https://b.test:444/o/"]),
    path=st.from_regex(r"(/[a-z0-9]{1,4}){1,3}(\?[a-z]=[a-z0-9/]{0,5})?", fullmatch=True),
)
def test_a_move_takes_what_is_below_one_address_to_the_other(old: str, new: str, path: str) -> None:
    move = Move(httpx.URL(old), httpx.URL(new))
    below = httpx.URL(f"{old.rstrip('/')}{path}")
    moved = move.to_new(below)
    assert origin(moved) == origin(httpx.URL(new))
    assert moved.raw_path == httpx.URL(f"{new.rstrip('/')}{path}").raw_path
    # Of other hosts, and of its own goal, nothing is moved.
    assert move.to_new(moved) == moved
    elsewhere = below.copy_with(host="c.test")
    assert move.to_new(elsewhere) == elsewhere


def test_basic_pairs_of_a_step_can_be_written() -> None:
    pair = base64.b64encode(b"u:p").decode()
    step = {"endpoint": "/a", "headers": {"Authorization": f"Basic {pair}"}}
    settings = ConnectionSettings.parse({"base_url": "https://h.test", **_login(step)})
    assert settings.custom_auth_request is not None
    assert settings.custom_auth_request.requests[0].method == "POST"
