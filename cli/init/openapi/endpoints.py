"""The collection endpoints of a document, its servers, and how it wants to be called."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from api_messages import joined
from cli.init.detect.clues import is_paging_param
from cli.init.detect.naming import names_the_api
from cli.init.detect.secrets import names_secret
from cli.init.openapi.document import Node
from cli.init.openapi.parents import Things, sources_of
from cli.init.openapi.schemas import (
    DocumentedList,
    find_documented_list,
    first_of_enum,
    is_sendable,
    item_schema,
    references_of,
    scalar_fields,
)
from cli.init.openapi.searches import is_search, search_body
from cli.init.openapi.sources import WEB
from cli.init.paths import last_group
from cli.init.paths import skeleton as stem_of
from cli.init.surveyed import Reference, Wanted
from errors import ConfigurationError, SelectorError
from mapping.plan.headers import check_header_names

_VARIABLE = re.compile(r"\{([^{}]*)\}")
# A variable of the environment is for the user to name, not for a document.
_PLAIN_PATH = re.compile(r"(?!//)(/(?:[^/?#$\s]|\$(?!\{))*)+")
# Sent by the client itself or as credentials, or what makes less of an answer.
_NOT_SENT = frozenset(
    {"authorization", "content-type", "user-agent", "cookie", "host", "accept-encoding"}
    | {"range", "if-none-match", "if-modified-since", "if-match", "if-range", "prefer"}
)
# Of so many, not all are about one.
_MANY_THINGS = 3
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
    things: Things
    headers: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    key: str = ""
    method: str = "GET"
    body: dict[str, Any] | None = None
    asks_in_body: bool = False
    sent: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    tag: str = ""

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
            headers=self.sent,
            references=self.references,
        )


@dataclass(slots=True)
class Found:
    """The lists of a document: those that can be read, all of them, and why others are left out."""

    usable: list[Collection] = field(default_factory=list)
    listed: dict[str, Collection] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        return [f"{path} is left out: {why}" for path, why in self.left_out.items()]


def find_collections(root: Node) -> tuple[list[Collection], list[str]]:
    """Return the collection endpoints, those without placeholders first, and notes on others."""
    found = look_through(root)
    return found.usable, found.notes


def look_through(root: Node, prefix: str = "") -> Found:
    """Return the collection endpoints of a document, those without placeholders first.

    An endpoint with placeholders needs a list of their values. `prefix` is what all paths of the
    document begin with, and those that are returned lack.
    """
    found = Found()
    paths = {name.removeprefix(prefix): name for name in root.names("paths")}
    keys = _keys_in(paths)
    for path, name in paths.items():
        try:
            item = root.alone().child("paths", name)
            if item and (collection := _collection(path, item, keys.get(stem_of(path), ""))):
                found.listed[path] = collection
        except (ConfigurationError, SelectorError) as error:
            found.left_out[path] = str(error)
    for path, collection in found.listed.items():
        try:
            sources_of(path, found.listed)
            found.usable.append(collection)
        except ConfigurationError as error:
            found.left_out[path] = str(error)
    found.usable.sort(key=lambda one: "{" in one.path)
    return found


def server_url(root: Node, address: str) -> str:
    """Return the URL of the first server, absolute, else the origin of the document.

    Empty where a file names none.

    Inputs: `address` of the document, which relative URLs start from.
    """
    server = next(root.elements("servers"), None)
    if server is None:
        # As the standard has it: the document's own origin.
        return joined(address, "/").rstrip("/") if urlsplit(address).scheme in WEB else ""
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


def shared_prefix(root: Node) -> str:
    """Return the segments that all paths of a document begin with and that belong to baseUrl.

    Sample: `/odata/v4/catalog` of `/odata/v4/catalog/Books`, `…/Authors` and `…/Genres`; `/api/v1`
    of `/api/v1/users` and `/api/v1/users/{id}`. What only some things are below is left in paths.
    """
    paths = [name.split("/")[1:] for name in root.names("paths")]
    shared = []
    for segments in zip(*(path[:-1] for path in paths), strict=False):
        if (
            len({*segments}) > 1
            or "{" in segments[0]
            or not _PLAIN_PATH.fullmatch(f"/{segments[0]}")
        ):
            break
        shared.append(segments[0])
    if len({path[len(shared)] for path in paths}) < _MANY_THINGS:
        while shared and not names_the_api(shared[-1]):
            shared.pop()
    return "".join(f"/{segment}" for segment in shared)


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
    tags = operation.value("tags")
    return Collection(
        path,
        str(operation.value("summary", default="")),
        found,
        found.item.once(item_schema),
        schema,
        Things(path, key, found.item.once(scalar_fields)),
        tuple(name.lower() for name in answer.names("headers")),
        tuple(name for name, _ in _query_parameters(parameters)),
        query,
        key,
        sent=_sent_headers(parameters),
        references=found.item.once(references_of),
        tag=str(tags[0]) if isinstance(tags, list) and tags else "",
    )


def _keys_in(paths: Iterable[str]) -> dict[tuple[str, ...], str]:
    """Return the placeholders of the endpoints of one item, by the stem of their collection."""
    found = {}
    for path in reversed([*paths]):
        *start, end = stem_of(path)
        name = last_group(path)
        if end == "{}" and name and len(name.names) == 1 and name.name.isidentifier():
            found[tuple(start)] = name.name
    return found


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


def _sent_headers(parameters: list[Node]) -> dict[str, str]:
    """Return required headers that the document has a value for, other than credentials.

    Raises:
        SelectorError: one is for the transport to send.
    """
    sent = {}
    for parameter in parameters:
        name = parameter.value("name")
        if parameter.value("in") != "header" or parameter.value("required") is not True:
            continue
        if not isinstance(name, str) or names_secret(name) or name.lower() in _NOT_SENT:
            continue
        value = _example(parameter)
        if value is not None and str(value).isprintable() and str(value).isascii():
            sent[name] = str(value)
    check_header_names(sent, "headers")
    return sent


def _example(parameter: Node) -> Any:
    schema = parameter.child("schema")
    own = [schema.value("default"), schema.value("example")] if schema else []
    given = [*own[:1], parameter.value("example"), *own[1:], *(first_of_enum(schema))]
    return next((value for value in given if is_sendable(value, str, int, float)), None)
