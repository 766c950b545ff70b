"""Below the client: Ocean's transports with this integration's rules for retries."""

import asyncio
import random
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from httpx._types import CookieTypes
from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.helpers.monitor.monitor import get_monitor
from port_ocean.helpers.retry import RetryConfig, RetryTransport
from port_ocean.helpers.ssl import resolve_verify_param

from errors import RequestError
from redaction import Redactor
from settings.connection import ConnectionSettings
from transport.connections import KEEP, Connection, Route
from transport.exchange import REPEAT, CompleteResponses
from transport.rate_limits import RequestGate, remaining, reset_after, retry_after
from transport.retries import TRANSIENT, RetryPolicy, backoff
from transport.traffic import Traffic

# Seconds that who gives up waits for an answer that is given once: a stop takes no longer.
_GRACE = 2.0
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class ApiRetryTransport(RetryTransport):
    """Ocean's retry loop with this integration's rules for what, how often and how long."""

    def __init__(
        self,
        wrapped_transport: httpx.AsyncBaseTransport,
        *,
        retry_config: RetryConfig | None = None,
        logger: Any = None,
        connections: Sequence[httpx.AsyncBaseTransport],
        gate: RequestGate,
        policy: RetryPolicy,
        timeout: float,
        redactor: Redactor,
        traffic: Traffic,
    ) -> None:
        complete = CompleteResponses(
            connections,
            gate=gate,
            timeout=timeout,
            policy=policy,
            redactor=redactor,
            traffic=traffic,
        )
        super().__init__(complete, retry_config=retry_config, logger=logger)
        self._gate = gate
        self._policy = policy
        self._redactor = redactor
        self._traffic = traffic

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        keep = request.extensions.get(KEEP)
        if keep is None:
            return await super().handle_async_request(request)
        sending = asyncio.ensure_future(super().handle_async_request(request))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=_GRACE)
            if sending.done() and not sending.cancelled() and not sending.exception():
                keep(sending.result())
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
        self._traffic.retries += 1
        request.extensions[REPEAT] = True
        return None

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
        self._settings = settings
        gate = RequestGate(settings.max_concurrent_requests, settings.max_requests_per_second)
        self.traffic = Traffic(gate)
        self._tls = tls_context(settings, shows_certificate=True)
        super().__init__(
            transport_class=ApiRetryTransport,
            transport_kwargs={
                "gate": gate,
                "policy": RetryPolicy(settings.max_retries, settings.max_retry_wait),
                "timeout": settings.timeout,
                "redactor": redactor,
                "traffic": self.traffic,
            },
            retry_config=RetryConfig(
                max_attempts=settings.max_retries,
                retryable_methods=METHODS,
                apply_sync_tier_jitter=False,
            ),
            auth=auth,
            follow_redirects=False,
            timeout=settings.timeout,
            verify=self._tls,
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        )

    @property
    def cookies(self) -> httpx.Cookies:
        """What the API has set; httpx asks for it here."""
        return self._jar

    @cookies.setter
    def cookies(self, cookies: CookieTypes) -> None:
        self._jar = CookieJar(cookies)

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        self._connect(proxy=None)
        return _private(super()._init_transport(*args, **kwargs))

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        self._connect(proxy=args[0])
        return _private(super()._init_proxy_transport(*args, **kwargs))

    def _connect(self, *, proxy: httpx.Proxy | None) -> None:
        """Make the connections that take the place of the transport that Ocean makes."""
        settings = self._settings
        route = Route(
            tls=self._tls,
            tls_for_strangers=(
                tls_context(settings, shows_certificate=False) if settings.identity else self._tls
            ),
            proxy=proxy,
            http2=settings.http_version == "auto",
        )
        connections = [Connection(route) for _ in range(settings.max_concurrent_requests)]
        self._transport_kwargs = {**(self._transport_kwargs or {}), "connections": connections}


def tls_context(settings: ConnectionSettings, *, shows_certificate: bool) -> ssl.SSLContext:
    """What connections to the API verify with; what they show is for hosts with credentials only.

    The operator's OCEAN__SSL__THIRD_PARTY__* and SSL_CERT_FILE hold; caCertificate adds to them.
    """
    verify = resolve_verify_param(ocean.config.ssl.third_party) if settings.verify_ssl else False
    context = httpx.create_ssl_context(verify)
    if settings.ca_certificate and context.verify_mode is not ssl.CERT_NONE:
        context.load_verify_locations(cadata=settings.ca_certificate)
        # An intermediate CA, or the server's own certificate, is as good as a root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.identity and shows_certificate:
        settings.identity.show_in(context)
    return context


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
