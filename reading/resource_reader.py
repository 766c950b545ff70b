"""Batches for Ocean from a resource of the mapping, and the meaning of a failure.

A resource is read completely or it fails: what could be read is handed on, the other endpoints
are still read, and at the end one error stops Ocean from deleting what was not seen.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from loguru import logger

from errors import OceanCustomError, ResourceError, ResponseError
from expressions.evaluator import Evaluator
from formats.json_values import check_sizes, kind_of
from log_lines import LineCounts
from mapping.plan.dependencies import may_vanish
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import ErrorPolicy, ErrorRule
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from outcomes import Doubt, Outcome
from reading.account import Reason
from reading.batching import BatchBuffer
from reading.delta import DeltaRound
from reading.endpoint_reader import EndpointReader
from reading.export_job import ExportJob
from reading.failures import Failures, Vanished
from reading.item_stream import Portion
from reading.parameters.combinations import Channel, Combinations
from reading.parameters.discovery import (
    NOTHING,
    Combination,
    Discovery,
    EndpointSource,
    FixedSource,
    Source,
)
from reading.session import UNOBSERVED, Observer, Session
from reading.shaper import Shaper
from reading.timed_reader import TimedReader
from reading.whole_list import WholeListReader
from statuses import Situation

# Of each limit on nested endpoints: for so many parents at most are values looked for.
_PARENTS_FOR_EACH = 20


class ResourceReader:
    """Reads one resource: discovery, its endpoints at the same time, and the failure policy.

    With `since`, it reads what has changed since then, as the plan says; with a `token` as well,
    what the API says has changed since it gave that one.
    """

    def __init__(
        self,
        plan: ResourcePlan,
        session: Session,
        *,
        observer: Observer = UNOBSERVED,
        since: datetime | None = None,
        token: str | None = None,
    ) -> None:
        self._plan = plan
        self._since = since
        self._session = session
        self._limits = session.limits
        self._base_url = session.settings.base_url
        self._evaluator = Evaluator()
        self._observer = observer
        # That of the resource itself, and those of discovery.
        self._readers: list[EndpointReader] = []
        self._reader = self._reader_of(plan.endpoint, plan.error_rules)
        self.account = self._reader.account
        self._shaper = Shaper(plan.shape, self._evaluator, self.account)
        is_preview = session.limits.pages is not None
        self._timed = TimedReader(self._reader, plan, since, is_preview=is_preview)
        delta = plan.incremental.delta if plan.incremental else None
        self.delta = DeltaRound(plan, delta, token, self._evaluator) if delta else None
        self._failures = Failures()
        self._lines = LineCounts()
        self._export = (
            ExportJob(plan.export, session.client, self._base_url, self._evaluator)
            if plan.export
            else None
        )
        self._vanished = Vanished(plan.endpoint)
        self._combinations = self._combinations_of(plan) if plan.parameters else None
        self._has_all_combinations = False
        self._is_cut = False
        self._buffer = BatchBuffer()
        # None until the reading has ended: then nothing is proven.
        self.outcome: Outcome | None = None

    @property
    def is_cut(self) -> bool:
        """True where a limit left parents out, below which there may be more."""
        return self._is_cut or (self._combinations is not None and self._combinations.is_cut)

    @property
    def reservation(self) -> Doubt | None:
        """What speaks against deleting anything, where there is something to delete."""
        return self._shaper.unmet.doubt("items_filter")

    async def batches(self) -> AsyncGenerator[list[dict[str, Any]]]:
        """Give items in batches of a size that suits Ocean, while further pages are being fetched.

        Raises:
            ResourceError: at the end, when anything could not be read.
        """
        with self._lines.counting():
            producer = asyncio.create_task(self._produce())
        try:
            most = self._limits.items
            async for batch in self._buffer.batches():
                given = batch if most is None else batch[: most - self.account.handed_on]
                self.account.handed_on += len(given)
                yield given
                if self.account.handed_on == most:
                    break
            else:
                await producer
        finally:
            producer.cancel()
            await asyncio.gather(producer, return_exceptions=True)
            await asyncio.to_thread(self._evaluator.close)
        self._conclude()

    def _reader_of(self, endpoint: Endpoint, rules: tuple[ErrorRule, ...] = ()) -> EndpointReader:
        policy = ErrorPolicy(rules, self._situation_of(endpoint))
        reader = WholeListReader(self._session, endpoint, self._evaluator, policy, self._observer)
        reader.fit.has_rules = endpoint is self._plan.endpoint
        self._readers.append(reader)
        return reader

    def _situation_of(self, endpoint: Endpoint) -> Situation:
        if endpoint is self._plan.endpoint and self._plan.export:
            return Situation.EXPORT
        can_vanish = may_vanish(endpoint, self._plan.parameters)
        return Situation.NESTED if can_vanish else Situation.REQUEST

    def _combinations_of(self, plan: ResourcePlan) -> Combinations:
        most = self._limits.endpoints
        workers = self._session.settings.max_concurrent_requests
        return Combinations(
            [
                Discovery(each.changed_since(self._since), self._source_of(each), self._evaluator)
                for each in plan.parameters
            ],
            plan.placeholders,
            self._failures,
            workers if most is None else min(workers, most),
            None if most is None else most * _PARENTS_FOR_EACH,
        )

    def _source_of(self, parameter: PathParameter) -> Source:
        if parameter.endpoint is None:
            return FixedSource(parameter, self._evaluator)
        return EndpointSource(
            parameter.endpoint,
            self._reader_of(parameter.endpoint),
            self._base_url,
            Vanished(parameter.endpoint),
        )

    async def _produce(self) -> None:
        try:
            if self._combinations is None:
                await self._read(NOTHING)
                return
            workers = 2 * self._session.settings.max_concurrent_requests
            waiting = Channel[Combination](workers)
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(waiting))
                async with aclosing(self._combinations.stream()) as found:
                    count = 0
                    async for combination in found:
                        # Only one more than is read tells that the limit left something out.
                        if count == self._limits.endpoints:
                            self._is_cut = True
                            break
                        await waiting.put(combination)
                        count += 1
                    else:
                        self._has_all_combinations = True
                waiting.end()
        finally:
            # An error is for the reader of the batches, who awaits this task after the last one.
            self._buffer.end()

    async def _work(self, waiting: Channel[Combination]) -> None:
        while (combination := await waiting.get()) is not None:
            await self._read(combination)

    async def _read(self, combination: Combination) -> None:
        """Read all there is for a combination of values; what fails is kept for the end."""
        odd: ResponseError | None = None
        try:
            async with aclosing(self._portions(combination)) as portions:
                async for portion in portions:
                    shaped = await self._shaper.apply(portion.items)
                    if self._plan.shape:
                        check_sizes(shaped, "an item that emit makes")
                    items, found = objects_among(shaped)
                    odd = odd or found
                    await self._buffer.put(marked(items, combination.marks), portion.size)
            if odd:
                raise odd
        except OceanCustomError as error:
            if not self._vanished.take(error):
                self._failures.add(error, self._plan.endpoint)

    def _portions(self, combination: Combination) -> AsyncGenerator[Portion]:
        if self._export:
            return self._exported(self._export, combination)
        request = self._plan.endpoint.request(self._base_url, combination.values)
        if self.delta:
            return self.delta.read(self._reader, request, combination.texts)
        return self._timed.read(request, combination.texts)

    async def _exported(self, job: ExportJob, combination: Combination) -> AsyncGenerator[Portion]:
        async with aclosing(job.downloads(combination.values)) as downloads:
            async for values in downloads:
                found = combination._replace(values=values)
                request = self._plan.endpoint.request(self._base_url, values)
                async with aclosing(self._timed.read(request, found.texts)) as portions:
                    async for portion in portions:
                        yield portion

    def _conclude(self) -> None:
        if self._combinations and self._has_all_combinations:
            self._combinations.conclude()
        for error in self._reader.fit.messages:
            self._failures.add(error)
        self._lines.conclude()
        self._report()
        if self.delta:
            self.delta.conclude()
        if not self._failures.errors:
            self._check_whole()
        self.outcome = Outcome.of(
            self._failures.errors, self._doubts(), is_denied=self._is_denied()
        )
        if self._failures.errors:
            raise ResourceError(
                f"{self._plan.kind} was not read completely, so nothing will be deleted:\n"
                f"{self._failures.summary()}"
            )

    def _is_denied(self) -> bool:
        """Return whether the answers said of every end that it is one."""
        # An export without any file says nothing of the kind.
        has_read = self.account.endpoints > 0 or self._export is None
        # Of what the mapping leaves out, the answers do not say that it is gone.
        return has_read and all(
            reader.is_denied and not reader.account.is_narrowed for reader in self._readers
        )

    def _doubts(self) -> Iterator[Doubt]:
        """Yield what speaks against the ends of all endpoints, those of discovery too."""
        for reader in self._readers:
            yield from reader.doubts
            yield from reader.fit.doubts()
        if self._combinations:
            yield from self._combinations.doubts

    def _check_whole(self) -> None:
        try:
            # Where nothing changed, an API may well leave out the list.
            self._reader.fit.check("data_path", may_lack=self._since is not None)
            self._vanished.check(self.account.endpoints)
            self._shaper.check()
        except ResourceError as error:
            self._failures.add(error)

    def _report(self) -> None:
        account = self.account
        account.close(Reason.LIMIT if account.handed_on == self._limits.items else Reason.FAILED)
        endings = ", ".join(f"{count} x {why}" for why, count in account.endings.most_common())
        logger.info(
            f"Read {self._plan.kind}: {account}, in {account.pages} pages of {account.endpoints} "
            f"endpoints, {account.extra_requests} extra requests, {self._vanished.count} gone, "
            f"{self._failures.count} failed; ended by: {endings or '-'}"
        )
        for reader in self._readers:
            for said in reader.unmet_places():
                logger.warning(f"{self._plan.kind}: {said}")


def objects_among(items: list[Any]) -> tuple[list[dict[str, Any]], ResponseError | None]:
    """Return the items that are objects, and an error where others are none.

    Sample: of `[{"id": 1}, null]`, the first one, and that data_path gives null.
    """
    if list(map(type, items)).count(dict) == len(items):
        return items, None
    odd = next(item for item in items if not isinstance(item, dict))
    return [item for item in items if isinstance(item, dict)], ResponseError(
        f"data_path gives {kind_of(odd)} where an item must be an object",
        advice="wrap it in data_path, such as `.names | map({name: .})`",
    )


def marked(items: list[dict[str, Any]], marks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items, each with the values of its path parameters."""
    # A copy, because pagination compares pages.
    return [{**item, **marks} for item in items] if marks else items
