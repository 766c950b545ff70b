"""Credentials that are fetched and expire: when to fetch them, once for all requests."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import Protocol

import httpx
from loguru import logger

from errors import AuthenticationError
from settings.connection import ConnectionSettings
from transport.origins import origin

_PAUSE_AFTER_FAILURE = 30.0
# One repeat after a 401, and further ones only with credentials that others renewed meanwhile: a
# request may wait for its turn longer than a short-lived token lives.
_MOST_REPEATS = 3


class Credentials(Protocol):
    """What one authentication gave. `lifetime` is in seconds; None when only a 401 tells."""

    @property
    def lifetime(self) -> float | None: ...

    def apply(self, request: httpx.Request, *, waited: bool) -> httpx.Request:
        """The request with these credentials; it was built before them when it `waited`."""


class RenewedAuth(httpx.Auth):
    """Authenticates once for all requests, again before the credentials expire or after a 401.

    One authentication runs at a time; requests that meet a 401 meanwhile share its result.
    Subclasses say what is asked and what the answer means. Inputs: `name`, what authenticates, for
    the log; `advice`, where to look when it fails; `clock` gives seconds that never go back.
    """

    requires_request_body = True
    requires_response_body = True

    def __init__(
        self, *, name: str, advice: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._advice = advice
        self._clock = clock
        self._credentials: Credentials | None = None
        self._expires = 0.0
        self._failure: tuple[AuthenticationError, float] | None = None
        self._lock = asyncio.Lock()

    @abstractmethod
    def _request_credentials(self) -> httpx.Request:
        """The request for credentials."""

    @abstractmethod
    def _evaluate(self, response: httpx.Response) -> Credentials:
        """The credentials in its answer.

        Raises:
            AuthenticationError: they are not there; without any text of the answer.
        """

    def _alone(self) -> AbstractAsyncContextManager[object]:
        """Held while credentials are fetched, for what other processes must not do meanwhile."""
        return nullcontext()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        waited = self._current() is None
        if waited:
            async with self._lock:
                if self._current() is None:
                    async with self._alone():
                        with self._noticing_silence():
                            self._store((yield self._ask()))
        used = first = self._known()
        response = yield used.apply(request, waited=waited)
        for _ in range(_MOST_REPEATS):
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            async with self._lock:
                if self._credentials is used:
                    if used is not first:
                        return
                    logger.info("The API answered 401; authenticating again")
                    self._credentials = None
                    async with self._alone():
                        with self._noticing_silence():
                            self._store((yield self._ask()))
            used = self._known()
            response = yield used.apply(request, waited=True)

    def _current(self) -> Credentials | None:
        return self._credentials if self._clock() < self._expires else None

    def _known(self) -> Credentials:
        if self._credentials is None:
            raise self._refusal()
        return self._credentials

    def _refusal(self) -> AuthenticationError:
        if self._failure is None:
            return AuthenticationError("no credentials were obtained", advice=self._advice)
        return AuthenticationError(self._failure[0].reason, advice=self._failure[0].advice)

    def _ask(self) -> httpx.Request:
        """The request for credentials; refused for a while after one that failed.

        Thousands of endpoints that each try a wrong secret would lock the account.
        """
        if self._failure and self._clock() - self._failure[1] < _PAUSE_AFTER_FAILURE:
            raise self._refusal()
        return self._request_credentials()

    @contextmanager
    def _noticing_silence(self) -> Iterator[None]:
        """Around the request for credentials: remember as a failure that it got no answer at all.

        Else all who wait would try in vain, one after another, each with all its retries.
        """
        try:
            yield
        except GeneratorExit:
            # So the client ends a flow; whether it was cancelled says nothing about the endpoint.
            task = asyncio.current_task()
            if not (task and task.cancelling()):
                silence = AuthenticationError(
                    "the request for credentials was not answered", advice=self._advice
                )
                self._failure = (silence, self._clock())
            raise

    def _store(self, response: httpx.Response) -> None:
        try:
            credentials = self._evaluate(response)
        except AuthenticationError as error:
            self._failure = (error, self._clock())
            raise
        self._failure = None
        self._credentials = credentials
        lifetime = credentials.lifetime
        self._expires = float("inf") if lifetime is None else self._clock() + renewal_age(lifetime)
        logger.info(f"Authenticated with {self._name}")


def renewal_age(lifetime: float) -> float:
    """Seconds after which credentials are renewed: 60 s, but at most a tenth, before their end."""
    return lifetime - min(60.0, lifetime / 10)


def endpoint_url(endpoint: str, settings: ConnectionSettings) -> httpx.URL:
    """A path below baseUrl, or a full URL as it is."""
    absolute = endpoint.startswith(("http://", "https://"))
    return httpx.URL(endpoint if absolute else f"{settings.base_url}/{endpoint.lstrip('/')}")


def own_headers(url: httpx.URL, settings: ConnectionSettings) -> dict[str, str]:
    """customHeaders, where the URL is of the API's origin; none where it is not."""
    is_own = origin(url) == origin(httpx.URL(settings.base_url))
    return dict(settings.custom_headers) if is_own else {}
