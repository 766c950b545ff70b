"""Ocean's handling of live events, as far as it is replaced or has to tell more than it does."""

from collections import Counter

from port_ocean.context.event import event
from port_ocean.core.handlers import BaseEntitiesStateApplier, BaseEntityProcessor
from port_ocean.core.handlers.webhook.webhook_event import WebhookEvent
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.integrations.mixins.live_events import LiveEventsMixin
from port_ocean.core.models import Entity

from framework.catalog import protected_blueprints
from mapping.plan.live_events import blueprint_of


class LiveEventSync(LiveEventsMixin):
    """Ocean's way of a live event into the catalog, with the handlers of an integration.

    Ocean deletes the entity of an item that `query` lets through no longer; here it stays where it
    may be another resource's.
    """

    def __init__(self, integration: BaseIntegration) -> None:
        super().__init__()
        self._integration = integration

    @property
    def entity_processor(self) -> BaseEntityProcessor:
        return self._integration.entity_processor

    @property
    def entities_state_applier(self) -> BaseEntitiesStateApplier:
        return self._integration.entities_state_applier

    async def delete(self, entity: Entity) -> None:
        """Delete an entity, if Port has it."""
        await super()._delete_entities([entity])

    async def _delete_entities(self, entities: list[Entity]) -> None:
        writers = writers_of_blueprints()
        kept = protected_blueprints(event.port_app_config.resources)
        if kept is None or writers[None]:
            return
        for entity in entities:
            if entity.blueprint not in kept and writers[entity.blueprint] == 1:
                await self.delete(entity)


def writers_of_blueprints() -> Counter[str | None]:
    """Count the resources that write each blueprint; None stands for those that an item decides."""
    resources = event.port_app_config.resources
    return Counter(blueprint_of(one.port.entity.mappings.blueprint) for one in resources)


async def original_body(webhook_event: WebhookEvent) -> bytes:
    """Return the body of an event as it arrived; empty where Ocean has kept its payload only."""
    request = webhook_event._original_request
    return await request.body() if request else b""
