"""Credentials that never change: none, a bearer token, Basic (RFC 7617) and an API key."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

import httpx
from loguru import logger

from auth.strategy import AuthStrategy
from redaction import Redactor
from settings.basic_credentials import basic_pair
from settings.credentials import ApiKeySettings, BasicSettings, BearerTokenSettings, NoAuthSettings
from settings.types import revealed


@dataclass(frozen=True, slots=True)
class Place(ABC):
    """A part of a request, by its name, and the credential that goes there."""

    name: str
    value: str = field(repr=False)

    @abstractmethod
    def fill(self, request: httpx.Request) -> None:
        """Put the credential into a request."""


class Header(Place):
    """A header, such as `Authorization: Bearer …`."""

    def fill(self, request: httpx.Request) -> None:
        request.headers[self.name] = self.value


class QueryParameter(Place):
    """A query parameter; the others stay as they are, to the letter."""

    def fill(self, request: httpx.Request) -> None:
        # A next link may hold the key that the page before was asked with.
        others = [pair for pair in request.url.query.split(b"&") if pair and not self._is_it(pair)]
        own = f"{quote(self.name, safe='')}={quote(self.value, safe='')}".encode()
        request.url = request.url.copy_with(query=b"&".join([*others, own]))

    def _is_it(self, pair: bytes) -> bool:
        return unquote_plus(pair.partition(b"=")[0].decode("ascii")) == self.name


class Cookie(Place):
    """A cookie, beside those that the API has set."""

    def fill(self, request: httpx.Request) -> None:
        request.headers["Cookie"] = with_cookies(request.headers, {self.name: self.value})


_PLACES: Mapping[str, type[Place]] = {"header": Header, "query": QueryParameter, "cookie": Cookie}


class NoAuth(AuthStrategy):
    """No credentials."""

    serves = NoAuthSettings


class StaticAuth(AuthStrategy):
    """A credential that is the same in each request; a 401 is final, because it cannot help."""

    place: Place

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        self.place.fill(request)
        yield request


class BearerAuth(StaticAuth):
    """A token that is sent as `Authorization: Bearer …` (RFC 6750)."""

    serves = BearerTokenSettings

    def __init__(self, settings: BearerTokenSettings, redactor: Redactor) -> None:
        self.place = Header("Authorization", f"Bearer {revealed(settings.api_token)}")


class BasicAuth(StaticAuth):
    """A user name and password that are sent as `Authorization: Basic …` (RFC 7617), in UTF-8."""

    serves = BasicSettings

    def __init__(self, settings: BasicSettings, redactor: Redactor) -> None:
        if not settings.password:
            logger.info("authType basic without a password: the user name goes with an empty one")
        pair = basic_pair(settings.username or "", revealed(settings.password))
        self.place = Header("Authorization", f"Basic {pair}")


class ApiKeyAuth(StaticAuth):
    """A key that is sent in a header, query parameter or cookie."""

    serves = ApiKeySettings

    def __init__(self, settings: ApiKeySettings, redactor: Redactor) -> None:
        value = prefixed(settings.api_key_prefix, revealed(settings.api_key))
        self.place = _PLACES[settings.api_key_location](settings.api_key_header, value)


def prefixed(prefix: str, key: str) -> str:
    """Return the key behind its prefix: `Token` gives `Token abc`, and `Token token=` no space."""
    return f"{prefix} {key}" if prefix[-1:].isalnum() else f"{prefix}{key}"


def with_cookies(headers: httpx.Headers, cookies: Mapping[str, str]) -> str:
    """Return the Cookie header with these cookies, in place of older ones with the same names."""
    pairs = {**cookie_pairs(headers.get("cookie", "")), **cookies}
    return "; ".join(f"{name}={value}" for name, value in pairs.items())


def cookie_pairs(header: str) -> dict[str, str]:
    """Return the cookies in a Cookie header, by name."""
    pairs = (pair.partition("=") for pair in header.split(";") if pair.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
