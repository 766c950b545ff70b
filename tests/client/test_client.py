"""The client over a real connection: addresses, headers, redirects, origins, cookies, errors."""

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import port_ocean.helpers.ip_blocker as ip_blocker
import pytest

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import EndpointError, RefusedOriginError, RequestError, StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply


def _request(url: str, method: str = "GET", **parts: Any) -> ApiRequest:
    return ApiRequest(method, httpx.URL(url), **parts)


async def _get(client: ApiClient, url: str, **parts: Any) -> ApiResponse:
    return await client.send(_request(url, **parts))


def _redirects(api: FakeApi, status: int, location: str) -> None:
    """`/old` leads to `location`; everything else answers plainly."""

    def answer(request: Received) -> Reply:
        if request.path == "/old":
            return Reply(status, headers={"location": location})
        return Reply(body={"path": request.path})

    api.answer = answer


@pytest.mark.contract("items.as-sent")
async def test_a_request_arrives_as_it_was_meant(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body={"ok": 1}, headers={"x-total": "7"}))
    url = f"{api.url}/a%2Fb/c?x=1&x=2&y=a%20b"
    body = {"filter": "offen ü"}
    request = _request(url, "POST", headers={"X-One": "1"}, body=body)
    response = await connect().send(request)
    (received,) = api.received
    assert received.method == "POST"
    assert received.target == "/a%2Fb/c?x=1&x=2&y=a%20b"
    assert received.headers["x-one"] == "1"
    assert received.headers["content-type"] == "application/json"
    assert received.json() == body
    assert (response.status, response.headers["x-total"]) == (200, "7")
    assert response.content == b'{"ok": 1}'
    assert str(response.url) == url


@pytest.mark.contract("secrets.errors")
async def test_requests_and_answers_show_no_secret(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body="k3y-value", headers={"x-next": "k3y-value"}))
    parts: dict[str, Any] = {
        "headers": {"X-Key": "k3y-value"},
        "body": ["k3y-value"],
        "query": {"key": ["k3y-value"]},
    }
    request = _request(f"{api.url}/x?key=k3y-value", "POST", **parts)
    response = await connect().send(request)
    assert "k3y-value" not in f"{request!r} {response!r}"


@pytest.mark.contract("settings.authType.default")
async def test_without_auth_type_no_credentials_are_sent(
    api: FakeApi, connect: ClientFactory
) -> None:
    await _get(connect(api_token="unused-1"), f"{api.url}/x")
    assert "authorization" not in api.received[0].headers
    assert "unused-1" not in str(api.received[0].headers.raw)


@pytest.mark.contract("settings.customHeaders.sent")
async def test_custom_headers_go_with_every_request_and_the_selector_overrides_them(
    api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(custom_headers={"X-Tenant": "acme", "Accept": "a/b"})
    await _get(client, f"{api.url}/1")
    await client.send(_request(f"{api.url}/2", "POST", headers={"accept": "c/d"}, body={}))
    assert [request.headers["x-tenant"] for request in api.received] == ["acme", "acme"]
    assert [request.headers.get_list("accept") for request in api.received] == [["a/b"], ["c/d"]]


@pytest.mark.contract("redirects.followed")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_within_the_origin_are_followed(
    api: FakeApi, connect: ClientFactory, status: int
) -> None:
    _redirects(api, status, "/new?page=2")
    client = connect(auth_type="bearer_token", api_token="t0ken", custom_headers={"X-A": "1"})
    response = await _get(client, f"{api.url}/old", headers={"X-B": "2"})
    moved = api.received[-1]
    assert (moved.method, moved.target) == ("GET", "/new?page=2")
    assert moved.headers["authorization"] == "Bearer t0ken"
    assert (moved.headers["x-a"], moved.headers["x-b"]) == ("1", "2")
    assert str(response.url) == f"{api.url}/new?page=2"


@pytest.mark.contract("redirects.followed")
@pytest.mark.parametrize("status, method", [(307, "POST"), (308, "POST"), (303, "GET")])
async def test_a_redirected_post_keeps_method_and_body_where_it_must(
    api: FakeApi, connect: ClientFactory, status: int, method: str
) -> None:
    _redirects(api, status, "new")
    await connect().send(_request(f"{api.url}/old", "POST", body={"a": 1}))
    moved = api.received[-1]
    assert (moved.path, moved.method) == ("/new", method)
    assert moved.body == (b'{"a":1}' if method == "POST" else b"")


@pytest.mark.contract("redirects.endless")
async def test_redirects_without_end_are_an_error(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(302, headers={"location": "/loop"}))
    with pytest.raises(RequestError, match="redirected more than 10 times"):
        await _get(connect(), f"{api.url}/loop")
    assert len(api.received) == 11


@pytest.mark.contract("origin.redirect-refused")
async def test_a_redirect_to_what_is_no_address_is_refused(
    api: FakeApi, connect: ClientFactory
) -> None:
    _redirects(api, 302, "http://[")
    with pytest.raises(RefusedOriginError, match=f"GET {api.url}/old: the link is not a URL"):
        await _get(connect(), f"{api.url}/old")


async def test_a_redirect_without_location_is_an_error(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(302))
    with pytest.raises(StatusError, match="302"):
        await _get(connect(), f"{api.url}/x")


@pytest.mark.contract("origin.redirect-refused")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_origin_is_refused(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, status: int
) -> None:
    _redirects(api, status, f"{other_api.url}/x?token=s3cr3t")
    with pytest.raises(RefusedOriginError) as caught:
        await _get(connect(), f"{api.url}/old")
    assert f"GET {api.url}/old" in str(caught.value)
    assert "allowedHosts" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert other_api.received == []


@pytest.mark.contract("origin.link-refused")
async def test_a_request_to_another_origin_is_refused(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    with pytest.raises(RefusedOriginError):
        await _get(connect(), f"{other_api.url}/x")
    assert other_api.received == []


@pytest.mark.contract("origin.allowed", "origin.no-credentials")
@pytest.mark.parametrize("by_redirect", [True, False])
async def test_an_allowed_host_gets_nothing_that_identifies(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, by_redirect: bool
) -> None:
    def answer(request: Received) -> Reply:
        headers = {"set-cookie": "session=c00kie; Path=/"}
        return Reply(
            307 if request.path == "/old" else 200,
            headers=headers | {"location": f"{other_api.url}/file"},
        )

    api.answer = answer
    client = connect(
        auth_type="api_key",
        api_key="k3y-value",
        custom_headers={"X-Tenant": "acme-tenant"},
        allowed_hosts=other_api.url.removeprefix("http://"),
    )
    headers = {"Authorization": "Basic b2xk", "Cookie": "a=b", "X-Own": "1", "Accept": "a/b"}
    await _get(client, f"{api.url}/warm")
    target = f"{api.url}/old" if by_redirect else f"{other_api.url}/file"
    await _get(client, target, headers=headers)
    (received,) = other_api.received
    assert received.headers["accept"] == "a/b"
    assert set(received.headers) <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-type"
    }  # fmt: skip


@pytest.mark.contract("origin.no-credentials")
async def test_a_redirect_takes_no_key_along_to_an_allowed_host(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    """As servers do that repeat the query they were asked with."""
    signed = "X-Sig=a%2Bb+c&api_key=its-own"
    renamed = "Api-Key=k3y%2fvalue"
    api.answer = lambda request: Reply(
        307, headers={"location": f"{other_api.url}{request.target}&{renamed}&{signed}"}
    )
    host = other_api.url.removeprefix("http://")
    key = {"auth_type": "api_key", "api_key_location": "query", "api_key_header": "api_key"}
    client = connect(api_key="k3y/value", allowed_hosts=host, **key)
    await _get(client, f"{api.url}/x?page=2")
    assert "k3y%2Fvalue" in api.received[0].target
    assert other_api.received[0].target == f"/x?page=2&{signed}"


@pytest.mark.contract("origin.no-credentials", "secrets.errors")
@pytest.mark.parametrize(
    "target, parts",
    [
        ("/x?key=exp0sed%2Fvalue", {}),
        ("/x?auth=Bearer+exp0sed/value", {}),
        ("/x", {"body": {"login": {"key": "as exp0sed/value"}}}),
        ("/x", {"body": "key=exp0sed/value", "body_format": "text"}),
        ("/x", {"body": {"key": "exp0sed/value"}, "body_format": "form"}),
    ],
)
@pytest.mark.parametrize("by_redirect", [True, False])
async def test_what_variables_hold_goes_to_no_other_host(
    api: FakeApi,
    other_api: FakeApi,
    connect: ClientFactory,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    parts: dict[str, Any],
    by_redirect: bool,
) -> None:
    monkeypatch.setenv("TENANT_KEY", "exp0sed/value")
    monkeypatch.setenv("SHORT", "1")
    api.answer = lambda request: Reply(
        308, headers={"location": f"{other_api.url}{request.target}"}
    )
    host = other_api.url.removeprefix("http://")
    client = connect(allowed_hosts=host, exposed_variables="TENANT_KEY,SHORT")
    address = api.url if by_redirect else other_api.url
    with pytest.raises(RefusedOriginError, match="TENANT_KEY") as caught:
        await client.send(_request(f"{address}{target}", "POST", **parts))
    assert "exp0sed" not in str(caught.value)
    assert other_api.received == []
    await client.send(_request(f"{address}/plain?page=1", "POST", body={"page": 1}))
    assert other_api.received[0].target == "/plain?page=1"


async def test_without_credentials_only_the_selectors_own_cookies_are_sent(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(headers={"set-cookie": "session=c00kie; Path=/"}))
    client = connect(auth_type="bearer_token", api_token="t0ken", custom_headers={"X-A": "1"})
    await _get(client, f"{api.url}/warm")
    for headers in ({}, {"Cookie": "consent=yes", "Authorization": "Basic b3du"}):
        await _get(client, f"{api.url}/x", headers=headers, is_anonymous=True)
    sent = [
        [received.headers.get(name) for name in ("cookie", "authorization", "x-a")]
        for received in api.received[1:]
    ]
    assert sent == [[None, None, None], ["consent=yes", "Basic b3du", None]]


@pytest.mark.contract("cookies.kept")
async def test_cookies_are_kept(api: FakeApi, connect: ClientFactory) -> None:
    _redirects(api, 302, "/new")
    plain = api.answer

    def answer(request: Received) -> Reply:
        reply = plain(request)
        assert isinstance(reply, Reply)
        cookies = [("set-cookie", "sid=1; Path=/; HttpOnly"), ("set-cookie", "old=x; Max-Age=0")]
        return Reply(reply.status, headers=[*dict(reply.headers).items(), *cookies])

    api.answer = answer
    client = connect()
    await _get(client, f"{api.url}/old")
    await _get(client, f"{api.url}/next")
    sent = [request.headers.get("cookie") for request in api.received]
    assert sent == [None, "sid=1", "sid=1"]


@pytest.mark.contract("settings.verifySsl.default", "retry.permanent")
async def test_an_untrusted_certificate_is_refused_at_once(
    tls_api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    with pytest.raises(RequestError, match="certificate is not trusted") as caught:
        await _get(connect(base_url=tls_api.url), f"{tls_api.url}/x")
    assert "verifySsl" in str(caught.value)
    assert not any("trying again" in line for line in logs)
    assert tls_api.received == []


@pytest.mark.contract("settings.verifySsl.false")
async def test_verify_ssl_false_accepts_it(tls_api: FakeApi, connect: ClientFactory) -> None:
    client = connect(base_url=tls_api.url, verify_ssl="false")
    assert (await _get(client, f"{tls_api.url}/x")).status == 200


async def test_a_trusted_certificate_is_accepted(
    tls_api: FakeApi, connect: ClientFactory, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client = connect(base_url=tls_api.url)
    assert (await _get(client, f"{tls_api.url}/x")).status == 200


@pytest.mark.contract("origin.upgrade")
async def test_an_http_address_of_the_own_host_is_called_by_https(
    tls_api: FakeApi, connect: ClientFactory
) -> None:
    _redirects(tls_api, 302, tls_api.url.replace("https:", "http:") + "/new")
    client = connect(base_url=tls_api.url, verify_ssl=False)
    response = await _get(client, f"{tls_api.url}/old")
    assert str(response.url) == f"{tls_api.url}/new"


@pytest.mark.contract("failure.message")
async def test_an_error_status_explains_itself(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(403, body=b"no access for key k3y-value " + b"z" * 400))
    client = connect(auth_type="api_key", api_key="k3y-value")
    with pytest.raises(StatusError) as caught:
        await _get(client, f"{api.url}/teams?api_key=k3y-value&page=1")
    message = str(caught.value)
    assert caught.value.status == 403
    assert f"GET {api.url}/teams?api_key=***&page=1" in message
    assert "403" in message
    assert "no access for key *** zzz" in message
    assert "z" * 300 not in message
    assert "credentials" in message


@pytest.mark.contract("secrets.errors")
async def test_a_reason_phrase_shows_no_key(api: FakeApi, connect: ClientFactory) -> None:
    api.script(
        Reply(raw=b"HTTP/1.1 400 Bad key k3y-value\r\nContent-Length: 0\r\n\r\n"),
    )
    with pytest.raises(StatusError, match=r"answered 400 Bad key \*\*\*") as caught:
        await _get(connect(auth_type="api_key", api_key="k3y-value"), f"{api.url}/x")
    assert "k3y-value" not in str(caught.value)


@pytest.mark.contract("secrets.errors")
async def test_a_header_that_cannot_be_sent_is_not_quoted(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(body={"token": "fetched-t0ken\n"}))
    client = connect(
        auth_type="custom",
        custom_auth_request={"endpoint": "/login"},
        custom_auth_request_template={"headers": {"X-Token": "{{.token}}"}},
    )
    with pytest.raises(RequestError, match="cannot be sent: Illegal header value") as caught:
        await _get(client, f"{api.url}/x")
    assert "t0ken" not in str(caught.value)
    assert [request.path for request in api.received] == ["/login"]


@pytest.mark.contract("failure.message")
async def test_no_connection_explains_itself(connect: ClientFactory) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RequestError, match="no connection") as caught:
        await _get(connect(base_url=url, max_retries=0), f"{url}/x")
    assert f"GET {url}/x" in str(caught.value)
    assert "baseUrl" in str(caught.value)


@pytest.mark.parametrize(
    "headers, body", [({"X-A": "a\nb"}, None), ({"X-A": "Zoë"}, None), ({}, {"a": float("nan")})]
)
async def test_what_http_cannot_carry_is_an_endpoint_error_at_once(
    api: FakeApi, connect: ClientFactory, headers: dict[str, str], body: Any, logs: list[str]
) -> None:
    with pytest.raises(EndpointError) as caught:
        await _get(connect(), f"{api.url}/x", headers=headers, body=body)
    assert f"{api.url}/x" in str(caught.value)
    assert not any("trying again" in line for line in logs)


@pytest.fixture
def hosted(ocean_config: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosted runtime's guard, for which `api.test` is a public address that ends here."""

    async def resolve(host: str) -> list[str]:
        if host == "gone.test":
            raise socket.gaierror(-2, "Name or service not known")
        return ["127.0.0.1"]

    ocean_config.disable_ip_outbound_blocker = False
    monkeypatch.setattr(ip_blocker, "_resolve_to_ip_addresses", resolve)


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("cookies.kept", "redirects.followed")
async def test_under_the_hosted_guard_addresses_are_those_asked_for(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ip_blocker, "_is_blocked", lambda address: False)
    url = api.url.replace("127.0.0.1", "api.test")

    def answer(request: Received) -> Reply:
        if request.path == "/old":
            return Reply(302, headers={"location": "/new", "set-cookie": "sid=1"})
        return Reply(404)

    api.answer = answer
    with pytest.raises(StatusError) as caught:
        await _get(connect(base_url=url), f"{url}/old")
    assert f"GET {url}/new" in str(caught.value)
    assert [request.headers["host"] for request in api.received] == ["api.test", "api.test"]
    assert api.received[1].headers["cookie"] == "sid=1"


@pytest.mark.usefixtures("hosted")
async def test_a_private_address_is_explained_under_the_hosted_guard(
    api: FakeApi, connect: ClientFactory
) -> None:
    with pytest.raises(RequestError, match="hosted"):
        await _get(connect(), f"{api.url}/x")
    assert api.received == []


@pytest.mark.usefixtures("hosted")
async def test_a_name_that_does_not_resolve_is_explained_under_the_hosted_guard(
    connect: ClientFactory,
) -> None:
    with pytest.raises(RequestError, match="no connection"):
        await _get(connect(base_url="http://gone.test"), "http://gone.test/x")


async def test_many_requests_at_once_each_get_their_own_answer(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(body=request.query["n"])
    client = connect()
    answers = await asyncio.gather(*(_get(client, f"{api.url}/x?n={n}") for n in range(40)))
    assert [answer.content for answer in answers] == [f'"{n}"'.encode() for n in range(40)]


_RESET = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}


@pytest.mark.contract("on-error.retry-waits")
@pytest.mark.parametrize(
    "status, headers, shortest, longest, pauses",
    [
        (200, {}, 0, 0.25, False),
        (202, {"retry-after": "3"}, 3, 3.2, False),
        (409, {"retry-after": "3"}, 3, 3.2, False),
        (200, {"x-ratelimit-reset": "3"}, 0, 0.25, False),
        (200, _RESET, 3, 3.2, True),
        (200, {**_RESET, "retry-after": "5"}, 5, 5.2, True),
    ],
)
async def test_a_repeat_waits_as_a_retry_does(
    connect: ClientFactory,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    headers: dict[str, str],
    shortest: float,
    longest: float,
    pauses: bool,
) -> None:
    waits, paused = [], []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client = connect()
    monkeypatch.setattr("client.asyncio.sleep", sleep)
    monkeypatch.setattr(
        "transport.request_limiter.RequestLimiter.pause", lambda _, s: paused.append(s)
    )
    answer = ApiResponse(httpx.URL("https://h.test"), status, httpx.Headers(headers), b"")
    assert await client.wait_to_repeat(answer, 1)
    assert shortest <= waits[0] <= longest
    assert bool(paused) is pauses


@pytest.mark.contract("on-error.retry-waits")
async def test_a_repeat_waits_no_longer_than_is_allowed(connect: ClientFactory) -> None:
    answer = ApiResponse(
        httpx.URL("https://h.test"), 202, httpx.Headers({"retry-after": "9000"}), b""
    )
    with pytest.raises(RequestError, match=r"asks to wait 9000 s .*maxRetryWait"):
        await connect().wait_to_repeat(answer, 1)


def _refusal(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> ApiResponse:
    return ApiResponse(httpx.URL("https://h.test"), status, httpx.Headers(headers), body)


@pytest.mark.contract("on-error.retry-once-only")
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_was_repeated_below_is_not_repeated_by_a_rule(
    connect: ClientFactory, status: int
) -> None:
    assert not await connect().wait_to_repeat(_refusal(status, {"retry-after": "0"}), 1)


@pytest.mark.contract("outage.budget")
async def test_repeats_by_a_rule_are_paid_like_retries(
    connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("client.asyncio.sleep", sleep)
    client = connect()
    paid = [await client.wait_to_repeat(_refusal(200), 1) for _ in range(40)]
    assert paid == [True] * 30 + [False] * 10
    # Waits that the API asks for, in whatever way, are none of them.
    for answer in (
        _refusal(530, {"retry-after": "4"}),
        _refusal(430, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4"}),
        _refusal(202),
        _refusal(200, body=b'{"ok": false, "error": "ratelimited"}'),
    ):
        assert await client.wait_to_repeat(answer, 1)
    assert waits[30] >= 4
    assert waits[31] >= 4
