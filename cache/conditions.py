"""The rules of conditional requests: RFC 9110, section 13, and RFC 9111, section 4.3.

All functions are pure. Headers are `httpx.Headers`; those of a kept response hold only what
`to_keep` leaves.
"""

import re

import httpx

from formats.times import http_date, in_utc

# A request that has one of these is conditional, or partial, because the mapping says so.
OWN = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range")
_NOT_KEPT = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-connection",
        "set-cookie",
        "set-cookie2",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
# It describes the body, which a 304 does not have.
_NOT_UPDATED = _NOT_KEPT | {"content-type"}
# Different in each answer, and of no use later.
_VOLATILE = re.compile(r"^(date|age|expires|server-timing)$|rate-?limit|request-?id|trace")
# Apache and others mark the ETag of a compressed answer, but not that of its 304.
_CODING_IN_TAG = re.compile(r'[-;](gzip|br|deflate|zstd)("?)$')
# What servers and proxies let through in a request: no control characters, and not too much of it.
_SENDABLE = re.compile(
    rb"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,2046}[\x21-\x7e\x80-\xff])?"
)
# A Last-Modified tells whole seconds, so that it may stand for two states while it is recent.
_SETTLED_SECONDS = 60


def may_be_kept(headers: httpx.Headers) -> bool:
    """Return whether a response may be kept, and another request could be like its own."""
    return "no-store" not in _words(headers, "cache-control") and "*" not in varying_names(headers)


def varying_names(headers: httpx.Headers) -> list[str]:
    """Return the request headers that a response depends on, in lower case."""
    return sorted(_words(headers, "vary"))


def conditions_of(headers: httpx.Headers) -> httpx.Headers:
    """Return the headers that ask whether a response with these is still current.

    They are sent back as they came, byte for byte (RFC 9110, section 8.8.3). None where there is no
    validator to be relied on, or none that can be sent: a `Last-Modified` needs a `Date` that is at
    least a minute later (section 8.8.2.2).
    """
    conditions = []
    if tag := _validator(headers, "etag"):
        conditions.append((b"If-None-Match", tag))
    modified = _validator(headers, "last-modified")
    if modified and _age(headers) >= _SETTLED_SECONDS:
        conditions.append((b"If-Modified-Since", modified))
    return httpx.Headers(conditions)


def to_keep(headers: httpx.Headers) -> httpx.Headers:
    """Return the headers that stay with a kept response, whose body is decoded; no cookie."""
    left_out = _NOT_KEPT | _words(headers, "connection")
    return httpx.Headers([pair for pair in headers.raw if _name(pair) not in left_out])


def merged(kept: httpx.Headers, answer: httpx.Headers) -> httpx.Headers:
    """Return the kept headers, updated by those of a 304 (RFC 9111, section 4.3.4)."""
    news = [pair for pair in to_keep(answer).raw if _name(pair) not in _NOT_UPDATED]
    replaced = {_name(pair) for pair in news}
    return httpx.Headers([pair for pair in kept.raw if _name(pair) not in replaced] + news)


def is_about(kept: httpx.Headers, answer: httpx.Headers) -> bool:
    """Return whether a 304 can be about the kept response: an ETag must be the same."""
    told = _values(answer, "etag")
    return not told or _opaque(told[0]) == _opaque((_values(kept, "etag") or told)[0])


def differs(kept: httpx.Headers, fresh: httpx.Headers) -> bool:
    """Return whether headers differ in more than what differs in each answer."""
    return _lasting(kept) != _lasting(fresh)


def _lasting(headers: httpx.Headers) -> list[tuple[str, bytes]]:
    pairs = ((_name(pair), pair[1]) for pair in headers.raw)
    return sorted(pair for pair in pairs if not _VOLATILE.search(pair[0]))


def _name(pair: tuple[bytes, bytes]) -> str:
    return pair[0].decode("latin-1").lower()


def _words(headers: httpx.Headers, name: str) -> set[str]:
    parts = headers.get(name, "").split(",")
    return {part.strip().lower() for part in parts if part.strip()}


def _opaque(tag: bytes) -> str:
    """Return an entity tag for weak comparison: `W/"1-gzip"` gives `"1"`."""
    return _CODING_IN_TAG.sub(r"\2", tag.decode("latin-1").strip().removeprefix("W/"))


def _values(headers: httpx.Headers, name: str) -> list[bytes]:
    return [pair[1] for pair in headers.raw if _name(pair) == name]


def _validator(headers: httpx.Headers, name: str) -> bytes | None:
    """Return a header that can be sent back; None where it stands twice, or could not be."""
    found = _values(headers, name)
    return found[0] if len(found) == 1 and _SENDABLE.fullmatch(found[0]) else None


def _age(headers: httpx.Headers) -> float:
    """Return seconds from the modification to the answer, by the server's clock."""
    modified, answered = (http_date(headers.get(name, "")) for name in ("last-modified", "date"))
    if modified is None or answered is None:
        return 0.0
    return (in_utc(answered) - in_utc(modified)).total_seconds()
