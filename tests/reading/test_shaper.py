"""`items_filter` and `emit`: exactly true passes, everything emitted arrives, failing is loud."""

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ResponseError, SelectorError
from expressions.evaluator import Evaluator
from mapping.fields.selector import CustomSelector
from mapping.plan.item_shape import ItemShape
from reading import shaper
from reading.account import Account, Reason
from reading.shaper import Shaper
from settings.connection import ConnectionSettings

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=5,
)
_ITEMS = st.lists(st.fixed_dictionaries({"id": st.integers(0, 99), "v": _VALUES}), max_size=20)


def shape(items: list[Any], items_filter: str = "", emit: str = "") -> list[Any]:
    async def run() -> list[Any]:
        evaluator = Evaluator()
        try:
            return await Shaper(ItemShape(items_filter, emit), evaluator, Account()).apply(items)
        finally:
            evaluator.close()

    return asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(items=_ITEMS, batch=st.integers(1, 300))
def test_only_exactly_true_passes_and_items_stay_as_they_are(items: list[Any], batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shaper, "_BATCH", batch)
        assert shape(items, ".v") == [item for item in items if item["v"] is True]
        assert shape(items, ".id % 2 == 0") == [item for item in items if item["id"] % 2 == 0]


@settings(max_examples=40, deadline=None)
@given(items=_ITEMS, batch=st.integers(1, 300))
def test_every_emitted_object_arrives_in_order(items: list[Any], batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shaper, "_BATCH", batch)
        found = shape(items, ".id > 9", "range(.id % 3) as $n | {id, n: $n, v}")
    assert found == [
        {"id": item["id"], "n": n, "v": item["v"]}
        for item in items
        if item["id"] > 9
        for n in range(item["id"] % 3)
    ]


def test_what_is_computed_and_what_fails() -> None:
    items = [{"id": number, "float": number / 8, "text": '"\\é\n'} for number in range(300)]
    parts = [
        part
        for item in items[::3]
        for part in ({"id": item["id"], "float": item["float"]}, {"text": item["text"]})
    ]
    assert shape(items, ".id % 3 == 0", "{id, float}, {text}") == parts
    assert shape(items, ".id % 3 == 0") == items[::3]
    with pytest.raises(ResponseError, match=r"has id, float, text: no"):
        shape(items, 'if .id == 7 then error("no") else true end')


async def test_many_items_never_hold_up_the_loop() -> None:
    items = [{"id": number, "text": "x" * 100, "list": [1, 2, 3]} for number in range(20_000)]
    evaluator = Evaluator()
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            start = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - start)

    watcher = asyncio.create_task(watch())
    account = Account()
    shaper = Shaper(ItemShape(".id % 2 == 0", "{id}"), evaluator, account)
    assert await shaper.apply(items) == [{"id": number} for number in range(0, 20_000, 2)]
    watcher.cancel()
    evaluator.close()
    assert account.left_out == {Reason.SHAPE: 10_000}
    assert longest < 0.05


@pytest.mark.parametrize(
    "emit, items",
    [
        ("empty", []),
        ("[]", []),
        ("[{a: .id}, {b: .id}]", [{"a": 1}, {"b": 1}]),
        ("{a: .id}, [{b: .id}]", [{"a": 1}, {"b": 1}]),
        (".tags[] as $tag | {$tag}", [{"tag": "x"}, {"tag": "y"}]),
        ("{id} # a comment", [{"id": 1}]),
        ("{'id': .id}", None),
    ],
)
def test_what_is_emitted(emit: str, items: list[Any] | None) -> None:
    if items is None:
        with pytest.raises(SelectorError, match="emit"):
            ItemShape("", emit)
    else:
        assert shape([{"id": 1, "tags": ["x", "y"]}], "", emit) == items


@pytest.mark.parametrize(
    "items_filter, emit, said",
    [
        ("error", "", "items_filter cannot be used"),
        (".id[0]", "", "Cannot index number"),
        ("", ".id", "emit gives a number where an object must be"),
        ("", "null", "emit gives null"),
        ("", '"x", {}', "emit gives a text"),
        ("", "[[{}]]", "emit gives a list within a list"),
        ("error({a: 1})", "", '{"a":1}'),
        ("error(null)", "", "null"),
        ("halt", "", "items_filter cannot be used"),
        ('"x" | halt_error', "", "items_filter cannot be used"),
        ("true", 'error("y")', "items_filter and emit cannot be used"),
    ],
)
def test_failing_is_an_error_that_names_the_keys(items_filter: str, emit: str, said: str) -> None:
    with pytest.raises(ResponseError) as raised:
        shape([{"id": 1, "name": "x"}, {"id": 2, "name": "x"}], items_filter, emit)
    assert said in str(raised.value)
    if "halt" not in items_filter:
        assert "has id, name" in str(raised.value)


def test_an_error_never_quotes_a_whole_item() -> None:
    with pytest.raises(ResponseError) as raised:
        shape([{"id": 1, "text": "x" * 5000}], "error")
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("name", ["items_filter", "emit"])
@pytest.mark.parametrize("expression", [".a |", ") | (", "nothing(1)", "$x"])
def test_what_is_no_jq_is_refused_by_name(name: str, expression: str) -> None:
    selector = CustomSelector.validate({"query": "true", name: expression})
    with pytest.raises(SelectorError, match=rf"kind /x cannot be used:\n  - {name}: "):
        selector.plan("/x", ConnectionSettings(base_url="https://api.test"))


def test_the_environment_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    assert shape([{"id": 1}], "", "{e: env.SECRET, f: $ENV.SECRET}") == [{"e": None, "f": None}]


def test_half_a_character_is_an_error_and_a_whole_one_is_none() -> None:
    assert shape([{"id": "\U0001f600"}], "true", "{id}") == [{"id": "\U0001f600"}]
    with pytest.raises(ResponseError, match="surrogate pair"):
        shape([json.loads(r'{"id": "\ud800"}')], "true")


def test_what_is_not_asked_for_changes_nothing() -> None:
    assert not ItemShape()
    items: list[Any] = [1, None, {}]
    assert shape(items) is items
