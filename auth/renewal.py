"""Credentials that are fetched and expire: when to fetch them, once for all requests."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import Protocol

import httpx

import log_lines
from api_messages import USER_AGENT
from auth.strategy import AuthStrategy, Clock
from errors import AuthenticationError, Told
from redaction import Redactor
from settings.connection import ConnectionSettings
from statuses import Meaning, Situation, meaning_of
from transport.origins import origin

_PAUSE_AFTER_FAILURE = 30.0
# Seconds in which only a 401 tells that credentials are worthless.
_YOUNG = 30.0
# One repeat after a 401, and further ones only with credentials that others renewed meanwhile: a
# request may wait for its turn longer than a short-lived token lives.
_MOST_REPEATS = 3
# Seconds until a 401 makes for new credentials again, after others were refused like those before:
# then it says that this endpoint is closed. Twice as long each time, up to a limit.
_FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0


class Credentials(Protocol):
    """The result of one authentication. `lifetime` is in seconds; None when only a 401 tells."""

    lifetime: float | None

    def apply(self, request: httpx.Request, *, waited: bool) -> httpx.Request:
        """Return the request with these credentials; when it `waited`, it was built before them."""


class RenewedAuth(AuthStrategy):
    """Credentials that are fetched once for all requests, and again before the end or after a 401.

    One authentication runs at a time; requests that meet a 401 meanwhile share its result.
    Subclasses say what is asked and what the answer means. `name` tells the log what authenticates,
    `endpoint` is the method and redacted URL that is asked, and `advice` says where to look when it
    fails.
    """

    requires_request_body = True
    requires_response_body = True
    # Statuses that mean what a 401 does.
    _expired_statuses: frozenset[int] = frozenset()

    def __init__(self, *, name: str, endpoint: str, advice: str, clock: Clock) -> None:
        self._name = name
        self._endpoint = endpoint
        self._advice = advice
        self._clock = clock
        self._credentials: Credentials | None = None
        self._expires = self._obtained = 0.0
        self._failure: tuple[AuthenticationError, float] | None = None
        self._pause, self._paused_until = _FIRST_PAUSE, 0.0
        self._lock = asyncio.Lock()

    @abstractmethod
    def _request_credentials(self) -> httpx.Request:
        """Return the request for credentials."""

    @abstractmethod
    async def _receive(self, response: httpx.Response) -> httpx.Request | None:
        """Take an answer: `_keep` what is in it, or return the next request of the login.

        Raises:
            AuthenticationError: what is needed is not there; without any text of the answer but
                what the endpoint's protocol gives people to read.
        """

    def _alone(self) -> AbstractAsyncContextManager[object]:
        """Return a lock for the time of fetching, against other processes that fetch too."""
        return nullcontext()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        waited = self._current() is None
        if waited:
            async with self._lock:
                if self._current() is None:
                    async with self._alone():
                        step: httpx.Request | None = self._ask()
                        while step is not None:
                            with self._noticing_silence():
                                step = await self._receive((yield step))
        used = first = self._known()
        renewed = None
        response = yield used.apply(request, waited=waited)
        for _ in range(_MOST_REPEATS):
            is_refused = self._means_expired(response.status_code)
            if used is renewed:
                self._judge(helped=not is_refused)
            if not is_refused:
                return
            async with self._lock:
                if self._credentials is used:
                    if used is not first or self._clock.steady() < self._paused_until:
                        return
                    again = log_lines.few("authenticating again")
                    again.info(f"The API answered {response.status_code}; authenticating again")
                    self._credentials = None
                    async with self._alone():
                        step = self._ask()
                        while step is not None:
                            with self._noticing_silence():
                                step = await self._receive((yield step))
                    renewed = self._credentials
            used = self._known()
            response = yield used.apply(request, waited=True)

    def _means_expired(self, status: int) -> bool:
        """Return whether the API's answer says that the credentials hold no longer."""
        if meaning_of(status, Situation.RENEWABLE) is Meaning.EXPIRED:
            return True
        # What is refused for another reason would cost a login with each request.
        age = self._clock.steady() - self._obtained
        return status in self._expired_statuses and age >= _YOUNG

    def _judge(self, *, helped: bool) -> None:
        """Take note of whether credentials that a 401 made for are accepted where it came from."""
        if helped:
            self._pause, self._paused_until = _FIRST_PAUSE, 0.0
            return
        self._paused_until = self._clock.steady() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _current(self) -> Credentials | None:
        return self._credentials if self._clock.steady() < self._expires else None

    def _known(self) -> Credentials:
        if self._credentials is None:
            raise self._refusal()
        return self._credentials

    def _refusal(self) -> AuthenticationError:
        if self._failure is None:
            reason = "no credentials were obtained"
            return AuthenticationError(reason, advice=self._advice, endpoint=self._endpoint)
        known = self._failure[0]
        told = Told(said=known.said, endpoint=known.endpoint, advice=known.advice)
        return AuthenticationError(known.reason, **told)

    def _ask(self) -> httpx.Request:
        """Return the request for credentials; refuse it for a while after one that failed.

        Thousands of endpoints that each try a wrong secret would lock the account.
        """
        if self._failure and self._clock.steady() - self._failure[1] < _PAUSE_AFTER_FAILURE:
            raise self._refusal()
        return with_user_agent(self._request_credentials())

    @contextmanager
    def _noticing_silence(self) -> Iterator[None]:
        """Remember as a failure that the request for credentials within got no answer at all.

        Else all who wait would try in vain, one after another, each with all its retries.
        """
        try:
            yield
        except GeneratorExit:
            # So the client ends a flow; whether it was cancelled says nothing about the endpoint.
            task = asyncio.current_task()
            if not (task and task.cancelling()):
                silence = AuthenticationError(
                    "the request for credentials was not answered",
                    advice=self._advice,
                    endpoint=self._endpoint,
                )
                self._failure = (silence, self._clock.steady())
            raise

    @contextmanager
    def _noticing_failure(self, endpoint: str) -> Iterator[None]:
        """Remember an error of a request for credentials; it is told to all who wait for them."""
        try:
            yield
        except AuthenticationError as error:
            placed = error.at(endpoint)
            self._failure = (placed, self._clock.steady())
            raise placed from None

    def _keep(self, credentials: Credentials) -> None:
        self._failure = None
        self._credentials = credentials
        self._obtained = self._clock.steady()
        lifetime = credentials.lifetime
        self._expires = (
            float("inf") if lifetime is None else self._clock.steady() + renewal_age(lifetime)
        )
        log_lines.few("authenticated").info(f"Authenticated with {self._name}")


def with_user_agent(request: httpx.Request) -> httpx.Request:
    """Return the request, which says who sends it."""
    request.headers.setdefault("User-Agent", USER_AGENT)
    return request


def renewal_age(lifetime: float) -> float:
    """Return after how many seconds to renew: 60, but at most a tenth, before the end."""
    return lifetime - min(60.0, lifetime / 10)


def shown_endpoint(method: str, url: httpx.URL, redactor: Redactor) -> str:
    """Return method and URL for errors; without the query, which may be all that is secret."""
    return f"{method} {redactor.url(url.copy_with(query=None))}"


def own_headers(url: httpx.URL, settings: ConnectionSettings) -> dict[str, str]:
    """Return customHeaders, where the URL is of the API's origin; none where it is not."""
    is_own = origin(url) == origin(httpx.URL(settings.base_url))
    return dict(settings.custom_headers) if is_own else {}
