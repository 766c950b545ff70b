"""The string formats of Port's properties.

Formats that are not listed here (markdown, yaml, proto, …) describe how a string is shown and
accept every string.
"""

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")


def matches_format(value: str, name: str) -> bool:
    """Return whether `value` is acceptable for a property with `format: name`."""
    check = _CHECKS.get(name)
    return check is None or check(value)


def parse_date_time(value: str) -> datetime | None:
    """Return an RFC 3339 date and time with a zone, or None when it is none."""
    if not _DATE_TIME.fullmatch(value):
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(value.upper().replace(" ", "T"))
    return None


def _is_date_time(value: str) -> bool:
    return parse_date_time(value) is not None


def _is_url(value: str) -> bool:
    if not value or any(character.isspace() for character in value):
        return False
    with suppress(ValueError):
        parts = urlsplit(value)
        return bool(_SCHEME.fullmatch(parts.scheme) and (parts.netloc or parts.path))
    return False


def _is_email(value: str) -> bool:
    return _EMAIL.fullmatch(value) is not None


def _is_address(version: int) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        with suppress(ValueError):
            return ipaddress.ip_address(value).version == version
        return False

    return check


_CHECKS: dict[str, Callable[[str], bool]] = {
    "date-time": _is_date_time,
    "timer": _is_date_time,
    "url": _is_url,
    "email": _is_email,
    "user": _is_email,
    "team": bool,
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
}
