"""What signs each attempt at the moment it is sent."""

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import replace

import httpx

from transport.exchange import Exchange


class SignedAuth(httpx.Auth):
    """Has `sign` called below retries and waits, where the time in a signature is the time it goes.

    A 401 is final, because the same key cannot help.
    """

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        replace(Exchange.of(request), sign=self.sign).attach_to(request)
        yield request

    @abstractmethod
    def sign(self, request: httpx.Request) -> httpx.Request:
        """A signed copy of a request whose body is at hand; what else it says stays as it is."""
