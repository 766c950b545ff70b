"""Expressions of users: what they give, and that none of them stops this process or fills it."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ExpressionLimitError, SelectorError
from expressions import evaluator as evaluation
from expressions import worker as jq_worker
from expressions.evaluator import Column, Evaluator, first_of
from expressions.item_expressions import ItemExpression

pytestmark = pytest.mark.own_jq

ENDLESS = "def f: f; f"
SHARED = Evaluator()


@pytest.fixture
def evaluator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluator]:
    monkeypatch.setattr(evaluation, "seconds_allowed", lambda: 0.5)
    monkeypatch.setattr(jq_worker, "_memory_allowed", lambda: 300 * 2**20)
    started = Evaluator()
    yield started
    started.close()


def expression(text: str, setting: str = "field") -> ItemExpression:
    return ItemExpression(text, setting)


async def test_an_expression_gives_its_first_output_or_every_one() -> None:
    value = {"a": 1, "b": 2}
    assert await SHARED.first(expression(".a, .b"), value) == 1
    assert await SHARED.every(expression(".a, .b"), value) == [1, 2]
    assert await SHARED.first(expression("empty"), value) is None
    assert await SHARED.every(expression("empty"), value) == []
    assert await SHARED.first(expression(".a, error"), value) == 1
    with pytest.raises(ValueError, match="Cannot index"):
        await SHARED.first(expression(".a"), "text")
    with pytest.raises(SelectorError, match="filter: '\\.a =='"):
        expression(".a ==", "filter")


PATHS = st.sampled_from([".a", ".a.b", '."a"', ".a[0]", ".b", ".", ".a | .b", ".a, .b", ".a[]?"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text("ab\n", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(paths=st.lists(PATHS, min_size=1, max_size=4), values=st.lists(VALUES, max_size=6))
def test_a_table_is_what_jq_gives_for_each_alone(paths: list[str], values: list[Any]) -> None:
    columns = [Column(expression(path), is_every=bool(n % 2)) for n, path in enumerate(paths)]

    def alone(column: Column, value: Any) -> str:
        program = jq.compile(column.expression.program).input_value(value)
        try:
            outputs = list(program) if column.is_every else [program.first()]
        except StopIteration:
            outputs = []
        except ValueError:
            return "fails"
        return json.dumps(outputs)

    def told(outputs: Any) -> str:
        return "fails" if isinstance(outputs, ValueError) else json.dumps(outputs)

    table = asyncio.run(SHARED.table(columns, values))
    assert [[told(outputs) for outputs in row] for row in table] == [
        [alone(column, value) for column in columns] for value in values
    ]


async def test_plain_paths_need_no_process() -> None:
    evaluator = Evaluator()
    items = [{"id": number, "team": {"name": "x"}} for number in range(500)]
    columns = [Column(expression(path)) for path in (".id", ".team.name", ".gone", ".gone.too")]
    rows = await evaluator.table(columns, items)
    assert [first_of(row[0]) for row in rows] == list(range(500))
    assert rows[0] == [[0], ["x"], [None], [None]]
    assert evaluator.process_id is None


@pytest.mark.contract("expressions.time")
@pytest.mark.parametrize("endless", [ENDLESS, "until(false; .)", "last(repeat(.))", "[repeat(1)]"])
async def test_an_endless_expression_is_named_and_the_loop_goes_on(
    evaluator: Evaluator, endless: str
) -> None:
    columns = [Column(expression(".id")), Column(expression(endless, "path_parameters.x.filter"))]
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begin = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begin)

    watcher = asyncio.create_task(watch())
    with pytest.raises(ExpressionLimitError) as caught:
        await evaluator.table(columns, [{"id": {}}] * 3)
    watcher.cancel()
    assert str(caught.value).startswith(f"path_parameters.x.filter {endless} ")
    assert longest < 1
    assert await evaluator.first(expression(".id | keys"), {"id": {"a": 1}}) == ["a"]


async def test_one_that_was_too_slow_is_not_tried_again_for_a_while(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = expression(ENDLESS)
    for _ in range(2):
        with pytest.raises(ExpressionLimitError, match="did not end within"):
            await evaluator.first(endless, {})
    begin = time.monotonic()
    for _ in range(1000):
        with pytest.raises(ExpressionLimitError):
            await evaluator.every(endless, {})
    assert time.monotonic() - begin < 0.5
    monkeypatch.setattr("expressions.evaluator.time.monotonic", lambda: begin + 700)
    monkeypatch.setattr(evaluation, "seconds_allowed", lambda: 5)
    assert await evaluator.first(expression(". + 1"), 1) == 2


@pytest.mark.contract("expressions.memory")
@pytest.mark.parametrize(
    "greedy", ["[range(3e8)]", 'reduce range(40) as $n ("xxxxxxxx"; . + .) | length']
)
async def test_an_expression_that_takes_too_much_memory_is_named(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch, greedy: str
) -> None:
    monkeypatch.setattr(evaluation, "seconds_allowed", lambda: 60)
    with pytest.raises(ExpressionLimitError) as caught:
        await evaluator.outputs(greedy, b'{"a": 1}', f"data_path {greedy}")
    assert f"data_path {greedy} needs more than 300 MB of memory" in str(caught.value)


@pytest.mark.contract("expressions.size")
async def test_a_value_that_is_too_large_is_refused_and_a_long_list_is_not(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "seconds_allowed", lambda: 60)
    monkeypatch.setattr(jq_worker, "_memory_allowed", lambda: 1024 * 2**20)
    for program in ('"x" * 17000000', '[1, "x" * 17000000]', '{a: ("x" * 17000000)}'):
        with pytest.raises(ExpressionLimitError, match="emit gives a value of 16 MB"):
            await evaluator.outputs(program, b"1", "emit")
    found = await evaluator.outputs('[range(200) | "x" * 100000]', b"1", "data_path")
    assert len(found[0]) == 200
    with pytest.raises(ExpressionLimitError, match="more than 64 MB in all"):
        await evaluator.outputs('repeat("x" * 100000)', b"1", "emit2")


async def test_a_page_of_20_mb_still_works() -> None:
    evaluator = Evaluator()
    item = {"id": 12345, "name": "some name", "tags": ["a", "b"], "text": "x" * 150}
    text = json.dumps({"data": [item] * 90_000}).encode()
    assert len(text) > 19_000_000
    (found,) = await evaluator.outputs(".data | map({id, name, text})", text, "data_path")
    assert len(found) == 90_000
    evaluator.close()


def test_the_memory_allowed_is_a_share_of_the_containers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(jq_worker, "_CONTAINER_LIMITS", (str(tmp_path / "none"), str(limit)))
    for text, allowed in (
        ("max\n", 1024),
        ("9223372036854771712\n", 1024),
        (f"{2**30}\n", 512),
        (f"{2**28}\n", 256),
    ):
        limit.write_text(text)
        assert jq_worker._memory_allowed() == allowed * 2**20
