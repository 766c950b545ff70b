"""Response shapes written after real servers, with what a person would pick of each.

Names and values are invented. What is not said of a pick is not looked at.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_api import Received, Reply

# What makes an identifier of a text that has signs which Port does not take.
ESCAPED = r'gsub("(?<c>[^A-Za-z0-9@_.+:\\\\/-])"; .c | @uri | gsub("%"; "=") | gsub("~"; "=7E"))'
WITHOUT_SLASH = r'.vhost | gsub("="; "=3D") | gsub("/"; "=2F")'

type Answer = Reply | Callable[[Received], Reply]
type Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Pick:
    """What a person would write for one endpoint.

    `relations` are names with the blueprints that they lead to, `absent` properties that must not
    be there, such as secrets and gauges; `types` are those of some properties.
    """

    data_path: str = "."
    identifier: str = ".id | tostring"
    title: str = ""
    way: str = "none"
    blueprint: str = ""
    relations: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    selector: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A server: its answers by path, and the picks for the endpoints that are asked for."""

    name: str
    answers: Mapping[str, Answer]
    picks: Mapping[str, Pick]

    def answer(self, request: Received) -> Reply:
        found = self.answers.get(request.path)
        if found is None:
            return Reply(404, {"error": "not found"})
        return found if isinstance(found, Reply) else found(request)


def ok(body: Any, **headers: str) -> Reply:
    return Reply(200, body, {name.replace("_", "-"): text for name, text in headers.items()})


def many(count: int, /, **made: Callable[[int], Any]) -> Items:
    return [{name: make(n) for name, make in made.items()} for n in range(count)]


def text(form: str) -> Callable[[int], str]:
    return lambda n: form.format(n)


def constant(value: Any) -> Callable[[int], Any]:
    return lambda n: value


WHEN = "2026-03-1{}T08:30:00Z"
ORGS = many(3, id=lambda n: n + 1, login=text("org{}"))
VHOSTS = [{"name": "/", "tracing": False}, {"name": "billing", "tracing": False}]
QUEUES = [
    {"name": name, "vhost": vhost, "durable": True, "messages_ready": n}
    for vhost in ("/", "billing")
    for n, name in enumerate(("in", "out", "dead letters"))
]
BINDINGS = many(3, source=text("s{}"), destination=text("d{}"), properties_key=text("k{}"))
BUILDERS = [{"builderid": n, "name": f"builder {n}"} for n in (1, 2, 3)]
BUILDS = many(
    4,
    buildid=lambda n: n + 10,
    builderid=lambda n: n % 3 + 1,
    number=lambda n: n,
    state_string=constant("ok"),
)
FLOWS = many(4, id=text("f-{}"), name=text("flow{}"), created=text(WHEN), updated=text(WHEN))


def drf(items: Items) -> Callable[[Received], Reply]:
    """Django REST framework with offsets, whose addresses end in a slash."""

    def answer(request: Received) -> Reply:
        start, size = int(request.query.get("offset", 0)), int(request.query.get("limit", 5))
        more = start + size < len(items)
        address = f"http://{request.headers['host']}{request.path}"
        following = f"{address}?limit={size}&offset={start + size}" if more else None
        page = items[start : start + size]
        return ok({"count": len(items), "next": following, "previous": None, "results": page})

    return answer


def browser(request: Received) -> Reply:
    """A server that shows a page to whoever does not ask for JSON."""
    if "application/json" not in request.headers.get("accept", ""):
        return Reply(
            200, b"<!DOCTYPE html><html><body>hi</body></html>", {"content-type": "text/html"}
        )
    return ok(many(3, id=lambda n: n, name=text("job{}")))


def gauges(request: Received) -> Reply:
    """Nodes whose load is another one each time."""
    gauges.calls += 1  # type: ignore[attr-defined]  # counts
    load = gauges.calls  # type: ignore[attr-defined]  # counts
    nodes = many(3, id=text("n{}"), name=text("node{}"), jiffies=lambda n: load * 10 + n)
    return ok([{**node, "uptime": 7} for node in nodes])


gauges.calls = 0  # type: ignore[attr-defined]  # counts

LINES = "\n".join(json.dumps(one) for one in many(4, id=lambda n: n, name=text("line{}")))
S3 = """<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{}
</ListBucketResult>""".format(
    "".join(
        f"<Contents><Key>a/{n}.txt</Key><LastModified>{WHEN.format(n)}</LastModified>"
        f"<ETag>e{n}</ETag><Size>{n}</Size></Contents>"
        for n in range(1, 4)
    )
)

CASES = [
    Case(
        "asana: gid although names are unique",
        {
            "/tasks": ok(
                {
                    "data": many(
                        5, gid=text("12{}"), name=text("Task {}"), resource_type=constant("task")
                    )
                }
            )
        },
        {"/tasks": Pick(".data", ".gid", ".name")},
    ),
    Case(
        "okta: users",
        {
            "/api/v1/users": ok(
                [
                    {
                        "id": f"00u{n}",
                        "status": "ACTIVE",
                        "created": WHEN.format(n),
                        "profile": {"login": f"u{n}@x.test", "displayName": f"User {n}"},
                    }
                    for n in range(4)
                ]
            )
        },
        {"/users": Pick(".", ".id", ".profile.displayName")},
    ),
    Case(
        "okta: keys",
        {"/keys": ok(many(3, alg=text("RS25{}"), kid=text("k{}"), created=text(WHEN)))},
        {"/keys": Pick(".", ".kid")},
    ),
    Case(
        "scim: users",
        {
            "/scim/Users": ok(
                {
                    "totalResults": 3,
                    "Resources": many(
                        3, id=text("u{}"), userName=text("ann{}"), active=constant(True)
                    ),
                }
            )
        },
        {"/scim/Users": Pick(".Resources", ".id", ".userName", blueprint="user")},
    ),
    Case(
        "rabbitmq: queues are named within a vhost",
        {"/api/vhosts": ok(VHOSTS), "/api/queues": ok(QUEUES)},
        {
            "/vhosts": Pick(".", ".name", blueprint="vhost"),
            "/queues": Pick(
                ".",
                # The virtual host `/` holds the sign that joins.
                f'(({WITHOUT_SLASH}) + "/" + (.name)) | {ESCAPED}',
                relations={"vhost": "vhost"},
                absent=("messagesReady",),
            ),
        },
    ),
    Case(
        "rabbitmq: a placeholder joins the list of its name",
        {
            "/api/vhosts": ok(many(2, name=text("v{}"))),
            "/api/bindings/v0": ok(BINDINGS),
            "/api/bindings/v1": ok(BINDINGS),
            "/api/bindings": ok(many(6, source=text("s{}"), vhost=constant("v0"))),
        },
        {
            "/vhosts": Pick(".", ".name"),
            "/bindings/{vhost}": Pick(
                ".", '.__vhost + "/" + (.properties_key)', relations={"vhost": "vhost"}
            ),
        },
    ),
    Case(
        "prometheus: targets",
        {
            "/api/v1/targets": ok(
                {
                    "status": "success",
                    "data": {
                        "activeTargets": many(
                            4,
                            scrapeUrl=text("http://t{}/metrics"),
                            health=constant("up"),
                            lastScrape=text(WHEN),
                            scrapePool=text("p{}"),
                        ),
                        "droppedTargets": [],
                    },
                }
            )
        },
        {
            "/targets": Pick(
                ".data.activeTargets",
                absent=("lastScrape",),
                types={"health": "string"},
                identifier=".scrapeUrl",
            )
        },
    ),
    Case(
        "prometheus: the values of a label",
        {
            "/api/v1/labels": ok({"status": "success", "data": ["job", "zone"]}),
            "/api/v1/label/job/values": ok({"status": "success", "data": ["a", "b"]}),
            "/api/v1/label/zone/values": ok({"status": "success", "data": ["x", "a"]}),
        },
        {"/label/{label}/values": Pick(".data | map({value: .})", '.__label + "/" + (.value)')},
    ),
    Case(
        "alertmanager: alerts",
        {
            "/api/v2/alerts": ok(
                [
                    {
                        "fingerprint": f"f{n}",
                        "startsAt": WHEN.format(n),
                        "status": {"state": "active"},
                        "labels": {"alertname": f"A{n}"},
                    }
                    for n in range(3)
                ]
            )
        },
        {"/alerts": Pick(".", ".fingerprint")},
    ),
    Case(
        "powerdns: zones",
        {
            "/api/v1/servers/localhost/zones": ok(
                many(
                    3,
                    id=text("z{}.test."),
                    name=text("z{}.test."),
                    kind=constant("Native"),
                    serial=lambda n: 2026 + n,
                )
            )
        },
        {"/servers/localhost/zones": Pick(".", ".id", ".name", blueprint="zone")},
    ),
    Case(
        "influxdb: buckets",
        {
            "/api/v2/buckets": ok(
                {
                    "links": {"self": "/api/v2/buckets"},
                    "buckets": many(
                        3,
                        id=text("b{}"),
                        orgID=constant("o1"),
                        name=text("bucket{}"),
                        createdAt=text(WHEN),
                    ),
                }
            )
        },
        {"/buckets": Pick(".buckets", ".id", ".name")},
    ),
    Case(
        "etcd: members",
        {
            "/v3/members": ok(
                {
                    "header": {"cluster_id": "1", "member_id": "2"},
                    "members": many(
                        3,
                        ID=text("11{}"),
                        name=text("m{}"),
                        peerURLs=lambda n: [f"http://m{n}:2380"],
                    ),
                }
            )
        },
        {"/members": Pick(".members", ".ID", ".name")},
    ),
    Case(
        "s3: objects of a bucket at the root",
        {"/": Reply(200, S3.encode(), {"content-type": "application/xml"})},
        {"/": Pick(".ListBucketResult.Contents", ".Key", absent=("lastmodifiedat",))},
    ),
    Case(
        "dynamodb: bare names",
        {"/tables": ok({"TableNames": ["a", "b", "c"]})},
        {"/tables": Pick(".TableNames | map({value: .})", ".value", blueprint="table")},
    ),
    Case(
        "prefect: flows",
        {"/api/flows": ok(FLOWS)},
        {"/flows": Pick(".", ".id", ".name", blueprint="flow")},
    ),
    Case(
        "mlflow: a search is no blueprint",
        {
            "/api/2.0/mlflow/registered-models/search": ok(
                {
                    "registered_models": many(
                        3, name=text("model {}"), creation_timestamp=lambda n: 17000 + n
                    )
                }
            )
        },
        {
            "/mlflow/registered-models/search": Pick(
                ".registered_models",
                f".name | {ESCAPED}",
                ".name",
                blueprint="registeredModel",
            )
        },
    ),
    Case(
        "buildbot: a builder is pointed to by its own number",
        {
            "/api/v2/builders": ok({"builders": BUILDERS, "meta": {"total": 3}}),
            "/api/v2/builds": ok({"builds": BUILDS, "meta": {"total": 4}}),
        },
        {
            "/builders": Pick(".builders", ".builderid | tostring", ".name"),
            "/builds": Pick(".builds", ".buildid | tostring", relations={"builder": "builder"}),
        },
    ),
    Case(
        "django: the slash at the end is asked for",
        {
            "/api/books/": drf(
                many(12, id=lambda n: n, title=text("Book {}"), author_id=lambda n: n % 3)
            ),
            "/api/authors/": drf(many(3, id=lambda n: n, name=text("A{}"))),
        },
        {
            "/books/": Pick(
                ".results", ".id | tostring", ".title", "next_link", relations={"author": "author"}
            ),
            "/authors/": Pick(".results", ".id | tostring", ".name", "next_link"),
        },
    ),
    Case(
        "django: below a list whose address ends in a slash",
        {
            "/api/0/orgs/": ok(many(2, id=lambda n: n, slug=text("o{}"), name=text("Org {}"))),
            "/api/0/orgs/o0/teams/": ok(many(2, id=lambda n: n, slug=text("t{}"))),
            "/api/0/orgs/o1/teams/": ok(many(2, id=lambda n: n + 5, slug=text("t{}"))),
        },
        {"/orgs/{org_slug}/teams/": Pick(".", ".id | tostring", ".slug", blueprint="team")},
    ),
    Case(
        "twilio: a suffix is asked for",
        {
            "/2010-04-01/Calls.json": ok(
                {
                    "calls": many(
                        3, sid=text("CA{}"), status=constant("done"), start_time=text(WHEN)
                    ),
                    "page": 0,
                }
            )
        },
        {"/Calls.json": Pick(".calls", ".sid", blueprint="call")},
    ),
    Case(
        "pagerduty: one incident is no list",
        {
            "/incidents/7": ok(
                {
                    "incident": {
                        "id": "7",
                        "summary": "Down",
                        "assignments": [
                            {"at": WHEN.format(1), "assignee": {"id": "U1"}},
                            {"at": WHEN.format(2), "assignee": {"id": "U2"}},
                        ],
                    }
                }
            )
        },
        {"/incidents/7": Pick(".incident", ".id", ".summary")},
    ),
    Case(
        "datasette: rows of arrays beside columns",
        {
            "/db/dogs.json": ok(
                {
                    "database": "db",
                    "columns": ["id", "name"],
                    "rows": [[1, "Rex"], [2, "Fido"], [3, "Bo"]],
                    "truncated": False,
                }
            )
        },
        {
            "/db/dogs.json": Pick(
                ".rows",
                ".id | tostring",
                ".name",
                blueprint="dog",
                selector={"emit": '{"id": .[0], "name": .[1]}'},
            )
        },
    ),
    Case(
        "odata: a shared service goes into baseUrl",
        {
            "/odata/v4/catalog/Books": ok(
                {
                    "@odata.context": "$metadata#Books",
                    "value": many(
                        3, ID=lambda n: 200 + n, title=text("B{}"), author_ID=lambda n: 100 + n % 2
                    ),
                }
            ),
            "/odata/v4/catalog/Authors": ok(
                {
                    "@odata.context": "$metadata#Authors",
                    "value": many(2, ID=lambda n: 100 + n, name=text("A{}")),
                }
            ),
        },
        {
            "/Books": Pick(".value", ".ID | tostring", ".title", relations={"author": "author"}),
            "/Authors": Pick(".value", ".ID | tostring", ".name"),
        },
    ),
    Case(
        "a page for browsers",
        {"/jobs": browser},
        {"/jobs": Pick(".", selector={"headers": {"Accept": "application/json"}})},
    ),
    Case(
        "lines that call themselves json",
        {"/logs": Reply(200, LINES.encode(), {"content-type": "application/json"})},
        {"/logs": Pick(".", selector={"response_format": "jsonl"})},
    ),
    Case(
        "gauges are left out",
        {"/nodes": gauges},
        {"/nodes": Pick(".", ".id", absent=("jiffies", "uptime"))},
    ),
    Case(
        "secrets are left out",
        {
            "/apps": ok(
                many(
                    3,
                    id=lambda n: n,
                    name=text("app{}"),
                    client_secret=text("s{}"),
                    webhook=text("w{}"),
                )
            )
        },
        {"/apps": Pick(absent=("clientSecret",), title=".name", types={"webhook": "string"})},
    ),
    Case(
        "github: one list gives both placeholders",
        {
            "/orgs/acme/repos": ok(
                [
                    {
                        "id": n,
                        "name": f"r{n}",
                        "full_name": f"acme/r{n}",
                        "owner": {"login": "acme", "id": 1},
                    }
                    for n in (1, 2)
                ]
            ),
            "/repos/acme/r1/issues": ok(
                many(2, id=lambda n: 10 + n, number=lambda n: n + 1, title=text("I{}"))
            ),
            "/repos/acme/r2/issues": ok(
                many(2, id=lambda n: 20 + n, number=lambda n: n + 1, title=text("I{}"))
            ),
        },
        {
            "/orgs/acme/repos": Pick(".", ".id | tostring", ".name"),
            "/repos/{owner}/{repo}/issues": Pick(
                ".",
                ".id | tostring",
                ".title",
                selector={
                    "path_parameters": {
                        "repo": {
                            "endpoint": "/orgs/acme/repos",
                            "fields": {"owner": ".owner.login", "repo": ".name"},
                        }
                    }
                },
            ),
        },
    ),
    Case(
        "a field that merely ends in a name is no relation",
        {
            "/types": ok(many(3, id=lambda n: n, name=text("type{}"))),
            "/files": ok(
                many(
                    4,
                    id=lambda n: n + 50,
                    name=text("f{}"),
                    mime_type=text("text/{}"),
                    blood_type=constant("A"),
                )
            ),
        },
        {"/files": Pick(relations={}, title=".name"), "/types": Pick()},
    ),
    Case(
        "a relation is cleaned like what it points to",
        {
            "/teams": ok(many(3, name=text("Team {}"), size=constant(1))),
            "/people": ok(
                many(4, id=lambda n: n, name=text("P{}"), team=lambda n: f"Team {n % 3}")
            ),
        },
        {
            "/teams": Pick(".", f".name | {ESCAPED}"),
            "/people": Pick(relations={"team": "team"}),
        },
    ),
    Case(
        "a time is no identifier",
        {"/readings": ok(many(4, at=text(WHEN), sensor=text("s{}"), value=lambda n: n))},
        {"/readings": Pick(".", ".sensor")},
    ),
    Case(
        "jenkins: a map of jobs",
        {
            "/jobs": ok(
                {
                    "jobs": {
                        f"job-{n}": {"color": "blue", "url": f"https://ci.test/{n}"}
                        for n in range(3)
                    }
                }
            )
        },
        {"/jobs": Pick(".jobs | to_entries | map({__key: .key} + .value)", ".__key")},
    ),
    Case(
        "json-rpc: an answer with an id of its own",
        {
            "/hosts": ok(
                {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "result": many(3, hostid=text("10{}"), name=text("h{}")),
                }
            )
        },
        {"/hosts": Pick(".result", ".hostid", ".name")},
    ),
    Case(
        "json:api",
        {
            "/articles": ok(
                {
                    "data": [
                        {
                            "type": "articles",
                            "id": str(n),
                            "attributes": {"title": f"T{n}", "state": "draft"},
                        }
                        for n in range(3)
                    ],
                    "links": {"self": "/articles"},
                }
            )
        },
        {"/articles": Pick(".data", ".id", ".attributes.title")},
    ),
    Case(
        "kubernetes: namespaced names",
        {
            "/api/v1/pods": ok(
                {
                    "kind": "PodList",
                    "items": [
                        {
                            "metadata": {"name": f"p{n}", "namespace": "a", "uid": f"u-{n}"},
                            "status": {"phase": "Running"},
                        }
                        for n in range(3)
                    ],
                }
            )
        },
        {"/pods": Pick(".items", ".metadata.uid", ".metadata.name")},
    ),
    Case(
        "elasticsearch: hits",
        {
            "/_search": ok(
                {
                    "took": 3,
                    "timed_out": False,
                    "hits": {
                        "total": {"value": 3},
                        "hits": [
                            {"_index": "i", "_id": f"d{n}", "_source": {"name": f"N{n}"}}
                            for n in range(3)
                        ],
                    },
                }
            )
        },
        {"/_search": Pick(".hits.hits", "._id")},
    ),
    Case(
        "jira: projects",
        {
            "/rest/api/3/project": ok(
                [
                    {
                        "self": f"https://j.test/{n}",
                        "id": f"1000{n}",
                        "key": f"P{n}",
                        "name": f"Project {n}",
                        "projectTypeKey": "software",
                    }
                    for n in range(3)
                ]
            )
        },
        {"/project": Pick(".", ".id", ".name", blueprint="project")},
    ),
    Case(
        "servicenow: sys_id",
        {
            "/api/now/table/incident": ok(
                {
                    "result": many(
                        3,
                        sys_id=text("abc{}"),
                        number=text("INC{}"),
                        short_description=text("It {}"),
                        state=constant("1"),
                    )
                }
            )
        },
        {"/now/table/incident": Pick(".result", ".sys_id", blueprint="incident")},
    ),
    Case(
        "harbor: ids and references by number",
        {
            "/api/v2.0/projects": ok(
                many(3, project_id=lambda n: n + 1, name=text("p{}"), owner_name=constant("admin"))
            ),
            "/api/v2.0/repositories": ok(
                many(4, id=lambda n: n + 9, project_id=lambda n: n % 3 + 1, name=text("p/r{}"))
            ),
        },
        {
            "/projects": Pick(".", ".project_id | tostring", ".name"),
            "/repositories": Pick(".", ".id | tostring", ".name", relations={"project": "project"}),
        },
    ),
    Case(
        "values that are only different by chance",
        {"/metrics": ok(many(3, name=text("m{}"), help=text("Help {}"), count=lambda n: n * 7))},
        {"/metrics": Pick(".", ".name", ".name")},
    ),
]
