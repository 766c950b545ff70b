"""Secrets that senders make for each webhook, and tell once, when its address shakes hands.

Asana is one: `X-Hook-Secret` comes with the handshake, and every event of that hook is signed with
it. Each is a file of its own, for its owner only, so that several processes may add to a directory
and none ever takes the place of another. Unlike responses they are never evicted: an event whose
secret is gone cannot be told from a forgery.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from loguru import logger

from settings.connection import ConnectionSettings
from transport import private_files

_PLACE = "ocean-custom-webhooks"
_MOST = 100
_SHORTEST, _LONGEST = 16, 512
_NAME_BYTES = 32
# Between looks at what other processes have kept; a wrong signature is a reason for one.
_PAUSE = 1.0


class HookSecretError(Exception):
    """A secret that is not kept, and why, without the secret."""


class HookSecrets:
    """The secrets of one instance's webhooks, in a directory that is made when it is needed."""

    def __init__(self, directory: Path, instance: bytes) -> None:
        self._instance = instance
        self._all = directory / _PLACE
        self._place = self._all / _hashed(b"instance", instance)
        self._known: tuple[str, ...] = ()
        self._next_look = 0.0
        self._looking = threading.Lock()

    @classmethod
    def for_settings(cls, settings: ConnectionSettings, identifier: str) -> Self | None:
        """Return those of an instance; None where senders make no secrets, or without a directory.

        Credentials of the API do not tell instances apart here: hooks outlive them.
        """
        if not settings.signature_scheme.secret_from or settings.response_directory is None:
            return None
        instance = f"{identifier}\n{settings.base_url}".encode()
        return cls(Path(settings.response_directory), instance)

    @property
    def known(self) -> tuple[str, ...]:
        """The secrets of which each signs the events of its hook, as they were last read."""
        return self._known

    def renew(self) -> bool:
        """Read what is kept, unless that was just done; returns whether something is new.

        Threads wait for each other, so that each knows afterwards what another one has read.
        """
        with self._looking:
            if time.monotonic() < self._next_look:
                return False
            before, self._known = self._known, tuple(self._read())
            self._next_look = time.monotonic() + _PAUSE
            return not set(self._known) <= set(before)

    def keep(self, secret: str) -> None:
        """Keep one more secret, so that it is on disk when this returns.

        Raises:
            HookSecretError: it is none, there are too many already, or it cannot be written.
        """
        if not (_SHORTEST <= len(secret) <= _LONGEST and secret.isascii() and secret.isprintable()):
            raise HookSecretError(f"its secret must have {_SHORTEST} to {_LONGEST} characters")
        try:
            with self._looking:
                self._write(secret)
        except OSError as error:
            raise HookSecretError(
                "its secret cannot be kept; look at responseDirectory: "
                f"{error.strerror or type(error).__name__}"
            ) from None

    def _write(self, secret: str) -> None:
        for folder in (self._all, self._place):
            private_files.make_folder(folder)
        known = tuple(self._read())
        if secret not in known:
            if len(known) >= _MOST:
                raise HookSecretError(
                    f"{len(known)} secrets of webhooks are kept already; remove {_PLACE} in "
                    "responseDirectory and set the webhooks up anew"
                )
            private_files.replace(self._place / self._name(secret), secret.encode())
            logger.info(f"The secret of a new webhook is kept; there are {len(known) + 1}")
        self._known = tuple(dict.fromkeys((*known, secret)))

    def _read(self) -> Iterator[str]:
        """Yield what is kept and whole: a file is named by what it holds.

        What cannot be read is not gone: of that, what was known before counts.
        """
        try:
            if not self._place.exists():
                return
            # Whoever may write there can make secrets, too.
            private_files.make_folder(self._all)
            files = sorted(self._place.iterdir())
        except OSError as error:
            logger.warning(f"responseDirectory: secrets of webhooks cannot be read: {error}")
            yield from self._known
            return
        known = {self._name(secret): secret for secret in self._known}
        for file in files[: 2 * _MOST]:
            try:
                secret = file.read_bytes()[: _LONGEST + 1].decode()
            except OSError as error:
                logger.warning(f"responseDirectory: a secret of a webhook is not read: {error!r}")
                secret = known.get(file.name, "")
            except UnicodeDecodeError:
                continue
            if file.name == self._name(secret):
                yield secret

    def _name(self, secret: str) -> str:
        return _hashed(self._instance, secret.encode())


def _hashed(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=_NAME_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
