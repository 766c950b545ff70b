"""Between those who read pages and Ocean, who takes batches: neither waits for the other."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

# Mapping costs a fixed amount for each batch, and Ocean diffs none below 11 entities. For a larger
# one, Ocean opens more connections to Port at once, and each costs the others time.
SMALLEST_BATCH = 200
LARGEST_BATCH = 400
# Bytes of JSON; as objects they take about six times as much.
_LARGEST_BATCH_SIZE = 4_000_000
_ROOM_SIZE = 8_000_000
_ROOM_ITEMS = 4000


class BatchBuffer:
    """Collects items of any number of producers into batches for one consumer.

    A batch has at least `SMALLEST_BATCH` items, unless they are the last ones or very large, and
    at most `LARGEST_BATCH`. Producers wait while there is no room.
    """

    def __init__(self) -> None:
        self._portions: deque[tuple[list[Any], int]] = deque()
        self._items = 0
        self._size = 0
        self._has_ended = False
        self._has_room = asyncio.Event()
        self._has_batch = asyncio.Event()
        self._update()

    async def put(self, items: list[Any], size: int) -> None:
        """Add items that took so many bytes of JSON, as soon as there is room."""
        while not self._has_room.is_set():
            await self._has_room.wait()
        if items:
            self._add(items, size)

    def end(self) -> None:
        """Let the batches end, once they have given the items that are here."""
        self._has_ended = True
        self._update()

    async def batches(self) -> AsyncGenerator[list[Any]]:
        """Give batches, until the end."""
        while True:
            await self._has_batch.wait()
            batch = self._take()
            if not batch:
                return
            yield batch

    def _add(self, items: list[Any], size: int) -> None:
        self._portions.append((items, size))
        self._items += len(items)
        self._size += size
        self._update()

    def _take(self) -> list[Any]:
        batch: list[Any] = []
        taken = 0
        while self._portions and len(batch) < LARGEST_BATCH and taken < _LARGEST_BATCH_SIZE:
            items, size = self._portions.popleft()
            room = LARGEST_BATCH - len(batch)
            if len(items) > room:
                left = size * (len(items) - room) // len(items)
                self._portions.appendleft((items[room:], left))
                items, size = items[:room], size - left
            batch += items
            taken += size
        self._items -= len(batch)
        self._size -= taken
        self._update()
        return batch

    def _update(self) -> None:
        _let(self._has_room, self._items < _ROOM_ITEMS and self._size < _ROOM_SIZE)
        is_enough = self._items >= SMALLEST_BATCH or self._size >= _LARGEST_BATCH_SIZE
        _let(self._has_batch, is_enough or self._has_ended)


def _let(event: asyncio.Event, happened: bool) -> None:
    if happened:
        event.set()
    else:
        event.clear()
