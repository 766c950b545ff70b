"""What every reader of a format gives: the items of a body, in parts, as it arrives."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from formats.json_text import parse_exactly


@dataclass(frozen=True, slots=True)
class ListPart:
    """Some elements of a list, and the same as the JSON text of a list.

    `said`, with those of all other parts, is equal for equal lists, wherever these are cut.
    """

    elements: Sequence[Any]
    text: bytes
    said: bytes

    @classmethod
    def parse(cls, text: bytes) -> "ListPart":
        """From text as it was received, with inexact integers turned into strings.

        Raises:
            ValueError, ijson.JSONError: it is not JSON.
        """
        elements, is_exact = parse_exactly(text)
        exact = text if is_exact else json.dumps(elements).encode()
        return cls(elements, exact, text[1:-1] + b",")

    @classmethod
    def of(cls, elements: Sequence[Any]) -> "ListPart":
        """From elements that are plain JSON values."""
        text = orjson.dumps(elements)
        return cls(elements, text, text[1:-1] + b",")


class ItemReader(Protocol):
    """Takes the items out of one document that arrives in chunks.

    `is_found` says whether there is a list where the items should be, as soon as that is known.
    All of its methods raise ResponseError, or ValueError or ijson.JSONError for what is no JSON;
    they take at most milliseconds for 100 kB, and run in a thread.
    """

    @property
    def is_found(self) -> bool | None: ...

    def feed(self, chunk: bytes) -> list[ListPart]:
        """The parts that are complete with this chunk."""

    def close(self) -> list[ListPart]:
        """The last parts; an error when the document ends too early."""

    def frame(self) -> Any:
        """After the end: the document with an empty list where the items were."""
