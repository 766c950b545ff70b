"""Events of one item within a short time are one piece of work; the last one decides."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from live_events.coalescing import Coalescer


@dataclass(frozen=True)
class Piece:
    key: str
    number: int = 0
    is_exclusive: bool = False
    group: str = "all"


class Workshop:
    """Notes what is worked on, and lets a test decide how long it takes."""

    def __init__(self, window: float = 0.01, at_once: int = 10) -> None:
        self.begun: list[Piece] = []
        self.ended: list[Piece] = []
        self.most = 0
        self.seconds = 0.0
        self.coalescer: Coalescer[Piece] = Coalescer(self._work, window=window, at_once=at_once)

    async def _work(self, piece: Piece) -> None:
        self.begun.append(piece)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        await asyncio.sleep(self.seconds)
        self.ended.append(piece)

    async def idle(self) -> None:
        while self.coalescer.size:  # noqa: ASYNC110  # of no use to anything but tests
            await asyncio.sleep(0.001)


async def test_a_burst_is_one_piece_of_work_and_the_last_one_decides() -> None:
    shop = Workshop()
    for number in range(50):
        shop.coalescer.submit(Piece("a", number))
    shop.coalescer.submit(Piece("b"))
    await shop.idle()
    assert sorted(shop.begun, key=lambda piece: piece.key) == [Piece("a", 49), Piece("b")]


async def test_a_steady_stream_does_not_put_the_work_off() -> None:
    shop = Workshop(window=0.02)
    for number in range(20):
        shop.coalescer.submit(Piece("a", number))
        await asyncio.sleep(0.005)
    assert len(shop.begun) >= 2
    await shop.idle()
    assert shop.begun[-1] == Piece("a", 19)


async def test_what_comes_during_the_work_causes_one_more_round() -> None:
    shop = Workshop(window=0)
    shop.seconds = 0.03
    shop.coalescer.submit(Piece("a", 1))
    await asyncio.sleep(0.01)
    for number in (2, 3):
        shop.coalescer.submit(Piece("a", number))
    await shop.idle()
    assert shop.begun == [Piece("a", 1), Piece("a", 3)]
    assert shop.most == 1


async def test_an_exclusive_one_waits_for_what_was_under_way_in_its_group() -> None:
    shop = Workshop(window=0)
    shop.seconds = 0.1
    shop.coalescer.submit(Piece("a"))
    shop.coalescer.submit(Piece("b", group="other"))
    while len(shop.begun) < 2:  # noqa: ASYNC110  # of no use to anything but tests
        await asyncio.sleep(0.001)
    shop.seconds = 0
    shop.coalescer.submit(Piece("c", is_exclusive=True))
    await shop.idle()
    assert shop.ended.index(Piece("c", is_exclusive=True)) > shop.ended.index(Piece("a"))


async def test_an_older_one_does_not_replace_what_waits() -> None:
    shop = Workshop()
    shop.coalescer.submit(Piece("a", 2))
    shop.coalescer.submit_older(Piece("a", 1))
    shop.coalescer.submit_older(Piece("b", 1))
    await shop.idle()
    assert set(shop.begun) == {Piece("a", 2), Piece("b", 1)}


async def test_the_end_does_not_wait_for_the_window_nor_for_ever() -> None:
    shop = Workshop(window=60)
    shop.coalescer.submit(Piece("a"))
    await asyncio.sleep(0)
    assert await shop.coalescer.drain(5) == 0
    assert shop.ended == [Piece("a")]
    shop.seconds = 60
    shop.coalescer.submit(Piece("b"))
    assert await shop.coalescer.drain(0.05) == 1
    assert shop.coalescer.size == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0, 0, 0.002, 0.006]), st.booleans()),
        max_size=25,
    ),
    st.integers(1, 3),
)
def test_the_last_of_each_key_is_always_worked_on_last(
    stream: list[tuple[str, float, bool]], at_once: int
) -> None:
    async def run() -> None:
        shop = Workshop(window=0.003, at_once=at_once)
        shop.seconds = 0.002
        for number, (key, pause, is_exclusive) in enumerate(stream):
            shop.coalescer.submit(Piece(key, number, is_exclusive))
            await asyncio.sleep(pause)
        await asyncio.wait_for(shop.idle(), 10)
        assert shop.most <= at_once
        for key in {key for key, _, _ in stream}:
            last = max(number for number, (other, _, _) in enumerate(stream) if other == key)
            assert [p.number for p in shop.ended if p.key == key][-1] == last

    asyncio.run(run())
