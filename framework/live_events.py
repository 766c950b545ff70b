"""Ocean's handling of live events, as far as it is replaced or has to tell more than it does."""

from collections import Counter
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from loguru import logger
from port_ocean.context.event import event
from port_ocean.core.handlers import BaseEntitiesStateApplier, BaseEntityProcessor
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.handlers.webhook.webhook_event import WebhookEvent, WebhookEventRawResults
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.integrations.mixins.live_events import LiveEventsMixin
from port_ocean.core.models import Entity

from framework.catalog import unmet_of
from framework.deletion import protected_blueprints
from framework.runs import Run, current_run, running
from mapping.plan.live_events import blueprint_of
from settings.webhook_signatures import NOWHERE, Target


class UploadError(Exception):
    """Port refused an entity; it may take it once the entities that it refers to are there."""


class LiveEventSync(LiveEventsMixin):
    """Ocean's way of a live event into the catalog, with the handlers of an integration.

    It is used within an event with its mapping. Ocean deletes the entity of an item that `query`
    lets through no longer; here it stays where it may be another resource's.
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

    async def write(
        self, resource: ResourceConfig, index: int, items: list[dict[str, Any]]
    ) -> None:
        """Map and upsert items of a resource, which has this index in the mapping.

        Raises:
            UploadError: Port refused some of the entities, or to delete them.
            httpx.HTTPError: Port could not be reached.
        """
        results = WebhookEventRawResults(items, [], webhook_trace_id=str(uuid4()))
        results.resource = resource
        results.resource_index = index
        unmet = unmet_of(resource.selector.query)
        unmet.take(items, some_passed=False)
        with running() as run:
            run.begin(resource.kind, index).reservation = unmet.doubt("query")
            await self.sync_raw_results([results])
        if run.refusals:
            raise UploadError(run.refusals.summary())
        # Ocean keeps them for the end of a resync, which a live event has none of.
        if refused := event.entity_topological_sorter.get_entities_count():
            raise UploadError(f"Port refused {refused} entities; the lines before this say why")

    async def delete(self, resource: ResourceConfig, identifier: str) -> bool:
        """Delete an entity of a resource; return whether that was allowed.

        Raises:
            UploadError: Port refused it.
        """
        blueprint = _blueprint_of(resource)
        if not resource.enable_delete or blueprint is None:
            logger.info(f"{resource.kind}: deleting nothing, because enableDelete is false")
            return False
        with running() as run:
            await super()._delete_entities([Entity(identifier=identifier, blueprint=blueprint)])
        if run.refusals:
            raise UploadError(run.refusals.summary())
        return True

    def is_only_writer(self, resource: ResourceConfig) -> bool:
        """Tell whether no other resource writes entities of the same blueprint."""
        writers = _writers()
        blueprint = _blueprint_of(resource)
        return blueprint is not None and writers[blueprint] == 1 and not writers[None]

    async def _delete_entities(self, entities: list[Entity]) -> None:
        for part in current_run.get(Run()).parts.values():
            if part.reservation and entities:
                logger.warning(f"{part.kind}: a live event deletes nothing: {part.reservation}")
                return
        writers = _writers()
        kept = protected_blueprints(event.port_app_config.resources)
        if kept is None or writers[None]:
            return
        await super()._delete_entities(
            [
                entity
                for entity in entities
                if entity.blueprint not in kept and writers[entity.blueprint] == 1
            ]
        )


def _writers() -> Counter[str | None]:
    """Count the resources that write each blueprint; None stands for those that an item decides."""
    return Counter(map(_blueprint_of, event.port_app_config.resources))


def _blueprint_of(resource: ResourceConfig) -> str | None:
    return blueprint_of(resource.port.entity.mappings.blueprint)


# Where a request, which Ocean keeps with an event, says what it was before it was made readable.
_ORIGINAL = "ocean_custom.original"


@dataclass(frozen=True, slots=True)
class Original:
    """A request as its sender sent it: its body, and where it was sent to."""

    body: bytes = field(repr=False)
    target: Target = NOWHERE

    def keep_in(self, scope: MutableMapping[str, Any]) -> None:
        """Keep it with a request, of which Ocean sees another body, and logs the address."""
        scope[_ORIGINAL] = self


async def original_of(webhook_event: WebhookEvent) -> Original:
    """Return an event as it arrived; without a body where Ocean has kept its payload only."""
    request = webhook_event._original_request
    kept = getattr(request, "scope", {}).get(_ORIGINAL)
    if isinstance(kept, Original):
        return kept
    return Original(await request.body() if request else b"")
