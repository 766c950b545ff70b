"""A request to the API and its answer, as plain values that know no network."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, Literal, Protocol, Self
from urllib.parse import urljoin

import httpx

SCHEMES = ("http://", "https://")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Characters; httpx takes no more.
LONGEST_ADDRESS = 65_536

type QueryValue = str | int | float | bool | list[Any] | dict[str, Any] | None
type BodyFormat = Literal["json", "form", "text", "graphql"]
# Allow-lists of existing installations name it; customHeaders may replace it.
USER_AGENT = "Port-Ocean-HTTP-Integration/1.0"
Where = Literal["query", "header", "body", "placeholder"]


@dataclass(frozen=True)
class ApiRequest:
    """One request to the API, before authentication.

    `address` is absolute; its own query is kept, and `query` holds parameters beyond it. `body` is
    a JSON value or None, sent as `body_format` says. An `is_anonymous` one carries no credentials.
    `template` names the endpoint before values were filled in, `GET /teams/{team_id}/members`, by
    which an outage is judged; one that `is_first` is sent even then. One that `is_once` makes the
    API move on, so that it is not repeated where it may have been answered. `variables` are the
    names of those of the environment that it is made of, and so every request to where its answer
    leads.
    """

    method: str
    # Kept out of the repr, because a link may hold a key, and variables may be filled in anywhere.
    address: httpx.URL | str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    body_format: BodyFormat = "json"
    query: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    is_anonymous: bool = False
    template: str = field(default="", compare=False)
    is_first: bool = field(default=False, compare=False)
    is_once: bool = field(default=False, compare=False)
    variables: frozenset[str] = field(default=frozenset(), compare=False)

    @cached_property
    def url(self) -> httpx.URL:
        """Return the address with all parameters.

        Raises:
            httpx.InvalidURL, UnicodeError: it is none, for example because it is too long.
        """
        if not self.query:
            return httpx.URL(self.address)
        bare, _, own = str(self.address).partition("#")[0].partition("?")
        merged = dict(self.query)
        if own:
            given = httpx.QueryParams(own)
            merged = {name: given.get_list(name) for name in given} | merged
        if sum(len(text) for values in merged.values() for text in values) > LONGEST_ADDRESS:
            # It would be written out, and refused then.
            raise httpx.InvalidURL("URL too long")
        # At once, because each change of a URL parses it anew.
        texts = httpx.QueryParams({name: values for name, values in merged.items() if values})
        return httpx.URL(f"{bare}?{texts}" if texts else bare)

    def with_query(self, params: Mapping[str, QueryValue]) -> Self:
        """Return the same request with these query parameters in place of any of the same name."""
        if not params:
            return self
        texts = {name: query_texts(value) for name, value in params.items()}
        return self._changed(query={**self.query, **texts})

    def _changed(self, **fields: Any) -> Self:
        """Return the same request with other values of some fields.

        So does `dataclasses.replace`, which takes as long as all else that a page costs here.
        """
        state = vars(self) | fields
        for derived in ("url", "identity"):
            state.pop(derived, None)
        changed = object.__new__(type(self))
        vars(changed).update(state)
        return changed

    def placed(self, where: Where, name: str, value: Any) -> Self:
        """Return the same request with a value in its query, a header, or its body.

        Null takes a parameter or header away. In a body, `name` is a path of keys, such as
        `variables.after`; objects on the way are made.
        A number leads into a list that is there: `filters.0.value`.

        Raises:
            ValueError: the body is no object where the path leads, or its list is shorter.
        """
        if where == "query":
            return self.with_query({name: value})
        if where == "header":
            others = {
                key: text for key, text in self.headers.items() if key.lower() != name.lower()
            }
            texts = query_texts(value)
            return self._changed(headers={**others, name: texts[0]} if texts else others)
        body = _with_field(self.body, name.removeprefix(".").split("."), value)
        return self._changed(body=body)

    def with_url(self, url: httpx.URL) -> Self:
        """Return the same request to another address."""
        return self._changed(address=url, query={})

    def following(self, link: str) -> Self:
        """Return the same request to where a link in its answer leads, such as `/items?page=2`.

        A relative link is resolved; credentials and a fragment in it are dropped.

        Raises:
            ValueError: it is no address.
        """
        try:
            # As httpx joins, with one parse instead of three.
            target = httpx.URL(joined(str(self.url), link))
            if target.userinfo or target.fragment:
                target = target.copy_with(userinfo=None, fragment=None)
        except httpx.InvalidURL as error:
            raise ValueError(f"{error}") from None
        return self.with_url(target)

    @cached_property
    def identity(self) -> str:
        """Return a text, equal for requests that ask for the same thing; it may hold secrets."""
        address = f"{self.method} {self.url}"
        if not self.headers and self.body is None and not self.is_anonymous:
            return address
        how = [sorted(self.headers.items()), self.body, self.body_format, self.is_anonymous]
        # An address has no line break.
        told = json.dumps(how, sort_keys=True, separators=(",", ":"), default=str)
        return f"{address}\n{told}"


class LargeBody(Protocol):
    """A body that is too large for memory and may still be arriving.

    `size` is how many bytes have arrived so far.
    """

    size: int

    @property
    def fingerprint(self) -> bytes:
        """Return a hash of what has arrived so far, equal for equal bodies."""

    def chunks(self) -> AsyncGenerator[bytes]:
        """Return the body from its start, as it arrives."""

    async def read(self) -> bytes:
        """Return the whole body."""

    async def file(self) -> BinaryIO:
        """Return the whole body as a file that can be read anywhere."""

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

    # Kept out of the repr, because all but the status may hold secrets.
    url: httpx.URL = field(repr=False)
    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    large: LargeBody | None = field(default=None, repr=False)

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            EndpointError: a large body did not arrive to its end.
        """
        return await self.large.read() if self.large else self.content


def joined(address: str, link: str) -> str:
    """Return the address that a link leads to, found at `address` (RFC 3986, section 5).

    Sample: `/items` found at `https://h.example/a/b` leads to `https://h.example/items`.
    """
    return urljoin(address, link.strip())


def address_below(base_url: str, path: str) -> str:
    """Return the address of a path such as `/items` below baseUrl; a full URL is its own."""
    return path if path.startswith(SCHEMES) else f"{base_url}/{path.lstrip('/')}"


def query_texts(value: QueryValue) -> list[str]:
    """Return a parameter's values: several for a list, none for null; objects are JSON."""
    if isinstance(value, list):
        return [text for item in value for text in query_texts(item)]
    if value is None:
        return []
    if isinstance(value, bool | dict):
        return [json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)]
    return [str(value)]


def _with_field(body: Any, path: list[str], value: Any) -> dict[str, Any] | list[Any]:
    name, *rest = path
    if isinstance(body, list):
        if not name.isdecimal() or int(name) >= len(body):
            raise ValueError(f"{name} is no place in a list of {len(body)} in the body")
        index = int(name)
        new = _with_field(body[index], rest, value) if rest else value
        return [*body[:index], new, *body[index + 1 :]]
    if not isinstance(body, Mapping | None):
        raise ValueError(f"{path[0]} cannot be set in a body that is no object there")
    held = dict(body or {})
    held[name] = _with_field(held.get(name), rest, value) if rest else value
    return held
