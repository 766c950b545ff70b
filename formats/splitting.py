"""Splitters, which take items out of a large JSON text while it arrives, without parsing it.

Only the places of strings and brackets are looked at. A cut that is wrong cannot go unnoticed:
each piece and what is left when the pieces are taken out must be valid JSON, and then so was the
whole, with just these items.
"""

import json
import re
from collections.abc import Generator, Sequence
from typing import Protocol

from formats.json_values import LARGEST_VALUE, too_large
from formats.nesting import Nesting
from formats.paths import Step

_BLANK = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^ \t\n\r,\]}]*")
# So many blanks in a row are kept as they are.
_MOST_BLANKS = 1000


class Splitter(Protocol):
    """A splitter of a text that arrives in chunks; each piece is the JSON text of a list.

    `is_found` says whether there is a list at all, as soon as that is known; `elements` how many
    elements the pieces so far must have, where the splitter can tell.
    """

    is_found: bool | None
    elements: int | None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the pieces that are complete with this chunk."""

    def close(self) -> list[bytes]:
        """Return the last pieces; ValueError when the text ends too early."""

    def frame(self, placeholder: str) -> bytes:
        """Return, after the end, the text with the string `placeholder` where the list was."""


class ArraySplitter(Splitter):
    """A splitter that takes the elements of the array at a path out of a JSON text.

    Sample: with the path `["data"]`, the text `{"data": [{"id": 1}, {"id": 2}], "next": null}` has
    the pieces `[{"id": 1}]` and `[{"id": 2}]`, or both in one, and the frame `{"data": "…", "next":
    null}`. `is_found` becomes true or false as soon as it is known whether the path leads to an
    array; nothing comes when it does not.
    """

    elements: int | None = None

    def __init__(self, path: Sequence[Step]) -> None:
        self.is_found: bool | None = None
        self._head = bytearray()
        self._position = 0
        self._search = self._locate(path)
        next(self._search)
        self._nesting = Nesting()
        self._pending = _Pending()
        self._has_cut = False
        self._has_ended = False
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the pieces so far; ValueError where the list's commas or brackets are wrong."""
        if self.is_found is None:
            chunk = self._look_for_array(chunk)
        if not self.is_found or not chunk:
            return []
        if self._has_ended:
            self._tail += chunk
            return []
        return self._cut(chunk)

    def close(self) -> list[bytes]:
        if self.is_found and not self._has_ended:
            raise ValueError("the text ends within a list")
        return []

    def frame(self, placeholder: str) -> bytes:
        return b"".join((self._head, json.dumps(placeholder).encode(), self._tail))

    def _look_for_array(self, chunk: bytes) -> bytes:
        """Return the text so far that lies within the array."""
        self._head += chunk
        try:
            next(self._search)
        except StopIteration as end:
            self.is_found = bool(end.value)
        if not self.is_found:
            return b""
        inside = bytes(self._head[self._position + 1 :])
        del self._head[self._position :]
        return inside

    def _cut(self, chunk: bytes) -> list[bytes]:
        end, comma = self._nesting.follow(chunk)
        if end is not None:
            if chunk[end : end + 1] != b"]":
                raise ValueError("a list ends with another bracket")
            self._has_ended = True
            self._tail += chunk[end + 1 :]
            return self._piece(chunk[:end], is_last=True)
        if comma is None:
            self._pending.add(chunk)
            return []
        pieces = self._piece(chunk[:comma], is_last=False)
        self._pending.add(chunk[comma + 1 :])
        return pieces

    def _piece(self, text: bytes, *, is_last: bool) -> list[bytes]:
        text = self._pending.take(text)
        if _BLANK.fullmatch(text):
            if is_last and not self._has_cut:
                return []
            raise ValueError("a comma without an element")
        self._has_cut = True
        return [b"".join((b"[", text, b"]"))]

    def _locate(self, path: Sequence[Step]) -> Generator[None, None, bool]:
        """Go to the array's bracket, and ask for more text by yielding."""
        yield
        for step in path:
            opening = yield from self._next_byte()
            self._position += 1
            if isinstance(step, str):
                is_there = opening == b"{" and (yield from self._enter_key(step))
            else:
                is_there = opening == b"[" and (yield from self._enter_index(step))
            if not is_there:
                return False
        return (yield from self._next_byte()) == b"["

    def _enter_key(self, wanted: str) -> Generator[None, None, bool]:
        while (yield from self._next_byte()) == b'"':
            start = self._position
            yield from self._skip_string()
            try:
                key = json.loads(self._head[start : self._position])
            except ValueError:
                return False
            if (yield from self._next_byte()) != b":":
                return False
            self._position += 1
            if key == wanted:
                return True
            yield from self._skip_value()
            if (yield from self._next_byte()) != b",":
                return False
            self._position += 1
        return False

    def _enter_index(self, wanted: int) -> Generator[None, None, bool]:
        for _ in range(wanted):
            if (yield from self._next_byte()) == b"]":
                return False
            yield from self._skip_value()
            if (yield from self._next_byte()) != b",":
                return False
            self._position += 1
        return wanted >= 0

    def _next_byte(self) -> Generator[None, None, bytes]:
        """Return the next byte that is not blank, and stay there."""
        while True:
            end = _end_of(_BLANK, self._head, self._position)
            if end - self._position > _MOST_BLANKS:
                # They say nothing, and may be all that arrives.
                del self._head[self._position : end]
            else:
                self._position = end
            if self._position < len(self._head):
                return bytes(self._head[self._position : self._position + 1])
            yield

    def _skip_value(self) -> Generator[None, None, None]:
        first = yield from self._next_byte()
        if first == b'"':
            yield from self._skip_string()
        elif first in (b"{", b"["):
            self._position += 1
            yield from self._skip_nested()
        else:
            while (end := _end_of(_SCALAR, self._head, self._position)) == len(self._head):
                yield
            self._position = end

    def _skip_string(self) -> Generator[None, None, None]:
        while not (match := _STRING.match(self._head, self._position)):
            yield
        self._position = match.end()

    def _skip_nested(self) -> Generator[None, None, None]:
        nesting = Nesting()
        while True:
            rest = bytes(self._head[self._position :])
            end, _ = nesting.follow(rest)
            if end is not None:
                self._position += end + 1
                return
            self._position += len(rest)
            yield


class LineSplitter(Splitter):
    """A splitter that makes lists of the lines of newline-delimited JSON."""

    def __init__(self) -> None:
        self.is_found: bool | None = True
        self.elements: int | None = 0
        self._pending = _Pending()

    def feed(self, chunk: bytes) -> list[bytes]:
        lines, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._pending.add(chunk)
            return []
        text = self._pending.take(lines)
        self._pending.add(rest)
        return self._lists(text)

    def close(self) -> list[bytes]:
        return self._lists(self._pending.take())

    def frame(self, placeholder: str) -> bytes:
        return json.dumps(placeholder).encode()

    def _lists(self, text: bytes) -> list[bytes]:
        lines = [line for line in text.split(b"\n") if not _BLANK.fullmatch(line)]
        self.elements = (self.elements or 0) + len(lines)
        return [b"[" + b",".join(lines) + b"]"] if lines else []


class _Pending:
    """The start of an item, whose end has not arrived."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        """Add what has arrived; ResponseError when it is more than an item may have."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > LARGEST_VALUE:
            raise too_large("an item")

    def take(self, last: bytes = b"") -> bytes:
        """Return it with its end, and begin anew."""
        text = b"".join((*self._parts, last))
        self._parts, self._size = [], 0
        return text


def _end_of(pattern: re.Pattern[bytes], text: bytearray, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
