"""Addresses that requests may go to: the API's own with credentials, allowed hosts without."""

from collections.abc import Iterable
from ipaddress import IPv6Address

import httpx

from errors import RefusedOriginError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL (RFC 6454), with the scheme's default port."""
    port = _DEFAULT_PORTS.get(url.scheme) if url.port is None else url.port
    return url.scheme, _host_of(url), port


def _host_of(url: httpx.URL) -> str:
    """Return the host in ASCII: names in other letters are shown decoded otherwise."""
    return _canonical(url.raw_host.decode("ascii"))


def _canonical(host: str) -> str:
    """Return the one spelling of a host: an IPv6 address has many."""
    try:
        return str(IPv6Address(host)) if ":" in host else host.lower()
    except ValueError:
        return host.lower()


class OriginRule:
    """The rule that decides on each address before anything is sent there.

    Inputs: `base_url`, whose origin gets credentials; `allowed_hosts`, patterns such as
    `files.example.com` or `*.example.com` that may be called without any.
    """

    def __init__(self, base_url: str, allowed_hosts: Iterable[str] = ()) -> None:
        self._base = httpx.URL(base_url)
        self._own = origin(self._base)
        self._allowed = tuple(map(_split, allowed_hosts))

    def is_own(self, url: httpx.URL) -> bool:
        """Return whether credentials may be sent there."""
        return origin(url) == self._own

    def admit(self, url: httpx.URL) -> httpx.URL:
        """Return the address to use: the given one, or upgraded to https as baseUrl is.

        Raises:
            RefusedOriginError: names the host and the setting that would allow it.
        """
        if url.scheme == "http" and self._own[0] == "https" and _host_of(url) == self._own[1]:
            port = self._base.port if url.port in (None, 80) else url.port
            url = url.copy_with(scheme="https", port=port)
        if self.is_own(url) or self._is_allowed(url):
            return url
        raise RefusedOriginError(
            f"refused to send anything to {url.scheme}://{url.netloc.decode('ascii')}, "
            "which is not the origin of baseUrl",
            advice="if that host is meant, add it to allowedHosts; it gets no credentials",
        )

    def _is_allowed(self, url: httpx.URL) -> bool:
        if url.scheme not in _DEFAULT_PORTS:
            return False
        _, host, port = origin(url)
        return any(
            _matches(name, host) and (wanted is None or wanted == port)
            for name, wanted in self._allowed
        )


def _split(pattern: str) -> tuple[str, int | None]:
    """Return host and port of an allowed host; the port is None when any will do."""
    host, _, port = pattern.rpartition(":")
    if port.isdecimal() and (":" not in host or host.endswith("]")):
        return _canonical(host.strip("[]")), int(port)
    return _canonical(pattern.strip("[]")), None


def _matches(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern
