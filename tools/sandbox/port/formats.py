"""The string formats of Port's properties.

Formats that are not listed here (markdown, yaml, proto, …) describe how a string is shown and
accept every string.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")


def matches_format(value: str, name: str) -> bool:
    """Return whether `value` is acceptable for a property with `format: name`."""
    with suppress(ValueError):
        return name not in _CHECKS or bool(_CHECKS[name](value))
    return False


def parse_date_time(value: str) -> datetime | None:
    """Return an RFC 3339 date and time with a zone, or None when it is none."""
    if not _DATE_TIME.fullmatch(value):
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(value.upper().replace(" ", "T"))
    return None


def _is_url(value: str) -> bool:
    if any(character.isspace() for character in value):
        return False
    parts = urlsplit(value)
    return bool(_SCHEME.fullmatch(parts.scheme) and (parts.netloc or parts.path))


# Each gives something true for a value that fits; the others also raise ValueError.
_CHECKS: dict[str, Callable[[str], object]] = {
    "date-time": parse_date_time,
    "timer": parse_date_time,
    "url": _is_url,
    "email": _EMAIL.fullmatch,
    "user": _EMAIL.fullmatch,
    "team": bool,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}
