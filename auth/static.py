"""Credentials that never change: bearer token, Basic (RFC 7617) and an API key."""

from collections.abc import Generator
from urllib.parse import quote, unquote_plus

import httpx

from auth.cookies import with_cookies
from settings.basic_credentials import basic_pair


class HeaderAuth(httpx.Auth):
    """Sets one header in each request; a 401 is final, because the same value cannot help."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers[self._name] = self._value
        yield request


class QueryAuth(httpx.Auth):
    """Sets one query parameter in each request; the others stay as they are, to the letter."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._pair = f"{quote(name, safe='')}={quote(value, safe='')}".encode()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        # A next link may hold the key that the page before was asked with.
        others = [pair for pair in request.url.query.split(b"&") if pair and not self._is_it(pair)]
        request.url = request.url.copy_with(query=b"&".join([*others, self._pair]))
        yield request

    def _is_it(self, pair: bytes) -> bool:
        return unquote_plus(pair.partition(b"=")[0].decode("ascii")) == self._name


class CookieAuth(httpx.Auth):
    """Sets one cookie in each request, beside those that the API has set."""

    def __init__(self, name: str, value: str) -> None:
        self._cookie = {name: value}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Cookie"] = with_cookies(request.headers, self._cookie)
        yield request


def bearer(token: str) -> HeaderAuth:
    """`Authorization: Bearer …` (RFC 6750)."""
    return HeaderAuth("Authorization", f"Bearer {token}")


def basic(username: str, password: str) -> HeaderAuth:
    """`Authorization: Basic …` (RFC 7617), in UTF-8."""
    return HeaderAuth("Authorization", f"Basic {basic_pair(username, password)}")


def prefixed(prefix: str, key: str) -> str:
    """The key behind its prefix: `Token` gives `Token abc`, and `Token token=` no space."""
    return f"{prefix} {key}" if prefix[-1:].isalnum() else f"{prefix}{key}"
