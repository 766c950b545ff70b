"""From an expression as a user writes it to the jq program that is run."""

import json
import re
from functools import lru_cache

import jq
from port_ocean.context.ocean import ocean

from errors import SelectorError
from expressions.spelling import respelt
from settings import environment

# A single quote that begins or ends a text.
_SINGLE_QUOTE = re.compile(r"""(?<!\S)'(?![\s"])|(?<![\s"])'(?!\S)""")


# At its beginning, or as a function: what reads files of this machine, once it is compiled.
_READS_FILES = re.compile(
    r"""\A(?:\s|\#[^\r\n]*)*(import|include|module)\b|(?<![\w.$"'])(modulemeta)\b"""
)
_NUMBER = re.compile(r"\d[\d.]*(e|E)?")
# Of all numbers of a program together; fewer cannot make a text very long.
_MOST_DIGITS = 6


def refuse_files(expression: str) -> None:
    """Refuse an expression that would read a file of this machine.

    Raises:
        ValueError: names the word that does it.
    """
    if found := _READS_FILES.search(expression):
        raise ValueError(
            f"{found[1] or found[2]} reads files, which no expression may; write here what is there"
        )


def check_program(program: str) -> None:
    """Refuse a program that does not compile.

    jq computes what it knows of constants while it compiles: `"x" * 1000000000` takes ten seconds
    and a gigabyte. Nothing of the kind is computed here.

    Raises:
        ValueError: with what jq says.
    """
    jq.compile(program.replace("*", " -") if computes_at_length(program) else program)


def computes_at_length(program: str) -> bool:
    """Tell whether jq may take long, or much memory, for no more than compiling a program."""
    if "*" not in program:
        return False
    numbers = list(_NUMBER.finditer(program))
    return any(number[1] for number in numbers) or (
        sum(len(number[0]) for number in numbers) > _MOST_DIGITS
    )


@lru_cache(maxsize=1024)
def check_jq(expression: str, setting: str) -> None:
    """Refuse an expression that does not compile, as Ocean would compile it.

    Raises:
        SelectorError: names the setting and says how to write it, or else what jq says.
    """
    try:
        refuse_files(expression)
        check_program(program_of(expression))
    except ValueError as error:
        meant = _meant(expression)
        said = f"write {meant}" if meant else f"{error}"
        raise SelectorError(f"{setting}: {expression!r} is not valid JQ: {said}") from None


def _meant(expression: str) -> str:
    """Return the JQ that an expression which is none evidently stands for, if any."""
    meant = respelt(expression)
    try:
        refuse_files(meant)
        check_program(program_of(meant))
    except ValueError:
        return ""
    return meant


def program_of(expression: str) -> str:
    """Return the program that Ocean makes of an expression.

    Texts may stand in single quotes, and the environment is hidden unless the operator allows it:
    `.kind == 'team'` is `def env: {}; {} as $ENV | .kind == "team"`.
    """
    program = with_double_quotes(expression)
    return program if environment_is_allowed() else environment.hidden_from(program)


def with_double_quotes(expression: str) -> str:
    """Return an expression with its texts in double quotes, as JQ wants them."""
    return _SINGLE_QUOTE.sub('"', expression)


def literal_text(expression: str) -> str | None:
    """Return the text that an expression is; None where it has to be evaluated.

    Sample: `"a b"`, `'a b'` and `("a b")` are the text `a b`; `"a" + .b` and `"\\(.a)"` are none.
    """
    text = with_double_quotes(expression).strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def environment_is_allowed() -> bool:
    """Tell whether the operator lets JQ see environment variables."""
    return ocean.initialized and bool(ocean.config.allow_environment_variables_jq_access)
