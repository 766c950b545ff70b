"""An API that echoes all that it was asked with, in every spelling and every kind of failure.

Each authType runs as a process, with its log at DEBUG. No secret may be in what it prints, nor in
anything that it sends to Port.
"""

import asyncio
import base64
import html
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from disguises import Disguises
from redaction import MASK
from tests.redaction.test_disguises import SPELLINGS
from tests.support.fake_api import FakeApi, Received, Reply
from tests.whole.process.sailing import Harbour, Outcome, resource
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

PASSWORD = "pa55-w0rd/0f+the sweep"
TOKEN = "t0ken-0f-the-sweep-18af"
FETCHED = "fetched-t0ken-0f-the-sweep-77c1"
GATE = "gate-key-0f-the-sweep-4b21"
TENANT = "tenant/secret 0f the sweep"
SIGNING = "s1gning-key-0f-the-sweep-" + "0123456789abcdef" * 2
LOGIN = {
    "client_id": "the-cl1ent",
    "client_secret": PASSWORD,
}
AUTH: dict[str, dict[str, object]] = {
    "none": {},
    "bearer_token": {"apiToken": TOKEN},
    "basic": {"username": "ada", "password": PASSWORD},
    "api_key": {"apiKey": TOKEN, "apiKeyLocation": "query", "apiKeyHeader": "k"},
    "custom": {
        "customAuthRequest": {"endpoint": "/login", "body": LOGIN},
        "customAuthRequestTemplate": {"headers": {"Authorization": "Bearer {{.access_token}}"}},
    },
    "oauth2": {"tokenUrl": "/login", "clientId": "the-cl1ent", "clientSecret": PASSWORD},
    "jwt": {"signingAlgorithm": "HS256", "signingKey": SIGNING},
    "aws_sigv4": {
        "accessKeyId": "AKIDEXAMPLE",
        "secretAccessKey": PASSWORD,
        "sessionToken": TOKEN,
        "signingRegion": "eu-west-1",
    },
}
_FETCHING = ("oauth2", "custom")
SECRETS = (PASSWORD, TOKEN, FETCHED, GATE, TENANT, SIGNING)


def told(request: Received) -> str:
    """All that the request held, and the secrets that it does not show."""
    seen = [request.target, *(f"{name}: {value}" for name, value in request.headers.items())]
    return "\n".join([*SECRETS, *seen, request.body.decode("latin-1")])


def lines(text: str) -> str:
    return "\n  ".join(text[at : at + 7] for at in range(0, len(text), 7))


def _raw(head: str, body: str = "") -> Reply:
    return Reply(raw=f"HTTP/1.1 {head}\r\n\r\n{body}".encode())


FAILURES: dict[str, Callable[[str], Reply]] = {
    "text": lambda echo: Reply(400, echo.encode()),
    "json": lambda echo: Reply(403, {"error": echo}),
    "json in json": lambda echo: Reply(422, {"error": json.dumps({"was": json.dumps(echo)})}),
    "html": lambda echo: Reply(404, html.escape(echo).encode(), {"content-type": "text/html"}),
    "percent": lambda echo: Reply(409, quote(echo, safe="").encode()),
    "wholly percent": lambda echo: Reply(400, SPELLINGS["percent, all of it"](echo).encode()),
    "base64": lambda echo: Reply(400, base64.b64encode(f"x{echo}".encode())),
    "hexadecimal": lambda echo: Reply(400, echo.encode().hex().encode()),
    "over lines": lambda echo: Reply(400, lines(echo).encode()),
    "blanks first": lambda echo: Reply(400, b" " * 65_000 + echo.encode()),
    "error under 200": lambda echo: Reply(200, {"ok": False, "error": {"message": echo}}),
    "no json": lambda echo: Reply(200, echo.encode()),
    "half a json": lambda echo: Reply(200, json.dumps([{"id": echo}])[:-2].encode()),
    "an item with no identifier": lambda echo: Reply(200, [{"name": echo}]),
    "a link away": lambda echo: Reply(
        200, [], {"link": f'<https://elsewhere.test/{quote(echo)}>; rel="next"'}
    ),
    "a redirect away": lambda echo: Reply(
        302, {}, {"location": f"https://elsewhere.test/?{urlencode({'q': echo})}"}
    ),
    "a redirect around": lambda echo: Reply(
        302, {}, {"location": f"?{urlencode({'q': echo[:99]})}"}
    ),
    "a malformed header": lambda echo: _raw(f"200 OK\r\nX-Echo : {quote(echo)}"),
    "a reason": lambda echo: _raw(f"418 {quote(echo)}"),
    "a challenge": lambda echo: Reply(
        401, {}, {"www-authenticate": f'Bearer error="{quote(echo)}"'}
    ),
    "a cookie": lambda echo: Reply(400, {}, {"set-cookie": f"a={quote(echo)}; Path=/"}),
    "a broken body": lambda echo: _raw("200 OK\r\nContent-Length: 99999", echo),
    "an unknown coding": lambda echo: Reply(200, echo.encode(), {"content-encoding": "gzip"}),
    "a long wait": lambda echo: Reply(429, {"error": echo}, {"retry-after": "99999"}),
}


def answer(request: Received) -> Reply:
    if request.path == "/login":
        body = {"access_token": FETCHED, "token_type": "Bearer", "expires_in": 3600, "name": "Ada"}
        return Reply(200, body)
    kind = request.path.strip("/").replace("_", " ")
    make = FAILURES.get(kind)
    return make(told(request)) if make else Reply(404)


class Recorder:
    """Keeps all that is sent to the Port behind it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.sent: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def recorded() -> Any:
            message = await receive()
            self.sent.append(message.get("body", b""))
            return message

        self.sent.append(repr((scope.get("path"), scope.get("query_string"))).encode())
        await self._app(scope, recorded, send)


def swept_for(auth_type: str) -> list[str]:
    """Return the kinds of failures that are tried with an authType.

    Whatever obtains credentials meets all of them; the others share them, and `SWEEP=all` tries
    each with each.
    """
    names = list(FAILURES)
    if auth_type in _FETCHING or os.environ.get("SWEEP") == "all":
        return names
    others = [name for name in AUTH if name not in _FETCHING]
    return names[others.index(auth_type) :: len(others)]


def mapping(names: list[str]) -> list[dict[str, Any]]:
    return [
        resource(
            f"/{name.replace(' ', '_')}",
            "swept",
            query_params={"tenant": "${TENANT}"},
            headers={"X-Tenant": "Tenant-${GATE_KEY}"},
        )
        for name in names
    ]


def sail(auth_type: str, url: str, directory: Path) -> tuple[Outcome, str]:
    state = PortState()
    recorder = Recorder(create_app(state))
    with serve(recorder) as server:
        harbour = Harbour(state, server.url, directory)
        harbour.install(mapping(swept_for(auth_type)))
        settings = {
            "baseUrl": url,
            "authType": auth_type,
            "paginationType": "header_link",
            "maxRetries": "1",
            "customHeaders": {"X-Gate": "${GATE_KEY}"},
            "exposedVariables": ["TENANT", "GATE_KEY"],
            **AUTH[auth_type],
        }
        outcome = harbour.sail(settings, limit=200, variables={"GATE_KEY": GATE, "TENANT": TENANT})
    return outcome, b"\n".join(recorder.sent).decode("utf-8", "replace")


@pytest.mark.contract("secrets.sweep")
@pytest.mark.parametrize("auth_type", AUTH)
async def test_no_spelling_of_a_secret_gets_into_the_log_or_to_port(
    auth_type: str, tmp_path: Path
) -> None:
    known = {
        "none": (GATE, TENANT),
        "jwt": (GATE, TENANT, SIGNING),
        "bearer_token": (GATE, TENANT, TOKEN),
        "api_key": (GATE, TENANT, TOKEN),
        "basic": (GATE, TENANT, PASSWORD),
        "aws_sigv4": (GATE, TENANT, PASSWORD, TOKEN),
    }.get(auth_type, (GATE, TENANT, PASSWORD, FETCHED))
    async with FakeApi().running() as api:
        api.answer = answer
        outcome, sent = await asyncio.to_thread(sail, auth_type, api.url, tmp_path)
    assert outcome.code == 1, outcome.printed[-3000:]
    asked = {request.path for request in api.received}
    names = swept_for(auth_type)
    assert {f"/{name.replace(' ', '_')}" for name in names} <= asked
    everything = f"{outcome.printed}\n{outcome.sent}\n{sent}"
    for secret in known:
        found = {name for name, spell in SPELLINGS.items() if spell(secret) in everything}
        assert found == set(), (secret, found)
    data = everything.encode()
    spans = [data[max(0, a - 80) : b + 20] for a, b in Disguises(known).spans(data)]
    assert spans == [], spans[:3]
    assert outcome.printed.count(MASK) > len(names) // 2
