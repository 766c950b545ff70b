"""What compiles is what jq compiles, with nothing read and nothing computed meanwhile."""

import time

import jq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import SelectorError
from expressions.programs import check_jq, check_program

PARTS = st.sampled_from(
    [
        "1000000",
        "2e9",
        '"x"',
        "'y'",
        ".a",
        "*",
        "*=",
        "-",
        "(",
        ")",
        "|",
        ",",
        "map(",
        '"*"',
        "# *\n",
    ]
)
LONG = ['"x" * 1000000000', '1000000000 * "x"', '"\\("x" * 2e9)"', '("x" * 60000) * 60000']


@given(st.lists(PARTS, max_size=6).map(" ".join))
@example(".a * 1000000000 | . *= 2")
@example('test("a*") and .n > 1000000')
def test_what_jq_compiles_is_let_through(program: str) -> None:
    if "'" in program:
        return
    try:
        # Short of what would take long.
        jq.compile(program.replace("1000000", "1").replace("2e9", "2"))
    except ValueError:
        return
    check_program(program)


@pytest.mark.parametrize("program", [".[", "1 +", '"x" * 1000000000 *', "foo * 1000000000", "("])
def test_what_jq_does_not_compile_is_refused(program: str) -> None:
    with pytest.raises(ValueError, match="error"):
        check_program(program)


@pytest.mark.contract("expressions.time", "expressions.memory")
@pytest.mark.parametrize("program", LONG)
def test_nothing_is_computed_to_check_a_program(program: str) -> None:
    begin = time.process_time()
    check_program(program)
    assert time.process_time() - begin < 0.3


@pytest.mark.contract("expressions.files")
@pytest.mark.parametrize(
    "expression, word",
    [
        ('import "a" as $d {search: "/etc"}; $d', "import"),
        ('\n# c\n  include "a" {search: "/etc"}; f', "include"),
        ('module {}; import "a" as $d; $d', "module"),
        ('.x | "a" | modulemeta', "modulemeta"),
        ('"\\("a" | modulemeta)"', "modulemeta"),
    ],
)
def test_what_reads_files_is_refused_by_name(expression: str, word: str) -> None:
    with pytest.raises(SelectorError, match=f"emit: .*{word} reads files"):
        check_jq(expression, "emit")


@pytest.mark.contract("expressions.files")
@pytest.mark.parametrize(
    "expression",
    [".import", "{import: .include}", '"import x"', ".a.module", ".modulemeta", '.["modulemeta"]'],
)
def test_what_only_has_such_a_name_is_not(expression: str) -> None:
    check_jq(expression, "emit")
