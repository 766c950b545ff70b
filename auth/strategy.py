"""The base of all strategies, which are built of settings and put credentials into requests."""

import time
from abc import abstractmethod
from collections.abc import Generator
from dataclasses import replace
from typing import ClassVar

import httpx

from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.credentials import AuthSettings
from transport.exchange import Exchange


class AuthStrategy(httpx.Auth):
    """The way in which requests carry the credentials of one authType.

    `serves` is the class of its settings. Each is built of the settings and of what masks secrets.
    """

    serves: ClassVar[type[AuthSettings]]

    def __init__(self, settings: ConnectionSettings, redactor: Redactor) -> None: ...

    @property
    def bases(self) -> tuple[httpx.URL, ...]:
        """The addresses beside baseUrl that a login gave, to which credentials may go."""
        return ()

    @property
    def is_at_risk(self) -> bool:
        """True while an answer is on its way that is given once, and would be lost."""
        return False


class Clock:
    """The time, which tests may set."""

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def steady(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


CLOCK = Clock()


class SignedAuth(AuthStrategy):
    """A signature of each attempt, made below retries and waits, so that its time is the right one.

    A 401 is final, because the same key cannot help.
    """

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        replace(Exchange.of(request), sign=self.sign).attach_to(request)
        yield request

    @abstractmethod
    def sign(self, request: httpx.Request) -> httpx.Request:
        """Return a signed copy of a request whose body is at hand; all else stays as it is."""


def copied(
    request: httpx.Request,
    headers: httpx.Headers,
    *,
    url: httpx.URL | None = None,
    content: bytes | None = None,
) -> httpx.Request:
    """Return a copy of a request with these headers, and with another address or body if given."""
    return httpx.Request(
        request.method,
        url or request.url,
        headers=headers,
        content=request.content if content is None else content,
        extensions=request.extensions,
    )


def with_bearer(request: httpx.Request, token: str) -> httpx.Request:
    """Return a copy of a request that carries a bearer token (RFC 6750)."""
    headers = httpx.Headers(request.headers)
    headers["Authorization"] = f"Bearer {token}"
    return copied(request, headers)
