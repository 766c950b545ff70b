"""Windows of JSON, marks of answers, and the draft: pure, and over any value."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.init.detect.answers import Answer
from cli.init.detect.lists import find_lists, list_at
from cli.init.merge import merge
from cli.init.plan import SetupPlan
from cli.studio.draft import Draft
from cli.studio.keeping import difference
from cli.studio.marks import marks_of
from cli.studio.tree import COUNT, NoSuchPlaceError, value_at, window
from errors import ConfigurationError
from pagination.lookup import find, steps_of

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(p for k, v in inner for p in _places_of(v, (*path, k)))]


def _places_of(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return _places(value, path) if isinstance(value, dict | list) else [path]


@given(VALUES)
def test_every_place_of_a_value_is_in_a_window(value: Any) -> None:
    for path in _places_of(value, ()):
        there = value_at(value, path)
        shown = window(value, path)
        is_open = isinstance(there, dict | list)
        assert len(shown["children"]) == (min(len(there), COUNT) if is_open else 0)
        assert json.loads(json.dumps(shown)) == shown
        for child in shown["children"]:
            value_at(value, (*path, child["key"]))


def test_a_window_is_never_large() -> None:
    value = {
        "many": list(range(100_000)),
        "long": "x" * 10_000_000,
        "keys": {str(n): n for n in range(10_000)},
    }
    assert len(json.dumps(window(value, []))) < 2_000
    assert [child["key"] for child in window(value, ["many"], 99_950)["children"]][-1] == 99_999
    assert len(window(value, ["many"], 50)["children"]) == COUNT
    assert window(value, ["many"], 10**9)["children"] == []
    assert len(window(value, ["long"])["text"]) < 30_000
    assert window(value, ["long"])["size"] == 10_000_000


@pytest.mark.parametrize("path", [["none"], ["a", 5], ["a", "x"], ["a", 0, "x"], [0]])
def test_what_is_not_there_is_said_so(path: list[Any]) -> None:
    with pytest.raises(NoSuchPlaceError):
        window({"a": [1, None]}, path)


@given(VALUES, st.lists(st.sampled_from(["a", "b", "a.b", "0", "1"]), min_size=1, max_size=4))
def test_steps_lead_where_a_dotted_path_finds_something(value: Any, parts: list[str]) -> None:
    body = {"a": value, "a.b": [value, {"b": value}], "b": {"a": [value]}}
    path = ".".join(parts)
    steps = steps_of(body, path)
    is_there, found = find(body, path)
    assert (steps is not None) == is_there
    if steps is not None:
        assert value_at(body, steps) == found


def _marks(body: Any, status: int = 200, headers: Mapping[str, str] = {}) -> list[tuple[str, str]]:
    guesses = find_lists(body, "/things")
    first = guesses[0] if guesses else None
    path = first.path if first and first.form == "array" else None
    items = first.items if first and first.form != "object" else []
    answer = Answer(items, body, httpx.Headers(headers), status, path)
    return [
        (mark.kind, mark.header or ".".join(map(str, mark.steps)))
        for mark in marks_of(answer, guesses)
    ]


ROWS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]


@pytest.mark.contract("evidence.kept")
@pytest.mark.parametrize(
    "body, wanted",
    [
        ({"items": ROWS, "has_more": True}, ("more", "has_more")),
        ({"items": ROWS, "has_more": False}, ("end", "has_more")),
        ({"items": ROWS, "links": {"next": "/x?page=2"}}, ("more", "links.next")),
        ({"items": ROWS, "meta": {"next_cursor": None}}, ("end", "meta.next_cursor")),
        ({"items": ROWS, "total": 9}, ("total", "total")),
        ({"items": ROWS, "incomplete_results": True}, ("partial", "incomplete_results")),
        ({"items": [], "error": "quota"}, ("error", "error")),
        ({"status": "pending"}, ("pending", "")),
        ({"d": {"items": ROWS}}, ("items", "d.items")),
        (ROWS, ("items", "")),
        ({"id": 1, "name": "x"}, ("items", "")),
    ],
)
def test_what_an_answer_says_is_marked_where_it_stands(body: Any, wanted: tuple[str, str]) -> None:
    assert wanted in _marks(body)


def test_headers_are_marked_by_name() -> None:
    link = '<https://api.example.com/x?page=2>; rel="next"'
    assert ("more", "Link") in _marks(ROWS, headers={"link": link})
    assert ("total", "x-total-count") in _marks(ROWS, headers={"X-Total-Count": "9"})


def test_plain_items_say_nothing_else() -> None:
    assert _marks({"items": ROWS}) == [("items", "items")]
    assert ("pending", "") in _marks({}, status=202)


@given(VALUES)
def test_any_answer_can_be_marked(body: Any) -> None:
    for kind, _ in _marks(body):
        assert kind


@pytest.mark.parametrize(
    "value, form, count",
    [
        ([{"a": 1}, {"a": 2}], "array", 2),
        ([1, 2, 3], "values", 3),
        ([], "array", 0),
        ({"x": {"a": 1}, "y": {"a": 2}}, "map", 2),
        ({"a": 1}, "object", 1),
    ],
)
def test_whatever_can_be_a_list_is_taken_for_one(value: Any, form: str, count: int) -> None:
    found = list_at({"d": value}, ("d",))
    assert found is not None
    assert (found.form, len(found.items)) == (form, count)


@pytest.mark.parametrize("value", [None, 1, "text", True])
def test_what_can_be_no_list_is_none(value: Any) -> None:
    assert list_at({"d": value}, ("d",)) is None


def _plan(*kinds: str, title: str = ".name") -> SetupPlan:
    resources = [
        {"kind": kind, "port": {"entity": {"mappings": {"title": title, "blueprint": '"x"'}}}}
        for kind in kinds
    ]
    return SetupPlan({"baseUrl": "http://x"}, {"resources": resources}, [{"identifier": "x"}])


def test_a_draft_follows_what_is_found_out_but_for_edits() -> None:
    draft = Draft(None, [])
    draft.grow(_plan("/a", "/b"))
    title: list[str | int] = ["mapping", "resources", 0, "port", "entity", "mappings", "title"]
    draft.edit(title, ".mine")
    draft.grow(_plan("/a", "/c", title=".label"))
    titles = {
        one["kind"]: one["port"]["entity"]["mappings"]["title"]
        for one in draft.mapping["resources"]
    }
    assert titles == {"/a": ".mine", "/c": ".label"}


def test_what_was_there_before_is_never_taken_out() -> None:
    own = {
        "resources": [{"kind": "/own"}, {"kind": "/own", "selector": {"query": "false"}}],
        "x": 1,
    }
    draft = Draft(own, [{"identifier": "own"}])
    draft.grow(_plan("/a"))
    draft.grow(_plan())
    assert draft.mapping["resources"] == own["resources"]
    assert draft.mapping["x"] == 1
    assert [one["identifier"] for one in draft.blueprints] == ["own", "x"]


@pytest.mark.parametrize(
    "path",
    [
        [],
        ["mapping"],
        ["secrets", "x"],
        ["settings", "baseUrl"],
        ["settings", "apiToken"],
        ["mapping", "resources", 7, "kind"],
        ["mapping", "resources", "x"],
        ["mapping", "resources", 0, "kind", "x"],
        ["blueprints", -1, "title"],
    ],
)
def test_nothing_else_of_a_draft_is_edited(path: list[Any]) -> None:
    draft = Draft(None, [])
    draft.grow(_plan("/a"))
    with pytest.raises(ConfigurationError):
        draft.edit(path, "x")


KEYED = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3), max_size=4)


@given(KEYED, KEYED, KEYED)
def test_a_whole_merge_is_a_merge_of_three(
    base: dict[str, int], theirs: dict[str, int], ours: dict[str, int]
) -> None:
    """A value that only one side changed is as that side says; of two changes, theirs stays."""
    merged = merge(base, dict(theirs), ours, is_whole=True)
    for key in "abcd":
        was, there, now = (each.get(key) for each in (base, theirs, ours))
        wanted = now if there == was else there
        assert merged.get(key) == wanted, key


@given(st.lists(st.text("ab\n", max_size=3)), st.lists(st.text("ab\n", max_size=3)))
def test_a_difference_is_there_exactly_where_texts_differ(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    lines = difference(before, after)
    assert bool(lines) == (before.splitlines() != after.splitlines())
