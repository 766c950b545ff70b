"""What goes to the API and what comes back, as plain values that know no network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

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
        url = self.url
        for name, value in params.items():
            texts = _query_texts(value)
            url = url.copy_set_param(name, texts[0]) if texts else url.copy_remove_param(name)
            for text in texts[1:]:
                url = url.copy_add_param(name, text)
        return replace(self, url=url)

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


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A complete answer with a success status.

    `url` is the address that was asked for, so that relative links can be resolved: the hosted
    runtime rewrites the address that the socket sees.
    """

    url: httpx.URL
    status: int
    # Kept out of the repr, because both may hold secrets.
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)


def _query_texts(value: QueryValue) -> list[str]:
    """A list repeats the parameter; null leaves it out; booleans are lower case as in JSON."""
    if isinstance(value, list):
        return [text for item in value for text in _query_texts(item)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
