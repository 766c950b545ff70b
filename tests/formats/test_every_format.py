"""What holds for each format, packed or not, however the body is cut."""

import asyncio
import contextlib
import gzip
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import EndpointError
from tests.formats.encoding import (
    COLUMNS,
    FORMATS,
    PACKINGS,
    Record,
    as_csv,
    as_jsonl,
    as_zip,
    items_of,
    page,
    response,
)

# What XML can hold; surrounding blanks and empty elements are looked at on their own.
_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and text)
_RECORDS: st.SearchStrategy[list[Record]] = st.lists(
    st.fixed_dictionaries(dict.fromkeys(COLUMNS, _TEXTS)), max_size=12
)
_CUTS = st.none() | st.lists(st.integers(0, 2000), max_size=6)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None)
@given(records=_RECORDS, cuts=_CUTS)
def test_the_same_records_in_each_format_are_the_same_items(
    name: str, packing: str, records: list[Record], cuts: list[int] | None
) -> None:
    encode, data_path, _ = FORMATS[name]
    body = PACKINGS[packing](encode(records))
    if name == "jsonl" and packing == "plain" and not records:
        with pytest.raises(EndpointError, match="empty body"):
            items_of(body, data_path, name, cuts=cuts)
        return
    assert items_of(body, data_path, name, cuts=cuts) == records


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None)
@given(records=_RECORDS.filter(bool), cuts=_CUTS)
def test_pagination_sees_the_same_of_a_large_body_as_of_a_small_one(
    name: str, records: list[Record], cuts: list[int] | None
) -> None:
    async def seen(chosen: Any) -> Any:
        found = await page(await response(body, media_type, cuts=chosen), data_path)
        return found[1]

    encode, data_path, media_type = FORMATS[name]
    body = encode(records)
    small, large = asyncio.run(seen(None)), asyncio.run(seen(cuts or []))
    other = asyncio.run(seen([len(body) // 2]))
    for field in ("count", "received", "first_item", "last_item"):
        assert getattr(small, field) == getattr(large, field)
    assert small.received == len(records)
    assert (large.digest, large.fingerprint) == (other.digest, other.fingerprint)
    assert large.repeats(other)
    if name == "xml":
        assert large.body == {"list": {"@total": str(len(records)), "item": []}}
        assert large.beside == {"@total": str(len(records)), "item": []}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20, deadline=None)
@given(records=_RECORDS.filter(bool), others=_RECORDS.filter(bool))
def test_the_digest_tells_other_items(
    name: str, records: list[Record], others: list[Record]
) -> None:
    async def seen(chosen: list[Record]) -> Any:
        return (await page(await response(encode(chosen), media_type, cuts=[]), data_path))[1]

    encode, data_path, media_type = FORMATS[name]
    one, two = asyncio.run(seen(records)), asyncio.run(seen(others))
    assert (one.digest == two.digest) is (records == others)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), records=_RECORDS.filter(bool), cuts=_CUTS)
def test_a_truncated_body_is_an_error_as_far_as_the_format_can_tell(
    name: str, packing: str, data: Any, records: list[Record], cuts: list[int] | None
) -> None:
    encode, data_path, _ = FORMATS[name]
    whole = PACKINGS[packing](encode(records))
    body = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        found = items_of(body, data_path, name, cuts=cuts)
    except EndpointError:
        return
    # Lines can end after each record, and then nothing tells that there should be another; the
    # last text of a CSV can end within.
    assert packing == "plain"
    assert name in ("csv", "jsonl")
    whole_ones = found[:-1] if name == "csv" else found
    assert whole_ones == records[: len(whole_ones)]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), records=_RECORDS.filter(bool), cuts=_CUTS, noise=st.binary(max_size=4))
def test_a_damaged_packed_body_is_an_error_or_the_same(
    name: str, data: Any, records: list[Record], cuts: list[int] | None, noise: bytes
) -> None:
    encode, data_path, _ = FORMATS[name]
    pack = data.draw(st.sampled_from([gzip.compress, as_zip]))
    whole = pack(encode(records))
    at = data.draw(st.integers(4, len(whole) - 1))
    body = whole[:at] + noise + whole[at + len(noise) :]
    with contextlib.suppress(EndpointError):
        assert items_of(body, data_path, name, cuts=cuts) == records


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60) | st.text(max_size=40).map(str.encode), cuts=_CUTS)
def test_no_bytes_do_more_than_fail(name: str, body: bytes, cuts: list[int] | None) -> None:
    _, data_path, media_type = FORMATS[name]
    for wanted in (name, None):
        try:
            found = items_of(body, data_path, wanted, cuts=cuts, media_type=media_type)
        except EndpointError:
            continue
        assert isinstance(found, list)


_PAGES = [
    b"<!DOCTYPE html><html><body>Sign in</body></html>",
    b"<html><head/><body>Sign in</body></html>",
    b"\n  <HTML><title>Sign in</title></HTML>",
    b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><p>Sign in</p></html>',
    b"\xef\xbb\xbf<!doctype html>\n<p>Sign, in</p>\n",
]


_MEDIA_TYPES = ["text/html", "application/xhtml+xml", "text/xml", "text/csv", ""]


@pytest.mark.parametrize(
    "wanted", ["json", "jsonl", "csv", {"type": "csv", "columns": ["a"]}, "xml"]
)
@settings(max_examples=30, deadline=None)
@given(body=st.sampled_from(_PAGES), cuts=_CUTS, media_type=st.sampled_from(_MEDIA_TYPES))
def test_a_page_for_people_is_never_data(
    body: bytes, wanted: object, cuts: list[int] | None, media_type: str
) -> None:
    with pytest.raises(EndpointError):
        items_of(body, ".", wanted, cuts=cuts, media_type=media_type)


def test_an_error_in_json_is_no_line() -> None:
    body = b'{"error": "token expired"}'
    with pytest.raises(EndpointError, match="the body says error"):
        items_of(body, ".", "jsonl", media_type="application/json")
    # A line of a log may have such a field.
    for media_type in ("application/x-ndjson", "application/octet-stream"):
        assert items_of(body, ".", "jsonl", media_type=media_type) == [{"error": "token expired"}]


@pytest.mark.parametrize("body", _PAGES, ids=range(len(_PAGES)))
def test_without_a_format_a_page_is_the_error_that_it_was(body: bytes) -> None:
    for media_type in set(_MEDIA_TYPES) - {"text/csv"}:
        with pytest.raises(EndpointError, match=r"HTML page|is not JSON|document type|no XML"):
            items_of(body, ".", media_type=media_type)


@pytest.mark.parametrize(
    "media_type, body, items",
    [
        ("text/csv; charset=windows-1252", "id,n\n1,ä\n".encode("cp1252"), [{"id": "1", "n": "ä"}]),
        ("text/xml", b"<a><b>1</b></a>", [{"a": {"b": "1"}}]),
        ("application/atom+xml", b"<a><b>1</b></a>", [{"a": {"b": "1"}}]),
        ("application/ndjson", b'{"id": 1}\n{"id": 2}\n', [{"id": 1}, {"id": 2}]),
        ("application/hal+json", b'[{"id": 1}]', [{"id": 1}]),
        ("text/html", b'[{"id": 1}]', [{"id": 1}]),
        ("text/csv", b' [{"id": 1}]', [{"id": 1}]),
        ("application/xml", b'{"id": 1}', [{"id": 1}]),
        ("", b'[{"id": 1}]', [{"id": 1}]),
    ],
)
def test_the_content_type_says_the_format(media_type: str, body: bytes, items: list[Any]) -> None:
    assert items_of(body, media_type=media_type) == items
    assert items_of(gzip.compress(body), media_type=media_type)


@pytest.mark.parametrize(
    "path, body, items",
    [
        ("/export/users.csv.gz", b"id,n\n1,2\n", [{"id": "1", "n": "2"}]),
        ("/export/users.jsonl.gz", b'{"id": 1}\n{"id": 2}\n', [{"id": 1}, {"id": 2}]),
        ("/export/users.gz", b'[{"id": 1}]', [{"id": 1}]),
        ("/export/users.xml.gz", b"<a>1</a>", [{"a": "1"}]),
    ],
)
def test_the_name_of_a_packed_file_says_the_format(
    path: str, body: bytes, items: list[Any]
) -> None:
    packed = gzip.compress(body)
    assert items_of(packed, media_type="application/gzip", path=path) == items
    suffix = path.removesuffix(".gz").rpartition(".")[2]
    assert items_of(as_zip(body, body, suffix=suffix), media_type="application/zip") == items * 2


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_data_path_that_looks_at_the_whole(packing: str) -> None:
    records = [{"id": str(number), "name": "n", "note": "x"} for number in range(9)]
    last = [records[8], records[7]]
    for name, (encode, data_path, _) in FORMATS.items():
        wanted = f"{data_path} | sort_by(.id) | reverse | .[:2]"
        assert items_of(PACKINGS[packing](encode(records)), wanted, name, cuts=[7]) == last, name


@pytest.mark.parametrize("cuts", [None, [5]])
def test_an_expression_for_each_item(cuts: list[int] | None) -> None:
    records = [{"id": str(number), "name": "n", "note": "x"} for number in range(9)]
    for name, (encode, data_path, _) in FORMATS.items():
        each = f'{data_path}[] | select(.id > "6") | {{id}}'
        found = items_of(encode(records), each.replace("..", "."), name, cuts=cuts)
        assert found == [{"id": "7"}, {"id": "8"}], name
        assert items_of(encode(records[:1]), each, name, cuts=cuts) == [], name


def test_an_answer_without_content_is_empty() -> None:
    async def run() -> Any:
        answer = await response(b"", "text/csv")
        object.__setattr__(answer, "status", 204)
        return await page(answer, ".", "csv")

    items, seen = asyncio.run(run())
    assert (items, seen.received, seen.body) == ([], None, None)


@pytest.mark.parametrize("wanted", ["json", "csv", "xml", "jsonl"])
@pytest.mark.parametrize("body", [b"", b" \r\n "])
def test_a_success_with_an_empty_body_is_an_error(wanted: str, body: bytes) -> None:
    with pytest.raises(EndpointError, match="200 with an empty body"):
        items_of(body, ".", wanted)


def test_an_archive_may_hold_a_file_without_records() -> None:
    lines = as_jsonl([{"id": "1"}])
    assert items_of(as_zip(lines, b"", lines), ".", "jsonl") == [{"id": "1"}] * 2
    assert items_of(gzip.compress(b""), ".", "jsonl") == []
    assert items_of(as_zip(as_csv([]), b""), ".", "csv") == []


@pytest.mark.parametrize(
    "body, looks_like",
    [
        (b"id,name\n1,x\n", "csv"),
        (b"<list><item/></list>", "xml"),
        (b'{"id": 1}\n{"id": 2}\n', "jsonl"),
    ],
)
def test_the_error_says_what_a_body_looks_like(body: bytes, looks_like: str) -> None:
    with pytest.raises(EndpointError, match=f"is not JSON.*set response_format: {looks_like}"):
        items_of(body, media_type="text/plain")
