"""A bounded queue between tasks that can be ended, which all of its readers see."""

import asyncio


class Channel[T]:
    """Holds up to `room` items; writers wait while it is full, readers while it is empty."""

    def __init__(self, room: int) -> None:
        self._items: asyncio.Queue[T | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)

    async def put(self, item: T) -> None:
        """Add an item, as soon as there is room."""
        await self._room.acquire()
        self._items.put_nowait(item)

    def end(self) -> None:
        """There will be no more items; those that are here can still be had."""
        self._items.put_nowait(None)

    async def get(self) -> T | None:
        """The next item; None at the end, however often it is asked."""
        item = await self._items.get()
        if item is None:
            self.end()
        else:
            self._room.release()
        return item
