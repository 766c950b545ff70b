"""From a resource of the mapping to batches for Ocean, and what a failure means.

A resource is read completely or it fails: what could be read is handed on, the other endpoints
are still read, and at the end one error stops Ocean from deleting what was not seen.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loguru import logger

from ahead import Fetch
from batching import BatchBuffer
from client import ApiClient
from discovery import Discovery, combinations
from endpoint_reader import EndpointReader
from endpoints import Endpoint, PathValue
from error_rules import ErrorRule
from errors import EndpointError, OceanCustomError, ResourceError, ResponseError, StatusError
from incremental import Incremental, TimedReader
from jq_worker import JqWorker
from observer import UNLIMITED, UNOBSERVED, Limits, Observer
from parameters import PathParameter
from response_cache import ResponseCache
from settings import ConnectionSettings
from windows import Windows

_GONE = frozenset({404, 410})
# So many parents do not vanish all at once: then the path is wrong.
_SUSPICIOUSLY_GONE = 3
_EXAMPLES = 3
_KINDS = {str: "text", bool: "true or false", list: "a list", type(None): "null"}


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """What one resource of the mapping asks for, checked."""

    kind: str
    endpoint: Endpoint
    parameters: tuple[PathParameter, ...] = ()
    error_rules: tuple[ErrorRule, ...] = ()
    incremental: Incremental | None = None
    windows: Windows | None = None

    @property
    def endpoints(self) -> list[Endpoint]:
        """All endpoints that reading this resource calls."""
        return [self.endpoint, *(parameter.endpoint for parameter in self.parameters)]


@dataclass(slots=True)
class Failures:
    """Errors of one resource, to be told together."""

    errors: list[OceanCustomError] = field(default_factory=list)

    def add(self, error: OceanCustomError) -> None:
        """Keep an error for the end; the first ones are logged as they happen."""
        self.errors.append(error)
        if len(self.errors) <= _EXAMPLES:
            logger.error(f"{error}")

    def summary(self) -> str:
        """One line for each way of failing, with a count and up to three examples."""
        groups: dict[tuple[str, str], list[EndpointError]] = {}
        lines = []
        for error in self.errors:
            if isinstance(error, EndpointError):
                groups.setdefault((error.reason, error.advice), []).append(error)
            else:
                lines.append(f"  - {error}")
        return "\n".join([*map(_describe_group, groups.values()), *lines])


class SharedResponses:
    """The responses of one resync that more than one resource asks for."""

    def __init__(self, plans: Sequence[ResourcePlan]) -> None:
        uses = Counter(endpoint.identity for plan in plans for endpoint in plan.endpoints)
        self._shared = {identity for identity, count in uses.items() if count > 1}
        self._cache = ResponseCache()

    def fetch_for(self, endpoint: Endpoint, client: ApiClient) -> Fetch:
        """How requests of this endpoint are sent: through the cache if anyone else asks too."""
        if endpoint.identity not in self._shared:
            return client.send
        return lambda request: self._cache.fetch(request, client.send)

    def close(self) -> None:
        """Remove every kept response."""
        self._cache.close()


class ResourceReader:
    """Reads one resource: discovery, its endpoints at the same time, and the failure policy.

    With `since`, it reads what has changed since then, as the plan says.
    """

    def __init__(
        self,
        plan: ResourcePlan,
        *,
        client: ApiClient,
        settings: ConnectionSettings,
        shared: SharedResponses,
        limits: Limits = UNLIMITED,
        observer: Observer = UNOBSERVED,
        since: datetime | None = None,
    ) -> None:
        self._plan = plan
        self._since = since
        self._limits = limits
        self._worker = JqWorker()
        self._observer = observer
        self._client = client
        self._settings = settings
        self._reader = self._reader_of(plan.endpoint, shared, plan.error_rules)
        self._timed = TimedReader(
            self._reader,
            incremental=plan.incremental,
            windows=plan.windows,
            since=since,
            is_preview=limits.pages is not None,
        )
        self._discoveries = [
            Discovery(
                parameter.changed_since(since),
                self._reader_of(parameter.endpoint, shared),
                settings.base_url,
            )
            for parameter in plan.parameters
        ]
        self._failures = Failures()
        self._gone = 0
        self._buffer = BatchBuffer()

    async def batches(self) -> AsyncGenerator[list[dict[str, Any]]]:
        """Items in batches of a size that suits Ocean, while further pages are being fetched.

        Raises:
            ResourceError: at the end, when anything could not be read.
        """
        producer = asyncio.create_task(self._produce())
        try:
            left = self._limits.items
            async for batch in self._buffer.batches():
                yield batch[:left]
                if left is not None and (left := left - len(batch)) <= 0:
                    break
            else:
                await producer
        finally:
            producer.cancel()
            await asyncio.gather(producer, return_exceptions=True)
            await asyncio.to_thread(self._worker.close)
        self._conclude()

    def _reader_of(
        self, endpoint: Endpoint, shared: SharedResponses, rules: tuple[ErrorRule, ...] = ()
    ) -> EndpointReader:
        fetch = shared.fetch_for(endpoint, self._client)
        return EndpointReader(
            self._client,
            endpoint,
            self._settings,
            fetch,
            self._worker,
            rules,
            self._observer,
            self._limits.pages,
        )

    async def _produce(self) -> None:
        try:
            if self._discoveries:
                await self._read_nested()
            else:
                await self._read({})
        finally:
            # An error is for the reader of the batches, who awaits this task after the last one.
            self._buffer.end()

    async def _read_nested(self) -> None:
        workers = 2 * self._settings.max_concurrent_requests
        waiting: asyncio.Queue[Mapping[str, PathValue] | None] = asyncio.Queue(maxsize=workers)
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(waiting))
            try:
                async with aclosing(combinations(self._discoveries)) as found:
                    count = 0
                    async for values in found:
                        await waiting.put(values)
                        count += 1
                        if count == self._limits.endpoints:
                            break
            except OceanCustomError as error:
                self._failures.add(error)
            for _ in range(workers):
                await waiting.put(None)

    async def _work(self, waiting: asyncio.Queue[Mapping[str, PathValue] | None]) -> None:
        while (values := await waiting.get()) is not None:
            await self._read(values)

    async def _read(self, values: Mapping[str, PathValue]) -> None:
        texts = {name: value.text for name, value in values.items()}
        marks = {f"__{name}": text for name, text in texts.items()}
        try:
            request = self._plan.endpoint.request(self._settings.base_url, values)
            async with aclosing(self._timed.read(request, texts)) as portions:
                async for items, size in portions:
                    await self._buffer.put(_marked(items, marks), size)
        except StatusError as error:
            if marks and error.status in _GONE and not error.is_decided:
                self._gone += 1
                logger.warning(f"{error.endpoint}: gone ({error.status}), counted as empty")
            else:
                self._failures.add(error)
        except OceanCustomError as error:
            if isinstance(error, EndpointError) and not error.endpoint:
                error.endpoint = f"{self._plan.endpoint.method} {self._plan.endpoint.path}"
            self._failures.add(error)

    def _conclude(self) -> None:
        self._report()
        if not self._failures.errors:
            self._check_whole()
        if self._failures.errors:
            raise ResourceError(
                f"{self._plan.kind} was not read completely, so nothing will be deleted:\n"
                f"{self._failures.summary()}"
            )

    def _check_whole(self) -> None:
        statistics = self._reader.statistics
        try:
            # Where nothing changed, an API may well leave out the list.
            if self._since is None:
                statistics.check_data_path(self._plan.endpoint.data_path.expression, "data_path")
        except ResourceError as error:
            self._failures.add(error)
        if self._gone >= _SUSPICIOUSLY_GONE and self._gone == statistics.endpoints:
            self._failures.add(
                ResourceError(
                    f"all {self._gone} nested endpoints answered 404 or 410; "
                    f"look at the path {self._plan.endpoint.path}"
                )
            )

    def _report(self) -> None:
        statistics = self._reader.statistics
        endings = ", ".join(f"{count} x {why}" for why, count in statistics.endings.most_common())
        logger.info(
            f"Read {self._plan.kind}: {statistics.items} items in {statistics.pages} pages of "
            f"{statistics.endpoints} endpoints, {statistics.extra_requests} extra requests, "
            f"{self._gone} gone, {len(self._failures.errors)} failed; ended by: {endings or '-'}"
        )


def _marked(items: list[Any], marks: Mapping[str, str]) -> list[dict[str, Any]]:
    kinds = set(map(type, items)) - {dict}
    if kinds:
        kind = next(_KINDS.get(kind, "a number") for kind in kinds)
        raise ResponseError(
            f"data_path gives {kind} where an item must be an object",
            advice="wrap it in data_path, such as `.names | map({name: .})`",
        )
    # A copy, because pagination compares pages.
    return [item | marks for item in items] if marks else items


def _describe_group(errors: list[EndpointError]) -> str:
    if len(errors) == 1:
        return f"  - {errors[0]}"
    said = f": {errors[0].said}" if errors[0].said else ""
    hint = f" ({errors[0].advice})" if errors[0].advice else ""
    places = "; ".join(error.endpoint for error in errors[:_EXAMPLES])
    more = f"; and {len(errors) - _EXAMPLES} more" if len(errors) > _EXAMPLES else ""
    return f"  - {len(errors)} times {errors[0].reason}{said}{hint}: {places}{more}"
