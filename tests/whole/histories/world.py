"""Live events in this process: a model API that changes, a catalog that follows, events between.

Everything is the integration's own, from the event to the entity, but for what is at the two ends:
the API answers from a dictionary, and Port is one.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
import port_ocean.context.ocean as ocean_context
import pytest
from port_ocean.context.event import EventType, event, event_context
from port_ocean.core.integrations.mixins import live_events as oceans
from port_ocean.core.models import Entity
from port_ocean.utils import signal

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import StatusError
from framework.runs import current_run
from live_events import service
from live_events.service import LiveEvents
from mapping.resources import CustomPortAppConfig
from redaction import Redactor
from settings.connection import ConnectionSettings

BASE_URL = "https://api.test"
SETTINGS: dict[str, Any] = {"base_url": BASE_URL, "webhook_auth": "none", "webhook_window": 0.001}
PATH = "/webhook"
type Pause = Callable[[], float]


@dataclass
class ModelApi:
    """Users by id, each with a version. `fails` says of each request whether it is answered 500;
    `missing` is the status where there is none, and `told` the body.

    An answer is what was true when the request arrived, and comes a pause later.
    """

    users: dict[str, int] = field(default_factory=dict)
    fails: Callable[[], bool] = lambda: False
    pause: Pause = lambda: 0.0
    missing: int = 404
    told: dict[str, Any] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def send(self, request: ApiRequest) -> ApiResponse:
        path = httpx.URL(str(request.url)).path
        self.asked[path] += 1
        status, body = self._answer(path)
        if self.fails():
            status, body = 500, {"error": "broken"}
        await asyncio.sleep(self.pause())
        answer = ApiResponse(
            httpx.URL(str(request.url)), status, httpx.Headers(), orjson.dumps(body)
        )
        if status == 200:
            return answer
        raise StatusError(
            status, f"the API answered {status}", endpoint=f"GET {path}", answer=answer
        )

    def _answer(self, path: str) -> tuple[int, Any]:
        if path == "/users":
            return 200, [{"id": name, "version": self.users[name]} for name in self.users]
        name = path.rpartition("/")[2]
        known = name in self.users
        return (
            (200, {"id": name, "version": self.users[name]}) if known else (self.missing, self.told)
        )


@dataclass
class Catalog:
    """Port's entities: version by identifier. Takes the place of mapping and applier as well."""

    entities: dict[str, int] = field(default_factory=dict)
    pause: Pause = lambda: 0.0
    refuses: Callable[[str], bool] = lambda identifier: False
    keeps: Callable[[str], bool] = lambda identifier: False
    deleted: list[str] = field(default_factory=list)
    passes: Callable[[dict[str, Any]], bool] = lambda item: True

    async def parse_items(
        self, resource: Any, items: list[dict[str, Any]], *, parse_all: bool
    ) -> Any:
        passed: list[Entity] = []
        failed: list[Entity] = []
        for item in items:
            entity = Entity(
                identifier=item["id"],
                blueprint="user",
                properties={key: value for key, value in item.items() if key != "id"},
            )
            (passed if self.passes(item) else failed).append(entity)
        diff = SimpleNamespace(passed=passed, failed=failed)
        return SimpleNamespace(entity_selector_diff=diff)

    async def upsert(self, entities: list[Entity], user_agent_type: Any) -> list[Entity]:
        await asyncio.sleep(self.pause())
        for entity in entities:
            if self.refuses(entity.identifier):
                event.entity_topological_sorter.register_entity(entity)
            else:
                self.entities[entity.identifier] = entity.properties["version"]
        return entities

    async def delete(self, entities: list[Entity], user_agent_type: Any) -> None:
        await asyncio.sleep(self.pause())
        for entity in entities:
            if self.keeps(entity.identifier):
                current_run.get().refusals.undeleted.add(("user", entity.identifier))
            else:
                self.entities.pop(entity.identifier, None)
                self.deleted.append(entity.identifier)

    async def search_entities(self, user_agent_type: Any, query: dict[str, Any]) -> list[str]:
        identifier = query["rules"][0]["value"]
        return [identifier] if identifier in self.entities else []


def resource(*live_events: dict[str, Any], **selector: Any) -> dict[str, Any]:
    """A resource of the mapping whose items are users."""
    mappings = {"identifier": ".id", "blueprint": '"user"'}
    return {
        "kind": "/users",
        "selector": {"query": "true", "live_events": list(live_events), **selector},
        "port": {"entity": {"mappings": mappings}},
    }


@dataclass
class World:
    """All that takes part, with the mapping that holds now."""

    api: ModelApi
    catalog: Catalog
    events: LiveEvents
    config: CustomPortAppConfig
    fates: Counter[str]

    def map(self, *resources: dict[str, Any]) -> None:
        """Put a mapping in the place of the one before."""
        self.config = CustomPortAppConfig.parse_obj({"resources": list(resources)})

    async def tell(self, body: Any, **headers: str) -> None:
        """Deliver an event to every resource that it may be for, as Ocean does."""
        async with event_context(EventType.HTTP_REQUEST, trigger_type="machine"):
            event.port_app_config = self.config
            kinds = self.events.kinds(PATH)
            for one in self.config.resources:
                if one.kind in kinds:
                    await self.events.receive(PATH, headers, body, one)

    async def settle(self) -> None:
        """Until every event was applied or lost."""
        while self.events.pending:  # noqa: ASYNC110  # of no use to anything but tests
            await asyncio.sleep(0.001)

    async def resync(self) -> None:
        """What a full resync comes to: what was read is written, what was not seen is deleted."""
        with self.events.beside_resync():
            read = dict(self.api.users)
            await asyncio.sleep(4 * self.api.pause())
            for name, version in read.items():
                self.catalog.entities[name] = version
                await asyncio.sleep(0)
            for name in set(self.catalog.entities) - set(read):
                del self.catalog.entities[name]

    async def get_port_app_config(self, use_cache: bool = True) -> CustomPortAppConfig:
        event.port_app_config = self.config
        return self.config


@contextlib.asynccontextmanager
async def open_world(
    api: ModelApi, catalog: Catalog, *resources: dict[str, Any], **settings: Any
) -> AsyncIterator[World]:
    """A world until the block ends; everything that it replaces is put back."""
    with pytest.MonkeyPatch.context() as patch:
        fates: Counter[str] = Counter()
        _pretend_ocean(patch, catalog, fates)
        parsed = ConnectionSettings.parse({**SETTINGS, **settings})
        handler = SimpleNamespace(get_port_app_config=None)
        integration: Any = SimpleNamespace(
            entity_processor=catalog,
            entities_state_applier=catalog,
            port_app_config_handler=handler,
        )
        events = LiveEvents(integration, parsed)
        world = World(api, catalog, events, CustomPortAppConfig(), fates)
        handler.get_port_app_config = world.get_port_app_config
        world.map(*resources)
        client = SimpleNamespace(
            send=api.send, redactor=Redactor(), describe=lambda request: f"GET {request.url}"
        )
        events.start(cast("ApiClient", client))
        try:
            yield world
        finally:
            await events.stop()


def _pretend_ocean(patch: pytest.MonkeyPatch, catalog: Catalog, fates: Counter[str]) -> None:
    def inc_metric(name: str, labels: list[str], value: float) -> None:
        fates[labels[1]] += 1

    async def no() -> bool:
        return False

    config = SimpleNamespace(
        allow_environment_variables_jq_access=False,
        max_wait_seconds_before_shutdown=5,
        event_listener=SimpleNamespace(should_process_webhooks=True),
        integration=SimpleNamespace(identifier="my-integration"),
    )
    app: Any = SimpleNamespace(
        config=config,
        base_url="https://hooks.test",
        metrics=SimpleNamespace(inc_metric=inc_metric),
        port_client=catalog,
    )
    patch.setattr(ocean_context, "_port_ocean", ocean_context.PortOceanContext(app))
    patch.setattr(oceans, "is_lakehouse_data_enabled", no)
    patch.setattr(oceans, "is_dsp_mode_enabled", no)
    patch.setattr(service, "_AGAIN", (0.001, 0.001))
    patch.setattr(service, "_GONE_AGAIN", 0.001)
    patch.setattr(service, "signal_handler", signal.SignalHandler())
