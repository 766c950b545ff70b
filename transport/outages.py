"""The bounds on asking again: a budget for all retries, and an end where an endpoint is down.

An endpoint is judged by its template, `GET /teams/{team_id}/members`, so that a few broken parents
among healthy ones are retried like any other, while ten in a row, of hundreds, are an outage:

    up ── ten final failures in a row ──> down ── one success ──> up
                                           └── maxOutageWait ──> given up ── one success ──> up

While it is down, one request at a time asks whether it is back, and all others wait. Once it is
given up, they are refused without being sent, but for the first one of each resource.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Self

import log_lines
from errors import RequestError
from transport.rate_limits import backoff

# Retries beside those that successes allow; so three broken endpoints get all of theirs.
RESERVE = 30
# Requests that succeed and so pay for one retry more.
PRICE = 5
# Final failures in a row that are an outage.
OUTAGE = 10
# Seconds between two questions whether an endpoint is back.
LONGEST_PROBE_WAIT = 10.0
# Seconds that a request without a retry waits for one, after many failed together.
LONGEST_HOLD = 10.0


class RetryBudget:
    """The retries that failures may cost: a reserve, and a fifth of the requests that succeed.

    Never more than the reserve is saved up, so that a long good time does not pay for a bad one.
    """

    def __init__(self) -> None:
        self._credit = RESERVE * PRICE

    def earn(self) -> None:
        """Add what a request that succeeded is worth."""
        self._credit = min(RESERVE * PRICE, self._credit + 1)

    def spend(self) -> bool:
        """Take one retry; returns whether there was one."""
        has_one = self._credit >= PRICE
        self._credit -= PRICE * has_one
        return has_one

    def renew(self) -> None:
        """Fill up the reserve."""
        self._credit = RESERVE * PRICE


class EndpointState:
    """The state of one template: up, down since a moment, or given up.

    `in_a_row` counts the attempts that failed since the last success, repeats included; `trying`
    counts the requests that were sent and may still succeed; `queue` holds those that wait for its
    return, of which the first one asks.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self.trying = 0
        self.successes = self.in_a_row = 0
        self.is_down = False
        self.is_given_up = False
        self.queue: deque[Inquiry] = deque()
        self._failures = 0
        self._since: datetime | None = None
        # Seconds of the event loop's clock.
        self._end = self._next_probe = 0.0
        self._probes = 0
        # What those wait for who want to look again; None while nobody does.
        self._changed: asyncio.Event | None = None

    @property
    def since(self) -> str:
        """The time of the first failure in a row, such as `2026-11-30 12:03:23 UTC`."""
        return f"{self._since:%Y-%m-%d %H:%M:%S} UTC" if self._since else "the start"

    def succeeded(self) -> None:
        """Take note of an answer: it is up."""
        if self.is_down:
            log_lines.few("answers again").info(f"{self.template} answers again")
        self.successes += 1
        self._failures = self.in_a_row = 0
        self._since = None
        self.is_down = self.is_given_up = False
        self.queue.clear()
        self.wake()

    def failed(self, longest: float) -> None:
        """Count a final failure; so many in a row are an outage, watched for `longest` seconds."""
        self._since = self._since or datetime.now(UTC)
        self._failures += 1
        if self._failures >= OUTAGE and not self.is_down:
            self.is_down = True
            self._probes, self._next_probe = 0, _now() + backoff(1)
            self._end = _now() + longest
            log_lines.few("is down").warning(
                f"{self.template} is down: {self._failures} requests in a row failed. One at a "
                f"time asks whether it is back, for at most {longest:g} s (maxOutageWait)"
            )
        self.wake()

    async def probe_time(self) -> None:
        """Wait until it may be asked again."""
        await asyncio.sleep(self._next_probe - _now())

    def probed(self, asked: float | None) -> None:
        """Take note of a question in vain; `asked` is the wait that the API wants."""
        self._probes += 1
        left = self._end - _now()
        wait = min(backoff(self._probes), LONGEST_PROBE_WAIT, left) if asked is None else asked
        if left > 0 and wait <= left:
            self._next_probe = _now() + wait
        else:
            self._next_probe = _now()
            self._give_up()
        self.wake()

    def wake(self) -> None:
        """Let all who wait look at the state again."""
        if self._changed:
            self._changed.set()
            self._changed = None

    async def changed(self) -> None:
        """Wait until the state may be another one."""
        self._changed = self._changed or asyncio.Event()
        await self._changed.wait()

    def _give_up(self) -> None:
        if not self.is_given_up:
            log_lines.few("is given up").error(
                f"{self.template} is down since {self.since}: what is left there is not asked"
            )
        self.is_given_up = True


class Outages:
    """What is known of the endpoints of one API, and the retries that they may cost.

    Inputs: `max_retries` of a request; `longest`, in seconds, is how long an endpoint that is down
    is asked whether it is back.
    """

    def __init__(self, max_retries: int, longest: float) -> None:
        self.max_retries = max_retries
        self.longest = longest
        self.budget = RetryBudget()
        self._endpoints: dict[str, EndpointState] = {}

    @property
    def down(self) -> int:
        """How many endpoints are down."""
        return sum(state.is_down for state in self._endpoints.values())

    def begin_run(self) -> None:
        """Begin anew: with a full reserve, and no endpoint given up."""
        self.budget.renew()
        self._endpoints.clear()

    def received(self, template: str, *, is_whole: bool) -> None:
        """Take note of a large body, which arrives after the answer: to its end, or never."""
        endpoint = self._state_of(template)
        if is_whole:
            self.budget.earn()
            endpoint.succeeded()
        elif endpoint.is_down:
            endpoint.probed(None)
        else:
            endpoint.failed(self.longest)

    def inquiry(self, template: str, *, is_first: bool) -> "Inquiry":
        """Return one request's way through an outage; `is_first` is sent whatever is known.

        A request without a template is judged alone.
        """
        return Inquiry(self, self._state_of(template), is_first=is_first)

    def _state_of(self, template: str) -> EndpointState:
        if not template:
            return EndpointState("")
        if template not in self._endpoints:
            self._endpoints[template] = EndpointState(template)
        return self._endpoints[template]


class Inquiry:
    """One request with all its repeats, which is under way while this context is entered.

    While it waits in the queue of an endpoint that is down, it is not counted among those that try.
    """

    def __init__(self, outages: Outages, endpoint: EndpointState, *, is_first: bool) -> None:
        self.is_first = is_first
        self._outages = outages
        self._endpoint = endpoint

    def __enter__(self) -> Self:
        self._endpoint.trying += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._endpoint.trying -= 1
        self._leave_queue()

    async def is_admitted(self) -> bool:
        """Wait for the return of an endpoint that is down, or for the turn to ask; or refuse."""
        endpoint = self._endpoint
        if not endpoint.is_down:
            return True
        with self._resting():
            while self._must_wait:
                if self not in endpoint.queue:
                    endpoint.queue.append(self)
                if self._is_prober:
                    await endpoint.probe_time()
                    return True
                await endpoint.changed()
        self._leave_queue()
        return not self._is_refused

    def refusal(self) -> RequestError:
        """Return the error of a request that is not sent."""
        return RequestError(
            f"not asked, down since {self._endpoint.since}",
            advice="look at the state of the API, and at maxOutageWait",
        )

    def answered(self, *, succeeded: bool) -> None:
        """Take note of an answer that no repeat would change; an error is one as well."""
        if succeeded:
            self._outages.budget.earn()
        self._endpoint.succeeded()

    def failed(self) -> None:
        """Take note that no repeat is possible."""
        if self._is_prober:
            self._endpoint.probed(asked=float("inf"))
        else:
            self._endpoint.failed(self._outages.longest)

    async def wait_after(self, attempt: int, asked: float | None) -> float | None:
        """Return seconds until the next attempt after a failed one; None where it was the last.

        Inputs: `attempt` counts from 1; `asked` is the wait that the API wants, if it says so.
        """
        self._endpoint.in_a_row += 1
        if self._is_prober:
            return self._next_in_queue(asked)
        if attempt > self._outages.max_retries:
            self.failed()
            return None
        if asked is not None:
            return asked
        if self._outages.budget.spend():
            return backoff(attempt)
        return await self._held(attempt)

    @property
    def _must_wait(self) -> bool:
        return self._endpoint.is_down and not self._is_refused

    @property
    def _is_refused(self) -> bool:
        """True where it is given up, and no first request asks once more."""
        asking = (self, *self._endpoint.queue)
        return self._endpoint.is_given_up and not any(each.is_first for each in asking)

    @property
    def _is_prober(self) -> bool:
        endpoint = self._endpoint
        return endpoint.is_down and bool(endpoint.queue) and endpoint.queue[0] is self

    def _next_in_queue(self, asked: float | None) -> float | None:
        self._leave_queue()
        self.is_first = False
        self._endpoint.probed(asked)
        return None if self._endpoint.is_given_up else 0.0

    def _leave_queue(self) -> None:
        if self in self._endpoint.queue:
            self._endpoint.queue.remove(self)
        self._endpoint.wake()

    async def _held(self, attempt: int) -> float | None:
        """Hold a request for which no retry is left, until others tell what its failure means.

        Where the endpoint is down, it is one of those that wait for its return, so that a short
        outage costs nothing. Where all have failed, it has. Where another one succeeds, a retry is
        what its success and others pay for.
        """
        endpoint = self._endpoint
        # Many failed together, so that it is not for this request.
        patience = LONGEST_HOLD if endpoint.in_a_row >= OUTAGE else 0.0
        self.failed()
        before = endpoint.successes
        while not endpoint.is_down and endpoint.trying > 1 and endpoint.successes == before:
            with self._resting():
                await endpoint.changed()
        is_back = endpoint.successes != before
        return await self._paid(attempt, patience if is_back else 0.0)

    async def _paid(self, attempt: int, patience: float) -> float | None:
        """Return the wait before a retry that comes free within `patience` seconds, if one does."""
        endpoint, budget = self._endpoint, self._outages.budget
        with suppress(TimeoutError), self._resting():
            async with asyncio.timeout(patience):
                while not endpoint.is_down:
                    if budget.spend():
                        return backoff(attempt)
                    await endpoint.changed()
        return 0.0 if endpoint.is_down else None

    @contextmanager
    def _resting(self) -> Iterator[None]:
        self._endpoint.trying -= 1
        try:
            yield
        finally:
            self._endpoint.trying += 1


def _now() -> float:
    return asyncio.get_running_loop().time()
