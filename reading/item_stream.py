"""The items of a large body, piece by piece, as it arrives."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

from errors import ResponseError
from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath
from formats.documents import Documents
from formats.format import Document, ItemReader, ListPart
from formats.identifiers import identifier_of, sum_of
from formats.nesting import JsonLimitError
from formats.paths import Step

# So many bytes without the end of an item are no list of items.
_LONGEST_ITEM = 256 * 2**20


class Portion(NamedTuple):
    """Some items of a page, how many bytes of JSON they take, and of how many records they are.

    `sent` are these records, as the API sent them, where data_path leaves out or changes some.
    """

    items: list[Any]
    size: int
    records: int
    sent: Sequence[Any] = ()


class ItemStream:
    """Reads what an answer holds once, from its start.

    After `pieces` has ended: `received` is how many records the API sent, `count` how many items
    the data_path made of them, `matched` whether it found anything but nulls, `digest` is equal for
    equal lists, and `body` is the body with an empty list where the items were; where several
    documents were packed, that of the first.
    """

    def __init__(
        self, documents: Documents, path: list[Step], data_path: DataPath, evaluator: Evaluator
    ) -> None:
        self.data_path = data_path
        self.received = self.count = 0
        self.last_item: Any = None
        self.body: Any = None
        self._opened = documents
        self._documents = documents.each()
        self._path = path
        self._evaluator = evaluator
        self._document: Document | None = None
        self._reader: ItemReader | None = None
        # What was read already, and what reads the rest.
        self._first: list[Portion] = []
        self._rest = self._read()
        self._is_found = self._found_nulls = False
        self._is_first_document = True
        self._since_item = 0
        self._digest = hashlib.blake2b(digest_size=16)
        self._identifier: str | None = None
        self._identities: int | None = 0

    @classmethod
    async def open(
        cls, documents: Documents, data_path: DataPath, evaluator: Evaluator
    ) -> "ItemStream | None":
        """Open a stream at the first items; None when only the whole body tells what they are.

        That is so for small bodies, JSON in other charsets than UTF-8, a data_path that looks at
        more than one item at a time, and where no list is at the path.

        Raises:
            EndpointError: as `pieces`.
        """
        path = data_path.list_path
        if path is None or not documents.is_large:
            return None
        stream = cls(documents, path, data_path, evaluator)
        if await stream._find():
            return stream
        await stream._documents.aclose()
        return None

    async def again(self) -> "ItemStream":
        """Return a stream of the same items from the first; errors as for `open`."""
        stream = await ItemStream.open(self._opened, self.data_path, self._evaluator)
        assert stream is not None  # noqa: S101 (it was one the first time)
        return stream

    @property
    def matched(self) -> bool:
        """True where the data_path fits, as far as was read."""
        return self.count > 0 or (self._is_found and not self._found_nulls)

    @property
    def digest(self) -> bytes:
        """Equal for equal lists."""
        return self._digest.digest()

    @property
    def identities(self) -> int | None:
        """Equal for lists whose records have the same identifiers, in any order.

        None without any, or where they may be the numbers of rows, counted from 0 or 1.
        """
        count = self.received
        rows = (count * (count - 1) // 2, count * (count + 1) // 2)
        return None if self._identities in rows else self._identities

    async def first_item(self) -> Any:
        """Return the first item, which `pieces` still gives; None when there is none."""
        while not any(portion.items for portion in self._first):
            try:
                self._first.append(await anext(self._rest))
            except StopAsyncIteration:
                return None
        return next(portion.items[0] for portion in self._first if portion.items)

    async def pieces(self) -> AsyncGenerator[Portion]:
        """Give the items, in lists that fit in memory.

        Raises:
            ResponseError: the body is not what it should be, or data_path fails on an item.
            EndpointError: the body did not arrive to its end.
        """
        async with aclosing(self._documents), aclosing(self._rest):
            while self._first:
                yield self._first.pop(0)
            async for piece in self._rest:
                yield piece

    async def _find(self) -> bool:
        reader = await self._next_reader()
        if reader is None or self._document is None:
            return False
        async for chunk in self._document.chunks:
            for part in await self._in_thread(self._take, reader, chunk):
                self._first.append(await self._items(part))
            if reader.is_found is not None:
                break
        return bool(reader.is_found)

    async def _read(self) -> AsyncGenerator[Portion]:
        reader = self._reader
        while reader and self._document:
            async for chunk in self._document.chunks:
                for part in await self._in_thread(self._take, reader, chunk):
                    yield await self._items(part)
            for part in await self._in_thread(self._finish, reader):
                yield await self._items(part)
            reader = await self._next_reader()

    async def _next_reader(self) -> ItemReader | None:
        """Return a reader of the next document; None when there is none, or it is read whole."""
        self._document = await anext(self._documents, None)
        if self._document:
            self._reader = self._document.reader(self._path)
            if self._reader is None and not self._is_first_document:
                raise self._unlike_the_first()
            return self._reader
        return None

    def _unlike_the_first(self) -> ResponseError:
        name = self._document.name if self._document else ""
        return ResponseError(
            f"{name} has no list where other files of the zip body have one",
            advice="look at data_path",
        )

    async def _in_thread[**P](
        self, work: Callable[P, list[ListPart]], *args: P.args, **kwargs: P.kwargs
    ) -> list[ListPart]:
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        except JsonLimitError as error:
            raise ResponseError(f"the body is not JSON: {error}") from None
        except (ValueError, RecursionError):
            # What a parser says may hold pieces of the body.
            raise ResponseError("the body is not JSON: malformed after its start") from None

    async def _items(self, part: ListPart) -> Portion:
        found = await self.data_path.extract_part(part, self._evaluator)
        self.count += len(found.items)
        if found.items:
            self.last_item = found.items[-1]
        self._found_nulls = self._found_nulls or not found.matched
        sent = () if self.data_path.is_plain else part.elements
        return Portion(found.items, len(part.text), len(part.elements), sent)

    def _take(self, reader: ItemReader, chunk: bytes) -> list[ListPart]:
        parts = self._counted(reader.feed(chunk))
        self._since_item = 0 if parts else self._since_item + len(chunk)
        if self._since_item > _LONGEST_ITEM:
            raise ResponseError(f"there is no item within {_LONGEST_ITEM} bytes of the body")
        return parts

    def _finish(self, reader: ItemReader) -> list[ListPart]:
        last = self._counted(reader.close())
        if self._document and not (reader.is_found or self._document.format.may_lack_list):
            raise self._unlike_the_first()
        frame = reader.frame()
        self.body = frame if self._is_first_document else self.body
        self._is_first_document = False
        self._is_found = self._is_found or bool(reader.is_found)
        return last

    def _counted(self, parts: list[ListPart]) -> list[ListPart]:
        for part in parts:
            self._digest.update(part.said)
            self.received += len(part.elements)
            self._identify(part.elements)
        return parts

    def _identify(self, elements: Sequence[Any]) -> None:
        if self._identifier is None and elements:
            self._identifier = identifier_of(elements[0])
        if self._identities is not None:
            told = sum_of(self._identifier or "", elements)
            self._identities = None if told is None else self._identities + told
