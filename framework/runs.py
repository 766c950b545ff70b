"""Runs, full or incremental: what their resources share, and what became of each.

Deletion, cursors, exit codes and metrics all go by what is kept here.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Self

from port_ocean.core.models import Entity

from api_messages import ApiRequest
from cache.delta_tokens import DeltaToken, DeltaTokens
from formats.times import http_date, in_utc
from framework.owners import EntityOwners
from framework.refusals import Refusals
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from outcomes import Doubt, Outcome, Standing
from pagination.page import Page, Verdict
from reading.session import Observer, Session

# APIs stamp changes with whole seconds.
_CUT_OFF = timedelta(seconds=1)


class ServerClock(Observer):
    """An observer that learns from the `Date` of answers how far the API's clock is behind ours."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def page_read(
        self, endpoint: Endpoint, request: ApiRequest, page: Page, verdict: Verdict
    ) -> None:
        told = http_date(page.headers.get("date", ""))
        if told is not None:
            behind = time.time() - in_utc(told).timestamp()
            self.behind = max(self.behind, timedelta(seconds=behind))


@dataclass(slots=True)
class DeltaState:
    """The tokens of `incremental.delta` for one resource in one run.

    `kept` is the one that was kept when the run came to it, `next` that of the round that it read;
    `owners` are those of its entities.
    """

    tokens: DeltaTokens
    name: str
    kept: DeltaToken | None = None
    next: str | None = None
    owners: EntityOwners = field(default_factory=EntityOwners)

    @classmethod
    async def loaded(cls, tokens: DeltaTokens, name: str, *, goes_on: bool) -> Self:
        """Return the state of a resource; one that does not go on learns the owners anew."""
        kept = await tokens.load(name)
        if not (kept and goes_on):
            return cls(tokens, name, kept)
        # Of many owners it takes a tenth of a second, as do the others below.
        owners = await asyncio.to_thread(EntityOwners.from_bytes, kept.owners)
        return cls(tokens, name, kept, owners=owners)

    @property
    def begun(self) -> str | None:
        """The token that was kept when the run began."""
        return self.kept.text if self.kept else None

    async def advance(self) -> None:
        """Keep the token for the next round, after everything of this one is in Port.

        Where another run has kept one meanwhile, the older one counts, because that run may have
        deleted what this one wrote, or the other way round: what is told twice does no harm.
        """
        other = await self.tokens.load(self.name)
        await self.tokens.save(self.name, await asyncio.to_thread(self._following, other))

    def _following(self, other: DeltaToken | None) -> DeltaToken | None:
        """Return what to keep, where by now another run may have kept something."""
        return self._next() if other == self.kept else self._older(other)

    def _next(self) -> DeltaToken | None:
        if self.next is None:
            return None
        version = self.kept.version + 1 if self.kept else 1
        return DeltaToken(self.next, self.owners.to_bytes(), version, version)

    def _older(self, other: DeltaToken | None) -> DeltaToken | None:
        """Return the older one of two tokens, beside the owners by both; none is the oldest."""
        if other is None or self.kept is None:
            return None
        self.owners.join(EntityOwners.from_bytes(other.owners))
        oldest = min(self.kept, other, key=attrgetter("order"))
        version = max(self.kept.version, other.version) + 1
        return replace(oldest, owners=self.owners.to_bytes(), version=version)


@dataclass(slots=True)
class ResourceRun:
    """One resource in one run; `since` is None where all of it is read.

    `plan` is None until its selector was checked, `outcome` until all was read and mapped; `clock`
    learns from the answers. A `reservation` is a doubt that counts only where there is something to
    delete; `entities` are those that it brought, once all resources were read; `delta` is there
    where the API tells by tokens what changed.
    """

    kind: str
    index: int
    since: datetime | None = None
    plan: ResourcePlan | None = None
    outcome: Outcome | None = None
    reservation: Doubt | None = None
    entities: Sequence[Entity] = ()
    clock: ServerClock = field(default_factory=ServerClock)
    delta: DeltaState | None = None

    @property
    def lookback(self) -> timedelta:
        """Return that of its incremental block, and what its windows do not reach yet."""
        block, windows = (self.plan.incremental, self.plan.windows) if self.plan else (None, None)
        own = block.lookback if block else timedelta()
        return own + (windows.delay if windows else timedelta())

    @property
    def is_incremental(self) -> bool:
        """Return whether incremental runs read it as well."""
        return self.plan is not None and self.plan.incremental is not None

    @property
    def is_proven(self) -> bool:
        """Return whether what was not read may be taken for gone, and a cursor may move."""
        return self.outcome is not None and self.outcome.is_proven

    @property
    def standing(self) -> Standing:
        """Return its outcome in one word; without an outcome it has failed."""
        return self.outcome.standing if self.outcome else Standing.FAILED

    def doubt(self, doubt: Doubt) -> None:
        """Take back a proof, because of something that came up after the reading."""
        if self.outcome:
            self.outcome = self.outcome.doubted(doubt)

    def cursor(self, begun: datetime) -> datetime:
        """Return where the next incremental run begins, if this one began then by our clock."""
        return begun - self.clock.behind - self.lookback - _CUT_OFF


@dataclass(slots=True)
class Run:
    """A run: what its resources have in common, and what became of each.

    `current` is the resource that an incremental run is at; `parts` are those that were read, by
    their index in the mapping; `failed` are kinds; `refusals`, what Port did not take.
    """

    session: Session | None = None
    current: ResourceRun | None = None
    parts: dict[int, ResourceRun] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    refusals: Refusals = field(default_factory=Refusals)

    def begin(self, kind: str, index: int) -> ResourceRun:
        """Return the part of a resource in this run, when it begins to be read."""
        part = self.current or ResourceRun(kind, index)
        self.parts[index] = part
        return part

    def outcome_of(self, index: int) -> Outcome | None:
        """Return the outcome of a resource; None where it was not read to its end."""
        part = self.parts.get(index)
        return part.outcome if part else None

    def bring(self, results: Sequence[Sequence[Entity]]) -> None:
        """Note the entities that the resources of the mapping brought, in its order."""
        for index, entities in enumerate(results):
            if part := self.parts.get(index):
                part.entities = entities

    def doubt(self, index: int, doubt: Doubt) -> None:
        """Take back the proof of a resource."""
        if part := self.parts.get(index):
            part.doubt(doubt)

    @property
    def movable(self) -> list[ResourceRun]:
        """The resources whose cursors of incremental runs may begin anew after this one."""
        return [part for part in self.parts.values() if part.is_incremental and part.is_proven]

    @property
    def kept(self) -> list[str]:
        """The kinds of the resources that are kept."""
        return [part.kind for part in self.parts.values() if part.standing is Standing.KEPT]

    def close(self) -> None:
        """Remove what the resources share."""
        if self.session:
            self.session.close()


# Ocean reads resources in tasks of their own, which see it but cannot set it.
current_run: ContextVar[Run] = ContextVar("run")


@contextmanager
def running() -> Iterator[Run]:
    """Begin a run, and close it when it ends."""
    run = Run()
    token = current_run.set(run)
    try:
        yield run
    finally:
        current_run.reset(token)
        run.close()
