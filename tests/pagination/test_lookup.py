"""Dotted paths, markers, totals and Link headers: whatever an API sends, nothing breaks."""

import time
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pagination.dialects import FALSE_TEXTS, TRUE_TEXTS
from pagination.link_headers import parse_link_header
from pagination.lookup import any_says_more, find, show
from pagination.totals import Total, find_total
from tests.support.models import START, Answer, page_of, put

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TOKEN = st.text("abcxyz-", min_size=1, max_size=8)
TARGET = st.text(st.characters(exclude_characters=">", codec="ascii", categories=["L", "N", "P"]))
QUOTED = st.text(st.characters(exclude_characters='"\\', codec="ascii", categories=["L", "P", "S"]))
quickly = settings(deadline=None, max_examples=80)


@quickly
@given(body=JSON, path=st.text("ab.0123456789- é²", max_size=12) | st.text(max_size=12))
@example(body=[1], path="²")
@example(body={"": {"": 1}}, path=".")
def test_any_path_into_any_body_gives_an_answer(body: Any, path: str) -> None:
    present, value = find(body, path)
    assert present or value is None


@quickly
@given(value=JSON, path=st.lists(TOKEN, min_size=1, max_size=4))
def test_a_dotted_path_finds_what_stands_there(value: Any, path: list[str]) -> None:
    body: dict[str, Any] = {}
    put(body, ".".join(path), value)
    assert find(body, ".".join(path)) == (True, value)
    assert find({".".join(path): value, **body}, ".".join(path)) == (True, value)
    assert find(body, "." + ".".join(path)) == (True, value)
    assert find(body, ".".join([*path, "missing", "more"])) == (False, None)


def test_numbers_in_a_path_index_lists() -> None:
    body = {"pages": [{"next": "a"}, {"next": "b"}]}
    assert find(body, "pages.1.next") == (True, "b")
    assert find(body, "pages.2.next") == (False, None)
    assert find({"0": "key"}, "0") == (True, "key")


def is_boolean(text: str) -> bool:
    return text.strip().lower() in TRUE_TEXTS | FALSE_TEXTS


TEXTS = st.text(min_size=1).filter(lambda text: not is_boolean(text))


@quickly
@given(value=TEXTS | st.dictionaries(TOKEN, st.text(), min_size=1))
def test_a_marker_is_never_shown_where_it_could_be_a_token(value: Any) -> None:
    assert show(value) == "set"


@pytest.mark.parametrize(
    "body, more",
    [
        ({}, None),
        ({"a": None}, False),
        ({"a": ""}, False),
        ({"a": None, "b": True}, True),
        ({"b": False}, False),
        ([], None),
        (None, None),
    ],
)
def test_one_marker_that_is_set_says_more(body: Any, more: bool | None) -> None:
    assert any_says_more(body, ("a", "b")).more is more


@quickly
@given(body=JSON, header=st.text(), path=st.none() | st.text(max_size=5))
def test_any_body_has_a_total_or_none(body: Any, header: str, path: str | None) -> None:
    page = page_of(START, Answer({"items": [], "total": body, "meta": body}))
    found = find_total(page, path)
    assert found.items is None or found.items >= 0
    headers = page_of(START, Answer([], headers={"X-Total-Count": header}))
    assert isinstance(find_total(headers, None), Total)


@quickly
@given(items=st.none() | st.integers(0, 9), pages=st.none() | st.integers(0, 9), seen=st.integers())
def test_a_total_is_never_reached_and_ahead_at_once(
    items: int | None, pages: int | None, seen: int
) -> None:
    total = Total(items, pages)
    if items is None or pages is None:
        assert not (total.is_reached(seen, seen) and total.is_ahead(seen, seen))


# Link headers, RFC 8288.


@pytest.mark.contract("pagination.header-link.rfc")
@pytest.mark.parametrize(
    "header, rel, target",
    [
        (
            '<http://example.com/TheBook/chapter2>; rel="previous"; title="p"',
            "previous",
            "chapter2",
        ),
        ('</>; rel="http://example.net/foo"', "http://example.net/foo", "/"),
        ('</terms>; rel="copyright"; anchor="#foo"', "copyright", "/terms"),
        ("</a>; rel=next", "next", "/a"),
        ("</a>;rel=next", "next", "/a"),
        ("</a> ; REL = Next", "next", "/a"),
        ('</a>; rel="prev NEXT last"', "next", "/a"),
        ('<?a=1,2;3>; rel="next"', "next", "?a=1,2;3"),
        ('</a>; title="x, <y>; rel=prev"; rel="next"', "next", "/a"),
        ('</a>; title="quo\\"ted, "; rel=next', "next", "/a"),
        ('</p>; rel=prev, </a>; rel="next", </z>; rel=last', "next", "/a"),
        ("</a>; title*=UTF-8'de'n%c3%a4chstes; rel=\"next\"", "next", "/a"),
        ('</a>; crossorigin; rel="next"', "next", "/a"),
        (", ,</a>; rel=next", "next", "/a"),
    ],
)
def test_link_headers_as_the_rfc_writes_them(header: str, rel: str, target: str) -> None:
    found = [place for place, relations in parse_link_header(header) if rel in relations]
    assert len(found) == 1
    assert found[0].endswith(target)


def test_only_the_first_rel_of_a_link_counts() -> None:
    assert list(parse_link_header("</a>; rel=prev; rel=next")) == [("/a", {"prev"})]


@quickly
@given(text=st.text() | st.text('<>;,="\\ rel next/', max_size=60))
def test_any_text_can_be_read_as_a_link_header(text: str) -> None:
    for target, relations in parse_link_header(text):
        assert ">" not in target
        assert relations == {relation.lower() for relation in relations}


@quickly
@given(
    links=st.lists(st.tuples(TARGET, st.lists(TOKEN, min_size=1, max_size=3), QUOTED), max_size=5)
)
def test_what_is_written_is_read(links: list[tuple[str, list[str], str]]) -> None:
    header = ", ".join(
        f'<{target}>; title="{title}"; rel="{" ".join(relations)}"'
        for target, relations, title in links
    )
    read = list(parse_link_header(header))
    assert read == [(target.strip(), set(relations)) for target, relations, _ in links]


def test_several_link_headers_are_one() -> None:
    headers = httpx.Headers([("Link", "</p>; rel=prev"), ("link", "</n>; rel=next")])
    assert [target for target, _ in parse_link_header(headers["link"])] == ["/p", "/n"]


@pytest.mark.parametrize(
    "header", ["<a>; x" + " " * 60_000, "<a>;" * 15_000, '<a>; x="' + "\\" * 60_000]
)
def test_a_long_link_header_takes_no_time(header: str) -> None:
    started = time.process_time()
    list(parse_link_header(header))
    assert time.process_time() - started < 2


def test_brackets_without_end_take_no_time() -> None:
    started = time.process_time()
    list(parse_link_header("<" * 30_000))
    assert time.process_time() - started < 0.5
