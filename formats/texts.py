"""From the bytes of a document to its text, strictly, chunk by chunk."""

import codecs
import json
import re

from errors import ResponseError
from formats.options import is_encoding

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.:-]*)""")
_PLAIN = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


def encoding_of(start: bytes, *, wanted: str, charset: str) -> str:
    """The encoding of a text: as wanted, else by a byte order mark, the charset of its
    Content-Type, its XML declaration, or where its zeros are."""
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
    """Decodes bytes that are cut anywhere; a byte order mark is left out."""

    def __init__(self, encoding: str) -> None:
        """Raises ResponseError when there is no such encoding."""
        self._encoding = encoding
        if not is_encoding(encoding):
            raise self._failure()
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._has_begun = False

    def feed(self, chunk: bytes, *, is_last: bool = False) -> str:
        """The text that is complete with this chunk.

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
            advice="its Content-Type does not fit; csv and xml have encoding in response_format",
        )
