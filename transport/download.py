"""Receives a large body into a spool, and goes on where it breaks off."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

import log_lines
from errors import RequestError, ResponseError
from redaction import Redactor
from statuses import PASSING, meaning_of
from transport.decoding import decoded
from transport.diagnosis import explain
from transport.outages import RetryBudget
from transport.rate_limits import RetryPolicy, backoff
from transport.spool import CHUNK, Spool

INCOMPLETE = "the answer was not complete in time"


class Download:
    """One large body on its way into `spool`.

    Inputs: `send` asks the API for the same body again; `place` is the request without secrets, for
    the log; the timeout of the `policy` holds for each time, which the `budget` pays for. What
    arrives again must be what is there: else the error says so, because readers may have handed it
    on.
    """

    def __init__(
        self,
        send: Callable[[], Awaitable[httpx.Response]],
        place: str,
        policy: RetryPolicy,
        budget: RetryBudget,
        redactor: Redactor,
    ) -> None:
        self.spool = Spool()
        self._send = send
        self._place = place
        self._policy = policy
        self._budget = budget
        self._redactor = redactor

    async def run(
        self, response: httpx.Response, chunks: AsyncIterator[bytes], deadline: float
    ) -> None:
        """Receive to the end; `chunks` is the body of `response`, from its start.

        Raises:
            RequestError: it broke off, and trying again did not help.
            ResponseError: it cannot be decoded, or was another one the second time.
        """
        for attempt in itertools.count(1):
            try:
                async with asyncio.timeout_at(deadline):
                    if attempt > 1:
                        response = await self._ask_again()
                        chunks = decoded(response)
                    await self._take(chunks)
                return
            except (httpx.TransportError, TimeoutError) as error:
                await self._wait_after(error, attempt)
            except httpx.DecodingError as error:
                raise ResponseError(f"the body cannot be decoded: {error}") from None
            finally:
                await response.aclose()
            deadline = asyncio.get_running_loop().time() + self._policy.timeout

    async def _ask_again(self) -> httpx.Response:
        response = await self._send()
        if response.is_success:
            return response
        await response.aclose()
        answered = f"the body broke off, and then the API answered {response.status_code}"
        if meaning_of(response.status_code) in PASSING:
            raise httpx.RemoteProtocolError(answered)
        raise RequestError(answered)

    async def _take(self, chunks: AsyncIterator[bytes]) -> None:
        position = 0
        async for chunk in _larger(chunks):
            known = min(len(chunk), self.spool.size - position)
            if known > 0:
                await self.spool.check(position, chunk[:known])
            if known < len(chunk):
                await self.spool.append(chunk[max(known, 0) :])
            position += len(chunk)
        if position < self.spool.size:
            raise httpx.RemoteProtocolError("the body ended earlier than the time before")

    async def _wait_after(self, error: Exception, attempt: int) -> None:
        cause = httpx.ReadTimeout(INCOMPLETE) if isinstance(error, TimeoutError) else error
        if attempt > self._policy.max_retries or not self._budget.spend():
            raise explain(cause, self._policy.timeout, self._redactor) from None
        wait = backoff(attempt)
        log_lines.few("the body broke off, trying again").warning(
            f"{self._place}: the body broke off after {self.spool.size} bytes "
            f"({type(cause).__name__}), trying again in {wait:.1f} s"
        )
        await asyncio.sleep(wait)


async def chain(start: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the chunks of a body whose start was already read."""
    yield start
    async for chunk in rest:
        yield chunk


async def _larger(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the same bytes in fewer chunks, because each is handled in a thread."""
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= CHUNK:
                yield b"".join(parts)
                parts, size = [], 0
    except httpx.TransportError:
        # What has arrived need not arrive again.
        yield b"".join(parts)
        raise
    yield b"".join(parts)
