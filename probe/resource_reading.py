"""Reads a bounded part of a resource with the engine of a sync, and keeps what happened."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from api_messages import ApiRequest
from errors import EndpointError, OceanCustomError
from formats.bodies import decode
from formats.format import Format
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig
from outcomes import Outcome, Standing
from pagination.page import Page, Verdict
from probe.decisions import decision, place_of
from probe.recording import RecordedExchange, RecordingClient
from reading.account import Account
from reading.resource_reader import ResourceReader
from reading.session import UNLIMITED, Limits, Observer, Session
from settings.connection import ConnectionSettings
from settings.pagination import PaginationSettings

_MOST_RETRIES = 2
_LONGEST_WAIT = 20.0
# Seconds that someone at a terminal waits for an export job.
_LONGEST_EXPORT = 120.0
# How the engine says that a limit of pages ended an endpoint.
_LIMIT = "the limit of"


@dataclass(frozen=True, slots=True)
class PageRead:
    """One page as pagination saw it; `exchange` is None when an earlier request brought it.

    `place` is what asked for this page beyond the address, such as `variables.after=abc`.
    """

    url: str
    place: str
    is_discovery: bool
    received: int | None
    items: int
    decision: str
    exchange: RecordedExchange | None


@dataclass(slots=True)
class ResourceReading:
    """The outcome of reading one resource.

    `endings` are the reasons why its own endpoints ended, in order, `discovery_endings` those of
    its path parameters' endpoints; `is_nested` tells whether it has any path parameter, `is_cut`
    whether parents were left out, `is_exported` whether a job comes before its own endpoint;
    `error` is empty after success, and `outcome` then says whether a sync would
    delete what is absent; `is_strict` tells that one which is kept would fail it.
    """

    index: int
    kind: str
    data_path: str = "."
    response_format: Format | None = None
    is_nested: bool = False
    is_cut: bool = False
    is_exported: bool = False
    pages: list[PageRead] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    discovery_endings: list[str] = field(default_factory=list)
    exchanges: list[RecordedExchange] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    limits: Limits = UNLIMITED
    account: Account = field(default_factory=Account)
    error: str = ""
    outcome: Outcome | None = None
    is_strict: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def is_partial(self) -> bool:
        """True where a limit ended the reading, so that there may be more."""
        limits = self.limits
        endings = [*self.endings, *self.discovery_endings]
        at_pages = any(ending.startswith(_LIMIT) for ending in endings)
        at_items = limits.items is not None and len(self.items) >= limits.items
        # Where all endpoints were read to their ends, the items may be just so many.
        is_whole = not self.is_nested and self.found == len(self.items)
        most = limits.endpoints
        at_endpoints = self.is_nested and most is not None and len(self.endings) > most
        at_limit = at_pages or at_endpoints or (at_items and not is_whole)
        return at_limit or self.is_cut or not self.endings

    @property
    def standing(self) -> Standing | None:
        """Its outcome in a sync; None where a limit ended the reading, so that it may be any."""
        if self.error:
            return Standing.FAILED
        if self.doubts:
            return Standing.KEPT
        return None if self.is_partial or self.outcome is None else self.outcome.standing

    @property
    def is_failure(self) -> bool:
        """Return whether a sync would fail because of it."""
        return bool(self.error) or (self.is_strict and bool(self.doubts))

    @property
    def doubts(self) -> tuple[str, ...]:
        """The reasons for which a sync would delete nothing of it, with the settings that help."""
        return self.outcome.doubts if self.outcome else ()

    @property
    def told_doubts(self) -> list[str]:
        """The doubts, each with what a sync would make of it."""
        then = "strict makes a sync fail" if self.is_strict else "a sync would delete nothing of it"
        return [f"{Standing.KEPT}, {then}: {doubt}" for doubt in self.doubts]

    @property
    def found(self) -> int:
        """The number of items that data_path found, before any was filtered out."""
        return sum(page.items for page in self.pages if not page.is_discovery)

    @property
    def failed(self) -> list[RecordedExchange]:
        """The requests that ended in an error."""
        return [exchange for exchange in self.exchanges if exchange.error]

    @property
    def stop(self) -> str:
        """The reason why the first endpoint ended, or that there is more."""
        if not self.endings:
            return "no page was read"
        return "more pages follow" if self.endings[0].startswith(_LIMIT) else self.endings[0]

    @property
    def status(self) -> int | None:
        """The status of the first error, else of the first answer."""
        statuses = (exchange.status for exchange in [*self.failed, *self.exchanges])
        return next((status for status in statuses if status is not None), None)

    def cause(self, advice: str = "") -> str:
        """Say why it failed, without the line that says what a resync would do.

        Where there is better advice for the first error, its general hint goes.
        """
        lines = [line.removeprefix("  - ") for line in self.error.splitlines()]
        text = "; ".join(lines[1:] or lines)
        first = self.failed[0].error if self.failed else None
        if first is None or not advice or advice == first.advice:
            return text
        return text.replace(f" ({first.advice})", "")

    def is_step(self, exchange: RecordedExchange) -> bool:
        """Tell whether a request was a step of the export job, and brought no page."""
        paged = any(page.exchange is exchange for page in self.pages)
        return self.is_exported and not paged and not exchange.error

    async def bodies(self) -> AsyncGenerator[Any]:
        """Give the JSON values of the answers that the resource's own endpoints gave."""
        discovered = {id(page.exchange) for page in self.pages if page.is_discovery}
        for exchange in self.exchanges:
            others = id(exchange) in discovered or self.is_step(exchange)
            if others or exchange.error or not (exchange.response and exchange.content):
                continue
            answer = replace(exchange.response, content=exchange.content, large=None)
            try:
                body = await decode(answer, self.response_format)
            except EndpointError:
                continue
            yield body.value


@dataclass(frozen=True, slots=True)
class _Watcher(Observer):
    """Notes each page with the request that brought it; `start` counts the exchanges before."""

    reading: ResourceReading
    plan: ResourcePlan
    client: RecordingClient
    settings: PaginationSettings
    start: int

    def page_read(
        self, endpoint: Endpoint, request: ApiRequest, page: Page, verdict: Verdict
    ) -> None:
        pagination = endpoint.pagination or self.settings
        self.reading.pages.append(
            PageRead(
                self.client.redactor.url(request.url),
                self.client.redactor.text(place_of(request, pagination)),
                endpoint is not self.plan.endpoint,
                page.received,
                page.count if verdict.keep else 0,
                decision(page, verdict, pagination),
                self._exchange_of(request),
            )
        )

    def endpoint_read(self, endpoint: Endpoint, request: ApiRequest, reason: str) -> None:
        if endpoint is self.plan.endpoint:
            self.reading.endings.append(reason)
        else:
            self.reading.discovery_endings.append(reason)

    def _exchange_of(self, request: ApiRequest) -> RecordedExchange | None:
        taken = {id(page.exchange) for page in self.reading.pages}
        own = (one for one in self.client.exchanges[self.start :] if id(one) not in taken)
        return next((one for one in own if one.request.identity == request.identity), None)


async def read_resource(
    resource: CustomResourceConfig, index: int, client: RecordingClient, session: Session
) -> ResourceReading:
    """Read a resource up to the session's limits; what goes wrong is in `error`, never raised.

    Inputs: `client` is the session's.
    """
    settings = session.settings
    reading = ResourceReading(
        index,
        resource.kind,
        resource.selector.data_path,
        limits=session.limits,
        is_strict=settings.strict,
    )
    start = len(client.exchanges)
    try:
        plan = _impatient_plan(resource.plan(settings), client)
        reading.response_format = plan.endpoint.response_format
        reading.is_nested = bool(plan.parameters)
        reading.is_exported = plan.export is not None
        resource.selector.warn(resource.kind, settings)
        watcher = _Watcher(reading, plan, client, settings.pagination, start)
        reader = ResourceReader(plan, session, observer=watcher)
        reading.account = reader.account
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                reading.items += batch
        reading.outcome = reader.outcome
        # Of windows of time, a preview reads only one that has items.
        reading.is_cut = reader.is_cut or plan.windows is not None
    except OceanCustomError as error:
        reading.error = _with_own_limit(str(error), resource)
    reading.exchanges = client.exchanges[start:]
    return reading


def impatient(settings: ConnectionSettings) -> ConnectionSettings:
    """Return settings for someone who waits at a terminal: few retries, and no long waits."""
    return settings.model_copy(
        update={
            "max_retries": min(settings.max_retries, _MOST_RETRIES),
            "max_retry_wait": min(settings.max_retry_wait, _LONGEST_WAIT),
            "max_outage_wait": min(settings.max_outage_wait, _LONGEST_WAIT),
        }
    )


def _impatient_plan(plan: ResourcePlan, client: RecordingClient) -> ResourcePlan:
    """Return the plan, where an export job is not waited for as long as in a sync."""
    if plan.export is None:
        return plan
    limit = min(plan.export.time_limit, _LONGEST_EXPORT)
    interval = plan.export.interval if client.waits else 0
    return replace(plan, export=replace(plan.export, time_limit=limit, interval=interval))


def _with_own_limit(error: str, resource: CustomResourceConfig) -> str:
    """Return an error text, where the limit of time is the one that a sync does not have."""
    export = resource.selector.export
    if export is None or export.time_limit <= _LONGEST_EXPORT:
        return error
    own = f"ocean-custom waits {_LONGEST_EXPORT:g} s, and a sync {export.time_limit:g} s"
    return error.replace(f"export.time_limit is {_LONGEST_EXPORT:g} s", own)
