"""The collection endpoints of a document, its servers, and how it wants to be called."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from api_messages import joined
from cli.init.detect.clues import is_paging_param
from cli.init.detect.secrets import names_secret
from cli.init.openapi.document import Node
from cli.init.openapi.schemas import (
    DocumentedList,
    find_documented_list,
    first_of_enum,
    is_sendable,
    item_schema,
)
from cli.init.openapi.searches import is_search, search_body
from cli.init.surveyed import Wanted, parent_path, why_not_nested
from errors import ConfigurationError
from mapping.plan.endpoint import Endpoint

_VARIABLE = re.compile(r"\{([^{}]*)\}")
# A variable of the environment is for the user to name, not for a document.
_PLAIN_PATH = re.compile(r"(?!//)(/(?:[^/?#$\s]|\$(?!\{))*)+")
_SUCCESS = ("200", "2XX", "2xx", "206", "default")


@dataclass(frozen=True, slots=True)
class Collection:
    """An endpoint that answers with a list, as the document has it.

    `schema` is that of an item, as a blueprint has it, and `key` the field of an item that its own
    endpoint takes, such as isbn in `/books/{isbn}`;
    `params` are those of the query, or with `asks_in_body` those of the JSON body.
    """

    path: str
    summary: str
    found: DocumentedList
    schema: Mapping[str, Any]
    response: Node
    headers: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    key: str = ""
    method: str = "GET"
    body: dict[str, Any] | None = None
    asks_in_body: bool = False

    def wanted(self) -> Wanted:
        """Return the request that `init` makes of a collection."""
        return Wanted(
            self.path,
            self.query,
            self.params,
            self.schema,
            key=self.key,
            method=self.method,
            body=self.body,
            asks_in_body=self.asks_in_body,
        )


def find_collections(root: Node) -> tuple[list[Collection], list[str]]:
    """Return the collection endpoints, those without placeholders first, and notes on others.

    An endpoint with a placeholder needs the collection in front of it, for the values.
    """
    found: dict[str, Collection] = {}
    notes = []
    paths = root.names("paths")
    keys = _keys_in(paths)
    for path in paths:
        try:
            item = root.alone().child("paths", path)
            if item and (collection := _collection(path, item, keys.get(path, ""))):
                found[path] = collection
        except ConfigurationError as error:
            notes.append(f"{path} is left out: {error}")
    usable = [one for one in found.values() if _can_be_filled(one.path, found, notes)]
    return sorted(usable, key=lambda one: "{" in one.path), notes


def server_url(root: Node, address: str) -> str:
    """Return the URL of the first server, absolute; empty where the document names none.

    Inputs: `address` of the document, which relative URLs start from.
    """
    server = next(root.elements("servers"), None)
    if server is None:
        return ""
    variables = {
        name: str(variable.value("default", default=""))
        for name, variable in server.items("variables")
    }
    # Once, because the value of one variable may look like another one.
    url = _VARIABLE.sub(
        lambda match: variables.get(match[1], match[0]), str(server.value("url", default=""))
    ).rstrip("/")
    if not url.startswith(("http://", "https://")):
        if urlsplit(address).scheme == "file":
            return ""
        url = joined(address, url or "/").rstrip("/")
    return url


def _collection(path: str, item: Node, key: str) -> Collection | None:
    """Return the collection at a path; None where nothing is listed.

    Raises:
        ConfigurationError: it cannot be used.
    """
    if not _PLAIN_PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ConfigurationError("it is no plain path")
    read = item.child("get")
    found = _listed(path, item, read, key) if read else None
    asked = item.child("post")
    if found or not asked or not is_search(path, asked):
        return found
    listed = _listed(path, item, asked, key)
    return _with_body(listed, asked) if listed else None


def _with_body(listed: Collection, operation: Node) -> Collection:
    body, names = search_body(operation)
    posted = replace(listed, method="POST", body=body)
    is_paged = any(map(is_paging_param, names))
    return replace(posted, params=names, asks_in_body=True) if is_paged else posted


def _listed(path: str, item: Node, operation: Node, key: str) -> Collection | None:
    answer = _response(operation)
    schema = _schema(answer) if answer else None
    found = find_documented_list(schema, path) if schema else None
    if answer is None or schema is None or found is None:
        return None
    parameters = [*item.elements("parameters"), *operation.elements("parameters")]
    query, missing = _required(parameters)
    if missing:
        raise ConfigurationError(
            f"it needs the query parameters {', '.join(missing)}; give its URL with them"
        )
    return Collection(
        path,
        str(operation.value("summary", default="")),
        found,
        item_schema(found.item),
        schema,
        tuple(name.lower() for name in answer.names("headers")),
        tuple(name for name, _ in _query_parameters(parameters)),
        query,
        key,
    )


def _keys_in(paths: Iterable[str]) -> dict[str, str]:
    """Return the placeholders of the endpoints of one item, by the path of their collection."""
    ends = (path.rpartition("/") for path in reversed([*paths]))
    return {
        start: end[1:-1]
        for start, _, end in ends
        if end.startswith("{") and end.endswith("}") and end[1:-1].isidentifier()
    }


def _response(operation: Node) -> Node | None:
    responses = (operation.child("responses", status) for status in _SUCCESS)
    return next((found for found in responses if found), None)


def _schema(answer: Node) -> Node | None:
    for kind, media in answer.items("content"):
        if "json" in kind:
            return media.child("schema")
    return None


def _query_parameters(parameters: list[Node]) -> Iterator[tuple[str, Node]]:
    for parameter in parameters:
        name = parameter.value("name")
        if parameter.value("in") == "query" and isinstance(name, str):
            yield name, parameter


def _required(parameters: list[Node]) -> tuple[dict[str, str], list[str]]:
    """Return required query parameters with a value from the document, and those without."""
    query, missing = {}, []
    for name, parameter in _query_parameters(parameters):
        if parameter.value("required") is True and not is_paging_param(name):
            value = None if names_secret(name) else _example(parameter)
            if value is None:
                missing.append(name)
            else:
                query[name] = str(value)
    return query, missing


def _example(parameter: Node) -> Any:
    schema = parameter.child("schema")
    own = [schema.value("default"), schema.value("example")] if schema else []
    given = [*own[:1], parameter.value("example"), *own[1:], *(first_of_enum(schema))]
    return next((value for value in given if is_sendable(value, str, int, float)), None)


def _can_be_filled(path: str, found: dict[str, Collection], notes: list[str]) -> bool:
    placeholders = Endpoint(path).placeholders
    if not placeholders:
        return True
    why = why_not_nested(path)
    if not why and parent_path(path) not in found:
        why = f"nothing lists the values of {{{placeholders[-1]}}}"
    if why:
        notes.append(f"{path} is left out: {why}")
        return False
    return _can_be_filled(parent_path(path), found, notes)
