"""Runs an export job."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from api_messages import ApiRequest
from client import ApiClient
from errors import EndpointError, ExportError
from expressions.evaluator import Evaluator
from expressions.jq_expressions import keys_of
from mapping.plan.combining import too_many
from mapping.plan.endpoint import PathValue
from mapping.plan.export import AnswerExpression, ExportPlan, ExportStep, StepAnswer

type Values = Mapping[str, PathValue]


@dataclass(frozen=True, slots=True)
class ExportJob:
    """Runs the steps for each combination of path parameters' values.

    Inputs: `client` sends; `clock` gives seconds that never go back.
    """

    plan: ExportPlan
    client: ApiClient
    base_url: str
    evaluator: Evaluator
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def downloads(self, values: Values) -> AsyncGenerator[Values]:
        """Give the values for each file to download, those given included.

        Raises:
            EndpointError: a step failed, or the job did, or it took too long.
        """
        plan, begin = self.plan, self.clock()
        submitted = [values]
        if plan.submit:
            submitted = await self._run(plan.submit, values)
        for given in submitted:
            for found in await self._wait(plan.poll, given, begin) if plan.poll else [given]:
                yield found

    async def _run(self, step: ExportStep, values: Values) -> list[Values]:
        with self._asking(step, values) as request:
            answer = await StepAnswer.of(await self.client.send(request))
            return await self._with_fields(step, values, answer)

    async def _wait(self, step: ExportStep, values: Values, begin: float) -> list[Values]:
        plan = self.plan
        with self._asking(step, values) as request:
            for attempt in itertools.count(1):
                answer = await StepAnswer.of(await self.client.send(request))
                if any(each is True for each in await self._every(plan.failed, answer)):
                    raise ExportError(
                        "the export job failed",
                        said=self.client.redactor.excerpt(answer.response.content),
                        advice="look at export.submit and export.poll.failed",
                    )
                done = await self._every(plan.done, answer)
                if done and all(each is True for each in done):
                    return await self._with_fields(step, values, answer)
                self._check_time(begin, attempt, answer)
                await self.sleep(plan.interval)
        raise AssertionError("unreachable")

    def _check_time(self, begin: float, attempt: int, answer: StepAnswer) -> None:
        limit, passed = self.plan.time_limit, self.clock() - begin
        if passed + self.plan.interval > limit:
            raise ExportError(
                f"the export job was not done after {attempt} polls in {passed:.0f} s",
                said=self.client.redactor.excerpt(answer.response.content),
                advice=f"export.time_limit is {limit:g} s",
            )

    async def _every(self, expression: AnswerExpression | None, answer: StepAnswer) -> list[Any]:
        return await expression.every(answer, self.evaluator) if expression else []

    async def _with_fields(
        self, step: ExportStep, values: Values, answer: StepAnswer
    ) -> list[Values]:
        """Return the values with the answer's; a list or several outputs in a field mean several.

        Raises:
            ExportError: a field gives nothing, or an object; or several give too many together.
        """
        names = list(step.fields)
        found = []
        for expression in step.fields.values():
            outputs = await self._every(expression, answer)
            elements = _elements(expression, outputs, answer)
            found.append([PathValue(str(element), value=element) for element in elements])
        if problem := too_many(found):
            raise ExportError(
                f"of one answer, {problem}",
                advice=f"look at {', '.join(each.setting for each in step.fields.values())}",
            )
        return [
            {**values, **dict(zip(names, one, strict=True))} for one in itertools.product(*found)
        ]

    @contextmanager
    def _asking(self, step: ExportStep, values: Values) -> Iterator[ApiRequest]:
        """Give the request of a step; every error from here on says that it was about it."""
        # A job is few requests, each of which may well end an outage.
        request = replace(step.endpoint.request(self.base_url, values), is_first=True)
        try:
            yield request
        except EndpointError as error:
            raise error.at(self.client.describe(request)) from None


def _elements(
    expression: AnswerExpression, outputs: list[Any], answer: StepAnswer
) -> list[str | int | float]:
    # No output is a field without a value, unlike an empty list, which says that there is no file.
    lists = [output if isinstance(output, list) else [output] for output in outputs or [None]]
    found = list(itertools.chain.from_iterable(lists))
    for element in found:
        if element in (None, "") or isinstance(element, bool | list | dict):
            raise ExportError(
                f"{expression.setting} {expression.expression} gives no text or number; the answer "
                f"has {keys_of(answer.body)}",
                advice=f"look at {expression.setting}",
            )
    return found
