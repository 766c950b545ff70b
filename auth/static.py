"""Credentials that never change: bearer token, Basic (RFC 7617) and an API key in a header."""

import base64
from collections.abc import Generator

import httpx


class HeaderAuth(httpx.Auth):
    """Sets one header in each request; a 401 is final, because the same value cannot help."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers[self._name] = self._value
        yield request


def bearer(token: str) -> HeaderAuth:
    """`Authorization: Bearer …` (RFC 6750)."""
    return HeaderAuth("Authorization", f"Bearer {token}")


def basic(username: str, password: str) -> HeaderAuth:
    """`Authorization: Basic …` (RFC 7617), in UTF-8."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return HeaderAuth("Authorization", f"Basic {pair}")
