"""Fifteen small APIs in one application, each below a path of its own, with a quirk of real ones.

With `broken`, six of them break: what they do then is said in tasks.py, beside this file.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl
from urllib.request import parse_http_list, parse_keqv_list
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Body, FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response

type Item = dict[str, Any]

ORGS: list[Item] = [
    {"name": "acme", "tier": "gold", "repos": [("web", "blue"), ("api", "red"), ("docs", "blue")]},
    {"name": "globex", "tier": "free", "repos": [("web", "green")]},
    {"name": "initech", "tier": "gold", "repos": []},
]
VANISHED = ("acme", "api")
PROJECTS = [f"project-{number}" for number in range(23)]
CUSTOMERS = [{"id": f"cus_{number:03}", "name": f"Customer {number}"} for number in range(25)]
MEMBERS = [{"id": f"m{number}", "name": f"Member {number}"} for number in range(7)]
USERS = [{"id": f"u{number}", "note": f'says "{number}",\nand no more'} for number in range(30)]
EVENTS = [{"id": number, "kind": "deploy"} for number in range(130)]
SERVICES = [{"id": f"s{number}", "name": f"A & B {number}"} for number in range(5)]
RECORDS = [{"id": number, "text": "x" * 50} for number in range(500)]
THINGS = [{"id": f"t{number}"} for number in range(12)]
TEAMS = ["red", "green", "blue", "black", "white"]
FORBIDDEN = "blue"
ACCOUNTS = [{"id": f"a{number}", "name": f"Account {number}"} for number in range(10)]
READINGS = [{"id": f"r{number}", "value": number} for number in range(14)]
FILES = [{"id": f"id:{number}", "name": f"file-{number}.txt"} for number in range(11)]
PATIENTS = [{"id": f"p{number}", "gender": "unknown"} for number in range(9)]
CLUSTERS = [{"id": f"c{number}"} for number in range(13)]
MOST_PER_EVENTS_PAGE = 40
_MOST_KEYS = 10
_QUOTA = 5
_REQUESTS_OF_A_TOKEN = 2
_REQUESTS_OF_A_NONCE = 3
_CLIENT = ("catalog", "s3cr3t")
_REALM = "clusters"


def pulls_of(org: str, repo: str) -> list[Item]:
    return [{"id": f"{org}/{repo}#{number}"} for number in range(5)]


def members_of(team: str) -> list[Item]:
    return [{"id": f"{team}-{number}"} for number in range(3)]


def application(*, broken: bool = False) -> FastAPI:
    """Return a fresh application, whose jobs, tokens and quotas start anew."""
    app = FastAPI()
    for api in (_Chain, _Batches, _Keyset, _Capped, _Xml, _OAuth, _Keystone, _Scan, _Digest):
        app.include_router(api().router)
    for fragile in (_GraphQL, _Export, _Lines, _Parents, _Folder, _Bundles):
        app.include_router(fragile(broken).router)
    return app


def _page(items: list[Any], page: int, size: int) -> Item:
    return {
        "items": items[(page - 1) * size : page * size],
        "has_more": page * size < len(items),
    }


class _Chain:
    """Organisations, their repositories, and the pull requests of these; in pages of two."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/chain")
        self.router.get("/orgs")(self.orgs)
        self.router.get("/orgs/{org}/repos")(self.repos)
        self.router.get("/orgs/{org}/{repo}/pulls")(self.pulls)

    def orgs(self, page: int = 1) -> Item:
        return _page([{"name": org["name"], "tier": org["tier"]} for org in ORGS], page, 2)

    def repos(self, org: str, page: int = 1) -> Item:
        (found,) = (each["repos"] for each in ORGS if each["name"] == org)
        return _page([{"name": name, "team": team} for name, team in found], page, 2)

    def pulls(self, org: str, repo: str, page: int = 1) -> Any:
        if (org, repo) == VANISHED:
            return JSONResponse({"message": "Not Found"}, 404)
        return _page(pulls_of(org, repo), page, 2)


class _Batches:
    """Measures of at most ten projects a request, and of five requests in all."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/batches")
        self.router.get("/projects")(self.projects)
        self.router.get("/measures")(self.measures)
        self._asked = 0

    def projects(self, page: int = 1) -> Item:
        return _page([{"key": key} for key in PROJECTS], page, 20)

    def measures(self, keys: str) -> Any:
        asked = keys.split(",")
        self._asked += 1
        if len(asked) > _MOST_KEYS:
            return JSONResponse({"message": "too many keys"}, 400)
        if self._asked > _QUOTA:
            return JSONResponse({"message": "daily quota exceeded"}, 403)
        return {"measures": [{"key": key, "coverage": 80} for key in asked]}


class _Keyset:
    """The cursor is the id of the last item."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/keyset")
        self.router.get("/customers")(self.customers)

    def customers(self, starting_after: str = "", limit: int = 10) -> Item:
        later = [customer for customer in CUSTOMERS if customer["id"] > starting_after]
        return {"data": later[:limit], "has_more": len(later) > limit}


class _GraphQL:
    """Members in pages of three; broken, the second page has an error beside its data."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/graphql")
        self.router.post("/graphql")(self.query)
        self._broken = broken

    def query(self, body: Annotated[dict[str, Any], Body()]) -> Item:
        if "members(after: $after)" not in body["query"]:
            return {"errors": [{"message": "no such query"}]}
        start = int((body.get("variables") or {}).get("after") or 0)
        end = start + 3
        following = {"hasNextPage": end < len(MEMBERS), "endCursor": str(end)}
        answer: Item = {"data": {"members": {"nodes": MEMBERS[start:end], "pageInfo": following}}}
        if self._broken and start:
            answer["data"]["members"]["nodes"] = MEMBERS[start : start + 1]
            answer["errors"] = [{"message": "a shard timed out"}]
        return answer


class _Export:
    """A job that is done when it was asked about twice; broken, it fails."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/export")
        self.router.post("/exports")(self.submit)
        self.router.get("/exports/{job}")(self.poll)
        self.router.get("/files/{job}")(self.download)
        self._end = "failed" if broken else "done"
        self._polls: dict[str, int] = {}

    def submit(self, body: Annotated[dict[str, Any], Body()]) -> Item:
        if body != {"type": "users"}:
            raise ValueError(f"no such export: {body}")
        job = f"job-{len(self._polls)}"
        self._polls[job] = 0
        return {"id": job, "state": "queued"}

    def poll(self, request: Request, job: str) -> Item:
        self._polls[job] += 1
        if self._polls[job] < 3:
            return {"id": job, "state": "running"}
        url = f"{request.base_url}export/files/{job}"
        return {"id": job, "state": self._end} | ({"url": url} if self._end == "done" else {})

    def download(self, job: str) -> Response:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(USERS[0]))
        writer.writeheader()
        writer.writerows(USERS)
        return Response(text.getvalue(), media_type="text/csv")


class _Capped:
    """Gives 40 events a page at most, whatever `limit` says, and no total."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/capped")
        self.router.get("/events")(self.events)

    def events(self, offset: int = 0, limit: int = 20) -> Item:
        return {"items": EVENTS[offset : offset + min(limit, MOST_PER_EVENTS_PAGE)]}


class _Xml:
    """Services in pages of two, ids in attributes; the last page has a single one."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/xml")
        self.router.get("/services")(self.services)

    def services(self, page: int = 1) -> Response:
        shown = _page(SERVICES, page, 2)["items"]
        elements = "".join(
            f"<c:service id={quoteattr(each['id'])}><c:name><![CDATA[{each['name']}]]></c:name>"
            "</c:service>"
            for each in shown
        )
        body = f'<c:catalog xmlns:c="urn:example:catalog">{elements}</c:catalog>'
        return Response(f'<?xml version="1.0"?>{body}', media_type="application/xml")


class _Lines:
    """One gzip file of JSON lines; broken, it is cut in the middle."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/lines")
        self.router.get("/dump")(self.dump)
        self._broken = broken

    def dump(self) -> Response:
        content = gzip.compress("".join(f"{json.dumps(each)}\n" for each in RECORDS).encode())
        if self._broken:
            content = content[: len(content) // 2]
        return Response(content, media_type="application/gzip")


class _OAuth:
    """Tokens that say they live for an hour, and are revoked after two requests."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/oauth")
        self.router.post("/token")(self.token)
        self.router.get("/things")(self.things)
        self._left: dict[str, int] = {}

    async def token(self, request: Request) -> Any:
        form = dict(parse_qsl((await request.body()).decode()))
        sent = form.get("client_id"), form.get("client_secret")
        by_header = request.headers.get("authorization") == "Basic Y2F0YWxvZzpzM2NyM3Q="
        if form["grant_type"] != "client_credentials" or not (sent == _CLIENT or by_header):
            return JSONResponse({"error": "invalid_client"}, 401)
        token = f"token-{len(self._left)}"
        self._left[token] = _REQUESTS_OF_A_TOKEN
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}

    def things(
        self, request: Request, authorization: Annotated[str, Header()] = "", start: int = 0
    ) -> Any:
        token = authorization.removeprefix("Bearer ")
        if self._left.get(token, 0) < 1:
            return JSONResponse({"message": "token revoked"}, 401)
        self._left[token] -= 1
        end = start + 2
        following = str(request.url.include_query_params(start=end)) if end < len(THINGS) else None
        return {"items": THINGS[start:end], "next": following}


class _Parents:
    """Teams and their members; broken, one team in the middle is forbidden."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/parents")
        self.router.get("/teams")(self.teams)
        self.router.get("/teams/{team}/members")(self.members)
        self._broken = broken

    def teams(self) -> Mapping[str, Any]:
        return {"items": [{"name": team} for team in TEAMS]}

    def members(self, team: str) -> Any:
        if self._broken and team == FORBIDDEN:
            return JSONResponse({"message": "Forbidden"}, 403)
        return {"items": members_of(team)}


class _Keystone:
    """Accounts, behind a login whose token is a header of its answer and good for two requests."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/keystone")
        self.router.post("/v3/auth/tokens")(self.tokens)
        self.router.get("/v3/users")(self.users)
        self._left: dict[str, int] = {}

    def tokens(self, body: Annotated[dict[str, Any], Body()]) -> JSONResponse:
        given = body["auth"]["identity"]["password"]["user"]
        if (given["name"], given["password"]) != _CLIENT:
            return JSONResponse({"error": {"code": 401, "title": "Unauthorized"}}, 401)
        token = f"gAAAAAB{len(self._left)}"
        self._left[token] = _REQUESTS_OF_A_TOKEN
        return JSONResponse(
            {"token": {"methods": ["password"]}}, 201, headers={"X-Subject-Token": token}
        )

    def users(
        self, request: Request, x_auth_token: Annotated[str, Header()] = "", start: int = 0
    ) -> Any:
        if self._left.get(x_auth_token, 0) < 1:
            return JSONResponse({"error": {"code": 401, "title": "Unauthorized"}}, 401)
        self._left[x_auth_token] -= 1
        end = start + 2
        more = str(request.url.include_query_params(start=end)) if end < len(ACCOUNTS) else None
        return {"users": ACCOUNTS[start:end], "links": {"self": str(request.url), "next": more}}


class _Scan:
    """Readings in pages of four; the second page has none, and a key for the third all the same."""

    _STARTS = (0, 4, 4, 8, 12)

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/scan")
        self.router.post("/query")(self.query)

    def query(self, body: Annotated[dict[str, Any], Body()]) -> Any:
        pages = [self._key(page) for page in range(1, len(self._STARTS))]
        key = body.get("ExclusiveStartKey")
        if body.get("TableName") != "readings" or key not in (None, *pages):
            return JSONResponse({"__type": "ValidationException", "message": "invalid"}, 400)
        page = pages.index(key) + 1 if key else 0
        start, *later = [*self._STARTS[page:], len(READINGS)]
        following = {"LastEvaluatedKey": self._key(page + 1)} if len(later) > 1 else {}
        return {"Items": READINGS[start : later[0]], **following}

    def _key(self, page: int) -> Item:
        return {"device": {"S": "d1"}, "at": {"N": f"{page}"}}


class _Folder:
    """A folder whose first page has one endpoint, and all others another; broken, a cursor ends."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/folder")
        self.router.post("/2/files/list_folder")(self.first)
        self.router.post("/2/files/list_folder/continue")(self.later)
        self._broken = broken

    def first(self, body: Annotated[dict[str, Any], Body()]) -> Any:
        if body != {"path": "/docs"}:
            return JSONResponse({"error_summary": "malformed request"}, 400)
        return self._page(0)

    def later(self, body: Annotated[dict[str, Any], Body()]) -> Any:
        if set(body) != {"cursor"}:
            return JSONResponse({"error_summary": "malformed request"}, 400)
        start = int(body["cursor"].removeprefix("AAE"))
        if self._broken and start:
            return JSONResponse({"error_summary": "reset/", "error": {".tag": "reset"}}, 409)
        return self._page(start)

    def _page(self, start: int) -> Item:
        end = start + 3
        return {"entries": FILES[start:end], "cursor": f"AAE{end}", "has_more": end < len(FILES)}


class _Bundles:
    """Patients, with the next address in a list; broken, the second page is an OperationOutcome."""

    def __init__(self, broken: bool) -> None:
        self.router = APIRouter(prefix="/bundles")
        self.router.get("/Patient")(self.patients)
        self._broken = broken

    def patients(self, request: Request, start: int = 0) -> Item:
        if self._broken and start:
            issue = {"severity": "error", "code": "timeout", "diagnostics": "a shard timed out"}
            return {"resourceType": "OperationOutcome", "issue": [issue]}
        end = start + 4
        links = [{"relation": "self", "url": str(request.url)}]
        if end < len(PATIENTS):
            following = str(request.url.include_query_params(start=end))
            links.append({"relation": "next", "url": following})
        found = [{"resource": patient} for patient in PATIENTS[start:end]]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": found}


class _Digest:
    """Clusters in pages of two, for who answers a challenge; a nonce is good for three requests."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/digest")
        self.router.get("/clusters")(self.clusters)
        self._counts: dict[str, int] = {}

    def clusters(
        self, request: Request, authorization: Annotated[str, Header()] = "", page: int = 1
    ) -> Any:
        given = parse_keqv_list(parse_http_list(authorization.removeprefix("Digest ")))
        nonce = given.get("nonce", "")
        if nonce not in self._counts or not self._is_right(request, given):
            return self._challenge(stale=False)
        count = int(given["nc"], 16)
        if not self._counts[nonce] < count <= _REQUESTS_OF_A_NONCE:
            return self._challenge(stale=True)
        self._counts[nonce] = count
        return _page(CLUSTERS, page, 2)

    def _is_right(self, request: Request, given: Mapping[str, str]) -> bool:
        query = request.url.query
        target = f"{request.url.path}?{query}" if query else request.url.path
        user, password = _CLIENT
        who = _md5(f"{user}:{_REALM}:{password}")
        what = _md5(f"{request.method}:{target}")
        parts = [given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
        return given.get("response") == _md5(":".join([who, *parts, what]))

    def _challenge(self, *, stale: bool) -> JSONResponse:
        nonce = f"nonce-{len(self._counts)}"
        self._counts[nonce] = 0
        asked = f'Digest realm="{_REALM}", nonce="{nonce}", qop="auth", algorithm=MD5'
        headers = {"WWW-Authenticate": f"{asked}, stale=true" if stale else asked}
        return JSONResponse({"error": 401, "reason": "Unauthorized"}, 401, headers)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
