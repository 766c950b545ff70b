"""XML as objects, while it arrives, by the fixed rules of docs/formats.md.

Document types are refused, and with them every entity that a document could define.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from errors import ResponseError
from formats.format import (
    Document,
    Format,
    ItemReader,
    ListPart,
    encoding_option,
    names_option,
    option,
)
from formats.json_text import Body
from formats.paths import Step, walk
from formats.texts import PAGE_ADVICE, TextDecoder, is_markup, is_page

_DEEPEST = 100
# A tag or comment beyond this is read anew with each chunk, which takes for ever.
_LONGEST_TAG = 4 * 2**20
# Pages and pictures for people, which no API means as data.
_NO_DATA = frozenset({"application/xhtml+xml", "image/svg+xml"})


@dataclass(frozen=True, slots=True)
class Xml(Format):
    """The format of one object; `lists` names elements that are lists even when there is one."""

    name = "xml"
    media_types = ("application/xml", "text/xml", "+xml")
    suffixes = ("xml",)
    gives = "the document as one object; name the elements: `.users.user`"
    refuses = "see below"

    encoding: str = option("", encoding_option)
    lists: frozenset[str] = option(
        frozenset(), lambda value: frozenset(names_option("lists", value))
    )

    @classmethod
    def is_meant_by(cls, media_type: str) -> bool:
        return media_type not in _NO_DATA and media_type.endswith(cls.media_types)

    @classmethod
    def looks_like(cls, text: str) -> bool:
        return is_markup(text) and not is_page(text)

    def reader(self, document: Document, path: Sequence[Step]) -> ItemReader | None:
        names = _element_path(path)
        return XmlObjects(document.encoding, names, self.lists) if names else None

    async def value(self, document: Document, path: Sequence[Step]) -> Body:
        names = _element_path(path)
        reader = XmlObjects(document.encoding, names, self.lists)
        items = await reader.read(document.chunks)
        return Body(_with_items(reader.frame(), names, items))


def _element_path(path: Sequence[Step]) -> list[str]:
    """Return the names on the way to elements within the root; none where it leads elsewhere."""
    names = [step for step in path if isinstance(step, str) and not step.startswith(("@", "#"))]
    return names if len(names) == len(path) > 1 else []


def _with_items(frame: Any, names: Sequence[str], items: list[Any]) -> Any:
    if names:
        present, parent = walk(frame, list(names[:-1]))
        if present and isinstance(parent, dict) and names[-1] in parent:
            parent[names[-1]] = items
    return frame


class _Element:
    """An XML element while it is open."""

    __slots__ = ("fields", "is_on_path", "name", "texts")

    def __init__(self, name: str, attributes: Sequence[str], *, is_on_path: bool) -> None:
        self.name = name
        self.is_on_path = is_on_path
        self.fields: dict[str, Any] = _attributes(attributes) if attributes else {}
        self.texts: list[str] = []

    def add(self, name: str, value: Any, lists: Collection[str]) -> None:
        fields = self.fields
        if name not in fields:
            fields[name] = [value] if name in lists else value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]

    def value(self) -> Any:
        text = "".join(self.texts).strip()
        if not self.fields:
            return text or None
        if text:
            self.fields["#text"] = text
        return self.fields


class XmlObjects(ItemReader):
    """A reader of an XML document that, with a `path`, takes out the elements there as items.

    Sample: with the path `["rss", "item"]`, `<rss><title>t</title><item>1</item></rss>` has the
    items `["1"]` and the frame `{"rss": {"title": "t", "item": []}}`. Without one, the frame is the
    whole.

    An element on the way to the items that comes twice is an error, because the list could then
    not be put back. Where the parent of the items is there and has no elements at all, or is said
    to have this list, the list is empty; else there is none, and `is_found` is false.
    """

    is_found: bool | None = None

    def __init__(self, encoding: str, path: Sequence[str] = (), lists: Collection[str] = ()):
        self._path = path
        self._lists = lists
        self._decoder = TextDecoder(encoding)
        self._open: list[_Element] = []
        self._root: dict[str, Any] = {}
        self._items: list[Any] = []
        self._has_items = False
        self._passed = [0] * len(path)
        self._fed = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse

    def feed(self, chunk: bytes) -> list[ListPart]:
        self._parse(self._decoder.feed(chunk))
        return self._take()

    def close(self) -> list[ListPart]:
        self._parse(self._decoder.feed(b"", is_last=True), is_last=True)
        # They hold this object, which holds the parser.
        self._parser.StartElementHandler = self._parser.EndElementHandler = None
        self._parser.CharacterDataHandler = None
        return self._take()

    def frame(self) -> Any:
        return self._root

    def _take(self) -> list[ListPart]:
        items, self._items = self._items, []
        return [ListPart.of(items)] if items else []

    def _parse(self, text: str, *, is_last: bool = False) -> None:
        content = text.encode()
        self._fed += len(content)
        try:
            self._parser.Parse(content, is_last)
        except expat.ExpatError as error:
            raise ResponseError(
                f"the body is no XML: {expat.ErrorString(error.code)} in line {error.lineno}",
                advice="look at kind, and at response_format",
            ) from None
        if self._fed - max(self._parser.CurrentByteIndex, 0) > _LONGEST_TAG + len(content):
            raise ResponseError(f"the XML has a tag or comment of more than {_LONGEST_TAG} bytes")

    def _start(self, name: str, attributes: Sequence[str]) -> None:
        depth = len(self._open)
        name = _local(name)
        if depth == 0:
            self._begin(name)
        if depth >= _DEEPEST:
            raise ResponseError(f"the XML has more than {_DEEPEST} elements within each other")
        is_on_path = (
            depth < len(self._path)
            and name == self._path[depth]
            and (depth == 0 or self._open[-1].is_on_path)
        )
        if is_on_path:
            self._pass(depth)
        self._open.append(_Element(name, attributes, is_on_path=is_on_path))

    def _begin(self, root: str) -> None:
        if root.lower() == "html":
            raise ResponseError("the body is an HTML page", advice=PAGE_ADVICE)
        self.is_found = bool(self._path) and root == self._path[0]

    def _pass(self, depth: int) -> None:
        self._passed[depth] += 1
        if self._passed[depth] > 1 and depth < len(self._path) - 1:
            names = ".".join(self._path)
            raise ResponseError(
                f"the XML has several elements {self._path[depth]} on the way to data_path "
                f".{names}",
                advice="take each of them, as in `[.a.b] | flatten | map(.c) | flatten`",
            )

    def _end(self, _: str) -> None:
        element = self._open.pop()
        depth = len(self._open)
        value = element.value()
        if element.is_on_path and depth == len(self._path) - 1:
            self._items.append(value)
            return
        if element.is_on_path and depth == len(self._path) - 2:
            value = self._with_list(value)
        if self._open:
            self._open[-1].add(element.name, value, self._lists)
        else:
            self._root = {element.name: value}
            self.is_found = self._has_items

    def _with_list(self, value: Any) -> Any:
        """Return the parent of the items, with an empty list where they were."""
        name = self._path[-1]
        value = {} if value is None else value
        if not isinstance(value, dict):
            return value
        is_bare = all(key.startswith("@") for key in value)
        self._has_items = bool(self._passed[-1]) or is_bare or name in self._lists
        return {**value, name: []} if self._has_items else value

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def _attributes(pairs: Sequence[str]) -> dict[str, Any]:
    """Return `@name` for each, with its prefix only where another attribute has that name."""
    fields: dict[str, Any] = {}
    named = list(zip(pairs[::2], pairs[1::2], strict=True))
    for name, value in sorted(named, key=lambda pair: ":" in pair[0]):
        if name == "xmlns" or name.startswith("xmlns:"):
            continue
        short = f"@{_local(name)}"
        fields[f"@{name}" if short in fields else short] = value
    return fields


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*_: object) -> None:
    raise ResponseError(
        "the XML has a document type, which is refused, because it may define entities",
        advice="an HTML page has one, too: look at kind",
    )
