"""Responses that several resources of one resync share: fetched once, kept privately, then gone.

Bodies are kept as they were received: some in memory, more of them in files that only their owner
can read, in a directory of this resync. An entry is complete or absent. A lock that dies with the
process tells later starts what was left behind.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from loguru import logger

from api_messages import ApiRequest, ApiResponse
from transport import private_files

_PREFIX = "ocean-custom-responses-"
_LOCK = "lock"
# Between making a directory and locking it, another process must not take it for abandoned.
_SETTLING_SECONDS = 60
# Bytes of bodies that are kept in memory.
_MEMORY = 16_000_000


@dataclass(frozen=True, slots=True)
class _Kept:
    """A response whose body is in the response itself, or in a file."""

    response: ApiResponse
    file: Path | None = None
    is_to_stay: bool = True

    async def load(self) -> ApiResponse:
        if self.file is None:
            return self.response
        return replace(self.response, content=await asyncio.to_thread(self.file.read_bytes))


class ResponseCache:
    """Responses shared between those who send identical requests within one resync.

    Requests that arrive while the first one is under way wait for it and share its result or its
    error; an error is not kept. `close` removes everything.
    """

    def __init__(self) -> None:
        self._entries: dict[str, asyncio.Task[_Kept]] = {}
        self._memory_left = _MEMORY
        self._directory: Path | None = None
        self._has_failed = False
        self._lock_file: int | None = None
        # File names must not let anyone guess what was asked for.
        self._key = secrets.token_bytes(32)

    async def fetch(
        self, request: ApiRequest, send: Callable[[ApiRequest], Awaitable[ApiResponse]]
    ) -> ApiResponse:
        """Return the response to `request`, kept or new; errors of `send` pass."""
        name = hashlib.blake2b(request.identity.encode(), key=self._key).hexdigest()[:40]
        entry = self._entries.get(name)
        if entry is None:
            entry = asyncio.create_task(self._keep(name, await_response=send(request)))
            self._entries[name] = entry
            entry.add_done_callback(lambda done: self._forget_failure(name, done))
        # Shielded: who stops waiting must not take the response from the others.
        kept = await asyncio.shield(entry)
        try:
            return await kept.load()
        except OSError as error:
            self._warn(error)
            self._forget(name, entry)
            return await send(request)

    def _forget_failure(self, name: str, entry: asyncio.Task[_Kept]) -> None:
        if entry.cancelled() or entry.exception() or not entry.result().is_to_stay:
            self._forget(name, entry)

    def _forget(self, name: str, entry: asyncio.Task[_Kept]) -> None:
        if self._entries.get(name) is entry:
            del self._entries[name]

    def close(self) -> None:
        """Remove every body and forget every entry."""
        for entry in self._entries.values():
            entry.cancel()
        self._entries.clear()
        self._memory_left = _MEMORY
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
        if self._lock_file is not None:
            os.close(self._lock_file)
        self._directory = self._lock_file = None

    async def _keep(self, name: str, *, await_response: Awaitable[ApiResponse]) -> _Kept:
        response = await await_response
        if response.large:
            try:
                await response.large.completed()
            finally:
                # Stops what did not complete. In all else there is nothing to stop, so that no
                # reader can take it from the others by giving it up.
                response.large.abandon()
            return _Kept(response)
        if len(response.content) <= self._memory_left:
            self._memory_left -= len(response.content)
            return _Kept(response)
        try:
            file = self._place() / f"{name}-{secrets.token_hex(4)}"
            await asyncio.to_thread(_write, file, response.content)
        except OSError as error:
            self._warn(error)
            # For those who wait for it now; who comes later asks the API.
            return _Kept(response, is_to_stay=False)
        return _Kept(replace(response, content=b""), file)

    def _warn(self, error: OSError) -> None:
        if not self._has_failed:
            logger.warning(
                f"Responses that resources share cannot be kept in {tempfile.gettempdir()} "
                f"({error.strerror or error}), so that the API is asked for them again"
            )
        self._has_failed = True

    def _place(self) -> Path:
        if self._directory is None:
            # mkdtemp makes a directory that only its owner may enter.
            self._directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock_file = _lock(self._directory / _LOCK)
        return self._directory


def _write(file: Path, content: bytes) -> None:
    try:
        private_files.write(file, content)
    except OSError:
        # What there is of it takes room.
        file.unlink(missing_ok=True)
        raise


def remove_leftovers() -> int:
    """Remove what killed processes of this user left behind; returns how many directories."""
    leftovers = [
        place
        for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")
        if place.is_dir() and place.stat().st_uid == os.getuid() and _is_abandoned(place)
    ]
    for place in leftovers:
        shutil.rmtree(place, ignore_errors=True)
    return len(leftovers)


def _is_abandoned(place: Path) -> bool:
    if not (place / _LOCK).exists():
        return time.time() - place.stat().st_mtime > _SETTLING_SECONDS
    lock = _lock(place / _LOCK)
    if lock is not None:
        os.close(lock)
    return lock is not None


def _lock(file: Path) -> int | None:
    """Return a descriptor that holds the lock, which the kernel frees when the process dies."""
    descriptor = private_files.open_lock(file)
    with suppress(OSError):
        if private_files.try_lock(descriptor):
            return descriptor
    os.close(descriptor)
    return None
