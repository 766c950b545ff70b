"""How deep a text may be nested: the same for every size, and never beyond."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats import nesting
from formats.json_text import parse
from formats.nesting import DEEPEST, JsonLimitError, check_depth, check_end

LARGE = 1_100_000
SHAPES = {
    "lists": ("[", "]"),
    "objects": ('{"a":', "}"),
    "with texts": ('{"]]}}":"[\\"[","b":', '},"]"'),
    "with neighbours": ('[[],{"a":1},', ',"{{",2]'),
}


def nested(depth: int, shape: str, size: int = 0) -> bytes:
    opening, closing = SHAPES[shape]
    if shape == "with texts":
        closing = "}"
    text = opening * depth + "0" + closing * depth
    return text.encode() + b" " * size


@pytest.mark.contract("bounds.nesting")
@pytest.mark.parametrize("size", [0, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_deepest_nesting_is_read_and_no_deeper(shape: str, size: int) -> None:
    extra = 1 if shape == "with neighbours" else 0
    text = nested(DEEPEST - extra, shape, size)
    value = parse(text)
    assert value
    for beyond in (30, 5000, 40_000):
        with pytest.raises(JsonLimitError):
            parse(nested(DEEPEST + beyond, shape, size))


@pytest.mark.contract("bounds.nesting")
@pytest.mark.parametrize("size", [0, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("shape", ["lists", "objects"])
def test_one_level_more_is_refused(shape: str, size: int) -> None:
    with pytest.raises(JsonLimitError, match="more than 1000 levels"):
        parse(nested(DEEPEST + 1, shape, size))


@pytest.mark.parametrize("of", [b"\\n", b'\\"', b"\\u0041", b"a\\n"])
def test_a_text_of_too_many_escapes_is_refused(of: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nesting, "MOST_ESCAPES", 400_000)
    long = b"abc" * 1_000_000
    fits = b'["", "%b", "%b", "%b"]' % (of * 390_000, of * 390_000, long)
    assert [len(text) > 0 for text in parse(fits)] == [False, True, True, True]
    with pytest.raises(JsonLimitError, match="a text in it has more than 400000 escapes"):
        parse(b'{"a": ["%b", "%b"]}' % (long, of * 480_000))


@pytest.mark.contract("bounds.nesting")
def test_what_is_no_plain_json_is_held_to_the_same() -> None:
    assert parse(b"[" * 900 + b"NaN, 12345678901234567890" + b"]" * 900)
    with pytest.raises(JsonLimitError):
        parse(b"[" * 1500 + b"NaN" + b", 1]" * 1500)
    with pytest.raises(JsonLimitError):
        parse(b"[" * 1500 + b"12345678901234567890" + b", 1]" * 1500)


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    is_one = isinstance(value, dict | list)
    return is_one + max(map(depth_of, inner), default=0)


TEXTS = st.text(st.sampled_from('[]{}"\\a,')) | st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=15,
)


@given(value=VALUES, limit=st.integers(0, 5))
def test_the_depth_is_that_of_the_value(value: Any, limit: int) -> None:
    text = json.dumps(value).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("formats.nesting.DEEPEST", limit)
        patch.setattr("formats.nesting._CHUNK", 3)
        if depth_of(value) > limit:
            with pytest.raises(JsonLimitError):
                check_depth(text)
        else:
            check_depth(text)
            check_end(text)
