"""Hosts that are asked without a proxy, as curl and Go read NO_PROXY.

    example.com        it and all below          .example.com, *.example.com   all below
    10.0.0.0/8         addresses of a range      fd00::/8, [::1], ::1          of IPv6 as well
    example.com:8443   with that port only       *                             everything

httpx knows neither ranges nor brackets, and fails over those of IPv6, in Ocean's own clients too.
So the environment is written as httpx can read it, and what it means is honoured here.
"""

import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote

import httpx

_SEPARATORS = re.compile(r"[,\s]+")
_NAME = re.compile(r"(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?")
# What is meant for addresses, and is none: `192.168.` and `10.0.0.1-10.0.0.9`.
_ONLY_DIGITS = re.compile(r"[0-9.-]+")
_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*):(?P<port>\d{1,5})")
_UNKNOWN = "all://-/"
_DEFAULT_PORTS = {"http": 80, "https": 443}
# In the order in which they are read: where both are set, the first counts.
_VARIABLES = ("no_proxy", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Direct:
    """One entry: a name, an address or a range; with `port`, of that one only."""

    name: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def covers(self, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
        """Tell whether it is about a host, which is an `address`, or a name."""
        if self.port not in (None, port):
            return False
        if self.network is not None:
            return address is not None and address in self.network
        if self.name == "*":
            return True
        if self.name.startswith("."):
            return host.endswith(self.name)
        return host == self.name or host.endswith(f".{self.name}")


@dataclass(frozen=True, slots=True)
class NoProxy:
    """A value of NO_PROXY: what it says, and `unknown`, the entries that nobody understands."""

    entries: tuple[Direct, ...] = ()
    unknown: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "NoProxy":
        """Return what a text such as `localhost,10.0.0.0/8,[::1],.example.com` says."""
        given = [_unquoted(each) for each in _SEPARATORS.split(text) if each]
        read = [(each, _entry(each)) for each in given]
        return cls(
            tuple(entry for _, entry in read if entry),
            tuple(each for each, entry in read if entry is None),
        )

    def covers(self, url: httpx.URL) -> bool:
        """Tell whether an address is asked without a proxy."""
        host = url.host.rstrip(".").lower()
        port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
        address = _address(host)
        return any(entry.covers(host, address, port) for entry in self.entries)


def _entry(text: str) -> Direct | None:
    """Return what one entry says; None where that is not understood."""
    # httpx takes addresses, too.
    bare = text.partition("://")[2].rstrip("/") if "://" in text else text
    if bare == "*":
        return Direct("*")
    port = None
    if (found := _PORT.fullmatch(bare)) and _address(bare) is None:
        bare, port = found["host"], int(found["port"])
    is_bracketed = bare.startswith("[") and "]" in bare
    inner = bare.replace("[", "", 1).replace("]", "", 1) if is_bracketed else bare
    try:
        return Direct(network=ip_network(inner, strict=False), port=port)
    except ValueError:
        pass
    if is_bracketed or not _NAME.fullmatch(inner) or _ONLY_DIGITS.fullmatch(inner):
        return None
    return Direct(inner.removeprefix("*").rstrip(".").lower(), port=port)


def _unquoted(text: str) -> str:
    return unquote(text.removeprefix(_UNKNOWN)) if text.startswith(_UNKNOWN) else text


@lru_cache(maxsize=1024)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def no_proxy(environment: MutableMapping[str, str] = os.environ) -> NoProxy:
    """Return what NO_PROXY says, and write it in the environment so that httpx does not fail.

    What nobody understands is still told the next time.
    """
    text = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    found = NoProxy.parse(text)
    readable = ",".join([*map(_for_httpx, found.entries), *(map(_quoted, found.unknown))])
    for name in _VARIABLES:
        if environment.get(name):
            environment[name] = readable
    return found


def _for_httpx(entry: Direct) -> str:
    """Return an entry as httpx reads it, or at least passes over it."""
    port = "" if entry.port is None else f":{entry.port}"
    network = entry.network
    if network is None:
        return f"{entry.name}{port}"
    if isinstance(network, IPv4Network):
        return f"{network.network_address if network.prefixlen == 32 else network}{port}"
    if network.prefixlen == 128 and not port:
        return f"{network.network_address}"
    length = "" if network.prefixlen == 128 else f"/{network.prefixlen}"
    return f"all://[{network.network_address}]{port}{length}"


def _quoted(unknown: str) -> str:
    return f"{_UNKNOWN}{quote(unknown, safe='')}"
