"""Where a document and what it refers to are read from: its own folder or its own host."""

import gzip
import io
import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from cli.mapping_file import to_plain
from cli.quick_yaml import UnusualYamlError, load_quickly
from cli.yaml_text import UnreadableYamlError, load_yaml
from errors import ConfigurationError

WEB = ("http", "https")
_TIMEOUT = 30.0
# Of one document with all that it refers to.
_MOST_BYTES = 32 * 2**20
_MOST_PARTS = 300
_MOST_SECONDS = 120.0
# Unusual YAML takes about ten seconds for a megabyte, what most documents have a hundredth of that.
_MOST_UNUSUAL = 10 * 2**20
_SUFFIXES = (".json", ".yaml", ".yml")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class Sources:
    """Reads a document and the parts that it refers to, and nothing else.

    A document of a file refers to files of JSON or YAML below its folder, one of the web to its own
    host. Everything together is bounded in bytes, parts and time.
    """

    def __init__(self, source: str, *, verify: bool = True) -> None:
        """Know a document by its file or URL; `verify` tells whether certificates are checked.

        Raises:
            ConfigurationError: it is a URL with a user name or password.
        """
        is_web = source.startswith(tuple(f"{scheme}://" for scheme in WEB))
        if is_web and "@" in _parts(source).netloc:
            raise ConfigurationError(
                "the address of a document must not hold a user name or password; save it to a file"
            )
        self.address = source if is_web else Path(source).resolve().as_uri()
        self._source = source
        self._verify = verify
        self._bytes = _MOST_BYTES
        self._known: dict[str, Any] = {}
        self._until = time.monotonic() + _MOST_SECONDS

    def document(self) -> Any:
        """Return the document itself.

        Raises:
            ConfigurationError: it cannot be read, or is neither JSON nor YAML.
        """
        name = shown(self._source)
        if self.address == self._source:
            return self._parsed(self._download(self.address, name), name)
        return self._parsed(self._content(Path(self._source), name), name)

    def part(self, address: str) -> Any:
        """Return what the document refers to.

        Raises:
            ConfigurationError: it lies elsewhere, cannot be read, or there was too much already.
        """
        if address not in self._known:
            if len(self._known) >= _MOST_PARTS:
                raise ConfigurationError(f"the document refers to more than {_MOST_PARTS} others")
            # What cannot be read is not tried again.
            try:
                self._known[address] = self._part(address)
            except ConfigurationError as error:
                self._known[address] = error
        found = self._known[address]
        if isinstance(found, ConfigurationError):
            raise found
        return found

    def _part(self, address: str) -> Any:
        own, other = _parts(self.address), _parts(address)
        name = shown(address)
        if (own.scheme, own.netloc) != (other.scheme, other.netloc):
            raise ConfigurationError(
                f"the document refers to {name}, which is on another host and is not followed; "
                "bundle the document into one file first"
            )
        if other.scheme in WEB:
            return self._parsed(self._download(address, name), name)
        return self._parsed(self._content(self._below(unquote(other.path), name), name), name)

    def _below(self, path: str, name: str) -> Path:
        """Return a file below the document's folder, all links resolved."""
        folder = Path(self._source).resolve().parent
        with suppress(OSError, ValueError, RuntimeError):
            file = Path(path).resolve()
            inner = file.relative_to(folder).parts
            is_hidden = any(step.startswith(".") for step in inner)
            if file.suffix.lower() in _SUFFIXES and not is_hidden and file.is_file():
                return file
        raise ConfigurationError(
            f"the document refers to {name}, which is no file of JSON or YAML below its own folder "
            "and is not followed"
        )

    def _content(self, path: Path, name: str) -> bytes:
        try:
            with path.open("rb") as file:
                return self._counted(file.read(self._bytes + 1), name)
        except OSError as error:
            raise ConfigurationError(
                f"{name} cannot be read: {error.strerror or type(error).__name__}"
            ) from None

    def _download(self, address: str, name: str) -> bytes:
        """Return what is at an address; asked for without any credentials."""
        content = bytearray()
        try:
            with httpx.stream(
                "GET",
                address,
                headers={"Accept-Encoding": "identity"},
                timeout=_TIMEOUT,
                verify=self._verify,
                follow_redirects=False,
            ) as response:
                for piece in response.iter_raw() if response.is_success else ():
                    content += piece
                    self._look_at(len(content), name)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConfigurationError(f"{name} cannot be read: {error}") from None
        if not response.is_success:
            raise ConfigurationError(
                f"{name} cannot be read: the server answers "
                f"{response.status_code}; save the document to a file instead"
            )
        encoding = response.headers.get("content-encoding", "identity").lower()
        return self._counted(self._decoded(bytes(content), encoding, name), name)

    def _decoded(self, content: bytes, encoding: str, name: str) -> bytes:
        if encoding == "identity":
            return content
        if encoding == "gzip":
            with suppress(OSError, EOFError, ValueError):
                return gzip.GzipFile(fileobj=io.BytesIO(content)).read(self._bytes + 1)
        raise ConfigurationError(f"{name} cannot be read: it is compressed ({encoding}), unasked")

    def _look_at(self, length: int, name: str) -> None:
        if length > self._bytes:
            raise ConfigurationError(f"{name} is larger than {_MOST_BYTES >> 20} MB")
        if time.monotonic() > self._until:
            raise ConfigurationError(
                f"{name} did not arrive within {_MOST_SECONDS:.0f} s; save the document to a file"
            )

    def _counted(self, content: bytes, name: str) -> bytes:
        self._look_at(len(content), name)
        self._bytes -= len(content)
        return content

    def _parsed(self, content: bytes, name: str) -> Any:
        try:
            return _plain(_loaded(content.decode("utf-8-sig"), name))
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name} is no UTF-8 text") from None
        except UnreadableYamlError as error:
            raise ConfigurationError(f"{name} is neither JSON nor YAML: {error}") from None
        except RecursionError:
            raise ConfigurationError(f"{name} is nested too deep") from None


def shown(source: str) -> str:
    """Return a file, or an address without its query, which may hold a token."""
    return source.partition("?")[0] if "://" in source else source


def _parts(address: str) -> Any:
    try:
        return urlsplit(address)
    except ValueError:
        raise ConfigurationError(f"{shown(address)} is no address") from None


def _loaded(text: str, name: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    with suppress(UnusualYamlError):
        return load_quickly(text)
    if len(text) > _MOST_UNUSUAL:
        raise ConfigurationError(
            f"{name} is no JSON, and no plain YAML, of which alone more than "
            f"{_MOST_UNUSUAL >> 20} MB are read; convert it to JSON first"
        )
    return to_plain(load_yaml(text))


def _plain(value: Any) -> Any:
    """Return a value whose texts can be sent and written: without halves of surrogate pairs."""
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _HALF_PAIR.sub("\ufffd", value) if isinstance(value, str) else value
