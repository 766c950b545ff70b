"""HTTP Digest (RFC 7616) against a server that counts how often each nonce was used."""

import asyncio
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import AuthenticationError, RefusedOriginError, SettingsError, StatusError
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.digest_server import DigestGuard
from tests.support.fake_api import FakeApi, Received, Reply

_USER, _PASSWORD = "Mufasa", "Circle of Life"


class DigestApi(DigestGuard):
    """An API behind it, which answers what it admits with `faults`, as long as there are any."""

    def __init__(self, api: FakeApi, algorithm: str = "SHA-256", qop: str | None = "auth") -> None:
        super().__init__(_USER, _PASSWORD, algorithm, qop)
        self.faults: list[Reply] = []
        api.answer = self

    def __call__(self, request: Received) -> Reply:
        header = request.headers.get("authorization", "")
        challenge = self.challenge_to(request.method, request.target, header)
        if challenge:
            return Reply(401, headers={"www-authenticate": challenge})
        return self.faults.pop(0) if self.faults else Reply()


def _client(connect: ClientFactory, **more: Any) -> ApiClient:
    config = {"auth_type": "digest", "username": _USER, "password": _PASSWORD}
    return connect(**{**config, **more})


async def _get(client: ApiClient, api: FakeApi, target: str = "/dir/index.html?a=b") -> int:
    return (await client.send(ApiRequest("GET", httpx.URL(f"{api.url}{target}")))).status


@pytest.mark.contract("auth.digest")
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", ["auth", "auth,auth-int", "auth-int, auth", None])
async def test_the_challenge_is_answered_and_remembered(
    api: FakeApi, connect: ClientFactory, algorithm: str, qop: str | None
) -> None:
    server = DigestApi(api, algorithm, qop)
    client = _client(connect)
    for _ in range(3):
        assert await _get(client, api) == 200
    assert len(api.received) == 4
    assert [count for _, count in server.accepted] == ([1, 2, 3] if qop else [0, 0, 0])


@pytest.mark.contract("auth.digest")
async def test_a_body_is_sent_again(api: FakeApi, connect: ClientFactory) -> None:
    DigestApi(api)
    url = httpx.URL(f"{api.url}/search")
    await _client(connect).send(ApiRequest("POST", url, body={"a": 1}))
    assert [request.json() for request in api.received] == [{"a": 1}] * 2


@pytest.mark.contract("auth.digest.shared")
@pytest.mark.parametrize("says_stale", [True, False])
@pytest.mark.parametrize("shares_nonce", [True, False])
@pytest.mark.parametrize("uses", [1000, 7])
async def test_many_requests_at_once_all_get_through(
    api: FakeApi, connect: ClientFactory, says_stale: bool, shares_nonce: bool, uses: int
) -> None:
    server = DigestApi(api)
    server.strict, server.says_stale = True, says_stale
    server.shares_nonce, server.uses = shares_nonce, uses
    client = _client(connect, max_concurrent_requests=5)
    await _get(client, api)
    asked = (_get(client, api, f"/x?n={n}") for n in range(60))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert found == [200] * 60
    assert len(set(server.accepted)) == len(server.accepted) == 61


@pytest.mark.contract("auth.digest.shared")
async def test_a_retry_counts_as_a_use_of_the_nonce(api: FakeApi, connect: ClientFactory) -> None:
    server = DigestApi(api)
    client = _client(connect)
    await _get(client, api)
    server.faults = [Reply(503), Reply(503)]
    assert await _get(client, api) == 200


@pytest.mark.contract("auth.digest.wrong", "retry.static-credentials")
async def test_a_wrong_password_is_not_tried_again_and_again(
    api: FakeApi, connect: ClientFactory
) -> None:
    DigestApi(api)
    client = _client(connect, password="wr0ng-password")
    for sent in (2, 4):
        with pytest.raises(StatusError) as caught:
            await _get(client, api)
        assert caught.value.status == 401
        assert "wr0ng" not in str(caught.value)
        assert len(api.received) == sent


@pytest.mark.contract("auth.digest.wrong")
@pytest.mark.parametrize(
    "challenge, said",
    [
        ('Digest realm="r", nonce="n", qop="auth-int"', "qop auth-int only"),
        ('Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"', "an algorithm other"),
        ('Digest realm="r"', "cannot be read"),
        ("Digest nonsense", "cannot be read"),
    ],
)
async def test_a_challenge_that_is_beyond_it_is_explained(
    api: FakeApi, connect: ClientFactory, challenge: str, said: str
) -> None:
    api.script(Reply(401, headers={"www-authenticate": challenge}))
    with pytest.raises(AuthenticationError, match=said):
        await _get(_client(connect), api)


async def test_an_api_that_asks_for_something_else(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(401, headers={"www-authenticate": "Basic realm=x"}))
    with pytest.raises(StatusError, match="asks for Basic"):
        await _get(_client(connect), api)
    assert len(api.received) == 1


@pytest.mark.contract("origin.no-credentials", "auth.digest")
@pytest.mark.parametrize("is_allowed", [True, False])
async def test_no_digest_goes_to_another_host(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, is_allowed: bool
) -> None:
    DigestApi(api)
    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    other_api.script(Reply(401, headers={"www-authenticate": challenge}))
    client = _client(connect, allowed_hosts="127.0.0.1" if is_allowed else "h.test")
    await _get(client, api)
    with pytest.raises(StatusError if is_allowed else RefusedOriginError):
        await client.send(ApiRequest("GET", httpx.URL(f"{other_api.url}/x")))
    assert all("authorization" not in request.headers for request in other_api.received)
    assert len(other_api.received) == is_allowed


@pytest.mark.contract("auth.digest")
@pytest.mark.parametrize("name", ["username", "password"])
def test_both_are_needed(name: str) -> None:
    given = {"username": "u", "password": "p"} | {name: ""}
    with pytest.raises(SettingsError, match=f"{name}: is required with authType digest"):
        ConnectionSettings.parse({"base_url": "https://h.test", "auth_type": "digest", **given})
