"""Entities from what one jq program says about a resource's items.

Ocean serialises an item anew for every expression; here one program evaluates all. What becomes
of their results is what Ocean makes of them: see `JQEntityProcessor` and `JQEntityProcessorSync`,
whose two ways ("direct" here: expressions that compile; "deferred": all others, and what is in
lists) differ in small things that are kept.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.entity_processor.jq_entity_processor_sync import JQEntityProcessorSync
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.exceptions.core import EntityProcessorException

from framework.fused_program import Branch, Leaf, Node, ProblemOf, ProgramBuilder
from framework.plain_expressions import UNKNOWN, PlainExpression

type Log = Callable[[Any, Exception, str], None]
# An error stands for an item that jq cannot be given.
type Result = list[Any] | dict[str, Any] | Exception


@dataclass(frozen=True, slots=True)
class FusedMapping:
    """One resource's mapping as one program, and as `programs`, one for each of `patterns`.

    `program` is empty where they cannot share one, for a `reason`; there are no programs at all
    where no item can be selected. The first is the selector's.
    """

    selector: Leaf
    parse_all: bool
    direct: Branch
    deferred: Branch
    program: str
    programs: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    reason: str = ""
    plain: tuple[PlainExpression | None, ...] = ()
    rest: "Rest | None" = None

    def alone(self, reason: str = "") -> "FusedMapping":
        """Return the same mapping, each expression of which is evaluated for itself."""
        return replace(self, program="", reason=reason, rest=None)

    @property
    def whole(self) -> "Rest":
        """All expressions, for an item that is not what plain ones can tell of."""
        return Rest(tuple(range(len(self.patterns))), self.program, self.programs, self.patterns)

    def known(self, item: Any) -> list[Result] | None:
        """Return the results of plain expressions, and [] for others; None where jq tells of all.

        An item that is not selected has the selector's result alone.
        """
        found: list[Result] = []
        for expression in self.plain:
            value = expression.value(item) if expression else None
            if value is UNKNOWN:
                return None
            found.append([value] if expression else [])
            if len(found) == 1 and expression and not self.goes_on(found[0]):
                break
        return found

    def goes_on(self, selected: Result) -> bool:
        """Return whether expressions are evaluated beside the selector, by its result."""
        return selected == [True] or (self.parse_all and selected == [False])

    def entity_of(
        self, results: list[Result]
    ) -> tuple[list[MappedEntity], list[Exception], list[Exception]]:
        """Return the mapped entity for an item's results, or the errors of both of Ocean's ways."""
        try:
            passed = _as_bool(self.selector, results)
        except Exception as error:  # noqa: BLE001  # Ocean collects whatever is raised
            error.__traceback__ = None
            is_stop = isinstance(error, StopIteration)
            again = RuntimeError("coroutine raised StopIteration") if is_stop else error
            return [], [error], [again] if self.deferred else []
        if not (passed or self.parse_all):
            return [MappedEntity()], [], []
        entity = self._map(self.direct, results, _log_direct, passed, is_empty_logged=False)
        if self.deferred:
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
    """Yield all leaves of a mapping: texts, or what stands in the place of one."""
    if isinstance(mapping, dict):
        mapping = list(mapping.values())
    if isinstance(mapping, list):
        for value in mapping:
            yield from expressions_of(value)
    else:
        yield mapping


@dataclass(frozen=True, slots=True)
class Rest:
    """The expressions at some places, for which jq has to be asked: one program, and one each."""

    places: tuple[int, ...]
    program: str
    programs: tuple[str, ...]
    patterns: tuple[str, ...]

    def together(self, known: list[Result], row: list[Result]) -> list[Result]:
        """Return what is known, if anything, together with what jq gave.

        A single result is that of a selector which does not let the item through.
        """
        if not known or len(row) < len(self.places):
            return row
        for place, result in zip(self.places, row, strict=True):
            known[place] = result
        return known


def fuse(
    mapping: Mapping[str, Any], selector: str, *, parse_all: bool, problem_of: ProblemOf
) -> FusedMapping:
    """Build the program for a resource.

    Args:
        mapping: `port.entity.mappings` as Ocean has it, with JQ expressions as leaves.
        problem_of: what Ocean's own compilation of an expression raises, if anything.
    """
    builder = ProgramBuilder(problem_of)
    chosen = builder.leaf(selector, "")
    direct, deferred = builder.split(mapping, "")
    made = FusedMapping(chosen, parse_all, direct, deferred, "")
    if chosen.error:
        return made
    programs, patterns = tuple(builder.programs), tuple(builder.patterns)
    made = replace(made, programs=programs, patterns=patterns, reason=builder.reason)
    if builder.reason:
        return made
    return replace(
        made,
        program=builder.program(range(len(programs)), parse_all),
        plain=tuple(builder.plain),
        rest=_rest(builder, parse_all),
    )


def _rest(builder: ProgramBuilder, parse_all: bool) -> "Rest":
    """Return the selector and what is not plain; nothing where all is plain."""
    hard = [place for place, plain in enumerate(builder.plain) if plain is None]
    places = (0, *(place for place in hard if place)) if hard else ()
    return Rest(
        places,
        builder.program(places, parse_all) if places else "",
        tuple(builder.programs[place] for place in places),
        tuple(builder.patterns[place] for place in places),
    )


class _Walk:
    """One item's results on their way into the shape of the mapping."""

    def __init__(self, results: list[Result], log: Log, is_empty_logged: bool) -> None:
        self._results = results
        self._log = log
        self._is_empty_logged = is_empty_logged
        self.misconfigurations: dict[str, Any] = {}

    def branch(self, branch: Branch) -> dict[str, Any]:
        return {key: self._value(node) for key, node in branch.items()}

    def _value(self, node: Node) -> Any:
        if isinstance(node, dict):
            return self.branch(node)
        if isinstance(node, list):
            found = [self.branch(branch) for branch in node if branch is not None]
            # As Ocean has it, where all the others are evaluated too.
            return None if None in node else found
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
    """Return the first output of an expression.

    Raises:
        StopIteration: it has none.
        Exception: what Ocean's own evaluation raises.
    """
    if leaf.error:
        # Or else it would collect the frames of every item.
        raise leaf.error.with_traceback(None)
    result = results[leaf.place]
    if isinstance(result, Exception):
        raise result.with_traceback(None)
    if isinstance(result, dict):
        raised = result["error"]
        raise ValueError(raised if isinstance(raised, str) else json.dumps(raised))
    if not result:
        raise StopIteration
    return result[0] if len(result) == 1 else _exact(*result)


def _exact(value: Any, text: str) -> Any:
    """Return the value with its integers as jq writes them: jq.py takes each through a double.

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
