"""The path that an expression begins with, whatever stands around it."""

import json
from typing import Any

import jq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.paths import leading_path, unwrapped

SELECT = "select((.a // 1) == 1)"


@pytest.mark.parametrize(
    "expression, steps",
    [
        (f"(.items[] | {SELECT})", ["items"]),
        (f"((.data.items[] | {SELECT}))", ["data", "items"]),
        (f". | .items | map({SELECT})", ["items"]),
        (f".|.items|map({SELECT})", ["items"]),
        (f"(.items // []) | map({SELECT})", ["items"]),
        (f"(.items // empty)[] | {SELECT}", ["items"]),
        (f"(.items)[] | {SELECT}", ["items"]),
        ("(.items[]) | .owner", ["items"]),
        ("(.items[].members[])", ["items"]),
        ("[.items[].owner] | unique", ["items"]),
        ("[(.items[] | .owner)] | unique | .[]", ["items"]),
        ('(."a)b"[])', ["a)b"]),
        ("(.a[], .b[])", []),
        ("(.a + .b)[]", []),
        ("(.a // .b) | .[]", ["a"]),
        ("(.a[] // 1) + .b", []),
        ("first(.items[])", []),
        (". |= 1", []),
        (". // []", []),
        ("[.a, .b] | add", []),
        ("[.a[]] + .b", []),
        ("", []),
        ("(", []),
        (")", []),
    ],
)
def test_the_path(expression: str, steps: list[str]) -> None:
    assert leading_path(unwrapped(expression))[0] == steps


_PIECES = st.sampled_from(
    ["(", ")", ".", ".a", ".b", "[]", "[]?", " | ", "//", "[", "]", ",", "map(.a)", '"(a"', " + 1"]
)
_VALUES: list[Any] = [
    {"a": [{"a": 1, "b": [2]}, {"a": 3}], "b": {"a": [4]}},
    [{"a": 1}],
    {"a": None},
    {"b": 1},
]


def _outputs(expression: str, value: Any) -> str | None:
    try:
        return json.dumps(list(jq.compile(expression).input_value(value)))
    except ValueError:
        return None


@given(st.lists(_PIECES, min_size=1, max_size=9).map("".join))
def test_what_is_unwrapped_means_the_same(expression: str) -> None:
    try:
        jq.compile(expression)
    except ValueError:
        return
    for value in _VALUES:
        assert _outputs(unwrapped(expression), value) == _outputs(expression, value)
