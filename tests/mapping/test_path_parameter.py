"""What an item gives for the placeholders of a path parameter."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import SelectorError
from expressions.jq_expressions import ItemExpression
from formats.json_values import exact
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.path_parameter import Batch, PathParameter


def parameter(
    fields: dict[str, str] | None = None,
    filter_: str | None = None,
    include: dict[str, str] | None = None,
    *,
    segment: bool = False,
) -> PathParameter:
    chosen = fields or {"team": ".id"}
    return PathParameter(
        "team",
        {name: ItemExpression(jq, f"path_parameters.team.{name}") for name, jq in chosen.items()},
        Endpoint("/teams"),
        filter=ItemExpression(filter_, "filter") if filter_ else None,
        include={name: ItemExpression(jq, name) for name, jq in (include or {}).items()},
        segment=segment,
    )


def texts(found: PathParameter, item: Any) -> list[tuple[str, ...]]:
    return [tuple(value.text for value in each.values()) for each in found.outputs(item).values]


@pytest.mark.contract("paths.empty-values")
@pytest.mark.parametrize(
    "value, text",
    [(7, "7"), ("a", "a"), (0, "0"), (True, "true"), (False, "false"), (1.5, "1.5"), (" ", " ")],
)
def test_values_have_a_text_and_keep_their_type(value: Any, text: str) -> None:
    ((found,),) = (each.values() for each in parameter().outputs({"id": value}).values)
    assert found.text == text
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.contract("paths.empty-values")
@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": ""}, {"id": []}, None, "text", 7, []])
def test_items_without_a_value(item: Any) -> None:
    assert parameter().outputs(item) == ([], 1)


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [[1]]])
def test_a_value_that_is_no_scalar_is_refused(value: Any) -> None:
    with pytest.raises(SelectorError, match=r"path_parameters\.team\.team: \.id gives an? "):
        parameter().outputs({"id": value})


@pytest.mark.contract("path-parameter.filter")
@pytest.mark.parametrize("verdict", ["true", "false", "null", "empty"])
def test_only_exactly_true_passes(verdict: str) -> None:
    assert parameter(filter_=verdict).passes({}) is (verdict == "true")


@pytest.mark.contract("path-parameter.filter")
@pytest.mark.parametrize("verdict", ["1", '"true"', "{}", "[true]", ".id = 1"])
def test_a_filter_that_does_not_decide_fails(verdict: str) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        parameter(filter_=verdict).passes({"id": 1})


@pytest.mark.parametrize("jq", [".ids", ".ids[]", ".ids[0], .ids[1:]", "[.ids[]]"])
def test_a_list_and_several_outputs_give_each_value(jq: str) -> None:
    found = parameter({"team": jq}).outputs({"ids": ["a", 2, None, ""]})
    assert [each["team"].text for each in found.values] == ["a", "2"]
    assert found.missing == 2


def test_fields_of_an_item_belong_together() -> None:
    found = parameter({"owner": ".owner.login", "repo": ".names"})
    assert texts(found, {"owner": {"login": "acme"}, "names": ["a", "b"]}) == [
        ("acme", "a"),
        ("acme", "b"),
    ]
    assert found.outputs({"owner": None, "names": ["a"]}) == ([], 1)
    assert found.outputs({"names": []}) == ([], 2)


def test_an_expression_that_fails_gives_nothing() -> None:
    assert parameter({"team": ".id, (.id | error)"}).outputs({"id": "a"}) == ([], 1)


def test_included_fields_may_be_anything_and_null_where_they_fail() -> None:
    found = parameter(include={"a": ".a", "b": ".a.b", "c": "empty"})
    assert found.included({"a": [1, {"x": None}]}) == (
        {"a": [1, {"x": None}], "b": None, "c": None},
        1,
    )


def test_values_of_one_parameter_are_encoded_alike() -> None:
    found = parameter({"x": ".x", "y": ".y"}, segment=True).outputs({"x": "a/b", "y": "c/d"})
    assert [value.encoded for value in found.values[0].values()] == ["a%2Fb", "c%2Fd"]


@pytest.mark.parametrize(
    "join, text, in_body", [(None, "a,7", ["a", 7]), (";", "a;7", "a;7"), (",", "a,7", "a,7")]
)
def test_a_batch_is_one_value(join: str | None, text: str, in_body: Any) -> None:
    made = Batch(2, join).value([PathValue("a"), PathValue("7", value=7)])
    assert (made.text, made.value, made.encoded) == (text, in_body, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@given(value=JSON)
def test_only_integers_that_would_be_rounded_become_texts(value: Any) -> None:
    def expected(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: expected(each) for name, each in part.items()}
        if isinstance(part, list):
            return [expected(each) for each in part]
        if isinstance(part, int) and not -(2**53) <= part <= 2**53:
            return str(part)
        return part

    assert json.dumps(exact(value)) == json.dumps(expected(value))


PATHS = st.sampled_from([".a", ".a.b", '."a"', '.["a"]', ".a[0]", ".a.b[-1]", ".b", ".", " .a "])
SMALL = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2) | st.floats(-2, 2)
)
ITEMS = st.recursive(
    SMALL,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


@given(path=PATHS, item=ITEMS)
def test_a_path_is_walked_as_jq_would(path: str, item: Any) -> None:
    expression = ItemExpression(path, "field")

    def outcome(outputs: Any) -> Any:
        try:
            return json.dumps(outputs())
        except ValueError:
            return "fails"

    by_jq = outcome(lambda: list(expression._program.input_value(item).all()))
    assert outcome(lambda: expression.every(item)) == by_jq
