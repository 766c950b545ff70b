"""An OpenAPI 3 document: loaded, its `$ref`s followed within its own place, nowhere else."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from jsonschema_path import SchemaPath
from referencing.exceptions import Unresolvable
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.mapping_file import read_text, to_plain
from errors import ConfigurationError

_TIMEOUT = 30.0
_MOST_BYTES = 32 * 1024 * 1024
_WEB = ("http", "https")


class Node:
    """A place in a document. What a `$ref` there points to counts as being there."""

    def __init__(self, path: SchemaPath) -> None:
        self._path = path

    def child(self, *keys: str | int) -> "Node | None":
        """Return the place below these keys; None where there is nothing.

        Raises:
            ConfigurationError: a `$ref` on the way cannot or must not be followed.
        """
        place = self._path
        for key in keys:
            place = place / key
        try:
            return Node(place) if place.exists() else None
        except (KeyError, TypeError, IndexError):
            return None
        except Unresolvable as error:
            raise _explained(error) from None

    def value(self, *keys: str | int, default: Any = None) -> Any:
        """Return the plain value below these keys, in which `$ref`s stay as they are."""
        found = self.child(*keys)
        if found is None:
            return default
        with found._path.open() as content:
            return default if content is None else content

    def items(self, *keys: str) -> Iterator[tuple[str, "Node"]]:
        """Yield the places below an object, by their keys."""
        content = self.value(*keys, default={})
        for key in content if isinstance(content, Mapping) else {}:
            if found := self.child(*keys, key):
                yield str(key), found

    def elements(self, *keys: str) -> Iterator["Node"]:
        """Yield the places below a list."""
        content = self.value(*keys, default=[])
        for index in range(len(content) if isinstance(content, list) else 0):
            if found := self.child(*keys, index):
                yield found


def load_document(source: str, *, verify: bool = True) -> tuple[Node, str]:
    """Return the root of a document from a file or a URL, and its address.

    Raises:
        ConfigurationError: it cannot be read, or is no OpenAPI 3 document.
    """
    is_web = source.startswith(tuple(f"{scheme}://" for scheme in _WEB))
    if is_web and "@" in urlsplit(source).netloc:
        raise ConfigurationError(
            "the address of a document must not hold a user name or password; save it to a file"
        )
    address = source if is_web else Path(source).resolve().as_uri()
    content = _read(address, shown(source), verify)
    _check_version(content, shown(source))
    handlers = _Handlers(lambda uri: _read_referenced(uri, address, verify))
    return Node(SchemaPath.from_dict(content, base_uri=address, handlers=handlers)), address


def shown(source: str) -> str:
    """Return a file, or an address without its query, which may hold a token."""
    return source.partition("?")[0] if "://" in source else source


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


def _read_referenced(uri: str, document: str, verify: bool) -> Any:
    own, other = urlsplit(document), urlsplit(uri)
    if (own.scheme, own.netloc) != (other.scheme, other.netloc):
        raise ConfigurationError(
            f"the document refers to {shown(uri)}, which is on another host and is not followed; "
            "bundle the document into one file first"
        )
    return _read(uri, shown(uri), verify)


def _read(address: str, name: str, verify: bool) -> Any:
    parts = urlsplit(address)
    if parts.scheme in _WEB:
        text = _download(address, name, verify)
    else:
        text = read_text(Path(unquote(parts.path)))
    try:
        return to_plain(YAML(typ="safe", pure=True).load(text))
    except YAMLError:
        raise ConfigurationError(f"{name} is neither JSON nor YAML") from None


def _download(address: str, name: str, verify: bool) -> str:
    """Return the text at an address; asked for without any credentials."""
    try:
        response = httpx.get(address, timeout=_TIMEOUT, verify=verify, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from None
    if not response.is_success:
        raise ConfigurationError(
            f"{name} cannot be read: the server answers "
            f"{response.status_code}; save the document to a file instead"
        )
    if len(response.content) > _MOST_BYTES:
        raise ConfigurationError(f"{name} is larger than {_MOST_BYTES >> 20} MB")
    return response.text


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
