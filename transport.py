"""Below the client: retries, the request gate, and complete bodies, on Ocean's transports."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
from httpx._types import CookieTypes
from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.helpers.async_client import OceanAsyncClient
from port_ocean.helpers.monitor.monitor import get_monitor
from port_ocean.helpers.retry import RetryConfig, RetryTransport

from download import INCOMPLETE, Download, chain
from errors import RequestError, ResponseError
from rate_limits import RequestGate, remaining, reset_after, retry_after
from redaction import Redactor
from retries import TRANSIENT, RetryPolicy, backoff
from settings import ConnectionSettings

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# The extension of a response under which a large body is.
LARGE_BODY = "ocean_custom_large_body"
# Up to this many bytes a body is parsed at once, within about 5 ms.
_LARGE = 1_000_000
# Of a large body, so much is at hand at once, for messages.
_EXCERPT = 65_536


class CompleteResponses(httpx.AsyncBaseTransport):
    """Sends one request when the gate lets it, and reads the whole body before returning.

    Reading here, inside of the retries, makes a body that breaks off a failure like any other.
    `timeout`, in seconds, holds for the whole exchange, so that a body that drips cannot hang.

    A large body is returned as soon as it is known to be large: it comes as a `Spool` in the
    response's extensions, which goes on to fill, and asks again where the body breaks off.
    """

    def __init__(
        self,
        wrapped: httpx.AsyncBaseTransport,
        *,
        gate: RequestGate,
        timeout: float,
        policy: RetryPolicy,
        redactor: Redactor,
    ) -> None:
        self._wrapped = wrapped
        self._gate = gate
        self._timeout = timeout
        self._policy = policy
        self._redactor = redactor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._gate.turn())
            response = await self._exchange(request, turn)
        self._gate.heed(response.headers, self._policy.max_wait)
        return response

    async def _exchange(self, request: httpx.Request, turn: AsyncExitStack) -> httpx.Response:
        try:
            return await self._receive(request, turn)
        except TimeoutError:
            raise httpx.ReadTimeout(INCOMPLETE) from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise RequestError(f"the request cannot be sent: {error}") from None
        except httpx.DecodingError as error:
            raise ResponseError(f"the body cannot be decoded: {error}") from None
        except httpx.ConnectError as error:
            if _is_certificate_error(error):
                raise RequestError(
                    "the server's certificate is not trusted",
                    advice="add its CA to SSL_CERT_FILE, or look at verifySsl",
                ) from None
            raise

    async def _receive(self, request: httpx.Request, turn: AsyncExitStack) -> httpx.Response:
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with asyncio.timeout_at(deadline):
            response = await self._wrapped.handle_async_request(request)
            if _is_known_to_be_small(response.headers):
                await response.aread()
                return response
            chunks = response.aiter_bytes()
            start, is_whole = await _start_of(chunks)
        if is_whole or not response.is_success:
            await response.aclose()
            return _with_content(response, start)
        download = Download(
            lambda: self._wrapped.handle_async_request(request),
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
        await self._wrapped.aclose()


class ApiRetryTransport(RetryTransport):
    """Ocean's retry loop with this integration's rules for what, how often and how long."""

    def __init__(
        self,
        wrapped_transport: httpx.AsyncBaseTransport,
        *,
        retry_config: RetryConfig | None = None,
        logger: Any = None,
        gate: RequestGate,
        policy: RetryPolicy,
        timeout: float,
        redactor: Redactor,
    ) -> None:
        complete = CompleteResponses(
            wrapped_transport, gate=gate, timeout=timeout, policy=policy, redactor=redactor
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
        limit = settings.max_concurrent_requests
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
            limits=httpx.Limits(max_connections=limit, max_keepalive_connections=limit),
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
        return _private(super()._init_transport(*args, **kwargs))

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
        return _private(super()._init_proxy_transport(*args, **kwargs))


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


def _is_known_to_be_small(headers: httpx.Headers) -> bool:
    """What is compressed may be of any size, whatever its length on the wire."""
    length = headers.get("content-length", "")
    return "content-encoding" not in headers and length.isdecimal() and int(length) <= _LARGE


async def _start_of(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The body up to where it is large, and whether that is all of it."""
    parts = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > _LARGE:
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


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
