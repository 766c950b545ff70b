"""Batches for Ocean: not too small, not too large, nothing lost or twice, room for no more."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading import batching
from reading.batching import LARGEST_BATCH, SMALLEST_BATCH, BatchBuffer

PORTIONS = st.lists(
    st.tuples(st.integers(0, 2500), st.integers(0, 3_000_000)), min_size=0, max_size=12
)


@given(portions=PORTIONS, producers=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_every_item_once_in_batches_that_suit(
    portions: list[tuple[int, int]], producers: int
) -> None:
    async def run() -> None:
        buffer = BatchBuffer()

        async def produce(number: int) -> None:
            for index, (count, size) in list(enumerate(portions))[number::producers]:
                await buffer.put([(index, item) for item in range(count)], size)

        async def produce_all() -> None:
            await asyncio.gather(*(produce(number) for number in range(producers)))
            buffer.end()

        producing = asyncio.create_task(produce_all())
        batches = [batch async for batch in buffer.batches()]
        await producing
        found = [item for batch in batches for item in batch]
        expected = [(i, item) for i, (count, _) in enumerate(portions) for item in range(count)]
        assert sorted(found) == expected
        for index in range(len(portions)):
            assert [item for item in found if item[0] == index] == [
                item for item in expected if item[0] == index
            ]
        assert all(len(batch) <= LARGEST_BATCH for batch in batches)

    asyncio.run(run())


async def test_small_portions_become_a_batch_and_the_rest_comes_at_the_end() -> None:
    buffer = BatchBuffer()
    for number in range(SMALLEST_BATCH + 3):
        if number < SMALLEST_BATCH - 1:
            assert not buffer._has_batch.is_set()
        await buffer.put([number], 10)
    batches = buffer.batches()
    assert await anext(batches) == list(range(SMALLEST_BATCH + 3))
    await buffer.put(["last"], 10)
    buffer.end()
    assert [batch async for batch in batches] == [["last"]]


async def test_very_large_items_make_smaller_batches() -> None:
    buffer = BatchBuffer()
    taking = asyncio.create_task(_collected(buffer))
    for number in range(20):
        await buffer.put([number], 1_000_000)
    buffer.end()
    sizes = [len(batch) for batch in await taking]
    assert sum(sizes) == 20
    assert max(sizes) <= batching._ROOM_SIZE // 1_000_000


async def test_producers_wait_while_nobody_takes() -> None:
    buffer = BatchBuffer()
    put = 0

    async def produce() -> None:
        nonlocal put
        while True:
            await buffer.put([1] * 500, 1)
            put += 500

    producer = asyncio.create_task(produce())
    await asyncio.sleep(0.01)
    before = put
    assert before == batching._ROOM_ITEMS
    assert len(await anext(buffer.batches())) == LARGEST_BATCH
    await asyncio.sleep(0.01)
    assert before < put < before + LARGEST_BATCH + 500
    producer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await producer


async def _collected(buffer: BatchBuffer) -> list[list[object]]:
    return [batch async for batch in buffer.batches()]
