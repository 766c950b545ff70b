"""Models of the APIs in docs/recipes.md: each a function from a request to an answer.

They keep to what the APIs' documentation says of pages, sizes, credentials and odd cases. Each has
`COUNT` of the items that pages are made of, and `GROUPS` parents of what is nested.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

import httpx

COUNT = 230
GROUPS = ("alpha", "beta", "gamma")

type Item = dict[str, Any]
type Model = Callable[[httpx.Request], httpx.Response]

NOTHING_THERE = httpx.Response(404, json={"message": "Not Found"})


@dataclass(frozen=True)
class Dialect:
    """An API as a recipe meets it.

    `models` by host; `is_known` tells whether a request carries the right credentials, but for
    those to the paths in `logins`; `refusal` is how it says "not now"; `counts` are the items of
    each resource, in their order; `main` is a path that may be broken, after `whole` answers.
    """

    models: Mapping[str, Model]
    is_known: Callable[[httpx.Request], bool]
    counts: Sequence[int]
    main: str
    whole: int = 1
    logins: frozenset[str] = frozenset()
    refusal: httpx.Response = field(
        default_factory=lambda: httpx.Response(429, json={"message": "Too many requests"})
    )


def answer(body: Any, status: int = 200, /, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def things(count: int = COUNT, /, **more: Any) -> list[Item]:
    return [{"id": number, "name": f"n{number}", **more} for number in range(count)]


def asked(request: httpx.Request, name: str, default: int) -> int:
    return int(request.url.params.get(name, default))


def named(count: int = COUNT, **more: Any) -> list[Item]:
    """The same with ids that are texts."""
    return [{**each, "id": f"i{each['id']}"} for each in things(count, **more)]


def cut(items: Sequence[Item], start: int, size: int) -> tuple[list[Item], bool]:
    """The page that begins there, and whether there are more."""
    return list(items[start : start + size]), start + size < len(items)


def basic(user: str, password: str) -> Callable[[httpx.Request], bool]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return carries("authorization", f"Basic {pair}")


def carries(name: str, value: str) -> Callable[[httpx.Request], bool]:
    return lambda request: request.headers.get(name) == value


def linked(request: httpx.Request, items: Sequence[Item], size: str, **mark: str) -> httpx.Response:
    """A page with a Link header, as GitHub, GitLab and Okta give it: by a mark that is opaque."""
    (param, prefix), *_ = mark.items() or [("page", "")]
    text = request.url.params.get(param, f"{prefix}0").removeprefix(prefix)
    found, has_more = cut(items, int(text), asked(request, size, 20))
    own = request.url.copy_set_param(param, f"{prefix}{int(text) + len(found)}")
    links = [f'<{request.url}>; rel="self"', *([f'<{own}>; rel="next"'] if has_more else [])]
    return answer(found, link=", ".join(links))


# --- Each API


def github(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if request.headers.get("x-github-api-version") != "2022-11-28":
        return answer({"message": "bad version"}, 400)
    # Links lead to the number of an organisation.
    if path in ("/orgs/acme/repos", "/organizations/7/repos"):
        repos = [
            {**each, "full_name": f"acme/{each['name']}", "archived": each["id"] >= len(GROUPS)}
            for each in things()
        ]
        moved = httpx.Request("GET", request.url.copy_with(path="/organizations/7/repos"))
        return linked(moved, repos, "per_page", page="p")
    if match := re.fullmatch(r"/repos/acme/n(\d+)/pulls", path):
        return answer([{"id": 10 * int(match[1]) + n, "title": f"t{n}"} for n in range(4)])
    return NOTHING_THERE


def gitlab(request: httpx.Request) -> httpx.Response:
    path = request.url.raw_path.decode().partition("?")[0]
    match path.removeprefix("/api/v4"):
        case "/projects":
            if request.url.params.get("pagination") != "keyset":
                return answer({"error": "Offset pagination has a maximum"}, 405)
            return linked(request, things(path_with_namespace="acme"), "per_page", id_after="")
        case "/groups":
            return answer([{"id": n, "full_path": f"acme/{name}"} for n, name in enumerate(GROUPS)])
    if match := re.fullmatch(r"/api/v4/groups/acme%2F(\w+)/members/all", path):
        return answer([{"id": n, "username": f"u{n}", "name": match[1]} for n in range(4)])
    return NOTHING_THERE


def jira(request: httpx.Request) -> httpx.Response:
    params = request.url.params
    if request.url.path == "/rest/api/3/search/jql":
        if "fields" not in params or "jql" not in params:
            return answer({"errorMessages": ["unbounded"]}, 400)
        start = int(params.get("nextPageToken", "t0")[1:])
        found, has_more = cut(things(), start, min(asked(request, "maxResults", 50), 100))
        issues = [{"key": f"CAT-{each['id']}", "fields": {"summary": "s"}} for each in found]
        token = {"nextPageToken": f"t{start + len(found)}"} if has_more else {}
        return answer({"issues": issues, "isLast": not has_more, **token})
    if request.url.path == "/rest/api/3/project/search":
        start, size = asked(request, "startAt", 0), asked(request, "maxResults", 50)
        found, has_more = cut(things(), start, size)
        values = [{"key": f"P{each['id']}", "name": each["name"]} for each in found]
        place = {"startAt": start, "maxResults": size, "total": COUNT, "isLast": not has_more}
        return answer({"self": str(request.url), **place, "values": values})
    return NOTHING_THERE


def confluence(request: httpx.Request) -> httpx.Response:
    size = min(asked(request, "limit", 25), 100)
    own = {"base": "https://acme.atlassian.net/wiki"}
    match request.url.path:
        case "/wiki/rest/api/content":
            start = asked(request, "start", 0)
            found, has_more = cut(things(title="t"), start, size)
            link = {"next": f"/rest/api/content?start={start + size}"} if has_more else {}
            place = {"start": start, "limit": size, "size": len(found)}
            results = [{**each, "id": str(each["id"])} for each in found]
            return answer({"results": results, **place, "_links": {**own, **link}})
        case "/wiki/api/v2/pages":
            start = int(request.url.params.get("cursor", "c0==")[1:-2])
            found, has_more = cut(things(title="t"), start, size)
            cursor = quote(f"c{start + len(found)}==")
            link = {"next": f"/wiki/api/v2/pages?limit={size}&cursor={cursor}"} if has_more else {}
            results = [{**each, "id": str(each["id"])} for each in found]
            return answer({"results": results, "_links": {**own, **link}})
    return NOTHING_THERE


def azure_devops(request: httpx.Request) -> httpx.Response:
    if "api-version" not in request.url.params:
        return answer({"message": "no api-version"}, 400)
    if request.url.path == "/acme/_apis/projects":
        start = asked(request, "continuationToken", 0)
        found, has_more = cut(things(), start, asked(request, "$top", 100))
        following = {"x_ms_continuationtoken": str(start + len(found))} if has_more else {}
        value = [{**each, "id": f"p{each['id']}"} for each in found]
        return answer({"count": len(found), "value": value}, **following)
    if match := re.fullmatch(r"/acme/p(\d+)/_apis/git/repositories", request.url.path):
        return answer({"count": 1, "value": [{"id": f"r{match[1]}", "name": "main"}]})
    return NOTHING_THERE


def entra(request: httpx.Request) -> httpx.Response:
    match request.url.path:
        case "/v1.0/users":
            return _odata(request, things(displayName="d"), "$top")
        case "/v1.0/groups":
            return _odata(request, [{"id": name} for name in GROUPS], "$top")
    if re.fullmatch(r"/v1.0/groups/(alpha|beta|gamma)/members", request.url.path):
        return _odata(request, things(4, displayName="d"), "$top")
    return NOTHING_THERE


def _odata(request: httpx.Request, items: Sequence[Item], size: str) -> httpx.Response:
    start = asked(request, "$skiptoken", 0)
    found, has_more = cut(items, start, asked(request, size, 100))
    link = str(request.url.copy_set_param("$skiptoken", start + len(found)))
    context = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users"}
    value = [{**each, "id": str(each["id"])} for each in found]
    return answer({**context, **({"@odata.nextLink": link} if has_more else {}), "value": value})


def entra_login(request: httpx.Request) -> httpx.Response:
    form = parse_qs(request.content.decode())
    given = (form["client_id"], form["client_secret"], form["scope"])
    right = (["8d0c-catalog"], ["cs_5d0f7a"], ["https://graph.microsoft.com/.default"])
    if given != right:
        return answer({"error": "invalid_client"}, 401)
    return answer({"access_token": "entra-t0ken", "token_type": "Bearer", "expires_in": 3599})


def okta(request: httpx.Request) -> httpx.Response:
    match request.url.path:
        case "/api/v1/users":
            return linked(request, named(COUNT, profile={"login": "l"}), "limit", after="o")
        case "/api/v1/groups":
            return linked(request, [{"id": name} for name in GROUPS], "limit", after="o")
    if re.fullmatch(r"/api/v1/groups/(alpha|beta|gamma)/users", request.url.path):
        return linked(request, named(4, profile={"login": "l"}), "limit", after="o")
    return NOTHING_THERE


def pagerduty(request: httpx.Request) -> httpx.Response:
    start, size = asked(request, "offset", 0), asked(request, "limit", 25)
    if size > 100 or start + size > 10_000:
        return answer({"error": {"message": "Invalid Input Provided"}}, 400)
    found, has_more = cut(named(), start, size)
    place = {"limit": size, "offset": start, "total": None, "more": has_more}
    return answer({"services": found, **place})


def datadog(request: httpx.Request) -> httpx.Response:
    match request.url.path:
        case "/api/v1/monitor":
            size = asked(request, "page_size", 100)
            return answer(cut(things(), size * asked(request, "page", 0), size)[0])
        case "/api/v2/users":
            size = asked(request, "page[size]", 10)
            users = [{"id": f"u{n}", "attributes": {"handle": f"h{n}"}} for n in range(COUNT)]
            found = cut(users, size * asked(request, "page[number]", 0), size)[0]
            page = {"total_count": COUNT, "total_filtered_count": COUNT}
            return answer({"data": found, "included": [], "meta": {"page": page}})
    return NOTHING_THERE


def grafana(request: httpx.Request) -> httpx.Response:
    page = asked(request, "page", 1)
    match request.url.path:
        case "/api/search":
            size = min(asked(request, "limit", 1000), 5000)
            boards = things(title="t", type=request.url.params["type"])
            found = cut(boards, size * (page - 1), size)[0]
            return answer([{**each, "uid": f"u{each['id']}"} for each in found])
        case "/api/teams/search":
            size = asked(request, "perpage", 1000)
            found = cut(things(), size * (page - 1), size)[0]
            return answer({"totalCount": COUNT, "teams": found, "page": page, "perPage": size})
    return NOTHING_THERE


def sonarqube(request: httpx.Request) -> httpx.Response:
    projects = [{"key": f"k:{n}", "name": f"n{n}"} for n in range(COUNT)]
    if request.url.path == "/api/projects/search":
        page, size = asked(request, "p", 1), asked(request, "ps", 100)
        paging = {"pageIndex": page, "pageSize": size, "total": COUNT}
        found = cut(projects, size * (page - 1), size)[0]
        return answer({"paging": paging, "components": found})
    keys = request.url.params["projectKeys"].split(",")
    if len(keys) > 100:
        return answer({"errors": [{"msg": "too many projects"}]}, 400)
    metrics = request.url.params["metricKeys"].split(",")
    measures = [
        {"component": key, "metric": name, "value": "1"} for key in keys for name in metrics
    ]
    return answer({"measures": measures})


def artifactory(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/artifactory/api/repositories":
        return answer([{"key": name, "type": "LOCAL"} for name in GROUPS])
    if request.url.path == "/artifactory/api/search/aql" and request.method == "POST":
        if not request.headers["content-type"].startswith("text/plain"):
            return answer({"errors": [{"status": 415, "message": "no AQL"}]}, 415)
        query = re.fullmatch(
            r"items\.find\(.*\)\.include\(.*\)\.sort\(.*\)\.offset\((\d+)\)\.limit\((\d+)\)",
            request.content.decode(),
        )
        if query is None:
            return answer({"errors": [{"status": 400, "message": "no AQL"}]}, 400)
        start, size = int(query[1]), int(query[2])
        found, _ = cut(things(repo="alpha", path="org"), start, size)
        place = {"start_pos": start, "end_pos": start + len(found), "total": len(found)}
        return answer({"results": found, "range": {**place, "limit": size}})
    return NOTHING_THERE


def gerrit(request: httpx.Request) -> httpx.Response:
    start, size = asked(request, "S", 0), min(asked(request, "n", 25), 100)
    match request.url.path:
        case "/a/changes/":
            changes = [{"id": f"acme~{n}", "subject": f"s{n}"} for n in range(COUNT)]
            found, has_more = cut(changes, start, size)
            if has_more:
                found[-1] = {**found[-1], "_more_changes": True}
            return _guarded(found)
        case "/a/projects/":
            found, _ = cut(named(state="ACTIVE"), start, size)
            return _guarded({each.pop("name"): each for each in found})
    return httpx.Response(404, text="Not found\n")


def _guarded(body: Any) -> httpx.Response:
    text = f")]}}'\n{json.dumps(body)}\n"
    return httpx.Response(200, text=text, headers={"content-type": "application/json"})


def harbor(request: httpx.Request) -> httpx.Response:
    page, size = asked(request, "page", 1), asked(request, "page_size", 10)
    path = request.url.raw_path.decode().partition("?")[0].removeprefix("/api/v2.0")
    items: list[Item] = []
    if path == "/projects":
        items = [
            {"project_id": n, "name": f"p{n}", "repo_count": 2 * (n < 3)} for n in range(COUNT)
        ]
    elif match := re.fullmatch(r"/projects/(p[0-2])/repositories", path):
        items = [{"id": n, "name": f"{match[1]}/team/app{n}"} for n in range(2)]
    elif match := re.fullmatch(r"/projects/(p\d+)/repositories/(team%252Fapp\d)/artifacts", path):
        items = [{"digest": f"sha256:{match[1]}-{match[2]}-{n}"} for n in range(3)]
    else:
        return answer({"errors": [{"code": "NOT_FOUND", "message": "not found"}]}, 404)
    found, has_more = cut(items, size * (page - 1), size)
    following = str(request.url.copy_set_param("page", page + 1).raw_path, "ascii")
    link = {"link": f'<{following}>; rel="next"'} if has_more else {}
    return answer(found, x_total_count=str(len(items)), **link)


def jenkins(request: httpx.Request) -> httpx.Response:
    path, tree = request.url.raw_path.decode().partition("?")[0], request.url.params["tree"]
    if path == "/api/json" and tree.startswith("jobs["):
        jobs = [{"_class": "hudson.model.FreeStyleProject", "name": f"job {n}"} for n in range(9)]
        return answer({"_class": "hudson.model.Hudson", "jobs": jobs})
    if re.fullmatch(r"/job/job%20\d/api/json", path) and tree.endswith("{0,50}"):
        builds = [{"_class": "b", "number": n, "result": "SUCCESS"} for n in range(1, 5)]
        return answer({"_class": "hudson.model.FreeStyleProject", "builds": builds})
    return httpx.Response(404, text="<html>Not found</html>")


def argocd(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/api/v1/session":
        if json.loads(request.content) != {"username": "catalog", "password": "arg0cd"}:
            return answer({"error": "Invalid username or password", "code": 16}, 401)
        return answer({"token": "argo-t0ken"})
    if request.url.path == "/api/v1/applications":
        items = [{"metadata": {"uid": f"u{n}", "name": f"n{n}"}} for n in range(COUNT)]
        return answer({"metadata": {"resourceVersion": "7"}, "items": items})
    return NOTHING_THERE


def kubernetes(request: httpx.Request) -> httpx.Response:
    kinds = {"/apis/apps/v1/deployments": "Deployment", "/api/v1/pods": "Pod"}
    if request.url.path not in kinds:
        return answer({"kind": "Status", "status": "Failure", "code": 404}, 404)
    start = int(request.url.params.get("continue", "v0")[1:])
    items = [{"metadata": {"uid": f"u{n}", "name": f"n{n}"}} for n in range(COUNT)]
    found, has_more = cut(items, start, asked(request, "limit", COUNT))
    end = start + len(found)
    left = {"continue": f"v{end}", "remainingItemCount": COUNT - end} if has_more else {}
    metadata = {"resourceVersion": "7", **left}
    kind = f"{kinds[request.url.path]}List"
    return answer({"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": found})


def servicenow(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/oauth_token.do":
        form = parse_qs(request.content.decode())
        if (form["username"], form["password"]) != (["catalog"], ["s3rv1ce"]):
            return answer({"error": "access_denied"}, 401)
        return answer({"access_token": "snow-t0ken", "expires_in": 1799, "refresh_token": "r"})
    if request.url.path == "/api/now/table/sn_empty_table":
        error = {"message": "No Record found", "detail": "Records matching query not found"}
        return answer({"error": error, "status": "failure"}, 404)
    start, size = asked(request, "sysparm_offset", 0), asked(request, "sysparm_limit", 10_000)
    found, has_more = cut(things(), start, size)
    rows = [{"sys_id": f"{each['id']:032x}", "name": each["name"]} for each in found]
    last = request.url.copy_set_param("sysparm_offset", start + size)
    link = {"link": f'<{last}>;rel="next",<{request.url}>;rel="first"'} if has_more else {}
    return answer({"result": rows}, x_total_count=str(COUNT), **link)


def salesforce_login(request: httpx.Request) -> httpx.Response:
    form = parse_qs(request.content.decode())
    if (form["username"], form["password"]) != (["catalog@example.com"], ["s4lesTOKEN"]):
        return answer({"error": "invalid_grant"}, 400)
    own = "https://acme--prod.my.salesforce.com"
    return answer({"access_token": "00D!t0ken", "instance_url": own, "token_type": "Bearer"})


def salesforce(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path == "/services/data/v61.0/query":
        if request.url.params["q"] != "SELECT Id, Name FROM Account":
            return answer([{"errorCode": "MALFORMED_QUERY", "message": "no"}], 400)
        start = 0
    elif match := re.fullmatch(r"/services/data/v61.0/query/01g-(\d+)", path):
        start = int(match[1])
    else:
        return answer([{"errorCode": "NOT_FOUND", "message": "no"}], 404)
    found, has_more = cut(things(), start, 100)
    records = [
        {"attributes": {"type": "Account"}, "Id": f"001{each['id']}", "Name": each["name"]}
        for each in found
    ]
    following = f"/services/data/v61.0/query/01g-{start + len(found)}"
    link = {"nextRecordsUrl": following} if has_more else {}
    return answer({"totalSize": COUNT, "done": not has_more, **link, "records": records})


def sap(request: httpx.Request) -> httpx.Response:
    params = request.url.params
    if request.url.path != "/odata/v2/User" or params.get("$format") != "json":
        return httpx.Response(200, text="<feed/>", headers={"content-type": "application/atom+xml"})
    start = int(params.get("$skiptoken", "s0")[1:])
    found, has_more = cut(things(), start, min(asked(request, "customPageSize", 1000), 1000))
    results = [
        {"__metadata": {"type": "SFOData.User"}, "userId": each["name"], "displayName": "d"}
        for each in found
    ]
    link = str(request.url.copy_set_param("$skiptoken", f"s{start + len(found)}"))
    return answer({"d": {"results": results, **({"__next": link} if has_more else {})}})


_ATLASSIAN = basic("catalog@example.com", "ATATT3xFf")
_IN_A_MOMENT = answer({"message": "You have exceeded a limit"}, 403, retry_after="0.001")

DIALECTS: dict[str, Dialect] = {
    "GitHub": Dialect(
        {"api.github.com": github},
        carries("authorization", "Bearer github_pat_11AB"),
        (COUNT, 4 * len(GROUPS)),
        "/organizations/7/repos",
        whole=0,
        refusal=_IN_A_MOMENT,
    ),
    "GitLab": Dialect(
        {"gitlab.com": gitlab},
        carries("private-token", "glpat-4f9a1c"),
        (COUNT, 4 * len(GROUPS)),
        "/api/v4/projects",
    ),
    "Jira Cloud": Dialect(
        {"acme.atlassian.net": jira}, _ATLASSIAN, (COUNT, COUNT), "/rest/api/3/search/jql"
    ),
    "Confluence, version 1": Dialect(
        {"acme.atlassian.net": confluence}, _ATLASSIAN, (COUNT,), "/wiki/rest/api/content"
    ),
    "Confluence, version 2": Dialect(
        {"acme.atlassian.net": confluence}, _ATLASSIAN, (COUNT,), "/wiki/api/v2/pages"
    ),
    "Azure DevOps": Dialect(
        {"dev.azure.com": azure_devops},
        basic("pat", "k7x2m4q9"),
        (COUNT, COUNT),
        "/acme/_apis/projects",
    ),
    "Entra": Dialect(
        {"graph.microsoft.com": entra, "login.microsoftonline.com": entra_login},
        carries("authorization", "Bearer entra-t0ken"),
        (COUNT, 4 * len(GROUPS)),
        "/v1.0/users",
        logins=frozenset({"/acme.onmicrosoft.com/oauth2/v2.0/token"}),
    ),
    "Okta": Dialect(
        {"acme.okta.com": okta},
        carries("authorization", "SSWS 00Ab_token"),
        (COUNT, 4 * len(GROUPS)),
        "/api/v1/users",
        refusal=answer({"errorCode": "E0000047"}, 429, x_rate_limit_remaining="0"),
    ),
    "PagerDuty": Dialect(
        {"api.pagerduty.com": pagerduty},
        carries("authorization", "Token token=y_NbAkKc66"),
        (COUNT,),
        "/services",
    ),
    "Datadog": Dialect(
        {"api.datadoghq.eu": datadog},
        lambda request: (
            carries("dd-api-key", "dd_api_4f9a")(request)
            and carries("dd-application-key", "dd_app_81b2")(request)
        ),
        (COUNT, COUNT),
        "/api/v1/monitor",
    ),
    "Grafana": Dialect(
        {"grafana.example.com": grafana},
        carries("authorization", "Bearer glsa_7h2k"),
        (COUNT, COUNT),
        "/api/search",
    ),
    "SonarQube": Dialect(
        {"sonarqube.example.com": sonarqube},
        basic("squ_9d3e", ""),
        (COUNT, 2 * COUNT),
        "/api/projects/search",
    ),
    "Artifactory": Dialect(
        {"acme.jfrog.io": artifactory},
        carries("authorization", "Bearer cmVmdGtu"),
        (len(GROUPS), COUNT),
        "/artifactory/api/search/aql",
    ),
    "Gerrit": Dialect(
        {"gerrit.example.com": gerrit},
        basic("catalog", "g3rrit-http-pw"),
        (COUNT, COUNT),
        "/a/changes/",
    ),
    "Harbor": Dialect(
        {"harbor.example.com": harbor},
        basic("robot$catalog", "h4rb0r"),
        (COUNT, 18),
        "/api/v2.0/projects",
    ),
    "Jenkins": Dialect(
        {"jenkins.example.com": jenkins},
        basic("catalog", "11d3f0a2"),
        (9, 36),
        "/job/job 1/api/json",
        whole=0,
    ),
    "Argo CD": Dialect(
        {"argocd.example.com": argocd},
        carries("authorization", "Bearer argo-t0ken"),
        (COUNT,),
        "/api/v1/applications",
        whole=0,
        logins=frozenset({"/api/v1/session"}),
    ),
    "Kubernetes": Dialect(
        {"kubernetes.default.svc": kubernetes},
        carries("authorization", "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.e30.sig"),
        (COUNT, COUNT),
        "/api/v1/pods",
    ),
    "ServiceNow": Dialect(
        {"acme.service-now.com": servicenow},
        carries("authorization", "Bearer snow-t0ken"),
        (COUNT, 0),
        "/api/now/table/cmdb_ci_service",
        logins=frozenset({"/oauth_token.do"}),
    ),
    "Salesforce": Dialect(
        {
            "login.salesforce.com": salesforce_login,
            "acme--prod.my.salesforce.com": salesforce,
        },
        carries("authorization", "Bearer 00D!t0ken"),
        (COUNT,),
        "/services/data/v61.0/query/01g-100",
        whole=0,
        logins=frozenset({"/services/oauth2/token"}),
    ),
    "SAP": Dialect(
        {"api4.successfactors.com": sap},
        basic("catalog@acme", "s4p-pw"),
        (COUNT,),
        "/odata/v2/User",
    ),
}
