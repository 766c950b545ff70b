"""Ocean's retries with this integration's rules for what, how often and how long."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
from loguru import logger
from port_ocean.helpers.monitor.monitor import get_monitor
from port_ocean.helpers.retry import RetryConfig, RetryTransport

from errors import RequestError
from transport.complete_responses import CompleteResponses, TransportContext
from transport.exchange import Exchange
from transport.rate_limits import backoff, is_limit, is_transient, remaining, wait_asked_for

# Seconds that who gives up waits for an answer that is given once: a stop takes no longer.
_GRACE = 2.0


class ApiRetryTransport(RetryTransport):
    """Ocean's retry loop, in place of whose transport there are `connections`."""

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

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        rescue = Exchange.of(request).rescue
        if rescue is None:
            return await super().handle_async_request(request)
        sending = asyncio.ensure_future(super().handle_async_request(request))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=_GRACE)
            if sending.done() and not sending.cancelled() and not sending.exception():
                rescue(sending.result())
            raise
        finally:
            sending.cancel()

    async def before_retry_async(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        sleep_time: float,
        attempt: int,
    ) -> httpx.Request | None:
        self._context.traffic.retries += 1
        replace(Exchange.of(request), is_repeat=True).attach_to(request)
        return None

    async def _should_retry_async(self, response: httpx.Response) -> bool:
        return is_transient(response)

    def _calculate_sleep(
        self,
        attempts_made: int,
        headers: httpx.Headers | Mapping[str, str],
        status_code: int | None = None,
    ) -> float:
        return wait_before(attempts_made, headers, status_code, self._context)

    def _log_before_retry(
        self,
        request: httpx.Request,
        sleep_time: float,
        response: httpx.Response | None,
        error: Exception | None,
    ) -> None:
        cause = f"answered {response.status_code}" if response else type(error).__name__
        logger.warning(
            f"{request.method} {self._context.redactor.url(request.url)}: {cause}, "
            f"trying again in {sleep_time:.1f} s"
        )

    def _log_error(self, request: httpx.Request, error: Exception | None) -> None:
        """Log nothing: the client reports failures, and Ocean's line would hold the whole URL."""

    async def _log_response_size_async(
        self, request: httpx.Request, response: httpx.Response
    ) -> None:
        monitor = get_monitor()
        if monitor.current_tracking_kind:
            monitor.record_response_size(len(response.content))


def wait_before(
    attempt: int,
    headers: Mapping[str, str],
    status: int | None,
    context: TransportContext,
    *,
    is_refused: bool = False,
) -> float:
    """Return the seconds until a request is sent again, and pause all others at a spent limit.

    Inputs: `attempt` counts from 1; `headers` and `status` of the answer. With `is_refused`, the
    answer says so under any status: then headers tell whether a limit is spent.

    Raises:
        RequestError: the API asks to wait longer than `maxRetryWait`.
    """
    is_spent = is_limit(status) or (is_refused and remaining(headers) == 0)
    asked = wait_asked_for(headers, is_spent=is_spent)
    if not asked:
        return backoff(attempt)
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
