"""From items to Port, through Ocean's own code for live events and this integration's handlers."""

from typing import Any
from uuid import uuid4

from loguru import logger
from port_ocean.context.event import event
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults
from port_ocean.core.models import Entity

from framework.live_events import LiveEventSync, writers_of_blueprints
from live_events.change import Change
from mapping.plan.live_events import blueprint_of


class UploadError(Exception):
    """An entity that Port did not take; it may, once what that one refers to is there."""


class Upload(LiveEventSync):
    """The way of live events to Port; used within an event with its mapping."""

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
        """Delete the entity that an event names; return whether that was allowed."""
        blueprint = blueprint_of(change.resource.port.entity.mappings.blueprint)
        if not change.resource.enable_delete or blueprint is None:
            logger.info(f"{change.resource.kind}: deleting nothing, because enableDelete is false")
            return False
        await self.delete(Entity(identifier=change.target.identifier, blueprint=blueprint))
        return True

    def is_sole(self, change: Change) -> bool:
        """Tell whether no other resource writes entities of the same blueprint."""
        blueprint = blueprint_of(change.resource.port.entity.mappings.blueprint)
        writers = writers_of_blueprints()
        return blueprint is not None and writers[blueprint] == 1 and not writers[None]
