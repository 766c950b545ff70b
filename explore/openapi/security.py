"""Security schemes of a document as settings of authentication."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from explore.openapi.document import Node

_CLIENT = "client_id=replace-with-your-client-id&client_secret=replace-with-your-client-secret"


@dataclass(slots=True)
class Authentication:
    """Settings that a scheme asks for, placeholders for its secrets, and what to say about it."""

    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_authentication(root: Node, address: str) -> Authentication:
    """The first scheme that can be used, those that the whole API asks for before others."""
    schemes = dict(root.items("components", "securitySchemes"))
    asked = [name for one in root.elements("security") for name, _ in one.items()]
    ordered = [*(name for name in asked if name in schemes), *schemes]
    notes = []
    for name in dict.fromkeys(ordered):
        found = _of_scheme(name, schemes[name], address)
        if isinstance(found, Authentication):
            return found
        notes.append(found)
    return Authentication(notes=notes)


def _of_scheme(name: str, scheme: Node, address: str) -> Authentication | str:
    kind = str(scheme.value("type"))
    if kind == "http":
        return _http(name, str(scheme.value("scheme")).lower())
    if kind == "apiKey" and scheme.value("in") == "header":
        return _api_key(str(scheme.value("name")))
    if kind in ("oauth2", "openIdConnect"):
        url = scheme.value("flows", "clientCredentials", "tokenUrl")
        if url:
            return _client_credentials(urljoin(address, str(url)), _scopes(scheme))
        note = f"security scheme {name} ({kind}) is for people: a token of a machine user is needed"
        return Authentication({"authType": "bearer_token"}, notes=[note])
    place = scheme.value("in", default="")
    return f"security scheme {name} ({kind} in {place}) cannot be used; see docs/authentication.md"


def _http(name: str, scheme: str) -> Authentication | str:
    if scheme == "bearer":
        return Authentication({"authType": "bearer_token"})
    if scheme == "basic":
        return Authentication({"authType": "basic"}, notes=["basic authentication: set username"])
    return f"security scheme {name} (http {scheme}) cannot be used; see docs/authentication.md"


def _api_key(header: str) -> Authentication:
    if header.lower() == "authorization":
        note = "the header Authorization takes apiKey as it is: give it with its scheme"
        return Authentication({"authType": "api_key", "apiKeyHeader": header}, notes=[note])
    named = {} if header == "X-API-Key" else {"apiKeyHeader": header}
    return Authentication({"authType": "api_key", **named})


def _client_credentials(url: str, scopes: list[str]) -> Authentication:
    scope = f"&scope={'%20'.join(scopes)}" if scopes else ""
    request = {"endpoint": url, "bodyForm": f"grant_type=client_credentials&{_CLIENT}{scope}"}
    template = {"headers": {"Authorization": "Bearer {{.access_token}}"}}
    return Authentication(
        {"authType": "custom"},
        {
            "customAuthRequest": json.dumps(request),
            "customAuthRequestTemplate": json.dumps(template),
        },
        ["fill in client_id and client_secret in customAuthRequest"],
    )


def _scopes(scheme: Node) -> list[str]:
    """Scopes that read; one that writes is more than a catalog needs."""
    names = (name for name, _ in scheme.items("flows", "clientCredentials", "scopes"))
    return [name for name in names if "write" not in name and "admin" not in name]
