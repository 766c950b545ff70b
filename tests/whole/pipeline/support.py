"""One resync of the integration in this process, between a pretended API and a pretended Port.

`Pipeline.sync` takes settings, resources and routes, and gives an `Outcome`: what was asked of the
API, which items came out of it, what reached Port, and what failed.
"""

import copy
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from humps import decamelize
from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.integration_testing import IntegrationTestHarness, InterceptTransport
from port_ocean.integration_testing.harness import ResyncResult

ROOT = Path(__file__).resolve().parents[3]
BASE_URL = "https://api.example.com"

# A JSON value, or a whole `httpx.Response`.
type Answer = Any
type Respond = Callable[[httpx.Request], Answer]
# One answer for every request, `in_turn(...)`, or a function that answers as it likes.
type Route = Any
# How Port answers a body: a status and a body, or None for the stand-in's answer.
type PortRoute = Callable[[Any], tuple[int, Any] | None]
type Query = dict[str, str | list[str]]


def resource(kind: str, /, *, mapping: Any = None, **selector: Any) -> Any:
    """A resource of the mapping: `selector` fields by name; `mapping` adds to the entity's."""
    entity = {"identifier": ".id | tostring", "blueprint": '"item"', **(mapping or {})}
    return {
        "kind": kind,
        "selector": {"query": "true", **selector},
        "port": {"entity": {"mappings": entity}},
    }


def parameter(endpoint: str, field: str = ".id", **more: Any) -> dict[str, Any]:
    """A path parameter that is discovered at `endpoint`."""
    return {"endpoint": endpoint, "field": field, **more}


def reply(
    body: Any = None, status: int = 200, *, text: str | bytes | None = None, **headers: str
) -> httpx.Response:
    """An answer with a status, headers (`_` for `-`), and a JSON body or, as it is, `text`."""
    content = json.dumps(body) if text is None else text
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, content=content)


def in_turn(*answers: Answer) -> Respond:
    """Each request gets the next answer; one request too many fails the test."""
    left = iter(answers)

    def answer(request: httpx.Request) -> Answer:
        try:
            return next(left)
        except StopIteration:
            return reply({"message": "asked once too often"}, 501)

    return answer


def numbered(count: int, start: int = 0) -> list[dict[str, int]]:
    """`count` items whose ids count up from `start`."""
    return [{"id": number} for number in range(start, start + count)]


@dataclass(frozen=True)
class Asked:
    """One request that reached the API."""

    method: str
    url: httpx.URL
    headers: httpx.Headers
    content: bytes

    @property
    def query(self) -> Query:
        """Query parameters by name; those given more than once as a list."""
        values = {name: self.url.params.get_list(name) for name in self.url.params}
        return {name: v[0] if len(v) == 1 else v for name, v in values.items()}

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


@dataclass
class Outcome:
    """What a resync came to. `items` are raw, by kind, as Ocean gets them; `log` from DEBUG up."""

    result: ResyncResult
    asked: list[Asked] = field(default_factory=list)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def identifiers(self) -> list[str]:
        """Those of all entities that reached Port, in the order of their arrival."""
        return [entity["identifier"] for entity in self.result.upserted_entities]

    @property
    def deleted(self) -> list[str]:
        return sorted(entity["identifier"] for entity in self.result.deleted_entities)

    @property
    def errors(self) -> str:
        return "\n".join(map(str, self.result.errors))

    @property
    def warnings(self) -> str:
        return "\n".join(line for line in self.log if line.startswith("WARNING"))

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, as they stood in the request."""
        return [asked.url.raw_path.decode().partition("?")[0] for asked in self.asked]

    @property
    def urls(self) -> list[str]:
        return [str(asked.url) for asked in self.asked]

    def ids(self, kind: str = "/items") -> list[Any]:
        return [item["id"] for item in self.items.get(kind, [])]

    def queries(self, path: str = "/items") -> list[Query]:
        """The query parameters of each request to `path`, in order."""
        return [asked.query for asked in self.asked if asked.url.path == path]

    def succeeded(self) -> "Outcome":
        assert self.errors == ""
        assert self.result.reconciliation_success
        return self

    def failed(self, *words: str) -> "Outcome":
        """The resync failed, and its errors say all of these words."""
        assert not self.result.reconciliation_success
        assert self.result.errors
        for word in words:
            assert word in self.errors
        return self


class PretendedApi(InterceptTransport):
    """Answers by path, and notes each request when it arrives."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__()
        self._answers = routes
        self.asked: list[Asked] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        self.asked.append(Asked(request.method, request.url, request.headers, content))
        path = request.url.raw_path.decode().partition("?")[0]
        route = self._answers.get(path, reply({"message": "no such route"}, 404))
        answer = route(request) if callable(route) else route
        if inspect.isawaitable(answer):
            answer = await answer
        return _as_response(answer)


class Pipeline:
    """The booted integration; each `resync` is a whole one."""

    def __init__(self, harness: IntegrationTestHarness, api: PretendedApi) -> None:
        self._harness = harness
        self._api = api
        self._items: dict[str, list[dict[str, Any]]] = {}

    async def resync(self) -> Outcome:
        self._api.asked, self._items = [], {}
        with _log() as log:
            result = await self._harness.trigger_resync()
        return Outcome(result, self._api.asked, self._items, log)

    def keep_items(self) -> None:
        """Note every batch on its way from the integration to Ocean."""
        integration: Any = ocean.integration
        original = integration.read_resource

        async def read_resource(kind: str) -> AsyncIterator[list[dict[str, Any]]]:
            kept = self._items.setdefault(kind, [])
            async for batch in original(kind):
                kept += copy.deepcopy(batch)
                yield batch

        integration.read_resource = read_resource


@asynccontextmanager
async def pipeline(
    settings: Mapping[str, Any],
    resources: Sequence[Any],
    routes: Mapping[str, Route],
    existing: Sequence[str] = (),
    mapping: Mapping[str, Any] = MappingProxyType({}),
    port: Mapping[str, PortRoute] = MappingProxyType({}),
) -> AsyncIterator[Pipeline]:
    """The booted integration. `settings` by their names in the spec; `routes` by path; `existing`
    are the identifiers of the `item` entities that an earlier resync left in Port, or
    `blueprint/identifier`; `mapping`, what it says beside resources; `port`, by a part of the path,
    how Port answers a POST in place of its stand-in, where it does."""
    api = PretendedApi(routes)
    harness = IntegrationTestHarness(
        integration_path=str(ROOT),
        port_mapping_config={
            "deleteDependentEntities": True,
            "createMissingRelatedEntities": True,
            "enableMergeEntity": True,
            "entityDeletionThreshold": 1,
            **mapping,
            "resources": list(resources),
        },
        third_party_transport=api,
        port_search_entities_response=[_entity_named(name) for name in existing],
        config_overrides={
            "caching_storage_mode": "memory",
            "integration": {
                "identifier": "pipeline",
                "type": "custom",
                "config": {
                    "base_url": BASE_URL,
                    **{decamelize(name): value for name, value in settings.items()},
                },
            },
        },
    )
    await harness.start()
    for part, answer_of_port in port.items():
        _divert(harness, part, answer_of_port)
    try:
        booted = Pipeline(harness, api)
        booted.keep_items()
        yield booted
    finally:
        await harness.shutdown()


def _entity_named(name: str) -> dict[str, Any]:
    blueprint, _, identifier = name.rpartition("/")
    known: dict[str, Any] = {"properties": {}, "relations": {}}
    return {"identifier": identifier, "blueprint": blueprint or "item", **known}


def _divert(harness: IntegrationTestHarness, part: str, answer: PortRoute) -> None:
    """Let `answer` decide on requests to Port; None leaves one to the stand-in."""
    transport = harness.port_mock.transport
    ordinary = transport.handle_async_request

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and part in request.url.path:
            await request.aread()
            found = answer(json.loads(request.content))
            if found is not None:
                return httpx.Response(found[0], json=found[1], request=request)
        return await ordinary(request)

    transport.handle_async_request = handle  # type: ignore[method-assign]


def _as_response(answer: Answer) -> httpx.Response:
    if isinstance(answer, httpx.Response):
        # One answer may serve several requests, and httpx ties a response to its request.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    return reply(answer)


@contextmanager
def _log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lines.append, level="DEBUG", format="{level} {message}")
    try:
        yield lines
    finally:
        logger.remove(sink)
