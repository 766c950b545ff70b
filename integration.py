"""The integration class: what Ocean instantiates, and where a resync begins and ends."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing, asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import EventType, TriggerType, event, event_context
from port_ocean.context.ocean import PortOceanContext, ocean
from port_ocean.context.resource import resource
from port_ocean.core.handlers.port_app_config.api import APIPortAppConfig
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.incremental.cursor_store import CursorStore
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.integrations.mixins.utils import is_dsp_mode_enabled
from port_ocean.core.models import EventListenerType
from port_ocean.core.probe import ProbeContext
from port_ocean.helpers.monitor.monitor import get_monitor

from cache.between_resyncs import Revalidation
from cache.within_resync import remove_leftovers
from client import ApiClient
from errors import SettingsError
from framework.catalog import CountingEntityProcessor, DeletionGuard
from framework.exit_code import FAILURE, SUCCESS, interrupt
from framework.garbage_collector import spare_the_collector
from framework.incremental_sync import CarefulCursors, ResourceRun, Run, restart_cursors
from framework.mended_logs import hide_settings_in_errors, keep_ordinary_words
from live_events.service import LiveEvents
from mapping.fields.selector import CustomSelector
from mapping.resources import CustomPortAppConfig, CustomResourceConfig, is_incremental, plans_of
from probe.connection_test import probe
from reading.resource_reader import ResourceReader
from reading.shared_responses import SharedResponses
from settings.connection import ConnectionSettings
from transport.connections import load_backend

__all__ = ["CustomIntegration", "CustomPortAppConfig", "CustomResourceConfig", "CustomSelector"]


# Ocean looks at all processes of the machine twice a second, for its report on resources, which
# takes 6 % of a resync's time.
_MONITOR_SECONDS = 5.0

# At import, because Ocean reads its configuration as soon as it has this class.
hide_settings_in_errors()


class CustomIntegration(BaseIntegration):
    """Reads any REST API as its settings and mapping say."""

    class AppConfigHandlerClass(APIPortAppConfig):
        CONFIG_CLASS = CustomPortAppConfig

    EntityProcessorClass = CountingEntityProcessor
    EntitiesStateApplierClass = DeletionGuard

    def __init__(self, context: PortOceanContext) -> None:
        super().__init__(context)
        # What the process exits with when an interrupt ends it; None before it has begun.
        self.exit_code: int | None = None
        self._settings: ConnectionSettings | None = None
        self._client: ApiClient | None = None
        self._revalidation: Revalidation | None = None
        self._live_events: LiveEvents | None = None
        # Ocean reads resources in tasks of their own, which see this but cannot set it.
        self._run: ContextVar[Run] = ContextVar("run")

    @property
    def settings(self) -> ConnectionSettings:
        """The connection settings, parsed once.

        Raises:
            SettingsError: with every problem of the settings.
        """
        if self._settings is None:
            self._settings = ConnectionSettings.parse(ocean.integration_config)
        return self._settings

    @property
    def client(self) -> ApiClient:
        """The one client of this instance; first used within the running event loop."""
        if self._client is None:
            identifier = ocean.config.integration.identifier
            self._revalidation = Revalidation.for_settings(self.settings, identifier)
            self._client = ApiClient(self.settings, self._revalidation)
        return self._client

    @property
    def live_events(self) -> LiveEvents:
        """What serves webhooks; errors as for `settings`."""
        if self._live_events is None:
            self._live_events = LiveEvents(self, self.settings)
        return self._live_events

    def accept_live_events(self) -> None:
        """Register the webhooks, while the application is built; wrong settings are told later."""
        with suppress(SettingsError):
            self.live_events.register()

    async def start(self) -> None:
        """Check the settings before anything else; wrong ones end the process with one message."""
        keep_ordinary_words()
        try:
            logger.info(f"Reading from {self.settings.base_url}")
        except SettingsError as error:
            # Raised, it would come with three tracebacks of the web server, for a mistyped value.
            logger.error(f"{error}")
            self.exit_code = FAILURE
            interrupt()
            return
        # A job whose run does not even begin has failed.
        self._set_exit_code(succeeded=False)
        # From here on, Ocean's log filter knows every secret.
        ocean.metrics.registry.register(self.client.traffic)
        if removed := remove_leftovers():
            logger.info(f"Removed {removed} directories of responses that a killed run left")
        self.live_events.start(self.client)
        load_backend()
        spare_the_collector()
        get_monitor().interval = _MONITOR_SECONDS
        await super().start()

    async def probe(self, context: ProbeContext) -> ProbeContext:
        """Port's connection test and `ocean probe`, with the verdicts of `ocean-custom check`."""
        await self.initialize_handlers()
        handler = self.port_app_config_handler
        return await probe(
            context,
            lambda: self.settings,
            lambda: cast("Awaitable[CustomPortAppConfig]", handler.get_port_app_config(False)),
        )

    async def initialize_handlers(self) -> None:
        """Create Ocean's handlers, and say which engine evaluates mappings."""
        await super().initialize_handlers()
        if isinstance(self.entity_processor, CountingEntityProcessor):
            self.entity_processor.engine = self.settings.mapping_engine

    async def sync_raw_all(
        self,
        _: dict[Any, Any] | None = None,
        trigger_type: TriggerType = "machine",
        user_agent_type: UserAgentType = UserAgentType.exporter,
        silent: bool = True,
    ) -> bool:
        """A full resync, as Ocean's; what its resources share is gone when it ends."""
        begun = datetime.now(UTC)
        succeeded = False
        async with self._sharing() as run:
            try:
                with self.live_events.beside_resync():
                    succeeded = bool(
                        await super().sync_raw_all(_, trigger_type, user_agent_type, silent)
                    )
                if succeeded:
                    await restart_cursors(ocean.port_client, run.resources, begun)
            finally:
                self._set_exit_code(succeeded)
        return succeeded

    async def sync_incremental(
        self,
        interval_seconds: int,
        trigger_type: TriggerType = "machine",
        user_agent_type: UserAgentType = UserAgentType.exporter,
    ) -> None:
        """An incremental run, as Ocean's, for the resources with an `incremental` block."""
        async with (
            self._sharing() as run,
            # Around Ocean's own, for what is to be done when all resources were read.
            event_context(EventType.INCREMENTAL_RESYNC, trigger_type=trigger_type),
        ):
            config = await self.port_app_config_handler.get_port_app_config(use_cache=False)
            self.event_strategy.incremental.clear()
            for kind in {each.kind for each in config.resources if is_incremental(each)}:
                self.on_incremental_resync(self._read_changes, kind)
            await super().sync_incremental(interval_seconds, trigger_type, user_agent_type)
            await self.sort_and_upsert_failed_entities(user_agent_type)
        if run.failed:
            logger.error(f"Failed, and tried again next time: {', '.join(run.failed)}")
        self._set_exit_code(succeeded=not run.failed)

    def _set_exit_code(self, succeeded: bool) -> None:
        is_one_shot = ocean.event_listener_type == EventListenerType.ONCE
        self.exit_code = FAILURE if is_one_shot and not succeeded else SUCCESS

    async def _sync_incremental_kind(
        self,
        resource: ResourceConfig,
        index: int,
        cursor: datetime,
        next_cursor: datetime,
        cursor_store: CursorStore,
        *others: Any,
    ) -> bool:
        """One resource of an incremental run; Ocean stops at the first that is not True."""
        if not is_incremental(resource):
            return True
        run = self._run.get()
        # Ocean's own idea of a cursor where there is none would pass over what is older.
        stored = await cursor_store.get(resource.kind, index)
        run.current = ResourceRun(resource.kind, index, stored)
        careful = CarefulCursors(ocean.port_client, run.current)
        if not await super()._sync_incremental_kind(
            resource, index, cursor, next_cursor, careful, *others
        ):
            run.failed.append(resource.kind)
        return True

    async def _read_changes(self, kind: str) -> AsyncGenerator[list[dict[str, Any]]]:
        async with aclosing(self.read_resource()) as batches:
            async for batch in batches:
                yield batch

    @asynccontextmanager
    async def _sharing(self) -> AsyncIterator[Run]:
        """What the resources of one run share; gone when it ends."""
        run = Run()
        token = self._run.set(run)
        try:
            yield run
        finally:
            self._run.reset(token)
            run.close()
            if self._revalidation:
                await self._revalidation.report(ocean.metrics)

    async def read_resource(self) -> AsyncGenerator[list[dict[str, Any]]]:
        """The batches of the resource that Ocean is processing.

        Raises:
            SelectorError: its selector cannot be used.
            ResourceError: it could not be read completely, or no item gets an identifier.
        """
        config = resource.resource_config
        if not isinstance(config, CustomResourceConfig):
            raise TypeError(f"{type(config).__name__} is not this integration's resource class")
        plan = config.plan(self.settings)
        self.live_events.warn(plan)
        config.selector.warn(config.kind, self.settings)
        processor = self.entity_processor
        tally = (
            processor.start_tally(resource.index)
            if isinstance(processor, CountingEntityProcessor)
            else None
        )
        # Outside of a run, nothing would remove what is shared.
        run = self._run.get(None)
        part = (run or Run()).begin(plan, resource.index)
        reader = ResourceReader(
            plan,
            client=self.client,
            settings=self.settings,
            shared=self._shared_in(run) if run else SharedResponses([]),
            observer=part.clock,
            since=part.since,
        )
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                yield batch
        if tally and not await is_dsp_mode_enabled():
            tally.check(config.kind)

    def _shared_in(self, run: Run) -> SharedResponses:
        if run.shared is None:
            run.shared = SharedResponses(plans_of(event.port_app_config.resources, self.settings))
        return run.shared
