"""OpenAPI documents written after real ones, with what a person would pick of each endpoint.

Names are invented, and each has only what it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class DocumentPick:
    """What a person would write for an endpoint that cannot be asked."""

    data_path: str
    identifier: str
    title: str = ""
    way: str = "none"
    relations: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A document, the parts that it refers to, its picks, and the paths that are no lists."""

    name: str
    content: Mapping[str, Any]
    picks: Mapping[str, DocumentPick]
    parts: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    base_url: str = "https://api.test"


def has(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields}


def array(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def get(
    schema: Schema, *query: str, sent: Mapping[str, str] | None = None, headers: Any = None
) -> Any:
    parameters: list[Any] = [{"name": name, "in": "query", "schema": TEXT} for name in query]
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": True,
            "schema": {"type": "string", "default": text},
        }
        for name, text in (sent or {}).items()
    ]
    response: dict[str, Any] = {
        "description": "ok",
        "content": {"application/json": {"schema": schema}},
    }
    if headers:
        response["headers"] = headers
    return {"get": {"parameters": parameters, "responses": {"200": response}}}


def openapi(paths: Mapping[str, Any], servers: Any = "https://api.test", **schemas: Schema) -> Any:
    named = {"servers": [{"url": servers}]} if servers else {}
    return {
        "openapi": "3.0.3",
        "info": {},
        **named,
        "paths": paths,
        "components": {"schemas": schemas},
    }


def swagger(paths: Mapping[str, Any], definitions: Mapping[str, Schema], **more: Any) -> Any:
    head = {"swagger": "2.0", "info": {}, "host": "api.test", "schemes": ["https"]}
    return {**head, **more, "paths": paths, "definitions": definitions}


def get2(schema: Schema, *query: str) -> Any:
    parameters = [{"name": name, "in": "query", "type": "string"} for name in query]
    return {"get": {"parameters": parameters, "responses": {"200": {"schema": schema}}}}


def defined(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


LINK = {"Link": {"schema": TEXT}}
ACCEPT = {"Accept": "application/vnd.pages+json;version=2"}
REFERENCE = has(id=TEXT, type=TEXT, summary=TEXT)
COMPACT = has(gid=TEXT, resource_type=TEXT, name=TEXT)

DOCUMENTS = [
    Document(
        "asana: gid, compact references, one thing in data",
        openapi(
            {
                "/workspaces": get(
                    has(data=array(ref("WorkspaceCompact")), next_page=has(offset=TEXT, uri=TEXT)),
                    "limit",
                    "offset",
                ),
                "/workspaces/{workspace_gid}": get(has(data=ref("Workspace"))),
                "/workspaces/{workspace_gid}/projects": get(
                    has(data=array(ref("Project"))), "limit", "offset"
                ),
                "/projects/{project_gid}": get(has(data=ref("Project"))),
            },
            WorkspaceCompact=COMPACT,
            Workspace={
                "allOf": [
                    ref("WorkspaceCompact"),
                    has(email_domains=array(TEXT), owners=array(COMPACT)),
                ]
            },
            Project=has(
                gid=TEXT,
                name=TEXT,
                created_at=TIME,
                followers=array(COMPACT),
                workspace=ref("WorkspaceCompact"),
            ),
        ),
        {
            "/workspaces": DocumentPick(".data", ".gid", ".name", "cursor"),
            "/workspaces/{workspace_gid}/projects": DocumentPick(
                ".data",
                ".gid",
                ".name",
                "offset",
                relations={"workspace": "workspace"},
                sources={"workspace_gid": "/workspaces"},
            ),
        },
        others=("/workspaces/{workspace_gid}", "/projects/{project_gid}"),
    ),
    Document(
        "pagerduty: headers, references, single incidents",
        openapi(
            {
                "/teams": get(
                    has(teams=array(ref("Team")), more={"type": "boolean"}),
                    "limit",
                    "offset",
                    sent=ACCEPT,
                ),
                "/services": get(
                    has(services=array(ref("Service"))), "limit", "offset", sent=ACCEPT
                ),
                "/escalation_policies": get(
                    has(escalation_policies=array(ref("EscalationPolicy"))),
                    "limit",
                    "offset",
                    sent=ACCEPT,
                ),
                "/incidents/{id}": get(has(incident=ref("Incident")), sent=ACCEPT),
            },
            Team=has(id=TEXT, type=TEXT, summary=TEXT, name=TEXT),
            TeamReference={"allOf": [REFERENCE]},
            EscalationPolicyReference={"allOf": [REFERENCE]},
            EscalationPolicy=has(id=TEXT, name=TEXT, teams=array(ref("TeamReference"))),
            Service=has(
                id=TEXT,
                name=TEXT,
                created_at=TIME,
                escalation_policy=ref("EscalationPolicyReference"),
                teams=array(ref("TeamReference")),
            ),
            Incident=has(id=TEXT, title=TEXT, assignments=array(has(at=TIME, assignee=REFERENCE))),
        ),
        {
            "/teams": DocumentPick(".teams", ".id", ".name", "offset", headers=ACCEPT),
            "/escalation_policies": DocumentPick(
                ".escalation_policies", ".id", ".name", "offset", {"teams": "team"}, headers=ACCEPT
            ),
            "/services": DocumentPick(
                ".services",
                ".id",
                ".name",
                "offset",
                {"escalationPolicy": "escalationPolicy", "teams": "team"},
                headers=ACCEPT,
            ),
        },
        others=("/incidents/{id}",),
    ),
    Document(
        "okta: no alg, no created, no status",
        openapi(
            {
                "/api/v1/users": get(array(ref("User")), "limit", "after", headers=LINK),
                "/api/v1/apps": get(
                    array(has(created=TIME, id=TEXT, label=TEXT, status=TEXT)),
                    "limit",
                    "after",
                    headers=LINK,
                ),
                "/api/v1/apps/{appId}/credentials/keys": get(
                    array(has(alg=TEXT, created=TIME, kid=TEXT, kty=TEXT))
                ),
                "/api/v1/apps/{appId}": get(has(id=TEXT, features=array(has(name=TEXT)))),
            },
            User=has(activated=TIME, created=TIME, id=TEXT, status=TEXT, profile=has(login=TEXT)),
        ),
        {
            "/api/v1/users": DocumentPick(".", ".id", way="header_link"),
            "/api/v1/apps": DocumentPick(".", ".id", ".label", "header_link"),
            "/api/v1/apps/{appId}/credentials/keys": DocumentPick(
                ".",
                '.__appId + "/" + (.kid)',
                way="header_link",
                relations={"app": "app"},
                sources={"appId": "/api/v1/apps"},
            ),
        },
        others=("/api/v1/apps/{appId}",),
    ),
    Document(
        "github: owner and repo of one list",
        openapi(
            {
                "/organizations": get(
                    array(has(login=TEXT, id=NUMBER, url=TEXT)), "per_page", "since", headers=LINK
                ),
                "/orgs/{org}/repos": get(
                    array(ref("Repository")), "per_page", "page", headers=LINK
                ),
                "/repos/{owner}/{repo}/issues": get(
                    array(has(id=NUMBER, number=NUMBER, title=TEXT, state=TEXT)),
                    "per_page",
                    "page",
                    headers=LINK,
                ),
                "/repos/{owner}/{repo}": get(ref("Repository")),
                "/repos/{owner}/{repo}/commits/{ref}": get(
                    has(sha=TEXT, url=TEXT, files=array(has(sha=TEXT, filename=TEXT)))
                ),
            },
            Repository=has(
                id=NUMBER,
                name=TEXT,
                full_name=TEXT,
                owner=has(login=TEXT, id=NUMBER),
                topics=array(TEXT),
            ),
        ),
        {
            "/organizations": DocumentPick(".", ".id | tostring", ".login", "header_link"),
            "/orgs/{org}/repos": DocumentPick(
                ".",
                ".id | tostring",
                ".name",
                "header_link",
                {},
                {"org": "/organizations"},
            ),
            "/repos/{owner}/{repo}/issues": DocumentPick(
                ".",
                ".id | tostring",
                ".title",
                "header_link",
                sources={"repo": "/orgs/{org}/repos", "org": "/organizations"},
            ),
        },
        others=("/repos/{owner}/{repo}", "/repos/{owner}/{repo}/commits/{ref}"),
    ),
    Document(
        "sentry: slashes",
        openapi(
            {
                "/api/0/organizations/": get(
                    array(has(id=TEXT, slug=TEXT, name=TEXT, dateCreated=TIME)),
                    "cursor",
                    headers=LINK,
                ),
                "/api/0/organizations/{organization_id_or_slug}/teams/": get(
                    array(has(id=TEXT, slug=TEXT, name=TEXT)), "cursor", headers=LINK
                ),
                "/api/0/organizations/{organization_id_or_slug}/": get(
                    has(id=TEXT, slug=TEXT, teams=array(has(id=TEXT)))
                ),
            }
        ),
        {
            "/api/0/organizations/": DocumentPick(".", ".slug", ".name", "header_link"),
            "/api/0/organizations/{organization_id_or_slug}/teams/": DocumentPick(
                ".",
                ".id",
                ".name",
                "header_link",
                relations={"organization": "organization"},
                sources={"organization_id_or_slug": "/api/0/organizations/"},
            ),
        },
        others=("/api/0/organizations/{organization_id_or_slug}/",),
    ),
    Document(
        "twilio: suffixes",
        openapi(
            {
                "/2010/Accounts.json": get(
                    has(
                        accounts=array(
                            has(sid=TEXT, friendly_name=TEXT, status=TEXT, date_created=TEXT)
                        ),
                        next_page_uri=TEXT,
                    ),
                    "PageSize",
                    "Page",
                ),
                "/2010/Accounts/{AccountSid}/Calls.json": get(
                    has(
                        calls=array(has(sid=TEXT, account_sid=TEXT, start_time=TEXT)),
                        next_page_uri=TEXT,
                    ),
                    "PageSize",
                    "Page",
                ),
                "/2010/Accounts/{Sid}.json": get(has(sid=TEXT, friendly_name=TEXT)),
            }
        ),
        {
            "/2010/Accounts.json": DocumentPick(".accounts", ".sid", way="page"),
            "/2010/Accounts/{AccountSid}/Calls.json": DocumentPick(
                ".calls",
                ".sid",
                way="page",
                relations={"account": "account"},
                sources={"AccountSid": "/2010/Accounts.json"},
            ),
        },
        others=("/2010/Accounts/{Sid}.json",),
    ),
    Document(
        "kubernetes: swagger 2.0",
        swagger(
            {
                "/api/v1/namespaces": get2(defined("NamespaceList"), "limit", "continue"),
                "/api/v1/namespaces/{name}": get2(defined("Namespace")),
                "/api/v1/pods": get2(defined("PodList"), "limit", "continue"),
            },
            {
                "ObjectMeta": has(name=TEXT, namespace=TEXT, uid=TEXT),
                "Namespace": has(kind=TEXT, apiVersion=TEXT, metadata=defined("ObjectMeta")),
                "NamespaceList": has(
                    items=array(defined("Namespace")),
                    metadata={"type": "object", "properties": {"continue": TEXT}},
                ),
                "Pod": has(kind=TEXT, metadata=defined("ObjectMeta"), spec=has(nodeName=TEXT)),
                "PodList": has(
                    items=array(defined("Pod")),
                    metadata={"type": "object", "properties": {"continue": TEXT}},
                ),
            },
        ),
        {
            "/api/v1/namespaces": DocumentPick(
                ".items", ".metadata.uid", ".metadata.name", "cursor"
            ),
            "/api/v1/pods": DocumentPick(".items", ".metadata.uid", ".metadata.name", "cursor"),
        },
        others=("/api/v1/namespaces/{name}",),
    ),
    Document(
        "harbor: swagger 2.0 with a base path",
        swagger(
            {
                "/projects": get2(array(defined("Project")), "page", "page_size"),
                "/projects/{project_name}/repositories": get2(
                    array(defined("Repository")), "page", "page_size"
                ),
            },
            {
                "Project": has(project_id=NUMBER, name=TEXT, creation_time=TIME),
                "Repository": has(id=NUMBER, project_id=NUMBER, name=TEXT, pull_count=NUMBER),
            },
            basePath="/api/v2.0",
        ),
        {
            "/projects": DocumentPick(".", ".project_id | tostring", ".name", "page"),
            "/projects/{project_name}/repositories": DocumentPick(
                ".",
                ".id | tostring",
                ".name",
                "page",
                {"project": "project"},
                {"project_name": "/projects"},
            ),
        },
        base_url="https://api.test/api/v2.0",
    ),
    Document(
        "gitea: swagger 2.0, responses by reference, no host",
        {
            **swagger(
                {
                    "/orgs": {
                        "get": {
                            "parameters": [{"name": "page", "in": "query", "type": "integer"}],
                            "responses": {"200": {"$ref": "#/responses/OrgList"}},
                        }
                    },
                    "/orgs/{org}/teams": {
                        "get": {"responses": {"200": {"$ref": "#/responses/TeamList"}}}
                    },
                },
                {
                    "Org": has(id=NUMBER, username=TEXT, full_name=TEXT),
                    "Team": has(id=NUMBER, name=TEXT, permission=TEXT),
                },
                basePath="/api/v1",
            ),
            "host": "",
            "responses": {
                "OrgList": {"schema": array(defined("Org"))},
                "TeamList": {"schema": array(defined("Team"))},
            },
        },
        {
            "/orgs": DocumentPick(".", ".id | tostring", ".full_name", "page"),
            "/orgs/{org}/teams": DocumentPick(
                ".", ".id | tostring", ".name", "page", {}, {"org": "/orgs"}
            ),
        },
        base_url="",
    ),
    Document(
        "digitalocean: properties of another file",
        openapi(
            {
                "/v2/droplets": get(
                    {
                        "type": "object",
                        "properties": {
                            "droplets": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {"$ref": "droplet.json#/fields"},
                                },
                            },
                            "links": has(pages=has(next=TEXT)),
                        },
                    },
                    "page",
                    "per_page",
                )
            }
        ),
        {"/v2/droplets": DocumentPick(".droplets", ".id | tostring", ".name", "page")},
        parts={
            "droplet.json": {
                "fields": {"id": NUMBER, "name": TEXT, "status": TEXT, "memory": NUMBER}
            }
        },
    ),
    Document(
        "stripe: lists with has_more",
        openapi(
            {
                "/v1/customers": get(
                    has(
                        object=TEXT,
                        has_more={"type": "boolean"},
                        url=TEXT,
                        data=array(has(id=TEXT, created=NUMBER, email=TEXT, name=TEXT)),
                    ),
                    "limit",
                    "starting_after",
                ),
                "/v1/balance": get(
                    has(object=TEXT, available=array(has(amount=NUMBER, currency=TEXT)))
                ),
            }
        ),
        {"/v1/customers": DocumentPick(".data", ".id", ".name")},
    ),
    Document(
        "no servers, a search, secrets",
        openapi(
            {
                "/models/search": {
                    "post": {
                        "operationId": "searchModels",
                        "responses": get(
                            has(models=array(has(name=TEXT, version=TEXT)), next_page_token=TEXT)
                        )["get"]["responses"],
                        "requestBody": {
                            "content": {
                                "application/json": {
                                    "schema": has(max_results=NUMBER, page_token=TEXT)
                                }
                            }
                        },
                    }
                },
                "/keys": get(array(has(uuid=TEXT, secret=TEXT, displayName=TEXT, created=TIME))),
            },
            servers="",
        ),
        {
            "/models/search": DocumentPick(".models", ".name", ".name", "cursor"),
            "/keys": DocumentPick(".", ".uuid", ".displayName"),
        },
        base_url="",
    ),
]
