"""Security schemes of a document as settings of authentication."""

from dataclasses import dataclass, field
from typing import Any

from api_messages import joined
from cli.init.openapi.document import Node

_KEY_LOCATIONS = ("header", "query", "cookie")


@dataclass(slots=True)
class Authentication:
    """Settings that a scheme asks for, placeholders for its secrets, and what to say about it."""

    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_authentication(root: Node, address: str) -> Authentication:
    """Return the first scheme that can be used, those that the whole API asks for before others."""
    schemes = dict(root.items("components", "securitySchemes"))
    asked = [name for one in root.elements("security") for name in one.names()]
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
    if kind == "apiKey" and scheme.value("in") in _KEY_LOCATIONS:
        return _api_key(str(scheme.value("name")), str(scheme.value("in")))
    if kind in ("oauth2", "openIdConnect"):
        url = scheme.value("flows", "clientCredentials", "tokenUrl")
        if url:
            return _client_credentials(joined(address, str(url)), _scopes(scheme))
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


def _api_key(name: str, location: str) -> Authentication:
    placed = {} if location == "header" else {"apiKeyLocation": location}
    named = {} if name == "X-API-Key" else {"apiKeyHeader": name}
    found = Authentication({"authType": "api_key", **placed, **named})
    if (location, name.lower()) == ("header", "authorization"):
        found.notes.append("the header Authorization may want a word before apiKey: apiKeyPrefix")
    return found


def _client_credentials(url: str, scopes: list[str]) -> Authentication:
    scope = {"scope": " ".join(scopes)} if scopes else {}
    settings = {"authType": "oauth2", "tokenUrl": url, **scope}
    return Authentication(settings, notes=["OAuth 2.0 client credentials: set clientId"])


def _scopes(scheme: Node) -> list[str]:
    """Return the scopes that read; one that writes is more than a catalog needs."""
    names = scheme.names("flows", "clientCredentials", "scopes")
    return [name for name in names if "write" not in name and "admin" not in name]
