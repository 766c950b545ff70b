"""The survey of an endpoint that could not be asked, by its document alone; nothing is proven."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.arrays import jq_path
from cli.init.blocks import ASKED
from cli.init.detect.answers import Paging
from cli.init.detect.clues import (
    Clue,
    cursor_params,
    is_cursor_name,
    is_link_name,
    number_params,
    size_params,
)
from cli.init.detect.fields import NAMED_SECRET, Field, Shape
from cli.init.detect.identifiers import TITLES, Identifier, identifier_names
from cli.init.detect.lists import ListGuess
from cli.init.detect.naming import blueprint_name
from cli.init.detect.secrets import names_secret_at
from cli.init.openapi.endpoints import Collection
from cli.init.openapi.schemas import leaf_names, type_of
from cli.init.surveyed import Surveyed, ValueSource, parent_path

_DOUBT = "it could not be asked; all about it is from the document, and nothing is proven"


def describe_unasked(collection: Collection, parents: Mapping[str, Collection]) -> Surveyed:
    """Return a survey without any answer.

    Inputs: `parents`, the document's collections by path, where placeholders get their values.
    """
    wanted = collection.wanted()
    shape = _shape(collection)
    found = ListGuess(collection.found.path, "array", [])
    surveyed = Surveyed(wanted, found, _paging(collection), shape, [], shape.identifier)
    if wanted.placeholders:
        parent = describe_unasked(parents[parent_path(wanted.path)], parents)
        identifier = parent.identifier
        field = jq_path(identifier.keys) if identifier else ".id"
        source = ValueSource(parent, field)
        surveyed.parameters = {**parent.parameters, wanted.placeholders[-1]: source}
    return surveyed


def _shape(collection: Collection) -> Shape:
    path = collection.path
    documented = collection.schema["properties"]
    properties = {name: one for name, one in documented.items() if not names_secret_at(name, path)}
    likely = identifier_names(blueprint_name(collection.path))
    shape = Shape(left_out={name: NAMED_SECRET for name in documented if name not in properties})
    for name in dict.fromkeys([collection.key, *likely, *properties]):
        if properties.get(name, {}).get("type") not in ("string", "number"):
            continue
        text = properties[name]["type"] == "string"
        expression = jq_path((name,)) if text else f"{jq_path((name,))} | tostring"
        shape.identifiers.append(Identifier(expression, (name,), is_sure=True))
    shape.title = next((jq_path((name,)) for name in TITLES if name in properties), "")
    shape.fields = [Field((name,), schema) for name, schema in properties.items()]
    return shape


def _paging(collection: Collection) -> Paging:
    settings = next(_guesses(collection), None)
    if settings and collection.asks_in_body and settings["paginationType"] in ASKED:
        settings = {**settings, "in": "body"}
    if settings is None:
        return Paging(doubt=f"{_DOUBT}; it names no parameters of pagination")
    return Paging(settings, {}, False, "by the names of its parameters", _DOUBT)


def _guesses(collection: Collection) -> Iterator[dict[str, Any]]:
    params = collection.params
    kinds = {path: type_of(node) for path, node in leaf_names(collection.response)}
    fields = [Clue(path, None) for path in kinds]
    for clue in fields:
        usable = [name for name in cursor_params(clue, params) if name in params]
        # A number called `offset` is an echo; a text is a cursor.
        if is_cursor_name(clue.name) and usable and kinds[clue.path] != "number":
            yield _with_size("cursor", usable[0], params, cursorPath=clue.dotted)
    if "link" in collection.headers:
        yield {"paginationType": "header_link"}
    for kind, name in number_params(params):
        yield _with_size(kind, name, params)
    for clue in fields:
        if is_link_name(clue.path):
            yield {"paginationType": "next_link", "nextLinkPath": clue.dotted}


def _with_size(kind: str, param: str, params: tuple[str, ...], **more: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"paginationType": kind, **more}
    if param != ASKED[kind].param:
        settings["paginationParam"] = param
    size = next(iter(size_params(params)), "")
    if size and size != ASKED[kind].size_param:
        settings["sizeParam"] = size
    return settings
