"""Brackets within each other in a JSON text: where one ends, and how deep they may be.

A parser takes some hundred bytes of memory, or of its stack, for each that is open. Beside them,
the escapes of texts are counted.
"""

from itertools import accumulate

# Levels; data that people model has some tens.
DEEPEST = 1000
# Backslashes in one text; a file of 100 MB in base64, with a break after each line, has fewer.
MOST_ESCAPES = 2_000_000
_OPENING, _CLOSING = b"[{", b"]}"
_NOT_BRACKETS = bytes(set(range(256)) - set(_OPENING + _CLOSING))
_CHANGE = tuple((byte in _OPENING) - (byte in _CLOSING) for byte in range(256))
_COMMA = ord(",")
# Bytes looked at at once.
_CHUNK = 64 * 1024
_AT_END = b"]} \t\r\n"
# Bytes in which most texts come to an end.
_END = 256


class JsonLimitError(ValueError):
    """JSON of a shape that a parser may not be given; the message says which, and quotes nothing.

    It is nested too deeply, or has a long text of escapes, at all of which a parser looks again
    with each piece that arrives.
    """


def check_depth(text: bytes) -> None:
    """Refuse a JSON text that is nested too deeply, or has a text of too many escapes.

    Raises:
        JsonLimitError: it is or has.
    """
    nesting = Nesting(0)
    for start in range(0, len(text), _CHUNK):
        nesting.pass_over(text[start : start + _CHUNK])


def check_end(text: bytes) -> None:
    """Refuse a text that ends with more brackets than may be open; it takes no time.

    For parsers that have a limit of their own, a little beyond. Errors as for `check_depth`.
    """
    # To look at all of it would copy all of it.
    ending = text[-_END:] if text[-_END:].rstrip(_AT_END) else text
    ending = ending[len(ending.rstrip(_AT_END)) :]
    _refuse_deeper(sum(map(ending.count, (b"]", b"}"))))


def _refuse_deeper(depth: int) -> None:
    if depth > DEEPEST:
        raise JsonLimitError(f"it is nested more than {DEEPEST} levels deep")


class Nesting:
    """The nesting of brackets in a text that begins within so many and arrives in chunks.

    Raises:
        JsonLimitError: from `follow` and `pass_over`.
    """

    def __init__(self, depth: int = 1) -> None:
        self._depth = depth
        self._in_string = False
        self._in_escape = False
        # Backslashes in the text that is open, in all chunks so far.
        self._escapes = 0

    def follow(self, chunk: bytes) -> tuple[int | None, int | None]:
        """Return where the first bracket ends, and the last comma directly within it stands."""
        before, in_string = self._depth, self._in_string
        parts, lowest = self._look_at(chunk)
        if lowest <= 0:
            return _find_end(parts, in_string, before), None
        if lowest > 1:
            return None, None
        return None, _find_comma(parts, in_string, self._depth, len(chunk))

    def pass_over(self, chunk: bytes) -> None:
        """Take note of the brackets in a chunk."""
        self._look_at(chunk)

    def _look_at(self, chunk: bytes) -> tuple[list[bytes], int]:
        """Return what is between quotes, in turns outside and within texts, and the least depth."""
        in_string = self._in_string
        parts = self._without_escapes(chunk).split(b'"')
        self._in_string = in_string != (len(parts) % 2 == 0)
        before = self._escapes if len(parts) == 1 else 0
        self._escapes = before + chunk.count(b"\\", len(chunk) - len(parts[-1]))
        if self._in_string and self._escapes > MOST_ESCAPES:
            raise JsonLimitError(f"a text in it has more than {MOST_ESCAPES} escapes")
        brackets = b"".join(parts[in_string::2]).translate(None, _NOT_BRACKETS)
        depths = list(accumulate(map(_CHANGE.__getitem__, brackets), initial=self._depth))
        _refuse_deeper(max(depths))
        self._depth = depths[-1]
        return parts, min(depths)

    def _without_escapes(self, chunk: bytes) -> bytes:
        """Return the chunk with blanks for each escape that may hold a quote; just as long."""
        if self._in_escape:
            chunk = b" " + chunk[1:]
        if b"\\" not in chunk:
            self._in_escape = False
            return chunk
        chunk = chunk.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
        self._in_escape = chunk.endswith(b"\\")
        return chunk


def _find_end(parts: list[bytes], in_string: bool, depth: int) -> int | None:
    position = 0
    for index, part in enumerate(parts):
        if index % 2 == in_string:
            for offset, byte in enumerate(part):
                depth += _CHANGE[byte]
                if depth == 0:
                    return position + offset
        position += len(part) + 1
    return None


def _find_comma(parts: list[bytes], in_string: bool, depth: int, position: int) -> int | None:
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        start = position - len(part)
        if index % 2 == in_string:
            for offset in range(len(part) - 1, -1, -1):
                depth -= _CHANGE[part[offset]]
                if depth == 1 and part[offset] == _COMMA:
                    return start + offset
        position = start - 1
    return None
