"""CSV: nothing is passed over, and every line that does not fit is named."""

import csv
import io
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import EndpointError
from formats.csv_format import Csv, CsvRecords
from tests.formats.encoding import items_of

_FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_CUTS = st.none() | st.lists(st.integers(0, 400), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(_FIELD, _FIELD, _FIELD), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030"]),
    cuts=_CUTS,
)
def test_what_a_writer_writes_is_read(
    rows: list[tuple[str, ...]],
    delimiter: str,
    line_end: str,
    quoting: Any,
    encoding: str,
    cuts: list[int] | None,
) -> None:
    if any({*"\r\n"} & {*field} for row in rows for field in row):
        # Where lines end otherwise, the writer does not quote it of itself.
        quoting = csv.QUOTE_ALL
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(["a", "b c", 'd"e'])
    writer.writerows(rows)
    body = file.getvalue().encode(encoding)
    wanted = {"type": "csv", "delimiter": delimiter, "encoding": encoding}
    expected = [dict(zip(["a", "b c", 'd"e'], row, strict=True)) for row in rows]
    assert items_of(body, ".", wanted, cuts=cuts) == expected


@pytest.mark.parametrize(
    "body, wanted, items",
    [
        (b"\xef\xbb\xbfid,n\n1,2\n", "csv", [{"id": "1", "n": "2"}]),
        ("id,n\n1,ä\n".encode("utf-16"), "csv", [{"id": "1", "n": "ä"}]),
        (b'id,n\r\n1,"a\r\nb ""c"""\r\n\r\n', "csv", [{"id": "1", "n": 'a\r\nb "c"'}]),
        (b"\n\nid,n\n\n1,2", "csv", [{"id": "1", "n": "2"}]),
        (b'id,n\n1,5" pipe\n', "csv", [{"id": "1", "n": '5" pipe'}]),
        (b"id,n\n1,\n", "csv", [{"id": "1", "n": ""}]),
        (b"id,n\n", "csv", []),
        (b"1;2\n3;4\n", {"type": "csv", "columns": ["a", "b"], "delimiter": ";"}, 2),
        (b"a\tb\n1\t2\n", {"type": "csv", "delimiter": "\\t"}, [{"a": "1", "b": "2"}]),
        ("a;b\nü;\x85\u2028\n".encode(), {"type": "csv", "delimiter": ";"}, 1),
        (b"x,y\n<5,{6\n", "csv", [{"x": "<5", "y": "{6"}]),
    ],
)
def test_records(body: bytes, wanted: object, items: Any) -> None:
    for cuts in (None, [], list(range(len(body)))):
        found = items_of(body, ".", wanted, cuts=cuts)
        assert found == items or len(found) == items


@pytest.mark.parametrize(
    "body, said",
    [
        (b"id,n\n1,2\n1,2,3\n", "line 3: 3 fields where 2 columns are"),
        (b"id,n\n\n1\n", "line 3: 1 fields where 2 columns are"),
        (b'id,n\n1,"a\nb"\n4\n', "line 4: 1 fields"),
        (b'id,n\n1,"2\n', "line 2: unexpected end of data"),
        (b'id,n\n1,"2" \n', "line 2: ',' expected after '\"'"),
        (b"id,id\n1,2\n", "line 1: two columns have the name 'id'"),
        (b"id,\n1,2\n", "line 1: column 2 of 2 has no name"),
        (b"id,n\n1,\xff\n", "cannot be decoded as utf-8"),
        (b'{"error": "sign in"}', "no CSV but JSON"),
        (b'[{"id": 1}]', "no CSV but JSON"),
        (b"[]", "no CSV but JSON"),
        (b"<html>,a\n1,2\n", "no CSV but HTML"),
        (b"<?xml version='1.0'?>\n<a/>", "no CSV but HTML or XML"),
        (b"Please sign in", "may be no CSV but a message"),
        (b"Please, sign in", "may be no CSV but a message"),
        (b"Please sign in\n", "may be no CSV but a message"),
        (b"id;n\n", "may be no CSV but a message"),
    ],
)
def test_what_does_not_fit_is_named(body: bytes, said: str) -> None:
    for cuts in (None, [], list(range(len(body)))):
        with pytest.raises(EndpointError, match=said.replace("(", "\\(")):
            items_of(body, ".", "csv", cuts=cuts)


def test_a_declared_csv_may_be_just_its_header() -> None:
    assert items_of(b"id", ".", media_type="text/csv") == []


@pytest.mark.parametrize("body", [b"Rate limit exceeded", b"Rate limit exceeded\n", b"try later"])
def test_words_are_no_header_also_where_csv_is_declared(body: bytes) -> None:
    with pytest.raises(EndpointError, match="no CSV but a message"):
        items_of(body, ".", media_type="text/csv")


def test_a_quote_that_nobody_closes_costs_no_more_than_reading_on() -> None:
    reader = CsvRecords(Csv(), "utf-8", declared=True)
    start = time.thread_time()
    reader.feed(b'id,n\n1,"')
    chunk = b"text,and\nmore\n" * 1000
    for _ in range(600):
        reader.feed(chunk)
    with pytest.raises(EndpointError, match="unexpected end"):
        reader.close()
    assert time.thread_time() - start < 10


def test_a_data_path_below_the_records_matches_nothing() -> None:
    assert items_of(b"id,n\n1,2\n", ".data", "csv") == []
