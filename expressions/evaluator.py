"""The one way in which expressions of users are evaluated while something is read.

Nothing that a user writes runs where it can stop this process. A plain path, such as `.team.id`, is
walked here. Everything else goes to a jq process (`JqWorker`) that is limited in time and memory,
a page of items in one call: `table` takes any number of expressions and values, and `first` and
`every` are that for one. What takes more than it may is an `ExpressionLimitError`, which names the
expression and fails what is being read, whatever the rules for errors say; for some minutes it is
not tried again, so that a thousand endpoints do not wait for it one after another.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from port_ocean.context.ocean import ocean

from errors import ExpressionLimitError
from expressions.event_loop import TimeSlice
from expressions.item_expressions import ItemExpression
from expressions.worker import BeyondLimitError, JqWorker, JqWorkerError, TimeLimit
from formats.json_text import parse

# The outputs of an expression on a value, or the reason why it fails on that.
type Outputs = Sequence[Any] | ValueError

# Of JSON text in one call.
_BATCH = 256 * 1024
# Of outputs that are read in one go.
_AT_ONCE = 512 * 1024
# Seconds for a batch where Ocean says nothing else.
_USUAL_SECONDS = 120.0
# Seconds in which an expression that was too slow, or too large, is not tried again.
_PAUSE = 600.0
# Seconds for each expression of several, to find out which of them is the slow one.
_SEARCH_SECONDS = 2.0
# Of an expression in a message.
_LONGEST = 200


class Column(NamedTuple):
    """An expression in a table: all its outputs, or the first alone."""

    expression: ItemExpression
    is_every: bool = False


class Evaluator:
    """Evaluates expressions for any number of tasks at once; starts its jq process when it must."""

    def __init__(self) -> None:
        self._worker = JqWorker()
        self._refused: dict[str, tuple[float, ExpressionLimitError]] = {}

    @property
    def process_id(self) -> int | None:
        """The id of the jq process; None while there is none."""
        return self._worker.process_id

    def close(self) -> None:
        """End the jq process. A later call starts a new one."""
        self._worker.close()

    async def first(self, expression: ItemExpression, value: Any) -> Any:
        """Return the first output; None when there is none.

        Raises:
            ValueError: the expression fails on this value.
            ExpressionLimitError: it takes more than it may.
        """
        outputs = _or_raise((await self.table([Column(expression)], [value]))[0][0])
        return outputs[0] if outputs else None

    async def every(self, expression: ItemExpression, value: Any) -> list[Any]:
        """Return all outputs; errors as for `first`."""
        column = Column(expression, is_every=True)
        return list(_or_raise((await self.table([column], [value]))[0][0]))

    async def table(self, columns: Sequence[Column], values: Sequence[Any]) -> list[list[Outputs]]:
        """Return a row for each value, with what each expression gives on it.

        Sample: `.id` and `.tags[]`, all its outputs, on `{"id": 1, "tags": [2, 3]}` give the row
        `[[1], [2, 3]]`.

        Raises:
            ExpressionLimitError: an expression takes more than it may.
        """
        rows: list[list[Outputs | None]] = []
        time_slice = TimeSlice()
        for value in values:
            rows.append([column.expression.plain(value) for column in columns])
            await time_slice.pause_when_over()
        left = [number for number, row in enumerate(rows) if None in row]
        chosen = [
            place for place in range(len(columns)) if any(rows[row][place] is None for row in left)
        ]
        if left:
            asked = [columns[place] for place in chosen]
            found = await self._asked(asked, [values[number] for number in left])
            for number, told in zip(left, found, strict=True):
                for place, outputs in zip(chosen, told, strict=True):
                    if rows[number][place] is None:
                        rows[number][place] = outputs
        return [[outputs for outputs in row if outputs is not None] for row in rows]

    async def outputs(self, program: str, text: bytes, name: str) -> list[Any]:
        """Return all outputs of a program on a JSON text; `name` is how messages call it.

        Integers beyond ±2^53 become texts.

        Raises:
            ValueError: the program fails on this text.
            ExpressionLimitError: it takes more than it may.
        """
        self._check(name)
        try:
            found = await self._worker.run(program, text, seconds_allowed())
        except (TimeoutError, BeyondLimitError, JqWorkerError) as error:
            raise self._refusal(name, error) from None
        if sum(map(len, found)) <= _AT_ONCE:
            return list(parse(b"[%b]" % b",".join(found)))
        return await asyncio.to_thread(lambda: [parse(output) for output in found])

    async def _asked(self, columns: Sequence[Column], values: Sequence[Any]) -> list[list[Outputs]]:
        for column in columns:
            self._check(_name(column.expression))
        limit = TimeLimit(seconds_allowed())
        found: list[list[Outputs]] = []
        for texts in _batches(values):
            try:
                lines = await self._worker.run_each(_programs(columns), texts, limit)
            except (TimeoutError, BeyondLimitError, JqWorkerError) as error:
                culprit, cause = await self._culprit(columns, texts, error)
                raise self._refusal(culprit, cause) from None
            found += [[_told(outputs) for outputs in json.loads(line)] for line in lines]
        return found

    async def _culprit(
        self, columns: Sequence[Column], texts: Sequence[bytes], error: Exception
    ) -> tuple[str, Exception]:
        """Return the name of the expression that takes too much, and what it did."""
        names = [_name(column.expression) for column in columns]
        for column, name in zip(columns, names, strict=True) if len(columns) > 1 else ():
            try:
                await self._worker.run_each(_programs([column]), texts, _SEARCH_SECONDS)
            except TimeoutError:
                return name, error
            except (BeyondLimitError, JqWorkerError) as cause:
                return name, cause
        return " or ".join(names), error

    def _check(self, name: str) -> None:
        refused = self._refused.get(name)
        if refused and time.monotonic() < refused[0]:
            raise refused[1].with_traceback(None)

    def _refusal(self, name: str, cause: Exception) -> ExpressionLimitError:
        error = limit_error(name, cause)
        if not isinstance(cause, JqWorkerError):
            self._refused[name] = (time.monotonic() + _PAUSE, error)
        return error


def limit_error(name: str, cause: Exception) -> ExpressionLimitError:
    """Return the error for an expression that took more than it may, as a worker says."""
    if isinstance(cause, TimeoutError):
        return ExpressionLimitError(
            f"{name} did not end within {seconds_allowed():g} seconds",
            advice="process_in_queue_timeout of Ocean is the limit",
        )
    if isinstance(cause, BeyondLimitError):
        return ExpressionLimitError(f"{name} {cause}", advice="make it give less, or in parts")
    return ExpressionLimitError(f"{name} cannot be evaluated: {cause}")


def seconds_allowed() -> float:
    """Return how long expressions may take for a batch: Ocean's `process_in_queue_timeout`."""
    config = ocean.config if ocean.initialized else None
    return float(getattr(config, "process_in_queue_timeout", _USUAL_SECONDS))


def shown(expression: str) -> str:
    """Return an expression for a message, which is no longer than a line or two."""
    return expression if len(expression) <= _LONGEST else f"{expression[:_LONGEST]}…"


def first_of(outputs: Outputs) -> Any:
    """Return the first output; None where there is none, or the expression failed."""
    return outputs[0] if outputs and not isinstance(outputs, ValueError) else None


def json_of(value: Any) -> bytes:
    """Return a value as JSON, on one line."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # Half a surrogate pair, an integer beyond 2^64, or very deep nesting.
        return json.dumps(value).encode()


def _name(expression: ItemExpression) -> str:
    return f"{expression.setting} {shown(expression.expression)}"


def _programs(columns: Sequence[Column]) -> list[tuple[str, bool]]:
    return [(column.expression.program, column.is_every) for column in columns]


def _batches(values: Sequence[Any]) -> Iterator[list[bytes]]:
    """Write values as JSON, in lists of bounded length."""
    texts: list[bytes] = []
    size = 0
    for value in values:
        if size > _BATCH:
            yield texts
            texts, size = [], 0
        texts.append(json_of(value))
        size += len(texts[-1])
    yield texts


def _told(outputs: Any) -> Outputs:
    return ValueError(outputs["error"]) if isinstance(outputs, dict) else outputs


def _or_raise(outputs: Outputs) -> Sequence[Any]:
    if isinstance(outputs, ValueError):
        raise outputs
    return outputs
