"""Cookies of one request, beside those that the client keeps."""

from collections.abc import Mapping

import httpx


def with_cookies(headers: httpx.Headers, cookies: Mapping[str, str]) -> str:
    """The Cookie header with these cookies, in place of older ones with the same names."""
    pairs = {**cookie_pairs(headers.get("cookie", "")), **cookies}
    return "; ".join(f"{name}={value}" for name, value in pairs.items())


def cookie_pairs(header: str) -> dict[str, str]:
    """The cookies in a Cookie header, by name."""
    pairs = (pair.partition("=") for pair in header.split(";") if pair.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
