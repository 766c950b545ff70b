"""Lists behind POST: operations that a document calls a search, with a JSON body."""

from collections.abc import Mapping
from typing import Any

from cli.init.detect.clues import is_paging_param
from cli.init.detect.naming import words_of
from cli.init.detect.secrets import names_secret
from cli.init.openapi.document import Node
from cli.init.openapi.schemas import first_of_enum, is_sendable, properties_of
from errors import ConfigurationError

_EMPTY: Mapping[str, Any] = {"array": [], "object": {}}
_READING = frozenset({"search", "query", "list", "find", "filter", "lookup", "scroll"})
_WRITING = frozenset(
    {"create", "add", "insert", "update", "upsert", "set", "save", "put", "patch"}
    | {"delete", "remove", "import", "cancel", "send"}
)


def is_search(path: str, operation: Node) -> bool:
    """Return whether a POST only reads, by the name of its path or its operationId.

    Others are never asked, because a POST may change what the API holds.
    """
    place = words_of(path.rstrip("/").rpartition("/")[2])
    name = words_of(str(operation.value("operationId", default="")))
    words = {word.lower() for word in [*place, *name]}
    return bool(words & _READING) and not words & _WRITING


def search_body(operation: Node) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the least that a search has to be sent, and the names of all that it may be sent.

    Raises:
        ConfigurationError: the document does not say what to send.
    """
    if operation.child("requestBody") is None:
        return {}, ()
    kinds = dict(operation.items("requestBody", "content"))
    media = next((node for kind, node in kinds.items() if "json" in kind), None)
    if media is None:
        raise ConfigurationError(f"its body is no JSON but {', '.join(kinds) or 'undocumented'}")
    schema = media.child("schema")
    properties = properties_of(schema) if schema else {}
    required = schema.value("required") if schema else None
    body = {
        name: _value(name, properties.get(name), media)
        for name in (required if isinstance(required, list) else ())
        if isinstance(name, str) and not is_paging_param(name)
    }
    if missing := [name for name, value in body.items() if value is None]:
        raise ConfigurationError(
            f"its body needs {', '.join(missing)}, which the document gives no value for"
        )
    return body, tuple(properties)


def _value(name: str, schema: Node | None, media: Node) -> Any:
    if names_secret(name):
        return None
    whole = media.value("example")
    shown = whole.get(name) if isinstance(whole, Mapping) else None
    own = [schema.value("default"), schema.value("example")] if schema else []
    # The least that can be asked for: an empty filter.
    empty = _EMPTY.get(str(schema.value("type"))) if schema else None
    given = [*own[:1], shown, *own[1:], *first_of_enum(schema), empty]
    kinds = (str, int, float, list, dict)
    return next((value for value in given if is_sendable(value, *kinds)), None)
