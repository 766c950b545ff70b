"""What goes to the API and what comes back, as plain values that know no network."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import httpx

type QueryValue = str | int | float | bool | list[Any] | None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request to the API, before authentication.

    `url` is absolute; its own query is kept. `body` is a JSON value or None.
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def with_query(self, params: Mapping[str, QueryValue]) -> Self:
        """The same request with these query parameters set, replacing those of the same name."""
        if not params:
            return self
        own = self.url.params
        query = {name: own.get_list(name) for name in own}
        for name, value in params.items():
            query[name] = _query_texts(value)
        # At once, because each change of a URL parses it anew.
        merged = httpx.QueryParams({name: texts for name, texts in query.items() if texts})
        return replace(self, url=self.url.copy_with(params=merged))

    def with_url(self, url: httpx.URL) -> Self:
        """The same request to another address."""
        return replace(self, url=url)

    @property
    def identity(self) -> str:
        """Equal for requests that ask the API for the same thing; may hold secrets."""
        return json.dumps(
            [self.method, str(self.url), sorted(self.headers.items()), self.body],
            sort_keys=True,
            separators=(",", ":"),
            default=str,
        )


class LargeBody(Protocol):
    """A body that is too large for memory and may still be arriving; see `spool.Spool`."""

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal bodies; of what has arrived so far."""

    def chunks(self) -> AsyncGenerator[bytes]:
        """The body from its start, as it arrives."""

    async def read(self) -> bytes:
        """The whole body."""

    async def completed(self) -> None:
        """Wait for the end of the body."""

    def abandon(self) -> None:
        """Stop receiving."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer with a success status.

    `url` is the address that was asked for, so that relative links can be resolved: the hosted
    runtime rewrites the address that the socket sees. `content` is the whole body, or the start of
    a `large` one.
    """

    url: httpx.URL
    status: int
    # Kept out of the repr, because both may hold secrets.
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    large: LargeBody | None = field(default=None, repr=False)

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            EndpointError: a large body did not arrive to its end.
        """
        return await self.large.read() if self.large else self.content


def _query_texts(value: QueryValue) -> list[str]:
    """A list repeats the parameter; null leaves it out; booleans are lower case as in JSON."""
    if isinstance(value, list):
        return [text for item in value for text in _query_texts(item)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
