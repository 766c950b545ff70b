"""Ocean's entity processor with a faster engine: the same entities, errors and log records."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import orjson
from loguru import logger
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.utils.json_compat import (
    JQInputNotJsonSerializableError,
    compile_jq,
    make_json_compatible,
)
from port_ocean.exceptions.core import EntityProcessorException

from errors import ExpressionLimitError
from expressions.evaluator import limit_error, seconds_allowed, shown
from expressions.event_loop import TimeSlice
from expressions.programs import (
    check_program,
    computes_at_length,
    environment_is_allowed,
    program_of,
    refuse_files,
)
from expressions.worker import (
    BeyondLimitError,
    InvalidProgramError,
    JqWorker,
    JqWorkerError,
    TimeLimit,
)
from framework.entities import make_entities_quickly
from framework.fused_mapping import FusedMapping, Rest, Result, expressions_of, fuse
from framework.fused_program import UnfusableError
from settings.connection import MappingEngine

type Mapped = tuple[list[MappedEntity], list[Exception]]
type MappedItems = tuple[list[Mapped], list[Exception]]

_CHUNK_ITEMS = 100
_CHUNK_BYTES = 256 * 1024
# One that jq works on, and one that is ready for it or being read.
_CHUNKS_AT_ONCE = 2
_MOST_PLANS = 200
_JSON_ALONE = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
# Seconds for each expression of several, to find out which of them is the slow one.
_SEARCH_SECONDS = 2.0


class FusedEntityProcessor(JQEntityProcessor):
    """An engine that evaluates mappings in a kept jq process, a whole batch in few calls.

    One program evaluates all expressions of a mapping. What such a program cannot express, and
    every mapping where `engine` is "ocean", is evaluated one expression after another, as Ocean
    does, in the same process: its limits of time and memory hold for both. Ocean's own processes
    are never used, because the event loop would wait for one that never ends.
    """

    engine: MappingEngine = "fused"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        make_entities_quickly()
        self._worker = JqWorker()
        self._plans: OrderedDict[str, FusedMapping] = OrderedDict()

    async def passes(self, item: dict[str, Any], query: str) -> bool:
        """Tell whether a selector's query lets an item through, as Ocean evaluates it.

        Raises:
            Exception: the query fails on this item, or gives something other than true or false.
        """
        return await self._search_as_bool(item, query)

    async def evaluate(self, item: dict[str, Any], expression: str) -> Any:
        """Return the value of an expression for an item, as Ocean evaluates it.

        Raises:
            Exception: the expression fails on this item; jq's own words say why.
        """
        return await self._first(item, expression)

    async def value_of(self, item: dict[str, Any], expression: str) -> Any:
        """Return the value of an expression for an item; None where it fails, which is logged."""
        return await self._search(item, expression)

    async def entities_of_each(
        self, config: ResourceConfig, items: list[dict[str, Any]]
    ) -> list[list[MappedEntity]]:
        """Return the entities of each item by a resource's mapping, whether it is selected or not.

        Raises:
            ExpressionLimitError: an expression takes more than it may.
        """
        mapping = config.port.entity.mappings.dict(exclude_unset=True)
        found, _ = await self.parse_items_sync(mapping, items, config.selector.query, True)
        return [entities for entities, _ in found]

    def close(self) -> None:
        """End the jq process; the next batch starts a new one."""
        self._worker.close()

    async def _search(self, data: dict[str, Any], pattern: str, field: str | None = None) -> Any:
        """Return what Ocean's own does, for items to parse among others, from the jq process.

        Raises:
            ExpressionLimitError: the expression takes more than it may.
        """
        try:
            return await self._first(data, pattern)
        except ExpressionLimitError:
            raise
        except Exception as error:  # noqa: BLE001  # as Ocean does
            self._log_search_failure(pattern, error, field)
            return None

    async def _search_as_bool(self, data: dict[str, Any] | str, pattern: str) -> bool:
        value = await self._first(data, pattern)
        if isinstance(value, bool):
            return value
        raise EntityProcessorException(
            f"Expected boolean value for pattern {pattern!r}, got value:{value} "
            f"of type: {type(value)} instead"
        )

    async def _first(self, data: Any, pattern: str) -> Any:
        if problem := self._problem_of(pattern):
            raise problem
        limit = TimeLimit(seconds_allowed())
        ((outputs,),) = await self._each([pattern], [program_of(pattern)], [_text(data)], limit)
        if isinstance(outputs, dict):
            raise ValueError(outputs["error"])
        return outputs[0] if isinstance(outputs, list) and outputs else None

    async def separate_compileable_and_uncompileable_patterns_and_warmup_cache(
        self, raw_entity_mappings: dict[str, Any], selector_queries: Sequence[str] = ()
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Leave nothing to Ocean's second way: `parse_items_sync` does both."""
        return raw_entity_mappings, {}

    async def parse_items_sync(
        self,
        compileable_patterns: dict[str, Any],
        raw_results: list[Any],
        selector_query: str,
        parse_all: bool = False,
    ) -> MappedItems:
        """Return the mapped entity or the errors of each item, and those of the whole batch.

        Raises:
            ExpressionLimitError: an expression takes more time or memory than it may; names it.
        """
        plan = await self._plan(compileable_patterns, selector_query, parse_all)
        limit = TimeLimit(seconds_allowed())
        try:
            rows = await self._evaluate(plan, raw_results, limit)
        except UnfusableError as reason:
            plan = plan.alone(str(reason))
            self._keep(_key(compileable_patterns, selector_query, parse_all), plan)
            rows = await self._evaluate(plan, raw_results, limit)
        except JqWorkerError as error:
            logger.warning(f"This batch is evaluated one expression at a time, because {error}")
            plan = plan.alone()
            rows = await self._evaluate(plan, raw_results, limit)
        return await _in_slices(partial(_mapped, plan), rows), []

    async def _plan(self, mapping: dict[str, Any], selector: str, parse_all: bool) -> FusedMapping:
        key = _key(mapping, selector, parse_all)
        if key not in self._plans:
            self._keep(key, await self._fuse(mapping, selector, parse_all))
        self._plans.move_to_end(key)
        plan = self._plans[key]
        return plan.alone() if self.engine == "ocean" else plan

    def _keep(self, key: str, plan: FusedMapping) -> None:
        if plan.reason and self.engine == "fused":
            logger.info(
                f"This mapping is evaluated one expression at a time, because {plan.reason}"
            )
        self._plans[key] = plan
        while len(self._plans) > _MOST_PLANS:
            self._plans.popitem(last=False)

    async def _fuse(self, mapping: dict[str, Any], selector: str, parse_all: bool) -> FusedMapping:
        problems: dict[tuple[type, Any], Exception | None] = {}
        for expression in (selector, *expressions_of(mapping)):
            problems[type(expression), expression] = self._problem_of(expression)
            # jq takes about a millisecond for each.
            await asyncio.sleep(0)
        return fuse(
            mapping,
            selector,
            parse_all=parse_all,
            problem_of=lambda expression: problems[type(expression), expression],
        )

    def _problem_of(self, expression: Any) -> Exception | None:
        """Return the error that Ocean's own compilation of an expression raises."""
        try:
            if isinstance(expression, str):
                refuse_files(expression)
                if computes_at_length(expression):
                    check_program(program_of(expression))
                    return None
            # Past the cache, which is for programs that run here, and keeps processors alive.
            JQEntityProcessor._compile.__wrapped__(self, expression)
        except Exception as error:  # noqa: BLE001  # Ocean logs whatever is raised
            return error
        return None

    async def _evaluate(
        self, plan: FusedMapping, items: list[Any], limit: TimeLimit
    ) -> list[list[Result]]:
        """Return the results of all expressions for each item.

        Raises:
            UnfusableError: the expressions cannot share a program after all.
            JqWorkerError: they cannot be evaluated together.
            ExpressionLimitError: one of them takes more than it may.
        """
        if not plan.programs:
            return [[] for _ in items]
        if plan.rest is None:
            return await self._asked(plan, plan.whole, items, limit)
        known = await _in_slices(plan.known, items)
        rows = [row or [] for row in known]
        strange = [place for place, row in enumerate(known) if row is None]
        others = [
            place for place, row in enumerate(known) if row and len(row) == len(plan.patterns)
        ]
        for asked, places in ((plan.whole, strange), (plan.rest, others)):
            if asked.places and places:
                told = await self._asked(plan, asked, [items[place] for place in places], limit)
                for place, row in zip(places, told, strict=True):
                    rows[place] = asked.together(rows[place], row)
        return rows

    async def _asked(
        self, plan: FusedMapping, asked: Rest, items: list[Any], limit: TimeLimit
    ) -> list[list[Result]]:
        """Return the results of some expressions for each item, as jq tells them; errors as above.

        Inputs: `asked`, those of the plan that are to be evaluated.
        """
        at_once = asyncio.Semaphore(_CHUNKS_AT_ONCE)

        async def evaluate(chunk: list[Any]) -> list[list[Result]]:
            async with at_once:
                parts = _parts(chunk)
                return [row for part in parts for row in await self._rows(plan, asked, part, limit)]

        try:
            async with asyncio.TaskGroup() as group:
                chunks = [
                    group.create_task(evaluate(items[start : start + _CHUNK_ITEMS]))
                    for start in range(0, len(items), _CHUNK_ITEMS)
                ]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [row for chunk in chunks for row in chunk.result()]

    async def _rows(
        self, plan: FusedMapping, asked: Rest, part: list[bytes | Exception], limit: TimeLimit
    ) -> list[list[Result]]:
        texts = [text for text in part if isinstance(text, bytes)]
        found = iter(await self._rows_of(plan, asked, texts, limit) if texts else [])
        return [next(found) if isinstance(text, bytes) else [text] for text in part]

    async def _rows_of(
        self, plan: FusedMapping, asked: Rest, texts: list[bytes], limit: TimeLimit
    ) -> list[list[Result]]:
        if not asked.program:
            return await self._rows_alone(plan, texts, limit)
        try:
            outputs = await self._run(asked, texts, limit)
        except InvalidProgramError as error:
            raise UnfusableError(f"its expressions do not compile together: {error}") from None
        except ValueError:
            return [await self._row(asked, text, limit) for text in texts]
        if len(outputs) != len(texts):
            raise UnfusableError("an expression ends the program")
        return await _in_slices(_row_of, outputs)

    async def _row(self, asked: Rest, text: bytes, limit: TimeLimit) -> list[Result]:
        """Return the results for one item; where jq cannot read that, the selector fails on it."""
        try:
            outputs = await self._run(asked, [text], limit)
        except ValueError as error:
            if not str(error).startswith("parse error: "):
                raise UnfusableError(f"an expression ends the program: {error}") from None
            return [{"error": str(error)}]
        if len(outputs) != 1:
            raise UnfusableError("an expression ends the program")
        return _row_of(outputs[0])

    async def _rows_alone(
        self, plan: FusedMapping, texts: list[bytes], limit: TimeLimit
    ) -> list[list[Result]]:
        """Return the results of each expression for itself, of items that are selected."""
        patterns, programs = plan.patterns, plan.programs
        selected = await self._each(patterns[:1], programs[:1], texts, limit)
        rows = [list(row) for row in selected]
        chosen = [number for number, row in enumerate(rows) if plan.goes_on(row[0])]
        if chosen and len(programs) > 1:
            wanted = [texts[number] for number in chosen]
            told = await self._each(patterns[1:], programs[1:], wanted, limit)
            for number, row in zip(chosen, told, strict=True):
                rows[number] += row
        return rows

    async def _run(self, asked: Rest, texts: list[bytes], limit: TimeLimit) -> list[bytes]:
        try:
            return await self._worker.run(asked.program, b"\n".join(texts), limit)
        except (TimeoutError, BeyondLimitError) as error:
            raise await self._refusal(asked.patterns, asked.programs, texts, error) from None

    async def _each(
        self,
        patterns: Sequence[str],
        programs: Sequence[str],
        texts: Sequence[bytes],
        limit: TimeLimit,
    ) -> list[list[Result]]:
        columns = [(program, False) for program in programs]
        try:
            lines = await self._worker.run_each(columns, texts, limit)
        except (TimeoutError, BeyondLimitError, JqWorkerError) as error:
            raise await self._refusal(patterns, programs, texts, error) from None
        return await _in_slices(_row_of, lines)

    async def _refusal(
        self,
        patterns: Sequence[str],
        programs: Sequence[str],
        texts: Sequence[bytes],
        error: Exception,
    ) -> ExpressionLimitError:
        """Return the error that names the expression which takes too much."""
        for pattern, program in zip(patterns, programs, strict=True) if len(patterns) > 1 else ():
            try:
                await self._worker.run_each([(program, False)], texts, _SEARCH_SECONDS)
            except TimeoutError:
                return limit_error(_named(pattern), error)
            except (BeyondLimitError, JqWorkerError) as cause:
                return limit_error(_named(pattern), cause)
        named = _named(patterns[0]) if len(patterns) == 1 else "the mapping as a whole"
        return limit_error(named, error)


def _named(pattern: str) -> str:
    return f"the mapping's expression {shown(pattern)}"


def _row_of(output: bytes) -> list[Result]:
    try:
        row: list[Result] = json.loads(output)
    except RecursionError as error:
        return [{"error": str(error)}]
    return row


def _mapped(plan: FusedMapping, row: list[Result]) -> Mapped:
    entities, errors, deferred = plan.entity_of(row)
    if deferred:
        logger.error(
            f"Failed to calculate entities with {len(deferred)} errors. errors: {deferred}"
        )
    return entities, errors + deferred


async def _in_slices[T, R](make: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Return the result for each value; other tasks run in between."""
    made: list[R] = []
    time_slice = TimeSlice()
    for value in values:
        made.append(make(value))
        await time_slice.pause_when_over()
    return made


def _parts(items: list[Any]) -> Iterator[list[bytes | Exception]]:
    """Write the items as JSON, as Ocean does, in lists of bounded length.

    An error stands in the place of an item that cannot be written.
    """
    part: list[bytes | Exception] = []
    size = 0
    for item in items:
        if size > _CHUNK_BYTES:
            yield part
            part, size = [], 0
        try:
            part.append(_text(item))
        except (TypeError, ValueError, RecursionError) as error:
            part.append(error)
        size += len(part[-1]) if isinstance(part[-1], bytes) else 0
    yield part


def _text(item: Any) -> bytes:
    try:
        return orjson.dumps(item, option=_JSON_ALONE)
    except TypeError:
        # As Ocean does, which takes more than JSON has.
        try:
            text: str = compile_jq(_ToText, item)
        except JQInputNotJsonSerializableError:
            text = compile_jq(_ToText, make_json_compatible(item))
        return text.encode()


class _ToText:
    """A stand-in for a program that Ocean gives an item to: it tells what the program would get."""

    input_value = json.dumps


def _key(mapping: dict[str, Any], selector: str, parse_all: bool) -> str:
    return repr((mapping, selector, parse_all, environment_is_allowed()))
