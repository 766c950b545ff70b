"""Below the client: Ocean's transports with this integration's rules for retries."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from httpx._types import CookieTypes
from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.helpers.monitor.monitor import get_monitor
from port_ocean.helpers.retry import RetryConfig, RetryTransport

from errors import RequestError
from exchange import CompleteResponses
from rate_limits import RequestGate, remaining, reset_after, retry_after
from redaction import Redactor
from retries import TRANSIENT, RetryPolicy, backoff
from settings import ConnectionSettings

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class ApiRetryTransport(RetryTransport):
    """Ocean's retry loop with this integration's rules for what, how often and how long."""

    def __init__(
        self,
        wrapped_transport: httpx.AsyncBaseTransport,
        *,
        retry_config: RetryConfig | None = None,
        logger: Any = None,
        others: Sequence[httpx.AsyncBaseTransport],
        gate: RequestGate,
        policy: RetryPolicy,
        timeout: float,
        redactor: Redactor,
    ) -> None:
        transports = [wrapped_transport, *others]
        complete = CompleteResponses(
            transports, gate=gate, timeout=timeout, policy=policy, redactor=redactor
        )
        super().__init__(complete, retry_config=retry_config, logger=logger)
        self._gate = gate
        self._policy = policy
        self._redactor = redactor

    async def _should_retry_async(self, response: httpx.Response) -> bool:
        return response.status_code in TRANSIENT or _is_rate_limit(response)

    def _calculate_sleep(
        self,
        attempts_made: int,
        headers: httpx.Headers | Mapping[str, str],
        status_code: int | None = None,
    ) -> float:
        asked = _wait_asked_for(headers, status_code)
        if not asked:
            return backoff(attempts_made)
        if asked > self._policy.max_wait:
            raise RequestError(
                f"the API answered {status_code} and asks to wait {asked:.0f} s",
                advice=f"maxRetryWait is {self._policy.max_wait:.0f} s",
            )
        if status_code in (403, 429):
            self._gate.pause(asked)
        # A little later than asked, so that clocks that differ do not cost another refusal.
        return asked + random.uniform(0, 0.1 + asked / 100)  # noqa: S311 (no secret)

    def _log_before_retry(
        self,
        request: httpx.Request,
        sleep_time: float,
        response: httpx.Response | None,
        error: Exception | None,
    ) -> None:
        cause = f"answered {response.status_code}" if response else type(error).__name__
        logger.warning(
            f"{request.method} {self._redactor.url(request.url)}: {cause}, "
            f"trying again in {sleep_time:.1f} s"
        )

    def _log_error(self, request: httpx.Request, error: Exception | None) -> None:
        """The client reports what failed for good; Ocean's line would hold the whole URL."""

    async def _log_response_size_async(
        self, request: httpx.Request, response: httpx.Response
    ) -> None:
        monitor = get_monitor()
        if monitor.current_tracking_kind:
            monitor.record_response_size(len(response.content))


class PrivateRequests(httpx.AsyncBaseTransport):
    """Hands a copy of each request down, because the hosted runtime's IP guard changes it.

    Cookies, repeats after a 401 and error messages then see the address that was asked for.
    """

    def __init__(self, wrapped: httpx.AsyncBaseTransport) -> None:
        self._wrapped = wrapped

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        copy = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=await request.aread(),
            extensions=dict(request.extensions),
        )
        return await self._wrapped.handle_async_request(copy)

    async def aclose(self) -> None:
        await self._wrapped.aclose()


class CookieJar(httpx.Cookies):
    """Passes over answers without cookies, which httpx would build a second request for."""

    def extract_cookies(self, response: httpx.Response) -> None:
        if "set-cookie" in response.headers:
            super().extract_cookies(response)


class ApiHttpClient(OceanAsyncClient):
    """Ocean's client with this integration's transport; redirects are left to the caller."""

    def __init__(self, settings: ConnectionSettings, redactor: Redactor, auth: httpx.Auth) -> None:
        self._jar = CookieJar()
        self._limit = limit = settings.max_concurrent_requests
        options: dict[str, Any] = {} if settings.verify_ssl else {"verify": False}
        super().__init__(
            transport_class=ApiRetryTransport,
            transport_kwargs={
                "gate": RequestGate(limit, settings.max_requests_per_second),
                "policy": RetryPolicy(settings.max_retries, settings.max_retry_wait),
                "timeout": settings.timeout,
                "redactor": redactor,
            },
            retry_config=RetryConfig(
                max_attempts=settings.max_retries,
                retryable_methods=METHODS,
                apply_sync_tier_jitter=False,
            ),
            auth=auth,
            follow_redirects=False,
            timeout=settings.timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            **options,
        )

    @property
    def cookies(self) -> httpx.Cookies:
        """What the API has set; httpx asks for it here."""
        return self._jar

    @cookies.setter
    def cookies(self, cookies: CookieTypes) -> None:
        self._jar = CookieJar(cookies)

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        return _private(super()._init_transport(*args, **self._spread(kwargs)))

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        options = self._spread(kwargs, proxy=args[0])
        return _private(super()._init_proxy_transport(*args, **options))

    def _spread(self, options: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Make the transports beside the one that Ocean makes of the options returned."""
        names = ("verify", "cert", "trust_env")
        # One for all, because each takes 20 ms to read its certificates.
        context = httpx.create_ssl_context(**{name: options[name] for name in names})
        options = {**options, "verify": context, "cert": None}
        own = {name: value for name, value in options.items() if name != "transport"} | more
        others = [httpx.AsyncHTTPTransport(**own) for _ in range(self._limit - 1)]
        self._transport_kwargs = {**(self._transport_kwargs or {}), "others": others}
        return options


def _private(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    has_guard = not ocean.config.disable_ip_outbound_blocker
    return PrivateRequests(transport) if has_guard else transport


def _wait_asked_for(headers: Mapping[str, str], status: int | None) -> float | None:
    """Seconds that the API asks for; a window's reset counts only where a limit was the cause."""
    asked = retry_after(headers)
    return reset_after(headers) if asked is None and status in (403, 429) else asked


def _is_rate_limit(response: httpx.Response) -> bool:
    """Some APIs, GitHub's among them, refuse for a spent limit with 403."""
    spent = "retry-after" in response.headers or remaining(response.headers) == 0
    return response.status_code == 403 and spent
