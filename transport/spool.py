"""Large bodies: in a file while they arrive, so that no connection waits for who reads them."""

import asyncio
import hashlib
import io
import os
import tempfile
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, BinaryIO

from loguru import logger

from api_messages import LargeBody
from errors import RequestError, ResponseError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Bytes that all bodies together may hold in memory, where the disk is full.
MOST_IN_MEMORY = 64 * 2**20
# One step of writing or reading: small enough that a thread which parses it lets others in soon.
CHUNK = 128 * 1024


class Spool(LargeBody):
    """A body in a file of its own; readers get what is there and wait for the rest.

    The file has no name and is readable for its owner only: it is gone with the last reader, and
    with the process. Several may read at once, each from the start. What a full disk has no room
    for is held in memory, up to a limit for all bodies together.
    """

    def __init__(self) -> None:
        self.size = 0
        self._store = _Store()
        self._digest = hashlib.blake2b(digest_size=16)
        self._grown = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._has_ended = False
        self._error: Exception | None = None

    def fill(self, writing: Coroutine[Any, Any, None]) -> None:
        """Let `writing` append the body in the background; its error is what readers get."""
        self._writer = asyncio.create_task(self._fill(writing))

    async def append(self, chunk: bytes) -> None:
        """Add the next part of the body.

        Raises:
            RequestError: there is no room for it, neither on disk nor in memory.
        """
        await asyncio.to_thread(self._write, chunk)
        self.size += len(chunk)
        self._wake()

    async def check(self, position: int, chunk: bytes) -> None:
        """Compare a part of the body that was sent again with what is there.

        Raises:
            ResponseError: it differs, so that what was handed on may not be what is true.
        """
        if await asyncio.to_thread(self._store.read, position, len(chunk)) != chunk:
            raise ResponseError(
                "the body broke off, and when it was asked for again it was another one",
                advice="a smaller pageSize makes large answers rarer",
            )

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Give the body from its start, in parts of at most `CHUNK` bytes, as they arrive.

        Raises:
            EndpointError: the body could not be received to its end.
        """
        position = 0
        while True:
            if position < self.size:
                wanted = min(CHUNK, self.size - position)
                chunk = await asyncio.to_thread(self._store.read, position, wanted)
                position += len(chunk)
                yield chunk
            elif self._error:
                raise self._error
            elif self._has_ended:
                return
            else:
                await self._grown.wait()

    async def read(self) -> bytes:
        """Return the whole body, when it has arrived; errors as for `chunks`."""
        await self.completed()
        return await asyncio.to_thread(self._store.read, 0, self.size)

    async def file(self) -> BinaryIO:
        """Return the whole body as a file of its own, when it has arrived; errors as `chunks`."""
        await self.completed()
        return opened(self._store.read, self.size)

    async def completed(self) -> None:
        """Wait for the end of the body; errors as for `chunks`."""
        while not self._has_ended:
            await self._grown.wait()
        if self._error:
            raise self._error

    @property
    def fingerprint(self) -> bytes:
        """Return a hash of what has arrived so far, equal for equal bodies."""
        return self._digest.digest()

    def abandon(self) -> None:
        """Stop receiving; nobody reads any more."""
        if self._writer:
            self._writer.cancel()

    async def _fill(self, writing: Coroutine[Any, Any, None]) -> None:
        try:
            await writing
        except asyncio.CancelledError:
            self._error = ResponseError("receiving the body was given up")
            raise
        except Exception as error:  # noqa: BLE001 (raised again to every reader)
            self._error = error
        finally:
            self._has_ended = True
            # Else the two would keep each other, and the file, until the next garbage collection.
            self._writer = None
            self._wake()

    def _write(self, chunk: bytes) -> None:
        self._store.append(chunk)
        self._digest.update(chunk)

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


class _Room:
    """The memory that bodies may take where the disk has no room for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0
        self._has_warned = False

    def take(self, size: int, reason: str) -> None:
        """Take so many bytes, for a reason that the log tells once.

        Raises:
            RequestError: there are not so many left.
        """
        with self._lock:
            if self._taken + size > MOST_IN_MEMORY:
                raise _no_room(reason)
            self._taken += size
            if not self._has_warned:
                self._has_warned = True
                logger.warning(
                    f"Large bodies cannot be kept in {tempfile.gettempdir()} ({reason}), so that "
                    f"up to {MOST_IN_MEMORY} bytes of them are held in memory"
                )

    def give_back(self, tail: bytearray) -> None:
        """Give back what a body took, which nobody reads any more."""
        with self._lock:
            self._taken -= len(tail)


_ROOM = _Room()


class _Store:
    """The bytes of a body: on disk, and from where that was full on, in memory."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._on_disk = 0
        self._tail = bytearray()
        # Why the disk takes no more.
        self._full = ""
        weakref.finalize(self, _ROOM.give_back, self._tail)
        try:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # readers outlast this
        except OSError as error:
            self._full = error.strerror or str(error)
        else:
            weakref.finalize(self, self._file.close)

    def append(self, chunk: bytes) -> None:
        """Add some bytes; errors as for `_Room.take`."""
        if self._file and not self._full:
            try:
                self._write(self._file, chunk)
            except OSError as error:
                # What there is of the chunk is not looked at.
                self._full = error.strerror or str(error)
            else:
                self._on_disk += len(chunk)
                return
        _ROOM.take(len(chunk), self._full)
        self._tail += chunk

    def read(self, position: int, size: int) -> bytes:
        """Return the bytes from a position on, fewer at the end."""
        parts = []
        while self._file and size > 0 and position < self._on_disk:
            # One call reads 2 GB at most.
            part = os.pread(self._file.fileno(), min(size, self._on_disk - position), position)
            if not part:
                raise OSError("the file of a body was cut while it was read")
            parts.append(part)
            position, size = position + len(part), size - len(part)
        start = position - self._on_disk
        return b"".join((*parts, self._tail[start : start + size]))

    @staticmethod
    def _write(file: BinaryIO, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(file.fileno(), view) :]


class _Opened(io.RawIOBase):
    """A reader with a place of its own in a body, whose owner it keeps."""

    def __init__(self, read_at: Callable[[int, int], bytes], size: int) -> None:
        self._read_at = read_at
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = starts[whence] + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        wanted = memoryview(buffer).cast("B")
        content = self._read_at(self._position, len(wanted))
        wanted[: len(content)] = content
        self._position += len(content)
        return len(content)


def opened(read_at: Callable[[int, int], bytes], size: int) -> BinaryIO:
    """Return a body of so many bytes as a file; `read_at` takes a position and how many to read."""
    return io.BufferedReader(_Opened(read_at, size))


def _no_room(reason: str) -> RequestError:
    return RequestError(
        f"a large body can be kept neither on disk ({reason}) nor in memory",
        advice=f"make room in {tempfile.gettempdir()}, or lower pageSize",
    )
