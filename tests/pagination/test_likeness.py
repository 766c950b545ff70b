"""Lists of the same items, in any order, and the fields in which they differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagination.likeness import common_difference, difference, is_variation

ITEMS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 99), "age": st.integers(0, 2), "name": st.sampled_from("abc")}
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda item: item["id"],
)


@given(ITEMS, st.randoms(use_true_random=False), st.sampled_from([(), ("age",), ("age", "more")]))
def test_the_fields_that_differ_are_told_in_any_order(
    items: list[dict[str, Any]], chance: Any, fields: tuple[str, ...]
) -> None:
    now = [{**item, **dict.fromkeys(fields, 7)} for item in items]
    assert difference(items, chance.sample(now, len(now))) == frozenset(fields)


@given(ITEMS, ITEMS)
def test_other_items_are_told(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    is_same = {item["id"] for item in before} == {item["id"] for item in now}
    assert (difference(before, now) is not None) is is_same


@pytest.mark.parametrize(
    "before, now, expected",
    [
        ([], [], None),
        ([1, 2], [2, 1], set()),
        ([1, 2], [2, 2], None),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], set()),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 3}], None),
        ([{"node": {"id": 1, "n": 1}}], [{"node": {"id": 1, "n": 2}}], {"node"}),
        ([{"hostname": "a", "load": 1}], [{"hostname": "a", "load": 2}], {"load"}),
        # An identifier that is none: it is the same for all.
        ([{"id": 1, "name": n} for n in "ab"], [{"id": 1, "name": n} for n in "ba"], set()),
        ([{"id": 1, "x": n} for n in "ab"], [{"id": 1, "x": n} for n in "bc"], None),
        ([{"id": None}], [{"id": 1}], None),
        ([{"id": [1]}], [{"id": [1], "n": 1}], None),
        ([{"id": 1}, None], [None, {"id": 1}], set()),
    ],
)
def test_shapes(before: Any, now: Any, expected: set[str] | None) -> None:
    assert difference(before, now) == (None if expected is None else frozenset(expected))


def test_all_lists_of_a_body_are_compared() -> None:
    one = {"a": [{"id": 1, "x": 1}], "b": []}
    assert common_difference(_lists(one), _lists({**one, "page": 2})) == frozenset()
    other = {**one, "a": [{"id": 1, "x": 2}]}
    assert common_difference(_lists(one), _lists(other)) == frozenset({"x"})
    assert common_difference(_lists(one), _lists({**one, "b": [1]})) is None
    assert common_difference(_lists(one), _lists({"a": one["a"]})) is None
    assert common_difference(_lists({}), _lists({})) is None


def _lists(body: dict[str, Any]) -> Any:
    return {(name,): value for name, value in body.items() if isinstance(value, list)}


@pytest.mark.parametrize(
    "differing, varying, expected",
    [
        ({"age"}, {"age"}, True),
        ({"age"}, {"age", "seen"}, True),
        (set(), set(), True),
        ({"age", "seen"}, {"age"}, False),
        ({"name"}, {"name"}, False),
        ({"age"}, None, False),
        (None, {"age"}, False),
    ],
)
def test_a_variation_is_what_a_page_has_by_itself(
    differing: set[str] | None, varying: set[str] | None, expected: bool
) -> None:
    first, second = (None if each is None else frozenset(each) for each in (differing, varying))
    assert is_variation(first, second) is expected
