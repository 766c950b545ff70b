"""Responses that stay on disk between resyncs: in one directory, bounded, for their owner only.

An entry is one file, written under another name and then moved into place, so that it is whole or
absent. It begins with a keyed checksum over its name, its headers and its body: what is torn,
altered or belongs to another entry is no entry. Names are keyed hashes, and the key is a file
beside them. Several processes may share a directory.
"""

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from cache.files import Entry, Metadata, NewEntry
from transport import private_files

_PLACE = "ocean-custom-responses"
_KEY = "key"
_KEY_BYTES = 32
_TEMPORARY = "new-"
# A file that is still being written by then belongs to a process that was killed.
_ABANDONED_SECONDS = 3600
_MAGIC = b"OCR1"
_MAC_BYTES = 32
_LENGTH_BYTES = 8
_HEAD = len(_MAGIC) + _MAC_BYTES + _LENGTH_BYTES
_MOST_METADATA = 4_000_000
# What a file takes on disk beside its bytes, at most.
_BLOCK = 4096
# Evicting goes down to this share of the size, so that not each new entry looks at all others.
_KEEP_SHARE = 0.9


class KeptResponses:
    """The entries of one directory, which is made when it is first needed.

    Inputs: `directory`, to which a subdirectory of our own is added; `limit`, how many bytes all
    entries may take. Everything here blocks and may raise OSError.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self._place = directory / _PLACE
        self._limit = limit
        self._key: bytes | None = None
        # What the entries take, as far as known; others may write to the same directory.
        self._used: int | None = None
        self._counting = threading.Lock()

    def keyed_hash(self, *parts: bytes) -> bytes:
        """Return a hash that says nothing to anyone without the directory's key."""
        if self._key is None:
            self._key = self._open_place()
        digest = hashlib.blake2b(key=self._key, digest_size=_MAC_BYTES)
        for part in parts:
            digest.update(len(part).to_bytes(_LENGTH_BYTES, "big"))
            digest.update(part)
        return digest.digest()

    def find(self, name: str) -> Entry | None:
        """Return the entry of this name, if there is one and its head is right."""
        try:
            descriptor = os.open(self._place / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with ExitStack() as opened:
            opened.callback(os.close, descriptor)
            head = self._metadata(name, descriptor)
            if head is None:
                self.remove(name)
                return None
            opened.pop_all()
        metadata, length = head
        return Entry(descriptor, metadata, _HEAD + length)

    def remove(self, name: str) -> None:
        """Forget an entry."""
        (self._place / name).unlink(missing_ok=True)

    def begin(self, name: str, metadata: Metadata) -> "NewEntry":
        """Return a file that becomes an entry, to write the body to."""
        content = metadata.to_bytes()
        head = _MAGIC + self._checksum(name, content) + len(content).to_bytes(_LENGTH_BYTES, "big")
        new = NewEntry(self._place / f"{_TEMPORARY}{secrets.token_hex(16)}")
        new.write(head + content)
        return new

    def commit(self, new: "NewEntry", name: str) -> None:
        """Put an entry in its place, and make room where it is needed."""
        new.close()
        new.path.replace(self._place / name)
        with self._counting:
            if self._used is not None:
                self._used += _taken(new.size)
            if self._used is None or self._used > self._limit:
                self._used = self._evict()

    def fits(self, size: int) -> bool:
        """Return whether an entry of so many bytes may be kept at all."""
        return size + _BLOCK <= self._limit * _KEEP_SHARE

    def _metadata(self, name: str, descriptor: int) -> tuple[Metadata, int] | None:
        head = os.pread(descriptor, _HEAD, 0)
        length = int.from_bytes(head[-_LENGTH_BYTES:], "big")
        if len(head) < _HEAD or not head.startswith(_MAGIC) or length > _MOST_METADATA:
            return None
        content = os.pread(descriptor, length, _HEAD)
        checksum = head[len(_MAGIC) : -_LENGTH_BYTES]
        if not hmac.compare_digest(checksum, self._checksum(name, content)):
            return None
        metadata = Metadata.from_bytes(content)
        is_whole = os.fstat(descriptor).st_size == _HEAD + length + metadata.size
        return (metadata, length) if is_whole else None

    def _checksum(self, name: str, content: bytes) -> bytes:
        # The content holds the digest of the body.
        return self.keyed_hash(b"entry", name.encode(), content)

    def _open_place(self) -> bytes:
        private_files.make_folder(self._place)
        return self._read_key() or self._make_key()

    def _read_key(self) -> bytes | None:
        with suppress(FileNotFoundError):
            key = (self._place / _KEY).read_bytes()
            if len(key) == _KEY_BYTES:
                return key
            # Without it, no entry can be used again.
            (self._place / _KEY).unlink(missing_ok=True)
        return None

    def _make_key(self) -> bytes:
        new = self._place / f"{_TEMPORARY}{secrets.token_hex(16)}"
        private_files.write(new, secrets.token_bytes(_KEY_BYTES))
        try:
            # Unlike a rename, this fails when another process was first.
            os.link(new, self._place / _KEY)
        except FileExistsError:
            pass
        finally:
            new.unlink()
        key = self._read_key()
        if key is None:
            raise OSError(f"the key in {self._place} cannot be read")
        return key

    def _evict(self) -> int:
        """Remove what was not used for longest, until what is left fits well; returns its size."""
        entries = sorted(self._entries())
        used = sum(size for _, size, _ in entries)
        wanted = self._limit if used <= self._limit else self._limit * _KEEP_SHARE
        for _, size, file in entries:
            if used <= wanted:
                break
            file.unlink(missing_ok=True)
            used -= size
        return used

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Give each entry's last use, size and file, and remove what is left over."""
        for file in list(self._place.iterdir()):
            with suppress(FileNotFoundError):
                found = file.stat(follow_symlinks=False)
                if not file.name.startswith(_TEMPORARY):
                    if file.name != _KEY:
                        yield found.st_mtime, _taken(found.st_size), file
                elif time.time() - found.st_mtime > _ABANDONED_SECONDS:
                    file.unlink(missing_ok=True)


def _taken(size: int) -> int:
    """Return the disk space of a file of this size, with a block for its directory entry."""
    return size + _BLOCK
