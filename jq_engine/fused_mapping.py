"""One jq program for all expressions of a resource's mapping, and entities from what it says.

Ocean serialises an item anew for every expression. Here an item is serialised once, and one program
evaluates the selector and all expressions on it, each shielded from the others. What becomes of
their results is what Ocean makes of them: see `JQEntityProcessor` and `JQEntityProcessorSync`,
whose two ways ("direct" here: expressions that compile; "deferred": all others, and what is in
lists) differ in small things that are kept.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.entity_processor.jq_entity_processor_sync import (
    JQEntityProcessorSync,
)
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.exceptions.core import EntityProcessorException

# Catching what the rest of the program raises, telling a place in the program, and jq's own way
# of leaving a loop: these would see that they are not alone.
_AWARE_OF_SURROUNDINGS = ("?//", "__loc__", "__jq")
# jq's jumps reach 65,535 words, and a place in the list of outputs takes fewer than 30.
_MOST_EXPRESSIONS = 1000
# Only what can have one output at most: stopping a generator after its first output is slow.
_SINGLE = re.compile(r"""\s*(?:(?:\.[A-Za-z_][A-Za-z0-9_]*)+|"[^"\\]*")\s*""")
_IDENTIFYING = ("identifier", "relations")

# A result is [] (no output), [value], [value, its exact text] or {"error": what was raised}.
_HELPERS = """
def only(f): try [f] catch {error: .};
def first_of(f): try [first(f)] catch {error: .};
def exactly(f): f | if type == "array" and (.[0] | type != "string" and any(
    .. | numbers; . >= 9007199254740992 or . <= -9007199254740992
  )) then [.[], (.[0] | tojson)] else . end;
"""

type ProblemOf = Callable[[Any], Exception | None]
type Guard = Callable[[str], str]
type Log = Callable[[Any, Exception, str], None]
type Result = list[Any] | dict[str, Any]
type Node = Leaf | Branch | list[Branch]


class UnfusableError(Exception):
    """Ocean has to evaluate this itself; the message says why, after "because"."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One expression: its place among the results, or why it does not compile."""

    pattern: Any
    path: str
    place: int = 0
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A dict of the mapping, as far as one of Ocean's two ways evaluates it."""

    nodes: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FusedMapping:
    """What evaluates one resource's mapping. `program` is empty where no item can be selected."""

    selector: Leaf
    parse_all: bool
    direct: Branch
    deferred: Branch
    program: str

    def entity_of(
        self, results: list[Result]
    ) -> tuple[list[MappedEntity], list[Exception], list[Exception]]:
        """The mapped entity of an item, or the errors of both ways of Ocean's, for its results."""
        try:
            passed = _as_bool(self.selector, results)
        except Exception as error:  # noqa: BLE001  # Ocean collects whatever is raised
            error.__traceback__ = None
            return [], [error], [_as_coroutine_raises(error)] if self.deferred.nodes else []
        if not (passed or self.parse_all):
            return [MappedEntity()], [], []
        entity = self._map(self.direct, results, _log_direct, passed, is_empty_logged=False)
        if self.deferred.nodes:
            deferred = self._map(self.deferred, results, _log_deferred, passed, True)
            _merge(entity.entity, deferred.entity)
            _merge(entity.misconfigurations, deferred.misconfigurations)
        return [entity], [], []

    def _map(
        self, branch: Branch, results: list[Result], log: Log, passed: bool, is_empty_logged: bool
    ) -> MappedEntity:
        walk = _Walk(results, log, is_empty_logged)
        return MappedEntity(walk.branch(branch), passed, walk.misconfigurations)


def expressions_of(mapping: Any) -> Iterator[Any]:
    """All leaves of a mapping: texts, or what stands in the place of one."""
    if isinstance(mapping, dict):
        mapping = list(mapping.values())
    if isinstance(mapping, list):
        for value in mapping:
            yield from expressions_of(value)
    else:
        yield mapping


def fuse(
    mapping: Mapping[str, Any],
    selector: str,
    *,
    parse_all: bool,
    problem_of: ProblemOf,
    guard: Guard,
) -> FusedMapping:
    """Build the program for a resource.

    Args:
        mapping: `port.entity.mappings` as Ocean has it, with JQ expressions as leaves.
        problem_of: what Ocean's own compilation of an expression raises, if anything.
        guard: the expression as Ocean hands it to jq.

    Raises:
        UnfusableError: for an expression or a mapping that only Ocean itself can evaluate.
    """
    builder = _Builder(problem_of, guard)
    chosen = builder.leaf(selector, "")
    direct, deferred = builder.split(mapping, "")
    program = "" if chosen.error else builder.program(parse_all)
    return FusedMapping(chosen, parse_all, direct, deferred, program)


class _Builder:
    """Collects the expressions; the place of each among the results is its number."""

    def __init__(self, problem_of: ProblemOf, guard: Guard) -> None:
        self._problem_of = problem_of
        self._guard = guard
        self._definitions: list[str] = []
        self._calls: list[str] = []

    def leaf(self, pattern: Any, path: str) -> Leaf:
        if problem := self._problem_of(pattern):
            return Leaf(pattern, path, error=problem)
        for part in _AWARE_OF_SURROUNDINGS:
            if part in pattern:
                raise UnfusableError(f"{pattern!r} has {part}")
        place = len(self._calls)
        if place >= _MOST_EXPRESSIONS:
            raise UnfusableError(f"it has more than {_MOST_EXPRESSIONS} expressions")
        # Alone it compiles, so brackets and quotes are balanced. Two line breaks, because a
        # comment that ends in a backslash would swallow one.
        self._definitions.append(f"def expression{place}: ({self._guard(pattern)}\n\n);\n")
        call = "only" if _SINGLE.fullmatch(pattern) else "first_of"
        call = f"{call}(expression{place})"
        is_identifying = path.partition(".")[0] in _IDENTIFYING
        self._calls.append(f"exactly({call})" if is_identifying else call)
        return Leaf(pattern, path, place)

    def split(self, mapping: Mapping[str, Any], path: str) -> tuple[Branch, Branch]:
        """What Ocean evaluates directly, and what it defers, as it separates a mapping."""
        direct, deferred = Branch(), Branch()
        for key, value in mapping.items():
            current = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                direct.nodes[key], deferred.nodes[key] = self.split(value, current)
            elif isinstance(value, list):
                deferred.nodes[key] = self._branches(value, current)
            else:
                leaf = self.leaf(value, current)
                (deferred if leaf.error else direct).nodes[key] = leaf
        return direct, deferred

    def _branches(self, values: list[Any], path: str) -> list[Branch]:
        if not all(isinstance(value, dict) for value in values):
            raise UnfusableError(f"the list {path} has something other than objects")
        return [self._branch(value, path) for value in values]

    def _branch(self, mapping: Mapping[str, Any], path: str) -> Branch:
        branch = Branch()
        for key, value in mapping.items():
            current = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                branch.nodes[key] = self._branch(value, current)
            elif isinstance(value, list):
                branch.nodes[key] = self._branches(value, current)
            else:
                branch.nodes[key] = self.leaf(value, current)
        return branch

    def program(self, parse_all: bool) -> str:
        selector, *calls = self._calls
        goes_on = ". == [true] or . == [false]" if parse_all else ". == [true]"
        # The helpers come last, so that no expression can mean one of them.
        return (
            "".join(self._definitions)
            + _HELPERS
            + f"{selector} as $selected | if $selected | {goes_on}"
            + f" then [{', '.join(['$selected', *calls])}] else [$selected] end"
        )


class _Walk:
    """One item's results on their way into the shape of the mapping."""

    def __init__(self, results: list[Result], log: Log, is_empty_logged: bool) -> None:
        self._results = results
        self._log = log
        self._is_empty_logged = is_empty_logged
        self.misconfigurations: dict[str, Any] = {}

    def branch(self, branch: Branch) -> dict[str, Any]:
        return {key: self._value(node) for key, node in branch.nodes.items()}

    def _value(self, node: Node) -> Any:
        if isinstance(node, Branch):
            return self.branch(node)
        if isinstance(node, list):
            return [self.branch(branch) for branch in node]
        value = None
        try:
            value = _output(node, self._results)
        except StopIteration as nothing:
            if self._is_empty_logged:
                self._log(node.pattern, nothing, node.path)
        except Exception as error:  # noqa: BLE001  # of an expression; any may fail as it likes
            self._log(node.pattern, error, node.path)
        if value is None:
            self.misconfigurations[node.path] = node.pattern
        return value


def _output(leaf: Leaf, results: list[Result]) -> Any:
    """The first output of an expression.

    Raises:
        StopIteration: it has none.
        Exception: what Ocean's own evaluation raises.
    """
    if leaf.error:
        # Or else it would collect the frames of every item.
        raise leaf.error.with_traceback(None)
    result = results[leaf.place]
    if isinstance(result, dict):
        raised = result["error"]
        raise ValueError(raised if isinstance(raised, str) else json.dumps(raised))
    if not result:
        raise StopIteration
    return result[0] if len(result) == 1 else _exact(*result)


def _exact(value: Any, text: str) -> Any:
    """The value with its integers as jq writes them: jq.py takes each through a double.

    Where the text says something else altogether (jq leaves out what is nested too deeply), the
    value remains.
    """
    with suppress(LookupError, RecursionError, TypeError, ValueError):
        return _with_integers_of(json.loads(text), value)
    return value


def _with_integers_of(exact: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_integers_of(exact[key], inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_integers_of(*pair) for pair in zip(exact, value, strict=True)]
    return exact if type(exact) is int and type(value) is int else value


def _as_bool(selector: Leaf, results: list[Result]) -> bool:
    value = _output(selector, results)
    if isinstance(value, bool):
        return value
    raise EntityProcessorException(
        f"Expected boolean value for pattern {selector.pattern!r}, got value:{value} "
        f"of type: {type(value)} instead"
    )


def _as_coroutine_raises(error: Exception) -> Exception:
    if isinstance(error, StopIteration):
        return RuntimeError("coroutine raised StopIteration")
    return error


def _merge(target: dict[str, Any], more: dict[str, Any]) -> None:
    """Add what is missing, in dicts within dicts too."""
    for key, value in more.items():
        if key not in target:
            target[key] = value
        elif isinstance(target[key], dict) and isinstance(value, dict):
            _merge(target[key], value)


# Ocean's own, so that records look the same whoever evaluates.
_log_direct: Log = JQEntityProcessorSync._log_search_failure
_log_deferred: Log = JQEntityProcessor._log_search_failure
