"""The jq program for all expressions of a mapping, and the place of each in what it gives.

An item is serialised once, and one program evaluates the selector and all expressions on it, each
shielded from the others.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expressions.programs import program_of
from formats.json_values import LARGEST_EXACT
from framework.plain_expressions import PlainExpression

# Catching what the rest of the program raises, telling a place in the program, and jq's own way
# of leaving a loop: these would see that they are not alone.
_AWARE_OF_SURROUNDINGS = ("?//", "__loc__", "__jq")
# jq's jumps reach 65,535 words, and a place in the list of outputs takes fewer than 30.
_MOST_EXPRESSIONS = 1000
# Only what can have one output at most: stopping a generator after its first output is slow.
_SINGLE = re.compile(r"""\s*(?:(?:\.[A-Za-z_][A-Za-z0-9_]*)+|"[^"\\]*")\s*""")
_IDENTIFYING = ("identifier", "relations")

# A result is [] (no output), [value], [value, its exact text] or {"error": what was raised}.
_HELPERS = f"""
def only(f): try [f] catch {{error: .}};
def first_of(f): try [first(f)] catch {{error: .}};
def exactly(f): f | if type == "array" and (.[0] | type != "string" and any(
    .. | numbers; . >= {LARGEST_EXACT} or . <= -{LARGEST_EXACT}
  )) then [.[], (.[0] | tojson)] else . end;
"""

type ProblemOf = Callable[[Any], Exception | None]
# A dict of the mapping, as far as one of Ocean's two ways evaluates it.
type Branch = dict[str, Node]
# In a list, None stands for what is no object, and spoils the list.
type Node = Leaf | Branch | list[Branch | None]


class UnfusableError(Exception):
    """Expressions that cannot share a program; the message says why, after "because"."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One expression: its place among the results, or why it does not compile."""

    pattern: Any
    path: str
    place: int = 0
    error: Exception | None = None


class ProgramBuilder:
    """A collection of expressions; the place of each among the results is its number."""

    def __init__(self, problem_of: ProblemOf) -> None:
        self._problem_of = problem_of
        self._definitions: list[str] = []
        self._calls: list[str] = []
        self.plain: list[PlainExpression | None] = []
        # Each for itself, and why they cannot share one.
        self.programs: list[str] = []
        self.patterns: list[str] = []
        self.reason = ""

    def leaf(self, pattern: Any, path: str) -> Leaf:
        if problem := self._problem_of(pattern):
            return Leaf(pattern, path, error=problem)
        for part in _AWARE_OF_SURROUNDINGS:
            if part in pattern:
                self.reason = f"{pattern!r} has {part}"
        place = len(self._calls)
        if place >= _MOST_EXPRESSIONS:
            self.reason = f"it has more than {_MOST_EXPRESSIONS} expressions"
        self.programs.append(program_of(pattern))
        self.patterns.append(pattern)
        self.plain.append(PlainExpression.of(pattern))
        # Alone it compiles, so brackets and quotes are balanced. Two line breaks, because a
        # comment that ends in a backslash would swallow one.
        self._definitions.append(f"def expression{place}: ({program_of(pattern)}\n\n);\n")
        call = "only" if _SINGLE.fullmatch(pattern) else "first_of"
        call = f"{call}(expression{place})"
        is_identifying = path.partition(".")[0] in _IDENTIFYING
        self._calls.append(f"exactly({call})" if is_identifying else call)
        return Leaf(pattern, path, place)

    def split(self, mapping: Mapping[str, Any], path: str) -> tuple[Branch, Branch]:
        """Return the parts that Ocean evaluates directly, and those that it defers."""
        direct: Branch = {}
        deferred: Branch = {}
        for key, value in mapping.items():
            current = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                direct[key], deferred[key] = self.split(value, current)
            elif isinstance(value, list):
                deferred[key] = self._branches(value, current)
            else:
                leaf = self.leaf(value, current)
                (deferred if leaf.error else direct)[key] = leaf
        return direct, deferred

    def _branches(self, values: list[Any], path: str) -> list[Branch | None]:
        return [self._branch(value, path) if isinstance(value, dict) else None for value in values]

    def _branch(self, mapping: Mapping[str, Any], path: str) -> Branch:
        branch: Branch = {}
        for key, value in mapping.items():
            current = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                branch[key] = self._branch(value, current)
            elif isinstance(value, list):
                branch[key] = self._branches(value, current)
            else:
                branch[key] = self.leaf(value, current)
        return branch

    def program(self, places: Sequence[int], parse_all: bool) -> str:
        """Return the program for the expressions at some places, of which the selector's is one."""
        selector, *calls = (self._calls[place] for place in places)
        goes_on = ". == [true] or . == [false]" if parse_all else ". == [true]"
        # The helpers come last, so that no expression can mean one of them.
        return (
            "".join(self._definitions[place] for place in places)
            + _HELPERS
            + f"{selector} as $selected | if $selected | {goes_on}"
            + f" then [{', '.join(['$selected', *calls])}] else [$selected] end"
        )
