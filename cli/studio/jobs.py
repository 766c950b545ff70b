"""Work that takes time: one job at once, told to the page line by line as it goes on."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any

type Tell = Callable[[dict[str, Any]], None]
type Job = Callable[[Tell], Awaitable[dict[str, Any]]]


class Jobs:
    """Runs jobs one after another, because they share the client and what the engine logs."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def run(self, job: Job) -> AsyncGenerator[dict[str, Any]]:
        """Yield what a job tells, and last what it comes to; it ends with whoever listens."""
        told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        async def work() -> dict[str, Any]:
            try:
                async with self._turn:
                    return await job(told.put_nowait)
            finally:
                told.put_nowait(None)

        task = asyncio.create_task(work())
        try:
            while (line := await told.get()) is not None:
                yield line
            yield {"done": await task}
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
