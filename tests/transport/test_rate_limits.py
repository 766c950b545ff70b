"""What rate-limit headers mean, and the limiter that every request passes."""

import asyncio
import math
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.rate_limits import parse_wait, remaining, reset_after, retry_after
from transport.request_limiter import RequestLimiter

_NOW = 1_800_000_000.0
_DATE_LIKE = st.from_regex(
    r"[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{1,4} \d\d:\d\d:\d\d [A-Z+\-\d]{3,6}"
)
_ISO_LIKE = st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", fullmatch=True)


@given(value=st.text() | _DATE_LIKE | _ISO_LIKE | st.integers().map(str) | st.floats().map(str))
def test_any_text_gives_a_finite_wait_or_none(value: str) -> None:
    wait = parse_wait(value, _NOW)
    assert wait is None or (wait >= 0 and math.isfinite(wait))


@pytest.mark.contract("retry.after-seconds")
@given(seconds=st.integers(0, 10_000_000))
def test_delta_seconds(seconds: int) -> None:
    assert parse_wait(f" {seconds} ", _NOW) == seconds


@pytest.mark.contract("retry.after-seconds")
@given(seconds=st.floats(0.001, 100_000))
def test_fractions_of_seconds(seconds: float) -> None:
    assert parse_wait(f"{seconds:.3f}", _NOW) == pytest.approx(seconds, abs=0.001)


@pytest.mark.contract("retry.after-date")
@given(seconds=st.integers(-100_000, 100_000))
def test_dates_in_the_form_of_http_and_of_iso(seconds: int) -> None:
    moment = datetime.fromtimestamp(_NOW + seconds, UTC)
    for spelling in (format_datetime(moment, usegmt=True), moment.isoformat()):
        assert parse_wait(spelling, _NOW) == max(0, seconds)


@pytest.mark.contract("retry.rate-limit-reset")
@given(seconds=st.integers(0, 100_000))
def test_points_in_time_as_seconds_and_milliseconds_since_the_epoch(seconds: int) -> None:
    assert parse_wait(str(int(_NOW) + seconds), _NOW) == seconds
    assert parse_wait(str((int(_NOW) + seconds) * 1000), _NOW) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan", "inf", "1_0", "٣", "1e3", "0x10"])
def test_what_is_no_wait_says_nothing(value: str) -> None:
    assert parse_wait(value, _NOW) is None


@pytest.mark.contract("retry.rate-limit-reset")
@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit", "X-Rate-Limit"])
def test_headers_are_read_under_their_usual_names(prefix: str) -> None:
    headers = httpx.Headers({f"{prefix}-Reset": "7", f"{prefix}-Remaining": "3"})
    assert (reset_after(headers), remaining(headers)) == (7, 3)
    assert retry_after(headers) is None
    assert retry_after(httpx.Headers({"Retry-After": "2"})) == 2


@pytest.mark.contract("retry.after-date")
@pytest.mark.parametrize("skew", [-86_400, 0, 86_400])
def test_dates_are_taken_by_the_clock_of_the_server(skew: int) -> None:
    theirs = datetime.fromtimestamp(_NOW + skew, UTC)
    later = datetime.fromtimestamp(_NOW + skew + 30, UTC)
    headers = {
        "date": format_datetime(theirs, usegmt=True),
        "retry-after": format_datetime(later, usegmt=True),
        "x-ratelimit-reset": str(int(later.timestamp())),
    }
    assert (retry_after(headers), reset_after(headers)) == (30, 30)


async def _pass(limiter: RequestLimiter, hold: float = 0) -> float:
    async with limiter.turn():
        started = time.monotonic()
        await asyncio.sleep(hold)
    return started


async def _spread(limiter: RequestLimiter, requests: int) -> float:
    starts = await asyncio.gather(*(_pass(limiter) for _ in range(requests)))
    return max(starts) - min(starts)


@pytest.mark.contract("rate.maxRequestsPerSecond")
async def test_the_pace_holds_however_many_wait() -> None:
    assert await _spread(RequestLimiter(10, per_second=100), 21) >= 0.2 - 0.001


@pytest.mark.contract("rate.maxRequestsPerSecond")
async def test_who_waits_for_the_pace_goes_in_the_order_of_arrival() -> None:
    limiter = RequestLimiter(10, per_second=400)
    entered: list[int] = []
    started: list[int] = []

    async def send_one_after_another(worker: int) -> None:
        for number in range(8):
            entered.append(10 * number + worker)
            async with limiter.turn():
                started.append(10 * number + worker)

    await asyncio.gather(*(send_one_after_another(worker) for worker in range(10)))
    assert started == entered


async def test_who_gives_up_does_not_keep_the_others_from_the_pace() -> None:
    limiter = RequestLimiter(3, per_second=50)
    waiting = [asyncio.create_task(_pass(limiter)) for _ in range(4)]
    await asyncio.sleep(0.005)
    waiting[1].cancel()
    done = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert [isinstance(each, float) for each in done] == [True, False, True, True]


async def test_without_a_pace_nothing_waits() -> None:
    assert await _spread(RequestLimiter(50), 50) < 5


@pytest.mark.contract("settings.maxConcurrentRequests.whole-instance")
async def test_no_more_than_the_limit_at_once() -> None:
    limiter, inside, most = RequestLimiter(3), 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with limiter.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(12)))
    assert most == 3


async def test_a_failure_inside_gives_its_slot_back() -> None:
    limiter = RequestLimiter(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with limiter.turn():
                raise ZeroDivisionError
    assert await asyncio.wait_for(_pass(limiter), 1)


async def test_a_pause_holds_everything_and_is_never_shortened() -> None:
    limiter, begun = RequestLimiter(5), time.monotonic()
    limiter.pause(0.1)
    limiter.pause(0.01)
    starts = await asyncio.gather(*(_pass(limiter) for _ in range(5)))
    assert min(starts) - begun >= 0.1 - 0.001


@pytest.mark.contract("retry.rate-limit-reset")
async def test_nothing_left_waits_for_the_reset() -> None:
    limiter, begun = RequestLimiter(5), time.monotonic()
    limiter.heed(httpx.Headers({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0.1"}), 600)
    assert await _pass(limiter) - begun >= 0.1 - 0.001


async def test_little_left_is_spread_over_the_rest_of_the_window() -> None:
    limiter = RequestLimiter(5)
    limiter.heed(httpx.Headers({"RateLimit-Remaining": "4", "RateLimit-Reset": "0.2"}), 600)
    assert await _spread(limiter, 3) >= 0.1 - 0.001


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "601"},
        {"X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Remaining": "999", "X-RateLimit-Reset": "60"},
        {"X-RateLimit-Reset": "60"},
    ],
)
async def test_plenty_left_or_a_wait_beyond_the_limit_changes_nothing(
    headers: dict[str, str],
) -> None:
    limiter = RequestLimiter(5)
    limiter.heed(httpx.Headers(headers), 600)
    assert await _spread(limiter, 5) < 5
