"""Requests signed with an AWS access key, as the API of Amazon API Gateway wants them.

https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

KEY_ID, SECRET, SESSION = "AKIDEXAMPLE", "s3cret/access+key-of-the-scenario", "sess1on//token=="
SCOPE = "eu-central-1/apigateway/aws4_request"
APIS = 11
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\S+?)/(\d{8})/(\S+), "
    r"SignedHeaders=(\S+), Signature=([0-9a-f]{64})"
)


def is_signed(request: Request, body: bytes) -> bool:
    """What AWS checks, from the request as it arrived."""
    matched = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if not matched:
        return False
    key_id, date, scope, names, signature = matched.groups()
    moment = request.headers["x-amz-date"]
    age = datetime.now(UTC) - datetime.strptime(moment, "%Y%m%dT%H%M%S%z")
    listed = sorted(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in request.query_params.multi_items()
    )
    whole = [
        request.method,
        quote(request.scope["raw_path"].decode(), safe="/-_.~"),
        "&".join(listed),
        *(f"{name}:{request.headers[name]}" for name in names.split(";")),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    ]
    digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (date, *SCOPE.split("/")):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{date}/{SCOPE}\n{digest}"
    return (
        abs(age.total_seconds()) < 300
        and (key_id, scope) == (KEY_ID, SCOPE)
        and {"host", "x-amz-date", "x-amz-security-token"} <= set(names.split(";"))
        and request.headers["x-amz-security-token"] == SESSION
        and hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)
    )


class Gateway:
    """REST APIs in pages, and the stages of each; the third request is turned away once."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked = 0
        self.refused = 0
        self.app.get("/restapis")(self.apis)
        self.app.get("/restapis/{name:path}/stages")(self.stages)

    async def _refusal(self, request: Request) -> JSONResponse | None:
        self.asked += 1
        if not is_signed(request, await request.body()):
            self.refused += 1
            said = f"The signature does not match; {request.headers['x-amz-security-token']}"
            return JSONResponse({"message": said}, 403)
        if self.asked == 3:
            return JSONResponse({"message": "Too Many Requests"}, 429)
        return None

    async def apis(self, request: Request, limit: int, position: str = "") -> JSONResponse:
        if refusal := await self._refusal(request):
            return refusal
        # What AWS gives as a position needs encoding.
        start = int(position.removeprefix("p:+/ ") or 0)
        items = [{"id": f"api:{n}"} for n in range(APIS)[start : start + limit]]
        more = {"position": f"p:+/ {start + limit}"} if start + limit < APIS else {}
        return JSONResponse({"item": items, **more})

    async def stages(self, request: Request, name: str) -> JSONResponse:
        if refusal := await self._refusal(request):
            return refusal
        return JSONResponse({"item": [{"stageName": "prod", "api": name}]})


@pytest.mark.contract("auth.aws.signature", "auth.aws.retry", "secrets.errors")
def test_apis_and_their_stages(harbour: Harbour) -> None:
    gateway = Gateway()
    with serve(gateway.app) as server:
        api = {"endpoint": "/restapis", "data_path": ".item", "field": ".id"}
        harbour.install(
            [
                resource("/restapis", "api", identifier='.id | sub(":"; "-")', data_path=".item"),
                resource(
                    "/restapis/{api}/stages",
                    "stage",
                    identifier='.api + "-" + .stageName | sub(":"; "-")',
                    data_path=".item",
                    path_parameters={"api": api},
                ),
            ]
        )
        settings: dict[str, object] = {
            "baseUrl": server.url,
            "authType": "aws_sigv4",
            "accessKeyId": KEY_ID,
            "secretAccessKey": SECRET,
            "sessionToken": SESSION,
            "signingRegion": "eu-central-1",
            "signingService": "apigateway",
            "paginationType": "cursor",
            "pageSize": "4",
            "paginationParam": "position",
            "cursorPath": "position",
        }
        done = harbour.sail(settings)
    assert done.code == 0, done.errors()
    assert gateway.refused == 0
    assert set(harbour.catalog("api")) == {f"api-{n}" for n in range(APIS)}
    assert set(harbour.catalog("stage")) == {f"api-{n}-prod" for n in range(APIS)}
    for secret in (SECRET, SESSION):
        assert secret not in done.log
