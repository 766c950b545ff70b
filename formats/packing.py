"""Files in gzip and zip, unpacked piece by piece and within limits.

A body is packed when it starts as such a file does, whatever its Content-Type says.
"""

import asyncio
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import IO

from errors import ResponseError

PIECE = 128 * 1024
_GZIP = b"\x1f\x8b\x08"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_WITH_HEADER = zlib.MAX_WBITS | 16
# Real data seldom shrinks to a hundredth. What does so to a five-hundredth was made to, and what
# is small does no harm. What was packed before hardly shrinks.
MOST_RATIO, MOST_RATIO_TWICE = 500, 20
_HARMLESS, _HARMLESS_TWICE = 32 * 2**20, 2**20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 1
# What zipfile and zlib raise over archives that are none or not whole; a RuntimeError also over
# what Python does not read, such as patches.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


def is_gzip(start: bytes) -> bool:
    """Return whether a body starts as a gzip file does."""
    return start.startswith(_GZIP)


def is_zip(start: bytes) -> bool:
    """Return whether a body starts as a zip file does."""
    return start.startswith(_ZIP)


async def gunzip(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the content of a gzip file, all of its members one after the other.

    Raises:
        ResponseError: it is damaged, ends too early, is followed by something else, or unpacks to
            so much that it must have been made for harm.
    """
    unpacker = _Unpacker()
    packed = unpacked = 0
    async for chunk in chunks:
        packed += len(chunk)
        unpacker.waiting += chunk
        while piece := await asyncio.to_thread(unpacker.next_piece):
            unpacked += len(piece)
            check_ratio(packed, unpacked)
            yield piece
    if not unpacker.is_between_members:
        raise ResponseError("the gzip body ends too early")


class _Unpacker:
    """A gzip file that is unpacked member by member, from the bytes that are `waiting`."""

    def __init__(self) -> None:
        self.waiting = b""
        self.is_between_members = False
        self._inside = zlib.decompressobj(_WITH_HEADER)

    def next_piece(self) -> bytes:
        """Return at most `PIECE` bytes; none when there is no more to unpack so far.

        Raises:
            ResponseError: this is no gzip.
        """
        while not self.is_between_members or self._starts_member():
            try:
                piece = self._inside.decompress(self.waiting, PIECE)
            except zlib.error:
                raise ResponseError(
                    "the gzip body is damaged, or followed by something else"
                ) from None
            self.is_between_members = self._inside.eof
            self.waiting = self._inside.unused_data or self._inside.unconsumed_tail
            if piece or not self.waiting:
                return piece
        return b""

    def _starts_member(self) -> bool:
        # Tapes are padded with zeros.
        self.waiting = self.waiting.lstrip(b"\0")
        if not self.waiting:
            return False
        self._inside = zlib.decompressobj(_WITH_HEADER)
        self.is_between_members = False
        return True


def check_ratio(packed: int, unpacked: int, *, is_packed_twice: bool = False) -> None:
    """Refuse what was made to fill memories and disks.

    Inputs: bytes before and after unpacking; `is_packed_twice` where what comes of it is packed.

    Raises:
        ResponseError: so much comes of so little.
    """
    ratio = MOST_RATIO_TWICE if is_packed_twice else MOST_RATIO
    harmless = _HARMLESS_TWICE if is_packed_twice else _HARMLESS
    if unpacked > harmless and unpacked > ratio * packed:
        raise ResponseError(
            f"{packed} packed bytes unpack to more than {unpacked}, which is refused as an attack",
            advice="ask the API for it without compression",
        )


def open_archive(file: IO[bytes]) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Return a zip archive, and its data files in its own order.

    Raises:
        ResponseError: the archive is damaged, encrypted, empty, or made for harm.
    """
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGE as error:
        raise ResponseError(f"the zip body is damaged: {error}") from None
    entries = [entry for entry in archive.infolist() if _is_data(entry)]
    if not entries:
        raise ResponseError("the zip body holds no file")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise ResponseError(f"{entry.filename} in the zip body is encrypted")
        if entry.compress_type not in _METHODS:
            raise ResponseError(
                f"{entry.filename} in the zip body is compressed by method {entry.compress_type}; "
                "only deflate is read"
            )
    check_ratio(file.seek(0, os.SEEK_END), sum(entry.file_size for entry in entries))
    return archive, entries


async def unzip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> AsyncGenerator[bytes]:
    """Yield the content of one file of an archive.

    Raises:
        ResponseError: it is damaged.
    """
    pieces = _pieces(archive, entry)
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    left = entry.file_size
    try:
        with archive.open(entry) as file:
            while piece := file.read(PIECE):
                left -= len(piece)
                yield piece
    except DAMAGE as error:
        raise ResponseError(f"{entry.filename} in the zip body is damaged: {error}") from None
    if left:
        raise ResponseError(f"{entry.filename} in the zip body ends too early")


def _is_data(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a file with data: no directory, nor an addition of macOS."""
    name = entry.filename
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return not (entry.is_dir() or is_link or name.startswith("__MACOSX/")) and (
        name.rpartition("/")[2] != ".DS_Store"
    )
