"""The explicit door of deletion: entities of items of which the API says that they are gone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.models import Entity

from framework.refusals import EntityKey, key_of
from reading.delta import Removed

_EXAMPLES = 3


async def delete_removed(
    integration: BaseIntegration,
    resource: ResourceConfig,
    gone: Sequence[Removed],
    brought: Mapping[EntityKey, int],
) -> None:
    """Delete the entities of items that are gone, as the resource's mapping names them.

    An item that has too little left for its identifier is left to the next full resync. `brought`
    counts the items of which the round made an entity: one that another item has now, as that of
    somebody who left and came back under the same name, stays.
    """
    items = [each.item for each in gone]
    if not items:
        return
    if not resource.enable_delete:
        logger.info(f"{resource.kind}: {len(items)} items are gone, and enableDelete is false")
        return
    entities = await _entities_of(integration, resource, items)
    if len(entities) < len(items):
        logger.warning(
            f"{resource.kind}: of {len(items)} items that are gone, {len(items) - len(entities)} "
            "have no identifier by the mapping any more; the next full resync deletes their "
            "entities"
        )
    if reused := await _reused(integration, resource, gone, entities, brought):
        logger.info(f"{resource.kind}: {len(reused)} items that are gone have a successor")
        entities = [entity for entity in entities if key_of(entity) not in reused]
    if entities:
        names = ", ".join(str(entity.identifier) for entity in entities[:_EXAMPLES])
        logger.info(f"{resource.kind}: deleting {len(entities)} entities that are gone: {names}")
        applier = integration.entities_state_applier
        await applier.delete(entities, UserAgentType.exporter)


async def _reused(
    integration: BaseIntegration,
    resource: ResourceConfig,
    gone: Sequence[Removed],
    entities: Iterable[Entity],
    brought: Mapping[EntityKey, int],
) -> set[EntityKey]:
    """Return which entities were made of other items than those that are gone."""
    if not any(key_of(entity) in brought for entity in entities):
        return set()
    times: Counter[EntityKey] = Counter()
    for each in gone:
        for entity in await _entities_of(integration, resource, [each.item]):
            times[key_of(entity)] += each.times_there
    return {key for key, count in times.items() if brought.get(key, 0) > count}


async def _entities_of(
    integration: BaseIntegration, resource: ResourceConfig, items: list[dict[str, Any]]
) -> list[Entity]:
    """Return the entities of items, whether `query` lets them through or not."""
    found = await integration.entity_processor.parse_items(resource, items, parse_all=True)
    diff = found.entity_selector_diff
    entities = [
        Entity(identifier=entity.identifier, blueprint=entity.blueprint)
        for entity in (*diff.passed, *diff.failed)
        if isinstance(entity.identifier, str) and entity.identifier and entity.blueprint
    ]
    unique = {(entity.blueprint, entity.identifier): entity for entity in entities}
    return list(unique.values())
