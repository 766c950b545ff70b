"""The size of one value: as its JSON text has, and limited."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ResponseError
from formats.json_values import LARGEST_VALUE, check_sizes, size_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_the_size_is_that_of_the_text(value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert size_of(value) == len(plain.encode())


def test_what_only_the_json_module_writes_has_a_size() -> None:
    deep: Any = "\ud800"
    for _ in range(1000):
        deep = [deep]
    assert size_of(deep) > 2000


@pytest.mark.contract("bounds.item-size")
def test_a_value_beyond_the_limit_is_refused_and_a_list_of_many_is_not() -> None:
    half = "x" * (LARGEST_VALUE // 2)
    check_sizes([half, half, half], "an item")
    with pytest.raises(ResponseError, match="an item has more than 16000000 bytes"):
        check_sizes(["small", {"a": half, "b": half}], "an item")
