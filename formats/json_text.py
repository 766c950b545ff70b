"""JSON values of a response's bytes, exact, and made without holding up the event loop."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ijson
import orjson

from errors import ResponseError
from formats.json_values import exact, exact_fraction, exact_integer
from formats.nesting import check_depth, check_end
from formats.texts import TextDecoder

# Every digit to "0" and all else to " ": finding a run of digits is then a plain search, which is
# twenty times as fast as a regular expression.
_DIGITS_ONLY = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
# Integers of so many digits are below 2^53.
_EXACT_DIGITS = 15
_TOO_LONG = b"0" * (_EXACT_DIGITS + 1)
# Python makes no integer of very many digits, at which the parser in C that ijson has ends the
# process. Of so many it makes one in any case.
_SAFE_DIGITS = sys.int_info.str_digits_check_threshold
# Beyond this many bytes the json module, which takes such a number, would hold all up for a second.
MOST_WITH_LONG_RUNS = 50_000_000
_NO_INTEGER_BEFORE = (b'"', b".")
_NO_INTEGER_AFTER = (b'"', b".", b"e", b"E")
# Half a surrogate pair, escaped or raw; what comes after two backslashes is looked at below.
_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]|\xed[\xa0-\xbf]"
)
_WHOLE_OR_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})|\\[\s\S]|(\xed[\xa0-\xbf][\x80-\xbf])"
)
# Bytes of a pair, and what of one may be before the end of a piece.
_LONGEST_PAIR = 12
_UNDER_WAY = re.compile(rb"[\\\xed]")
# Up to this many bytes the json module is done within about 10 ms; it holds the interpreter.
_LARGE = 1_000_000
_CHUNK = 64 * 1024
# What the parser gets at once: it holds the interpreter for about 10 ms.
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded body: its JSON value, and its JSON text where that says the very same."""

    value: Any
    text: bytes | None = None


async def decode_json(content: bytes, encoding: str, *, as_lines: bool = False) -> Body:
    """Return the value of a JSON text; of one that has a value on each line, the list of them.

    Integers beyond ±2^53 become strings, because JQ would round them, and so do other numbers
    beyond all doubles, such as `1e400`, of which null would be left.

    Raises:
        ResponseError: it is empty, or cannot be decoded.
        ValueError: it is not JSON; the message never quotes it.
    """
    text = content
    try:
        if encoding != "utf-8":
            text = await _off_the_loop(lambda encoded: _as_utf8(encoded, encoding), content)
        if not text or text.isspace():
            raise ResponseError("the body is empty", advice="204 would mean empty")
        if as_lines:
            return Body(await _off_the_loop(_parse_lines, text))
        value, is_exact = await _off_the_loop(parse_exactly, text)
        return Body(value, text if is_exact else None)
    except RecursionError as error:
        raise ValueError(str(error)) from None


async def json_text(body: Body) -> str:
    """Return the body as JSON text for jq, with inexact integers turned into strings."""
    if body.text is not None:
        return body.text.decode("utf-8")
    # iterencode yields piece by piece, so that other threads get their turn.
    return await asyncio.to_thread(lambda: "".join(json.JSONEncoder().iterencode(body.value)))


def parse(content: bytes) -> Any:
    """Parse UTF-8 JSON; large texts piecewise, so that other threads get their turn.

    Raises:
        ValueError: not JSON, or beyond a limit; the message never quotes it.
    """
    return parse_exactly(content)[0]


def parse_exactly(content: bytes) -> tuple[Any, bool]:
    """Return the value of a UTF-8 JSON text, and whether the text says the very same.

    It may not where a number was turned into a string, or half a surrogate pair replaced.
    Errors as for `parse`.
    """
    is_exact = not has_long_integer(content)
    if len(content) <= _LARGE:
        return _parse_at_once(content, is_exact=is_exact)
    whole = without_halves(content)
    is_same = is_exact and whole is content
    check_depth(whole)
    if not is_exact and _has_long_run(whole):
        if len(whole) > MOST_WITH_LONG_RUNS:
            raise ValueError(f"more than {_SAFE_DIGITS} digits in a row, in a body of this size")
        return _parse_slowly(whole), False
    if is_exact:
        # It fails over a number beyond all doubles, too.
        with suppress(ValueError):
            return _parse_piecewise(whole, use_float=True), is_same
    return exact(_parse_piecewise(whole, use_float=False)), False


def without_halves(content: bytes) -> bytes:
    """Return a JSON text with U+FFFD for each half of a surrogate pair, which nothing can write.

    Sample: `"a\\ud83d"`, a text that was cut within an emoji, is `"a\\ufffd"`.
    """
    # To look for one byte is many times as fast as to look for several.
    has_escape = b"\\" in content and (b"\\ud" in content or b"\\uD" in content)
    if not has_escape and b"\xed" not in content:
        return content
    # Most have whole characters only, and stay as they are.
    if not any(map(_HALF.search, _pieces(content))):
        return content
    replaced = b"".join(_WHOLE_OR_HALF.sub(_replaced, piece) for piece in _pieces(content))
    return content if replaced == content else replaced


def _pieces(content: bytes) -> Iterator[bytes]:
    """Cut a text where no escape is under way; a search holds the interpreter to its end."""
    start = 0
    while len(content) - start > _PIECE:
        end = start + _PIECE
        while end > start and _UNDER_WAY.search(content, end - _LONGEST_PAIR, end):
            end -= _LONGEST_PAIR
        if end <= start:
            break
        yield content[start:end]
        start = end
    yield content[start:]


def _replaced(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return b"\\ufffd"
    return "\ufffd".encode() if found[2] else found[0]


def _parse_at_once(content: bytes, *, is_exact: bool) -> tuple[Any, bool]:
    check_end(content)
    if is_exact:
        # It takes no half of a pair, so that these need not be looked for.
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(content), True
    whole = without_halves(content)
    try:
        value = orjson.loads(whole)
    except orjson.JSONDecodeError:
        # The json module takes more: NaN, a byte order mark; also depth.
        check_depth(whole)
        return _parse_slowly(whole), False
    if not is_exact:
        value = json.loads(whole, parse_int=exact_integer)
    return value, False


def _parse_slowly(content: bytes) -> Any:
    """Parse what orjson refuses, be it for a number beyond all doubles."""
    return json.loads(content, parse_int=exact_integer, parse_float=exact_fraction)


def has_long_integer(content: bytes) -> bool:
    """Return whether a JSON text may hold an integer of 16 digits or more."""
    return any(_has_one_from(content, start) for start in range(0, len(content), _CHUNK))


def _has_one_from(content: bytes, start: int) -> bool:
    """Return whether such an integer begins in the chunk of the text from `start` on."""
    end = start + _CHUNK + _EXACT_DIGITS
    # A run of 16 has four of every fourth byte, and few texts have these without one.
    if _TOO_LONG[:4] not in content[start:end:4].translate(_DIGITS_ONLY):
        return False
    digits = content[start:end].translate(_DIGITS_ONLY)
    place = digits.find(_TOO_LONG)
    while place >= 0:
        end = digits.find(b" ", place)
        before = content[max(start + place - 1, 0) : start + place]
        after = content[start + end : start + end + 1] if end >= 0 else b""
        # Within quotes or after a point it is none. What only looks like one, within a text or at
        # the border of a chunk, costs time and nothing else.
        if before not in _NO_INTEGER_BEFORE and after not in _NO_INTEGER_AFTER:
            return True
        place = digits.find(_TOO_LONG, end) if end >= 0 else -1
    return False


def _has_long_run(content: bytes) -> bool:
    """Return whether a text has more digits in a row than are safe, be it within a string."""
    run = b"0" * (_SAFE_DIGITS + 1)
    return any(
        run in content[start : start + _CHUNK + _SAFE_DIGITS].translate(_DIGITS_ONLY)
        for start in range(0, len(content), _CHUNK)
    )


async def _off_the_loop(parse_content: Any, content: bytes) -> Any:
    if len(content) <= _LARGE:
        return parse_content(content)
    return await asyncio.to_thread(parse_content, content)


def _parse_lines(content: bytes) -> list[Any]:
    return [parse(line) for line in content.splitlines() if line.strip()]


def _parse_piecewise(content: bytes, *, use_float: bool) -> Any:
    values = ijson.sendable_list()
    parser = ijson.items_coro(values, "", use_float=use_float)
    try:
        # In C, what is within a string begins anew with each piece, so that these are not small.
        for chunk in _chunks(content, _PIECE):
            parser.send(chunk)
        parser.close()
    except (ijson.JSONError, ArithmeticError):
        # What it says holds pieces of the body.
        raise ValueError("malformed, or a number in it is too large") from None
    return values[0]


def _chunks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def _as_utf8(content: bytes, encoding: str) -> bytes:
    decoder = TextDecoder(encoding)
    texts = [decoder.feed(chunk).encode() for chunk in _chunks(content, _CHUNK)]
    return b"".join([*texts, decoder.feed(b"", is_last=True).encode()])
