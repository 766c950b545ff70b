"""An OpenAPI 3 document: loaded, its `$ref`s followed within its own place, nowhere else."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema_path import SchemaPath
from referencing.exceptions import Unresolvable

from cli.init.openapi.sources import Sources, shown
from errors import ConfigurationError

# Schemas that refer to each other may branch without end.
_MOST_PLACES = 20_000
_MOST_SECONDS = 60.0


class Allowance:
    """How much may be looked at: so many places of a part, for so long of the whole document."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._left = _MOST_PLACES

    def fresh(self) -> "Allowance":
        """Return the allowance of another part of the same document."""
        return Allowance(self._until)

    def spend(self) -> None:
        """Look at one more place.

        Raises:
            ConfigurationError: there were too many.
        """
        self._left -= 1
        if self._left < 0:
            raise ConfigurationError(f"its schemas lead to more than {_MOST_PLACES:,} places")
        if time.process_time() > self._until:
            raise ConfigurationError(f"the document takes more than {_MOST_SECONDS:.0f} s to read")


class Node:
    """A place in a document. What a `$ref` there points to counts as being there."""

    def __init__(self, path: SchemaPath, allowance: Allowance) -> None:
        self._path = path
        self._allowance = allowance

    def alone(self) -> "Node":
        """Return the same place with an allowance of its own."""
        return Node(self._path, self._allowance.fresh())

    def child(self, *keys: str | int) -> "Node | None":
        """Return the place below these keys; None where there is nothing.

        Raises:
            ConfigurationError: a `$ref` on the way cannot or must not be followed, or it leads
                through too many places.
        """
        self._allowance.spend()
        place = self._path
        for key in keys:
            place = place / key
        try:
            return Node(place, self._allowance) if place.exists() else None
        except (KeyError, TypeError, IndexError):
            return None
        except Unresolvable as error:
            raise _explained(error) from None
        except RecursionError:
            raise ConfigurationError("its $refs lead in a circle") from None

    def value(self, *keys: str | int, default: Any = None) -> Any:
        """Return the plain value below these keys, in which nothing is followed.

        The last key is that of the value: a `$ref` that stands there is data, not a reference.
        """
        found = self._content(*keys[:-1])
        if keys:
            found = found.get(keys[-1]) if isinstance(found, Mapping) else None
        return default if found is None else found

    def names(self, *keys: str) -> list[str]:
        """Return the keys of an object."""
        content = self._content(*keys)
        return list(content) if isinstance(content, Mapping) else []

    def items(self, *keys: str) -> Iterator[tuple[str, "Node"]]:
        """Yield the places below an object, by their keys."""
        for key in self.names(*keys):
            if found := self.child(*keys, key):
                yield key, found

    def elements(self, *keys: str) -> Iterator["Node"]:
        """Yield the places below a list."""
        content = self._content(*keys)
        for index in range(len(content) if isinstance(content, list) else 0):
            if found := self.child(*keys, index):
                yield found

    def _content(self, *keys: str | int) -> Any:
        """Return what is below these keys, the last one followed like those before it."""
        holder = self.child(*keys)
        if holder is None:
            return None
        with holder._path.open() as content:
            return content


def load_document(source: str, *, verify: bool = True) -> tuple[Node, str]:
    """Return the root of a document from a file or a URL, and its address.

    Raises:
        ConfigurationError: it cannot be read, or is no OpenAPI 3 document.
    """
    sources = Sources(source, verify=verify)
    content = sources.document()
    _check_version(content, shown(source))
    handlers = _Handlers(sources.part)
    path = SchemaPath.from_dict(content, base_uri=sources.address, handlers=handlers)
    return Node(path, Allowance(time.process_time() + _MOST_SECONDS)), sources.address


def _explained(error: Unresolvable) -> ConfigurationError:
    """Return why a `$ref` cannot be followed: what its reader said, where one was asked."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConfigurationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return ConfigurationError(f"$ref {error.ref} leads to nothing")


class _Handlers(dict[str, Callable[[str], Any]]):
    """A table with the same reader for every scheme; the library fetches unlisted ones itself."""

    def __init__(self, reader: Callable[[str], Any]) -> None:
        super().__init__()
        self._reader = reader

    def __contains__(self, scheme: object) -> bool:
        return True

    def __getitem__(self, scheme: str) -> Callable[[str], Any]:
        return self._reader


def _check_version(content: Any, name: str) -> None:
    if not isinstance(content, Mapping) or ("openapi" not in content and "swagger" not in content):
        raise ConfigurationError(f"{name} is no OpenAPI document: it has no field `openapi`")
    version = str(content.get("openapi") or content.get("swagger"))
    if not version.startswith("3."):
        raise ConfigurationError(
            f"{name} is OpenAPI {version}; only 3.x is understood: convert it first, for example "
            "with swagger2openapi"
        )
    if not isinstance(content.get("paths"), Mapping):
        raise ConfigurationError(f"{name} lists no paths")
