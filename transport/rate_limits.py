"""Waits before a request: those that an API asks for, and ours where it says nothing."""

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from formats.times import http_date, in_utc, iso_time
from statuses import PASSING, Meaning, Situation, meaning_of

_FIRST_BACKOFF = 0.25
_LONGEST_BACKOFF = 60.0
# A reset value above this many seconds is a point in time, not a duration (about 3 years).
_EPOCH_THRESHOLD = 100_000_000
_EPOCH_MILLISECONDS_THRESHOLD = 100_000_000_000
_LIMIT_WORDS = re.compile(
    rb"rate.?limit|too.?many.?requests|throttl|quota|slow.?down", re.IGNORECASE
)
_LOOKED_AT = 4096
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")
_RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits on a request: seconds for an attempt, repeats, and seconds that an API may ask for."""

    timeout: float
    max_retries: int
    max_wait: float


def backoff(attempt: int) -> float:
    """Return seconds: exponential, with jitter over the upper half; `attempt` counts from 1."""
    longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)


def parse_wait(value: str, now: float) -> float | None:
    """Return seconds to wait, from a `Retry-After` or rate-limit reset header.

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
    """Return the seconds that `Retry-After` asks for, if it is there and readable."""
    told = headers.get("retry-after")
    return None if told is None else parse_wait(told, _now(headers))


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the rate limit's window starts anew, if the API tells."""
    told = [headers[name] for name in _RESET if name in headers]
    if not told:
        return None
    now = _now(headers)
    waits = (parse_wait(value, now) for value in told)
    return next((wait for wait in waits if wait), None)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Return the requests left in the rate limit's window, if the API tells."""
    # All at once, because httpx looks for a name in every header.
    if headers.keys().isdisjoint(_REMAINING):
        return None
    numbers = (_number(headers[name]) for name in _REMAINING if name in headers)
    return next((int(number) for number in numbers if number is not None), None)


def wait_asked_for(headers: Mapping[str, str], *, is_spent: bool) -> float | None:
    """Return seconds that the API asks for; a reset counts only where a limit was spent."""
    asked = retry_after(headers)
    return reset_after(headers) if asked is None and is_spent else asked


def is_limit(status: int | None) -> bool:
    """Return whether a status, of an answer that may pass, is for a spent limit."""
    return meaning_of(status, Situation.SPENT_LIMIT) is Meaning.LIMITED


def says_limit(content: bytes) -> bool:
    """Return whether the start of a body says, under whatever status, that a limit is spent."""
    return _LIMIT_WORDS.search(content[:_LOOKED_AT]) is not None


def is_transient(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether the same request may succeed later."""
    if meaning_of(status) in PASSING:
        return True
    return is_limit(status) and ("retry-after" in headers or remaining(headers) == 0)


def _now(headers: Mapping[str, str]) -> float:
    """Return the time by the server's clock, which its dates refer to, or else by ours."""
    told = _moment(headers.get("date", ""))
    return time.time() if told is None else told


def _number(value: str) -> float | None:
    # float() alone would take "nan", "inf" and "1_0".
    digits = value.strip().replace(".", "", 1)
    return float(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def _moment(value: str) -> float | None:
    moment = http_date(value.strip()) or iso_time(value.strip())
    return in_utc(moment).timestamp() if moment else None
