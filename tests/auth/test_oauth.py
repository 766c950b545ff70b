"""`authType: oauth2`: what the token endpoint is asked, and what becomes of its answers."""

import asyncio
import base64
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from auth.oauth import OAuthAuth
from auth.refresh_tokens import RefreshTokens
from auth.strategy import Clock
from client import ApiClient
from errors import AuthenticationError, SettingsError, StatusError
from redaction import Redactor
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.clock import SetClock
from tests.support.fake_api import FakeApi, Received, Reply
from tests.support.signing_keys import pem_of, verifying
from transport import retries

ROOT = Path(__file__).resolve().parents[2]
CLIENT_SECRET = "s3cr:t/of the+client"


class Issuer:
    """`/token` gives t0ken-1, t0ken-2, …, the last of which is taken elsewhere.

    With `rotate`, each refresh token is taken once and answered with the next; one that is used
    twice costs the whole family.
    """

    def __init__(self, api: FakeApi) -> None:
        self.issued = 0
        self.rotate = False
        self.refresh_token = "r3fresh-0"
        self.valid = ""
        self.delay = 0.0
        self.more: dict[str, Any] = {"expires_in": 3600, "token_type": "Bearer"}
        self.api = api
        api.answer = self

    def __call__(self, request: Received) -> Reply:
        if request.path != "/token":
            taken = request.headers.get("authorization") == f"Bearer {self.valid}"
            return Reply() if self.valid and taken else Reply(401, body={"detail": "t0ken"})
        form = httpx.QueryParams(request.body.decode())
        answer = dict(self.more)
        if form["grant_type"] == "refresh_token" and self.rotate:
            if form["refresh_token"] != self.refresh_token:
                self.refresh_token = "revoked"
                return Reply(400, body={"error": "invalid_grant", "error_description": "leak-1"})
            self.refresh_token = f"r3fresh-{self.issued + 1}"
            answer["refresh_token"] = self.refresh_token
        self.issued += 1
        self.valid = f"t0ken-{self.issued}"
        return Reply(body={"access_token": self.valid, **answer}, delay=self.delay)

    @property
    def form(self) -> dict[str, str]:
        """The last request to the token endpoint."""
        sent = self.api.asked("/token")[-1]
        assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
        assert sent.headers["accept"] == "application/json"
        pairs = httpx.QueryParams(sent.body.decode()).multi_items()
        assert len(pairs) == len(dict(pairs))
        return dict(pairs)


@pytest.fixture
def issuer(api: FakeApi) -> Issuer:
    return Issuer(api)


def _settings(**more: Any) -> dict[str, Any]:
    client = {"client_id": "cat:alog", "client_secret": CLIENT_SECRET}
    return {"auth_type": "oauth2", "token_url": "/token", **client, **more}


def _refreshing(**more: Any) -> dict[str, Any]:
    return _settings(grant_type="refresh_token", refresh_token="r3fresh-0", **more)


async def _get(client: ApiClient, api: FakeApi, path: str = "/x") -> int:
    return (await client.send(ApiRequest("GET", httpx.URL(f"{api.url}{path}")))).status


# --- What is asked


@pytest.mark.contract("auth.oauth.grants")
@pytest.mark.parametrize(
    "given_settings, form",
    [
        ({}, {"grant_type": "client_credentials"}),
        (
            {"scope": "read:a read:b", "audience": "https://api/", "token_parameters": {"n": 1}},
            {
                "grant_type": "client_credentials",
                "scope": "read:a read:b",
                "audience": "https://api/",
                "n": "1",
            },
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "r3fresh\n"},
            {"grant_type": "refresh_token", "refresh_token": "r3fresh"},
        ),
        (
            {"grant_type": "password", "username": "ada", "password": "p4ss+word"},
            {"grant_type": "password", "username": "ada", "password": "p4ss+word"},
        ),
    ],
)
async def test_the_grants(
    issuer: Issuer,
    api: FakeApi,
    connect: ClientFactory,
    given_settings: dict[str, Any],
    form: dict[str, str],
) -> None:
    assert await _get(connect(**_settings(**given_settings)), api) == 200
    assert issuer.form == form
    assert api.asked("/x")[0].headers["authorization"] == "Bearer t0ken-1"


@pytest.mark.contract("auth.oauth.client")
async def test_the_client_in_the_header(
    issuer: Issuer, api: FakeApi, connect: ClientFactory
) -> None:
    await _get(connect(**_settings()), api)
    scheme, _, pair = api.asked("/token")[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    # RFC 6749, section 2.3.1: each is form-encoded before they are joined.
    assert base64.b64decode(pair) == b"cat%3Aalog:s3cr%3At%2Fof+the%2Bclient"


@pytest.mark.contract("auth.oauth.client")
@pytest.mark.parametrize(
    "more, sent",
    [
        ({}, {"client_id": "cat:alog", "client_secret": CLIENT_SECRET}),
        ({"client_secret": None}, {"client_id": "cat:alog"}),
        ({"client_secret": None, "client_id": None}, {}),
        (
            {"client_secret": None, "client_authentication": "header"},
            {"client_id": "cat:alog"},
        ),
    ],
)
async def test_the_client_in_the_body(
    issuer: Issuer,
    api: FakeApi,
    connect: ClientFactory,
    more: dict[str, Any],
    sent: dict[str, str],
) -> None:
    await _get(connect(**_refreshing(**{"client_authentication": "body", **more})), api)
    assert "authorization" not in api.asked("/token")[0].headers
    grant = {"grant_type": "refresh_token", "refresh_token": "r3fresh-0"}
    assert issuer.form == {**grant, **sent}


@pytest.mark.contract("auth.oauth.client")
async def test_the_client_by_an_assertion(
    issuer: Issuer, api: FakeApi, connect: ClientFactory
) -> None:
    key = {"signing_algorithm": "ES256", "signing_key": pem_of("ES256")}
    client = connect(**_settings(client_secret=None, client_authentication="assertion", **key))
    await _get(client, api)
    form = issuer.form
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "client_id": "cat:alog",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    claims = jwt.decode(assertion, verifying("ES256"), ["ES256"], audience=f"{api.url}/token")
    assert (claims["iss"], claims["sub"]) == ("cat:alog", "cat:alog")
    assert "jti" in claims


@pytest.mark.contract("auth.oauth.grants")
async def test_a_service_account(issuer: Issuer, api: FakeApi, connect: ClientFactory) -> None:
    claims = {"iss": "robot@project.test", "scope": "read", "aud": "https://login.test"}
    client = connect(
        auth_type="oauth2",
        token_url="/token",
        grant_type="jwt_bearer",
        signing_key=pem_of("RS256"),
        token_claims=claims,
        token_headers={"kid": "k1"},
    )
    await _get(client, api)
    form = issuer.form
    assertion = form.pop("assertion")
    assert form == {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    sent = jwt.decode(assertion, verifying("RS256"), ["RS256"], audience="https://login.test")
    assert claims.items() <= sent.items()
    assert jwt.get_unverified_header(assertion)["kid"] == "k1"


@pytest.mark.contract("auth.oauth.exchange")
@pytest.mark.parametrize("kind", [None, "urn:ietf:params:oauth:token-type:id_token"])
async def test_a_token_that_is_exchanged(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, kind: str | None
) -> None:
    client = connect(
        auth_type="oauth2",
        token_url="/token",
        grant_type="token_exchange",
        subject_token="subj3ct-1\n",
        audience="//iam.test/pools/1",
        token_parameters={"requested_token_type": "x"},
        **({"subject_token_type": kind} if kind else {}),
    )
    await _get(client, api)
    assert issuer.form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "subj3ct-1",
        "subject_token_type": kind or "urn:ietf:params:oauth:token-type:jwt",
        "audience": "//iam.test/pools/1",
        "requested_token_type": "x",
    }


@pytest.mark.contract("auth.oauth.exchange", "secrets.errors")
async def test_a_subject_token_in_a_file_is_read_for_each_trade(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path, logs: list[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("subj3ct-1\n")
    config = {"grant_type": "token_exchange", "subject_token_file": str(file)}
    client = connect(auth_type="oauth2", token_url="/token", **config)
    await _get(client, api)
    assert issuer.form["subject_token"] == "subj3ct-1"
    file.write_text("subj3ct-2")
    issuer.valid = "revoked"
    await _get(client, api)
    assert issuer.form["subject_token"] == "subj3ct-2"
    assert "subj3ct" not in "\n".join(logs)


@pytest.mark.contract("auth.oauth.exchange")
@pytest.mark.parametrize(
    "content, said",
    [(None, "cannot be read: No such file"), (b"", "no token"), (b"\xff", "no text in ASCII")],
)
async def test_a_file_without_a_subject_token_is_named(
    api: FakeApi, connect: ClientFactory, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    config = {"grant_type": "token_exchange", "subject_token_file": str(file)}
    with pytest.raises(AuthenticationError) as caught:
        await _get(connect(auth_type="oauth2", token_url="/token", **config), api)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert not api.received


@pytest.mark.contract("auth.oauth.client")
async def test_the_client_by_its_certificate(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, certificate: Path
) -> None:
    pem = certificate.read_text()
    way = {"client_secret": None, "client_authentication": "certificate"}
    await _get(connect(**_settings(**way, client_certificate=pem, client_key=pem)), api)
    assert issuer.form == {"grant_type": "client_credentials", "client_id": "cat:alog"}
    assert "authorization" not in api.asked("/token")[0].headers


@pytest.mark.contract("auth.oauth.client", "auth.oauth.exchange")
@pytest.mark.parametrize(
    "more, said",
    [
        (
            {"client_authentication": "certificate"},
            "clientCertificate: is required with clientAuthentication certificate",
        ),
        (
            {"grant_type": "token_exchange"},
            r"subjectToken: is required with grantType token_exchange \(or subjectTokenFile\)",
        ),
        (
            {"grant_type": "token_exchange", "subject_token_file": "a"},
            "subjectTokenFile: must be the absolute path",
        ),
    ],
)
def test_what_these_need(more: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        ConnectionSettings.parse({"base_url": "https://h.test", **_settings(**more)})


@pytest.mark.contract("origin.auth-endpoint")
async def test_a_token_endpoint_of_another_origin(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    other_api.script(Reply(body={"access_token": "t0ken"}))
    config = _settings(token_url=f"{other_api.url}/oauth/token")
    await _get(connect(custom_headers={"X-Own": "tenant-1"}, **config), api)
    assert other_api.received[0].path == "/oauth/token"
    assert "x-own" not in other_api.received[0].headers
    assert api.received[0].headers["x-own"] == "tenant-1"


# --- When


@pytest.mark.contract("auth.oauth.expiry")
@pytest.mark.parametrize("limit", [1, 10])
async def test_many_requests_share_one_token(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, limit: int
) -> None:
    issuer.delay = 0.02
    client = connect(max_concurrent_requests=limit, **_settings())
    await asyncio.gather(*(_get(client, api) for _ in range(25)))
    assert issuer.issued == 1


@pytest.mark.contract("auth.oauth.expiry")
async def test_a_revoked_token_is_renewed_once(
    issuer: Issuer, api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(**_settings())
    await _get(client, api)
    issuer.valid = "revoked"
    assert await asyncio.gather(*(_get(client, api) for _ in range(9))) == [200] * 9
    assert issuer.issued == 2


def _auth(clock: Clock) -> OAuthAuth:
    config = {"base_url": "https://h.test", **_settings()}
    return OAuthAuth(ConnectionSettings.parse(config), Redactor(), clock)


@pytest.mark.contract("auth.oauth.expiry")
@pytest.mark.parametrize(
    "expires_in, renewed_at",
    [
        (3600, 3540),
        ("600", 540),
        (100, 90),
        (0.5, 9),
        (0, None),
        (-1, None),
        (None, None),
        ("soon", None),
        ([1], None),
        ("inf", None),
        ("nan", None),
    ],
)
async def test_tokens_are_renewed_before_they_expire(
    expires_in: object, renewed_at: float | None
) -> None:
    clock, issued = SetClock(1000.0), [0]

    def answer(request: httpx.Request) -> httpx.Response:
        issued[0] += request.url.path == "/token"
        return httpx.Response(
            200, json={"access_token": f"t-{issued[0]}", "expires_in": expires_in}
        )

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, auth=_auth(clock)) as client:
        await client.get("https://h.test/x")
        clock.moment += 10**9 if renewed_at is None else renewed_at - 0.01
        await client.get("https://h.test/x")
        assert issued == [1]
        clock.moment += 0.02
        await client.get("https://h.test/x")
    assert issued == [1 if renewed_at is None else 2]


# --- Answers that refuse


@pytest.mark.contract("auth.oauth.failure", "secrets.log-auth-response", "secrets.errors")
@pytest.mark.parametrize(
    "reply, said",
    [
        (Reply(401, body={"error": "invalid_client", "x": "leak-1"}), "401 with invalid_client"),
        (Reply(400, body={"error": "invalid_grant", "x": "leak-1"}), "refreshToken"),
        (Reply(400, body={"error": "invalid_scope"}), "look at scope"),
        (Reply(400, body={"error": "slow_down", "x": "leak-1"}), "400 with slow_down (look at"),
        (
            Reply(400, body={"error": "invalid_client", "error_description": "Wrong\nsecret"}),
            "400 with invalid_client: Wrong secret (look at clientId",
        ),
        (
            Reply(401, body={"error": "invalid_client", "error_description": CLIENT_SECRET}),
            "401 with invalid_client: *** (look",
        ),
        (Reply(400, body={"error_description": ["leak-1"], "message": "leak-1"}), "answered 400 ("),
        (Reply(400, body={"error": {"code": "leak-1"}}), "answered 400 (look at tokenUrl"),
        (Reply(403, body=b"leak-1"), "answered 403"),
        (Reply(302, headers={"location": "/leak-1"}), "answered 302"),
        (Reply(body=b"leak-1"), "not a JSON object"),
        (Reply(body=["leak-1"]), "not a JSON object"),
        (Reply(body={"error": "invalid_client", "x": "leak-1"}), "200 with invalid_client"),
        (Reply(body={"token": "leak-1"}), "holds no access_token"),
        (Reply(body={"access_token": ""}), "holds no access_token"),
        (Reply(body={"access_token": "leak-1\n"}), "holds no access_token"),
        (Reply(body={"access_token": ["leak-1"]}), "holds no access_token"),
    ],
)
async def test_a_refusal_is_explained_and_not_asked_for_again(
    api: FakeApi, connect: ClientFactory, logs: list[str], reply: Reply, said: str
) -> None:
    api.script(reply)
    client = connect(**_refreshing())
    outcomes = await asyncio.gather(*(_get(client, api) for _ in range(5)), return_exceptions=True)
    texts = [str(outcome) for outcome in outcomes]
    assert all(isinstance(outcome, AuthenticationError) for outcome in outcomes)
    assert all(said in text for text in texts)
    assert all(text.startswith(f"POST {api.url}/token: ") for text in texts)
    assert "leak-1" not in "\n".join([*texts, *logs])
    assert CLIENT_SECRET not in "\n".join([*texts, *logs])
    assert len(api.received) == 1


@pytest.mark.contract("auth.oauth.failure")
async def test_those_who_wait_for_an_endpoint_that_is_silent_do_not_try_again(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(raw=b""))
    client = connect(**_refreshing())
    outcomes = await asyncio.gather(*(_get(client, api) for _ in range(9)), return_exceptions=True)
    first, *others = map(str, outcomes)
    assert "/token: the connection broke" in first
    assert all("the request for credentials was not answered" in other for other in others)
    assert len(api.received) == 3


async def test_a_request_that_is_given_up_fails_no_other(
    issuer: Issuer, api: FakeApi, connect: ClientFactory
) -> None:
    client, asked = connect(**_settings()), asyncio.Event()

    def hang(request: Received) -> Reply:
        asked.set()
        return Reply(delay=60)

    api.answer = hang
    given_up = asyncio.create_task(_get(client, api))
    await asked.wait()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    api.answer = issuer
    assert await _get(client, api) == 200


@pytest.mark.contract("auth.oauth.failure")
async def test_a_failure_holds_for_thirty_seconds() -> None:
    clock, asked = SetClock(1000.0), [0]

    def answer(request: httpx.Request) -> httpx.Response:
        asked[0] += 1
        return httpx.Response(400, json={"error": "invalid_client"})

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, auth=_auth(clock)) as client:
        for pause in (0, 29.9, 0.2):
            clock.moment += pause
            with pytest.raises(AuthenticationError, match="invalid_client"):
                await client.get("https://h.test/x")
    assert asked == [2]


@pytest.mark.contract("secrets.log-settings", "secrets.log-auth-response", "secrets.errors")
async def test_no_secret_is_shown(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    issuer.rotate = True
    settings = _refreshing(token_parameters={"assertion": "p4rameter-secret"})
    client = connect(**settings)
    await _get(client, api)

    def refuse(request: Received) -> Reply:
        secrets = [CLIENT_SECRET, "r3fresh-0", "r3fresh-1", "p4rameter-secret"]
        return Reply(400, body=json.dumps([*secrets, dict(request.headers)]).encode())

    api.answer = refuse
    with pytest.raises(StatusError) as caught:
        await _get(client, api)
    parsed = repr(ConnectionSettings.parse({"base_url": api.url, **settings}))
    said = "\n".join([*logs, str(caught.value), parsed])
    for secret in (CLIENT_SECRET, "r3fresh", "t0ken-1", "p4rameter-secret"):
        assert secret not in said


# --- Rotating refresh tokens


@pytest.mark.contract("auth.oauth.rotation")
async def test_a_new_refresh_token_replaces_the_old(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    issuer.rotate = True
    client = connect(**_refreshing())
    for _ in range(4):
        assert await _get(client, api) == 200
        issuer.valid = "revoked"
    assert issuer.issued == 4
    assert any("set refreshTokenFile" in line for line in logs)


@pytest.mark.contract("auth.oauth.rotation", "auth.oauth.rotation-file")
async def test_a_new_refresh_token_is_kept_where_the_request_is_given_up(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path
) -> None:
    issuer.rotate, asked = True, asyncio.Event()

    async def slow(request: Received) -> Reply:
        reply = issuer(request)
        asked.set()
        await asyncio.sleep(0.1)
        return reply

    api.answer = slow
    path = tmp_path / "refresh-token"
    given_up = asyncio.create_task(_get(connect(**_refreshing(refresh_token_file=str(path))), api))
    await asked.wait()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert given_up.cancelled()
    assert [received.path for received in api.received] == ["/token"]
    assert json.loads(path.read_text())["refresh_token"] == issuer.refresh_token
    assert await _get(connect(**_refreshing(refresh_token_file=str(path))), api) == 200


@pytest.mark.contract("auth.oauth.rotation-stop")
@pytest.mark.parametrize("delay", [0.0, 0.3])
async def test_a_stop_waits_until_a_new_refresh_token_is_stored(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path, delay: float
) -> None:
    issuer.rotate, asked = True, asyncio.Event()

    async def slow(request: Received) -> Reply:
        reply = issuer(request)
        asked.set()
        await asyncio.sleep(delay)
        return reply

    api.answer = slow
    path = tmp_path / "refresh-token"
    client = connect(**_refreshing(refresh_token_file=str(path)))
    # Nothing is on its way.
    await asyncio.wait_for(client.finish_login(), 0.1)
    asking = asyncio.create_task(_get(client, api))
    await asked.wait()
    await asyncio.wait_for(client.finish_login(), 2)
    assert json.loads(path.read_text())["refresh_token"] == issuer.refresh_token
    assert await asking == 200


@pytest.mark.contract("auth.oauth.rotation-stop")
async def test_a_stop_waits_not_long(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.GRACE", 0.05)
    asked = asyncio.Event()

    def hang(request: Received) -> Reply:
        asked.set()
        return Reply(delay=60)

    api.answer = hang
    client = connect(**_refreshing())
    asking = asyncio.create_task(_get(client, api))
    await asked.wait()
    await asyncio.wait_for(client.finish_login(), 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_request_that_is_given_up_waits_not_long(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "GRACE", 0.05)
    asked = asyncio.Event()

    def hang(request: Received) -> Reply:
        asked.set()
        return Reply(delay=60)

    api.answer = hang
    client = connect(**_refreshing())
    given_up = asyncio.create_task(_get(client, api))
    await asked.wait()
    given_up.cancel()
    _, pending = await asyncio.wait({given_up}, timeout=2)
    assert not pending
    api.script(Reply(body={"access_token": "t0ken", "expires_in": 3600}), Reply())
    assert await _get(client, api) == 200


@pytest.mark.contract("auth.oauth.rotation", "auth.oauth.rotation-file")
async def test_the_file_outlives_the_process(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path, logs: list[str]
) -> None:
    issuer.rotate = True
    file = tmp_path / "refresh-token"
    for number in range(3):
        assert await _get(connect(**_refreshing(refresh_token_file=str(file))), api) == 200
        assert json.loads(file.read_text())["refresh_token"] == f"r3fresh-{number + 1}"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "refresh-token",
        "refresh-token.lock",
    ]
    assert "r3fresh" not in "\n".join(logs)


@pytest.mark.contract("auth.oauth.rotation-file")
async def test_processes_that_share_the_file_use_each_token_once(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path
) -> None:
    issuer.rotate, issuer.delay = True, 0.02
    settings = _refreshing(refresh_token_file=str(tmp_path / "token"), max_retries=0)
    clients = [connect(**settings) for _ in range(5)]
    outcomes = await asyncio.gather(
        *(_get(client, api) for client in clients), return_exceptions=True
    )
    sent = [
        httpx.QueryParams(request.body.decode())["refresh_token"] for request in api.asked("/token")
    ]
    assert len(sent) == len(set(sent)) >= 5
    assert "revoked" not in issuer.refresh_token
    # Whose access token was replaced before it was used asks for another.
    assert all(outcome == 200 or isinstance(outcome, StatusError) for outcome in outcomes)


_COUNT = """
import asyncio, sys
from pathlib import Path
from auth.refresh_tokens import RefreshTokens

async def count():
    tokens = RefreshTokens("0", Path(sys.argv[1]))
    for _ in range(25):
        async with tokens.exclusively():
            number = int(tokens.current())
            await asyncio.sleep(0.001)
            tokens.replace(str(number + 1))

asyncio.run(count())
"""


@pytest.mark.process
@pytest.mark.contract("auth.oauth.rotation-file")
def test_processes_take_turns(tmp_path: Path) -> None:
    file = tmp_path / "token"
    command = [sys.executable, "-c", _COUNT, str(file)]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert RefreshTokens("0", file).current() == "75"


@pytest.mark.contract("auth.oauth.rotation-file")
async def test_a_new_setting_counts_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    await _rotate(RefreshTokens("first", file), "second")
    assert RefreshTokens("first", file).current() == "second"
    assert RefreshTokens("", file).current() == "second"
    assert RefreshTokens("pasted", file).current() == "pasted"


@pytest.mark.contract("auth.oauth.rotation-file")
async def test_a_file_may_be_all_there_is(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    config = _settings(grant_type="refresh_token", refresh_token_file=str(file))
    with pytest.raises(AuthenticationError, match="there is no refresh token in"):
        await _get(connect(**config), api)
    file.write_text("\n")
    issuer.rotate = True
    assert await _get(connect(**config, refresh_token="r3fresh-0"), api) == 200
    assert await _get(connect(**config), api) == 200
    assert json.loads(file.read_text())["refresh_token"] == "r3fresh-2"


@pytest.mark.contract("auth.oauth.rotation-file", "secrets.errors")
@pytest.mark.parametrize(
    "content",
    [
        "A=s3cret\x00B=c",
        "two words",
        "a\nb",
        "\udcff",
        "0ne-w0rd-0f-an0ther-pr0gram",
        '{"auths": {"h": {"auth": "s3cret"}}}',
        '{"refresh_token": "of-another-pr0gram", "client_id": "c"}',
        '{"refresh_token": 1, "issued_from": "x"}',
        "[]",
        "[" * 100_000,
    ],
)
async def test_another_file_is_never_sent(
    api: FakeApi, connect: ClientFactory, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "token"
    client = connect(**_settings(grant_type="refresh_token", refresh_token_file=str(file)))
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(AuthenticationError, match="look at refreshTokenFile") as caught:
        await _get(client, api)
    with pytest.raises(SettingsError, match="refreshTokenFile") as refused:
        connect(**_settings(grant_type="refresh_token", refresh_token_file=str(file)))
    assert content not in str(caught.value)
    assert content not in str(refused.value)
    assert api.received == []


@pytest.mark.contract("auth.oauth.rotation-file")
async def test_a_file_that_cannot_be_written_is_said_and_the_token_kept(
    tmp_path: Path, logs: list[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    tokens = RefreshTokens("first", folder / "token")
    async with tokens.exclusively():
        tokens.replace("second")
        shutil.rmtree(folder)
    assert tokens.current() == "second"
    assert any("cannot be written" in line for line in logs)
    assert "second" not in "\n".join(logs)


@given(tokens=st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=6))
async def test_the_last_token_is_the_one_that_is_kept(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[str]
) -> None:
    file = tmp_path_factory.mktemp("rotation") / "token"
    kept = RefreshTokens("first", file)
    for token in tokens:
        await _rotate(kept, token)
    assert RefreshTokens("first", file).current() == (tokens[-1] if tokens else "first")
    assert {path.name for path in file.parent.iterdir()} <= {"token", "token.lock"}


@pytest.mark.contract("auth.oauth.rotation-file")
async def test_a_token_is_written_although_who_used_it_was_cancelled(tmp_path: Path) -> None:
    tokens = RefreshTokens("first", tmp_path / "token")

    async def give_up() -> None:
        async with tokens.exclusively():
            tokens.replace("second")
            task = asyncio.current_task()
            assert task
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(give_up())
    assert RefreshTokens("first", tmp_path / "token").current() == "second"


async def _rotate(tokens: RefreshTokens, token: str) -> None:
    async with tokens.exclusively():
        tokens.replace(token)


@pytest.mark.contract("start.bad-settings", "start.one-message")
def test_everything_wrong_is_in_one_report(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse(
            {
                "base_url": "https://h.test",
                "auth_type": "oauth2",
                "token_url": "ftp://user:hunter22@h.test",
                "grant_type": "implicit",
                "client_authentication": "mtls",
                "refresh_token_file": str(tmp_path / "absent" / "token"),
                "token_parameters": "[]",
                "signing_key": "hunter22",
            }
        )
    names = [problem.partition(":")[0] for problem in caught.value.problems]
    assert names == [
        "signingKey",
        "tokenUrl",
        "grantType",
        "clientAuthentication",
        "refreshTokenFile",
        "tokenParameters",
    ]
    assert "hunter22" not in str(caught.value)


@pytest.mark.contract("auth.closed-endpoints")
async def test_a_401_makes_for_a_new_token_again_after_a_pause(
    issuer: Issuer, api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock(1000.0)
    client = connect(**_settings())
    monkeypatch.setattr(client._auth, "_clock", clock)
    api.answer = lambda request: Reply(401) if request.path == "/closed" else issuer(request)

    async def meet_a_closed_one() -> int:
        with pytest.raises(StatusError):
            await _get(client, api, "/closed")
        return issuer.issued

    logins = []
    for seconds in (0, 0.5, 0.6, 1, 1.1, 3, 9, 11, 11):
        clock.moment += seconds
        logins.append(await meet_a_closed_one())
    # At first, one for the first token, and one for the first 401.
    assert logins == [2, 2, 3, 3, 4, 4, 5, 6, 7]
    # One that helps ends the pauses.
    clock.moment += 11
    issuer.valid = ""
    assert await _get(client, api) == 200
    assert await meet_a_closed_one() == 9
