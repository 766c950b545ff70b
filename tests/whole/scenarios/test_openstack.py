"""Servers of OpenStack: Keystone gives a token in a header, and the address of Nova in its catalog.

https://docs.openstack.org/api-ref/identity/v3/, https://docs.openstack.org/api-ref/compute/
"""

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PASSWORD = "p4ss-of-the-service-user"
SERVERS = [f"s{number:02}" for number in range(12)]
SIZE = 5


class Keystone:
    """Signs in, and tells where Nova is, in each of two regions."""

    def __init__(self, nova: str) -> None:
        self.app = FastAPI()
        self.issued: list[str] = []
        self._nova = nova
        self.app.post("/v3/auth/tokens")(self.tokens)

    async def tokens(self, request: Request) -> JSONResponse:
        given = (await request.json())["auth"]["identity"]["password"]["user"]
        if given["password"] != PASSWORD:
            return JSONResponse({"error": {"code": 401, "title": "Unauthorized"}}, 401)
        self.issued.append(f"gAAAAA-t0ken-{len(self.issued)}")
        endpoints = [
            {"interface": "public", "region": "away", "url": "https://evil.test"},
            {"interface": "public", "region": "here", "url": f"{self._nova}/v2.1"},
        ]
        catalog = [{"type": "image", "endpoints": []}, {"type": "compute", "endpoints": endpoints}]
        body = {"token": {"methods": ["password"], "catalog": catalog}}
        return JSONResponse(body, 201, {"X-Subject-Token": self.issued[-1]})


class Nova:
    """Lists servers behind a marker; a token ends after four requests."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.keystone: Keystone | None = None
        self.taken: dict[str, int] = {}
        self.app.get("/v2.1/servers/detail")(self.servers)

    def servers(self, request: Request, limit: int, marker: str = "") -> JSONResponse:
        token = request.headers.get("x-auth-token", "")
        self.taken[token] = self.taken.get(token, 0) + 1
        if not self.keystone or token not in self.keystone.issued[-1:] or self.taken[token] > 2:
            return JSONResponse({"error": {"code": 401}}, 401)
        later = [each for each in SERVERS if each > marker]
        found = [{"id": each, "name": f"vm-{each}"} for each in later[:limit]]
        return JSONResponse({"servers": found})


@pytest.mark.contract(
    "auth.steps.answers", "auth.template.base-url", "auth.steps.renewal", "secrets.log-settings"
)
def test_servers_of_one_region(harbour: Harbour) -> None:
    nova = Nova()
    address = (
        '{{.body.token.catalog[] | select(.type == "compute").endpoints[] '
        '| select(.region == "here").url}}'
    )
    servers = resource(
        "/servers/detail",
        "server",
        version="null",
        data_path=".servers",
        pagination={
            "type": "cursor",
            "param": "marker",
            "cursor_item": ".id",
            "size_param": "limit",
            "page_size": SIZE,
        },
    )
    harbour.install([servers])
    with serve(nova.app) as compute:
        nova.keystone = keystone = Keystone(compute.url)
        with serve(keystone.app) as identity:
            user = {"name": "port", "domain": {"id": "default"}, "password": PASSWORD}
            auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
            step = {"endpoint": "/v3/auth/tokens", "body": {"auth": auth}}
            outcome = harbour.sail(
                {
                    "baseUrl": identity.url,
                    "authType": "custom",
                    "customAuthRequest": {"steps": [step]},
                    "customAuthRequestTemplate": {
                        "headers": {"X-Auth-Token": '{{.headers["x-subject-token"]}}'},
                        "baseUrl": address,
                        "baseUrlHosts": ["127.0.0.1"],
                    },
                }
            )
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("server")) == set(SERVERS)
    assert len(keystone.issued) == 2
    for secret in (PASSWORD, *keystone.issued):
        assert secret not in outcome.log
