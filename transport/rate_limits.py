"""What the API says about waiting, and the gate that makes every request respect it."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loguru import logger

from transport.concurrency import AdaptiveLimit

# A reset value above this many seconds is a point in time, not a duration (about 3 years).
_EPOCH_THRESHOLD = 100_000_000
_EPOCH_MILLISECONDS_THRESHOLD = 100_000_000_000
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")
# Between two messages that the API is in trouble.
_SILENT_SECONDS = 60.0
_RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")


def parse_wait(value: str, now: float) -> float | None:
    """Seconds to wait, from a `Retry-After` or rate-limit reset header.

    Understands delta seconds (also fractional), seconds or milliseconds since the epoch, HTTP
    dates (RFC 9110, section 10.2.3) and ISO 8601. `now` is the time in seconds since the epoch.
    Never negative; None when the value says nothing usable.
    """
    number = _number(value)
    if number is None:
        moment = _moment(value)
        return None if moment is None else max(0.0, moment - now)
    if number >= _EPOCH_MILLISECONDS_THRESHOLD:
        return max(0.0, number / 1000 - now)
    if number >= _EPOCH_THRESHOLD:
        return max(0.0, number - now)
    return max(0.0, number)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for, if it is there and readable."""
    told = headers.get("retry-after")
    return None if told is None else parse_wait(told, _now(headers))


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the rate limit's window starts anew, if the API tells."""
    told = [headers[name] for name in _RESET if name in headers]
    if not told:
        return None
    now = _now(headers)
    waits = (parse_wait(value, now) for value in told)
    return next((wait for wait in waits if wait), None)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Requests left in the rate limit's window, if the API tells."""
    numbers = (_number(headers[name]) for name in _REMAINING if name in headers)
    return next((int(number) for number in numbers if number is not None), None)


class RequestGate:
    """Lets requests through: so many at once, evenly paced, and none while the API wants a pause.

    One gate serves a whole instance. `limit` is the number of requests in flight at once, which is
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
        """How many requests may be in flight at once, for now."""
        return self._slots.current

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
        """The API answered a request; it may bear more."""
        if self._slots.succeeded(generation):
            self._admit()
            if self._slots.current == self._slots.maximum > self._told:
                self._told = self._slots.maximum
                logger.info(f"The API answers again: {self._told} requests at once")

    def struggled(self, generation: int) -> None:
        """The API refused a request for its load, or did not answer in time: send fewer at once."""
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


def _now(headers: Mapping[str, str]) -> float:
    """The time by the server's clock, which its dates refer to; ours where it does not tell."""
    told = _moment(headers.get("date", ""))
    return time.time() if told is None else told


def _number(value: str) -> float | None:
    # float() alone would take "nan", "inf" and "1_0".
    digits = value.strip().replace(".", "", 1)
    return float(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def _moment(value: str) -> float | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
