"""The processor that Ocean calls for each event, and hands it on."""

from typing import ClassVar, Protocol

from port_ocean.context.event import event as current
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import (
    EventHeaders,
    EventPayload,
    WebhookEvent,
    WebhookEventRawResults,
)

from formats.json_text import parse_exactly
from framework.live_events import original_body
from live_events.authentication import Authenticator


class Receiver(Protocol):
    """The part of live events that takes them on from Ocean."""

    @property
    def authenticator(self) -> Authenticator: ...

    def refused(self, path: str, reason: str) -> None:
        """Count and log an event that is not genuine."""

    def kinds(self, path: str) -> list[str]:
        """Return the kinds of the current mapping with live events on a path."""

    def receive(
        self, path: str, headers: dict[str, str], body: object, resource: ResourceConfig
    ) -> None:
        """Take an event on, for one resource; it is applied later."""


class LiveEventProcessor(AbstractWebhookProcessor):
    """A processor that authenticates an event, whatever way it came, and hands it on.

    The results that Ocean asks for are empty: events of the same item are applied together, and
    Ocean's worker is free for the next one meanwhile.
    """

    receiver: ClassVar[Receiver]

    async def authenticate(self, payload: EventPayload, headers: EventHeaders) -> bool:
        reason = self.receiver.authenticator.refusal(
            _lower(headers), await original_body(self.event), self.event.created_at.timestamp()
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
        content = await original_body(self.event)
        body = parse_exactly(content)[0] if content else payload
        self.receiver.receive(self._path, _lower(self.event.headers), body, resource)
        return WebhookEventRawResults([], [])

    @property
    def _path(self) -> str:
        return self.event.webhook_path or ""


def resource_index(resource: ResourceConfig) -> int:
    """Return the place of a resource in the mapping of the current event."""
    resources = current.port_app_config.resources
    return next(index for index, other in enumerate(resources) if other is resource)


def _lower(headers: EventHeaders) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}
