"""The items of a large body, piece by piece, as it arrives."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, NamedTuple

import ijson

from decoding import is_lines, is_utf8, parse
from errors import ResponseError
from extraction import DataPath, ListPart
from jq_worker import JqWorker
from messages import ApiResponse, LargeBody
from splitting import ArraySplitter, LineSplitter, Splitter, Step


class Portion(NamedTuple):
    """Some items of a page, and how many bytes of the body they took."""

    items: list[Any]
    size: int


class ItemStream:
    """Reads a large body once, from its start.

    After `pieces` has ended: `received` is how many records the API sent, `count` how many items
    the data_path made of them, `matched` whether it found anything but nulls, `digest` is equal for
    equal lists, and `body` is the body with an empty list where the items were.
    """

    def __init__(
        self, body: LargeBody, splitter: Splitter, data_path: DataPath, worker: JqWorker
    ) -> None:
        self.received = self.count = 0
        self.last_item: Any = None
        self.body: Any = None
        self._chunks = body.chunks()
        self._splitter = splitter
        self._data_path = data_path
        self._worker = worker
        # What was read already, and what reads the rest.
        self._first: list[Portion] = []
        self._rest = self._read()
        self._found_nulls = False
        self._digest = hashlib.blake2b(digest_size=16)

    @classmethod
    async def open(
        cls, response: ApiResponse, data_path: DataPath, worker: JqWorker
    ) -> "ItemStream | None":
        """A stream at the first items; None when only the whole body can tell what the items are.

        That is so for small bodies, other charsets than UTF-8, a data_path that looks at more than
        one item at a time, and where no list is at the path.

        Raises:
            EndpointError: as `pieces`.
        """
        path = data_path.list_path
        if response.large is None or path is None or not is_utf8(response):
            return None
        if is_lines(response):
            splitter: Splitter | None = None if path else LineSplitter()
        else:
            splitter = ArraySplitter(path)
        if splitter is None:
            return None
        stream = cls(response.large, splitter, data_path, worker)
        return stream if await stream._find() else None

    @property
    def matched(self) -> bool:
        """Whether the data_path fits, as far as was read."""
        return self.count > 0 or not self._found_nulls

    @property
    def digest(self) -> bytes:
        """Equal for equal lists."""
        return self._digest.digest()

    async def first_item(self) -> Any:
        """The first item, which `pieces` still gives; None when there is none."""
        while not any(portion.items for portion in self._first):
            try:
                self._first.append(await anext(self._rest))
            except StopAsyncIteration:
                return None
        return next(portion.items[0] for portion in self._first if portion.items)

    async def pieces(self) -> AsyncGenerator[Portion]:
        """The items, in lists that fit in memory.

        Raises:
            ResponseError: the body is not JSON, or data_path fails on an item.
            EndpointError: the body did not arrive to its end.
        """
        async with aclosing(self._chunks), aclosing(self._rest):
            while self._first:
                yield self._first.pop(0)
            async for piece in self._rest:
                yield piece

    async def _find(self) -> bool:
        async for chunk in self._chunks:
            for part in await self._in_thread(self._take, chunk):
                self._first.append(await self._items(part))
            if self._splitter.is_found is not None:
                break
        return bool(self._splitter.is_found)

    async def _read(self) -> AsyncGenerator[Portion]:
        async for chunk in self._chunks:
            for part in await self._in_thread(self._take, chunk):
                yield await self._items(part)
        for part in await self._in_thread(self._finish):
            yield await self._items(part)

    async def _in_thread[**P](
        self, work: Callable[P, list[ListPart]], *args: P.args, **kwargs: P.kwargs
    ) -> list[ListPart]:
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        except (ValueError, RecursionError, ijson.JSONError):
            # What a parser says may hold pieces of the body.
            raise ResponseError("the body is not JSON: malformed after its start") from None

    async def _items(self, part: ListPart) -> Portion:
        found = await self._data_path.extract_part(part, self._worker)
        self.count += len(found.items)
        if found.items:
            self.last_item = found.items[-1]
        self._found_nulls = self._found_nulls or not found.matched
        return Portion(found.items, len(part.text))

    def _take(self, chunk: bytes) -> list[ListPart]:
        return [self._parse(text) for text in self._splitter.feed(chunk)]

    def _parse(self, text: bytes) -> ListPart:
        self._digest.update(text[1:-1] + b",")
        part = ListPart.parse(text)
        self.received += len(part.elements)
        return part

    def _finish(self) -> list[ListPart]:
        last = [self._parse(text) for text in self._splitter.close()]
        if self._splitter.elements not in (None, self.received):
            raise ValueError("a line is no JSON value")
        placeholder = secrets.token_hex(16)
        frame = parse(self._splitter.frame(placeholder))
        self.body = _emptied(frame, self._data_path.list_path or [], placeholder)
        return last


def _emptied(frame: Any, path: list[Step], placeholder: str) -> Any:
    """The frame with an empty list in place of the placeholder.

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
