"""What may give several outputs: never too little, and seldom too much."""

import jq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expressions.streams import has_alternative, may_give_several

SEVERAL = [
    ".items[]",
    "(.items[] | select(.ok))",
    ". | .items[]",
    ".data | .items []",
    "if .items then .items[] else [] end",
    "limit(5; .items[])",
    ".left, .right",
    "(.left, .right)",
    "..",
    ".. | .items?",
    '.["items"][]',
    ".['items'][]",
    "$x[]",
    "def f: .items[]; f",
    "foreach .items[] as $x (0; . + 1)",
    ".items as [$a] | .items[]",
    "range(3)",
    "{a: .items[]}",
    ".items | map(.a) | .[]",
    "recurse(.children[]?)",
    "[.a] | .[] # all of it",
    '{id: "\\(.items[].id)"}',
]
ONE = [
    ".",
    ".items",
    ".items // []",
    "(.items // [])",
    "if .items then .items else [] end",
    "first(.items[])",
    "limit(1; .items[])",
    ".items | map(select(.tags[] == 1))",
    "[.items[]]",
    "[.items[] | select(.ok)]",
    "{names: [.items[].name], count: (.items | length)}",
    "{a, b}",
    "[.a, .b]",
    "reduce .items[] as $x (0; . + $x)",
    ".items | .[0]",
    '.["a[]"]',
    '"a, b[]"',
    '. | {text: "\\(.a), \\(.b)"}',
    ".a.range",
    ".items | any(.[]; .ok)",
    ".items | length # .items[]",
    "map_values(.a)",
    "to_entries | map(.value)",
]


@pytest.mark.parametrize("expression", SEVERAL)
def test_several_are_told(expression: str) -> None:
    assert may_give_several(expression)


@pytest.mark.parametrize("expression", ONE)
def test_one_is_told(expression: str) -> None:
    assert not may_give_several(expression)


def _expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from([".", ".a", ".b", ".[0]", ".[]?", ".a[]?", "..", "1", '"x[]"', "[]"])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda two: f"{two[0]} | {two[1]}"),
            pairs.map(lambda two: f"({two[0]}), ({two[1]})"),
            pairs.map(lambda two: f"({two[0]}) // ({two[1]})"),
            pairs.map(lambda two: f"if ({two[0]}) then ({two[1]}) else [] end"),
            pairs.map(lambda two: f"{{a: ({two[0]}), b: ({two[1]})}}"),
            pairs.map(lambda two: f"reduce ({two[0]}) as $x (0; ({two[1]}))"),
            pairs.map(lambda two: f"({two[0]}) as $x | ({two[1]})"),
            pairs.map(lambda two: f"limit(2; ({two[0]}))"),
            inner.map("({})".format),
            inner.map("[{}]".format),
            inner.map("first({})".format),
            inner.map("select({})".format),
            inner.map("try error({}) catch .".format),
            inner.map("[{}] | .[]".format),
            inner.map("[{}] | length".format),
        )

    return st.recursive(leaves, grown, max_leaves=6)


_VALUES = st.recursive(
    st.integers(0, 1) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)


@pytest.mark.contract("evidence.proof")
@given(expression=_expressions(), value=_VALUES)
@example(expression="reduce (.[]?) as $x (0; (.[]?))", value=[[1, 2], 1])
def test_what_jq_gives_several_outputs_for_may_give_several(expression: str, value: object) -> None:
    try:
        outputs = list(jq.compile(expression).input_value(value))
    except ValueError:
        return
    assert len(outputs) < 2 or _is_same(outputs) or may_give_several(expression)


def _is_same(outputs: list[object]) -> bool:
    """Return whether `select` gave one element as often as its condition is true."""
    return all(output == outputs[0] for output in outputs)


@pytest.mark.parametrize(
    "expression, expected",
    [
        (".users // []", True),
        ("(.users // [])[]", True),
        ("(.users // []) | map(select(.ok))", True),
        (".users[] | select(.age // 0 > 17)", False),
        ("(.users[] | select((.a // .b) == 1))", False),
        ('"a // b"', False),
        (".users # // []", False),
        (".users[]? | .a // .b", False),
        (".users[]? // empty", True),
        ("(.users[] | .name) // empty", True),
        ("(.users[] | .name // 1)", False),
        ("[.users[] | .n // 1]", False),
        ("(.a // {}).users[] | .x", True),
    ],
)
def test_an_alternative_is_told(expression: str, expected: bool) -> None:
    assert has_alternative(expression) is expected
