"""Encodings: from the bytes of a document to its text, strictly; and how texts start."""

import codecs
import json
import re
from email.message import Message
from functools import lru_cache

from api_messages import ApiResponse
from errors import ResponseError

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.:-]*)""")
_LONGEST_TYPE = 1000
# MySQL's names for UTF-8 are given on by some APIs.
_PLAIN = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii", "utf8mb4", "utf8mb3", "utf-8mb4"})
# What stands before JSON so that a script of another site cannot read it: Gerrit, Facebook, Google.
_GUARD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:\)\]\}',?|(?:while\s*\(\s*1\s*\)|for\s*\(\s*;\s*;\s*\))\s*;|\{\}\s*&&)"
)
_MARKUP = re.compile(r"\s*<(?:[!?]|[A-Za-z][\w:.-]*[\s/>])")
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
PAGE_ADVICE = (
    "it is a page for a browser: send the header Accept: application/json, and look at kind"
)
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*["{\[\]]|\[\s*[\d-])')


def is_markup(text: str) -> bool:
    """Return whether a text evidently starts as HTML or XML does."""
    return _MARKUP.match(text) is not None


def is_page(text: str) -> bool:
    """Return whether a text evidently is a page for a browser."""
    return _PAGE.match(text) is not None


def is_json(text: str) -> bool:
    """Return whether a text evidently starts as a JSON object or list does."""
    return _JSON.match(text) is not None


def guard_length(start: bytes) -> int:
    """Return how many bytes stand before JSON to keep scripts from reading it; 0 without any.

    Sample: 4 for `)]}'` and a list.
    """
    found = _GUARD.match(start)
    return found.end() if found else 0


def is_encoding(name: str) -> bool:
    """Return whether texts can be decoded with the codec of this name."""
    try:
        # Codecs from bytes to bytes, such as "zip", refuse a text.
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return True


def content_type(response: ApiResponse) -> tuple[str, str]:
    """Return the media type and the charset, empty where the header does not say."""
    return _parse(response.headers.get("content-type", ""))


@lru_cache(maxsize=64)
def _parse(header: str) -> tuple[str, str]:
    # Python's parser takes time in the square of quoted semicolons.
    if not 0 < len(header) <= _LONGEST_TYPE:
        return "", ""
    message = Message()
    message["content-type"] = header
    return message.get_content_type(), message.get_content_charset() or ""


def encoding_of(start: bytes, *, wanted: str, charset: str) -> str:
    """Return the encoding of a text.

    That is the one wanted, else that of a byte order mark, of the Content-Type's charset, of the
    XML declaration, or the one that zeros among the first bytes tell.
    """
    if wanted:
        return wanted
    if not start.startswith(_MARKS):
        if charset not in _PLAIN:
            return charset
        declared = _DECLARATION.match(start.lstrip()) if not charset else None
        if declared and declared[1].decode().lower() not in _PLAIN:
            return declared[1].decode()
    return json.detect_encoding(start[:4])


class TextDecoder:
    """A decoder of bytes that are cut anywhere, which leaves out a byte order mark."""

    def __init__(self, encoding: str) -> None:
        """Prepare to decode; ResponseError when there is no such encoding."""
        self._encoding = encoding
        if not is_encoding(encoding):
            raise self._failure()
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._has_begun = False

    def feed(self, chunk: bytes, *, is_last: bool = False) -> str:
        """Return the text that is complete with this chunk.

        Raises:
            ResponseError: the bytes cannot be decoded, or end within a character.
        """
        try:
            text = self._decoder.decode(chunk, is_last)
        except (UnicodeError, ValueError):
            raise self._failure() from None
        if text and not self._has_begun:
            self._has_begun = True
            return text.removeprefix("\ufeff")
        return text

    def _failure(self) -> ResponseError:
        return ResponseError(
            f"the body cannot be decoded as {self._encoding}",
            advice="its Content-Type does not fit; look for an encoding of response_format",
        )
