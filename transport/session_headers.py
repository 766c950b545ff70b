"""Headers that an API gives with an answer and wants back with the next request.

Transmission refuses with 409 and a session id that later requests must carry; Personio's answers
bring the token for the next request.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import httpx

from redaction import Redactor
from transport.exchange import Exchange
from transport.origins import Origin, origin

type Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class _Held:
    """A value that an answer brought, and the one of our own that it takes the place of."""

    value: str = field(repr=False)
    instead_of: str | None = field(repr=False)


class SessionHeaders:
    """The headers of these names, as the last answer of each server that had them brought them.

    What a server brought goes back to that one alone, and never into a request without credentials:
    instances have a session each. Where a login gives new credentials for the same header, these
    count.
    """

    def __init__(self, names: Iterable[str], redactor: Redactor) -> None:
        self._names = tuple(name.lower() for name in names)
        self._redactor = redactor
        self._held: dict[Origin, dict[str, _Held]] = {}

    async def send(self, request: httpx.Request, send: Send) -> httpx.Response:
        """Send a request with them, and once more where it is refused for want of a new value."""
        sent = self._carried_by(request)
        answer = await send(sent)
        if not self._is_refused(request, sent, answer):
            return answer
        await answer.aclose()
        sent = self._carried_by(request)
        answer = await send(sent)
        self._is_refused(request, sent, answer)
        return answer

    def _carried_by(self, request: httpx.Request) -> httpx.Request:
        """Return the request with them; the same one where there are none."""
        brought = self._held.get(origin(request.url))
        if not brought or Exchange.of(request).is_anonymous:
            return request
        headers = request.headers.copy()
        for name, held in brought.items():
            if headers.get(name) == held.instead_of:
                headers[name] = held.value
        return httpx.Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def _is_refused(
        self, request: httpx.Request, sent: httpx.Request, answer: httpx.Response
    ) -> bool:
        """Take the headers of an answer, and tell whether it refuses a request for want of them.

        Inputs: `request`, as it was before it was `sent` with what was held.
        """
        if Exchange.of(request).is_anonymous:
            return False
        values = {name: answer.headers.get(name, "").strip() for name in self._names}
        new = {
            name: value
            for name, value in values.items()
            if value not in ("", sent.headers.get(name))
        }
        for name, value in new.items():
            self._take(request, name, value)
        return bool(new) and answer.is_client_error

    def _take(self, request: httpx.Request, name: str, value: str) -> None:
        """Hold what the answer to a request brought, for the server that it came from."""
        server = origin(request.url)
        brought = self._held.setdefault(server, {})
        brought[name] = _Held(value, request.headers.get(name))
        self._redactor.learn_renewed(value, of=f"{name} of {server}")
