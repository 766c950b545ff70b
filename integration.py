"""The integration class: what Ocean instantiates, and where a resync begins and ends."""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any, cast

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import TriggerType, event
from port_ocean.context.ocean import PortOceanContext, ocean
from port_ocean.context.resource import resource
from port_ocean.core.handlers.port_app_config.api import APIPortAppConfig
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.core.integrations.mixins.utils import is_dsp_mode_enabled
from port_ocean.core.models import EventListenerType
from port_ocean.core.probe import ProbeContext
from port_ocean.helpers.monitor.monitor import get_monitor

from client import ApiClient
from errors import SettingsError
from exit_code import interrupt
from explore.probe import probe
from garbage import spare_the_collector
from mapping import CustomPortAppConfig, CustomResourceConfig, CustomSelector, plans_of
from reconciliation import CountingEntityProcessor, DeletionGuard
from redaction import hide_settings_in_errors, keep_ordinary_words
from response_cache import remove_leftovers
from resync import ResourceReader, SharedResponses
from revalidation import Revalidation
from settings import ConnectionSettings

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
        # Whether the process must exit with a failure when it ends.
        self.has_failed = False
        self._settings: ConnectionSettings | None = None
        self._client: ApiClient | None = None
        self._revalidation: Revalidation | None = None
        # What one resync shares: at most one element. A list, because Ocean reads resources in
        # tasks of their own, which see the resync's context but cannot set anything in it.
        self._shared: ContextVar[list[SharedResponses]] = ContextVar("shared")

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

    async def start(self) -> None:
        """Check the settings before anything else; wrong ones end the process with one message."""
        keep_ordinary_words()
        try:
            logger.info(f"Reading from {self.settings.base_url}")
        except SettingsError as error:
            # Raised, it would come with three tracebacks of the web server, for a mistyped value.
            logger.error(f"{error}")
            self.has_failed = True
            interrupt()
            return
        _ = self.client  # From here on, Ocean's log filter knows every secret.
        if removed := remove_leftovers():
            logger.info(f"Removed {removed} directories of responses that a killed run left")
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
        shared: list[SharedResponses] = []
        token = self._shared.set(shared)
        succeeded = False
        try:
            succeeded = bool(await super().sync_raw_all(_, trigger_type, user_agent_type, silent))
        finally:
            is_one_shot = ocean.event_listener_type == EventListenerType.ONCE
            self.has_failed = is_one_shot and not succeeded
            self._shared.reset(token)
            for responses in shared:
                responses.close()
            if self._revalidation:
                await self._revalidation.report(ocean.metrics)
        return succeeded

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
        config.selector.warn(config.kind, self.settings)
        processor = self.entity_processor
        tally = (
            processor.start_tally(resource.index)
            if isinstance(processor, CountingEntityProcessor)
            else None
        )
        reader = ResourceReader(
            plan, client=self.client, settings=self.settings, shared=self._shared_responses()
        )
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                yield batch
        if tally and not await is_dsp_mode_enabled():
            tally.check(config.kind)

    def _shared_responses(self) -> SharedResponses:
        shared = self._shared.get(None)
        if shared is None:
            # Nothing would remove what is kept outside of a resync.
            return SharedResponses([])
        if not shared:
            shared.append(SharedResponses(plans_of(event.port_app_config.resources, self.settings)))
        return shared[0]
