"""Limits on the requests of an instance: so many at once, and at this pace."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from loguru import logger

from transport.rate_limits import remaining, reset_after

# A level that was refused is tried again after so many times as many successes, at most.
_MOST_PATIENCE = 64
# Between two messages that the API is in trouble.
_SILENT_SECONDS = 60.0


class AdaptiveLimit:
    """The number of requests in flight at once: halved when the API is in trouble, then regrown.

    It starts at `maximum`, never leaves 1 to `maximum`, and grows by one after as many successes as
    it is high. What is in flight when it is halved belongs to the trouble that is known already, so
    that ten refusals at once halve it once: each request takes `generation` along when it starts,
    and brings it back.

    It stays where the API bears it: a level that was refused just above one that went well is
    tried again after twice as many successes as the time before.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.current = maximum
        self.generation = 0
        self._successes = 0
        # Everything above it is in doubt.
        self._borne = maximum
        self._patience = 1

    def succeeded(self, generation: int) -> bool:
        """Count a success; returns whether the limit grew."""
        if self.current == self.maximum or generation != self.generation:
            return False
        self._successes += 1
        patience = self._patience if self.current == self._borne else 1
        if self._successes < self.current * patience:
            return False
        if self.current > self._borne:
            self._borne, self._patience = self.maximum, 1
        self._successes = 0
        self.current += 1
        return True

    def struggled(self, generation: int) -> bool:
        """Count a refusal or timeout; returns whether the limit was halved."""
        if generation != self.generation:
            return False
        self.generation += 1
        self._successes = 0
        if self.current > self._borne:
            self._patience = min(_MOST_PATIENCE, 2 * self._patience)
        else:
            self._borne, self._patience = max(1, self.current - 1), 1
        self.current = max(1, self.current // 2)
        return True


class RequestLimiter:
    """Turns for requests: so many at once, evenly paced, and none while the API wants a pause.

    One serves a whole instance. `limit` is the number of requests in flight at once, which is
    lowered for as long as the API bears fewer; `per_second`, when given, the highest steady rate.
    `throttled` is how many seconds requests have waited for a pace or a pause, summed.
    """

    def __init__(self, limit: int, per_second: float | None = None) -> None:
        self._slots = AdaptiveLimit(limit)
        self._in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._interval = 1 / per_second if per_second else 0.0
        self._pacing = asyncio.Lock()
        self._next_start = 0.0
        self._paused_until = 0.0
        self._slow_interval = 0.0
        self._slow_until = 0.0
        self.throttled = 0.0
        self._told = limit
        self._silent_until = 0.0

    @property
    def limit(self) -> int:
        """Return how many requests may be in flight at once, for now."""
        return self._slots.current

    @property
    def is_awaited(self) -> bool:
        """Return whether a request waits for the end of another one's turn."""
        return bool(self._queue)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[int]:
        """Wait for a turn and hold a slot while the request is in flight.

        Gives the number that `succeeded` or `struggled` is to be told with the outcome.
        """
        if self._in_flight < self._slots.current:
            self._in_flight += 1
        else:
            await self._slot()
        try:
            await self._wait()
            yield self._slots.generation
        finally:
            self._in_flight -= 1
            self._admit()

    def succeeded(self, generation: int) -> None:
        """Take note that the API answered a request; it may bear more."""
        if self._slots.succeeded(generation):
            self._admit()
            if self._slots.current == self._slots.maximum > self._told:
                self._told = self._slots.maximum
                logger.info(f"The API answers again: {self._told} requests at once")

    def struggled(self, generation: int) -> None:
        """Send fewer at once: the API refused a request for its load, or was too slow."""
        now = time.monotonic()
        if self._slots.struggled(generation) and now >= self._silent_until:
            self._told = self._slots.current
            self._silent_until = now + _SILENT_SECONDS
            logger.warning(
                f"The API refuses requests or is too slow: for now at most {self._told} at once, "
                f"of {self._slots.maximum} (maxConcurrentRequests)"
            )

    def pause(self, seconds: float) -> None:
        """Let no request start for so many seconds; running ones are not touched."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def heed(self, headers: Mapping[str, str], max_wait: float) -> None:
        """Slow down before a limit is hit, going by the rate-limit headers of a response.

        With nothing left, everything waits for the reset (unless that is beyond `max_wait`
        seconds: then the API's own refusal shall tell). With little left, what is left is spread
        over the rest of the window.
        """
        left = remaining(headers)
        reset = None if left is None else reset_after(headers)
        if left is None or reset is None or reset > max_wait:
            return
        if left <= 0:
            self.pause(reset)
        elif left <= 2 * self._slots.maximum:
            self._slow_interval = reset / left
            self._slow_until = time.monotonic() + reset

    async def _slot(self) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self._in_flight -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        """Give free slots to those who wait; nobody waits while one is free."""
        while self._queue and self._in_flight < self._slots.current:
            granted = self._queue.popleft()
            if not granted.done():
                granted.set_result(None)
                self._in_flight += 1

    async def _wait(self) -> None:
        """Wait for the pace or a pause, in the order of arrival; who loses a race may lose many."""
        arrived = time.monotonic()
        async with self._pacing:
            # Another pause may begin meanwhile.
            while (delay := self._delay()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(delay)
            now = time.monotonic()
            slow = self._slow_interval if now < self._slow_until else 0.0
            self._next_start = max(now, self._next_start) + max(self._interval, slow)
        self.throttled += now - arrived

    def _delay(self) -> float:
        return max(self._paused_until, self._next_start) - time.monotonic()
