"""Conditional requests: what did not change since the last resync is not sent again.

A response that has a validator, an `ETag` or a `Last-Modified`, is kept. The next time, the request
carries it as `If-None-Match` or `If-Modified-Since`; an API that answers 304 means the kept one.
"""

import asyncio
import json
import operator
import time
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import httpx
from loguru import logger
from port_ocean.helpers.metric.metric import Metrics, register_metric
from pydantic import SecretStr

from api_messages import LargeBody
from cache import conditions
from cache.directory import KeptResponses
from cache.responses import Known, ResponseMemory
from errors import EndpointError
from settings.connection import ConnectionSettings
from statuses import Meaning, Situation, meaning_of
from transport.exchange import Exchange

REQUESTS_METRIC = "ocean_custom_conditional_requests"
BYTES_METRIC = "ocean_custom_conditional_bytes"
_OUTCOMES = ("unchanged", "changed")
# After a failure, so many seconds it is not tried again.
_REST = 60
# Ocean makes those metrics that are registered when it starts.
register_metric(
    REQUESTS_METRIC,
    "Conditional requests since the start: unchanged (answered 304) or changed",
    ["outcome"],
)
register_metric(
    BYTES_METRIC,
    "Bytes of the bodies that conditional requests asked for; unchanged were not sent again",
    ["outcome"],
)

type Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass(slots=True)
class Savings:
    """Counts of conditional requests, and of the bytes of their bodies, since the start."""

    unchanged: int = 0
    changed: int = 0
    unchanged_bytes: int = 0
    changed_bytes: int = 0

    def since(self, before: "Savings") -> "Savings":
        """Return the savings since an earlier state."""
        return Savings(*map(operator.sub, astuple(self), astuple(before)))

    def __str__(self) -> str:
        return (
            f"{self.unchanged} of {self.unchanged + self.changed} conditional requests were "
            f"answered 304, so that {self.unchanged_bytes / 1e6:.1f} MB were not sent again"
        )

    def publish(self, metrics: Metrics) -> None:
        """Set the metrics."""
        requests = (self.unchanged, self.changed)
        sizes = (self.unchanged_bytes, self.changed_bytes)
        for outcome, count, size in zip(_OUTCOMES, requests, sizes, strict=True):
            metrics.set_metric(REQUESTS_METRIC, [outcome], count)
            metrics.set_metric(BYTES_METRIC, [outcome], size)


class Revalidation:
    """The layer that makes requests conditional, and answers a 304 with what was kept.

    What fails here costs a warning, and never a request. `aclose` ends what is still being kept.
    """

    def __init__(self, memory: ResponseMemory) -> None:
        self.savings = Savings()
        self._reported = Savings()
        self._memory = memory
        self._keeping: set[asyncio.Task[None]] = set()
        self._reading = _Guard("cannot be read")
        self._writing = _Guard("cannot be written")

    @classmethod
    def for_settings(cls, settings: ConnectionSettings, identifier: str) -> "Revalidation | None":
        """Return one where the settings ask for it; `identifier` is the integration's."""
        if settings.response_directory is None:
            return None
        limit = settings.response_directory_size * 1_000_000
        responses = KeptResponses(Path(settings.response_directory), limit)
        return cls(ResponseMemory(responses, instance_of(settings, identifier)))

    async def exchange(self, identity: str, send: Send, request: httpx.Request) -> httpx.Response:
        """Return the response to `request`, from the API or, where it answers 304, as it was kept.

        Inputs: `identity` is equal for requests that ask for the same thing; `send`, whose errors
        pass, sends a request, which gets its credentials there.
        """
        known = await self._look_up(identity, request)
        if known is None:
            return await send(request)
        asked = conditions.conditions_of(known.kept)
        request.headers.update(asked)
        response = await send(request)
        meaning = meaning_of(response.status_code, Situation.KEPT)
        if asked and meaning is Meaning.UNCHANGED:
            served = await self._serve(known, response)
            if served:
                return served
        if asked and meaning in (Meaning.UNCHANGED, Meaning.CHANGED):
            # What was kept is gone, or it is not what the API means.
            for header in asked:
                request.headers.pop(header, None)
            known = replace(known, entry=None)
            response = await send(request)
        if meaning_of(response.status_code, Situation.KEPT) is Meaning.FRESH:
            await self._keep(known, response, was_asked=bool(asked))
        return response

    async def report(self, metrics: Metrics) -> None:
        """Wait until the last bodies of a resync are kept, and tell what was saved."""
        await self._finished()
        saved = self.savings.since(self._reported)
        self._reported = replace(self.savings)
        self.savings.publish(metrics)
        if saved != Savings():
            logger.info(f"{saved}")

    async def _finished(self) -> None:
        await asyncio.gather(*self._keeping, return_exceptions=True)

    async def aclose(self) -> None:
        """Give up what is not kept yet."""
        for task in self._keeping:
            task.cancel()
        await self._finished()

    async def _look_up(self, identity: str, request: httpx.Request) -> Known | None:
        if request.method != "GET" or any(name in request.headers for name in conditions.OWN):
            return None
        # A copy, because sending adds credentials.
        sent = httpx.Headers(request.headers)
        return await self._reading.attempt(self._memory.look_up, identity, sent)

    async def _serve(self, known: Known, answer: httpx.Response) -> httpx.Response | None:
        served = await self._reading.attempt(self._memory.serve, known, answer.headers)
        if served and known.entry:
            self.savings.unchanged += 1
            self.savings.unchanged_bytes += known.entry.metadata.size
            await self._writing.attempt(self._memory.refresh, known, served.headers)
        return served

    async def _keep(self, known: Known, response: httpx.Response, *, was_asked: bool) -> None:
        self.savings.changed += was_asked
        large = Exchange.of(response).large_body
        if large:
            keeping = asyncio.create_task(self._keep_large(known, response.headers, large))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
        else:
            self.savings.changed_bytes += len(response.content) if was_asked else 0
            await self._writing.attempt(
                self._memory.keep, known, response.headers, response.content
            )

    async def _keep_large(self, known: Known, headers: httpx.Headers, body: LargeBody) -> None:
        """Keep a body once it has arrived: until then nobody knows whether it will."""
        try:
            await body.completed()
        except EndpointError:
            return
        if conditions.conditions_of(known.kept):
            self.savings.changed_bytes += body.size
        new = await self._writing.attempt(
            self._memory.begin, known, headers, body.fingerprint, body.size, True
        )
        if new is None:
            return
        try:
            async for chunk in body.chunks():
                if await self._writing.attempt(new.write, chunk) is None:
                    return
            await self._writing.attempt(self._memory.commit, new, known)
        finally:
            await asyncio.to_thread(new.discard)


class _Guard:
    """A runner of work on files, in threads: what fails is warned of once, then left a while."""

    def __init__(self, failing: str) -> None:
        self._failing = failing
        self._has_warned = False
        self._resting_until = 0.0

    async def attempt[**P, T](
        self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Return the result of the work; None when it fails."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        except OSError as error:
            self._resting_until = time.monotonic() + _REST
            if not self._has_warned:
                self._has_warned = True
                logger.warning(
                    f"responseDirectory: {self._failing}: {error.strerror or error}; "
                    "all that is lost is that the API sends again what did not change"
                )
            return None


def instance_of(settings: ConnectionSettings, identifier: str) -> bytes:
    """Return a text that differs between instances that must not see each other's responses.

    It is made of the integration's `identifier`, the address of the API and all credentials: it is
    itself a secret.
    """
    relevant = [identifier, settings.of_answers()]
    return json.dumps(relevant, sort_keys=True, default=_revealed).encode()


def _revealed(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
