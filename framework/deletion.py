"""The rules of deletion: which entities may go after a full resync, and why others stay.

Deletion has two doors. The *explicit* one is for live events: the API said that this very item is
gone. The *inferred* one is here: what a resync did not bring is gone where it was proven that all
was brought. Nothing here touches a network.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain

from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.models import Entity

from framework.refusals import EntityKey, key_of
from mapping.plan.live_events import blueprint_of
from outcomes import Doubt, Outcome

# Of a blueprint with fewer entities, a large share is soon reached.
_FEWEST = 10
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Feeder:
    """A resource of the mapping, as far as deletion goes.

    `blueprint` is None where it is computed, so that it may be any; `outcome`, where the resource
    was not read to its end.
    """

    index: int
    kind: str
    blueprint: str | None
    may_delete: bool
    outcome: Outcome | None = None

    def feeds(self, blueprint: str) -> bool:
        """Return whether entities of a blueprint may come from this resource."""
        return self.blueprint in (None, blueprint)

    @property
    def objection(self) -> str:
        """The reason why nothing that it may feed is deleted; empty without one."""
        if not self.may_delete:
            return f"enableDelete of {self.kind} is false"
        if self.outcome is None:
            return f"{self.kind} was not read to its end"
        if not self.outcome.is_proven:
            return f"{self.kind} is {self.outcome.standing}"
        return ""


def feeder_of(index: int, mapped: ResourceConfig, outcome: Outcome | None) -> Feeder:
    """Return a resource of the mapping, with its outcome in a run."""
    blueprint = blueprint_of(mapped.port.entity.mappings.blueprint)
    return Feeder(index, mapped.kind, blueprint, mapped.enable_delete, outcome)


@dataclass(slots=True)
class Doomed:
    """The entities that a resync did not bring, by blueprint, and how many there are of each.

    Inputs: `before`, what Port has of before the resync; `after`, what the resync brought; `seen`,
    what else is not gone.
    """

    entities: dict[str, dict[EntityKey, Entity]] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls, before: Iterable[Entity], after: Iterable[Entity], seen: Set[EntityKey] = frozenset()
    ) -> "Doomed":
        """Return what of `before` is neither in `after` nor seen."""
        # Of a million there is one text each, and nothing else.
        brought: dict[str, set[str]] = defaultdict(set)
        for blueprint, identifier in chain(map(key_of, after), seen):
            brought[blueprint].add(identifier)
        absent: dict[str, dict[EntityKey, Entity]] = defaultdict(dict)
        for entity in before:
            if (key := key_of(entity))[1] not in brought.get(key[0], ()):
                absent[key[0]][key] = entity
        # Ocean asks Port only for what this resync left untouched: what it wrote is of the
        # catalog as well, or one stale entity beside many that changed would be all of it.
        totals = Counter({name: len(identifiers) for name, identifiers in brought.items()})
        totals.update({name: len(entities) for name, entities in absent.items()})
        return cls(dict(absent), totals)

    @property
    def all(self) -> list[Entity]:
        """The entities that are to go."""
        return [entity for group in self.entities.values() for entity in group.values()]

    def sum(self, blueprints: Iterable[str]) -> int:
        """Return how many entities of some blueprints are to go."""
        return sum(len(self.entities[name]) for name in blueprints)

    def is_large(self, blueprint: str, threshold: float) -> bool:
        """Return whether a larger part of a blueprint than this, from 0 to 1, is to go."""
        total = self.totals[blueprint]
        return total >= _FEWEST and self.sum([blueprint]) > threshold * total

    def without(self, blueprints: Container[str]) -> "Doomed":
        """Return the same where some blueprints stay as they are."""
        left = {name: those for name, those in self.entities.items() if name not in blueprints}
        return Doomed(left, self.totals)

    def told(self, blueprint: str) -> str:
        """Return the counts of a blueprint, such as `95 of 100 entities of "user"`."""
        gone, total = len(self.entities[blueprint]), self.totals[blueprint]
        return f'{gone} of {total} entities of "{blueprint}"'


def objections(doomed: Doomed, feeders: Iterable[Feeder]) -> dict[str, str]:
    """Return the reasons of the mapping's resources why blueprints stay as they are.

    A blueprint may lose entities only if all resources that feed it are proven.
    """
    speaking = [feeder for feeder in feeders if feeder.objection]
    return {
        blueprint: next(one.objection for one in speaking if one.feeds(blueprint))
        for blueprint in doomed.entities
        if any(one.feeds(blueprint) for one in speaking)
    }


@dataclass(slots=True)
class LastGuard:
    """The last guard: it holds up what would delete a large share of a blueprint, or of all.

    It lets pass what was just so in the resync before, in this process.
    """

    _held_up: dict[str, frozenset[EntityKey]] = field(default_factory=dict)

    def doubts(
        self,
        doomed: Doomed,
        feeders: Sequence[Feeder],
        threshold: float,
        confirmed: Mapping[str, Set[int]],
    ) -> dict[str, Doubt]:
        """Return which blueprints stay as they are, with the counts.

        Inputs: `threshold`, the share that may go; `confirmed` are the resources, by index, that
        were asked and said that all is gone.
        """
        feeding = {name: [one for one in feeders if one.feeds(name)] for name in doomed.entities}
        unsure = [
            name
            for name, those in feeding.items()
            if not (those and _are_sure(those, confirmed.get(name, frozenset())))
        ]
        large = [name for name in unsure if feeding[name] and doomed.is_large(name, threshold)]
        others = [name for name in unsure if name not in large]
        if doomed.sum(others) > threshold * doomed.totals.total():
            large += others
        before, self._held_up = self._held_up, {}
        doubts = {}
        for name in large:
            self._held_up[name] = keys = frozenset(doomed.entities[name])
            # No resource could bring back what none feeds any more: twice is no proof of it.
            if not feeding[name] or not keys <= before.get(name, frozenset()):
                doubts[name] = _too_much(doomed, name, threshold, is_fed=bool(feeding[name]))
        return doubts


def _are_sure(feeding: Iterable[Feeder], confirmed: Set[int]) -> bool:
    """Return whether each resource has said so: by its answers, or when it was asked."""
    return all(
        feeder.index in confirmed or (feeder.outcome is not None and feeder.outcome.is_denied)
        for feeder in feeding
    )


def _too_much(doomed: Doomed, blueprint: str, threshold: float, *, is_fed: bool) -> Doubt:
    again = "the same in the next resync of this process is believed, or set confirm_deletion"
    return Doubt(
        f"{doomed.told(blueprint)} would be deleted, more than entityDeletionThreshold "
        f"({threshold:g}) allows",
        again if is_fed else "no resource feeds it any more; raise entityDeletionThreshold",
    )


def named(names: Sequence[str]) -> str:
    """Return some names for a message, such as `ann, bob, cyd, …`."""
    return ", ".join([*names[:_EXAMPLES], *(["…"] if len(names) > _EXAMPLES else [])])


def protected_blueprints(resources: Iterable[ResourceConfig]) -> set[str] | None:
    """Return the blueprints of resources with `enableDelete: false`; None when one is computed."""
    names = set()
    for mapped in resources:
        if not mapped.enable_delete:
            blueprint = feeder_of(0, mapped, None).blueprint
            if blueprint is None:
                return None
            names.add(blueprint)
    return names
