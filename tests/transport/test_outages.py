"""An API that is down, in time that is not waited for: what it costs, and what is lost."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import RequestError
from redaction import Redactor
from tests.support import virtual_time
from transport import rate_limits, request_limiter
from transport.complete_responses import TransportContext
from transport.exchange import Exchange
from transport.outages import OUTAGE, PRICE, RESERVE, Outages, RetryBudget
from transport.rate_limits import RetryPolicy
from transport.request_limiter import RequestLimiter
from transport.retries import ApiRetryTransport
from transport.traffic import Traffic

TEMPLATE = "GET /teams/{team_id}/members"
LATENCY = 0.1
AT_ONCE = 10
LONGEST = 120.0

type Answers = Callable[[int, float], int | httpx.Response]


@pytest.fixture(autouse=True)
def _patience(clean_surroundings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as in production; the clock of pauses is the loop's."""
    monkeypatch.setattr(rate_limits, "_FIRST_BACKOFF", 0.25)
    clock = SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time())
    monkeypatch.setattr(request_limiter, "time", clock)


class Api(httpx.AsyncBaseTransport):
    """Answers the request for `/n` at a time as `answers(n, seconds)` says: a status, or more."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[float, int]] = []
        self.most_at_once: Counter[int] = Counter()
        self._answers = answers
        self._in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number, begin = int(request.url.path[1:]), _now()
        self.asked.append((begin, number))
        self._in_flight += 1
        second = int(begin)
        self.most_at_once[second] = max(self.most_at_once[second], self._in_flight)
        try:
            await asyncio.sleep(LATENCY)
            answer = self._answers(number, _now())
        finally:
            self._in_flight -= 1
        if answer == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(answer) if isinstance(answer, int) else answer


class Client:
    """Sends requests as the integration does: through the retries, so many workers at once."""

    def __init__(self, answers: Answers, *, longest: float = LONGEST, max_retries: int = 8) -> None:
        self.api = Api(answers)
        self.outages = Outages(max_retries, longest)
        limiter = RequestLimiter(AT_ONCE)
        policy = RetryPolicy(30, max_retries, 600)
        self.context = TransportContext(
            policy, limiter, Traffic(limiter, self.outages), self.outages, Redactor([])
        )
        self.transport = ApiRetryTransport(
            self.api, connections=[self.api] * AT_ONCE, context=self.context
        )

    async def send(self, number: int, template: str = TEMPLATE, *, is_first: bool = False) -> Any:
        """Return the status, or the error; with the second it came at."""
        request = httpx.Request("GET", f"http://api.test/{number}")
        Exchange(template=template, is_first=is_first).attach_to(request)
        try:
            response = await self.transport.handle_async_request(request)
        except (httpx.HTTPError, RequestError) as error:
            return error
        return response.status_code

    async def read(self, numbers: range, template: str = TEMPLATE) -> list[Any]:
        """Return what each came to; the first one is the resource's first."""
        left = iter(numbers)
        outcomes: dict[int, Any] = {}

        async def work() -> None:
            for number in left:
                is_first = number == numbers.start
                outcomes[number] = await self.send(number, template, is_first=is_first)

        await asyncio.gather(*(work() for _ in range(2 * AT_ONCE)))
        return [outcomes[number] for number in numbers]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _read(client: Client, count: int = 400) -> tuple[list[Any], float]:
    return virtual_time.run(client.read(range(count)))


def _not_asked(outcomes: list[Any]) -> list[str]:
    return [str(each) for each in outcomes if "not asked, down since" in str(each)]


@pytest.mark.contract("outage.costs-minutes")
@pytest.mark.parametrize("broken", [500, 502, 503, 504, 408, 0])
@pytest.mark.parametrize("healthy", [0, 100])
def test_an_api_that_is_down_costs_minutes_and_few_requests(broken: int, healthy: int) -> None:
    client = Client(lambda number, now: 200 if number < healthy else broken)
    outcomes, seconds = _read(client)
    assert outcomes[:healthy] == [200] * healthy
    assert 200 not in outcomes[healthy:]
    assert seconds < 150
    assert len(client.api.asked) <= 2 * 400
    # All but those that were on their way when it was noticed.
    assert len(_not_asked(outcomes)) >= 400 - healthy - 2 * AT_ONCE


@pytest.mark.contract("outage.costs-minutes")
def test_ten_thousand_endpoints_cost_no_more_than_a_hundred() -> None:
    client = Client(lambda number, now: 500)
    outcomes, seconds = _read(client, 10_000)
    assert seconds < 150
    assert len(client.api.asked) < 200
    assert 200 not in outcomes


@pytest.mark.contract("outage.return")
@pytest.mark.parametrize("broken", [503, 0])
@pytest.mark.parametrize("lasts", [0.2, 0.5, 1, 2, 5, 20, 60, 110])
@pytest.mark.parametrize("begins", [0, 0.5, 1.5])
def test_an_api_that_comes_back_in_time_loses_nothing(
    begins: float, lasts: float, broken: int
) -> None:
    def answers(number: int, now: float) -> int:
        return broken if begins <= now < begins + lasts else 200

    outcomes, seconds = _read(Client(answers))
    assert outcomes == [200] * 400
    # It is noticed soon.
    assert seconds < begins + lasts + 20


@pytest.mark.contract("outage.one-at-a-time")
def test_while_it_is_down_one_request_at_a_time_asks() -> None:
    client = Client(lambda number, now: 503 if now < 100 else 200)
    outcomes, _ = _read(client)
    assert outcomes == [200] * 400
    assert {client.api.most_at_once[second] for second in range(20, 100)} <= {0, 1}
    asked = [at for at, _ in client.api.asked if 20 < at < 100]
    assert len(asked) < 20
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert all(gap < 11 for gap in gaps)


@pytest.mark.contract("outage.few-broken")
@pytest.mark.parametrize("broken", [{0, 1, 2}, {5, 100, 250}, {397, 398, 399}])
def test_a_few_broken_endpoints_get_all_retries_and_hold_up_nobody(broken: set[int]) -> None:
    ended: dict[int, float] = {}

    def answers(number: int, now: float) -> int:
        ended[number] = now
        return 500 if number in broken else 200

    client = Client(answers)
    outcomes, _ = _read(client)
    asked = Counter(number for _, number in client.api.asked)
    assert [number for number, outcome in enumerate(outcomes) if outcome != 200] == sorted(broken)
    assert {asked[number] for number in broken} == {9}
    assert max(at for number, at in ended.items() if number not in broken) < 6


@pytest.mark.contract("outage.few-broken")
@pytest.mark.parametrize("count", [OUTAGE, 30, 60])
def test_broken_ones_in_a_row_do_not_hide_the_healthy_ones_behind_them(count: int) -> None:
    """Each question whether it is back is for another endpoint."""
    broken = range(50, 50 + count)
    outcomes, seconds = _read(Client(lambda number, now: 500 if number in broken else 200))
    lost = [number for number, outcome in enumerate(outcomes) if outcome != 200]
    assert set(lost) <= set(broken) or seconds > LONGEST


@pytest.mark.contract("outage.pace")
@pytest.mark.parametrize(
    "headers, status", [({"retry-after": "1"}, 429), ({}, 429), ({"retry-after": "2"}, 503)]
)
def test_waits_that_the_api_asks_for_are_no_failures(status: int, headers: dict[str, str]) -> None:
    seen: Counter[int] = Counter()

    def answers(number: int, now: float) -> httpx.Response:
        seen[number] += 1
        return httpx.Response(200 if seen[number] > 1 else status, headers=headers)

    client = Client(answers)
    outcomes, _ = _read(client)
    assert outcomes == [200] * 400
    assert len(client.api.asked) == 800


@pytest.mark.contract("outage.pace")
def test_a_limit_that_never_ends_is_an_outage_as_well() -> None:
    client = Client(lambda number, now: httpx.Response(429, headers={"retry-after": "1"}))
    outcomes, seconds = _read(client)
    assert seconds < 300
    assert len(_not_asked(outcomes)) > 300


@pytest.mark.contract("outage.pace")
def test_too_long_a_wait_is_not_asked_for_by_every_endpoint() -> None:
    client = Client(lambda number, now: httpx.Response(429, headers={"retry-after": "7200"}))
    outcomes, seconds = _read(client)
    assert "asks to wait 7200 s" in str(outcomes[0])
    assert len(client.api.asked) <= 2 * 2 * AT_ONCE
    assert seconds < 20


@pytest.mark.contract("outage.first-request")
def test_the_first_request_of_each_resource_is_sent_and_may_end_the_outage() -> None:
    client = Client(lambda number, now: 500 if number < 400 else 200)

    async def run() -> tuple[list[Any], list[Any], float]:
        first = await client.read(range(400))
        begin = _now()
        return first, await client.read(range(400, 450)), _now() - begin

    (first, second, seconds), _ = virtual_time.run(run())
    assert 200 not in first
    assert second == [200] * 50
    assert seconds < 3


@pytest.mark.contract("outage.first-request")
def test_the_first_request_alone_is_sent_while_it_stays_down() -> None:
    client = Client(lambda number, now: 500)

    async def run() -> tuple[list[Any], float]:
        await client.read(range(400))
        client.api.asked.clear()
        begin = _now()
        return await client.read(range(400, 800)), _now() - begin

    (outcomes, seconds), _ = virtual_time.run(run())
    assert [number for _, number in client.api.asked] == [400]
    assert outcomes[0] == 500
    assert len(_not_asked(outcomes)) == 399
    assert seconds < 15


@pytest.mark.contract("outage.per-template")
def test_other_endpoints_are_not_held_up() -> None:
    client = Client(lambda number, now: 500 if number < 400 else 200)

    async def run() -> tuple[list[Any], float]:
        down = asyncio.create_task(client.read(range(400)))
        await asyncio.sleep(30)
        begin = _now()
        healthy = await client.read(range(400, 500), "GET /users/{user_id}")
        took = _now() - begin
        await down
        return healthy, took

    (healthy, seconds), _ = virtual_time.run(run())
    assert healthy == [200] * 100
    assert seconds < 3


@pytest.mark.contract("outage.per-template")
def test_a_new_run_believes_nothing_of_the_one_before() -> None:
    down = [True]
    client = Client(lambda number, now: 500 if down[0] else 200)

    async def run() -> list[Any]:
        await client.read(range(100))
        down[0] = False
        client.outages.begin_run()
        return [await client.send(number) for number in range(100, 110)]

    assert virtual_time.run(run())[0] == [200] * 10


def test_whoever_asks_and_is_given_up_leaves_the_asking_to_others() -> None:
    client = Client(lambda number, now: 503 if now < 60 else 200)

    async def run() -> list[Any]:
        tasks = [asyncio.create_task(client.send(number)) for number in range(30)]
        await asyncio.sleep(20)
        for task in tasks[::2]:
            task.cancel()
        return await asyncio.gather(*tasks[1::2])

    assert virtual_time.run(run())[0] == [200] * 15


@pytest.mark.parametrize("longest", [0.0, 1.0, 30.0])
def test_the_setting_says_how_long_it_is_asked(longest: float) -> None:
    outcomes, seconds = _read(Client(lambda number, now: 500, longest=longest))
    assert longest <= seconds < longest + 20
    assert len(_not_asked(outcomes)) >= 400 - 2 * AT_ONCE


@pytest.mark.parametrize("workers", [1, 3, 9])
def test_fewer_requests_than_an_outage_takes_end_as_before(workers: int) -> None:
    client = Client(lambda number, now: 500)
    outcomes, seconds = virtual_time.run(client.read(range(workers)))
    assert outcomes == [500] * workers
    assert seconds < 70
    assert len(client.api.asked) <= workers + RESERVE


@pytest.mark.contract("outage.budget")
def test_requests_without_a_template_share_the_budget_and_no_outage() -> None:
    client = Client(lambda number, now: 500)

    async def run() -> list[Any]:
        return [await client.send(number, "") for number in range(50)]

    outcomes, _ = virtual_time.run(run())
    assert outcomes == [500] * 50
    assert len(client.api.asked) == 50 + RESERVE


@pytest.mark.contract("outage.budget")
@given(st.lists(st.booleans(), max_size=400))
def test_retries_are_a_reserve_and_a_fifth_of_what_succeeds(events: list[bool]) -> None:
    budget = RetryBudget()
    spent = earned = 0
    for is_success in events:
        if is_success:
            budget.earn()
            earned += 1
        else:
            spent += budget.spend()
        assert spent <= RESERVE + earned // PRICE
    if not any(events):
        assert spent == min(len(events), RESERVE)


@pytest.mark.contract("outage.budget")
def test_a_long_good_time_does_not_pay_for_a_bad_one() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(1000)) == RESERVE


@pytest.mark.contract("outage.budget")
@pytest.mark.parametrize("every", [2, 3, 5, 8, 20])
def test_an_api_that_fails_now_and_then_keeps_to_the_budget(every: int) -> None:
    """Each endpoint with that number fails the first time; up to one in six, all are read."""
    seen: Counter[int] = Counter()

    def answers(number: int, now: float) -> int:
        seen[number] += 1
        return 500 if number % every == 0 and seen[number] == 1 else 200

    client = Client(answers)
    outcomes, seconds = _read(client, 2000)
    repeats = len(client.api.asked) - 2000
    assert repeats <= RESERVE + outcomes.count(200) // PRICE
    assert seconds < 60
    if every > 5:
        assert outcomes == [200] * 2000
