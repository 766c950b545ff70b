"""An API that is hostile, or broken, or taken over: it answers whatever it likes."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unicodedata import category
from urllib.parse import quote, quote_plus

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loguru import logger

from api_messages import ApiRequest
from cache import conditions
from cache.between_resyncs import Revalidation
from client import ApiClient
from errors import EndpointError, RefusedOriginError, RequestError, SettingsError, StatusError
from framework.process import guard_log
from redaction import Redactor
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from transport.http_client import MOST_COOKIES

pytestmark = pytest.mark.usefixtures("ocean_config", "clean_surroundings")

SESSION = "s3ss1on-0f-s0meb0dy"
OK = b"HTTP/1.1 200 OK\r\n"
MALFORMED = {
    "a blank before the colon": OK + f"Set-Cookie : session={SESSION}\r\n\r\n".encode(),
    "no colon": OK + f"{SESSION}\r\n\r\n".encode(),
    "a zero in a name": OK + f"A\x00B: {SESSION}\r\n\r\n".encode(),
    "a folded first line": OK + f" folded {SESSION}\r\n\r\n".encode(),
    "no status": f"{SESSION}\r\n\r\n".encode(),
    "a long status": f"HTTP/1.1 99999 {SESSION}\r\n\r\n".encode(),
    "lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length": OK + f"Content-Length: {SESSION}\r\n\r\n".encode(),
    "a transfer": OK + f"Transfer-Encoding: {SESSION}\r\n\r\n".encode(),
    "a chunk": OK + f"Transfer-Encoding: chunked\r\n\r\n{SESSION}\r\n".encode(),
    "too much": OK + b"A: " + SESSION.encode() * 10_000,
    "tls": b"\x15\x03\x01\x00\x02\x02P" + SESSION.encode(),
}


async def _get(client: ApiClient, url: str) -> Any:
    return await client.send(ApiRequest("GET", url))


@pytest.mark.contract("answers.malformed")
@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_no_http_is_told_without_a_byte_of_it_and_not_asked_again(
    raw: bytes, api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    api.answer = lambda request: Reply(raw=raw)
    with pytest.raises(RequestError, match="the API sent") as caught:
        await _get(connect(), f"{api.url}/x")
    said = "\n".join([str(caught.value), repr(caught.value), *logs])
    assert SESSION not in said
    # Where a server or a proxy falters, another try may help.
    is_lasting = not any(what in said for what in ("no line of status", "piece of the body"))
    assert len(api.received) == (1 if is_lasting else 3)


async def test_a_connection_that_breaks_is_tried_again(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(
        Reply(raw=b""),
        Reply(raw=OK + b"Content-Length: 100\r\n\r\nabc"),
        Reply(body=[1]),
    )
    assert (await _get(connect(), f"{api.url}/x")).status == 200
    assert len(api.received) == 3


TAGS = {
    "latin-1": b'"caf\xe9"',
    "utf-8": '"日本"'.encode(),
    "weak": b'W/"\xff\xfe"',
    "bare": b"abc\xe9",
    "escapes": b'"\x1b[2J"',
    "long": b'"' + b"x" * 50_000 + b'"',
}


@pytest.mark.contract("revalidation.validators")
@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
async def test_whatever_is_wrong_with_a_validator_costs_the_condition_only(
    tag: bytes, api: FakeApi, tmp_path: Path
) -> None:
    raw = b"ETag: " + tag + b"\r\nContent-Type: application/json\r\n"

    def answer(request: Received) -> Reply:
        sent = {name.lower(): value for name, value in request.headers.raw}
        if sent.get(b"if-none-match") == tag:
            return Reply(raw=b"HTTP/1.1 304 Not Modified\r\n" + raw + b"\r\n")
        return Reply(raw=OK + raw + b'Content-Length: 9\r\n\r\n[{"a":1}]')

    api.answer = answer
    config = {"base_url": api.url, "response_directory": str(tmp_path / "kept"), "max_retries": 0}
    parsed = ConnectionSettings.parse(config)
    client = ApiClient(parsed, Revalidation.for_settings(parsed, "one"))
    bodies = []
    for _ in range(3):
        bodies.append((await _get(client, f"{api.url}/x")).content)
    await client.aclose()
    assert bodies == [b'[{"a":1}]'] * 3
    if len(tag) < 1000 and b"\x1b" not in tag:
        sent = [request.headers.get("if-none-match") for request in api.received]
        assert None not in sent[1:]
        assert len(api.received) == 3


@pytest.mark.parametrize("status", [400, 412, 431])
async def test_a_server_that_chokes_on_conditions_is_asked_without(
    status: int, api: FakeApi, tmp_path: Path
) -> None:
    def answer(request: Received) -> Reply:
        if "if-none-match" in request.headers:
            return Reply(status)
        return Reply(200, [{"a": 1}], {"ETag": '"1"'})

    api.answer = answer
    parsed = ConnectionSettings.parse(
        {"base_url": api.url, "response_directory": str(tmp_path / "kept")}
    )
    client = ApiClient(parsed, Revalidation.for_settings(parsed, "one"))
    for _ in range(2):
        assert (await _get(client, f"{api.url}/x")).status == 200
    await client.aclose()


@given(st.lists(st.tuples(st.sampled_from([b"ETag", b"Last-Modified", b"Date"]), st.binary())))
def test_conditions_of_any_headers_can_be_sent(pairs: list[tuple[bytes, bytes]]) -> None:
    made = conditions.conditions_of(httpx.Headers(pairs))
    for _, value in made.raw:
        assert value == value.strip()
        assert not set(value) & {*range(9), *range(10, 32), 127}
        assert value in {each for _, each in pairs}
    assert conditions.is_about(httpx.Headers(pairs), httpx.Headers(pairs))


TERMINAL = "\x1b[2J\x07\x9b31m\u202e\u2066\x08\r\ud800"


@pytest.mark.contract("log.escapes")
async def test_what_acts_on_a_terminal_is_shown_as_escapes_in_errors(
    api: FakeApi, connect: ClientFactory
) -> None:
    body = json.dumps({"error": TERMINAL}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    api.answer = lambda request: Reply(
        raw=b"HTTP/1.1 400 \x1b[31mBad\xc2\x9b\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    with pytest.raises(EndpointError) as caught:
        await _get(connect(), f"{api.url}/x?q=%1B%07")
    assert str(caught.value).isprintable()
    assert "\\x1b[31mBad" in str(caught.value)
    assert "\\u202e" in str(caught.value)


@pytest.fixture
def guarded() -> Iterator[list[str]]:
    """All that the log shows and hands to Port: messages, context, tracebacks."""
    lines: list[str] = []
    guard_log(Redactor(["kn0wn-s3cret"]))
    sink = logger.add(
        lambda message: lines.append(f"{message}{message.record['extra']}"),
        format="{message} {exception}",
        diagnose=False,
    )
    yield lines
    logger.remove(sink)
    logger.configure(patcher=lambda record: None)


@pytest.mark.contract("log.escapes", "log.guard")
def test_the_log_shows_escapes_and_no_secret_in_any_part(guarded: list[str]) -> None:
    hostile = f"{TERMINAL} kn0wn-s3cret"
    logger.bind(kind=hostile, deep={"a": [hostile, ("kn0wn-s3cret",)]}).warning(hostile)
    try:
        raise ValueError(hostile) from KeyError(hostile)
    except ValueError:
        logger.exception("failed with {}", hostile)
    text = "".join(guarded)
    assert text.replace("\n", "").isprintable()
    assert "kn0wn" not in text
    assert text.count("\\x1b[2J") >= 5


def _anything() -> st.SearchStrategy[bytes]:
    name = st.sampled_from(
        [
            b"Set-Cookie",
            b"Link",
            b"ETag",
            b"Location",
            b"Content-Type",
            b"Content-Encoding",
            b"Retry-After",
            b"X-RateLimit-Reset",
            b"X-Total-Count",
            b"Content-Range",
            b"Date",
            b"Vary",
            b"WWW-Authenticate",
        ]
    )
    value = st.one_of(
        st.binary(max_size=60),
        st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")),
        st.from_regex(rb"[ -~]{0,60}", fullmatch=True),
        st.sampled_from([b"9" * 5000, b"<" * 3000, b'<x>; rel="' * 300, b"a=b;" * 2000, b"://["]),
    )
    line = st.tuples(name, value.filter(lambda each: not set(each) & {10, 13})).map(b": ".join)
    return st.lists(line, max_size=5).map(b"\r\n".join)


async def test_no_header_makes_anything_but_an_answer_or_an_error_that_explains_itself(
    api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(pagination_type="header_link", max_retries=0, max_retry_wait=0, timeout="3")
    loop = asyncio.get_running_loop()
    cases: list[tuple[int, bytes, bytes]] = []

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([200, 204, 301, 302, 401, 404, 429]), _anything(), st.binary())
    def collect(status: int, headers: bytes, body: bytes) -> None:
        cases.append((status, headers, body))

    await loop.run_in_executor(None, collect)
    for status, headers, body in cases:
        head = b"HTTP/1.1 %d X\r\n" % status + headers + (b"\r\n" if headers else b"")
        raw = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        api.answer = lambda request, raw=raw: Reply(raw=raw)  # type: ignore[misc]
        began = time.monotonic()
        said = ""
        try:
            await _get(client, f"{api.url}/x")
        except EndpointError as error:
            said = str(error)
        # Of a character that Unicode has not assigned, Python does not know that it is one.
        assert all(each.isprintable() or category(each) in ("Cn", "Co") for each in said), said
        assert time.monotonic() - began < 5, raw


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_bytes_that_only_say_that_they_are_compressed(
    coding: str, api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(body=b"\x00" * 100, headers={"content-encoding": coding})
    with pytest.raises(EndpointError, match="cannot be decoded"):
        await _get(connect(max_retries=0), f"{api.url}/x")
    packed = gzip.compress(b"[]")
    api.answer = lambda request: Reply(body=packed, headers={"content-encoding": "gzip"})
    assert (await _get(connect(), f"{api.url}/x")).content == b"[]"


KEY = "k3y/0f+the instance"
KEYED = {
    "auth_type": "api_key",
    "api_key": KEY,
    "api_key_location": "query",
    "api_key_header": "key",
    "allowed_hosts": "127.0.0.1",
}


@pytest.mark.contract("origin.no-credentials")
@pytest.mark.parametrize(
    "target",
    [
        "/files/{}/x",
        "/x?signed=abc{}def",
        "/x?next=https%3A%2F%2Fh%2F%3Fkey%3D{}%26page%3D2",
        "/x?a=1#;{}",
    ],
)
@pytest.mark.parametrize("spell", [quote, lambda text: quote(text, safe=""), quote_plus])
async def test_a_link_that_repeats_our_key_is_refused_by_its_name(
    target: str,
    spell: Callable[[str], str],
    api: FakeApi,
    other_api: FakeApi,
    connect: ClientFactory,
) -> None:
    link = f"{other_api.url}{target.format(spell(KEY))}"
    api.answer = lambda request: Reply(307, headers={"location": link})
    client = connect(**KEYED)
    if "#" in target:
        await _get(client, f"{api.url}/x")
        assert "0f" not in other_api.received[0].target
        return
    with pytest.raises(RefusedOriginError, match="the value of apiKey") as caught:
        await _get(client, f"{api.url}/x")
    assert "0f" not in str(caught.value)
    assert other_api.received == []


async def test_a_key_in_base64_in_a_link_is_refused(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    token = base64.urlsafe_b64encode(f"v1:{KEY}:0".encode()).decode()
    api.answer = lambda request: Reply(307, headers={"location": f"{other_api.url}/f/{token}"})
    with pytest.raises(RefusedOriginError, match="apiKey"):
        await _get(connect(**KEYED), f"{api.url}/x")


@pytest.mark.parametrize("key", ["data", "v1/files"[:7]])
async def test_a_short_key_may_stand_in_an_address_by_chance(
    key: str, api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(307, headers={"location": f"{other_api.url}/v1/files/data"})
    assert (await _get(connect(**{**KEYED, "api_key": key}), f"{api.url}/x")).status == 200


@pytest.mark.contract("auth.oauth.plain")
@pytest.mark.parametrize(
    "url, refused, warned",
    [
        ("http://login.example.com/t", True, False),
        ("HTTP://login.example.com/t", True, False),
        ("http://127.0.0.1:8080/t", False, True),
        ("http://localhost/t", False, True),
        ("https://login.example.com/t", False, False),
        ("/t", False, False),
    ],
)
def test_secrets_are_not_sent_in_the_clear(url: str, *, refused: bool, warned: bool) -> None:
    given_settings = {
        "base_url": "https://api.example.com",
        "auth_type": "oauth2",
        "token_url": url,
        "client_id": "c",
        "client_secret": "s3cret-0f-c",
    }
    if refused:
        with pytest.raises(SettingsError, match="tokenUrl: starts with http://"):
            ConnectionSettings.parse(given_settings)
        ConnectionSettings.parse({**given_settings, "base_url": "http://api.example.com"})
        return
    warnings = ConnectionSettings.parse(given_settings).warnings
    assert any("in the clear" in line for line in warnings) is warned


def test_a_login_in_the_clear_is_warned_of() -> None:
    given_settings = {
        "base_url": "https://api.example.com",
        "auth_type": "custom",
        "custom_auth_request": {"endpoint": "http://api.example.com/login"},
        "custom_auth_request_template": {"headers": {"A": "{{.t}}"}},
    }
    (line,) = ConnectionSettings.parse(given_settings).warnings
    assert line.startswith("customAuthRequest: its endpoint starts with http://")


@pytest.mark.contract("auth.oauth.shortest-life")
@pytest.mark.parametrize("life", [0.001, 1e-300, "0.5", 9, 0, -1, "soon", None, 1e400])
async def test_a_token_that_lives_for_a_moment_is_not_asked_for_each_time(
    life: Any, api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        if request.path == "/token":
            return Reply(body={"access_token": "t0ken-t0ken", "expires_in": life})
        return Reply(body=[])

    api.answer = answer
    client = connect(
        auth_type="oauth2", token_url="/token", client_id="c", client_secret="s3cret-0f-c"
    )
    for _ in range(5):
        await _get(client, f"{api.url}/x")
    assert len(api.asked("/token")) == 1


TOKEN = "t0ken-0f-the-l0gin-1"
PASSWORD = "passw0rd-0f-0urs"
LOGIN: dict[str, Any] = {
    "auth_type": "custom",
    "custom_auth_request": {
        "endpoint": "/token",
        "body": {"user": "s0meb0dy", "password": PASSWORD},
    },
    "custom_auth_request_template": {
        "headers": {"Authorization": "Bearer {{.data.token}}", "X-Tenant": "{{.tenant}}"}
    },
}
BY_QUERY = {
    **LOGIN,
    "custom_auth_request_template": {"queryParams": {"sid": "{{.data.token}}"}},
}
NAMELESS = {**LOGIN, "custom_auth_request_template": {"headers": {"X-It": "{{.it}}"}}}
CLIENT = {
    "auth_type": "oauth2",
    "token_url": "/token",
    "client_id": "c",
    "client_secret": "s3cret-0f-c",
}
REFRESHING = {**CLIENT, "grant_type": "refresh_token", "refresh_token": "first-refresh-1"}
OBTAINED = {
    "oauth2": (CLIENT, TOKEN, "the token in use"),
    "a rotated refresh token": (REFRESHING, "next-refresh-2", "the token in use"),
    "custom": (LOGIN, TOKEN, "the token in use"),
    "custom in the query": (BY_QUERY, TOKEN, "the token in use"),
    "a name that tells nothing": (NAMELESS, "s0mething-else", "the token in use"),
    "a cookie of the login": (LOGIN, "c00kie-0f-the-login", "the token in use"),
    "what the login is asked with": (LOGIN, PASSWORD, "customAuthRequest"),
    "customHeaders": ({"custom_headers": {"X-Api-Key": TOKEN}}, TOKEN, "customHeaders"),
}


def _login(request: Received, *others: Reply) -> Reply:
    cookie = ("set-cookie", "JSESSIONID=c00kie-0f-the-login; Path=/")
    answer = {
        "access_token": TOKEN,
        "refresh_token": "next-refresh-2",
        "data": {"token": TOKEN},
        "it": "s0mething-else",
        "tenant": "tenant-of-ours",
    }
    return Reply(body=answer, headers=[cookie]) if request.path == "/token" else others[0]


@pytest.mark.contract("origin.obtained")
@pytest.mark.parametrize("path", ["/files/{}/x", "/x?signed=abc{}def"])
@pytest.mark.parametrize("how", OBTAINED)
async def test_a_link_that_repeats_what_a_login_gave_is_refused(
    how: str, path: str, api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    config, secret, name = OBTAINED[how]
    moved = Reply(307, headers={"location": f"{other_api.url}{path.format(secret)}"})
    api.answer = lambda request: _login(request, moved)
    client = connect(allowed_hosts="127.0.0.1", **config)
    with pytest.raises(RefusedOriginError, match=f"the value of {name}") as caught:
        await _get(client, f"{api.url}/x")
    assert secret not in str(caught.value)
    assert other_api.received == []


@pytest.mark.contract("origin.obtained")
@pytest.mark.parametrize("how", OBTAINED)
async def test_a_parameter_that_is_nothing_but_the_token_is_taken_out(
    how: str, api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    config, secret, _ = OBTAINED[how]
    moved = Reply(307, headers={"location": f"{other_api.url}/f?t={secret}&tenant-of-ours=1"})
    api.answer = lambda request: _login(request, moved)
    await _get(connect(allowed_hosts="127.0.0.1", **config), f"{api.url}/x")
    assert other_api.received[0].target == "/f?tenant-of-ours=1"


@pytest.mark.contract("origin.obtained")
@pytest.mark.parametrize("per_request", [True, False])
async def test_a_token_that_is_signed_here_is_not_repeated_to_others(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, *, per_request: bool
) -> None:
    def answer(request: Received) -> Reply:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return Reply(307, headers={"location": f"{other_api.url}/f/{token}"})

    api.answer = answer
    client = connect(
        allowed_hosts="127.0.0.1",
        auth_type="jwt",
        signing_key="k" * 40,
        signing_algorithm="HS256",
        token_per_request=per_request,
    )
    with pytest.raises(RefusedOriginError, match="the token in use"):
        await _get(client, f"{api.url}/x")
    assert other_api.received == []
    # Another's token is what makes some links work.
    other = jwt.encode({"a": 1}, "x" * 40)
    await _get(client, f"{other_api.url}/f?jwt={other}")
    assert other_api.received[0].target == f"/f?jwt={other}"


@pytest.mark.contract("cookies.bounded")
async def test_a_cookie_for_each_path_costs_no_session(
    api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        path = "; Path=/" if request.path == "/login" else ""
        return Reply(body=[], headers={"set-cookie": f"sid{len(path)}=1{path}"})

    api.answer = answer
    client = connect()
    await _get(client, f"{api.url}/login")
    for number in range(2 * MOST_COOKIES):
        await _get(client, f"{api.url}/teams/{number}/members")
    await _get(client, f"{api.url}/teams/{number}/members")
    assert api.received[-1].headers["cookie"] == "sid0=1; sid8=1"
    jar = client._http.cookies.jar
    assert len(jar) == MOST_COOKIES
    # The jar looks at each path that it knows, in each request.
    assert len(vars(jar)["_cookies"]["127.0.0.1"]) == MOST_COOKIES


@pytest.mark.contract("cookies.own-host")
async def test_another_host_sets_no_cookie_for_the_api(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    other_api.answer = lambda request: Reply(
        body=[], headers={"set-cookie": "session=an0thers; Path=/"}
    )
    client = connect(allowed_hosts="127.0.0.1")
    await _get(client, f"{other_api.url}/f")
    await _get(client, f"{api.url}/x")
    assert "cookie" not in api.received[0].headers


@pytest.mark.contract("auth.closed-endpoints")
async def test_endpoints_that_are_closed_are_no_reason_for_a_login_each(
    api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        return Reply(401 if request.path.endswith("closed") else 200, body=[])

    api.answer = lambda request: _login(request, answer(request))
    client = connect(**CLIENT)

    async def ask(path: str) -> None:
        with suppress(StatusError):
            await _get(client, f"{api.url}{path}")

    for number in range(30):
        await asyncio.gather(*(ask(f"/{number}/{each}") for each in ("open", "closed")))
    assert len(api.asked("/token")) <= 3
