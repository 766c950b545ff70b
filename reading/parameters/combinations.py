"""Combinations of the values of several path parameters, made as the values are discovered.

Each parameter is a level; combinations of the levels before go in, and come out with its values:

    nothing → org → [acme] → repo → [acme, web] → env → [acme, web, prod]
                    [globex]        [acme, app]         [acme, web, test] …

Levels work at the same time, with little room between them, so that what is found first goes all
the way down before more is looked for.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import NamedTuple

from errors import OceanCustomError, ResourceError
from mapping.plan.endpoint import PathValue
from mapping.plan.path_parameter import Found
from outcomes import Doubt
from reading.account import Account, Reason
from reading.failures import Failures
from reading.parameters.discovery import NOTHING, Combination, Discovery


class Channel[T]:
    """A bounded queue between tasks that can be ended, which all of its readers see.

    It holds up to `room` items: writers wait while it is full, readers while it is empty.
    """

    def __init__(self, room: int) -> None:
        self._items: asyncio.Queue[T | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)

    async def put(self, item: T) -> None:
        """Add an item, as soon as there is room."""
        await self._room.acquire()
        self._items.put_nowait(item)

    def end(self) -> None:
        """Let readers end, once they have had the items that are here."""
        self._items.put_nowait(None)

    async def get(self) -> T | None:
        """Return the next item; None at the end, however often it is asked."""
        item = await self._items.get()
        if item is None:
            self.end()
        else:
            self._room.release()
        return item


class Combinations:
    """The combinations of values that a resource's own endpoint is read for.

    Inputs: `discoveries` in the order of their dependencies; `used` are the placeholders of the
    resource's own request; `workers` is how many requests for values each level has under way;
    `most_parents`, for how many parents at most a level looks for values, none being no limit.
    """

    def __init__(
        self,
        discoveries: Sequence[Discovery],
        used: Collection[str],
        failures: Failures,
        workers: int,
        most_parents: int | None = None,
    ) -> None:
        self._levels = _levels_of(discoveries, used, failures, most_parents)
        self._workers = workers
        self.doubts: list[Doubt] = []

    def stream(self) -> AsyncGenerator[Combination]:
        """Give each combination once; what goes wrong is in `failures`."""
        return self._levels[0].below(NOTHING) if len(self._levels) == 1 else self._all_levels()

    @property
    def is_cut(self) -> bool:
        """True where `most_parents` left some out."""
        return any(level.is_cut for level in self._levels)

    def conclude(self) -> None:
        """Log and judge what was discovered, once the stream was read to its end.

        What is no error but speaks against deleting is in `doubts` then.
        """
        for level in self._levels:
            self.doubts += level.conclude()

    async def _all_levels(self) -> AsyncGenerator[Combination]:
        found = Channel[Combination](self._workers)
        producer = asyncio.create_task(self._produce(found))
        try:
            while (combination := await found.get()) is not None:
                yield combination
            await producer
        finally:
            producer.cancel()
            await asyncio.gather(producer, return_exceptions=True)

    async def _produce(self, found: Channel[Combination]) -> None:
        source = Channel[Combination](1)
        await source.put(NOTHING)
        source.end()
        try:
            async with asyncio.TaskGroup() as group:
                for level in self._levels[:-1]:
                    sink = Channel[Combination](self._workers)
                    group.create_task(self._run(level, source, sink))
                    source = sink
                group.create_task(self._run(self._levels[-1], source, found))
        finally:
            found.end()

    async def _run(
        self, level: "_Level", source: Channel[Combination], sink: Channel[Combination]
    ) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(1 if level is self._levels[0] else self._workers):
                group.create_task(level.work(source, sink))
        sink.end()


class _Names(NamedTuple):
    """Placeholders at one level: `keys` its request uses, `live` are still used after it.

    `repeats` tells that combinations may come which need the same request.
    """

    keys: Sequence[str]
    live: Sequence[str]
    repeats: bool


class _Level:
    """One parameter: adds its values to combinations, so that each that is used is there once."""

    def __init__(
        self, discovery: Discovery, names: _Names, failures: Failures, most_parents: int | None
    ) -> None:
        self.is_cut = False
        self._discovery = discovery
        self._parameter = discovery.parameter
        self._names = names
        self._failures = failures
        self._replays: dict[tuple[str, ...], _Replay] | None = {} if names.repeats else None
        self._seen: set[tuple[str, ...]] = set()
        self._left = most_parents
        self._has_failed = False

    async def work(self, source: Channel[Combination], sink: Channel[Combination]) -> None:
        """Take combinations and hand them on with values, until there are no more."""
        while (parents := await source.get()) is not None:
            async with aclosing(self.below(parents)) as combinations:
                async for combination in combinations:
                    await sink.put(combination)

    async def below(self, parents: Combination) -> AsyncGenerator[Combination]:
        """Give a combination with each new value below it; several at a time in a batch."""
        batch = self._parameter.batch
        waiting: list[PathValue] = []
        async with aclosing(self._found(parents)) as all_found:
            async for found in all_found:
                combination = parents.extended(found)
                if not self._is_new(combination):
                    continue
                if batch is None:
                    yield combination
                elif self._may_join(value := found.values[self._parameter.name]):
                    waiting.append(value)
                    if len(waiting) == batch.size:
                        yield self._batched(parents, waiting)
                        waiting = []
        if waiting:
            yield self._batched(parents, waiting)

    def conclude(self) -> list[Doubt]:
        """Log what was discovered, and judge it unless it is known that this was not all."""
        self._discovery.report()
        if self._has_failed or self.is_cut:
            return []
        try:
            self._discovery.check()
        except ResourceError as error:
            self._failures.add(error)
            return []
        return list(self._discovery.doubts())

    def _is_new(self, combination: Combination) -> bool:
        """Count a combination, and tell whether it is another one than all before."""
        account, key = self._discovery.account, _texts(combination, self._names.live)
        if key in self._seen:
            account.left_out[Reason.REPEATED] += 1
            return False
        self._seen.add(key)
        account.handed_on += 1
        return True

    def _found(self, parents: Combination) -> AsyncGenerator[Found]:
        if self._replays is None:
            return self._read(parents)
        key = _texts(parents, self._names.keys)
        if key in self._replays:
            return self._replays[key].follow(self._discovery.account)
        self._replays[key] = replay = _Replay()
        return replay.record(self._read(parents))

    async def _read(self, parents: Combination) -> AsyncGenerator[Found]:
        """Read everything below a combination; an error ends it, and is kept."""
        if self._left is not None and parents.values:
            if self._left == 0:
                self.is_cut = True
                return
            self._left -= 1
        try:
            async with aclosing(self._discovery.found(parents)) as all_found:
                async for found in all_found:
                    yield found
        except OceanCustomError as error:
            if not self._discovery.source.has_vanished(error):
                self._has_failed = True
                self._failures.add(error, self._parameter.endpoint)

    def _batched(self, parents: Combination, values: list[PathValue]) -> Combination:
        assert self._parameter.batch  # noqa: S101 (who calls has looked)
        name = self._parameter.name
        return parents.extended(Found({name: self._parameter.batch.value(values)}, {}))

    def _may_join(self, value: PathValue) -> bool:
        """Tell whether a value can be told from its neighbours once it is joined with them."""
        batch = self._parameter.batch
        if batch is None or not batch.is_joined or batch.separator not in value.text:
            return True
        self._discovery.account.handed_on -= 1
        self._failures.add(
            ResourceError(
                f"path_parameters.{self._parameter.name}.batch: the value {value.text!r} holds "
                f"{batch.separator!r}, which stands between the values; choose another `join`, or "
                "read this parameter without a batch"
            )
        )
        return False


class _Replay:
    """The answer to one request for values, for all combinations that need the same."""

    def __init__(self) -> None:
        self._found: list[Found] = []
        self._has_ended = False
        self._changed = asyncio.Event()

    async def record(self, source: AsyncGenerator[Found]) -> AsyncGenerator[Found]:
        """Hand on what comes, and keep it."""
        try:
            async with aclosing(source) as all_found:
                async for found in all_found:
                    self._found.append(found)
                    self._tell()
                    yield found
        finally:
            self._has_ended = True
            self._tell()

    async def follow(self, account: Account) -> AsyncGenerator[Found]:
        """Give the values kept and those still to come; the account gains as many."""
        position = 0
        while True:
            while position < len(self._found):
                position += 1
                account.added += 1
                yield self._found[position - 1]
            if self._has_ended:
                return
            await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _levels_of(
    discoveries: Sequence[Discovery],
    used: Collection[str],
    failures: Failures,
    most_parents: int | None,
) -> list[_Level]:
    levels = []
    known: list[str] = []
    live: list[str] = []
    for index, discovery in enumerate(discoveries, 1):
        # Combinations that come in differ in what is live; where the request has not all of that,
        # several combinations need the same one.
        keys = [name for name in discovery.parameter.uses if name in known]
        repeats = set(live) > set(keys)
        known += discovery.parameter.fields
        after = {name for each in discoveries[index:] for name in each.parameter.uses} | set(used)
        live = [name for name in known if name in after]
        levels.append(_Level(discovery, _Names(keys, live, repeats), failures, most_parents))
    return levels


def _texts(combination: Combination, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_identity(combination.values[name]) for name in names)


def _identity(value: PathValue) -> str:
    """Return a text that is equal for equal values; joined lists could be equal by accident."""
    return json.dumps(value.value) if isinstance(value.value, list) else value.text
