"""Large bodies: in a file while they arrive, so that no connection waits for who reads them."""

import asyncio
import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, BinaryIO

from api_messages import LargeBody
from errors import RequestError, ResponseError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# One step of writing or reading: small enough that a thread which parses it lets others in soon.
CHUNK = 128 * 1024


class Spool(LargeBody):
    """A body in a file of its own; readers get what is there and wait for the rest.

    The file has no name and is readable for its owner only: it is gone with the last reader, and
    with the process. Several may read at once, each from the start.

    Raises:
        RequestError: on construction, when the file cannot be made.
    """

    def __init__(self) -> None:
        self.size = 0
        try:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # readers outlast this
        except OSError as error:
            raise _no_room(error) from None
        weakref.finalize(self, self._file.close)
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
            RequestError: the file cannot be written.
        """
        try:
            await asyncio.to_thread(self._write, chunk)
        except OSError as error:
            raise _no_room(error) from None
        self.size += len(chunk)
        self._wake()

    async def check(self, position: int, chunk: bytes) -> None:
        """Compare a part of the body that was sent again with what is there.

        Raises:
            ResponseError: it differs, so that what was handed on may not be what is true.
        """
        if await asyncio.to_thread(self._read_at, position, len(chunk)) != chunk:
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
                chunk = await asyncio.to_thread(self._read_at, position, wanted)
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
        return await asyncio.to_thread(self._read)

    async def file(self) -> BinaryIO:
        """Return the whole body as a file of its own, when it has arrived; errors as `chunks`."""
        await self.completed()
        return opened(self._read_at, self.size)

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
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._file.fileno(), view) :]
        self._digest.update(chunk)

    def _read(self) -> bytes:
        parts = []
        position = 0
        while position < self.size:
            # One call reads 2 GB at most.
            parts.append(self._read_at(position, self.size - position))
            position += len(parts[-1])
        return b"".join(parts)

    def _read_at(self, position: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, position)

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


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


def _no_room(error: OSError) -> RequestError:
    place = tempfile.tempdir or "the directory for temporary files"
    return RequestError(
        f"a large body cannot be kept on disk: {error.strerror}",
        advice=f"make room in {place}, or lower pageSize",
    )
