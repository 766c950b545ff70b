"""From items to Port, through Ocean's own code for live events and this integration's handlers."""

from collections import Counter
from typing import Any
from uuid import uuid4

from loguru import logger
from port_ocean.context.event import event
from port_ocean.core.handlers import BaseEntitiesStateApplier, BaseEntityProcessor
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.integrations.mixins.live_events import LiveEventsMixin
from port_ocean.core.models import Entity

from framework.catalog import protected_blueprints
from live_events.change import Change
from mapping.plan.live_events import blueprint_of


class UploadError(Exception):
    """Port did not take an entity; it may, once what that one refers to is there."""


class Upload(LiveEventsMixin):
    """Writes and deletes the entities of live events; used within an event with its mapping."""

    def __init__(self, integration: BaseIntegration) -> None:
        super().__init__()
        self._integration = integration

    @property
    def entity_processor(self) -> BaseEntityProcessor:
        return self._integration.entity_processor

    @property
    def entities_state_applier(self) -> BaseEntitiesStateApplier:
        return self._integration.entities_state_applier

    async def write(self, change: Change, items: list[dict[str, Any]]) -> None:
        """Map and upsert items; those that `query` no longer lets through are deleted.

        Raises:
            UploadError: Port refused some of the entities.
            httpx.HTTPError: Port could not be reached.
        """
        results = WebhookEventRawResults(items, [], webhook_trace_id=str(uuid4()))
        results.resource = change.resource
        results.resource_index = change.index
        await self.sync_raw_results([results])
        # Ocean keeps them for the end of a resync, which a live event has none of.
        if refused := event.entity_topological_sorter.get_entities_count():
            raise UploadError(f"Port refused {refused} entities; the lines before this say why")

    async def remove(self, change: Change) -> bool:
        """Delete the entity that an event names, and whether that was allowed."""
        blueprint = blueprint_of(change.resource.port.entity.mappings.blueprint)
        if not change.resource.enable_delete or blueprint is None:
            logger.info(f"{change.resource.kind}: deleting nothing, because enableDelete is false")
            return False
        entity = Entity(identifier=change.target.identifier, blueprint=blueprint)
        await super()._delete_entities([entity])
        return True

    def is_sole(self, change: Change) -> bool:
        """Whether no other resource writes entities of the same blueprint."""
        blueprint = blueprint_of(change.resource.port.entity.mappings.blueprint)
        users = _users()
        return blueprint is not None and users[blueprint] == 1 and not users[None]

    async def _delete_entities(self, entities: list[Entity]) -> None:
        """Of items that `query` lets through no longer, unless they may be another resource's."""
        users = _users()
        kept = protected_blueprints(event.port_app_config.resources)
        if kept is None or users[None]:
            return
        await super()._delete_entities(
            [
                entity
                for entity in entities
                if entity.blueprint not in kept and users[entity.blueprint] == 1
            ]
        )


def _users() -> Counter[str | None]:
    """How many resources write each blueprint; None stands for those that an item decides."""
    resources = event.port_app_config.resources
    return Counter(blueprint_of(one.port.entity.mappings.blueprint) for one in resources)
