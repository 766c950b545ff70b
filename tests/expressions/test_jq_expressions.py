"""`data_path`: a walk for simple paths, jq for the rest, and every output counts."""

import asyncio
import json
import re
from typing import Any

import jq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor

from errors import ExpressionLimitError, ResponseError, SelectorError
from expressions import programs
from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath, Extraction, keys_of
from expressions.programs import program_of
from expressions.worker import JqWorker, JqWorkerError
from formats.json_text import Body

EVALUATOR = Evaluator()

_KEYS = st.sampled_from(["a", "b", "_c1", "not a name", "dash-ed", 'quo"te', "ü", "", "\\"])
_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


def _step(key: str, *, plain: bool) -> str:
    quoted = json.dumps(key)
    if plain and key in ("a", "b", "_c1"):
        return f".{key}"
    return f".{quoted}" if plain else f".[{quoted}]"


_STEPS = st.builds(_step, _KEYS, plain=st.booleans()) | st.integers(-2, 2).map("[{}]".format)
_PATHS = st.builds(
    lambda steps, end: _joined(steps) + end,
    st.lists(_STEPS, max_size=3),
    st.sampled_from(["", "[]", "?", "[]?"]),
)


def _joined(steps: list[str]) -> str:
    path = "".join(steps)
    return path if path.startswith(".") else f".{path}"


def _body(value: Any) -> Body:
    return Body(value, json.dumps(value).encode())


def _extract(expression: str, value: Any, evaluator: Evaluator = EVALUATOR) -> Extraction:
    return asyncio.run(DataPath(expression).extract(_body(value), evaluator))


def _by_jq(path: str, value: Any) -> list[Any] | None:
    """All outputs of jq, lists taken apart and nulls left out; None where jq fails."""
    # `.data[]` means `.data`: a list within the list stays one item.
    iterated = path.removesuffix("?").removesuffix("[]")
    held = _outputs(iterated, value) if iterated != path.removesuffix("?") else None
    if held and isinstance(held[0], list):
        return held[0]
    outputs = _outputs(path, value)
    if outputs is None:
        return None
    items: list[Any] = []
    for output in outputs:
        items += output if isinstance(output, list) else [] if output is None else [output]
    return items


def _outputs(path: str, value: Any) -> list[Any] | None:
    try:
        return list(jq.compile(path or ".").input_value(value))
    except ValueError:
        return None


@pytest.mark.contract("data-path.every-output", "items.as-sent")
@settings(max_examples=60)  # jq takes its time to compile
@given(path=_PATHS, value=_BODIES)
def test_a_walk_finds_what_jq_finds(path: str, value: Any) -> None:
    expected = _by_jq(path, value)
    try:
        found = _extract(path, value)
    except ResponseError:
        assert expected is None
        return
    # Where jq fails, the path leads to nothing in this body.
    assert found.items == (expected or [])
    assert found.matched or not found.items
    if expected is None:
        assert not found.matched or value is None or _leads_to_null(path, value)


def _leads_to_null(path: str, value: Any) -> bool:
    return _outputs(path.removesuffix("[]"), value) == [None]


@pytest.mark.contract("data-path.every-output")
@settings(max_examples=40)
@given(value=_BODIES, path=_PATHS)
def test_programs_find_what_jq_finds(path: str, value: Any) -> None:
    program = f"{path} | ." if not path.endswith("?") else f"({path}) | ."
    expected = _outputs(program, value)
    if expected is None:
        return
    flat = [
        i for o in expected for i in (o if isinstance(o, list) else [o] if o is not None else [])
    ]
    assert _extract(program, value).items == flat


@pytest.mark.contract("items.as-sent")
def test_large_bodies_go_to_another_process_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = {"users": [{"id": str(2**60 + n), "name": "Zoë\u2028"} for n in range(50)], "n": None}
    expression = '[.users[] | select(.id != "x")] | .[], $ENV.PATH, env.PATH'
    small = _extract(expression, value)
    assert _extract(expression, value) == small
    assert small.items == value["users"]
    with pytest.raises(ResponseError, match=r"data_path \.users \| keys \| \.x"):
        _extract(".users | keys | .x", value)


@pytest.mark.contract("failure.resource-fails")
@pytest.mark.parametrize("error", [JqWorkerError("no process"), TimeoutError("too long")])
@pytest.mark.parametrize("expression", [".missing // .users", ".users | map(.id)"])
async def test_a_jq_process_that_fails_is_never_an_empty_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expression: str
) -> None:
    async def fail(*arguments: object) -> list[bytes]:
        raise error

    monkeypatch.setattr(JqWorker, "run", fail)
    with pytest.raises(ExpressionLimitError):
        await DataPath(expression).extract(_body({"users": [{"id": 1}]}), Evaluator())


@pytest.mark.contract("failure.resource-fails")
def test_an_alternative_that_fails_is_never_an_empty_answer() -> None:
    expression = ".missing // .users | map(.id.no)"
    with pytest.raises(ResponseError, match="Cannot index number"):
        _extract(expression, {"users": [{"id": 1}]})
    assert _extract(".missing | map(.id)", {"users": []}).items == []


@pytest.mark.parametrize(
    "expression", ["[] | .a", "[] | map(.a)", "[.a[] | .b]", "first(.a[]) | .b", ".a[] as $x | $x"]
)
def test_only_what_takes_each_element_of_a_path_may_be_taken_apart(expression: str) -> None:
    assert DataPath(expression).list_path is None


CONDITIONS = st.sampled_from(
    [
        ".a",
        ". == 1",
        "true, true, false",
        "empty",
        ".a > 1",
        ".a? // (.b? and true)",
        "def f: .a?; f # a note",
        'tostring | test("[1)]")',
        ".a) | select(.b",
        "error",
    ]
)


@given(
    form=st.sampled_from(["{path}[] | select({of})", "{path} | map(select({of}))"]),
    path=st.sampled_from([".", ".a", ".b"]),
    of=CONDITIONS,
    value=_BODIES,
)
def test_a_selection_is_what_jq_selects(form: str, path: str, of: str, value: Any) -> None:
    expression = form.format(path="" if path == "." and "|" not in form else path, of=f"{of}\n")
    items = _by_jq(expression, value)
    try:
        found = _extract(expression, value)
    except ResponseError:
        assert items is None
        return
    assert json.dumps(found.items) == json.dumps(items or [])


@pytest.mark.contract("data-path.top-level-array")
def test_a_top_level_array_is_the_list_of_items() -> None:
    found = _extract(".", [{"id": 1}, {"id": 2}])
    assert found.items == [{"id": 1}, {"id": 2}]
    assert (found.received, found.matched) == (2, True)
    assert _extract("", [{"id": 1}]).items == [{"id": 1}]


@pytest.mark.contract("data-path.top-level-object")
def test_a_top_level_object_is_one_item() -> None:
    found = _extract(".", {"id": 1})
    assert (found.items, found.received, found.matched) == ([{"id": 1}], None, True)


@pytest.mark.contract("data-path.array")
def test_an_array_gives_its_elements() -> None:
    found = _extract(".data.users", {"data": {"users": [1, [2], None]}})
    assert (found.items, found.received, found.matched) == ([1, [2], None], 3, True)


@pytest.mark.contract("data-path.object")
def test_an_object_gives_one_item() -> None:
    found = _extract(".data", {"data": {"id": 1}})
    assert (found.items, found.received, found.matched) == ([{"id": 1}], None, True)


@pytest.mark.contract("data-path.null", "body.null-is-empty")
@pytest.mark.parametrize("path", [".data", ".data[]", ".data // null", ".data | ."])
def test_null_gives_nothing_and_counts_as_there(path: str) -> None:
    found = _extract(path, {"data": None})
    assert (found.items, found.matched, found.is_null) == ([], True, True)


@pytest.mark.contract("body.null-above")
@pytest.mark.parametrize("value", [None, {"data": None}, {"data": {"users": None}}])
@pytest.mark.parametrize("path", [".data.users.list", ".data.users.list[]", ".data.users.list | ."])
def test_what_is_below_a_null_is_not_there(path: str, value: Any) -> None:
    found = _extract(path, value)
    assert (found.items, found.matched) == ([], False)


@pytest.mark.parametrize(
    "path, value, places",
    [
        (".", {"a": 1}, [""]),
        (".", [{"a": 1}], []),
        (".data.users", {"data": {"users": []}}, ["", ".data"]),
        (".data.users", {"data": None}, [""]),
        (".data | map(.x)", {"data": [{"x": 1}]}, [""]),
        (".[0].args.hosts", [{"args": {}}, {}], ["[0]", "[0].args"]),
        (".r[].series[]?", {"r": [{}, {"series": [{}]}, 1]}, ["", ".r[0]", ".r[1]"]),
        ('.["a b"].list', {"a b": {}}, ["", '["a b"]']),
        (".a + .b", {"a": []}, [""]),
    ],
)
def test_the_objects_on_the_way_to_the_list(path: str, value: Any, places: list[str]) -> None:
    assert [part.place for part in DataPath(path).parts(value)] == places


@pytest.mark.parametrize(
    "path, value, places",
    [
        (".r[].series[]?", {"r": [{}, {"series": []}, {"series": None}, 1]}, [".r[0]", ".r[2]"]),
        (".[] | .series", [{}, {"series": []}], ["[0]"]),
        (".r[]", {"r": [{}]}, []),
        (".r | map(.x)", {"r": [{}]}, []),
        (".r[].x", {"r": {"a": {}}}, []),
    ],
)
def test_elements_on_the_way_without_a_list(path: str, value: Any, places: list[str]) -> None:
    assert [part.place for part in DataPath(path).parts_without_list(value)] == places


@pytest.mark.contract("data-path.every-output")
@settings(max_examples=40)
@given(items=st.lists(_BODIES, max_size=4))
def test_iterating_a_list_means_the_list(items: list[Any]) -> None:
    assert _extract(".data[]", {"data": items}) == _extract(".data", {"data": items})


@pytest.mark.contract("data-path.every-output")
def test_all_outputs_count() -> None:
    body = {"a": [1, 2], "b": {"x": 3}, "c": None}
    assert _extract(".a, .b, .c", body).items == [1, 2, {"x": 3}]
    assert _extract(".b[]", {"b": {"x": 1, "y": [2, 3]}}).items == [1, 2, 3]


@pytest.mark.parametrize(
    "path, value, received",
    [
        (".items | map(select(.on))", {"items": [{"on": True}, {"on": False}]}, 2),
        (".items[] | select(.on)", {"items": [{"on": True}, {"on": False}]}, 2),
        (".[] | select(.on)", [{"on": False}], 1),
        (".items[:1]", {"items": [1, 2, 3]}, 3),
        (".data | .items", {"data": {"items": [1, 2]}}, 2),
        # A page of two lists begins where each of them goes on.
        (".a + .b", {"a": [1], "b": [2, 3]}, 2),
        (".items[].tags[]", {"items": [{"tags": [1, 2]}, {"tags": [3]}]}, 2),
        ("if .items then .items[].tags[] else empty end", {"items": [{"tags": [1, 2]}]}, 1),
        (".users[] | select(.on)", {"users": {"a": {"on": True}, "b": {"on": False}}}, 2),
        (".users[]", {"users": {"a": {"on": True}}}, 1),
        (".users // []", {"users": [1, 2]}, 2),
    ],
)
def test_pagination_counts_what_came_before_any_filter(
    path: str, value: Any, received: int
) -> None:
    assert _extract(path, value).received == received


@pytest.mark.contract("body.no-match-allowed")
@pytest.mark.parametrize(
    "path",
    [
        *(".users // []", ".users // empty, []", ".a.users // []", "(.users // [])[]"),
        *("(.users // [])[] | select(.ok)", "[(.users // [])[] | select(.ok)]", "select(.ok)"),
    ],
)
def test_an_alternative_always_matches(path: str) -> None:
    found = _extract(path, {"other": 1})
    assert (found.items, found.matched) == ([], True)


@pytest.mark.contract("body.no-match-anywhere")
@pytest.mark.parametrize(
    "path",
    [
        *(".users", ".users[]", ".data.users", ".users | .x", ".other.users", ".users[]?"),
        *(".users[]? | select(.ok)", "(.users[]? | select(.ok // .on))", "[.users[]? | .a]"),
        *(". | .users[]?", "first(.users[]?), .x[]?", ".users[]? | .a // .b"),
    ],
)
def test_a_path_that_leads_to_nothing_does_not_match(path: str) -> None:
    found = _extract(path, {"other": "text"})
    assert (found.items, found.matched) == ([], False)


@pytest.mark.contract("data-path.invalid")
@pytest.mark.parametrize(
    "path", [".data[", "data", "{", ".a |", "nosuch(1)", "$x", '."\\x"', "..a", '.a"b"']
)
def test_what_is_no_jq_is_refused_by_name(path: str) -> None:
    with pytest.raises(SelectorError) as caught:
        DataPath(path)
    assert "data_path" in str(caught.value)
    assert repr(path) in str(caught.value)


@pytest.mark.parametrize(
    "path, value, items",
    [
        ('."\\("da" + "ta")"', {"data": [1]}, [1]),
        ("[.a, .b]", {"a": 1, "b": 2}, [1, 2]),
        ('["a"]', {"a": 1}, ["a"]),
        ('"a"', {"a": 1}, ["a"]),
        ("[0]", [5, 6], [0]),
        ("[]", [5, 6], []),
        (".data[]?", {"data": "text"}, []),
        (".data?", "text", []),
    ],
)
def test_what_only_looks_like_a_path(path: str, value: Any, items: list[Any]) -> None:
    assert _extract(path, value).items == items


def test_a_program_that_fails_on_the_body_says_so() -> None:
    with pytest.raises(ResponseError, match=r"data_path \.data \| keys fails"):
        _extract(".data | keys", {"data": 7})


@pytest.mark.own_jq
def test_the_environment_is_out_of_reach_unless_allowed(
    ocean_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_SECRET", "hidden")
    programs.check_jq.cache_clear()
    assert _extract("[env.OPERATOR_SECRET, $ENV.OPERATOR_SECRET]", {}, Evaluator()).items == [
        None,
        None,
    ]
    ocean_config.allow_environment_variables_jq_access = True
    programs.check_jq.cache_clear()
    assert _extract("[env.OPERATOR_SECRET]", {}, Evaluator()).items == ["hidden"]
    programs.check_jq.cache_clear()


def test_single_quotes_are_understood_as_the_framework_does() -> None:
    assert _extract(".items[] | select(.kind == 'a b' )", {"items": [{"kind": "a b"}]}).items


@given(st.text("a'\"| \n", max_size=12))
@example("| 'a b' ")
def test_single_quotes_begin_and_end_texts_where_ocean_says_so(expression: str) -> None:
    # Ocean lets one end be no beginning for the next; two texts side by side are no JQ.
    assume(not re.search(r"'\s'", expression))
    assert program_of(expression).endswith(f"$ENV | {JQEntityProcessor._format_filter(expression)}")


@pytest.mark.contract("body.no-match-anywhere")
def test_keys_for_a_message() -> None:
    assert keys_of({"data": {"users": [], "n": 1}, "next": None}) == "data.users, data.n, next"
    assert keys_of({}) == "no keys"
    assert keys_of([1]) == "a list"
    assert keys_of("x") == "a text"
