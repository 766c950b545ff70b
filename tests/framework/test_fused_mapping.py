"""The fused engine makes of any mapping and any items what Ocean's own makes of them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import port_ocean.context.ocean as ocean_context
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor

from framework.entity_processor import FusedEntityProcessor
from tests.framework.mapping_support import in_this_process, resource, rounded, told_by

NAMES = st.sampled_from(["id", "name", "a", "b", "__x", "é", "with space"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others
    | st.sampled_from([1.0, -0.0, 1e16, 1e17, 123456789012345680.0, 1e-5, 1e-7, 5e-324, 1e308])
    | st.text(max_size=5)
    | st.sampled_from(["a", "1", "9007199254740993", "1e3", "\x00", "😀", "true"])
    | st.just(datetime(2026, 1, 1, tzinfo=UTC))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=4)

PLAIN = st.sampled_from(
    [
        *(".", ".a", ".b", ".id", ".name", ".a.b", ".a[0]", ".a[]", ".a[]?", "..", '."with space"'),
        *("1", "1.0", "-0", "1e1000", "0.1", "1e17", "100000000000000000001", "nan", "infinite"),
        *('"x"', "null", "true", "false", "empty", "[]", "{}", "[1, 2, 3]", "1, 2", "'quoted'"),
        *("error", "error(null)", 'error("no")', "error({a: 1})", "error(.a)"),
        *("input", "inputs", "input_line_number", "input_filename", "halt", "halt_error"),
        *("$__loc__", "$__prog_args", "$ENV", "env", "$ENV.NAME", "env.NAME", "debug", "stderr"),
        *("tojson", "tostring", "tonumber", "length", "keys", "add", "not", "type", "fromjson"),
        *("builtins | length > 0", "get_search_list", "ltrimstr(1)", '@base64 "\\(.a)"', "@json"),
        *("$x", "break", "label", "def", "as", "(", ")", ")))", "[", '"', "# all", "?//", "|", ","),
        *("", " ", "expression0", "only(1)", ".a.", "..a", "def a: 1;", "\\"),
        *("é", "\ud800", "\x00", ".é", "1 as $__loc__ | 1", "{$__loc__}", "getpath([0])"),
        *("[.a, .b] | @csv", ".. | numbers", ".id | tostring", "[.. | scalars] | sort | first"),
    ]
)
FORMS = st.sampled_from(
    [
        *("{0} | {1}", "{0}, {1}", "{0} // {1}", "{0}//{1}", "({0})", "{0}?", "{0}?//{1}", "[{0}]"),
        *("try {0} catch {1}", "try {0}", "if {0} then {1} else {0} end", "{{x: {0}, y: {1}}}"),
        *("first({0})", "limit(2; {0})", "isempty({0})", "any({0}; .)", "path({0})", "error({0})"),
        *("{0} as $v | {1}, $v", "{0} as [$p] ?// $p | $p", ". as [$p] ?// {{a: $p}} | {0}"),
        *("def f: {0}; f", "def expression0: {0}; expression0, {1}", "def only(f): {0}; only({1})"),
        *("reduce ({0}) as $i (0; . + 1)", "foreach ({0}) as $i (0; . + 1; {1})", "{0} == {1}"),
        *("label $out | {0}, break $out", "label $out | {0} | ., break $out | {1}", "{0} + {1}"),
        *("{0} # tail", "{0} # tail \\", "{0} # tail \\\r", "# head\n{0}", "{0}\n", "{0}); ({1}"),
        *("{0}\n); def g: ({1}", '"\\({0}) {1}"', "map({0})", "select({0})", "{0} |= {1}"),
        *("'{0}'", "{0} and {1}", "to_entries | {0}", "[{0}] | .[-1]", "{0} | tojson", "-{0}"),
    ]
)
EXPRESSIONS = st.recursive(
    PLAIN,
    lambda inner: st.tuples(FORMS, inner, inner).map(lambda parts: parts[0].format(*parts[1:])),
    max_leaves=4,
) | st.sampled_from(["repeat(1)", "1, repeat(empty)", "repeat(.a)?", "[limit(3; repeat(.))]"])
LEAVES = EXPRESSIONS | st.sampled_from(['"item"', ".id | tostring", ".name"])
ODD = st.none() | st.integers() | st.booleans()
NESTED = st.recursive(
    LEAVES | ODD,
    lambda inner: (
        st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(st.dictionaries(NAMES, inner, max_size=2), max_size=2)
    ),
    max_leaves=5,
)
SEARCHES = st.builds(
    lambda value, other: {
        "combinator": '"and"',
        "rules": [
            {"property": '"$identifier"', "operator": '"="', "value": value},
            {"property": '"b"', "operator": '"="', "value": other},
        ],
    },
    LEAVES,
    LEAVES,
)
MAPPINGS = st.fixed_dictionaries(
    {
        "identifier": LEAVES | SEARCHES,
        "blueprint": st.just('"item"') | LEAVES,
        "properties": st.dictionaries(NAMES, LEAVES | NESTED, max_size=4),
    },
    optional={
        "title": LEAVES,
        "team": LEAVES | SEARCHES,
        "relations": st.dictionaries(NAMES, LEAVES | SEARCHES | NESTED, max_size=3),
        "more": NESTED,
    },
)
SELECTORS = (
    st.sampled_from(["true"] * 6 + [".a == 1", ".a != null", "false", "1", "empty"]) | EXPRESSIONS
)


@pytest.fixture(scope="module", autouse=True)
def _ocean_forks_nothing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JQEntityProcessor, "parse_items_sync", in_this_process)
        yield


type Engines = tuple[JQEntityProcessor, FusedEntityProcessor]


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[bool, Engines]]:
    """Ocean's and ours, without and with the environment: processors keep what they compiled."""
    context: Any = ocean_context
    pairs = {
        allowed: (JQEntityProcessor(context), FusedEntityProcessor(context))
        for allowed in (False, True)
    }
    yield pairs
    for _, ours in pairs.values():
        ours.close()


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # set anew by every example
)
@given(
    mapping=MAPPINGS, selector=SELECTORS, items=ITEMS, parse_all=st.booleans(), env=st.booleans()
)
@example({"identifier": ".a", "blueprint": '"b"'}, "true", [{"a": 1}, {"a": "\ud800"}], False, True)
@example(
    {"identifier": ".a", "blueprint": '"b"', "more": [{"a": ".a"}, 1]}, "true", [{}], False, True
)
@example({"identifier": "error({__jq: 0})", "blueprint": '"b"'}, "halt", [{}], True, False)
def test_any_mapping_of_any_items_gives_what_ocean_gives(
    engines: dict[bool, Engines],
    ocean_config: SimpleNamespace,
    mapping: dict[str, Any],
    selector: str,
    items: list[Any],
    parse_all: bool,
    env: bool,
) -> None:
    ocean_config.allow_environment_variables_jq_access = env
    theirs, ours = engines[env]
    expected = asyncio.run(told_by(theirs, resource(mapping, selector), items, parse_all=parse_all))
    found = asyncio.run(told_by(ours, resource(mapping, selector), items, parse_all=parse_all))
    assert rounded(found).without_order == rounded(expected).without_order
