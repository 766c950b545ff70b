"""What is known of an expression without jq is what jq says."""

import json
from typing import Any

import jq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework.plain_expressions import UNKNOWN, PlainExpression

NAMES = st.sampled_from(["a", "b", "_c", "and"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=5)
)
ITEMS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "." + ".".join(names))
CONSTANTS = ["true", "false", "null", '"x y"', "'x'", '("x")', '"é"']


@given(PATHS | st.sampled_from(CONSTANTS), ITEMS)
@example(".a", {"a": 1.0})
@example(".a", {"a": 2**53})
@example(".a", {"a": "\ud800"})
@example(".a.b", {"a": None})
@example(".a.b", {"a": 1})
def test_it_is_what_jq_gives_or_unknown(expression: str, item: Any) -> None:
    plain = PlainExpression.of(expression)
    assert plain
    value = plain.value(item)
    if value is UNKNOWN:
        return
    program = jq.compile(expression.replace("'", '"'))
    told = json.dumps(program.input_text(json.dumps(item)).first(), sort_keys=True)
    assert json.dumps(value, sort_keys=True) == told


@pytest.mark.parametrize(
    "expression",
    [".", ".a[0]", ".a?", '."a"', ".a // .b", '"\\(.a)"', '"a" + "b"', "1", ".a == 1", "$x", None],
)
def test_other_expressions_are_left_to_jq(expression: Any) -> None:
    assert PlainExpression.of(expression) is None


@pytest.mark.parametrize("value", ["x", 1, -1, 1.5, True, None, ["x"], {"a": ["x"]}, [], {}])
def test_what_most_items_have_is_known(value: Any) -> None:
    plain = PlainExpression.of(".a.b")
    assert plain
    assert plain.value({"a": {"b": value}}) == value


@pytest.mark.parametrize("value", [1.0, 2**53, "\ud800", [2**60], {"\ud800": 1}, list(range(99))])
def test_what_jq_may_change_is_not(value: Any) -> None:
    plain = PlainExpression.of(" .a ")
    assert plain
    assert plain.value({"a": value}) is UNKNOWN
