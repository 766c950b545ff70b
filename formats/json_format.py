"""JSON and newline-delimited JSON (https://jsonlines.org), whole or while they arrive."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from errors import ResponseError
from formats.format import (
    Document,
    Format,
    ItemReader,
    ListPart,
    encoding_option,
    option,
)
from formats.json_text import Body, decode_json, parse
from formats.messages import is_evident_error
from formats.paths import Step
from formats.splitting import ArraySplitter, LineSplitter, Splitter
from formats.texts import is_json

_UTF_8 = "utf-8"
_TWO_OBJECTS = re.compile(r"\s*\{.*\}\s*\n\s*\{")


@dataclass(frozen=True, slots=True)
class Json(Format):
    """The format of one JSON value, which is a list of items or has one at the path."""

    name = "json"
    suffixes = ("json",)
    gives = "the elements of a list, or the object"
    refuses = "what is no JSON"
    starts_unlike_json = False
    may_lack_list = False
    encoding: str = option("", encoding_option)

    def reader(self, document: Document, path: Sequence[Step]) -> ItemReader | None:
        return JsonItems(ArraySplitter(path), path) if document.encoding == _UTF_8 else None

    async def value(self, document: Document, path: Sequence[Step]) -> Body:
        return await _decoded(document, await document.content())


@dataclass(frozen=True, slots=True)
class JsonLines(Format):
    """The format of lines that are a JSON value each, which is an item."""

    name = "jsonl"
    media_types = (
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
    )
    suffixes = ("jsonl", "ndjson")
    gives = "the value of each line"
    refuses = "a line that is no JSON, the last one included"
    may_be_empty = True
    starts_unlike_json = False
    encoding: str = option("", encoding_option)

    @classmethod
    def looks_like(cls, text: str) -> bool:
        return bool(_TWO_OBJECTS.match(text)) and is_json(text)

    def reader(self, document: Document, path: Sequence[Step]) -> ItemReader | None:
        return JsonItems(LineSplitter()) if document.encoding == _UTF_8 and not path else None

    async def value(self, document: Document, path: Sequence[Step]) -> Body:
        content = await document.content()
        if document.name and not content.strip():
            return Body([])
        body = await _decoded(document, content, as_lines=True)
        # An answer that calls itself JSON may be an error rather than a single line.
        may_be_error = not document.declared and document.content_type[0].endswith("json")
        if may_be_error and len(body.value) == 1 and is_evident_error(body.value[0]):
            raise ResponseError("the status says success, but the body says error")
        return body


async def _decoded(document: Document, content: bytes, *, as_lines: bool = False) -> Body:
    kind = document.name or document.content_type[0] or "of unknown type"
    try:
        return await decode_json(content, document.encoding, as_lines=as_lines)
    except ValueError as error:
        is_other = isinstance(error, UnicodeDecodeError)
        why = f"it is not in {document.encoding}" if is_other else f"{error}"
        told = f"the body ({kind}, {len(content)} bytes) is not JSON: {why}"
        if is_other:
            raise ResponseError(told, advice=_other_encoding(document.format)) from None
        raise ValueError(told) from None


def _other_encoding(wanted: Format) -> str:
    return (
        "if it is in another encoding, say so: "
        f"response_format: {{type: {wanted.name}, encoding: windows-1252}}"
    )


class JsonItems(ItemReader):
    """A reader of the elements of the list at a path, or of the values of lines."""

    def __init__(self, splitter: Splitter, path: Sequence[Step] = ()) -> None:
        self._splitter = splitter
        self._path = list(path)
        self._count = 0

    @property
    def is_found(self) -> bool | None:
        return self._splitter.is_found

    def feed(self, chunk: bytes) -> list[ListPart]:
        return [self._parse(text) for text in self._splitter.feed(chunk)]

    def close(self) -> list[ListPart]:
        last = [self._parse(text) for text in self._splitter.close()]
        if self._splitter.elements not in (None, self._count):
            raise ValueError("a line is no JSON value")
        return last

    def frame(self) -> Any:
        """Return the body without its list; ValueError where that is no JSON."""
        placeholder = secrets.token_hex(16)
        return _emptied(parse(self._splitter.frame(placeholder)), self._path, placeholder)

    def _parse(self, text: bytes) -> ListPart:
        part = ListPart.parse(text)
        self._count += len(part.elements)
        return part


def _emptied(frame: Any, path: list[Step], placeholder: str) -> Any:
    """Return the frame with an empty list in place of the placeholder.

    Raises:
        ValueError: it is not there, because a key on the way to it comes twice.
    """
    if not path:
        if frame != placeholder:
            raise ValueError("a key comes twice")
        return []
    step, *rest = path
    frame[step] = _emptied(frame[step], rest, placeholder)
    return frame
