"""The files of kept responses: their layout, and how they are read and written."""

import asyncio
import hashlib
import json
import os
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

from api_messages import LargeBody
from errors import ResponseError
from transport import private_files
from transport.spool import CHUNK, opened


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a kept response that is not its body.

    `digest` is that of the body, as `Spool.fingerprint`; `is_large` tells that it came in a spool;
    `varying` holds keyed hashes of the request headers that the response names in `Vary`.
    """

    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    digest: bytes
    size: int
    is_large: bool = False
    varying: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return it as it stands in a file."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers
        ]
        content = [headers, self.digest.hex(), self.size, self.is_large, self.varying]
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the metadata in a file whose checksum was right."""
        headers, digest, size, is_large, varying = json.loads(content)
        pairs = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
        return cls(pairs, bytes.fromhex(digest), size, is_large, tuple(varying))


class KeptBody(LargeBody):
    """A large body in the file of an entry, which stays readable when the entry is removed."""

    def __init__(self, entry: "Entry") -> None:
        self.size = entry.metadata.size
        self._entry = entry

    @property
    def fingerprint(self) -> bytes:
        return self._entry.metadata.digest

    async def chunks(self) -> AsyncGenerator[bytes]:
        position = 0
        while position < self.size:
            chunk = await self._read(position, min(CHUNK, self.size - position))
            position += len(chunk)
            yield chunk

    async def read(self) -> bytes:
        return await self._read(0, self.size)

    async def file(self) -> BinaryIO:
        return opened(self._entry.read_at, self.size)

    async def completed(self) -> None:
        """Return at once, because all of it is there."""

    def abandon(self) -> None:
        """Do nothing, because there is nothing to stop."""

    async def _read(self, position: int, size: int) -> bytes:
        try:
            return await asyncio.to_thread(self._entry.read_exactly, position, size)
        except OSError as error:
            raise ResponseError(
                f"a kept response cannot be read: {error.strerror or error}",
                advice="look at responseDirectory",
            ) from None


class Entry:
    """An open file whose head was right; its body still has to be verified."""

    def __init__(self, descriptor: int, metadata: Metadata, start: int) -> None:
        self.metadata = metadata
        self._descriptor = descriptor
        self._start = start
        # With the last reader of the body.
        weakref.finalize(self, os.close, descriptor)

    def is_intact(self) -> bool:
        """Return whether the body is the one that was kept."""
        digest = body_digest()
        position = 0
        while chunk := self.read_at(position, 8 * CHUNK):
            digest.update(chunk)
            position += len(chunk)
        return position == self.metadata.size and digest.digest() == self.metadata.digest

    def read_all(self) -> bytes:
        """Return the whole body; errors as for `read_exactly`."""
        return self.read_exactly(0, self.metadata.size)

    def read_exactly(self, position: int, size: int) -> bytes:
        """Return so many bytes of the body.

        Raises:
            OSError: it cannot be read, or was cut after it was verified.
        """
        parts: list[bytes] = []
        while size:
            chunk = self.read_at(position, size)
            if not chunk:
                raise OSError("a file was cut while it was read")
            parts.append(chunk)
            position += len(chunk)
            size -= len(chunk)
        return b"".join(parts)

    def read_at(self, position: int, size: int) -> bytes:
        """Return at most so many bytes of the body."""
        return os.pread(self._descriptor, size, self._start + position)

    def touch(self) -> None:
        """Mark it as just used; what was not used for longest is evicted first."""
        # On a read-only volume entries can still be served.
        with suppress(OSError):
            os.utime(self._descriptor)


class NewEntry:
    """A file that becomes an entry when it is committed; `discard` removes what did not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._descriptor = private_files.create(path)
        self._closing = weakref.finalize(self, os.close, self._descriptor)

    def write(self, chunk: bytes) -> int:
        """Append to the file; one that cannot be written is removed. Returns its size."""
        view = memoryview(chunk)
        try:
            while view:
                written = os.write(self._descriptor, view)
                self.size += written
                view = view[written:]
        except OSError:
            self.discard()
            raise
        return self.size

    def close(self) -> None:
        """Close the file, to which nothing more is to be written."""
        self._closing()

    def discard(self) -> None:
        """Remove the file."""
        self.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def body_digest() -> hashlib.blake2b:
    """Return a new hash for the body of an entry, the same as that of `Spool.fingerprint`."""
    return hashlib.blake2b(digest_size=16)
