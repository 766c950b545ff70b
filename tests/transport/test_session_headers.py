"""Headers that an answer brings and the next request must carry.

Transmission  https://github.com/transmission/transmission/blob/main/docs/rpc-spec.md#2-3-1
Personio      https://developer.personio.de/reference/auth
"""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from client import ApiClient
from errors import StatusError
from redaction import Redactor
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from transport.exchange import Exchange
from transport.session_headers import SessionHeaders

SESSION = "X-Transmission-Session-Id"


def asked(api: FakeApi, path: str = "/rpc", **more: Any) -> ApiRequest:
    return ApiRequest("POST", httpx.URL(f"{api.url}{path}"), body={"method": "torrent-get"}, **more)


class Transmission:
    """Refuses what does not carry the session id, which `renew` changes."""

    def __init__(self, name: str = "session") -> None:
        self.sessions = (f"{name}-{number:03}" for number in itertools.count())
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
async def test_a_large_answer_that_breaks_off_is_asked_for_with_the_session(
    api: FakeApi, connect: ClientFactory
) -> None:
    whole = b'["' + b"x" * 3_000_000 + b'"]'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    sends = iter([Reply(raw=head + whole[:2_000_000]), Reply(body=whole)])

    def answer(request: Received) -> Reply:
        is_known = request.headers.get(SESSION) == "session-7"
        return next(sends) if is_known else Reply(409, b"", {SESSION: "session-7"})

    api.answer = answer
    large = (await connect(session_headers=[SESSION]).send(asked(api))).large
    assert large
    assert b"".join([piece async for piece in large.chunks()]) == whole
    assert [request.headers.get(SESSION) for request in api.received] == [
        None,
        "session-7",
        "session-7",
    ]


@pytest.mark.contract("auth.session-headers")
async def test_each_instance_has_its_own(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    servers = Transmission("us"), Transmission("eu")
    api.answer, other_api.answer = servers
    client = connect(session_headers=[SESSION], instances=[other_api.url])
    for _ in range(2):
        for each in (api, other_api):
            assert (await client.send(asked(each))).content == b"[1]"
    servers[1].renew()
    for each in (api, other_api):
        await client.send(asked(each))
    assert _sessions(api) == [None, *["us-000"] * 3]
    assert _sessions(other_api) == [None, "eu-000", "eu-000", "eu-000", "eu-001"]
    assert not {"us-000", "eu-000", "eu-001"} & set("".join(logs).split())


@pytest.mark.contract("auth.session-headers")
async def test_a_redirect_to_another_instance_leaves_the_session_behind(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    moved = {"Location": f"{other_api.url}/rpc", SESSION: "us-000"}
    api.answer = lambda request: Reply(307, b"", moved)
    other_api.answer = lambda request: Reply(body=[1], headers={SESSION: "eu-000"})
    client = connect(session_headers=[SESSION], instances=[other_api.url])
    for _ in range(2):
        await client.send(asked(api))
    assert _sessions(api) == [None, "us-000"]
    assert _sessions(other_api) == [None, "eu-000"]


@pytest.mark.contract("auth.session-headers", "auth.template.base-url")
async def test_a_host_that_a_login_gave_has_its_own(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(body={"key": "k-1", "url": other_api.url})
    other_api.answer = Transmission()
    client = connect(
        auth_type="custom",
        custom_auth_request={"endpoint": "/auth"},
        custom_auth_request_template={
            "headers": {"X-Key": "{{.key}}"},
            "baseUrl": "{{.url}}",
            "baseUrlHosts": ["127.0.0.1"],
        },
        session_headers=[SESSION],
    )
    for _ in range(2):
        assert (await client.send(asked(api))).content == b"[1]"
    assert _sessions(api) == [None]
    assert _sessions(other_api) == [None, "session-000", "session-000"]


def _sessions(api: FakeApi) -> list[str | None]:
    return [request.headers.get(SESSION) for request in api.received]


@dataclass(frozen=True)
class Step:
    """A request, and what its answer brings; `own` is what the request has of itself."""

    server: str
    own: str | None
    is_anonymous: bool
    brings: str | None
    status: int


SERVERS = ["https://us.test", "https://us.test:8443", "http://us.test", "https://eu.test/v1"]
STEPS = st.builds(
    Step,
    st.sampled_from(SERVERS),
    st.sampled_from([None, "login-1", "login-2"]),
    st.booleans(),
    st.sampled_from([None, "", "one", "two"]),
    st.sampled_from([200, 401, 409, 503]),
)


@pytest.mark.contract("auth.session-headers")
@given(steps=st.lists(STEPS, max_size=25))
def test_what_a_server_brought_goes_to_that_one_alone(steps: list[Step]) -> None:
    session = SessionHeaders(["X-Id"], Redactor())
    brought: dict[str, tuple[str, str | None]] = {}

    async def take(number: int, step: Step) -> None:
        carried: list[str | None] = []
        # Of each answer, what it brings is its own, so that it tells where it came from.
        value = f"{step.server} {number} {step.brings}" if step.brings else step.brings
        headers = {} if value is None else {"X-Id": value}

        async def answer(request: httpx.Request) -> httpx.Response:
            carried.append(request.headers.get("x-id"))
            return httpx.Response(step.status, headers=headers)

        given = {} if step.own is None else {"X-Id": step.own}
        request = httpx.Request("GET", f"{step.server}/things", headers=given)
        Exchange(is_anonymous=step.is_anonymous).attach_to(request)
        await session.send(request, answer)
        held, instead_of = brought.get(step.server, (None, step.own))
        is_held = not step.is_anonymous and held is not None and instead_of == step.own
        takes = bool(value) and not step.is_anonymous
        repeats = [value] if takes and 400 <= step.status < 500 else []
        assert carried == [held if is_held else step.own, *repeats]
        if takes and value:
            brought[step.server] = value, step.own

    async def run() -> None:
        for number, step in enumerate(steps):
            await take(number, step)

    asyncio.run(run())


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
