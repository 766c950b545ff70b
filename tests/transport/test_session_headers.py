"""Headers that an answer brings and the next request must carry.

Transmission  https://github.com/transmission/transmission/blob/main/docs/rpc-spec.md#2-3-1
Personio      https://developer.personio.de/reference/auth
"""

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply

SESSION = "X-Transmission-Session-Id"


def asked(api: FakeApi, path: str = "/rpc", **more: Any) -> ApiRequest:
    return ApiRequest("POST", httpx.URL(f"{api.url}{path}"), body={"method": "torrent-get"}, **more)


class Transmission:
    """Refuses what does not carry the session id, which `renew` changes."""

    def __init__(self) -> None:
        self.sessions = map("session-{:03}".format, itertools.count())
        self.renew()

    def renew(self) -> None:
        self.session = next(self.sessions)

    def __call__(self, request: Received) -> Reply:
        if request.headers.get(SESSION) != self.session:
            return Reply(409, b"409: Conflict", {SESSION: self.session})
        return Reply(body=[1])


@pytest.mark.contract("auth.session-headers")
async def test_a_session_id_is_carried(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    server = Transmission()
    api.answer = server
    client = connect(session_headers=[SESSION])
    await asyncio.gather(*(client.send(asked(api)) for _ in range(5)))
    before = len(api.received)
    assert before <= 10
    await client.send(asked(api))
    assert len(api.received) == before + 1
    server.renew()
    assert (await client.send(asked(api))).content == b"[1]"
    assert len(api.received) == before + 3
    assert all(request.body == b'{"method":"torrent-get"}' for request in api.received)
    assert "session-00" not in "".join(logs)


@pytest.mark.contract("auth.session-headers")
async def test_a_refusal_without_a_new_value_is_final(api: FakeApi, connect: ClientFactory) -> None:
    api.answer = lambda request: Reply(409, {}, {SESSION: "same"})
    with pytest.raises(StatusError, match="409"):
        await connect(session_headers=[SESSION]).send(asked(api))
    assert len(api.received) == 2
    with pytest.raises(StatusError, match="409"):
        await connect().send(asked(api))
    assert len(api.received) == 3


class Personio:
    """Takes each token once; an answer brings the next one, and a login the first."""

    def __init__(self) -> None:
        self.tokens = map("Bearer token-{:04}".format, itertools.count())
        self.valid = ""

    def __call__(self, request: Received) -> Reply:
        if request.path == "/auth":
            self.valid = next(self.tokens)
            return Reply(body={"data": {"token": self.valid.removeprefix("Bearer ")}})
        if request.headers.get("authorization") != self.valid:
            return Reply(401)
        self.valid = next(self.tokens)
        return Reply(body=[1], headers={"authorization": self.valid})


@pytest.mark.contract("auth.session-headers")
async def test_each_answer_brings_the_next_token(
    api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    server = Personio()
    api.answer = server
    client: ApiClient = connect(
        auth_type="custom",
        custom_auth_request={"endpoint": "/auth"},
        custom_auth_request_template={"headers": {"Authorization": "Bearer {{.data.token}}"}},
        session_headers=["Authorization"],
        max_concurrent_requests=1,
    )
    await asyncio.gather(*(client.send(asked(api, "/employees")) for _ in range(6)))
    assert [request.path for request in api.received] == ["/auth", *["/employees"] * 6]
    # The chain breaks, as when a token gets too old: a login begins a new one.
    server.valid = ""
    await client.send(asked(api, "/employees"))
    await client.send(asked(api, "/employees"))
    assert [request.path for request in api.received][7:] == [
        "/employees",
        "/auth",
        "/employees",
        "/employees",
    ]
    assert "token-00" not in "".join(logs)


@pytest.mark.contract("auth.session-headers")
async def test_they_go_to_no_other_host_and_nowhere_without_credentials(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(body=[1], headers={"X-Id": f"s{len(api.received)}"})
    client = connect(session_headers=["X-Id"], allowed_hosts=["127.0.0.1"])
    await client.send(asked(api))
    async with FakeApi().running() as other:
        await client.send(asked(other))
        await client.send(asked(api, is_anonymous=True))
        await client.send(asked(api))
        assert [request.headers.get("x-id") for request in other.received] == [None]
    assert [request.headers.get("x-id") for request in api.received] == [None, None, "s1"]


def test_a_name_that_is_none_is_refused(connect: ClientFactory) -> None:
    with pytest.raises(Exception, match="sessionHeaders"):
        connect(session_headers=["X Id"])
