"""Lists of the same items, in any order, and the fields in which they differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagination.likeness import Likeness, common_likeness, likeness

ITEMS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 99), "age": st.integers(0, 2), "name": st.sampled_from("abc")}
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda item: item["id"],
)


def fields(like: Likeness | None) -> set[str] | None:
    return None if like is None else {".".join(place) for place in like.differing}


@given(ITEMS, st.randoms(use_true_random=False), st.sampled_from([(), ("age",), ("age", "more")]))
def test_the_fields_that_differ_are_told_in_any_order(
    items: list[dict[str, Any]], chance: Any, names: tuple[str, ...]
) -> None:
    now = [{**item, **dict.fromkeys(names, 7)} for item in items]
    assert fields(likeness(items, chance.sample(now, len(now)))) == {*names}


@given(ITEMS, ITEMS)
def test_other_items_are_told(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    changed = [{**item, "name": "d"} for item in now]
    ids = {item["id"] for item in before} == {item["id"] for item in now}
    names = {item["id"]: item["name"] for item in before} == {i["id"]: i["name"] for i in now}
    assert (likeness(before, now) is not None) is (ids and names)
    assert likeness(before, changed) is None


@pytest.mark.parametrize(
    "before, now, expected",
    [
        ([1, 2], [2, 1], set()),
        ([1, 2], [2, 2], None),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], set()),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 3}], None),
        ([{"v": 1}], [{"v": True}], None),
        ([{"node": {"id": 1, "n": 1}}], [{"node": {"id": 1, "n": 2}}], {"node.n"}),
        ([{"a": {"b": {"id": 7, "n": 1}}}], [{"a": {"b": {"id": 7, "n": 2}}}], {"a.b.n"}),
        ([{"hostname": "a", "load": 1}], [{"hostname": "a", "load": 2}], {"load"}),
        ([{"symbol": "a", "price": 1.5}], [{"symbol": "a", "price": 2.5}], {"price"}),
        ([{"trace_id": 1, "hostname": "a"}], [{"trace_id": 2, "hostname": "a"}], {"trace_id"}),
        # Of an address, what comes before its query is the address.
        ([{"id": 7, "url": "/a?s=1"}], [{"id": 7, "url": "/a?s=2"}], {"url.?"}),
        ([{"id": 7, "url": "/a?s=1"}], [{"id": 7, "url": "/b?s=1"}], {"url"}),
        # An identifier that is none: it is the same for all.
        ([{"id": 1, "name": n} for n in "ab"], [{"id": 1, "name": n} for n in "ba"], set()),
        ([{"id": 1, "x": n} for n in "ab"], [{"id": 1, "x": n} for n in "bc"], None),
        ([{"id": None}], [{"id": 1}], None),
        ([{"id": [1]}], [{"id": [1], "n": 1}], None),
        ([{"id": 1}, None], [None, {"id": 1}], set()),
    ],
)
def test_shapes(before: Any, now: Any, expected: set[str] | None) -> None:
    assert fields(likeness(before, now)) == expected


def test_all_lists_of_a_body_are_compared() -> None:
    one = {"a": [{"id": 1, "x": 1}], "b": []}
    other = {**one, "a": [{"id": 1, "x": 2}]}
    assert fields(common_likeness(_lists(one), _lists({**one, "page": 2}))) == set()
    assert fields(common_likeness(_lists(one), _lists(other))) == {"x"}
    assert common_likeness(_lists(one), _lists({**one, "b": [1]})) is None
    assert common_likeness(_lists(one), _lists({"a": one["a"]})) is None


def _lists(body: dict[str, Any]) -> Any:
    return {(name,): value for name, value in body.items() if isinstance(value, list)}


@pytest.mark.parametrize(
    "items, is_sure",
    [
        ([{"id": 17}, {"id": 4}], True),
        ([{"id": 17}], True),
        ([{"tenant_id": 17}], False),
        # Each page of a history may have these.
        ([{"hostname": "a"}, {"hostname": "b"}], False),
        ([{"name": "cpu"}, {"name": "load"}], False),
        ([{"state": "up"}, {"state": "down"}], False),
        ([{"uid": "a"}, {"uid": "b"}], True),
        ([{"id": 0}, {"id": 1}], False),
        ([{"number": "1"}, {"number": "2"}], False),
        ([{"id": 1, "name": "x"}], True),
        ([{"id": 1, "type": "x"}], False),
        ([{"id": 1, "name": "x"}, {"id": 2, "name": "y"}], True),
        ([{"id": 1, "place": "x"}, {"id": 2, "place": "y"}], False),
        ([{"id": 1, "place": "x"}, {"id": 2, "place": "x"}], False),
    ],
)
def test_numbers_of_rows_are_not_sure(items: list[dict[str, Any]], is_sure: bool) -> None:
    like = likeness([{**item, "age": 1} for item in items], [{**item, "age": 2} for item in items])
    assert like == Likeness(frozenset({("age",)}), is_sure)


def test_large_lists_are_compared_in_linear_time() -> None:
    """Each field of the first record is looked at in few others, and few of them in all."""
    looked_at: list[str] = []

    class Counting(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            looked_at.append(key)
            return super().get(key, default)

    wide = {f"{number}_id": number for number in range(500)}
    items = [Counting(wide), *(Counting() for _ in range(5000))]
    assert likeness(items, [*items]) is not None
    assert len(looked_at) < 3 * len(items)
