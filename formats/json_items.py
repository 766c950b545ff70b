"""The items of JSON and of newline-delimited JSON as parts."""

import secrets
from collections.abc import Sequence
from typing import Any

from formats.json_text import parse
from formats.parts import ItemReader, ListPart
from formats.paths import Step
from formats.splitting import ArraySplitter, LineSplitter, Splitter


class JsonItems(ItemReader):
    """Reads the elements of the list at a path, or the values of lines."""

    def __init__(self, splitter: Splitter, path: Sequence[Step] = ()) -> None:
        self._splitter = splitter
        self._path = list(path)
        self._count = 0

    @classmethod
    def at(cls, path: Sequence[Step]) -> "JsonItems":
        """The elements of the list at a path of one JSON value."""
        return cls(ArraySplitter(path), path)

    @classmethod
    def lines(cls) -> "JsonItems":
        """Each line is a JSON value, and an item."""
        return cls(LineSplitter())

    @property
    def is_found(self) -> bool | None:
        return self._splitter.is_found

    def feed(self, chunk: bytes) -> list[ListPart]:
        return [self._parse(text) for text in self._splitter.feed(chunk)]

    def close(self) -> list[ListPart]:
        last = [self._parse(text) for text in self._splitter.close()]
        if self._splitter.elements not in (None, self._count):
            raise ValueError("a line is no JSON value")
        return last

    def frame(self) -> Any:
        """Raises ValueError where what is left without the list is no JSON."""
        placeholder = secrets.token_hex(16)
        return _emptied(parse(self._splitter.frame(placeholder)), self._path, placeholder)

    def _parse(self, text: bytes) -> ListPart:
        part = ListPart.parse(text)
        self._count += len(part.elements)
        return part


def _emptied(frame: Any, path: list[Step], placeholder: str) -> Any:
    """The frame with an empty list in place of the placeholder.

    Raises:
        ValueError: it is not there, because a key on the way to it comes twice.
    """
    if not path:
        if frame != placeholder:
            raise ValueError("a key comes twice")
        return []
    step, *rest = path
    frame[step] = _emptied(frame[step], rest, placeholder)
    return frame
