"""XML: objects by fixed rules, and nothing that a document could do to who reads it."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import EndpointError, ResourceError
from expressions.jq_expressions import DataPath
from formats.xml_format import XmlObjects
from reading.data_path_fit import DataPathFit
from tests.formats.encoding import items_of, page, response


@pytest.mark.parametrize(
    "body, value",
    [
        ("<a/>", {"a": None}),
        ("<a> \n </a>", {"a": None}),
        ("<a> text </a>", {"a": "text"}),
        ("<a x='1' y=''/>", {"a": {"@x": "1", "@y": ""}}),
        ("<a x='1'>t</a>", {"a": {"@x": "1", "#text": "t"}}),
        ("<a>t<b>1</b>u</a>", {"a": {"b": "1", "#text": "tu"}}),
        ("<a><b/><b>2</b></a>", {"a": {"b": [None, "2"]}}),
        ("<a><b/><c/><b>2</b><b/></a>", {"a": {"b": [None, "2", None], "c": None}}),
        ("<p:a xmlns:p='u' xmlns='v' p:x='1'><p:b/></p:a>", {"a": {"@x": "1", "b": None}}),
        ("<a xmlns:p='u' p:x='1' x='2'/>", {"a": {"@x": "2", "@p:x": "1"}}),
        (
            "<a xml:lang='en'>&lt;&#228;&amp;<![CDATA[<b>]]></a>",
            {"a": {"@lang": "en", "#text": "<ä&<b>"}},
        ),
        ("<!-- c --><?x y?><a><!-- c -->t<?x y?></a>", {"a": "t"}),
        ("<a><n>007</n><t>true</t></a>", {"a": {"n": "007", "t": "true"}}),
    ],
)
def test_the_rules(body: str, value: Any) -> None:
    for cuts in (None, [], list(range(len(body.encode())))):
        assert items_of(body.encode(), ".", "xml", cuts=cuts) == [value]


def test_lists_are_lists_even_with_one_element() -> None:
    wanted = {"type": "xml", "lists": ["tag"]}
    body = b"<a><i><tag>x</tag></i><i><n/></i></a>"
    assert items_of(body, ".a.i", wanted) == [{"tag": ["x"]}, {"n": None}]


@pytest.mark.parametrize("data_path", [".l.i", ".l.i[]", ".l.i[] | {n}", ".l.i | map(.)"])
@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(0, 3),
    start=st.sampled_from(["<l>", "<l> ", "<l count='0'>"]),
    cuts=st.none() | st.lists(st.integers(0, 40), max_size=3),
)
def test_one_element_or_none_counts_as_a_list(
    data_path: str, count: int, start: str, cuts: list[int] | None
) -> None:
    items = "".join(f"<i><n>{number + 1}</n></i>" for number in range(count))
    body = f"{start}{items}</l>".encode()
    fit = DataPathFit(DataPath(data_path))

    async def run() -> Any:
        answer = await response(body, cuts=cuts)
        return await page(answer, data_path, "xml", fit=fit)

    found, seen = asyncio.run(run())
    assert found == [{"n": str(number + 1)} for number in range(count)]
    assert (seen.received, seen.count) == (count, count)
    fit.check("data_path")


@pytest.mark.parametrize("cuts", [None, []])
@pytest.mark.parametrize(
    "body, wanted, matches",
    [
        (b"<l><total>0</total></l>", "xml", False),
        (b"<l><total>0</total></l>", {"type": "xml", "lists": ["i"]}, True),
        (b"<other><i/></other>", "xml", False),
        (b"<l>text</l>", "xml", False),
        (b"<l x='1'>text</l>", "xml", False),
    ],
)
def test_no_list_among_other_elements_is_no_match(
    body: bytes, wanted: object, matches: bool, cuts: list[int] | None
) -> None:
    fit = DataPathFit(DataPath(".l.i"))

    async def run() -> Any:
        answer = await response(body, cuts=cuts)
        return (await page(answer, ".l.i", wanted, fit=fit))[0]

    assert asyncio.run(run()) == []
    if matches:
        fit.check("data_path")
    else:
        with pytest.raises(ResourceError, match="matches nothing"):
            fit.check("data_path")


def test_an_error_document_is_an_error() -> None:
    with pytest.raises(EndpointError, match="body says error"):
        items_of(b"<error><code>NoSuchBucket</code></error>", ".l.i", "xml")


@pytest.mark.parametrize("cuts", [None, []])
def test_lists_within_lists_must_be_said(cuts: list[int] | None) -> None:
    body = b"<r><c><i>1</i></c><c><i>2</i><i>3</i></c></r>"
    with pytest.raises(EndpointError, match="several elements c on the way"):
        items_of(body, ".r.c.i", "xml", cuts=cuts)
    path = "[.r.c] | flatten | map(.i) | flatten | map({n: .})"
    assert items_of(body, path, "xml", cuts=cuts) == [{"n": n} for n in "123"]


@pytest.mark.parametrize(
    "body",
    [
        "<?xml version='1.0' encoding='windows-1252'?><a>ä€</a>".encode("cp1252"),
        "<?xml version='1.0' encoding='shift_jis'?><a>ä€</a>".replace("ä€", "日本").encode("sjis"),
        "<?xml version='1.0' encoding='UTF-16'?><a>日本</a>".encode("utf-16"),
        "<?xml version='1.0' encoding='UTF-8'?><a>日本</a>".encode("utf-8-sig"),
        "<?xml version='1.0'?><a>日本</a>".encode("utf-16-le"),
    ],
    ids=range(5),
)
def test_the_declared_encoding(body: bytes) -> None:
    each_byte: list[list[int] | None] = [None, list(range(len(body)))]
    for cuts in each_byte:
        assert items_of(body, ".", "xml", cuts=cuts)[0]["a"] in ("ä€", "日本")


def test_a_charset_or_an_option_wins_over_the_declaration() -> None:
    body = "<?xml version='1.0' encoding='utf-8'?><a>ä</a>".encode("latin-1")
    assert items_of(body, ".", media_type="text/xml; charset=latin-1") == [{"a": "ä"}]
    assert items_of(body, ".", {"type": "xml", "encoding": "latin-1"}) == [{"a": "ä"}]


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
)


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE a [{_LAUGHS}]><a>&l9;</a>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]><a/>',
        f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 1000}</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        "<!DOCTYPE a><a/>",
    ],
    ids=["laughs", "external", "parameter", "quadratic", "dtd", "bare"],
)
@pytest.mark.parametrize("cuts", [None, [], list(range(200))])
def test_document_types_are_refused(body: str, cuts: list[int] | None) -> None:
    with pytest.raises(EndpointError, match="document type, which is refused"):
        items_of(body.encode(), ".a.b", "xml", cuts=cuts)


@pytest.mark.parametrize("cuts", [None, []])
@pytest.mark.parametrize(
    "body, said",
    [
        (b"<a>&x;</a>", "undefined entity in line 1"),
        (b"<a>\n<b></a>", "mismatched tag in line 2"),
        (b"<a>", "no element found"),
        (b"<a/><b/>", "junk after document element"),
        (b"plain", "syntax error"),
        (b"<a>" * 101 + b"</a>" * 101, "more than 100 elements within each other"),
        (b"<a>\xff</a>", "cannot be decoded as utf-8"),
        (b"<?xml version='1.0' encoding='zip'?><a/>", "cannot be decoded as zip"),
        (b"<a x='1' x='2'/>", "duplicate attribute"),
    ],
)
def test_what_is_no_xml_is_an_error(body: bytes, said: str, cuts: list[int] | None) -> None:
    with pytest.raises(EndpointError, match=said):
        items_of(body, ".a.b", "xml", cuts=cuts)


def _feed(reader: XmlObjects, chunk: bytes, *, times: int) -> None:
    for _ in range(times):
        reader.feed(chunk)


def test_a_tag_without_end_is_given_up_early() -> None:
    reader = XmlObjects("utf-8", ["a", "b"])
    start = time.thread_time()
    reader.feed(b"<a x='")
    with pytest.raises(EndpointError, match="a tag or comment of more than"):
        _feed(reader, b"x" * 128 * 1024, times=1000)
    assert time.thread_time() - start < 10


def test_a_long_text_is_no_long_tag() -> None:
    text = "long & wide " * 1_000_000
    body = f"<a><b><t>{text.replace('&', '&amp;')}</t></b></a>".encode()
    reader = XmlObjects("utf-8", ["a", "b"])
    parts = [
        part
        for start in range(0, len(body), 100_000)
        for part in reader.feed(body[start : start + 100_000])
    ]
    reader.close()
    assert [item for part in parts for item in part.elements] == [{"t": text.strip()}]
