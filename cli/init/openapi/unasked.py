"""The survey of an endpoint that could not be asked, by its document alone; nothing is proven."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from cli.init.detect.identifiers import Identifier, Part, bare, is_inner, is_title_name, title_rank
from cli.init.detect.lists import ListGuess
from cli.init.detect.secrets import names_secret_at
from cli.init.openapi.endpoints import Collection
from cli.init.openapi.parents import sources_of
from cli.init.openapi.schemas import leaf_names, type_of
from cli.init.paths import last_group
from cli.init.surveyed import Surveyed, ValueSource

# Names of identifiers that are unique wherever they are given out.
_GLOBAL = frozenset({"id", "gid", "uuid", "guid", "sid", "uid", "arn", "urn", "sysid", "self"})

_DOUBT = "it could not be asked; all about it is from the document, and nothing is proven"


def describe_unasked(
    collection: Collection, listed: Mapping[str, Collection], chosen: Sequence[str] = ()
) -> Surveyed:
    """Return a survey without any answer.

    Inputs: `listed`, the document's collections by path, where placeholders get their values;
    `chosen`, the paths of those that the user wants.
    """
    shape = _shape(collection)
    found = ListGuess(collection.found.path, "array", [])
    wanted = collection.wanted()
    surveyed = Surveyed(wanted, found, _paging(collection), shape, [], shape.identifier)
    surveyed.is_asked = False
    for name, source in sources_of(collection.path, listed, chosen).items():
        parent = replace(listed[source.listed], path=source.path)
        described = describe_unasked(parent, listed, chosen)
        surveyed.parameters[name] = ValueSource(described, source.fields)
    if surveyed.parameters and shape.identifier:
        surveyed.identifier = _nested(surveyed, shape.identifier)
    return surveyed


def _nested(one: Surveyed, identifier: Identifier) -> Identifier:
    """Return an identifier with the values in the path, unless its name says that it is unique.

    Only one that is made for it, such as a UUID, is taken to be so in the whole API.
    """
    if bare(identifier.keys[-1]) in _GLOBAL or identifier.keys[0].startswith("__"):
        return identifier
    group = last_group(one.kind)
    marks = tuple(Part((f"__{name}",)) for name in group.names) if group else ()
    return replace(identifier, parts=(*marks, *identifier.parts))


def _shape(collection: Collection) -> Shape:
    path = collection.path
    documented = collection.schema["properties"]
    properties = {name: one for name, one in documented.items() if not names_secret_at(name, path)}
    shape = Shape(left_out={name: NAMED_SECRET for name in documented if name not in properties})
    shape.identifiers = [
        one for one in collection.things.identifiers if not names_secret_at(one.keys[-1], path)
    ]
    scalars = dict(collection.things.scalars)
    titles = [keys for keys, is_text in scalars.items() if is_text and is_title_name(keys[-1])]
    titles = [keys for keys in titles if not any(names_secret_at(key, path) for key in keys)]
    best = sorted(titles, key=lambda keys: (is_inner(keys), title_rank(keys[-1])))
    shape.title = next(map(jq_path, best), "")
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
        named = [name for name in cursor_params(clue, params) if name in params]
        # What numbers pages takes a cursor only where both have the same name.
        usable = [name for name in named if not number_params([name]) or name == clue.name]
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
