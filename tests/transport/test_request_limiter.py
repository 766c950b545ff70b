"""How many requests at once: learnt from refusals, never more than allowed, never stuck."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from client import ApiClient
from errors import StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from tests.transport.test_http_client import _send
from transport.request_limiter import AdaptiveLimit, RequestLimiter

_OUTCOMES = st.lists(st.sampled_from(["success", "trouble", "late trouble", "late success"]))


@given(maximum=st.integers(1, 200), outcomes=_OUTCOMES)
def test_it_stays_within_its_bounds_and_comes_back(maximum: int, outcomes: list[str]) -> None:
    limit = AdaptiveLimit(maximum)
    for outcome in outcomes:
        before, generation = limit.current, limit.generation
        if outcome == "success":
            grew = limit.succeeded(generation)
            assert limit.current == before + grew
        elif outcome == "trouble":
            assert limit.struggled(generation)
            assert limit.current == max(1, before // 2)
        else:
            change = limit.struggled if outcome == "late trouble" else limit.succeeded
            assert not change(generation - 1)
            assert limit.current == before
        assert 1 <= limit.current <= maximum
    # At most maximum levels, of at most maximum successes each, but for one that takes patience.
    for _ in range(maximum * maximum + 64 * maximum):
        limit.succeeded(limit.generation)
    assert limit.current == maximum


@given(maximum=st.integers(2, 100), in_flight=st.integers(1, 100))
def test_what_was_in_flight_halves_it_once(maximum: int, in_flight: int) -> None:
    limit = AdaptiveLimit(maximum)
    generations = [limit.generation] * in_flight
    assert [limit.struggled(each) for each in generations] == [True] + [False] * (in_flight - 1)
    assert limit.current == maximum // 2


def test_it_grows_by_one_after_as_many_successes_as_it_is_high() -> None:
    limit = AdaptiveLimit(10)
    limit.struggled(0)
    counts = []
    for _ in range(4):
        count = 1
        while not limit.succeeded(limit.generation):
            count += 1
        counts.append(count)
    assert (counts, limit.current) == ([5, 6, 7, 8], 9)


@settings(deadline=None)
@given(maximum=st.integers(2, 40), borne=st.integers(1, 40), requests=st.integers(1, 3000))
def test_what_an_api_refuses_is_bounded_and_the_rest_goes_at_its_full_pace(
    maximum: int, borne: int, requests: int
) -> None:
    """In rounds: what is beyond what the API bears at once is refused, and asked for again."""
    limit, left, refused, rounds = AdaptiveLimit(maximum), requests, 0, 0
    while left > 0:
        generation, sent = limit.generation, min(limit.current, left)
        answered = min(sent, borne)
        for _ in range(answered):
            limit.succeeded(generation)
        for _ in range(sent - answered):
            limit.struggled(generation)
        left, refused, rounds = left - answered, refused + sent - answered, rounds + 1
    # Once down from the maximum, and then one at a time, ever more seldom.
    assert refused <= 2 * maximum + 10 + requests / (20 * min(borne, maximum))
    assert rounds <= 40 + borne + 2 * requests / min(borne, maximum)


_ACTIONS = st.lists(
    st.tuples(st.sampled_from(["good", "bad", "cancel", "cancel soon"]), st.integers(0, 5)),
    max_size=60,
)


@settings(deadline=None)
@given(limit=st.integers(1, 8), actions=_ACTIONS)
def test_the_limiter_never_lets_too_many_in_and_never_locks_up(
    limit: int, actions: list[tuple[str, int]]
) -> None:
    inside = most = 0

    async def visit(limiter: RequestLimiter, kind: str, ticks: int) -> None:
        nonlocal inside, most
        async with limiter.turn() as generation:
            inside += 1
            most = max(most, inside)
            try:
                for _ in range(ticks):
                    await asyncio.sleep(0)
            finally:
                inside -= 1
            (limiter.struggled if kind == "bad" else limiter.succeeded)(generation)

    async def scenario() -> None:
        limiter = RequestLimiter(limit)
        tasks = []
        for kind, ticks in actions:
            tasks.append(asyncio.create_task(visit(limiter, kind, ticks)))
            if kind.startswith("cancel"):
                if kind == "cancel soon":
                    await asyncio.sleep(0)
                tasks[len(tasks) // 2].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert inside == 0
        # Every slot is free again: as many as the limit enter without waiting.
        async with asyncio.timeout(5):
            turns = [limiter.turn() for _ in range(limiter.limit)]
            for turn in turns:
                await turn.__aenter__()
            for turn in turns:
                await turn.__aexit__(None, None, None)

    asyncio.run(scenario())
    assert most <= limit


async def test_who_waits_enters_when_the_limit_grows_again() -> None:
    limiter = RequestLimiter(4)
    limiter.struggled(0)
    limiter.struggled(1)
    assert limiter.limit == 1
    entered: list[int] = []

    async def visit(number: int) -> None:
        async with limiter.turn() as generation:
            entered.append(number)
            await asyncio.sleep(0)
            limiter.succeeded(generation)

    await asyncio.wait_for(asyncio.gather(*(visit(number) for number in range(20))), 5)
    assert entered == list(range(20))
    assert limiter.limit == 4


class _Bearing:
    """Answers of an API that bears so many requests at once."""

    def __init__(self, most: int, status: int) -> None:
        self.most, self.status = most, status
        self.inside = self.refused = 0

    async def __call__(self, request: Received) -> Reply:
        if self.inside >= self.most:
            self.refused += 1
            return Reply(self.status)
        self.inside += 1
        try:
            await asyncio.sleep(0.005)
        finally:
            self.inside -= 1
        return Reply()


@pytest.mark.parametrize("status", [429, 503])
async def test_an_api_that_bears_few_at_once_is_asked_as_few(
    api: FakeApi, connect: ClientFactory, logs: list[str], status: int
) -> None:
    api.answer = bearing = _Bearing(3, status)
    client = connect(max_concurrent_requests=10, max_retries=8)
    await asyncio.gather(*(_send(client, api, f"/{n}") for n in range(300)))
    assert bearing.refused < 60
    assert client.traffic.retries == bearing.refused
    told = [line for line in logs if "at most" in line]
    assert len(told) == 1
    assert "maxConcurrentRequests" in told[0]


async def test_one_endpoint_that_fails_for_good_does_not_slow_down_the_others(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.answer = lambda request: Reply(503 if request.path == "/broken" else 200)
    client = connect(max_concurrent_requests=8, max_retries=6)
    with pytest.raises(StatusError):
        await _send(client, api, "/broken")
    assert _metrics(client)["ocean_custom_concurrency_limit"] == 4
    for n in range(60):
        await _send(client, api, f"/{n}")
    assert _metrics(client)["ocean_custom_concurrency_limit"] == 8


async def test_timeouts_count_as_trouble(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(delay=2), Reply())
    client = connect(timeout="0.1", max_concurrent_requests=10)
    await _send(client, api)
    metrics = _metrics(client)
    assert metrics["ocean_custom_concurrency_limit"] == 5
    assert metrics['ocean_custom_requests_total{outcome="timeout"}'] == 1


async def test_what_is_sent_is_counted_without_saying_where_to(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(
        Reply(429, headers={"retry-after": "0.05"}), Reply(500), Reply(raw=b""), Reply(), Reply(404)
    )
    client = connect(max_retries=3, api_key="k3y-secret", auth_type="api_key")
    await _send(client, api, "/x?token=s3cret")
    with pytest.raises(StatusError):
        await _send(client, api, "/y")
    found = _metrics(client)
    assert {name: value for name, value in found.items() if "requests" in name} == {
        'ocean_custom_requests_total{outcome="2xx"}': 1,
        'ocean_custom_requests_total{outcome="429"}': 1,
        'ocean_custom_requests_total{outcome="4xx"}': 1,
        'ocean_custom_requests_total{outcome="5xx"}': 1,
        'ocean_custom_requests_total{outcome="error"}': 1,
    }
    assert found["ocean_custom_retries_total"] == 3
    assert "127.0.0.1" not in str(found)
    assert "s3cret" not in str(found)


async def test_waits_for_a_pace_are_counted() -> None:
    limiter = RequestLimiter(5, per_second=50)
    for _ in range(3):
        async with limiter.turn():
            pass
    assert 0.03 <= limiter.throttled <= 0.06


async def test_messages_about_trouble_are_few(logs: list[str]) -> None:
    limiter = RequestLimiter(4)

    def swing() -> None:
        limiter.struggled(limiter._slots.generation)
        while limiter.limit < 4:
            limiter.succeeded(limiter._slots.generation)

    for _ in range(20):
        swing()
    assert len([line for line in logs if "The API" in line]) == 2
    limiter._silent_until = 0
    swing()
    assert len([line for line in logs if "The API" in line]) == 4


def _metrics(client: ApiClient) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(client.traffic)
    lines = generate_latest(registry).decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples if "_created" not in name}
