"""The refresh token that counts: the newest that the API gave, or else the one in the settings."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from loguru import logger

from errors import AuthenticationError
from settings import kept_tokens
from transport import private_files

_LOOK_AGAIN = 0.1
_LONGEST_WAIT = 300.0


class RefreshTokens:
    """The rotated refresh tokens, which are kept on disk too where there is a file.

    Inputs: `given`, the setting, perhaps empty; `file`, where to keep them. The file is read before
    each use, because another process may have rotated the token; it says which setting its token
    descends from, so that a new value of the setting counts again.
    """

    def __init__(self, given: str, file: Path | None) -> None:
        self._given = given
        self._file = file
        self._newest = ""

    def current(self) -> str:
        """Return the token to send; empty when there is none.

        Raises:
            AuthenticationError: the file cannot be read.
        """
        return self._newest or self._stored() or self._given

    def replace(self, token: str) -> None:
        """Use a token that the API gave in place of the current one.

        It gets into the file when `exclusively` ends.
        """
        if token == self.current():
            return
        self._newest = token
        if self._file is None:
            logger.warning(
                "The API replaced the refresh token; set refreshTokenFile, or the new one is lost "
                "when this process ends and the one in refreshToken may be worthless"
            )

    @asynccontextmanager
    async def exclusively(self) -> AsyncGenerator[None]:
        """Hold the tokens while one is used: one that two processes send at once may be revoked.

        On the way out, a new one is written to the file.

        Raises:
            AuthenticationError: another process holds it for longer than five minutes.
        """
        if self._file is None:
            yield
            return
        beside = self._file.with_name(f"{self._file.name}.lock")
        try:
            descriptor = private_files.open_lock(beside)
        except OSError as error:
            raise _unusable(f"{beside} cannot be opened: {error.strerror}") from None
        try:
            await _lock(descriptor, beside)
            try:
                yield
            finally:
                if self._newest:
                    await _to_its_end(self._save(self._file))
        finally:
            os.close(descriptor)

    async def _save(self, file: Path) -> None:
        kept = kept_tokens.KeptToken(self._newest, self._origin)
        try:
            await asyncio.to_thread(private_files.replace, file, kept.text.encode())
            self._newest = ""
        except OSError as error:
            logger.error(
                f"refreshTokenFile {file} cannot be written ({error.strerror}); the new refresh "
                "token is lost when this process ends"
            )

    def _stored(self) -> str:
        if self._file is None:
            return ""
        try:
            text = self._file.read_text("utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise _unusable(f"{self._file} cannot be read") from None
        if not text:
            return ""
        kept = kept_tokens.parse(text)
        if kept is None:
            # Some other file, which must not be sent to anyone.
            raise _unusable(f"{self._file} {kept_tokens.NOT_OURS}")
        descends = not self._given or kept.issued_from == self._origin
        return kept.refresh_token if descends else ""

    @property
    def _origin(self) -> str:
        return hashlib.sha256(self._given.encode()).hexdigest()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait to the end of work that must not stop half way, also when this is cancelled."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait({task})


async def _lock(descriptor: int, path: Path) -> None:
    try:
        async with asyncio.timeout(_LONGEST_WAIT):
            # Of another process, which no event of this one can tell about.
            while not private_files.try_lock(descriptor):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        raise _unusable(f"{path} is held by another process") from None
    except OSError as error:
        raise _unusable(f"{path} cannot be locked: {error.strerror}") from None


def _unusable(problem: str) -> AuthenticationError:
    return AuthenticationError(problem, advice="look at refreshTokenFile")
