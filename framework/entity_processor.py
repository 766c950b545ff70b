"""Ocean's entity processor with a faster engine: the same entities, errors and log records."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from loguru import logger
from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.core.utils.json_compat import (
    JQInputNotJsonSerializableError,
    compile_jq,
    make_json_compatible,
)

from expressions.event_loop import TimeSlice
from expressions.programs import environment_is_allowed
from expressions.worker import InvalidProgramError, JqWorker, JqWorkerError
from framework.fused_mapping import FusedMapping, Result, expressions_of, fuse
from framework.fused_program import UnfusableError
from settings.connection import MappingEngine

type Mapped = tuple[list[MappedEntity], list[Exception]]
type Outcome = tuple[list[Mapped], list[Exception]]

_CHUNK_ITEMS = 100
_CHUNK_BYTES = 256 * 1024
# One that jq works on, and one that is ready for it or being read.
_CHUNKS_AT_ONCE = 2
_MOST_PLANS = 200


class FusedEntityProcessor(JQEntityProcessor):
    """An engine that evaluates the mapping of a whole batch in few calls of a kept jq process.

    What that cannot express, and every batch over which that process dies, goes through Ocean's own
    engine. `engine` "ocean" leaves everything to that one.
    """

    engine: MappingEngine = "fused"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._worker = JqWorker()
        self._plans: OrderedDict[str, FusedMapping | UnfusableError] = OrderedDict()

    async def passes(self, item: dict[str, Any], query: str) -> bool:
        """Tell whether a selector's query lets an item through, as Ocean evaluates it.

        Raises:
            Exception: the query fails on this item, or gives something other than true or false.
        """
        return await self._search_as_bool(item, query)

    async def value_of(self, item: dict[str, Any], expression: str) -> Any:
        """Return the value of an expression for an item; None where it fails, which is logged."""
        return await self._search(item, expression)

    def close(self) -> None:
        """End the jq process; the next batch starts a new one."""
        self._worker.close()

    async def separate_compileable_and_uncompileable_patterns_and_warmup_cache(
        self, raw_entity_mappings: dict[str, Any], selector_queries: Sequence[str] = ()
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Leave nothing to Ocean's second way: `parse_items_sync` does both."""
        # Ocean calls this for inner dicts too, and then without selectors.
        if self.engine == "fused" and selector_queries:
            return raw_entity_mappings, {}
        return await super().separate_compileable_and_uncompileable_patterns_and_warmup_cache(
            raw_entity_mappings, list(selector_queries)
        )

    async def parse_items_sync(
        self,
        compileable_patterns: dict[str, Any],
        raw_results: list[Any],
        selector_query: str,
        parse_all: bool = False,
    ) -> Outcome:
        """Return the mapped entity or the errors of each item, and those of the whole batch."""
        arguments = (compileable_patterns, raw_results, selector_query, parse_all)
        if self.engine == "ocean":
            return await super().parse_items_sync(*arguments)
        try:
            plan = await self._plan(compileable_patterns, selector_query, parse_all)
            rows = await self._evaluate(plan, raw_results)
        except TimeoutError:
            seconds = ocean.config.process_in_queue_timeout
            problem = f"an expression did not end within process_in_queue_timeout ({seconds} s)"
            return [], [TimeoutError(problem)]
        except UnfusableError as reason:
            self._keep(_key(compileable_patterns, selector_query, parse_all), reason)
        except JqWorkerError as error:
            logger.warning(f"Ocean's own engine evaluates this batch, because {error}")
        else:
            return await _in_slices(partial(_mapped, plan), rows), []
        return await self._parse_as_ocean(*arguments)

    async def _parse_as_ocean(
        self, mapping: dict[str, Any], raw_results: list[Any], selector: str, parse_all: bool
    ) -> Outcome:
        separate = super().separate_compileable_and_uncompileable_patterns_and_warmup_cache
        direct, deferred = await separate(mapping, [selector])
        ocean_merges = super().merge_results
        return [
            ocean_merges(
                await super().parse_items_sync(direct, raw_results, selector, parse_all),
                await super().parse_items_async(deferred, raw_results, selector, parse_all),
                raw_results,
            )
        ], []

    async def _plan(self, mapping: dict[str, Any], selector: str, parse_all: bool) -> FusedMapping:
        key = _key(mapping, selector, parse_all)
        if key not in self._plans:
            self._keep(key, await self._fuse(mapping, selector, parse_all))
        plan = self._plans[key]
        self._plans.move_to_end(key)
        if isinstance(plan, UnfusableError):
            raise UnfusableError(*plan.args)
        return plan

    def _keep(self, key: str, plan: FusedMapping | UnfusableError) -> None:
        if isinstance(plan, UnfusableError) and not isinstance(
            self._plans.get(key), UnfusableError
        ):
            logger.info(f"Ocean's own engine evaluates this mapping, because {plan}")
        self._plans[key] = plan
        while len(self._plans) > _MOST_PLANS:
            self._plans.popitem(last=False)

    async def _fuse(
        self, mapping: dict[str, Any], selector: str, parse_all: bool
    ) -> FusedMapping | UnfusableError:
        problems: dict[tuple[type, Any], Exception | None] = {}
        for expression in (selector, *expressions_of(mapping)):
            problems[type(expression), expression] = self._problem_of(expression)
            # jq takes about a millisecond for each.
            await asyncio.sleep(0)
        try:
            return fuse(
                mapping,
                selector,
                parse_all=parse_all,
                problem_of=lambda expression: problems[type(expression), expression],
            )
        except UnfusableError as reason:
            return reason

    def _problem_of(self, expression: Any) -> Exception | None:
        """Return the error that Ocean's own compilation of an expression raises."""
        try:
            # Past the cache, which is for programs that run here, and keeps processors alive.
            JQEntityProcessor._compile.__wrapped__(self, expression)
        except Exception as error:  # noqa: BLE001  # Ocean logs whatever is raised
            return error
        return None

    async def _evaluate(self, plan: FusedMapping, items: list[Any]) -> list[list[Result]]:
        """Return the results of all expressions for each item.

        Raises:
            UnfusableError: the mapping or the items need Ocean's own engine.
            JqWorkerError: these items do.
            TimeoutError: an expression does not come to an end.
        """
        if not plan.program:
            return [[] for _ in items]
        limit = asyncio.Semaphore(_CHUNKS_AT_ONCE)

        async def evaluate(chunk: list[Any]) -> list[list[Result]]:
            async with limit:
                return [row for texts in _texts(chunk) for row in await self._rows(plan, texts)]

        try:
            async with asyncio.TaskGroup() as group:
                chunks = [
                    group.create_task(evaluate(items[start : start + _CHUNK_ITEMS]))
                    for start in range(0, len(items), _CHUNK_ITEMS)
                ]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [row for chunk in chunks for row in chunk.result()]

    async def _rows(self, plan: FusedMapping, texts: list[str]) -> list[list[Result]]:
        try:
            outputs = await self._run(plan, "\n".join(texts))
        except InvalidProgramError as error:
            raise UnfusableError(f"its expressions do not compile together: {error}") from None
        except ValueError:
            return [await self._row(plan, text) for text in texts]
        if len(outputs) != len(texts):
            raise UnfusableError("an expression ends the program")
        return await _in_slices(_row_of, outputs)

    async def _row(self, plan: FusedMapping, text: str) -> list[Result]:
        """Return the results for one item; where jq cannot read that, the selector fails on it."""
        try:
            outputs = await self._run(plan, text)
        except ValueError as error:
            if not str(error).startswith("parse error: "):
                raise UnfusableError(f"an expression ends the program: {error}") from None
            return [{"error": str(error)}]
        if len(outputs) != 1:
            raise UnfusableError("an expression ends the program")
        return _row_of(outputs[0])

    async def _run(self, plan: FusedMapping, text: str) -> list[bytes]:
        timeout = ocean.config.process_in_queue_timeout
        return await self._worker.run(plan.program, text.encode(), timeout)


def _row_of(output: bytes) -> list[Result]:
    try:
        row: list[Result] = json.loads(output)
    except RecursionError:
        raise JqWorkerError("a result is nested too deeply") from None
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


def _texts(items: list[Any]) -> Iterator[list[str]]:
    """Write the items as JSON, as Ocean does, in lists of bounded length."""
    texts: list[str] = []
    size = 0
    for item in items:
        if size > _CHUNK_BYTES:
            yield texts
            texts, size = [], 0
        texts.append(_text(item))
        size += len(texts[-1])
    yield texts


def _text(item: Any) -> str:
    if not isinstance(item, dict):
        raise JqWorkerError("an item is no object")
    try:
        try:
            text: str = compile_jq(_ToText, item)
        except JQInputNotJsonSerializableError:
            text = compile_jq(_ToText, make_json_compatible(item))
    except (TypeError, ValueError, RecursionError) as error:
        raise JqWorkerError(f"an item is no JSON: {error}") from None
    return text


class _ToText:
    """A stand-in for a program that Ocean gives an item to: it tells what the program would get."""

    input_value = json.dumps


def _key(mapping: dict[str, Any], selector: str, parse_all: bool) -> str:
    return repr((mapping, selector, parse_all, environment_is_allowed()))
