"""One piece of work for many events of the same thing within a short time; the last one decides."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from contextvars import Context
from typing import Protocol


class Coalesced(Protocol):
    """A thing that is submitted: equal keys are the same; exclusive ones wait for their group."""

    @property
    def key(self) -> Hashable: ...

    @property
    def group(self) -> Hashable: ...

    @property
    def is_exclusive(self) -> bool: ...


class Coalescer[T: Coalesced]:
    """A queue whose `work` gets what is submitted, once for all of a key within `window` seconds.

    What arrives while a key is being worked on causes one more round afterwards. An exclusive one
    starts when the work of its group that was under way is done. At most `at_once` run at a time.
    `work` must not raise.
    """

    def __init__(
        self, work: Callable[[T], Awaitable[None]], *, window: float, at_once: int
    ) -> None:
        self._work = work
        self._window = window
        self._limit = asyncio.Semaphore(at_once)
        self._waiting: dict[Hashable, T] = {}
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self._running: dict[Hashable, set[asyncio.Future[None]]] = {}
        self._hurry = asyncio.Event()

    def submit(self, one: T, context: Context | None = None) -> None:
        """Take it on, in place of one of the same key that still waits; `context` is its task's."""
        self._waiting[one.key] = one
        if one.key not in self._tasks:
            self._tasks[one.key] = asyncio.create_task(self._serve(one.key), context=context)

    def submit_older(self, one: T, context: Context | None = None) -> None:
        """Take it on, unless a newer one of its key waits."""
        if one.key not in self._waiting:
            self.submit(one, context)

    @property
    def size(self) -> int:
        """Count the keys that wait or are being worked on."""
        return len(self._tasks)

    async def drain(self, seconds: float) -> int:
        """Do what waits at once; return how many keys were given up after so many seconds."""
        self._hurry.set()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)
        left = list(self._tasks.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    async def _serve(self, key: Hashable) -> None:
        try:
            while key in self._waiting:
                await self._pause()
                await self._until_clear(key)
                async with self._limit:
                    await self._run(self._waiting.pop(key))
        finally:
            self._tasks.pop(key, None)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._window):
                await self._hurry.wait()

    async def _until_clear(self, key: Hashable) -> None:
        """Wait for what an exclusive one must come after, before it takes the place of others."""
        waited_for = None
        while (one := self._waiting[key]) is not waited_for and one.is_exclusive:
            waited_for = one
            if before := set(self._running.get(one.group, ())):
                await asyncio.wait(before)

    async def _run(self, one: T) -> None:
        running = self._running.setdefault(one.group, set())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        running.add(done)
        try:
            await self._work(one)
        finally:
            done.set_result(None)
            running.discard(done)
            if not running:
                self._running.pop(one.group, None)
