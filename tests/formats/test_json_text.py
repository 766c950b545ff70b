"""From bytes to a JSON value, exactly."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiResponse
from errors import ResponseError
from formats import json_text as decoding
from formats.bodies import decode
from formats.json_text import Body, json_text, parse

_EXACT = 2**53
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.integers(-_EXACT - 2, -_EXACT + 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def _response(content: bytes, content_type: str = "", status: int = 200) -> ApiResponse:
    headers = httpx.Headers({"content-type": content_type} if content_type else {})
    return ApiResponse(httpx.URL("https://h.test/x"), status, headers, content)


def _decode(content: bytes, content_type: str = "", status: int = 200) -> Body:
    return asyncio.run(decode(_response(content, content_type, status)))


def _without_inexact(value: Any) -> Any:
    """What is promised: the same value, with integers beyond 2^53 as text."""
    match value:
        case dict():
            return {key: _without_inexact(item) for key, item in value.items()}
        case list():
            return [_without_inexact(item) for item in value]
        case int() if not isinstance(value, bool) and abs(value) > _EXACT:
            return str(value)
    return value


@pytest.mark.contract("items.as-sent", "items.large-integers")
@given(value=_JSON, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_any_json_arrives_as_sent(value: Any, ascii_only: bool, indent: int | None) -> None:
    content = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    found = parse(content)
    assert found == _without_inexact(value)
    assert json.dumps(found) == json.dumps(_without_inexact(value))


@pytest.mark.contract("items.as-sent", "items.large-integers")
@given(value=_JSON, chunk=st.integers(40, 100))
def test_large_bodies_give_the_same_as_small_ones(value: Any, chunk: int) -> None:
    content = b" " * 100 + json.dumps(value).encode()
    small = parse(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_LARGE", 0)
        patch.setattr(decoding, "_CHUNK", chunk)
        patch.setattr(decoding, "_PIECE", chunk)
        large = parse(content)
    assert json.dumps(large) == json.dumps(small)


@pytest.mark.contract("items.large-integers")
@pytest.mark.parametrize(
    "text",
    ["9007199254740993", "-9007199254740993", "18446744073709551616", "1" * 400, "7" * 5000],
    ids=len,
)
def test_integers_beyond_doubles_keep_every_digit(text: str) -> None:
    assert parse(f'{{"id": {text}}}'.encode()) == {"id": text}


LONG = "7" * 5000


@pytest.mark.contract("bounds.long-numbers")
@pytest.mark.parametrize("text", [LONG, f"-{LONG}", "7" * 700, f"0.{LONG}"], ids=len)
@pytest.mark.parametrize("quoted", [True, False])
def test_a_number_of_very_many_digits_ends_no_process(text: str, *, quoted: bool) -> None:
    value = f'"{text}"' if quoted else text
    content = f'[{{"pad": "{"x" * 1_000_000}"}}, {{"n": {value}}}]'.encode()
    expected = text if quoted or "." not in text else float(text)
    assert parse(content)[1] == {"n": expected}


@pytest.mark.contract("bounds.long-numbers")
@pytest.mark.parametrize("pad", ["", "x" * 1_000_000], ids=["small", "large"])
@pytest.mark.parametrize("beside", ["1", "12345678901234567890"])
def test_a_number_beyond_all_doubles_is_a_text(pad: str, beside: str) -> None:
    content = f'["{pad}", 1e400, -1.5E308, -25e308, {beside}]'.encode()
    assert parse(content)[1:4] == ["1E+400", -1.5e308, "-2.5E+309"]


@pytest.mark.contract("bounds.long-numbers")
def test_a_number_beyond_all_bounds_is_a_text_or_refused() -> None:
    pad = "x" * 1_000_000
    without_bounds = f'["{pad}", 1e{"7" * 30}, 12345678901234567890]'.encode()
    with pytest.raises(ValueError, match="a number in it is too large"):
        parse(without_bounds)
    assert parse(without_bounds.replace(pad.encode(), b""))[1] == f"1e{'7' * 30}"
    assert parse(f'["{pad}", 1e{LONG}, 12345678901234567890]'.encode())[1] == f"1e{LONG}"


@pytest.mark.contract("bounds.long-numbers")
def test_a_very_large_body_with_a_number_of_very_many_digits_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "MOST_WITH_LONG_RUNS", 1_000_000)
    with pytest.raises(ValueError, match="digits in a row"):
        parse(f'["{"x" * 1_000_000}", {LONG}]'.encode())


@pytest.mark.contract("bounds.linear")
def test_a_long_text_of_escapes_is_read_in_no_time() -> None:
    text = '"' * 2_000_000
    begin = time.process_time()
    assert parse(json.dumps([text]).encode()) == [text]
    assert time.process_time() - begin < 1.5


@pytest.mark.contract("items.large-integers")
@given(
    before=st.integers(0, 200),
    length=st.integers(1, 60),
    chunk=st.integers(1, 90),
    around=st.sampled_from(
        [("", ""), ('"', '"'), ("0.", ""), ("", ".5"), ("", "e5"), ('"', ' x"'), ('"x ', '"')]
    ),
)
def test_a_long_integer_is_seen_wherever_it_lies(
    before: int, length: int, chunk: int, around: tuple[str, str]
) -> None:
    text = f"[{' ' * before}{around[0]}{'7' * length}{around[1]}]".encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_CHUNK", chunk)
        in_chunks = decoding.has_long_integer(text)
    is_one = length >= 16 and around == ("", "")
    assert decoding.has_long_integer(text) is is_one
    # At the border of a chunk something else may look like one.
    assert in_chunks or not is_one


@given(value=_JSON)
def test_the_text_for_jq_says_the_same_as_the_value(value: Any) -> None:
    body = _decode(json.dumps(value).encode())
    assert json.loads(asyncio.run(json_text(body))) == body.value


@pytest.mark.contract("body.no-content")
@pytest.mark.parametrize("status", [204, 205])
def test_an_answer_without_content_is_empty(status: int) -> None:
    assert _decode(b"", "text/html", status) == Body(None)


@pytest.mark.contract("body.empty")
@pytest.mark.parametrize("content", [b"", b" \r\n\t "])
def test_a_success_with_an_empty_body_is_an_error(content: bytes) -> None:
    with pytest.raises(ResponseError, match="200 with an empty body"):
        _decode(content, "application/json")


_NOT_JSON = [
    b"<html><body>Sign in</body></html>",
    b"{'a': 1}",
    b'{"a": 1',
    b'{"a": 1} trailing',
    b"\xff\xfe\xfa\x00\x01",
    b"[" * 3_000,
]


@pytest.mark.contract("body.not-json")
@pytest.mark.parametrize("content", _NOT_JSON, ids=range(len(_NOT_JSON)))
@pytest.mark.parametrize("large", [0, 1_000_000])
def test_what_is_no_json_is_an_error(
    content: bytes, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_LARGE", large)
    with pytest.raises(ResponseError) as caught:
        _decode(content, "text/html; charset=utf-8")
    assert "is not JSON" in caught.value.reason or "cannot be decoded" in caught.value.reason


@pytest.mark.contract("body.not-json", "secrets.errors")
@pytest.mark.parametrize("large", [0, 1_000_000])
def test_an_error_does_not_quote_the_middle_of_a_body(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_LARGE", large)
    content = b'{"x": [' + b"1," * 600 + b'"s3cr3t-value" oops]}'
    with pytest.raises(ResponseError) as caught:
        _decode(content, "application/json")
    assert "s3cr3t" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.contract("body.undecodable")
@pytest.mark.parametrize(
    "content, content_type",
    [
        (b'{"a": "\xff"}', "application/json; charset=utf-8"),
        (b'{"a": 1}', "application/json; charset=no-such-thing"),
        (b'{"a": 1}', "application/json; charset=base64"),
        (b'{"a": 1}', "application/json; charset=undefined"),
        (b'"\xd8\x00"', "application/json; charset=utf-16-be"),
        (b'"\\ud800"', "text/plain; charset=unicode-escape"),
    ],
)
def test_bodies_that_do_not_fit_their_charset_are_errors(content: bytes, content_type: str) -> None:
    with pytest.raises(ResponseError):
        _decode(content, content_type)


@pytest.mark.contract("items.as-sent")
@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "iso-8859-1"]
)
def test_charsets(charset: str) -> None:
    content = '{"name": "Zoë"}'.encode(charset)
    assert _decode(content, f"application/json; charset={charset}").value == {"name": "Zoë"}
    if charset != "iso-8859-1":
        assert _decode(content, "application/json").value == {"name": "Zoë"}


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "shift-jis"])
def test_a_character_may_lie_across_two_chunks(
    charset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding all at once would hold up everything else while a large body is decoded."""
    monkeypatch.setattr(decoding, "_CHUNK", 3)
    content = '["日本語", "日本"]'.encode(charset)
    assert _decode(content, f"application/json; charset={charset}").value == ["日本語", "日本"]


@pytest.mark.contract("items.as-sent")
@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
def test_lines_of_json_are_a_list(kind: str) -> None:
    content = '{"a": "x\u2028y"}\r\n\n{"a": 9007199254740993}\n'.encode()
    assert _decode(content, kind).value == [{"a": "x\u2028y"}, {"a": "9007199254740993"}]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/vnd.api+json", "///;;="])
def test_the_content_type_does_not_matter_when_the_body_is_json(content_type: str) -> None:
    assert _decode(b'{"a": 1}', content_type).value == {"a": 1}


@pytest.mark.contract("items.as-sent", "items.large-integers")
def test_a_body_beyond_the_threshold() -> None:
    item = {"id": 9007199254740993, "ratio": 0.1, "name": "Zoë"}
    items = [item] * (decoding._LARGE // 40)
    assert _decode(json.dumps(items).encode()).value == [{**item, "id": str(item["id"])}] * len(
        items
    )
