"""Endpoint templates, values in paths, and the requests that they become."""

import re
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from errors import EndpointError, SelectorError
from mapping.plan.endpoint import Endpoint, PathValue, check_placeholders

BASE = "https://api.test/prefix"
LEGAL = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TRICKY = st.text("ab.%/\\25eEfF?#; \0é", min_size=1, max_size=14)
DOTS = [".", "..", "%2e", "%2E%2e", ".%2e", "%252e%252e", "%25252e.", "a/../b", "a\\..\\b",
        "a%2f..", "a%5c..%5cb", "..%2fb", "./", "/..", "%2e%2e%2f", "a%252f%252e%252e"]  # fmt: skip
quickly = settings(deadline=None, max_examples=100)


def path_of(template: str, **values: str | PathValue) -> str:
    """The path that is called below the base, still encoded."""
    filled = {n: v if isinstance(v, PathValue) else PathValue(v) for n, v in values.items()}
    url = Endpoint(template).request(BASE, filled).url
    return url.raw_path.decode().partition("?")[0].removeprefix("/prefix")


def adds_dot_segment(value: str) -> bool:
    for _ in range(20):
        value = unquote(value)
    parts = re.split(r"[/\\]", value)
    return any(part.partition(";")[0] in (".", "..") for part in parts)


@pytest.mark.contract("paths.encode")
@pytest.mark.contract("paths.escapes-kept")
@pytest.mark.contract("paths.slashes-kept")
@quickly
@given(value=TEXT | TRICKY)
@example(value="%")
@example(value="100%2")
@example(value="a%2Fb%zz")
def test_a_value_is_encoded_once_and_means_the_same(value: str) -> None:
    assume(not adds_dot_segment(value))
    path = path_of("/x/{v}/y", v=value)
    inside = path.removeprefix("/x/").removesuffix("/y")
    assert LEGAL.fullmatch(path)
    assert re.findall("%[0-9A-Fa-f]{2}", value) == [
        escape for escape in re.findall("%[0-9A-Fa-f]{2}", value) if escape in inside
    ]
    assert unquote(inside, "latin-1") == unquote(
        re.sub("%(?![0-9A-Fa-f]{2})", "%25", value).encode().decode("latin-1"), "latin-1"
    )
    assert path.count("/") == 3 + value.count("/")


@pytest.mark.contract("paths.encode-segment")
@quickly
@given(value=TEXT | TRICKY)
def test_a_segment_stays_one_segment_and_reads_as_it_was(value: str) -> None:
    assume(not adds_dot_segment(value))
    path = path_of("/x/{v}/y", v=PathValue(value, segment=True))
    assert path.count("/") == 3
    assert unquote(path.split("/")[2]) == value


@pytest.mark.contract("paths.encode")
@pytest.mark.parametrize(
    "value, encoded",
    [
        ("my team", "my%20team"),
        ("a?b#c", "a%3Fb%23c"),
        ("group/app", "group/app"),
        ("group%2Fapp", "group%2Fapp"),
        ("100%", "100%25"),
        ("50%zz", "50%25zz"),
        ("naïve", "na%C3%AFve"),
        ("a\nb\x00", "a%0Ab%00"),
        ("a\\b", "a%5Cb"),
        ("{b}", "%7Bb%7D"),
        ("user@host:1;a=b,c", "user@host:1;a=b,c"),
    ],
)
def test_values_in_paths(value: str, encoded: str) -> None:
    assert path_of("/x/{v}", v=value) == f"/x/{encoded}"


@pytest.mark.contract("paths.dot-segments")
@pytest.mark.parametrize("segment", [False, True])
def test_dot_segments_are_refused(segment: bool) -> None:
    for value in DOTS:
        with pytest.raises(EndpointError, match="segment"):
            path_of("/x/{v}/y", v=PathValue(value, segment))


@pytest.mark.contract("paths.dot-segments")
@quickly
@given(value=TRICKY, times=st.integers(0, 4))
def test_no_value_leaves_its_place_once_decoded(value: str, times: int) -> None:
    for _ in range(times):
        value = quote(value, safe="")
    try:
        path = path_of("/x/{v}/y", v=value)
    except EndpointError:
        return
    for _ in range(5):
        assert not {".", ".."} & set(re.split(r"[/\\]", path))
        path = unquote(path)


@pytest.mark.contract("paths.dot-segments")
def test_dot_segments_are_refused_however_often_they_are_encoded() -> None:
    value = ".."
    for _ in range(9):
        value = quote(value.replace(".", "%2e"), safe="")
    with pytest.raises(EndpointError):
        path_of("/x/{v}", v=value)


@pytest.mark.contract("paths.dot-segments")
@pytest.mark.parametrize("hidden", ["2e2e", "2e%2e", "2f"])
def test_what_is_escaped_without_end_is_refused_at_once(hidden: str) -> None:
    spent = []
    for length in (5_000, 20_000):
        started = time.process_time()
        with pytest.raises(EndpointError, match="segment"):
            path_of("/x/{v}/y", v=f"%{'25' * length}{hidden}")
        spent.append(time.process_time() - started)
    # In proportion to the length, as opposed to its square; 50 ms let other tasks wait.
    assert spent[1] < 8 * max(spent[0], 0.005)


def test_a_value_that_is_too_long_for_an_address_fails_its_endpoint_alone() -> None:
    endpoint = Endpoint("/x/{v}", body={"of": "{v}"}, method="POST", names=frozenset({"v"}))
    long = PathValue("é" * 70_000)
    with pytest.raises(EndpointError, match="has 70000 characters, and an address at most 65536"):
        endpoint.request(BASE, {"v": long})
    in_body = replace(endpoint, path="/x").request(BASE, {"v": long})
    assert in_body.body == {"of": long.text}
    in_query = replace(endpoint, path="/x", query_params={"of": "{v}"})
    with pytest.raises(httpx.InvalidURL, match="too long"):
        _ = in_query.request(BASE, {"v": long}).url
    assert path_of("/x/{v}", v="e" * 60_000)


@pytest.mark.contract("paths.dot-segments")
def test_two_values_cannot_make_a_dot_segment_together() -> None:
    with pytest.raises(EndpointError):
        path_of("/x/{a}{b}/y", a=".", b=".")
    with pytest.raises(EndpointError):
        path_of("/x/.{a}/y", a=".")
    assert path_of("/x/{a}.{b}", a="v1", b="json") == "/x/v1.json"


def test_a_value_that_is_no_text_is_an_endpoint_error() -> None:
    with pytest.raises(EndpointError):
        path_of("/x/{v}", v="\ud800")


@pytest.mark.contract("mapping.kind.any")
@pytest.mark.contract("settings.baseUrl.prefix")
@pytest.mark.parametrize(
    "base, path, url",
    [
        (BASE, "/users", "https://api.test/prefix/users"),
        (BASE, "users", "https://api.test/prefix/users"),
        (BASE, "//evil.test/users", "https://api.test/prefix/evil.test/users"),
        (BASE, "", "https://api.test/prefix"),
        (BASE, "/users/", "https://api.test/prefix/users/"),
        (BASE, "https://api.test/v2/users", "https://api.test/v2/users"),
        (BASE, "/a b/ü", "https://api.test/prefix/a%20b/%C3%BC"),
        ("https://api.test", "/users", "https://api.test/users"),
    ],
)
def test_paths_below_base_url(base: str, path: str, url: str) -> None:
    assert str(Endpoint(path).request(base, {}).url) == url


@pytest.mark.contract("selector.query_params")
def test_the_query_of_a_kind_is_merged_with_query_params() -> None:
    endpoint = Endpoint(
        "/x?a=1&b=2&b=3&c=&d=a%2Bb", query_params={"a": "9", "e": [1, 2], "f": True}
    )
    params = endpoint.request(BASE, {}).url.params
    assert sorted(params.multi_items()) == [
        ("a", "9"), ("b", "2"), ("b", "3"), ("c", ""), ("d", "a+b"), ("e", "1"), ("e", "2"),
        ("f", "true"),
    ]  # fmt: skip


@quickly
@given(value=TEXT)
def test_a_placeholder_in_a_query_carries_any_value(value: str) -> None:
    request = Endpoint("/x?q=before-{v}&w=1").request(BASE, {"v": PathValue(value)})
    assert request.url.params.multi_items() == [("q", f"before-{value}"), ("w", "1")]


@quickly
@given(value=TEXT)
def test_what_looks_like_a_placeholder_in_a_value_is_not_filled(value: str) -> None:
    assume(not adds_dot_segment(value))
    path = path_of("/{a}/{b}", a="{b}", b=value)
    assert path.startswith("/%7Bb%7D/")


def test_placeholders_in_the_order_of_the_path() -> None:
    assert Endpoint("/{b}/{a}/{b}?q={c}").placeholders == ["b", "a", "c"]


@pytest.mark.contract("path-parameter.undeclared")
@pytest.mark.parametrize("path", ["/x/{a}", "/x?q={a}", "/x/{a-b_1}"])
def test_a_placeholder_that_nothing_fills_is_refused(path: str) -> None:
    with pytest.raises(SelectorError, match="path_parameters has other"):
        check_placeholders(Endpoint(path), {"other": 1}, "kind")


@pytest.mark.contract("path-parameter.undeclared")
@pytest.mark.parametrize("path", ["/x/{1st}", "/x/{a.id}", "/x/{ a }", "/x/{}"])
def test_a_placeholder_of_an_odd_name_is_refused(path: str) -> None:
    with pytest.raises(SelectorError):
        check_placeholders(Endpoint(path), {"a": 1}, "kind")


@pytest.mark.contract("sharing.differs")
def test_identity_differs_where_the_call_differs() -> None:
    calls: list[dict[str, Any]] = [
        {"path": "/a"},
        {"path": "/b"},
        {"path": "/a", "method": "POST"},
        {"path": "/a", "query_params": {"page": "/b"}},
        {"path": "/a", "headers": {"X": "1"}},
        {"path": "/a", "body": {"x": 1}},
        {"path": "/a", "body": {"x": None}},
    ]
    assert len({Endpoint(**call).identity for call in calls}) == len(calls)
    assert (
        Endpoint("/a", body={"x": 1, "y": 2}).identity
        == Endpoint("/a", body={"y": 2, "x": 1}).identity
    )


def test_a_query_parameter_named_path_hides_no_path() -> None:
    first, second = (Endpoint(path, query_params={"path": "x"}) for path in ("/a", "/b"))
    assert first.identity != second.identity
