"""One exchange with the API: a request in its turn, and the whole answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx

from errors import EndpointError, RequestError, ResponseError
from redaction import Redactor
from transport.connections import SMALL
from transport.diagnosis import tls_refusal
from transport.download import INCOMPLETE, Download, chain
from transport.rate_limits import RequestGate
from transport.retries import RetryPolicy
from transport.traffic import Traffic

# The extension of a response under which a large body is.
LARGE_BODY = "ocean_custom_large_body"
# The extension of a request that is sent again.
REPEAT = "ocean_custom_repeat"
# Of a large body, so much is at hand at once, for messages.
_EXCERPT = 65_536
# Rounds of the event loop from a turn to the wire: one to wake up who waits, one for each of two
# locks in httpcore, and one in anyio.
_STEPS_TO_SEND = 4
# The header that h11 refuses, as bytes; it may be a credential.
_QUOTED = re.compile(r" b['\"].*", re.DOTALL)


class CompleteResponses(httpx.AsyncBaseTransport):
    """Sends one request when the gate lets it, and reads the whole body before returning.

    Reading here, inside of the retries, makes a body that breaks off a failure like any other.
    `timeout`, in seconds, holds for the whole exchange, so that a body that drips cannot hang.

    A large body is returned as soon as it is known to be large: it comes as a `Spool` in the
    response's extensions, which goes on to fill, and asks again where the body breaks off.

    `transports` are as many as there are turns. Each request in flight has one for itself, because
    httpcore looks at all connections of a pool whenever a request begins or ends.
    """

    def __init__(
        self,
        transports: Sequence[httpx.AsyncBaseTransport],
        *,
        gate: RequestGate,
        timeout: float,
        policy: RetryPolicy,
        redactor: Redactor,
        traffic: Traffic,
    ) -> None:
        self._transports = tuple(transports)
        # The last one used comes first again, while its connection is warm.
        self._idle = list(transports)
        self._gate = gate
        self._timeout = timeout
        self._policy = policy
        self._redactor = redactor
        self._traffic = traffic

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with AsyncExitStack() as turn:
            generation = await turn.enter_async_context(self._gate.turn())
            try:
                response = await self._exchange(request, turn)
            except (httpx.HTTPError, EndpointError, OSError) as error:
                self._judge_failure(error, request, generation)
                raise
            self._judge(response.status_code, request, generation)
        self._gate.heed(response.headers, self._policy.max_wait)
        # Who waits for this turn sends its request before this answer is looked at.
        for _ in range(_STEPS_TO_SEND):
            await asyncio.sleep(0)
        return response

    def _judge(self, status: int, request: httpx.Request, generation: int) -> None:
        self._traffic.answered(status)
        if status == 429 or (status == 503 and REPEAT not in request.extensions):
            self._gate.struggled(generation)
        elif status < 500:
            self._gate.succeeded(generation)

    def _judge_failure(self, error: Exception, request: httpx.Request, generation: int) -> None:
        is_timeout = isinstance(error, httpx.TimeoutException)
        self._traffic.requests["timeout" if is_timeout else "error"] += 1
        # That it is too slow or broken again says more about this request than about the load.
        if is_timeout and REPEAT not in request.extensions:
            self._gate.struggled(generation)

    async def _exchange(self, request: httpx.Request, turn: AsyncExitStack) -> httpx.Response:
        transport = self._idle.pop()
        turn.callback(self._idle.append, transport)
        try:
            return await self._receive(transport, request, turn)
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

    async def _receive(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request, turn: AsyncExitStack
    ) -> httpx.Response:
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with asyncio.timeout_at(deadline):
            response = await transport.handle_async_request(request)
            if response.is_closed:
                return response
            # However it ends: a connection that nobody closes would hold up all later requests.
            turn.push_async_callback(response.aclose)
            chunks = response.aiter_bytes()
            start, is_whole = await _start_of(chunks)
        if is_whole or not response.is_success:
            return _with_content(response, start)
        download = Download(
            lambda: transport.handle_async_request(request),
            place=f"{request.method} {self._redactor.url(request.url)}",
            timeout=self._timeout,
            policy=self._policy,
            redactor=self._redactor,
        )
        # The connection stays in use, and so does its turn, until the body has arrived.
        receiving = download.run(response, chain(start, chunks), deadline)
        download.spool.fill(_holding(turn.pop_all(), receiving))
        # Until it has begun, cancelling it would not give the turn back.
        await asyncio.sleep(0)
        return _with_content(response, start[:_EXCERPT], {LARGE_BODY: download.spool})

    async def aclose(self) -> None:
        for transport in self._transports:
            await transport.aclose()


async def _start_of(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The body up to where it is large, and whether that is all of it."""
    parts = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > SMALL:
            return b"".join(parts), False
    return b"".join(parts), True


def _with_content(
    response: httpx.Response, content: bytes, extensions: Mapping[str, Any] | None = None
) -> httpx.Response:
    """The same answer with this body, already decoded."""
    headers = response.headers.copy()
    for name in ("content-encoding", "content-length", "transfer-encoding"):
        headers.pop(name, None)
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=content,
        extensions={**response.extensions, **(extensions or {})},
    )


async def _holding(turn: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    async with turn:
        await work
