"""The conditions of a filter, and the places that each looks at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import SelectorError
from expressions.conditions import conditions_of
from expressions.item_expressions import ItemExpression


def shown(filter_: str) -> list[str]:
    return [condition.shown for condition in conditions_of(ItemExpression(filter_, "filter"))]


@pytest.mark.parametrize(
    "filter_, places",
    [
        ('.status == "active"', [".status"]),
        ('"active" == .status', [".status"]),
        (".meta.state == 1", [".meta.state"]),
        ('."a b".c == 1', [".a b.c"]),
        ('.["a b"] == 1', [".a b"]),
        (".status == 'a.b .c'", [".status"]),
        ('.status == "a | .b; .c"', [".status"]),
        ('.status | ascii_downcase == "x"', [".status"]),
        ('.tags | index("x") != null', [".tags"]),
        ('any(.labels[]; .name == "x")', [".labels"]),
        ('[.labels[].name] | index("x")', [".labels"]),
        ('has("active")', [".active"]),
        (".archived | not", [".archived"]),
        ('.a == 1 and .b == "c and .d"', [".a", ".b"]),
        ("(.a == 1 and .b == 2) and .c", [".a and .b", ".c"]),
        ("(.a == 1 and .b == 2)", [".a", ".b"]),
        ("(.a == 1) and (.b == 2)", [".a", ".b"]),
        (".a == 1 or .b == 2", [".a and .b"]),
        (".a == 1 and .b == 2 or .c", [".a and .b and .c"]),
        (".and == 1 and .b.or", [".and", ".b.or"]),
        ("(.a | length) > 2 and .b", [".a", ".b"]),
        ("if .a then .b else .c end", [".a and .b and .c"]),
        (".id as $x | .kind == $x", [".id"]),
        (".tags[0] == 1", [".tags"]),
        (".a?.b? == 1", [".a"]),
        ('(.a // "x") == 1', []),
        (".a == 1 and (.b // false)", [".a"]),
        *((text, []) for text in ("true", "false", ". != null", 'type == "object"', "length > 3")),
        *(
            (text, [])
            for text in (".. == 1", "$__loc__ == 1", '"x .y" == "z"', "1.5 > 1", "now > 1")
        ),
    ],
)
def test_places_of_conditions(filter_: str, places: list[str]) -> None:
    assert shown(filter_) == places


@given(st.text("ab.|;\"'()[]{} and or//,=1has?$\\", max_size=30))
def test_any_expression_that_is_one_has_conditions(text: str) -> None:
    try:
        expression = ItemExpression(text, "filter")
    except SelectorError:
        return
    conditions_of(expression)
