"""Refusals by Port: the entities that it did not take, and what may not be deleted therefore."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx
from port_ocean.core.models import Entity
from port_ocean.core.utils.entity_identifier import normalize_identifier

from statuses import Meaning, Situation, advice_on, meaning_of

_EXAMPLES = 10
_REASONS = 3
_LONGEST = 300
type EntityKey = tuple[str, str]


def key_of(entity: Entity) -> EntityKey:
    """Return blueprint and identifier, equal for the same entity; an identifier may be a search."""
    return entity.blueprint, normalize_identifier(entity.identifier)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Port's reason not to take an entity.

    `status` is None where there was no answer. `is_general` tells that it is no matter of this
    entity, so that what was not seen may be Port's doing; `is_search`, that it has no identifier
    yet, so that it may be any entity of its blueprint.
    """

    status: int | None
    said: str
    is_general: bool = False
    is_search: bool = False

    @classmethod
    def of(cls, entity: Entity, status: int | None, said: str, *, is_whole: bool) -> "Refusal":
        """Return what a status means; `is_whole` where it answers a request, not an entity of it.

        A 404 of a whole request is an unknown blueprint, one of an entity something it relates to.
        """
        is_withheld = status is None or meaning_of(status, Situation.WRITE) is Meaning.WITHHELD
        is_general = is_withheld and (is_whole or status != httpx.codes.NOT_FOUND)
        return cls(status, said[:_LONGEST], is_general, entity.is_using_search_identifier)

    @property
    def text(self) -> str:
        """The reason for a message, such as `422: "level" must be number`."""
        advice = advice_on(self.status or 0, Situation.WRITE) if self.is_general else ""
        status = self.status or "no answer"
        return f"{status}: {self.said}" + (f" ({advice})" if advice else "")


class _Refused(NamedTuple):
    """What was written of an entity, and why Port did not take it."""

    entity: Entity
    refusal: Refusal


@dataclass(slots=True)
class Refusals:
    """The entities of a run that Port did not take, until it takes them after all.

    `told` counts every refusal. `found` are the entities to which search identifiers led: only Port
    knows them, and they were seen; `unfound` are the blueprints of those of which Port did not say
    that there is none.
    """

    told: int = 0
    found: set[EntityKey] = field(default_factory=set)
    undeleted: set[EntityKey] = field(default_factory=set)
    unfound: set[str] = field(default_factory=set)
    # What was refused of an entity, more than once where several resources write it.
    _entities: dict[EntityKey, list[_Refused]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._entities or self.undeleted)

    @property
    def heard(self) -> int:
        """Count every refusal, of deletions too."""
        return self.told + len(self.undeleted)

    def refuse(self, entity: Entity, refusal: Refusal) -> None:
        """Note that an entity was not taken; what was a general reason once stays one."""
        self.told += 1
        refused = self._entities.setdefault(key_of(entity), [])
        before = next((each for each in refused if each.entity == entity), None)
        if before is None:
            refused.append(_Refused(entity, refusal))
        elif not before.refusal.is_general:
            refused[refused.index(before)] = _Refused(entity, refusal)

    def take(self, entity: Entity, identifier: str) -> None:
        """Note that an entity was taken, under this identifier.

        What another resource wrote to it, and Port did not take, is refused still.
        """
        if refused := self._entities.pop(key_of(entity), None):
            left = [each for each in refused if each.entity != entity]
            self._entities.update({key_of(entity): left} if left else {})
        if entity.is_using_search_identifier:
            self.found.add((entity.blueprint, identifier))

    @property
    def seen(self) -> set[EntityKey]:
        """The entities that count as seen, beside those that Ocean knows of."""
        return {*self._entities, *self.found}

    @property
    def general(self) -> str:
        """The reason why nothing at all may be deleted; empty without one."""
        return next((one.text for _, one in self._all() if one.is_general), "")

    @property
    def blueprints(self) -> set[str]:
        """Those of the entities that were refused."""
        return {blueprint for blueprint, _ in self._entities}

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The number of entities that were refused at last, by blueprint and status."""
        return Counter(
            (blueprint, str(refused[-1].refusal.status or "no answer"))
            for (blueprint, _), refused in self._entities.items()
        )

    @property
    def unnamed(self) -> set[str]:
        """The blueprints of which any entity may be one that was refused."""
        return {key[0] for key, one in self._all() if one.is_search} | self.unfound

    def summary(self) -> str:
        """Return what was refused, by reason, with some examples.

        Sample: `Port refused 12 entities: 12 times 422: "level" must be number: user/ann, …`, with
        up to ten of each reason.
        """
        lines = []
        if self._entities:
            reasons = Counter(one.text for _, one in self._all())
            told = "; ".join(
                f"{count} times {reason}: {self._examples(reason)}"
                for reason, count in reasons.most_common(_REASONS)
            )
            lines.append(f"Port refused {len(self._entities)} entities: {told}")
        if self.undeleted:
            names = _named(sorted(self.undeleted))
            lines.append(f"Port did not delete {len(self.undeleted)} entities: {names}")
        return "; ".join(lines)

    def _examples(self, reason: str) -> str:
        return _named([key for key, one in self._all() if one.text == reason])

    def _all(self) -> Iterator[tuple[EntityKey, Refusal]]:
        for key, refused in self._entities.items():
            for each in refused:
                yield key, each.refusal


def _named(keys: list[EntityKey]) -> str:
    names = ", ".join(f"{blueprint}/{identifier}" for blueprint, identifier in keys[:_EXAMPLES])
    return f"{names}, …" if len(keys) > _EXAMPLES else names
