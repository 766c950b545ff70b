"""Which failures pass, and how long to wait before trying again."""

import random
from dataclasses import dataclass

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_FIRST_BACKOFF = 0.25
_LONGEST_BACKOFF = 60.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failed request is repeated and how long a wait asked for may be (seconds)."""

    max_retries: int
    max_wait: float


def backoff(attempt: int) -> float:
    """Seconds: exponential, with jitter over the upper half; `attempt` counts from 1."""
    longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)
