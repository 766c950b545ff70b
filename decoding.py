"""From the bytes of a response to a JSON value, exactly, and never holding up the event loop."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message
from functools import lru_cache
from typing import Any

import ijson
import orjson

from errors import ResponseError
from messages import ApiResponse

# JQ computes with doubles: beyond this, two identifiers could become one.
_EXACT = 2**53
_MOST_EXACT_DIGITS = len(f"-{_EXACT}")
# Every digit to "0" and all else to " ": finding a run of digits is then a plain search, which is
# twenty times as fast as a regular expression.
_DIGITS_ONLY = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 16
_NO_INTEGER_BEFORE = (b'"', b".")
_NO_INTEGER_AFTER = (b'"', b".", b"e", b"E")
_LINE_TYPES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})
# Up to this many bytes the json module is done within about 10 ms; it holds the interpreter.
_LARGE = 1_000_000
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded body: its JSON value, and its JSON text where that says the very same."""

    value: Any
    text: bytes | None = None


async def decode(response: ApiResponse) -> Body:
    """The JSON value of a body; null for an answer without content (204 or 205).

    Newline-delimited JSON becomes a list. Integers beyond ±2^53 become strings, because JQ would
    round them. Any charset that the Content-Type names or a byte order mark shows is understood.

    Raises:
        ResponseError: the body is empty or not JSON; quotes its kind, never more than its start.
    """
    if response.status in (204, 205):
        return Body(None)
    received = await response.read()
    content = _as_utf8(received, response)
    if not content.strip():
        raise ResponseError(
            f"the API answered {response.status} with an empty body", advice="204 would mean empty"
        )
    try:
        if is_lines(response):
            return Body(await _off_the_loop(_parse_lines, content))
        value, is_exact = await _off_the_loop(parse_exactly, content)
        return Body(value, content if is_exact else None)
    except (ValueError, RecursionError, ijson.JSONError) as error:
        # What ijson says holds pieces of the body.
        cause = "malformed" if isinstance(error, ijson.JSONError) else str(error)
        kind = _content_type(response)[0] or "of unknown type"
        raise ResponseError(
            f"the body ({kind}, {len(received)} bytes) is not JSON: {cause}",
            advice="look at kind, and at headers such as Accept",
        ) from None


def is_lines(response: ApiResponse) -> bool:
    """Whether the body is newline-delimited JSON."""
    return _content_type(response)[0] in _LINE_TYPES


def is_utf8(response: ApiResponse) -> bool:
    """Whether the body needs no other decoding than JSON's."""
    return _charset(response.content, response) == "utf-8"


async def json_text(body: Body) -> str:
    """The body as JSON text for jq, with inexact integers already turned into strings."""
    if body.text is not None:
        return body.text.decode("utf-8")
    # iterencode yields piece by piece, so that other threads get their turn.
    return await asyncio.to_thread(lambda: "".join(json.JSONEncoder().iterencode(body.value)))


def parse(content: bytes) -> Any:
    """Parse UTF-8 JSON; large texts piecewise, so that other threads get their turn.

    Raises:
        ValueError, ijson.JSONError: not JSON.
    """
    return parse_exactly(content)[0]


def parse_exactly(content: bytes) -> tuple[Any, bool]:
    """The value of a UTF-8 JSON text, and whether the text says the very same.

    It does not where an integer was turned into a string. Errors as for `parse`.
    """
    if len(content) <= _LARGE:
        is_exact = not has_long_integer(content)
        return _parse_at_once(content, is_exact=is_exact), is_exact
    chunks = list(_chunks(content))
    # Neighbours together, because a number may lie across their border.
    is_exact = not any(has_long_integer(b"".join(pair)) for pair in itertools.pairwise(chunks))
    value = _parse_piecewise(chunks, use_float=is_exact)
    return (value if is_exact else _exact_numbers(value)), is_exact


def _parse_at_once(content: bytes, *, is_exact: bool) -> Any:
    if is_exact:
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            # The json module takes more: NaN, half a surrogate pair, a byte order mark.
            pass
    return json.loads(content, parse_int=_exact)


def has_long_integer(content: bytes) -> bool:
    """Whether a JSON text may hold an integer of 16 digits or more."""
    # A run of 16 has four of every fourth byte, and few texts have these without one.
    if _LONG_NUMBER[:4] not in content[::4].translate(_DIGITS_ONLY):
        return False
    digits = content.translate(_DIGITS_ONLY)
    start = digits.find(_LONG_NUMBER)
    while start >= 0:
        end = digits.find(b" ", start)
        end = len(digits) if end < 0 else end
        before = content[max(start - 1, 0) : start]
        # Within quotes or after a point it is none; what looks like one within a text only costs.
        if before not in _NO_INTEGER_BEFORE and content[end : end + 1] not in _NO_INTEGER_AFTER:
            return True
        start = digits.find(_LONG_NUMBER, end)
    return False


async def _off_the_loop(parse_content: Any, content: bytes) -> Any:
    if len(content) <= _LARGE:
        return parse_content(content)
    return await asyncio.to_thread(parse_content, content)


def _parse_lines(content: bytes) -> list[Any]:
    return [parse(line) for line in content.splitlines() if line.strip()]


def _parse_piecewise(chunks: list[bytes], *, use_float: bool) -> Any:
    values = ijson.sendable_list()
    parser = ijson.items_coro(values, "", use_float=use_float)
    for chunk in chunks:
        parser.send(chunk)
    parser.close()
    return values[0]


def _chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


def _exact(digits: str) -> int | str:
    if len(digits) > _MOST_EXACT_DIGITS:
        return digits
    number = int(digits)
    return number if -_EXACT <= number <= _EXACT else digits


def _exact_numbers(value: Any) -> Any:
    match value:
        case dict():
            return {key: _exact_numbers(item) for key, item in value.items()}
        case list():
            return [_exact_numbers(item) for item in value]
        case Decimal():
            return float(value)
        case bool():
            return value
        case int() if not -_EXACT <= value <= _EXACT:
            return str(value)
    return value


def _as_utf8(content: bytes, response: ApiResponse) -> bytes:
    charset = _charset(content, response)
    if charset == "utf-8":
        return content
    try:
        return content.decode(charset).lstrip("\ufeff").encode("utf-8")
    except (LookupError, UnicodeError):
        raise ResponseError(
            f"the body cannot be decoded as {charset}",
            advice="the charset of its Content-Type does not fit",
        ) from None


def _charset(content: bytes, response: ApiResponse) -> str:
    charset = _content_type(response)[1]
    if charset in ("", "utf-8", "us-ascii", "ascii"):
        return json.detect_encoding(content[:4])
    return charset


def _content_type(response: ApiResponse) -> tuple[str, str]:
    """The media type and the charset, empty where the header does not say."""
    return _parse_content_type(response.headers.get("content-type", ""))


@lru_cache(maxsize=64)
def _parse_content_type(value: str) -> tuple[str, str]:
    if not value:
        return "", ""
    message = Message()
    message["content-type"] = value
    return message.get_content_type(), message.get_content_charset() or ""
