"""Long work in the event loop: pieces, between which other tasks get their turn."""

import asyncio
from time import perf_counter

# For how many seconds a task computes before others get their turn.
_TURN = 0.004


class Turns:
    """Notes for how long a task has computed; to be made when it begins."""

    def __init__(self) -> None:
        self._started = perf_counter()

    async def pause(self) -> None:
        """Between two pieces of work: let others go on, if it is their turn."""
        if perf_counter() - self._started > _TURN:
            await asyncio.sleep(0)
            self._started = perf_counter()
