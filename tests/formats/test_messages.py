"""What a body says in place of items: errors are heard, and data is not misheard."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath
from formats.json_text import Body
from formats.messages import (
    MESSAGE_SIGNS,
    Kind,
    KnownCodes,
    Lack,
    Message,
    Part,
    is_evident_error,
    message_in,
    says_success,
    text_of,
)
from tests.formats.api_answers import ERRORS, INNOCENT, ApiAnswer

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def message(answer: ApiAnswer) -> Message | None:
    """The message in an answer, as reading looks for it."""
    data_path = DataPath(answer.data_path)
    found = asyncio.run(data_path.extract(Body(answer.body), Evaluator()))
    assert not found.items
    lack = Lack.LIST if found.is_null or not found.matched else Lack.ITEMS
    return message_in(data_path.parts(answer.body), lack)


def of(body: Any, lack: Lack = Lack.LIST, known: KnownCodes | None = None) -> Message | None:
    return message_in([Part("", body)], lack, known or KnownCodes())


def known(*bodies: Any) -> KnownCodes:
    codes = KnownCodes()
    for body in bodies:
        codes.learn([Part("", body)])
    return codes


@pytest.mark.contract("messages.heard")
@pytest.mark.parametrize("answer", ERRORS, ids=lambda answer: answer.api)
def test_an_error_is_heard_and_quoted(answer: ApiAnswer) -> None:
    found = message(answer)
    assert found
    assert found.text == (answer.says or found.text)


@pytest.mark.contract("messages.innocent")
@pytest.mark.parametrize("answer", INNOCENT, ids=lambda answer: answer.api)
def test_data_is_not_misheard(answer: ApiAnswer) -> None:
    assert message(answer) is None


def test_every_row_of_the_table_is_heard_somewhere() -> None:
    heard = {found.sign for answer in ERRORS if (found := message(answer))}
    assert heard == set(MESSAGE_SIGNS)


@pytest.mark.contract("messages.known-codes")
def test_a_code_that_stood_beside_items_is_no_error() -> None:
    body = {"code": 1, "msg": "Ergebnis", "rows": []}
    assert of(body)
    assert of(body, known=known({"code": 1, "msg": "Ergebnis"})) is None
    assert of(body | {"code": 2}, known=known({"code": 1}))
    assert of({"status": 1, "ret": 1, "msg": "x"}, known=known({"code": 1}))
    # What says error by itself is one however often it stood beside items.
    assert of({"error": "x"}, known=known({"error": "x"}, {"error": "y"}))


@pytest.mark.contract("messages.known-codes")
def test_words_that_differ_beside_items_name_things() -> None:
    body = {"code": "LHR", "message": "Welcome"}
    assert of(body, known=known({"code": "CDG"}))
    assert of(body, known=known({"code": "ok"}, {"code": "success"}))
    assert of(body, known=known({"code": "CDG"}, {"code": "JFK"})) is None
    assert (
        of({"status": "failed"}, known=known({"status": "passed"}, {"status": "running"})) is None
    )
    assert of({"code": 500, "message": "x"}, known=known({"code": "CDG"}, {"code": "JFK"}))


@pytest.mark.contract("messages.empty-list")
@pytest.mark.parametrize(
    "body",
    [
        {"status": "failed"},
        {"result": "error", "description": "of a record"},
        {"code": "E7", "description": "of a record"},
        {"code": "E7", "detail": "of a record"},
        {"error_code": "E7"},
    ],
    ids=str,
)
def test_fewer_signs_count_beside_an_empty_list(body: dict[str, Any]) -> None:
    assert of(body, Lack.ITEMS) is None
    assert of(body | {"message": "No access"}, Lack.ITEMS)


@pytest.mark.parametrize(
    "body, rule",
    [
        ({"Code": 5, "msg": "x"}, ".body.Code == 5"),
        ({"error-code": 'a"b', "msg": "x"}, '.body["error-code"] == "a\\"b"'),
        ({"ok": False}, ".body.ok == false"),
    ],
    ids=str,
)
def test_a_message_gives_the_rule_that_answers_it(body: Any, rule: str) -> None:
    found = of(body)
    assert found
    assert found.rule == rule


@pytest.mark.parametrize("name", ["code", "Code", "CODE", "co_de", "isSuccess", "IS_SUCCESS"])
def test_names_count_in_any_spelling(name: str) -> None:
    value = False if "s" in name.lower() else 7
    assert of({name: value, "msg": "x"})


@pytest.mark.parametrize("value", [0, 200, "0", "200", "10000", "ok", "Success", None, "00", ""])
def test_codes_of_success(value: Any) -> None:
    for name in ("code", "error_code", "retcode"):
        assert of({name: value, "message": "Bonjour"}) is None


@pytest.mark.contract("messages.success")
@pytest.mark.parametrize(
    "body, expected",
    [
        ({"ok": True, "rows": []}, True),
        ({"success": "true"}, True),
        ({"code": 0, "rows": []}, True),
        ({"status": "success"}, True),
        ({"errcode": 0, "errmsg": "ok"}, True),
        ({"rows": []}, False),
        ({"code": 7}, False),
        ({"ok": False}, False),
        ({"success": True, "error": "x"}, False),
        ({"error": None}, False),
        ([], False),
    ],
    ids=str,
)
def test_a_body_may_say_success(body: Any, expected: bool) -> None:
    assert says_success(body) is expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"error": "x"}, True),
        ({"ok": False}, True),
        ({"error": None, "ok": True}, False),
        ({"status": "failed", "message": "x"}, False),
        ({"code": 500, "message": "x"}, False),
        (["error"], False),
    ],
    ids=str,
)
def test_an_evident_error_is_hardly_a_record(value: Any, expected: bool) -> None:
    assert is_evident_error(value) is expected


@pytest.mark.parametrize(
    "value, text",
    [
        ({"rows": [{"message": "a"}, {"message": "b"}]}, ""),
        ({"rows": [{"message": "a"}]}, "a"),
        ({"errors": [{"detail": "a"}, {"detail": "b"}]}, "a"),
        ([{"result": 1, "text": "a"}, {"text": "b"}], "a"),
        ({"Information": "slow down"}, "slow down"),
        ({"message": "ok", "reason": "late"}, "late"),
        ({"title": "My channel", "count": 3}, ""),
        ({"a": {"b": {"c": {"msg": " deep "}}}}, "deep"),
        ("plain", "plain"),
        (7, ""),
    ],
    ids=str,
)
def test_the_text_of_a_body_wherever_it_stands(value: Any, text: str) -> None:
    assert text_of(value) == text


@given(body=st.dictionaries(st.sampled_from(["code", "msg", "error", "a"]), _JSON))
def test_any_body_is_judged(body: dict[str, Any]) -> None:
    for lack in Lack:
        found = of(body, lack)
        assert found is None or isinstance(found.text, str)
        assert found is None or json.dumps(found.code.value)
    says_success(body)
    # An empty list leaves no more signs than none at all.
    assert of(body) or not of(body, Lack.ITEMS)


@settings(max_examples=50)
@given(depth=st.integers(0, 400), width=st.integers(0, 400))
def test_looking_for_a_text_ends(depth: int, width: int) -> None:
    value: Any = {"n": 1}
    for _ in range(depth):
        value = {"a": value, **{f"k{number}": {} for number in range(width % 7)}}
    assert text_of(value) == ""
    assert text_of([{"a": [{}] * width}] * 3) == ""


def test_the_kinds_are_told_in_words() -> None:
    assert {sign.kind for sign in MESSAGE_SIGNS} == set(Kind)
