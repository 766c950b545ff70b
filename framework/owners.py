"""The items that entities were made of, as an API that gives tokens told, round after round.

A removal may arrive long after another item has taken over the identifier, as somebody who came
back under the same name. Only who still has an entity tells whether it is gone.
"""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any, Self

from port_ocean.core.handlers.entity_processor.models import MappedEntity

from framework.refusals import EntityKey
from reading.delta import DeltaRound

# Of entities; 16 bytes each on disk.
_MOST = 200_000
_HAS_NAMESAKES, _IS_PARTIAL = 1, 2
_NOTHING_IS_SURE = bytes([_IS_PARTIAL])


class EntityOwners:
    """The items of each entity, as hashes.

    An entity that is called like its item takes no room: it is its namesake's until another item
    has it as well. Wherever it is in doubt who has an entity, somebody does: then it stays until
    the next full resync, with which all begins anew.
    """

    def __init__(self) -> None:
        self._owners: dict[int, tuple[int, ...]] = {}
        self._has_namesakes = False
        self._is_partial = False

    @property
    def is_partial(self) -> bool:
        """True where there were more entities than are kept, so that nothing is sure."""
        return self._is_partial

    def bring(self, entity: EntityKey, identity: str | None) -> None:
        """Note that an entity was made of an item; None is one that cannot be told from others."""
        key, one = _hash(*entity), _hash(identity or "")
        known = self._owners.get(key)
        if known is None and identity == entity[1]:
            self._has_namesakes = True
            return
        if known is None:
            # It may have a namesake, which took no room.
            known = (_hash(entity[1]),) if self._has_namesakes else ()
        self._set(key, (*known, one) if one not in known else known)

    def let_go(self, entity: EntityKey, identity: str) -> bool:
        """Note that an item is gone, and return whether nobody has this entity any more."""
        if self._is_partial:
            return False
        key, one = _hash(*entity), _hash(identity)
        known = self._owners.get(key)
        if known is None:
            return identity == entity[1]
        left = tuple(each for each in known if each != one)
        if left:
            self._owners[key] = left
            return False
        del self._owners[key]
        return True

    def join(self, other: Self) -> None:
        """Take over what another run noted: whoever has an entity by either may still have it."""
        self._has_namesakes |= other._has_namesakes
        self._is_partial |= other._is_partial
        for key, owners in other._owners.items():
            self._set(key, tuple({*self._owners.get(key, ()), *owners}))

    def _set(self, key: int, owners: tuple[int, ...]) -> None:
        self._owners[key] = owners
        if self._is_partial or len(self._owners) > _MOST:
            self._is_partial = True
            self._owners.clear()

    def to_bytes(self) -> bytes:
        """Return what is known, to be kept until the next round."""
        flags = _HAS_NAMESAKES * self._has_namesakes | _IS_PARTIAL * self._is_partial
        return bytes([flags]) + array("Q", self._pairs()).tobytes()

    def _pairs(self) -> Iterator[int]:
        for key, owners in self._owners.items():
            for owner in owners:
                yield key
                yield owner

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return what was kept; where nothing was, nothing is sure."""
        found = cls()
        flags, *_ = content or _NOTHING_IS_SURE
        found._has_namesakes = bool(flags & _HAS_NAMESAKES)
        found._is_partial = bool(flags & _IS_PARTIAL)
        pairs = array("Q")
        pairs.frombytes(content[1:])
        for key, owner in batched(pairs, 2):
            found._owners[key] = (*found._owners.get(key, ()), owner)
        return found


class Ledger:
    """The way in which the items of a round, when they are mapped, get to be owners."""

    def __init__(self, owners: EntityOwners, delta: DeltaRound) -> None:
        self._owners = owners
        self._delta = delta

    async def note(
        self, items: Sequence[Any], mapped: Sequence[tuple[list[MappedEntity], list[Exception]]]
    ) -> None:
        """Note the entities that items were mapped to, in the same order.

        Raises:
            ExpressionLimitError: `incremental.delta.id` takes more than it may.
        """
        identities = await self._delta.identities(items)
        for identity, (entities, _) in zip(identities, mapped, strict=True):
            for each in entities:
                key = entity_key(each.entity) if each.did_entity_pass_selector else None
                if key:
                    self._owners.bring(key, identity)


def entity_key(entity: dict[str, Any]) -> EntityKey | None:
    """Return blueprint and identifier of what a mapping gives; None where it lacks one of them."""
    blueprint, identifier = entity.get("blueprint"), entity.get("identifier")
    is_one = isinstance(identifier, str | int | float) and identifier and blueprint
    return (str(blueprint), str(identifier)) if is_one else None


def _hash(*parts: str) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return int.from_bytes(digest.digest(), "big")
