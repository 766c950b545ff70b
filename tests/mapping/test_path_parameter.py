"""What an item gives for the placeholders of a path parameter."""

import asyncio
import json
from typing import Any

import jq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import SelectorError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from formats.json_values import exact
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.path_parameter import Batch, Gift, PathParameter, Verdict


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


EVALUATOR = Evaluator()


def gift(found: PathParameter, item: Any) -> Gift:
    (one,) = tuple(asyncio.run(found.gifts([item], EVALUATOR)))
    return one


def verdict_on(found: PathParameter, item: Any) -> Verdict:
    (one,) = asyncio.run(found.verdicts([item], EVALUATOR))
    return one


def texts(found: PathParameter, item: Any) -> list[tuple[str, ...]]:
    return [tuple(value.text for value in each.values()) for each in gift(found, item).values]


@pytest.mark.contract("paths.empty-values")
@pytest.mark.parametrize(
    "value, text",
    [(7, "7"), ("a", "a"), (0, "0"), (True, "true"), (False, "false"), (1.5, "1.5"), (" ", " ")],
)
def test_values_have_a_text_and_keep_their_type(value: Any, text: str) -> None:
    ((found,),) = (each.values() for each in gift(parameter(), {"id": value}).values)
    assert found.text == text
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.contract("paths.empty-values")
@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": ""}, {"id": []}, None, "text", 7, []])
def test_items_without_a_value(item: Any) -> None:
    assert gift(parameter(), item)[:2] == ([], 1)


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [[1]]])
def test_a_value_that_is_no_scalar_is_refused(value: Any) -> None:
    with pytest.raises(SelectorError, match=r"path_parameters\.team\.team: \.id gives an? "):
        gift(parameter(), {"id": value})


@pytest.mark.contract("path-parameter.filter")
@pytest.mark.parametrize("verdict", ["true", "false", "null", "empty"])
def test_only_exactly_true_passes(verdict: str) -> None:
    expected = Verdict.PASSES if verdict == "true" else Verdict.FILTERED
    assert verdict_on(parameter(filter_=verdict), {}) is expected


@pytest.mark.contract("path-parameter.filter")
@pytest.mark.parametrize("verdict", ["1", '"true"', "{}", "[true]", ".id = 1", ".id.x"])
def test_a_filter_that_does_not_decide_fails(verdict: str) -> None:
    assert verdict_on(parameter(filter_=verdict), {"id": 1}) is Verdict.FILTER_FAILED


@pytest.mark.parametrize("jq", [".ids", ".ids[]", ".ids[0], .ids[1:]", "[.ids[]]"])
def test_a_list_and_several_outputs_give_each_value(jq: str) -> None:
    found = gift(parameter({"team": jq}), {"ids": ["a", 2, None, ""]})
    assert [each["team"].text for each in found.values] == ["a", "2"]
    assert found.missing == 2


def test_fields_of_an_item_belong_together() -> None:
    found = parameter({"owner": ".owner.login", "repo": ".names"})
    assert texts(found, {"owner": {"login": "acme"}, "names": ["a", "b"]}) == [
        ("acme", "a"),
        ("acme", "b"),
    ]
    assert gift(found, {"owner": None, "names": ["a"]})[:2] == ([], 1)
    assert gift(found, {"names": []})[:2] == ([], 2)


def test_an_expression_that_fails_gives_nothing() -> None:
    assert gift(parameter({"team": ".id, (.id | error)"}), {"id": "a"})[:2] == ([], 1)


def test_included_fields_may_be_anything_and_null_where_they_fail() -> None:
    found = parameter(include={"a": ".a", "b": ".a.b", "c": "empty"})
    assert gift(found, {"a": [1, {"x": None}]})[2:4] == (
        {"a": [1, {"x": None}], "b": None, "c": None},
        1,
    )


def test_values_of_one_parameter_are_encoded_alike() -> None:
    found = gift(parameter({"x": ".x", "y": ".y"}, segment=True), {"x": "a/b", "y": "c/d"})
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


@settings(max_examples=60, deadline=None)
@given(path=PATHS, item=ITEMS)
def test_a_path_is_walked_as_jq_would(path: str, item: Any) -> None:
    expression = ItemExpression(path, "field")

    def outcome(outputs: Any) -> Any:
        try:
            return json.dumps(outputs())
        except ValueError:
            return "fails"

    plain = expression.plain(item)
    by_jq = outcome(lambda: list(jq.compile(expression.program).input_value(item).all()))
    assert plain is None or json.dumps(plain) == by_jq
    assert outcome(lambda: asyncio.run(EVALUATOR.every(expression, item))) == by_jq
