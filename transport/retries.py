"""Ocean's retrying transport with a loop of our own: what, how often and how long."""

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import httpx
from port_ocean.helpers.monitor.monitor import get_monitor
from port_ocean.helpers.retry import RetryConfig, RetryTransport

import log_lines
from errors import RequestError
from transport.complete_responses import CompleteResponses, TransportContext
from transport.exchange import Exchange
from transport.outages import Inquiry
from transport.rate_limits import backoff, is_limit, is_transient, remaining, wait_asked_for

# Seconds that who gives up waits for an answer that is given once: a stop takes no longer.
GRACE = 2.0

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

type Send = Callable[..., Coroutine[Any, Any, httpx.Response]]
type Rescue = Callable[[httpx.Response], None]


class ApiRetryTransport(RetryTransport):
    """Ocean's transport, in place of whose own there are `connections`."""

    def __init__(
        self,
        wrapped_transport: httpx.AsyncBaseTransport,
        *,
        retry_config: RetryConfig | None = None,
        logger: Any = None,
        connections: Sequence[httpx.AsyncBaseTransport],
        context: TransportContext,
    ) -> None:
        complete = CompleteResponses(connections, context)
        super().__init__(complete, retry_config=retry_config, logger=logger)
        self._context = context

    def handle_async_request(self, request: httpx.Request) -> Coroutine[Any, Any, httpx.Response]:
        sending = super().handle_async_request(request)
        rescue = Exchange.of(request).rescue
        return self._rescued(sending, rescue) if rescue else sending

    async def _rescued(
        self, sent: Coroutine[Any, Any, httpx.Response], rescue: Rescue
    ) -> httpx.Response:
        """Return the answer, which `rescue` gets where nobody waits for it any more."""
        sending = asyncio.ensure_future(sent)
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=GRACE)
            if sending.done() and not sending.cancelled() and not sending.exception():
                rescue(sending.result())
            raise
        finally:
            sending.cancel()

    async def _retry_operation_async(
        self, request: httpx.Request, send_method: Send
    ) -> httpx.Response:
        """Return the answer, or the last one where repeats are of no use any more.

        Raises:
            httpx.HTTPError: the last attempt got no answer.
            RequestError: it was not sent, or the API asks for too long a wait.
        """
        notes = Exchange.of(request)
        outcome: httpx.Response | httpx.HTTPError | None = None
        with self._context.outages.inquiry(notes.template, is_first=notes.is_first) as inquiry:
            for attempt in itertools.count(1):
                if not await inquiry.is_admitted():
                    self._context.traffic.skipped += outcome is None
                    break
                try:
                    outcome = await send_method(request)
                    outcome.request = request
                except httpx.HTTPError as error:
                    outcome = error
                if _is_final(outcome):
                    if Exchange.of(outcome).large_body is None:
                        inquiry.answered(succeeded=outcome.status_code < 400)
                    break
                if not _may_be_repeated(request, outcome):
                    inquiry.failed()
                    break
                wait = await self._wait_after(outcome, attempt, inquiry)
                if wait is None:
                    break
                self._prepare_repeat(request, outcome, wait)
                await asyncio.sleep(wait)
        return _given(outcome, inquiry)

    async def _wait_after(
        self, outcome: httpx.Response | httpx.HTTPError, attempt: int, inquiry: Inquiry
    ) -> float | None:
        if isinstance(outcome, httpx.HTTPError):
            return await inquiry.wait_after(attempt, None)
        status = outcome.status_code
        try:
            asked = wait_asked_of(outcome.headers, status, self._context)
        except RequestError:
            inquiry.failed()
            raise
        return await inquiry.wait_after(
            attempt, asked or (backoff(attempt) if is_limit(status) else None)
        )

    def _prepare_repeat(
        self, request: httpx.Request, outcome: httpx.Response | httpx.HTTPError, wait: float
    ) -> None:
        self._context.traffic.retries += 1
        replace(Exchange.of(request), is_repeat=True).attach_to(request)
        if not wait:
            # It waits with others, of whose outage the log tells.
            return
        cause = (
            f"answered {outcome.status_code}"
            if isinstance(outcome, httpx.Response)
            else type(outcome).__name__
        )
        log_lines.few("trying again").warning(
            f"{request.method} {self._context.redactor.url(request.url)}: {cause}, "
            f"trying again in {wait:.1f} s"
        )

    async def _log_response_size_async(
        self, request: httpx.Request, response: httpx.Response
    ) -> None:
        monitor = get_monitor()
        if monitor.current_tracking_kind:
            monitor.record_response_size(len(response.content))


def wait_asked_of(
    headers: Mapping[str, str],
    status: int,
    context: TransportContext,
    *,
    is_refused: bool = False,
) -> float | None:
    """Return the seconds that the API wants, if it says so; all others wait at a spent limit.

    Inputs: `headers` and `status` of the answer. With `is_refused`, it is a refusal under any
    status: then headers tell whether a limit is spent.

    Raises:
        RequestError: the API asks to wait longer than `maxRetryWait`.
    """
    is_spent = is_limit(status) or (is_refused and remaining(headers) == 0)
    asked = wait_asked_for(headers, is_spent=is_spent)
    if not asked:
        return None
    longest = context.policy.max_wait
    if asked > longest:
        raise RequestError(
            f"the API answered {status} and asks to wait {asked:.0f} s",
            advice=f"maxRetryWait is {longest:.0f} s",
        )
    if is_spent:
        context.limiter.pause(asked)
    # A little later than asked, so that clocks that differ do not cost another refusal.
    return asked + random.uniform(0, 0.1 + asked / 100)  # noqa: S311 (no secret)


def _is_final(outcome: httpx.Response | httpx.HTTPError) -> TypeGuard[httpx.Response]:
    """Return whether it is an answer that no repeat would change."""
    return isinstance(outcome, httpx.Response) and not is_transient(
        outcome.status_code, outcome.headers
    )


def _may_be_repeated(request: httpx.Request, outcome: httpx.Response | httpx.HTTPError) -> bool:
    """Return whether the API did not act on a request, or may act on it once more."""
    if not Exchange.of(request).is_once:
        return True
    if isinstance(outcome, httpx.Response):
        return is_limit(outcome.status_code)
    return isinstance(outcome, _NEVER_SENT)


def _given(outcome: httpx.Response | httpx.HTTPError | None, inquiry: Inquiry) -> httpx.Response:
    """Return the last answer, or raise what there was in its place."""
    if outcome is None:
        raise inquiry.refusal()
    if isinstance(outcome, httpx.HTTPError):
        raise outcome
    return outcome
