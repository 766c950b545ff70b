"""JSON as some APIs send it: guarded against scripts, in odd encodings, with half characters."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiResponse
from errors import ResponseError
from formats import json_text
from formats.bodies import decode
from formats.documents import Documents
from formats.json_text import parse_exactly, without_halves
from formats.registry import parse_format

# Gerrit, Gitiles, AngularJS, Facebook, Google.
GUARDS = [b")]}'\n", b")]}',\n", b"for (;;);", b"for(;;);\n", b"while(1);", b"{}&& ", b"\n)]}'\n"]


def answer(content: bytes, content_type: str = "application/json") -> ApiResponse:
    headers = httpx.Headers({"content-type": content_type})
    return ApiResponse(httpx.URL("https://h.test/x"), 200, headers, content)


def value(content: bytes, content_type: str = "application/json", wanted: Any = None) -> Any:
    chosen = parse_format(wanted) if wanted else None
    return asyncio.run(decode(answer(content, content_type), chosen)).value


# Guards.


@pytest.mark.contract("json.guarded")
@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("wanted", [None, "json", "jsonl"])
def test_what_keeps_scripts_out_is_left_out(guard: bytes, wanted: str | None) -> None:
    found = value(guard + b'[{"id": 1}]', "application/json", wanted)
    assert found == ([[{"id": 1}]] if wanted == "jsonl" else [{"id": 1}])
    assert value(guard + b'[{"id": 1}]', "text/plain") == [{"id": 1}]


@pytest.mark.contract("json.guarded")
@pytest.mark.parametrize("count", [1, 400_000])
def test_it_is_left_out_of_what_arrives_in_pieces(count: int) -> None:
    async def read() -> bytes:
        documents = Documents(answer(b")]}'\n" + b"[" + b" " * count + b"1]")).each()
        async with aclosing(documents) as each:
            return b"".join([chunk async for document in each async for chunk in document.chunks])

    assert asyncio.run(read()).strip().startswith(b"[")


@pytest.mark.parametrize("content", [b")]}'", b")]}'\n  ", b"for(;;);"])
def test_a_guard_alone_is_an_empty_body(content: bytes) -> None:
    with pytest.raises(ResponseError, match="empty"):
        value(content)


@pytest.mark.parametrize("content", [b")]}x[1]", b"while(2);[1]", b"{}[1]", b"for[1]"])
def test_anything_else_in_front_is_an_error(content: bytes) -> None:
    with pytest.raises(ResponseError):
        value(content)


# Encodings.


@pytest.mark.contract("json.encoding")
@pytest.mark.parametrize("charset", ["utf8mb4", "UTF8MB3", "utf-8", "utf8", ""])
def test_names_of_utf_8(charset: str) -> None:
    told = f"application/json; charset={charset}" if charset else "application/json"
    assert value('["é😀"]'.encode(), told) == ["é😀"]


@pytest.mark.contract("json.encoding")
@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_an_encoding_that_nobody_declares(kind: str) -> None:
    content = '["Müller"]'.encode("latin-1")
    wanted = {"type": kind, "encoding": "latin-1"}
    found = value(content, "application/json", wanted)
    assert found == (["Müller"] if kind == "json" else [["Müller"]])
    with pytest.raises(ResponseError):
        value(content)


@pytest.mark.contract("json.encoding")
def test_an_encoding_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"encoding must be the name of one.*got 'latin-one'"):
        parse_format({"type": "json", "encoding": "latin-one"})


# Half characters.

HALVES: list[tuple[bytes, Any]] = [
    (rb'{"a": "\ud83d"}', {"a": "\ufffd"}),
    (rb'{"a": "x\uDE00y"}', {"a": "x\ufffdy"}),
    (rb'["\ud83d\ud83d\ude00"]', ["\ufffd😀"]),
    (rb'["\ude00\ud83d"]', ["\ufffd\ufffd"]),
    (rb'["\\\ud83d"]', ["\\\ufffd"]),
    (rb'{"\ud83d": 1}', {"\ufffd": 1}),
    (b'["\xed\xa0\xbd"]', ["\ufffd"]),
]
WHOLE = [
    rb'["\ud83d\ude00"]',
    rb'["\\ud83d"]',
    rb'["\\\\ud83d", "\\u"]',
    '["힣😀"]'.encode(),
    b'["\xc3\xa9"]',
]


@pytest.mark.contract("json.half-characters")
@pytest.mark.parametrize("content, expected", HALVES)
@pytest.mark.parametrize("large", [1, 10**6])
def test_half_a_character_is_replaced(
    content: bytes, expected: Any, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "_LARGE", large)
    found, is_same = parse_exactly(content)
    assert (found, is_same) == (expected, False)
    json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.contract("json.half-characters")
@pytest.mark.parametrize("content", WHOLE)
def test_whole_characters_stay(content: bytes) -> None:
    assert without_halves(content) is content
    assert parse_exactly(content) == (json.loads(content), True)


@given(st.text(st.characters(categories=["Cs", "Lu", "So"]) | st.sampled_from('\\"ud8')))
def test_any_text_can_be_written(text: str) -> None:
    """As a program writes it that cuts texts within a character."""
    content = json.dumps([text]).encode()
    (found,) = parse_exactly(content)[0]
    found.encode()
    assert found == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.contract("json.half-characters")
@given(
    parts=st.lists(
        st.sampled_from(
            ["x", "\\\\", "\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\n", "\ud7ff", "y" * 20]
        )
    ),
    size=st.integers(12, 60),
)
def test_a_large_text_is_mended_as_a_small_one(parts: list[str], size: int) -> None:
    text = "".join(parts).encode()
    whole = without_halves(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_text, "_PIECE", size)
        assert without_halves(text) == whole
