"""Swagger 2.0 as the OpenAPI 3 that says the same, as far as lists and credentials are concerned.

Definitions stay where they are, so that every `$ref` to one leads there still.
"""

from collections.abc import Mapping
from typing import Any

_METHODS = ("get", "post")
# The flows of OAuth by their names in OpenAPI 3.
_FLOWS = {
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
    "implicit": "implicit",
    "password": "password",
}
# What stands in a parameter itself, and in its schema since OpenAPI 3.
_OF_SCHEMAS = ("type", "format", "items", "default", "enum")
_JSON = "application/json"


def upgraded(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of Swagger 2.0 in the form of OpenAPI 3.

    Sample: `host: a.test`, `basePath: /v2` and `schemes: [https]` become the server
    `https://a.test/v2`.
    """
    bodies = _parameters(content, ("body", "formData"))
    document = {**content, "servers": _servers(content)}
    document["paths"] = {
        path: _path(item, bodies) for path, item in _mapping(content.get("paths")).items()
    }
    document["responses"] = _responses(content.get("responses"))
    document["parameters"] = _all(content.get("parameters"), _parameter)
    schemes = _all(content.get("securityDefinitions"), _scheme)
    return {**document, "components": {"securitySchemes": schemes}}


def _servers(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the server; one without a host is that of the document, as the standard has it."""
    host, base = content.get("host"), str(content.get("basePath") or "/")
    schemes = content.get("schemes")
    listed = schemes if isinstance(schemes, list) else []
    scheme = "http" if listed and "https" not in listed else "https"
    if not isinstance(host, str) or not host:
        return [{"url": base}]
    # Without schemes it is that of the document, too.
    start = f"{scheme}://{host}" if listed else f"//{host}"
    return [{"url": f"{start}{base}"}]


def _path(item: Any, bodies: Mapping[str, Any]) -> Any:
    if not isinstance(item, Mapping):
        return item
    made = {**item, "parameters": _list(item.get("parameters"))}
    for method in _METHODS:
        if isinstance(item.get(method), Mapping):
            made[method] = _operation(item[method], bodies)
    return made


def _operation(operation: Mapping[str, Any], bodies: Mapping[str, Any]) -> dict[str, Any]:
    made = {**operation, "responses": _responses(operation.get("responses"))}
    given = operation.get("parameters")
    parameters = given if isinstance(given, list) else []
    made["parameters"] = [_parameter(one) for one in parameters if not _body_of(one, bodies)]
    sent = next((found for one in parameters if (found := _body_of(one, bodies))), None)
    if sent:
        kind = _JSON if sent.get("in") == "body" else "application/x-www-form-urlencoded"
        made["requestBody"] = {"content": {kind: {"schema": sent.get("schema", {})}}}
    return made


def _body_of(parameter: Any, bodies: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the parameter that is the body, itself or what it refers to; None for another one."""
    if not isinstance(parameter, Mapping):
        return None
    reference = parameter.get("$ref")
    found = bodies.get(str(reference).rpartition("/")[2]) if reference else parameter
    is_body = isinstance(found, Mapping) and found.get("in") in ("body", "formData")
    return found if is_body else None


def _parameters(content: Mapping[str, Any], places: tuple[str, ...]) -> dict[str, Any]:
    named = _mapping(content.get("parameters"))
    return {
        name: one
        for name, one in named.items()
        if isinstance(one, Mapping) and one.get("in") in places
    }


def _parameter(parameter: Any) -> Any:
    if not isinstance(parameter, Mapping) or "schema" in parameter or "$ref" in parameter:
        return parameter
    schema = {key: parameter[key] for key in _OF_SCHEMAS if key in parameter}
    return {**parameter, "schema": schema}


def _responses(responses: Any) -> Any:
    return _all(responses, _response)


def _response(response: Any) -> Any:
    """Return a response with its schema as that of JSON, which is what nearly all of them send."""
    if not isinstance(response, Mapping) or "schema" not in response:
        return response
    return {**response, "content": {_JSON: {"schema": response["schema"]}}}


def _scheme(scheme: Any) -> Any:
    if not isinstance(scheme, Mapping):
        return scheme
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") == "oauth2":
        flow = _FLOWS.get(str(scheme.get("flow")), "implicit")
        return {"type": "oauth2", "flows": {flow: {**scheme}}}
    return scheme


def _all(value: Any, change: Any) -> Any:
    return {key: change(inner) for key, inner in _mapping(value).items()}


def _list(value: Any) -> list[Any]:
    return [_parameter(one) for one in value] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
