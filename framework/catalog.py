"""Guards of the catalog: entities that should stay are not deleted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import EventType, event
from port_ocean.context.resource import resource
from port_ocean.core.handlers.entities_state_applier.port.applier import HttpEntitiesStateApplier
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.models import Entity
from port_ocean.core.ocean_types import EntityDiff
from port_ocean.core.utils.entity_identifier import normalize_identifier
from port_ocean.exceptions.context import ResourceContextNotFoundError

from errors import ResourceError
from framework.entity_processor import FusedEntityProcessor

# What JQ computes cannot be told from the mapping alone.
_PLAIN_NAME = re.compile(r"""\s*(["'])([^"'\\]+)\1\s*""")


@dataclass(slots=True)
class IdentifierTally:
    """The count of a resource's items that passed the selector, with and without an identifier."""

    named: int = 0
    nameless: int = 0

    def check(self, kind: str) -> None:
        """Refuse a mapping under which no item at all gets an identifier and a blueprint.

        Raises:
            ResourceError: because Ocean would delete all entities of the resource with success.
        """
        if self.nameless and not self.named:
            raise ResourceError(
                f"none of {self.nameless} items of {kind} gets an identifier and a blueprint from "
                "the mapping, so nothing will be deleted; look at port.entity.mappings.identifier"
            )


class CountingEntityProcessor(FusedEntityProcessor):
    """The entity processor, which also counts, per resource, the items without an identifier."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._tallies: dict[int, IdentifierTally] = {}

    def start_tally(self, index: int) -> IdentifierTally:
        """Return a fresh tally for the resource with this index in the mapping."""
        self._tallies[index] = IdentifierTally()
        return self._tallies[index]

    def merge_results(
        self, jq_results: Any, async_results: Any, raw_results: list[Any]
    ) -> tuple[list[MappedEntity], list[Exception]]:
        entities, errors = super().merge_results(jq_results, async_results, raw_results)
        tally = self._tallies.get(_current_index())
        if tally:
            for mapped in entities:
                if mapped.did_entity_pass_selector:
                    is_named = mapped.entity.get("identifier") and mapped.entity.get("blueprint")
                    tally.named += bool(is_named)
                    tally.nameless += not is_named
        return entities, errors


class DeletionGuard(HttpEntitiesStateApplier):
    """Ocean's applier, which keeps the entities of resources with `enableDelete: false`.

    It also keeps what live events wrote while a resync was running, which read too early to see it.
    """

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._written_live: set[tuple[str, str]] | None = None

    def begin_sparing(self) -> None:
        """Spare what live events write from now on, because a resync that has begun may miss it."""
        if self._written_live is None:
            self._written_live = set()

    def end_sparing(self) -> None:
        """Spare nothing any more: the next resync sees what live events wrote."""
        self._written_live = None

    async def upsert(self, entities: list[Entity], user_agent_type: UserAgentType) -> list[Entity]:
        is_live = event.event_type == EventType.HTTP_REQUEST
        if is_live:
            self._spare(entities)
        written = await super().upsert(entities, user_agent_type)
        if is_live:
            # Where the mapping's identifier is a search, only Port knows which entity that was.
            self._spare(written)
        return written

    def _spare(self, entities: list[Entity]) -> None:
        if self._written_live is not None:
            self._written_live |= set(map(_key, entities))

    async def delete_diff(
        self,
        entities: EntityDiff,
        user_agent_type: UserAgentType,
        entity_deletion_threshold: float | None = None,
    ) -> None:
        kept = protected_blueprints(event.port_app_config.resources)
        if kept is None:
            logger.warning(
                "Deleting nothing: enableDelete is false where the blueprint is computed"
            )
            return
        spared = self._written_live or ()
        before = [
            entity
            for entity in entities["before"]
            if entity.blueprint not in kept and _key(entity) not in spared
        ]
        # Ocean asks Port only for what this resync left untouched, and takes its share of that as
        # the deletion rate: where all else was written anew, one stale entity would be all of it.
        untouched = set(map(_key, before))
        before += [entity for entity in entities["after"] if _key(entity) not in untouched]
        await super().delete_diff(
            {"before": before, "after": entities["after"]},
            user_agent_type,
            entity_deletion_threshold,
        )


def protected_blueprints(resources: Iterable[ResourceConfig]) -> set[str] | None:
    """Return the blueprints of resources with `enableDelete: false`; None when one is computed."""
    names = set()
    for mapped in resources:
        if not mapped.enable_delete:
            plain = _PLAIN_NAME.fullmatch(mapped.port.entity.mappings.blueprint)
            if plain is None:
                return None
            names.add(plain[2])
    return names


def _key(entity: Entity) -> tuple[str, str]:
    """Return a key that is equal for the same entity; an identifier may be a search."""
    return entity.blueprint, normalize_identifier(entity.identifier)


def _current_index() -> int:
    try:
        return resource.index
    except ResourceContextNotFoundError:
        return -1
