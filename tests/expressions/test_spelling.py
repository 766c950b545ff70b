"""Expressions that are no JQ, and the JQ that was meant."""

import jq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import SelectorError
from expressions.jq_expressions import DataPath
from expressions.programs import check_jq
from expressions.spelling import is_bare_word, respelt

_NAMES = st.from_regex(r"zz[a-z_]{0,8}", fullmatch=True)


@pytest.mark.contract("errors.jq.respelt")
@pytest.mark.parametrize(
    "given, meant",
    [
        ("items", ".items"),
        ("data.items", ".data.items"),
        ("$", "."),
        ("$.items", ".items"),
        ("$.items[*]", ".items"),
        ("$.teams[*].members[*]", ".teams[].members"),
        ("$['items']", ""),
        ("$items", ""),
        (".items[", ""),
        ("items |", ""),
    ],
)
def test_each_way(given: str, meant: str) -> None:
    with pytest.raises(SelectorError) as caught:
        DataPath(given)
    said = str(caught.value)
    assert f"data_path: {given!r} is not valid JQ: " in said
    assert said.endswith(f": write {meant}") is bool(meant)


@given(names=st.lists(_NAMES, min_size=1, max_size=4), root=st.sampled_from(["", "$."]))
def test_a_path_of_names_becomes_the_same_path(names: list[str], root: str) -> None:
    meant = respelt(root + ".".join(names))
    assert meant == f".{'.'.join(names)}"
    value: object = 7
    for name in reversed(names):
        value = {name: value}
    assert jq.compile(meant).input_value(value).first() == 7


@pytest.mark.parametrize("expression", [".", ".a", "length", "keys", '"text"', ".a | map(.b)"])
def test_what_is_jq_is_accepted(expression: str) -> None:
    check_jq(expression, "x")


@pytest.mark.parametrize(
    "text, is_one", [("page", True), ("my-page", True), ("a.b", False), ("", False)]
)
def test_a_bare_word(text: str, is_one: bool) -> None:
    assert is_bare_word(text) is is_one
