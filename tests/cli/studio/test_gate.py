"""The gate lets the page ask that the terminal's address has opened, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from cli.studio.gate import HEADERS, KEY_HEADER, Gate, Keys, address_to_open

PORT = 8700
PLACE = f"127.0.0.1:{PORT}"
COOKIE = f"ocean_custom_studio_{PORT}"
KEYS = Keys()
# What the page sends.
ITS_OWN = {
    "Host": PLACE,
    "Origin": f"http://{PLACE}",
    "Sec-Fetch-Site": "same-origin",
    "Cookie": f"other=1; {COOKIE}={KEYS.ticket}",
    KEY_HEADER: KEYS.key,
}

pytestmark = pytest.mark.contract("studio.gate")


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("inside")(scope, receive, send)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Gate(_inside, KEYS, PORT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{PLACE}") as made:
        yield made


def _without(*names: str) -> dict[str, str]:
    return {name: text for name, text in ITS_OWN.items() if name not in names}


async def test_its_own_page_gets_in(client: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/"), ("GET", "/static/studio.js"), ("POST", "/api/state")):
        headers = ITS_OWN if method == "POST" else _without("Origin", KEY_HEADER)
        answer = await client.request(method, path, headers=headers, content=b"{}")
        assert (answer.status_code, answer.text) == (200, "inside")


async def test_the_address_of_the_terminal_opens_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(address_to_open(KEYS, PORT))
    assert answer.status_code == 303
    # A fragment is sent to nobody.
    assert answer.headers["location"] == f"/#{KEYS.key}"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={KEYS.ticket};")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie


REFUSED: list[tuple[str, str, str, dict[str, str]]] = [
    ("no cookie", "GET", "/", _without("Cookie")),
    ("no cookie, for a script", "GET", "/static/studio.js", _without("Cookie")),
    ("another cookie", "GET", "/", {**ITS_OWN, "Cookie": f"{COOKIE}={KEYS.key}"}),
    ("the door as a cookie", "GET", "/", {**ITS_OWN, "Cookie": f"{COOKIE}={KEYS.door}"}),
    ("the cookie alone", "POST", "/api/state", _without(KEY_HEADER)),
    ("the key alone", "POST", "/api/state", _without("Cookie")),
    ("another key", "POST", "/api/state", {**ITS_OWN, KEY_HEADER: KEYS.ticket}),
    ("no origin", "POST", "/api/state", _without("Origin")),
    ("another origin", "POST", "/api/state", {**ITS_OWN, "Origin": "https://evil.example"}),
    ("another port", "POST", "/api/state", {**ITS_OWN, "Origin": "http://127.0.0.1:8701"}),
    ("the origin of a file", "POST", "/api/state", {**ITS_OWN, "Origin": "null"}),
    ("TLS", "POST", "/api/state", {**ITS_OWN, "Origin": f"https://{PLACE}"}),
    ("another origin reads", "GET", "/", {**ITS_OWN, "Origin": "https://evil.example"}),
    ("another site", "GET", "/", {**ITS_OWN, "Sec-Fetch-Site": "cross-site"}),
    ("another port, same site", "GET", "/", {**ITS_OWN, "Sec-Fetch-Site": "same-site"}),
    ("a rebound name", "GET", "/", {**ITS_OWN, "Host": f"evil.example:{PORT}"}),
    ("a rebound name asks", "POST", "/api/state", {**ITS_OWN, "Host": "evil.example"}),
    ("localhost", "GET", "/", {**ITS_OWN, "Host": f"localhost:{PORT}"}),
    ("no port", "GET", "/", {**ITS_OWN, "Host": "127.0.0.1"}),
    ("a wrong door", "GET", f"/?token={KEYS.key}", {"Host": PLACE}),
    ("an empty door", "GET", "/?token=", {"Host": PLACE}),
    ("two doors", "GET", f"/?token={KEYS.door}&token=x", {"Host": PLACE}),
    ("the door elsewhere", "GET", f"/static/studio.js?token={KEYS.door}", {"Host": PLACE}),
    ("the door, rebound", "GET", f"/?token={KEYS.door}", {"Host": "evil.example"}),
    (
        "the door of another site",
        "GET",
        f"/?token={KEYS.door}",
        {"Host": PLACE, "Sec-Fetch-Site": "cross-site"},
    ),
    ("too much", "POST", "/api/state", {**ITS_OWN, "Content-Length": str(2**23)}),
    ("no length", "POST", "/api/state", {**ITS_OWN, "Content-Length": "x"}),
]


@pytest.mark.parametrize(
    "method, path, headers", [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
async def test_all_others_are_refused(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await client.request(method, path, headers=headers)
    assert answer.status_code in (403, 413, 421)
    assert "inside" not in answer.text
    # Nothing of a refusal lets anybody in.
    whole = f"{answer.headers} {answer.text}"
    assert not [secret for secret in (KEYS.door, KEYS.ticket, KEYS.key) if secret in whole]


async def test_two_hosts_are_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    host = (b"host", PLACE.encode())
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [host] * 2,
    }
    await Gate(_inside, KEYS, PORT)(scope, lambda: None, send)  # type: ignore[arg-type, return-value]  # nothing is received
    assert sent[0]["status"] == 421


async def test_web_sockets_are_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await Gate(_inside, KEYS, PORT)({"type": "websocket"}, lambda: None, send)  # type: ignore[arg-type, return-value]  # nothing is received
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("headers", [ITS_OWN, {"Host": "evil.example"}], ids=["let in", "refused"])
async def test_every_answer_is_hardened(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/", headers=headers)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@given(st.text(), st.text())
def test_texts_of_any_kind_are_none_of_the_keys(cookie: str, key: str) -> None:
    """Whatever a header can hold, it is compared and refused, and never an error."""
    gate = Gate(_inside, KEYS, PORT)
    headers = [
        (b"host", PLACE.encode()),
        (b"cookie", f"{COOKIE}={cookie}".encode()),
        (KEY_HEADER.lower().encode(), key.encode()),
    ]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    answer = gate._answer(scope)
    assert answer is not None
    assert answer.status_code == 403


def test_keys_are_long_and_never_twice() -> None:
    made = [Keys() for _ in range(50)]
    texts = [text for keys in made for text in (keys.door, keys.ticket, keys.key)]
    assert len(set(texts)) == 150
    assert all(len(text) >= 43 for text in texts)
    # Nor do they get into a log with the object that holds them.
    assert made[0].key not in repr(made[0])
