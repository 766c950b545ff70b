"""The explicit door of deletion: entities of items of which the API says that they are gone."""

from collections.abc import Mapping
from typing import Any, cast

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.models import Entity

from expressions.event_loop import TimeSlice
from framework.entity_processor import FusedEntityProcessor
from framework.owners import EntityOwners, entity_key
from framework.refusals import EntityKey

_EXAMPLES = 3


async def delete_removed(
    integration: BaseIntegration,
    resource: ResourceConfig,
    removed: Mapping[str, Any],
    owners: EntityOwners,
) -> None:
    """Delete the entities of items that are gone, as the resource's mapping names them.

    Inputs: `removed`, the items by what tells one from another; `owners`, of all entities that the
    rounds brought. One that another item has now, as that of somebody who left and came back under
    the same name, stays. An item that has too little left for its identifier is left to the next
    full resync.
    """
    if not removed:
        return
    if not resource.enable_delete:
        logger.info(f"{resource.kind}: {len(removed)} items are gone, and enableDelete is false")
        return
    processor = cast("FusedEntityProcessor", integration.entity_processor)
    found = await processor.entities_of_each(resource, list(removed.values()))
    nameless = 0
    held: set[EntityKey] = set()
    gone: dict[EntityKey, Entity] = {}
    time_slice = TimeSlice()
    for identity, entities in zip(removed, found, strict=True):
        keys = [key for each in entities if (key := entity_key(each.entity))]
        nameless += not keys
        for key in keys:
            if owners.let_go(key, identity):
                gone[key] = Entity(identifier=key[1], blueprint=key[0])
            else:
                held.add(key)
        await time_slice.pause_when_over()
    _tell(resource.kind, nameless, len(held - gone.keys()), owners)
    if gone:
        names = ", ".join(identifier for _, identifier in list(gone)[:_EXAMPLES])
        logger.info(f"{resource.kind}: deleting {len(gone)} entities that are gone: {names}")
        applier = integration.entities_state_applier
        await applier.delete(list(gone.values()), UserAgentType.exporter)


def _tell(kind: str, nameless: int, held: int, owners: EntityOwners) -> None:
    if nameless:
        logger.warning(
            f"{kind}: {nameless} items that are gone have no identifier by the mapping any more; "
            "the next full resync deletes their entities"
        )
    if held and owners.is_partial:
        logger.warning(
            f"{kind}: it is not known whose entities are, because there are too many that are not "
            f"called like their items; {held} stay until the next full resync"
        )
    elif held:
        logger.info(
            f"{kind}: {held} entities of items that are gone are another item's now, or may be; "
            "they stay until the next full resync at least"
        )
