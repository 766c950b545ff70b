"""Sends requests before it is their turn, where a total tells what they will be."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from api_messages import ApiRequest, ApiResponse

type Fetch = Callable[[ApiRequest], Awaitable[ApiResponse]]


class Allowance:
    """The number of responses that may be fetched ahead at once, over a resource's endpoints."""

    def __init__(self, left: int) -> None:
        self.left = left


class FetchAhead:
    """Fetches for one endpoint; responses wait here until they are asked for.

    What was fetched and is never asked for was a wrong guess: then nothing more is guessed. An
    error of a request belongs to who asks for it.
    """

    def __init__(self, fetch: Fetch, allowance: Allowance) -> None:
        self._fetch = fetch
        self._allowance = allowance
        self._waiting: dict[str, asyncio.Task[ApiResponse]] = {}
        self._is_trusted = True

    @property
    def room(self) -> range:
        """The coming requests that may be sent now, by their places, the next one being at 0."""
        sent = len(self._waiting)
        return range(sent, sent + self._allowance.left) if self._is_trusted else range(0)

    def send(self, requests: Sequence[ApiRequest]) -> None:
        """Send requests that are expected, in their order."""
        for request in requests:
            identity = request.identity
            if identity not in self._waiting and self._allowance.left > 0:
                self._allowance.left -= 1
                self._waiting[identity] = asyncio.create_task(self._run(request))

    def fetch(self, request: ApiRequest) -> Awaitable[ApiResponse]:
        """Return an awaitable of the response to a request, which may be here already."""
        # Most requests were not sent before; theirs is no detour.
        return self._take(request) if self._waiting else self._fetch(request)

    async def _take(self, request: ApiRequest) -> ApiResponse:
        task = self._waiting.pop(request.identity, None)
        if task is None:
            await self.close()
            return await self._fetch(request)
        try:
            return await task
        finally:
            self._allowance.left += 1
            # It runs on only when who waited for it was cancelled.
            task.cancel()

    async def close(self) -> None:
        """Give up what was not asked for."""
        self._is_trusted = False
        tasks = list(self._waiting.values())
        self._waiting.clear()
        self._allowance.left += len(tasks)
        await _cancel(tasks)

    async def _run(self, request: ApiRequest) -> ApiResponse:
        return await self._fetch(request)


async def _cancel(tasks: list[asyncio.Task[ApiResponse]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, ApiResponse) and outcome.large:
            outcome.large.abandon()
