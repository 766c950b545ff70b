"""Documents as JSON values, whole; and what reads the items out of one piece by piece."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from api_messages import ApiResponse
from errors import ResponseError
from formats.csv_records import CsvRecords
from formats.documents import Document, Documents
from formats.json_items import JsonItems
from formats.json_text import Body, decode_json, looks_like_error
from formats.media_types import content_type, guess
from formats.options import ResponseFormat
from formats.parts import ItemReader
from formats.paths import Step, walk
from formats.xml_objects import XmlObjects
from statuses import Meaning, meaning_of

# Of a packed body that must be looked at as a whole, so many bytes are held in memory.
_MOST_AT_ONCE = 512 * 2**20
_ADVICE = "look at kind, and at headers such as Accept"


def reader_for(document: Document, path: Sequence[Step]) -> ItemReader | None:
    """What takes the items at a path out of a document; None when only the whole tells them."""
    match document.format.type:
        case "json" if document.encoding == "utf-8":
            return JsonItems.at(path)
        case "jsonl" if document.encoding == "utf-8" and not path:
            return JsonItems.lines()
        case "csv" if not path:
            return _csv(document)
        case "xml" if names := _element_path(path):
            return _xml(document, names)
    return None


async def decode(response: ApiResponse, wanted: ResponseFormat | None = None) -> Body:
    """Return the JSON value of an answer; null for one whose status says that it is empty.

    Several packed documents become one list.

    Raises:
        ResponseError: the body is empty, or not what it should be.
    """
    if meaning_of(response.status) is Meaning.EMPTY:
        return Body(None)
    async with aclosing(bodies(Documents(response, wanted))) as found:
        all_of_them = [body async for body in found]
    if len(all_of_them) == 1:
        return all_of_them[0]
    values = [body.value if isinstance(body.value, list) else [body.value] for body in all_of_them]
    return Body([item for value in values for item in value])


async def bodies(documents: Documents, path: Sequence[Step] | None = None) -> AsyncGenerator[Body]:
    """Each document as a JSON value; in XML, what is at `path` is always a list.

    Raises:
        ResponseError: a document is empty, or not what it should be.
        EndpointError: a large body did not arrive to its end.
    """
    room = _Room(_MOST_AT_ONCE)
    async with aclosing(documents.each()) as found:
        async for document in found:
            if document.name:
                document.chunks = room.taken_by(document.name, document.chunks)
            match document.format.type:
                case "csv":
                    reader = _csv(document)
                    yield Body(await _read_all(reader, document))
                case "xml":
                    names = _element_path(path or ())
                    xml = _xml(document, names)
                    items = await _read_all(xml, document)
                    yield Body(_with_items(xml.frame(), names, items))
                case _:
                    yield await _json(documents, document)


async def _json(documents: Documents, document: Document) -> Body:
    if document.name:
        content = b"".join([chunk async for chunk in document.chunks])
    else:
        content = await documents.response.read()
    as_lines = document.format.type == "jsonl"
    try:
        if document.name and as_lines and not content.strip():
            return Body([])
        body = await decode_json(content, document.encoding, as_lines=as_lines)
    except ValueError as error:
        kind = document.name or content_type(documents.response)[0] or "of unknown type"
        raise ResponseError(
            f"the body ({kind}, {len(content)} bytes) is not JSON: {error}",
            advice=_advice(content, document),
        ) from None
    if as_lines and not document.declared and _is_one_error(body.value, documents):
        raise ResponseError("the status says success, but the body says error")
    return body


def _is_one_error(lines: list[Any], documents: Documents) -> bool:
    """Whether an answer that calls itself JSON is an error rather than a single line."""
    is_json = content_type(documents.response)[0].endswith("json")
    return is_json and len(lines) == 1 and looks_like_error(lines[0])


def _advice(content: bytes, document: Document) -> str:
    looks_like = guess(content[:1024].decode(errors="replace"))
    if looks_like in (None, document.format.type):
        return _ADVICE
    return f"it looks like {looks_like}: then set response_format: {looks_like}"


class _Room:
    """What all documents that are packed in one body may take together, in bytes."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size

    async def taken_by(self, name: str, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The same chunks of a document, as long as there is room."""
        async for chunk in chunks:
            self._left -= len(chunk)
            if self._left < 0:
                raise ResponseError(
                    f"up to {name}, the body unpacks to more than {self._size} bytes, which is too "
                    "large for a data_path that looks at the whole",
                    advice="a data_path such as .items, or .items[] | …, reads it piece by piece",
                )
            yield chunk


async def _read_all(reader: ItemReader, document: Document) -> list[Any]:
    items: list[Any] = []
    async for chunk in document.chunks:
        for part in await asyncio.to_thread(reader.feed, chunk):
            items += part.elements
    for part in await asyncio.to_thread(reader.close):
        items += part.elements
    return items


def _with_items(frame: Any, names: Sequence[str], items: list[Any]) -> Any:
    if names:
        present, parent = walk(frame, list(names[:-1]))
        if present and isinstance(parent, dict) and names[-1] in parent:
            parent[names[-1]] = items
    return frame


def _csv(document: Document) -> CsvRecords:
    return CsvRecords(document.format, document.encoding, declared=document.declared)


def _xml(document: Document, names: Sequence[str]) -> XmlObjects:
    return XmlObjects(document.encoding, names, document.format.lists)


def _element_path(path: Sequence[Step]) -> list[str]:
    """The names on the way to elements within the root; none where the path leads elsewhere."""
    names = [step for step in path if isinstance(step, str) and not step.startswith(("@", "#"))]
    return names if len(names) == len(path) > 1 else []
