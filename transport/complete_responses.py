"""One attempt at a request: it waits for its turn, is sent, and is answered as a whole."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from errors import EndpointError, RequestError, ResponseError
from redaction import Redactor
from statuses import Meaning, Situation, meaning_of
from transport.connections import SMALL
from transport.decoding import decoded
from transport.diagnosis import proxy_refusal, tls_refusal
from transport.download import INCOMPLETE, Download, chain
from transport.exchange import Exchange
from transport.outages import Outages
from transport.rate_limits import RetryPolicy
from transport.request_limiter import RequestLimiter
from transport.session_headers import SessionHeaders
from transport.spool import Spool
from transport.traffic import Traffic

# Of a large body, so much is at hand at once, for messages.
_EXCERPT = 65_536
# Rounds of the event loop from a turn to the wire: one to wake up who waits, one for each of two
# locks in httpcore, and one in anyio.
_STEPS_TO_SEND = 4
# The header that h11 refuses, as bytes; it may be a credential.
_QUOTED = re.compile(r" b['\"].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TransportContext:
    """The limits, counts, secrets and outages that all requests of one instance share.

    `session` are the headers that answers bring for the next request; None where there are none.
    """

    policy: RetryPolicy
    limiter: RequestLimiter
    traffic: Traffic
    outages: Outages
    redactor: Redactor
    session: SessionHeaders | None = None


class CompleteResponses(httpx.AsyncBaseTransport):
    """A transport that sends a request in its turn, and reads the whole body before returning.

    Reading here, inside of the retries, makes a body that breaks off a failure like any other. The
    policy's timeout holds for the whole exchange, so that a body that drips cannot hang.

    A large body is returned as soon as it is known to be large: it comes as a `Spool` in the
    answer's `Exchange`, which goes on to fill, and asks again where the body breaks off.

    `connections` are as many as there are turns. Each request in flight has one for itself, because
    httpcore looks at all connections of a pool whenever a request begins or ends.
    """

    def __init__(
        self, connections: Sequence[httpx.AsyncBaseTransport], context: TransportContext
    ) -> None:
        self._connections = tuple(connections)
        # The last one used comes first again, while its connection is warm.
        self._idle = list(connections)
        self._context = context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        policy, limiter = self._context.policy, self._context.limiter
        async with AsyncExitStack() as turn:
            generation = await turn.enter_async_context(limiter.turn())
            connection = self._idle.pop()
            turn.callback(self._idle.append, connection)
            try:
                with _explaining():
                    deadline = asyncio.get_running_loop().time() + policy.timeout
                    async with asyncio.timeout_at(deadline):
                        # In its turn: the answer before may have brought what this one carries.
                        response = await self._send(connection, request)
                        answer, large = await _received(response, turn)
                    if large:
                        download = self._download(connection, request)
                        Exchange(large_body=download.spool).attach_to(answer)
                        receiving = self._noted(download.run(response, large, deadline), request)
                        await _go_on(download.spool, receiving, turn)
            except (httpx.HTTPError, EndpointError, OSError) as error:
                self._judge_failure(error, request, generation)
                raise
            self._judge(answer.status_code, request, generation)
            is_awaited = limiter.is_awaited
        limiter.heed(answer.headers, policy.max_wait)
        # Who waits for this turn sends its request before this answer is looked at.
        for _ in range(_STEPS_TO_SEND if is_awaited else 0):
            await asyncio.sleep(0)
        return answer

    def _send(
        self, connection: httpx.AsyncBaseTransport, request: httpx.Request
    ) -> Awaitable[httpx.Response]:
        """Return what sends a request with what its server gave for it, up to where it answers."""
        send, session = connection.handle_async_request, self._context.session
        return session.send(request, send) if session else send(request)

    def _judge(self, status: int, request: httpx.Request, generation: int) -> None:
        context = self._context
        context.traffic.answered(status)
        is_repeat = Exchange.of(request).is_repeat
        meaning = meaning_of(status, Situation.LOAD_AGAIN if is_repeat else Situation.LOAD)
        if meaning is Meaning.OVERLOAD:
            context.limiter.struggled(generation)
        elif meaning is not Meaning.BROKEN:
            context.limiter.succeeded(generation)

    def _judge_failure(self, error: Exception, request: httpx.Request, generation: int) -> None:
        context = self._context
        is_timeout = isinstance(error, httpx.TimeoutException)
        context.traffic.requests["timeout" if is_timeout else "error"] += 1
        # That it is too slow or broken again says more about this request than about the load.
        if is_timeout and not Exchange.of(request).is_repeat:
            context.limiter.struggled(generation)

    def _download(self, connection: httpx.AsyncBaseTransport, request: httpx.Request) -> Download:
        context = self._context
        place = f"{request.method} {context.redactor.url(request.url)}"
        again = partial(self._send, connection, request)
        budget = context.outages.budget
        return Download(again, place, context.policy, budget, context.redactor)

    async def _noted(self, receiving: Coroutine[Any, Any, None], request: httpx.Request) -> None:
        """Receive a body, and take note of how it ends, unless it is given up."""
        outages, template = self._context.outages, Exchange.of(request).template
        try:
            await receiving
        except RequestError:
            outages.received(template, is_whole=False)
            raise
        outages.received(template, is_whole=True)

    async def aclose(self) -> None:
        for connection in self._connections:
            await connection.aclose()


@contextmanager
def _explaining() -> Iterator[None]:
    """Name what is no failure of the network as what it is."""
    try:
        yield
    except TimeoutError:
        raise httpx.ReadTimeout(INCOMPLETE) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise RequestError(
            f"the request cannot be sent: {_QUOTED.sub('', str(error))}",
            advice="look at baseUrl, headers, customHeaders and the credentials, for blanks at "
            "an end too",
        ) from None
    except httpx.DecodingError as error:
        raise ResponseError(f"the body cannot be decoded: {error}") from None
    except httpx.NetworkError as error:
        if refusal := tls_refusal(error):
            raise refusal from None
        raise
    except httpx.ProxyError as error:
        if refusal := proxy_refusal(error):
            raise refusal from None
        raise


async def _received(
    response: httpx.Response, turn: AsyncExitStack
) -> tuple[httpx.Response, AsyncIterator[bytes] | None]:
    """Return the answer, and its body from the start where that is large and still arriving."""
    if response.is_closed:
        return response, None
    # However it ends: a connection that nobody closes would hold up all later requests.
    turn.push_async_callback(response.aclose)
    chunks = decoded(response)
    start, is_whole = await _start_of(chunks)
    if is_whole or not response.is_success:
        return _with_content(response, start), None
    return _with_content(response, start[:_EXCERPT]), chain(start, chunks)


async def _start_of(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """Return the body up to where it is large, and whether that is all of it."""
    parts = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > SMALL:
            return b"".join(parts), False
    return b"".join(parts), True


def _with_content(response: httpx.Response, content: bytes) -> httpx.Response:
    """Return the same answer with this body, already decoded."""
    headers = response.headers.copy()
    for name in ("content-encoding", "content-length", "transfer-encoding"):
        headers.pop(name, None)
    return httpx.Response(
        response.status_code, headers=headers, content=content, extensions=response.extensions
    )


async def _go_on(spool: Spool, receiving: Coroutine[Any, Any, None], turn: AsyncExitStack) -> None:
    """Let a body arrive in the background: its connection stays in use, and so does its turn."""
    spool.fill(_holding(turn.pop_all(), receiving))
    # Until it has begun, cancelling it would not give the turn back.
    await asyncio.sleep(0)


async def _holding(turn: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    async with turn:
        await work
