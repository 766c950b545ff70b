"""How many requests a reading takes, how many are under way at once, and when they are sent."""

import asyncio
from typing import Any

import pytest

from tests.whole.performance.conftest import Batch, Read, Served
from tools.benchmarks.workloads.jobs import listing, paged, things

PAGES = 12


def items(batches: list[Batch]) -> int:
    return sum(map(len, batches))


@pytest.mark.parametrize(
    "style, most",
    # Where pages are counted, one more request asks whether anything follows the last full one.
    [("total", PAGES + 1), ("cursor", PAGES), ("link", PAGES), ("plain", PAGES + 1)],
)
async def test_no_page_is_asked_for_twice(
    served: Served, read: Read, style: str, most: int
) -> None:
    job = paged(f"{served.url}/l0", style, f"/pages/{style}/{PAGES}/50", page_size=50)
    batches = await _read(read, job)
    assert items(batches) == PAGES * 50
    assert PAGES <= served.statistics.requests <= most


async def test_nested_endpoints_use_every_connection_and_no_more(
    served: Served, read: Read
) -> None:
    batches = await read(
        f"{served.url}/l5",
        things(120, 3),
        pagination_type="page",
        page_size=50,
        max_concurrent_requests=6,
    )
    assert items(batches) == 120 * 3
    assert served.statistics.requests == 120 + 3
    assert served.statistics.peak == 6


async def test_five_resources_of_one_endpoint_are_one_reading(served: Served, read: Read) -> None:
    job = paged(f"{served.url}/l0", "cursor", f"/pages/cursor/{PAGES}/50")
    job["resources"] *= 5
    assert items(await _read(read, job)) == 5 * PAGES * 50
    assert served.statistics.requests == PAGES


async def test_small_endpoints_are_handed_over_together(served: Served, read: Read) -> None:
    batches = await read(f"{served.url}/l0", things(300, 4), pagination_type="page")
    assert items(batches) == 1200
    assert all(200 <= len(batch) <= 1000 for batch in batches[:-1])


async def test_large_pages_are_handed_over_in_parts(served: Served, read: Read) -> None:
    path = "/pages/cursor/2/3500"
    batches = await read(f"{served.url}/l0", listing(path), pagination_type="cursor")
    assert items(batches) == 7000
    assert max(map(len, batches)) <= 1000


async def test_reading_goes_ahead_of_a_slow_consumer_but_not_far(
    served: Served, read: Read
) -> None:
    seen: list[int] = []

    async def stall(batch: Batch) -> None:
        if not seen:
            seen.append(await _settled(served))

    path = "/pages/cursor/200/250"
    batches = await read(
        f"{served.url}/l0",
        listing(path),
        consume=stall,
        pagination_type="cursor",
        max_concurrent_requests=4,
    )
    assert items(batches) == 200 * 250
    assert 2 <= seen[0] <= 40


async def _settled(served: Served) -> int:
    """The number of requests once no more are sent."""
    before = -1
    while before != served.statistics.requests:
        before = served.statistics.requests
        await asyncio.sleep(0.2)
    return before


async def _read(read: Read, job: dict[str, Any]) -> list[Batch]:
    settings = dict(job["settings"])
    return await read(settings.pop("base_url"), *job["resources"], **settings)
