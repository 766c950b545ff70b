"""The integration class: what Ocean instantiates, and where a resync begins and ends."""

import gc
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

from loguru import logger
from port_ocean.context.event import event
from port_ocean.context.ocean import ocean
from port_ocean.context.resource import resource
from port_ocean.core.handlers.port_app_config.api import APIPortAppConfig
from port_ocean.core.integrations.mixins.utils import is_dsp_mode_enabled
from port_ocean.core.models import Entity, EventListenerType
from port_ocean.core.probe import ProbeContext
from port_ocean.utils.signal import signal_handler

from cache.between_resyncs import Revalidation, instance_of
from cache.delta_tokens import DeltaTokens
from cache.within_resync import remove_leftovers
from client import ApiClient
from errors import ResourceError, SettingsError
from framework import incremental_sync
from framework.boot import explain_wrong_settings, read_settings
from framework.catalog import CountingEntityProcessor, DeletionGuard
from framework.entities import SlimResults
from framework.incremental_sync import restart_cursors
from framework.outcome_report import report
from framework.owners import Ledger
from framework.process import (
    FAILURE,
    SUCCESS,
    guard_log,
    hide_settings_in_errors,
    interrupt,
    keep_ordinary_words,
    look_around_less,
    spare_the_collector,
)
from framework.removal import delete_removed
from framework.runs import DeltaState, ResourceRun, Run, current_run, running
from live_events.service import LiveEvents
from mapping.resources import CustomPortAppConfig, CustomResourceConfig, plans_of
from outcomes import are_kept, kept_line
from probe.connection_test import probe
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from settings.environment import forget_ocean_s_own
from transport.connections import load_backend
from transport.no_proxy import no_proxy

# Ocean's own tasks at the end of the process have at most 100.
_FIRST = 200

# At import, because Ocean reads its configuration as soon as it has this class.
hide_settings_in_errors()
explain_wrong_settings()
# Before Ocean makes clients, which fail over what they do not understand of it.
no_proxy()


# Not by its own name: of the integration classes in this module Ocean takes the first it finds.
class CustomIntegration(SlimResults, incremental_sync.IncrementalIntegration):
    """The integration: it reads any REST API as its settings and mapping say."""

    class AppConfigHandlerClass(APIPortAppConfig):
        CONFIG_CLASS = CustomPortAppConfig

    EntityProcessorClass = CountingEntityProcessor
    EntitiesStateApplierClass = DeletionGuard

    # What the process exits with when an interrupt ends it; None before it has begun.
    exit_code: int | None = None

    @cached_property
    def settings(self) -> ConnectionSettings:
        """Return the connection settings, parsed once.

        Raises:
            SettingsError: with every problem of the settings.
        """
        return read_settings()

    @cached_property
    def client(self) -> ApiClient:
        """Return the one client of this instance; first used within the running event loop."""
        return ApiClient(self.settings, self._revalidation)

    @cached_property
    def _revalidation(self) -> Revalidation | None:
        return Revalidation.for_settings(self.settings, ocean.config.integration.identifier)

    @cached_property
    def _tokens(self) -> DeltaTokens | None:
        identifier = ocean.config.integration.identifier
        return DeltaTokens.for_settings(self.settings, instance_of(self.settings, identifier))

    @cached_property
    def live_events(self) -> LiveEvents:
        """Return the service of webhooks; errors as for `settings`."""
        return LiveEvents(self, self.settings)

    @property
    def entity_processor(self) -> CountingEntityProcessor:
        return cast("CountingEntityProcessor", super().entity_processor)

    def accept_live_events(self) -> None:
        """Register the webhooks, while the application is built; wrong settings are told later."""
        with suppress(SettingsError):
            self.live_events.register()

    async def start(self) -> None:
        """Check the settings before anything else; wrong ones end the process with one message."""
        keep_ordinary_words()
        try:
            logger.info(f"Reading from {self.settings.base_url}")
            for warning in self.settings.warnings:
                logger.warning(warning)
            for unknown in no_proxy().unknown:
                logger.warning(f"NO_PROXY: {unknown!r} is no host, address or range; it is ignored")
        except SettingsError as error:
            # Raised, it would come with three tracebacks of the web server, for a mistyped value.
            logger.error(f"{error}")
            self.exit_code = FAILURE
            interrupt()
            return
        forget_ocean_s_own()
        # A job whose run does not even begin has failed.
        self._set_exit_code(succeeded=False)
        # From here on, Ocean's log filter knows every secret, and so does what comes before it.
        guard_log(self.client.redactor)
        ocean.metrics.registry.register(self.client.traffic)
        if removed := remove_leftovers():
            logger.info(f"Removed {removed} directories of responses that a killed run left")
        self.live_events.start(self.client)
        # Before all else, because it may be the last answer that lets this instance in.
        signal_handler.register(self.client.finish_login, priority=_FIRST)
        load_backend()
        spare_the_collector()
        look_around_less()
        await super().start()

    async def probe(self, context: ProbeContext) -> ProbeContext:
        """Serve Port's connection test and `ocean probe`: the verdicts of `ocean-custom check`."""
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
        self.entity_processor.engine = self.settings.mapping_engine

    async def sync_raw_all(self, *args: Any, **kwargs: Any) -> bool:
        """Do a full resync, as Ocean asks; nothing that its resources share outlives it."""
        begun = datetime.now(UTC)
        succeeded = False
        async with self._sharing() as run:
            try:
                with self.live_events.beside_resync():
                    succeeded = bool(await super().sync_raw_all(*args, **kwargs))
                if succeeded:
                    await restart_cursors(ocean.port_client, run.movable, begun)
            finally:
                self._set_exit_code(succeeded)
        return succeeded

    async def sync_incremental(self, *args: Any, **kwargs: Any) -> None:
        """Do an incremental run, as Ocean asks, of the resources with an `incremental` block."""
        async with self._sharing() as run:
            await super().sync_incremental(*args, **kwargs)
        if run.failed:
            logger.error(f"Failed, and tried again next time: {', '.join(run.failed)}")
        if run.refusals:
            logger.error(f"Failed: {run.refusals.summary()}")
        self._set_exit_code(succeeded=not run.failed and not run.refusals)

    async def resync_reconciliation(
        self,
        creation_results: list[tuple[list[Entity], list[Exception]]],
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Delete what is gone; and fail the run where Port refused something, or `strict` asks."""
        run = current_run.get(None) or Run()
        run.bring([entities for entities, _ in creation_results])
        succeeded = await super().resync_reconciliation(creation_results, *args, **kwargs)
        if run.refusals:
            logger.error(f"The resync has failed: {run.refusals.summary()}")
            succeeded = False
        if self.settings.strict and run.kept:
            logger.error(f"The resync has failed, because strict is true: {are_kept(run.kept)}")
            succeeded = False
        return succeeded

    def _set_exit_code(self, succeeded: bool) -> None:
        is_one_shot = ocean.event_listener_type == EventListenerType.ONCE
        self.exit_code = FAILURE if is_one_shot and not succeeded else SUCCESS

    @asynccontextmanager
    async def _sharing(self) -> AsyncIterator[Run]:
        """Begin a run, and report it when it ends."""
        try:
            with running() as run:
                try:
                    yield run
                finally:
                    report(run, ocean.metrics)
        finally:
            # Where mapping failed, Ocean keeps the batch and the generator that gave it in a cycle,
            # which would wait for a full collection. What is loaded for good is passed over.
            gc.collect()
            if self._revalidation:
                await self._revalidation.report(ocean.metrics)

    async def read_resource(self, kind: str) -> AsyncGenerator[list[dict[str, Any]]]:
        """Read the resource that Ocean is processing, in batches.

        Raises:
            SelectorError: its selector cannot be used.
            ResourceError: it could not be read completely, no item gets an identifier, or it is
                kept where that is a failure.
        """
        config = resource.resource_config
        if not isinstance(config, CustomResourceConfig):
            raise TypeError(f"{type(config).__name__} is not this integration's resource class")
        run = current_run.get(None)
        part = (run or Run()).begin(kind, resource.index)
        part.plan = plan = config.plan(self.settings)
        self.live_events.warn(plan)
        config.selector.warn(kind, self.settings)
        part.delta = await self._delta_of(part)
        session = self._session_of(run)
        begun = part.delta.begun if part.delta and part.since else None
        reader = ResourceReader(plan, session, observer=part.clock, since=part.since, token=begun)
        delta, state = reader.delta, part.delta
        ledger = Ledger(state.owners, delta) if delta and state else None
        tally = self.entity_processor.start_tally(resource.index, config.selector.query, ledger)
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                yield batch
        is_mapped_by_port = await is_dsp_mode_enabled()
        if not is_mapped_by_port:
            tally.check(kind)
        if delta and state and not is_mapped_by_port:
            self.entity_processor.end_tally(resource.index)
            state.next = delta.next_token
            await delete_removed(self, config, delta.removed, state.owners)
        # Until here, what was not read is not proven to be gone.
        part.outcome = reader.outcome
        part.reservation = reader.reservation or tally.unmet.doubt("query")
        if part.outcome and tally.is_narrowed:
            part.outcome = part.outcome.narrowed()
        self._tell(part, is_mapped_by_port=is_mapped_by_port)

    async def _delta_of(self, part: ResourceRun) -> DeltaState | None:
        """Return the tokens of a resource; None where the API has none."""
        plan, tokens = part.plan, self._tokens
        if tokens is None or plan is None or plan.incremental is None or not plan.incremental.delta:
            return None
        what = [plan.kind, part.index, plan.endpoint.identity, plan.incremental.delta.place]
        name = json.dumps(what)
        return await DeltaState.loaded(tokens, name, goes_on=part.since is not None)

    def _tell(self, part: ResourceRun, *, is_mapped_by_port: bool) -> None:
        """Warn of a resource that is kept.

        Raises:
            ResourceError: that is a failure here.
        """
        outcome = part.outcome
        if outcome is None or not outcome.is_kept:
            return
        told = kept_line([part.kind], outcome.reasons)
        if self.settings.strict:
            raise ResourceError(f"{told}; strict makes that a failure")
        if is_mapped_by_port:
            raise ResourceError(f"{told}; where Port maps the items, that is a failure")
        logger.warning(told)

    def _session_of(self, run: Run | None) -> Session:
        if run is None:
            # Nothing would remove what resources share.
            return Session(self.client, self.settings)
        if run.session is None:
            plans = plans_of(event.port_app_config.resources, self.settings)
            self.client.begin_run()
            run.session = Session(self.client, self.settings, plans)
        return run.session
