"""Tokens with which an API tells what changed, kept between runs where responses are."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from loguru import logger

from cache.directory import KeptResponses
from cache.files import Metadata, body_digest
from settings.connection import ConnectionSettings

_KIND = b"delta"


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """A token for the next round, and whose entities are whose at the end of this one.

    `version` counts how often one was kept in its place; `order` is the version with which this one
    was first, so that of two tokens the older one has the lower.
    """

    text: str = field(repr=False)
    owners: bytes = field(default=b"", repr=False)
    order: int = 0
    version: int = 0


class DeltaTokens:
    """The tokens of one instance, in a directory; what cannot be read or written is no token.

    Without one, all is read again: nothing is lost but time.
    """

    def __init__(self, kept: KeptResponses, instance: bytes) -> None:
        self._kept = kept
        self._instance = instance

    @classmethod
    def for_settings(cls, settings: ConnectionSettings, instance: bytes) -> Self | None:
        """Return those of an instance; None without a directory for them."""
        if settings.response_directory is None:
            return None
        limit = settings.response_directory_size * 1_000_000
        return cls(KeptResponses(Path(settings.response_directory), limit), instance)

    async def load(self, resource: str) -> DeltaToken | None:
        """Return the token of a resource, if there is one."""
        try:
            return await asyncio.to_thread(self._load, resource)
        except (OSError, ValueError) as error:
            logger.warning(f"responseDirectory: the token of incremental.delta is lost: {error!r}")
            return None

    async def save(self, resource: str, token: DeltaToken | None) -> None:
        """Put a token in the place of what was kept; None removes it."""
        try:
            await asyncio.to_thread(self._save, resource, token)
        except OSError as error:
            logger.warning(
                "responseDirectory: the token of incremental.delta cannot be written, so that the "
                f"next run begins where this one did: {error.strerror or error}"
            )

    def _load(self, resource: str) -> DeltaToken | None:
        entry = self._kept.find(self._name(resource))
        if entry is None or not entry.is_intact():
            return None
        entry.touch()
        text, owners, order, version = json.loads(entry.read_all())
        return DeltaToken(text, base64.b64decode(owners), order, version)

    def _save(self, resource: str, token: DeltaToken | None) -> None:
        name = self._name(resource)
        if token is None:
            self._kept.remove(name)
            return
        owners = base64.b64encode(token.owners).decode()
        content = json.dumps([token.text, owners, token.order, token.version]).encode()
        digest = body_digest()
        digest.update(content)
        new = self._kept.begin(name, Metadata((), digest.digest(), len(content)))
        try:
            new.write(content)
            self._kept.commit(new, name)
        except OSError:
            new.discard()
            raise

    def _name(self, resource: str) -> str:
        return self._kept.keyed_hash(_KIND, self._instance, resource.encode()).hex()
