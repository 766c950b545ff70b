"""The documents of an answer: its body, or each of those that are packed in it."""

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import IO

from api_messages import ApiResponse
from errors import ResponseError
from formats.format import Document, Format
from formats.json_format import Json
from formats.packing import PIECE, gunzip, is_gzip, is_zip, open_archive, unzip
from formats.registry import by_media_type, by_name
from formats.texts import content_type, guard_length, is_json

# So much of a document is looked at to tell what it is.
_START = 1024


class Documents:
    """The documents of an answer.

    Inputs: `wanted`, the `response_format` of the selector; None for what the answer says.
    """

    def __init__(self, response: ApiResponse, wanted: Format | None = None) -> None:
        self.response = response
        self._wanted = wanted

    @property
    def is_packed(self) -> bool:
        """True where the body is a gzip or zip file."""
        return is_gzip(self.response.content) or is_zip(self.response.content)

    @property
    def is_large(self) -> bool:
        """True where the body, or what it unpacks to, may not fit in memory."""
        return self.is_packed or self.response.large is not None

    async def each(self) -> AsyncGenerator[Document]:
        """Yield the documents, one after the other; each must be read before the next is asked for.

        Raises:
            ResponseError: the body is empty, or cannot be unpacked.
            EndpointError: a large body did not arrive to its end.
        """
        content = self.response.content
        if is_zip(content):
            async with aclosing(self._unzipped()) as documents:
                async for document in documents:
                    yield document
        elif is_gzip(content):
            async with aclosing(self._chunks()) as chunks, aclosing(gunzip(chunks)) as unpacked:
                yield await self._unpacked(self.response.url.path, unpacked)
        else:
            async with aclosing(self._chunks()) as chunks:
                yield self._document("", content[:_START], chunks)

    async def _unzipped(self) -> AsyncGenerator[Document]:
        large = self.response.large
        file: IO[bytes] = await large.file() if large else io.BytesIO(self.response.content)
        archive, entries = await asyncio.to_thread(open_archive, file)
        kinds = set()
        for entry in entries:
            async with (
                aclosing(unzip(archive, entry)) as content,
                aclosing(_gunzipped(content)) as chunks,
            ):
                document = await self._unpacked(entry.filename, chunks)
                kinds.add(document.format.name)
                if len(kinds) > 1:
                    raise ResponseError(
                        f"the files of the zip body are {' and '.join(sorted(kinds))}",
                        advice="set response_format if all of them are the same",
                    )
                yield document

    async def _unpacked(self, name: str, chunks: AsyncGenerator[bytes]) -> Document:
        start, whole = await _peek(chunks)
        if is_gzip(start) or is_zip(start):
            raise ResponseError("the body is packed several times, which is not read")
        return self._document(name, start, whole)

    def _document(self, name: str, start: bytes, chunks: AsyncGenerator[bytes]) -> Document:
        if guard := guard_length(start):
            start, chunks = start[guard:], _without(guard, chunks)
        sent_as = content_type(self.response)
        said = (by_name(name) if name else None) or by_media_type(sent_as[0])
        # Some APIs send JSON with whatever Content-Type they have.
        is_other = (
            not self._wanted and said.starts_unlike_json and is_json(start.decode(errors="replace"))
        )
        chosen = self._wanted or (Json() if is_other else said())
        # What was packed is known to be whole, so that no line can mean no item.
        may_be_empty = name and chosen.may_be_empty
        if len(start) < _START and not start.strip() and not may_be_empty:
            raise ResponseError(
                f"the API answered {self.response.status} with an empty body",
                advice="204 would mean empty",
            )
        is_said = isinstance(chosen, said)
        return Document(name, chosen, is_said, sent_as, start, chunks, self.response, guard)

    async def _chunks(self) -> AsyncGenerator[bytes]:
        if self.response.large:
            async with aclosing(self.response.large.chunks()) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        content = self.response.content
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]


async def _gunzipped(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the same chunks, unpacked where they are a gzip file."""
    start, whole = await _peek(chunks)
    async for chunk in gunzip(whole) if is_gzip(start) else whole:
        yield chunk


async def _without(count: int, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the same chunks, without so many bytes at their start."""
    async for chunk in chunks:
        if left := chunk[count:]:
            yield left
        count = max(0, count - len(chunk))


async def _peek(chunks: AsyncGenerator[bytes]) -> tuple[bytes, AsyncGenerator[bytes]]:
    """Return the start of a document, and its chunks, these bytes included."""
    first: list[bytes] = []
    while sum(map(len, first)) < _START:
        try:
            first.append(await anext(chunks))
        except StopAsyncIteration:
            break
    return b"".join(first)[:_START], _chained(first, chunks)


async def _chained(first: list[bytes], rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    for chunk in first:
        yield chunk
    async for chunk in rest:
        yield chunk
