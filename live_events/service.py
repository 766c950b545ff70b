"""Live events as a whole: what is accepted, what becomes of it, and how it fits with a resync."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import Context, copy_context
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import httpx
from loguru import logger
from port_ocean.context.event import EventType, event, event_context
from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.port_app_config.models import PortAppConfig, ResourceConfig
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import (
    EventHeaders,
    EventPayload,
    WebhookEvent,
    WebhookEventRawResults,
)
from port_ocean.core.integrations.base import BaseIntegration
from port_ocean.utils.signal import signal_handler

from cache.hook_secrets import HookSecrets
from client import ApiClient
from errors import GoneError, LiveEventError, OceanCustomError, SelectorError
from expressions.evaluator import Evaluator
from formats.identifiers import has_identifier
from formats.messages import Part, is_evident_error, message_in, only_explains
from framework.catalog import DeletionGuard
from framework.live_events import LiveEventSync, UploadError, original_of
from live_events.arrival import body_of
from live_events.authentication import (
    Authenticator,
    FixedAuthenticator,
    authenticator_of,
    refusal_of,
)
from live_events.change import Change, count
from live_events.coalescing import Coalescer
from live_events.webhook_middleware import WebhookMiddleware, WebhookRules
from mapping.plan.error_rules import ErrorPolicy
from mapping.plan.live_events import EventSubject, LiveEventPlan
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig
from pagination.page import Page
from reading.data_path_fit import DataPathFit
from reading.endpoint_reader import EndpointReader, Watch
from reading.resource_reader import marked, objects_among
from reading.session import Session
from reading.shaper import Shaper
from settings.connection import ConnectionSettings
from statuses import Situation

# More items than that, one after the other, are not gone: the path is wrong, or a gateway answers
# for an API that is away.
_MOST_GONE = 3
# Seconds before an item that was not there twice is asked for once more.
_GONE_AGAIN = 30.0
# Seconds before Port is asked once more to take an entity that it refused.
_AGAIN = (2.0, 8.0)
# Of a path in the log.
_LONGEST_PATH = 100
# After Ocean's own handlers, which may still hand events on.
_LAST = -10


class LiveEventProcessor(AbstractWebhookProcessor):
    """A processor that authenticates an event, whatever way it came, and hands it on.

    The results that Ocean asks for are empty: events of the same item are applied together, and
    Ocean's worker is free for the next one meanwhile.
    """

    receiver: ClassVar["LiveEvents"]

    async def authenticate(self, payload: EventPayload, headers: EventHeaders) -> bool:
        original = await original_of(self.event)
        moment = self.event.created_at.timestamp()
        reason = await refusal_of(
            self.receiver.authenticator, _lower(headers), original.body, moment, original.target
        )
        if reason:
            self.receiver.refused(self._path, reason)
        return reason is None

    async def validate_payload(self, payload: EventPayload) -> bool:
        return True

    async def should_process_event(self, event: WebhookEvent) -> bool:
        return True

    async def get_matching_kinds(self, event: WebhookEvent) -> list[str]:
        return self.receiver.kinds(event.webhook_path or "")

    async def handle_event(
        self, payload: EventPayload, resource: ResourceConfig
    ) -> WebhookEventRawResults:
        # Not Ocean's payload, in which JQ would round integers beyond 2^53.
        content, headers = (await original_of(self.event)).body, _lower(self.event.headers)
        body = body_of(content, headers) if content else payload
        await self.receiver.receive(self._path, headers, body, resource)
        return WebhookEventRawResults([], [])

    @property
    def _path(self) -> str:
        return self.event.webhook_path or ""


class LiveEvents:
    """The service that receives webhooks, and brings what they are about up to date.

    Inputs: the integration, whose handlers map and write; its settings. Nothing happens before
    `register`, while the application is built, and `start`, in its event loop.
    """

    def __init__(self, integration: BaseIntegration, settings: ConnectionSettings) -> None:
        self._integration = integration
        self._settings = settings
        self._kept = HookSecrets.for_settings(settings, ocean.config.integration.identifier)
        self._sync = LiveEventSync(integration)
        self._evaluator = Evaluator()
        self._session: Session | None = None
        self._context: Context | None = None
        self._coalescer: Coalescer[Change] = Coalescer(
            self._apply,
            window=settings.webhook_window,
            at_once=2 * settings.max_concurrent_requests,
        )
        self._plans: tuple[PortAppConfig | None, dict[int, ResourcePlan | None]] = (None, {})
        # For entries of the mapping: the items that were not there since one last was.
        self._gone: dict[Hashable, set[Hashable]] = {}
        # Items that were not there, until they are asked for again.
        self._to_ask_again: dict[Hashable, asyncio.TimerHandle] = {}
        self._resyncs = 0
        self._during_resync: dict[Any, Change] = {}

    @cached_property
    def authenticator(self) -> Authenticator:
        found = authenticator_of(self._settings, self._kept)
        return found or FixedAuthenticator("webhookAuth is not set")

    @property
    def off(self) -> str:
        """Tell why no live events are accepted; empty when they are."""
        if authenticator_of(self._settings) is None:
            return "webhookAuth is not set; `none` accepts events from anyone"
        if not ocean.config.event_listener.should_process_webhooks:
            return f"the event listener {ocean.event_listener_type} ends before any can arrive"
        if not ocean.app.base_url:
            return "OCEAN__BASE_URL, the address that webhooks reach, is not set"
        return ""

    @property
    def pending(self) -> int:
        """Count the items that wait, or are being brought up to date."""
        return self._coalescer.size + len(self._to_ask_again)

    def register(self) -> None:
        """Put the routes, behind their middleware, into Ocean's application while it is built."""
        if self.off:
            return
        # Ocean makes the processor itself, with nothing but an event.
        processor = type("Processor", (LiveEventProcessor,), {"receiver": self})
        for path in self._settings.webhook_paths:
            ocean.add_webhook_processor(path, processor)
        prefix = f"{ocean.app.route_prefix}/integration"
        rules = WebhookRules(
            tuple(f"{prefix}{path}" for path in self._settings.webhook_paths),
            self._settings.webhook_body_limit,
            self._settings.handshakes,
            self._settings.webhook_secrets,
            ocean.app.base_url or "",
            self._settings.signature_scheme.secret_from,
            self._kept,
        )
        app = ocean.app.fast_api_app
        app.add_middleware(WebhookMiddleware, rules, self.authenticator, self.refused)

    def start(self, client: ApiClient) -> None:
        """Begin to apply events, with this client."""
        self._session = Session(client, self._settings)
        # Tasks of events must not live in the context of whichever event started them.
        self._context = copy_context()
        signal_handler.register(self.stop, _LAST)
        if self.off:
            logger.info(f"Live events are off: {self.off}")
            return
        paths = ", ".join(f"/integration{path}" for path in self._settings.webhook_paths)
        auth = self._settings.webhook_auth
        logger.info(f"Live events are accepted at {paths}, webhookAuth {auth}")
        if auth == "none":
            logger.warning("webhookAuth is none: whoever reaches this address can cause requests")

    async def stop(self) -> None:
        """Apply what was received, for at most as long as Ocean waits for its own events."""
        left = len(self._to_ask_again)
        for waiting in self._to_ask_again.values():
            waiting.cancel()
        self._to_ask_again.clear()
        left += await self._coalescer.drain(ocean.config.max_wait_seconds_before_shutdown)
        if left:
            logger.error(f"{left} live events are lost until the next resync: the process ends")
        await asyncio.to_thread(self._evaluator.close)

    def warn(self, plan: ResourcePlan) -> None:
        """Log why a resource's live events cannot arrive."""
        if plan.live_events and self.off:
            logger.warning(f"{plan.kind}: its live_events have no effect: {self.off}")

    def refused(self, path: str, reason: str) -> None:
        """Count and log an event that is not accepted."""
        count("-", "refused")
        # Whoever sends it chooses the end of the path, line breaks included.
        logger.warning(f"Refused a live event at {path[:_LONGEST_PATH]!r}: {reason}")

    def kinds(self, path: str) -> list[str]:
        """Return the kinds of the current mapping with live events on a path."""
        found = (
            resource.kind
            for resource in event.port_app_config.resources
            if isinstance(resource, CustomResourceConfig)
            and any(entry.path == path for entry in resource.selector.live_events)
        )
        return list(dict.fromkeys(found))

    async def receive(
        self, path: str, headers: dict[str, str], body: object, resource: ResourceConfig
    ) -> None:
        """Take on what an event changes in one resource."""
        resources = event.port_app_config.resources
        index = next(index for index, other in enumerate(resources) if other is resource)
        plan = self._plan(resource, index)
        secret = self.authenticator.headers
        shown = {name: value for name, value in headers.items() if name not in secret}
        for entry in plan.live_events if plan else ():
            if entry.path == path and plan:
                changes = self._changes({"headers": shown, "body": body}, entry, plan)
                # All at once, so that those of one item are one.
                for subject in [each async for each in changes]:
                    self._submit(Change(resource, index, plan, entry, subject))

    async def _changes(
        self, event: dict[str, Any], entry: LiveEventPlan, plan: ResourcePlan
    ) -> AsyncIterator[EventSubject]:
        """Yield what an event changes by one entry; what cannot be told is lost alone."""
        try:
            parts = await entry.parts(event, self._evaluator)
        except LiveEventError as error:
            self._lose(plan.kind, error)
            return
        for part in parts:
            try:
                subject = await entry.subject(part, self._evaluator)
            except LiveEventError as error:
                self._lose(plan.kind, error)
                continue
            if subject:
                yield subject

    def _submit(self, change: Change) -> None:
        # A newer event asks anew, and is asked again by itself.
        if waiting := self._to_ask_again.pop(change.key, None):
            waiting.cancel()
        self._coalescer.submit(change, self._task_context())

    @contextmanager
    def beside_resync(self) -> Iterator[None]:
        """Keep what events bring while a resync runs, whose items may be older."""
        guard = self._integration.entities_state_applier
        self._resyncs += 1
        if isinstance(guard, DeletionGuard):
            guard.begin_sparing()
        try:
            yield
        finally:
            self._resyncs -= 1
            if not self._resyncs:
                if isinstance(guard, DeletionGuard):
                    guard.end_sparing()
                again, self._during_resync = self._during_resync, {}
                for change in again.values():
                    self._coalescer.submit_older(change, self._task_context())

    def _task_context(self) -> Context:
        return self._context.copy() if self._context else copy_context()

    def _plan(self, resource: ResourceConfig, index: int) -> ResourcePlan | None:
        if self._plans[0] is not event.port_app_config:
            self._plans = (event.port_app_config, {})
        plans = self._plans[1]
        if index not in plans and isinstance(resource, CustomResourceConfig):
            try:
                plans[index] = resource.plan(self._settings)
            except SelectorError as error:
                logger.error(f"Live events cannot be applied: {error}")
                plans[index] = None
        return plans.get(index)

    async def _apply(self, change: Change) -> None:
        """Bring one item up to date, or say that it is not."""
        self._note_for_resync(change)
        try:
            for seconds in (*_AGAIN, None):
                try:
                    await self._apply_once(change)
                    break
                except (UploadError, httpx.HTTPError) as error:
                    if seconds is None:
                        raise
                    logger.warning(f"{change.resource.kind}: {error}; again in {seconds:g} s")
                    await asyncio.sleep(seconds)
        except (OceanCustomError, UploadError, httpx.HTTPError) as error:
            self._lose(change.resource.kind, error)
        except Exception as error:  # noqa: BLE001  # one event must not end what serves the others
            logger.opt(exception=error).error("A live event failed in an unforeseen way")
            self._lose(change.resource.kind, error)
        finally:
            self._note_for_resync(change)

    def _note_for_resync(self, change: Change) -> None:
        """Note what is to be applied once more after a resync that runs now, if one does.

        Before it is applied, too, because the resync may end meanwhile with an older one noted.
        """
        if self._resyncs:
            self._during_resync[change.key] = change

    async def _apply_once(self, change: Change) -> None:
        async with event_context(EventType.HTTP_REQUEST, trigger_type="machine"):
            config = await self._integration.port_app_config_handler.get_port_app_config()
            if not _is_current(change, config):
                raise LiveEventError("the mapping has changed since the event arrived")
            if change.subject.is_deletion:
                await self._remove(change, "the event says so")
                return
            if self._session is None:
                raise LiveEventError("the integration has not started")
            try:
                items, received = await fetch_items(change, self._session, self._evaluator)
            except GoneError as error:
                if self._asks_again(change, error):
                    return
                self._doubt(change, error)
                await self._forget(change, f"the API answered {error.status}")
                return
            self._gone.pop(change.origin, None)
            if received and not items and self._sync.is_only_writer(change.resource):
                await self._forget(change, "items_filter or emit leaves nothing of it")
                return
            await self._sync.write(change.resource, change.index, items)
            count(change.resource.kind, "updated")
            logger.info(f"{change.resource.kind}: {len(items)} items after a live event")

    def _asks_again(self, change: Change, error: GoneError) -> bool:
        """Tell whether an item that is not there is to be asked for again before that counts.

        Some APIs show an item only a while after they have told of it.
        """
        delays = (self._settings.webhook_window, _GONE_AGAIN)
        if change.times_gone >= len(delays) or change.key in self._to_ask_again:
            return change.times_gone < len(delays)
        seconds = delays[change.times_gone]
        again = replace(change, times_gone=change.times_gone + 1)

        def ask() -> None:
            self._to_ask_again.pop(change.key, None)
            self._coalescer.submit_older(again, self._task_context())

        logger.debug(f"{error.endpoint}: {error.status}; asked again in {seconds:g} s")
        timer = asyncio.get_running_loop().call_later(seconds, ask)
        self._to_ask_again[change.key] = timer
        return True

    def _doubt(self, change: Change, error: GoneError) -> None:
        """Refuse to delete where an entry was told too often that there is nothing.

        Raises:
            LiveEventError: it rather seems that its endpoint is wrong, or the API away.
        """
        gone = self._gone.setdefault(change.origin, set())
        if change.key not in gone and len(gone) >= _MOST_GONE:
            raise LiveEventError(
                f"{error.endpoint}: {error.status}, as for the {_MOST_GONE} items before it that "
                f"{change.entry.place} has read: the API may be away, or look at its fetch. Where "
                "many items are deleted at once, use delete_when"
            )
        gone.add(change.key)

    async def _forget(self, change: Change, reason: str) -> None:
        if change.subject.identifier:
            await self._remove(change, reason)
            return
        logger.warning(
            f"{change.resource.kind}: {reason}; the next resync deletes the entity. With "
            f"{change.entry.place}.identifier, the event would"
        )

    async def _remove(self, change: Change, reason: str) -> None:
        if await self._sync.delete(change.resource, change.subject.identifier):
            count(change.resource.kind, "deleted")
            logger.info(f"{change.resource.kind}: deleted {change.subject.identifier}: {reason}")

    def _lose(self, kind: str, error: Exception) -> None:
        count(kind, "lost")
        logger.error(f"{kind}: a live event is lost until the next resync: {error}")


def _is_current(change: Change, config: PortAppConfig) -> bool:
    resources = config.resources
    return change.index < len(resources) and resources[change.index] == change.resource


def _lower(headers: EventHeaders) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


class _Messages(Watch):
    """Notes whether an answer may be a message, which filters leave out like an item."""

    def __init__(self, fit: DataPathFit) -> None:
        self._fit = fit
        self.found = False

    def answered(self, page: Page) -> None:
        items = page.items or [page.first_item]
        self.found |= self._fit.has_sign(page, is_of_item=False) or any(map(_may_be_message, items))


def _may_be_message(item: Any) -> bool:
    """Return whether an item may be a message: a job that failed says so, too, and has an id."""
    if only_explains(item) or is_evident_error(item):
        return True
    is_told = isinstance(item, dict) and message_in([Part("", item)]) is not None
    return is_told and not has_identifier(item)


async def fetch_items(
    change: Change, session: Session, evaluator: Evaluator
) -> tuple[list[dict[str, Any]], int]:
    """Return the items of the changed endpoint, with their marks, and how many the API sent.

    Raises:
        GoneError: it is there no more.
        LiveEventError: a filter leaves nothing, and looks at what is not there, or what it leaves
            out may be a message.
        OceanCustomError: it could not be read to its end.
    """
    endpoint = change.entry.endpoint
    policy = ErrorPolicy(change.plan.error_rules, Situation.LIVE_EVENT)
    reader = EndpointReader(session, endpoint, evaluator, policy)
    request = endpoint.request(session.settings.base_url, change.subject.values)
    texts = {name: value.text for name, value in change.subject.values.items()}
    marks = change.entry.marks(change.subject)
    shaper = Shaper(change.plan.shape, evaluator, reader.account)
    items: list[dict[str, Any]] = []
    received = 0
    messages = _Messages(reader.fit)
    async with aclosing(reader.read(request, texts, messages)) as portions:
        async for portion in portions:
            received += len(portion.items)
            found, odd = objects_among(await shaper.apply(portion.items))
            if odd:
                raise odd
            items += marked(found, marks)
    reader.fit.check("data_path")
    shaper.check()
    if doubt := shaper.unmet.doubt("items_filter"):
        raise LiveEventError(f"{doubt}")
    if received and not items and messages.found:
        raise LiveEventError(
            f"{session.client.describe(request)}: items_filter or emit leaves nothing of an answer "
            "that may be an error, so that nothing is deleted before the next resync"
        )
    return items, received
