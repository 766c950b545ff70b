"""Events that reach Ocean through a Redis stream, as with its hosted ingestion."""

import json
from types import SimpleNamespace
from typing import Any

import port_ocean.context.ocean as ocean_context
import pytest
from fastapi import APIRouter, FastAPI
from port_ocean.config.settings import LiveEventsRedisSettings
from port_ocean.consumers.redis_stream_consumer import RedisStreamConsumer
from port_ocean.core.handlers.webhook import processor_manager
from port_ocean.core.handlers.webhook.processor_manager import LiveEventsProcessorManager
from port_ocean.utils.signal import SignalHandler

from settings.webhook_signatures import PRESETS
from tests.whole.histories.world import Catalog, ModelApi, World, open_world, resource

SECRET = "s3cr3t-of-the-stream"
ENTRY = {"fetch": "/users/{id}", "params": {"id": ".body.id"}, "identifier": ".body.id"}
SIGNED = {"webhook_auth": "hmac", "webhook_preset": "github", "webhook_secret": SECRET}
BIG = 2**53 + 1


async def off() -> bool:
    return False


def consumer_of(world: World, monkeypatch: pytest.MonkeyPatch) -> RedisStreamConsumer:
    """Ocean's manager and its consumer, which only lack a Redis."""
    app: Any = ocean_context._port_ocean.app
    handler = world.events._integration.port_app_config_handler
    app.webhook_manager = LiveEventsProcessorManager(APIRouter(), SignalHandler(), 90, 5)
    app.fast_api_app, app.route_prefix = FastAPI(), ""
    app.integration = SimpleNamespace(port_app_config_handler=handler)
    app.config.integration = SimpleNamespace(type="custom", identifier="mine")
    monkeypatch.setattr(processor_manager, "is_live_event_payload_logging_enabled", off)
    manager: Any = app.webhook_manager
    # Its handlers, of which the integration's take the place.
    manager._entity_processor = manager._entities_state_applier = world.catalog
    world.events.register()
    return RedisStreamConsumer(
        LiveEventsRedisSettings(),
        "stream",
        manager._on_live_event_message,
        registered_paths=set(manager._processors_classes),
    )


def message(body: str, *, signed: str | None = None) -> dict[str, str]:
    """The fields of a stream entry; `signed` is the body that the signature is of."""
    content = (body if signed is None else signed).encode()
    signature = PRESETS["github"].sign(content, SECRET)
    return {
        "eventId": "1-0",
        "webhookPath": "/integration/webhook",
        "payload": body,
        "headers": json.dumps({"X-Hub-Signature-256": f"sha256={signature}"}),
    }


async def test_an_event_of_the_stream_is_authenticated_and_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = ModelApi({"a": 3, "b": 3, str(BIG): 1})
    async with open_world(api, Catalog(), resource(ENTRY), **SIGNED) as world:
        consumer = consumer_of(world, monkeypatch)
        await consumer._handle_message("1-0", message('{ "id":  "a"}'))
        await consumer._handle_message("2-0", message('{"id": "b"}', signed='{"id": "a"}'))
        await consumer._handle_message("3-0", message(f'{{"id": {BIG}}}'))
        await world.settle()
        assert world.catalog.entities == {"a": 3, str(BIG): 1}
        assert world.fates == {"updated": 2, "refused": 1}
