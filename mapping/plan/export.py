"""The steps of an `export` block, checked, with their expressions compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api_messages import ApiResponse
from errors import ExportError, SelectorError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from formats.bodies import decode
from mapping.plan.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """The answer to a step: its decoded body, null where there is none."""

    response: ApiResponse
    body: Any

    @classmethod
    async def of(cls, response: ApiResponse) -> "StepAnswer":
        """Return the answer in a response; an empty one is how some APIs say that a job goes on.

        Raises:
            ResponseError: there is a body, but it is no JSON.
        """
        is_empty = not response.content.strip()
        return cls(response, None if is_empty else (await decode(response)).value)


class AnswerExpression:
    """A JQ expression on the body of an answer, with `$status` and `$headers` beside it.

    Header names are in lower case.

    Raises:
        SelectorError: on construction, when it is no valid JQ.
    """

    def __init__(self, expression: str, setting: str) -> None:
        self.expression = expression
        self.setting = setting
        bound = f".status as $status | .headers as $headers | .body | ({expression}\n)"
        try:
            self._program = ItemExpression(bound, setting)
        except SelectorError as error:
            raise SelectorError(str(error).replace(repr(bound), repr(expression))) from None

    async def every(self, answer: StepAnswer, evaluator: Evaluator) -> list[Any]:
        """Return all outputs.

        Raises:
            ExportError: it fails on this answer.
            ExpressionLimitError: it takes more than it may.
        """
        response = answer.response
        told = {"status": response.status, "headers": dict(response.headers), "body": answer.body}
        try:
            return await evaluator.every(self._program, told)
        except ValueError as error:
            raise ExportError(
                f"{self.setting} {self.expression} fails on the answer: {error}",
                advice=f"look at {self.setting}",
            ) from None


@dataclass(frozen=True, slots=True)
class ExportStep:
    """One request of a job; `fields` are the placeholders that its answer fills."""

    endpoint: Endpoint
    fields: Mapping[str, AnswerExpression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The steps before the resource's own request; `interval` and `time_limit` in seconds."""

    submit: ExportStep | None
    poll: ExportStep | None
    done: AnswerExpression | None
    failed: AnswerExpression | None = None
    interval: float = 5
    time_limit: float = 3600

    @property
    def steps(self) -> list[ExportStep]:
        """All requests before the download."""
        return [step for step in (self.submit, self.poll) if step]

    @property
    def names(self) -> list[str]:
        """The placeholders that the steps fill."""
        return [name for step in self.steps for name in step.fields]
