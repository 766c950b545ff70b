"""Incremental runs: those of Ocean, with cursors that never pass over a change.

Ocean keeps one cursor at Port for each resource of the mapping, by its kind and place, and reads
the resources one after the other. What is added here: without a cursor, all of a resource is read;
a cursor is set back by the block's lookback and by as much as the API's clock is behind ours, and a
full resync sets it too.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime
from typing import Any

import httpx
from loguru import logger
from port_ocean.clients.port.client import PortClient
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import EventType, TriggerType, event_context
from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.incremental.cursor_store import CursorStore
from port_ocean.core.integrations.base import BaseIntegration

from framework.refusals import Refusals
from framework.runs import ResourceRun, current_run
from mapping.resources import is_incremental


class CarefulCursors(CursorStore):
    """A store that saves a cursor once all changes of its resource are in Port, and stay there."""

    def __init__(self, client: PortClient, run: ResourceRun, refusals: Refusals) -> None:
        super().__init__(client)
        self._run = run
        self._refusals = refusals
        self._refused_before = refusals.heard

    async def save(self, kind: str, index: int, value: datetime) -> None:
        """Save it a little earlier than `value`, at which the run began."""
        if refused := self._refusals.heard - self._refused_before:
            logger.warning(
                f"{kind}: Port refused {refused} entities, so the next run reads the same again"
            )
        elif not self._run.is_proven:
            logger.info(f"{kind} is {self._run.standing}, so the next run reads the same again")
        elif await self.get(kind, index) != self._run.since:
            # A full resync that began before this run has ended in it, and may have deleted or
            # overwritten what this one wrote.
            logger.info(f"{kind}: another run has set the cursor meanwhile, which stays")
            if self._run.delta:
                await self._run.delta.advance()
        else:
            await super().save(kind, index, self._run.cursor(value))
            if self._run.delta:
                await self._run.delta.advance()


class IncrementalIntegration(BaseIntegration):
    """Ocean's integration; its incremental runs go on with the next resource when one has failed.

    A subclass gives `read_resource`, which reads the resource that Ocean is processing, in batches.
    """

    read_resource: Callable[[str], AsyncGenerator[list[dict[str, Any]]]]

    async def sync_incremental(
        self,
        interval_seconds: int,
        trigger_type: TriggerType = "machine",
        user_agent_type: UserAgentType = UserAgentType.exporter,
    ) -> None:
        """Read what has changed of each resource with an `incremental` block."""
        # Around Ocean's own, for what is to be done when all resources were read.
        async with event_context(EventType.INCREMENTAL_RESYNC, trigger_type=trigger_type):
            config = await self.port_app_config_handler.get_port_app_config(use_cache=False)
            self.event_strategy.incremental.clear()
            for kind in {each.kind for each in config.resources if is_incremental(each)}:
                self.on_incremental_resync(self.read_resource, kind)
            await super().sync_incremental(interval_seconds, trigger_type, user_agent_type)
            await self.sort_and_upsert_failed_entities(user_agent_type)

    async def _sync_incremental_kind(
        self,
        resource: ResourceConfig,
        index: int,
        cursor: datetime,
        next_cursor: datetime,
        cursor_store: CursorStore,
        *others: Any,
    ) -> bool:
        """Sync one resource, and note a failure of it; Ocean stops at the first False."""
        if not is_incremental(resource):
            return True
        run = current_run.get()
        # Ocean's own idea of a cursor where there is none would pass over what is older.
        stored = await cursor_store.get(resource.kind, index)
        run.current = ResourceRun(resource.kind, index, stored)
        careful = CarefulCursors(ocean.port_client, run.current, run.refusals)
        if not await super()._sync_incremental_kind(
            resource, index, cursor, next_cursor, careful, *others
        ):
            run.failed.append(resource.kind)
        return True


async def restart_cursors(client: PortClient, runs: Iterable[ResourceRun], begun: datetime) -> None:
    """Let the next incremental run begin where a full resync began, which has succeeded.

    This also brings back what was created meanwhile: a full resync that did not see it deletes it.
    """
    store = CursorStore(client)
    try:
        for run in runs:
            # First, so that an incremental run that ends now sees it.
            if run.delta:
                await run.delta.advance()
            await store.save(run.kind, run.index, run.cursor(begun))
    except httpx.HTTPError as error:
        logger.warning(f"The cursors of incremental runs stay where they were: {error!r}")
