"""Cutting the items out of a text: what comes out is what a parse of the whole gives."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import ResponseError
from formats.paths import Step
from formats.splitting import ArraySplitter, LineSplitter, Splitter

MARK = "the list was here"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', "\\", '\\"', "]", "[,", "{}", 'a"]', "\\\\", "é\n"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
CHUNKS = st.integers(1, 40)


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, list[Step], list[Any]]:
    """A text, the path to a list in it, and that list."""
    items = draw(st.lists(VALUES, max_size=8))
    value: Any = items
    path: list[Step] = []
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            before, after = draw(st.lists(VALUES, max_size=2)), draw(st.lists(VALUES, max_size=2))
            path.insert(0, len(before))
            value = [*before, value, *after]
        else:
            key = draw(TEXTS)
            others = draw(st.dictionaries(TEXTS, VALUES, max_size=3))
            others.pop(key, None)
            pairs = [*others.items()]
            pairs.insert(draw(st.integers(0, len(pairs))), (key, value))
            path.insert(0, key)
            value = dict(pairs)
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 1])),
        separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    return text.encode(), path, items


def split(text: bytes, path: list[Step], size: int) -> tuple[ArraySplitter, list[Any]]:
    splitter = ArraySplitter(path)
    found = []
    for start in range(0, len(text), size):
        for piece in splitter.feed(text[start : start + size]):
            found += json.loads(piece)
    for piece in splitter.close():
        found += json.loads(piece)
    return splitter, found


def is_accepted(text: bytes, path: list[Step], size: int) -> bool:
    try:
        splitter, found = split(text, path, size)
        return bool(splitter.is_found) and whole(splitter, found) is not None
    except ValueError:
        return False


def whole(splitter: ArraySplitter, items: list[Any]) -> Any:
    """The document put together again."""

    def restored(value: Any) -> Any:
        match value:
            case dict():
                return {key: restored(item) for key, item in value.items()}
            case list():
                return [restored(item) for item in value]
        return items if value == MARK else value

    return restored(json.loads(splitter.frame(MARK)))


@given(document=documents(), size=CHUNKS)
@example(document=(b'{"a\\"": [1, "\\\\", "]"]}', ['a"'], [1, "\\", "]"]), size=1)
def test_pieces_and_frame_are_the_document(
    document: tuple[bytes, list[Step], list[Any]], size: int
) -> None:
    text, path, items = document
    splitter, found = split(text, path, size)
    assert splitter.is_found
    assert found == items
    assert whole(splitter, found) == json.loads(text)


@given(
    document=documents(),
    size=CHUNKS,
    place=st.integers(0, 200),
    cut=st.integers(0, 3),
    added=st.sampled_from(["", ",", "]", "[", "}", '"', "\\", "1", "x", " "]),
)
@example(document=(b"[1,2]", [], [1, 2]), size=2, place=4, cut=0, added=",")
@example(document=(b"[1,2]", [], [1, 2]), size=2, place=1, cut=0, added=",")
@example(document=(b"[]", [], []), size=1, place=1, cut=1, added="}")
def test_a_damaged_document_is_refused_or_read_as_a_whole_parse_reads_it(
    document: tuple[bytes, list[Step], list[Any]], size: int, place: int, cut: int, added: str
) -> None:
    text, path, _ = document
    place = min(place, len(text))
    text = text[:place] + added.encode() + text[place + cut :]
    try:
        expected = json.loads(text)
    except ValueError:
        assert not is_accepted(text, path, size)
        return
    splitter = ArraySplitter(path)
    splitter.feed(text)
    if splitter.is_found:
        splitter, found = split(text, path, size)
        if MARK in json.dumps(json.loads(splitter.frame(MARK))):
            assert whole(splitter, found) == expected


@given(document=documents(), size=CHUNKS, other=st.lists(TEXTS | st.integers(0, 9), max_size=3))
def test_a_path_that_leads_to_no_list_finds_nothing(
    document: tuple[bytes, list[Step], list[Any]], size: int, other: list[Step]
) -> None:
    text, _, _ = document
    value = json.loads(text)
    for step in other:
        fits = isinstance(value, dict) if isinstance(step, str) else isinstance(value, list)
        there = fits and (step in value if isinstance(step, str) else step < len(value))
        value = value[step] if there else None
    splitter = ArraySplitter(other)
    pieces = [p for at in range(0, len(text), size) for p in splitter.feed(text[at : at + size])]
    assert bool(splitter.is_found) == isinstance(value, list)
    assert bool(pieces) == bool(isinstance(value, list) and value)


def test_a_text_that_ends_within_the_list_is_refused() -> None:
    splitter = ArraySplitter(["items"])
    assert splitter.feed(b'{"items": [{"id": 1}, {"id": 2}, {"i') == [b'[{"id": 1}, {"id": 2}]']
    with pytest.raises(ValueError, match="within a list"):
        splitter.close()


def test_an_item_larger_than_any_chunk_comes_whole() -> None:
    items = [{"text": "x]\\" * 500, "deep": [[[{"a": [1, 2]}]]]}, 1, "two"]
    _, found = split(json.dumps({"items": items}).encode(), ["items"], 7)
    assert found == items


@given(lines=st.lists(VALUES, max_size=8), size=CHUNKS, end=st.sampled_from(["", "\n", "\r\n\n"]))
def test_lines_become_lists(lines: list[Any], size: int, end: str) -> None:
    text = ("\n".join(map(json.dumps, lines)) + end).encode()
    splitter = LineSplitter()
    pieces = [p for at in range(0, len(text), size) for p in splitter.feed(text[at : at + size])]
    pieces += splitter.close()
    assert [item for piece in pieces for item in json.loads(piece)] == lines
    assert splitter.elements == len(lines)


@pytest.mark.contract("bounds.item-size")
@pytest.mark.parametrize(
    "splitter, head", [(ArraySplitter(["data"]), b'{"data":[1,{"a":"'), (LineSplitter(), b'1\n"')]
)
def test_an_item_without_end_is_refused(splitter: Splitter, head: bytes) -> None:
    assert splitter.feed(head)
    chunk = b"x" * 1_000_000
    for _ in range(15):
        splitter.feed(chunk)
    with pytest.raises(ResponseError, match="an item has more than"):
        splitter.feed(chunk)


@pytest.mark.contract("bounds.item-size")
def test_many_items_beside_much_else_are_not_one() -> None:
    splitter = ArraySplitter(["data"])
    chunk = b'{"a":"' + b"x" * 1_000_000 + b'"},'
    splitter.feed(b'{"included":[')
    for _ in range(20):
        splitter.feed(chunk)
    splitter.feed(b'0],"data":[')
    found = sum(len(json.loads(piece)) for _ in range(20) for piece in splitter.feed(chunk))
    found += sum(len(json.loads(piece)) for piece in splitter.feed(b'0],"rest":['))
    for _ in range(20):
        splitter.feed(chunk)
    splitter.feed(b"0]}")
    assert found == 21
    assert set(json.loads(splitter.frame(MARK))) == {"included", "data", "rest"}


@pytest.mark.contract("bounds.encoding")
def test_blanks_before_the_list_take_no_memory() -> None:
    splitter = ArraySplitter(["data"])
    splitter.feed(b"{")
    for _ in range(300):
        splitter.feed(b" " * 100_000)
    assert len(splitter._head) < 200_000
    assert splitter.feed(b'"data":[1]}') == [b"[1]"]
    assert json.loads(splitter.frame(MARK)) == {"data": MARK}
