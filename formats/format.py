"""The base of all formats, the documents that they read in chunks, and items in parts."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import orjson

from api_messages import ApiResponse
from formats.json_text import Body, parse_exactly
from formats.paths import Step
from formats.texts import encoding_of, is_encoding


@dataclass(frozen=True, slots=True)
class ListPart:
    """A part of a list: its elements, and the same as the JSON text of a list.

    `said`, with those of all other parts, is equal for equal lists, wherever these are cut.
    """

    elements: Sequence[Any]
    text: bytes
    said: bytes

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Return the part that a text is as it was received, inexact integers turned into strings.

        Raises:
            ValueError: it is not JSON.
        """
        elements, is_exact = parse_exactly(text)
        exact = text if is_exact else json.dumps(elements).encode()
        return cls(elements, exact, text[1:-1] + b",")

    @classmethod
    def of(cls, elements: Sequence[Any]) -> Self:
        """Return the part with these elements, which are plain JSON values."""
        text = orjson.dumps(elements)
        return cls(elements, text, text[1:-1] + b",")


class ItemReader(ABC):
    """A reader that takes the items out of one document, which arrives in chunks.

    All of its methods raise ResponseError, or ValueError for what is no JSON; they take at most
    milliseconds for 100 kB, and run in a thread.
    """

    @property
    @abstractmethod
    def is_found(self) -> bool | None:
        """True where a list is at the place of the items, as soon as that is known."""

    @abstractmethod
    def feed(self, chunk: bytes) -> list[ListPart]:
        """Return the parts that are complete with this chunk."""

    @abstractmethod
    def close(self) -> list[ListPart]:
        """Return the last parts; an error when the document ends too early."""

    @abstractmethod
    def frame(self) -> Any:
        """Return, after the end, the document with an empty list where the items were."""

    async def read(self, chunks: AsyncGenerator[bytes]) -> list[Any]:
        """Return all items of a document."""
        items: list[Any] = []
        async for chunk in chunks:
            for part in await asyncio.to_thread(self.feed, chunk):
                items += part.elements
        for part in await asyncio.to_thread(self.close):
            items += part.elements
        return items


@dataclass(frozen=True)
class Format(ABC):
    """A way to read a body. Each format is a class, whose fields are the options of a user.

    To add one, write its class, and name it in `registry.FORMATS`. `media_types` are those that
    mean it, or their ends, such as `+xml`, and `suffixes` are those of file names. `gives` and
    `refuses` tell the documentation what `data_path: .` gives, and what is an error.
    """

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]] = ()
    suffixes: ClassVar[tuple[str, ...]] = ()
    gives: ClassVar[str]
    refuses: ClassVar[str]
    # In an archive, a document without any byte may mean no items.
    may_be_empty: ClassVar[bool] = False
    # A body that starts as JSON does is never this format, and then it is JSON.
    starts_unlike_json: ClassVar[bool] = True
    # A document without a list at the path has no items, rather than being an error.
    may_lack_list: ClassVar[bool] = True
    # Empty where the body or its Content-Type says it.
    encoding = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the format with these options.

        Raises:
            ValueError: says what is wrong, the value got, and what is allowed.
        """
        parsers = {option.name: option.metadata["parse"] for option in fields(cls)}
        for name in given:
            if name not in parsers:
                allowed = ", ".join(parsers) or "none"
                raise ValueError(f"{name!r} is no option of {cls.name}; {cls.name} has {allowed}")
        return cls(**{name: parsers[name](value) for name, value in given.items()})

    @classmethod
    def is_meant_by(cls, media_type: str) -> bool:
        """Return whether a Content-Type says this format."""
        return media_type.endswith(cls.media_types)

    @classmethod
    def looks_like(cls, text: str) -> bool:
        """Return whether a text that is no JSON evidently starts as this format does."""
        return False

    @abstractmethod
    def reader(self, document: "Document", path: Sequence[Step]) -> ItemReader | None:
        """Return a reader of the items at a path; None when only the whole tells them."""

    async def value(self, document: "Document", path: Sequence[Step]) -> Body:
        """Return a whole document as a JSON value, by default the list of its items.

        Raises:
            ResponseError: it is empty, cannot be decoded, or is not this format.
            ValueError: it is no JSON; the message never quotes it.
        """
        reader = self.reader(document, ())
        return Body(await reader.read(document.chunks) if reader else None)


@dataclass(slots=True)
class Document:
    """A body, or a file that is packed in it, as `chunks` from the start.

    `declared` tells that the Content-Type or a file's name says the format, too. `name` is empty
    where the document is the body itself. `start` is how it begins. `content_type` has the media
    type and the charset of the answer, each empty where it does not say. `guard` is how many bytes
    stand before it that are none of it; `chunks` are without them.
    """

    name: str
    format: Format
    declared: bool
    content_type: tuple[str, str]
    start: bytes = field(repr=False)
    chunks: AsyncGenerator[bytes] = field(repr=False)
    response: ApiResponse = field(repr=False)
    guard: int = 0

    @property
    def encoding(self) -> str:
        """The encoding of its text, such as `utf-8`."""
        charset = self.content_type[1]
        return encoding_of(self.start, wanted=self.format.encoding, charset=charset)

    def reader(self, path: Sequence[Step]) -> ItemReader | None:
        """Return a reader of the items at a path; None when only the whole tells them."""
        return self.format.reader(self, path)

    async def content(self) -> bytes:
        """Return the whole at once."""
        if self.name:
            return b"".join([chunk async for chunk in self.chunks])
        content = await self.response.read()
        return content[self.guard :] if self.guard else content


def option[T](default: T, parse: Callable[[object], T]) -> T:
    """Declare an option: its default, and what checks and converts a value that is given."""
    return field(default=default, metadata={"parse": parse})


def encoding_option(value: object) -> str:
    """Return the name of an encoding; ValueError where it is none."""
    if isinstance(value, str) and is_encoding(value):
        return value
    raise ValueError(
        f"encoding must be the name of one, such as utf-8 or windows-1252 (got {value!r})"
    )


def names_option(option_name: str, value: object) -> tuple[str, ...]:
    """Return a list of names; ValueError where it is none."""
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or not value
        or not all(isinstance(name, str) and name for name in value)
    ):
        raise ValueError(
            f"{option_name} must be a list of names, such as [id, name] (got {value!r})"
        )
    return tuple(value)
