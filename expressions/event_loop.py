"""Long work in the event loop, in slices between which other tasks run."""

import asyncio
from time import perf_counter

# Seconds that a task computes before other tasks run.
_SLICE = 0.004


class TimeSlice:
    """The time that a task may compute at a stretch; made when the work begins.

    Sample: after each of 10,000 items, `await time_slice.pause_when_over()`.
    """

    def __init__(self) -> None:
        self._started = perf_counter()

    async def pause_when_over(self) -> None:
        """Let other tasks run, and begin anew, if this one has computed for long enough."""
        if perf_counter() - self._started > _SLICE:
            await asyncio.sleep(0)
            self._started = perf_counter()
