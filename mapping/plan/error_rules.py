"""`on_error`: what a user wants done when an endpoint answers with an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from api_messages import ApiResponse
from errors import SelectorError
from expressions.evaluator import Evaluator
from expressions.item_expressions import ItemExpression
from formats.json_text import parse
from statuses import Situation

type Action = Literal["retry", "skip", "stop", "fail"]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One rule: `then` happens when the status is listed, or when the predicate is true."""

    then: Action
    statuses: frozenset[int] = frozenset()
    predicate: ItemExpression | None = None

    @classmethod
    def parse(cls, when: str | int | list[int], then: Action, place: str) -> "ErrorRule":
        """Return a checked rule; `place` is where it stands, such as `on_error.0`.

        Raises:
            SelectorError: `when` is neither a valid JQ predicate nor a list of status codes.
        """
        if isinstance(when, str) and when.strip().isdecimal():
            when = int(when)
        if isinstance(when, str):
            return cls(then, predicate=ItemExpression(when, f"{place}.when"))
        statuses = frozenset(when if isinstance(when, list) else [when])
        if strange := [status for status in statuses if not 100 <= status <= 599]:
            raise SelectorError(f"{place}.when: {strange[0]} is no HTTP status")
        return cls(then, statuses)

    async def matches(
        self, answer: "Answer", evaluator: Evaluator, *, is_data: bool = False
    ) -> bool:
        """Tell whether it fits an answer; of one that is data, predicates are not asked.

        Raises:
            ExpressionLimitError: the predicate takes more than it may.
        """
        if self.predicate is None:
            return answer.response.status in self.statuses
        if is_data:
            return False
        try:
            return await evaluator.first(self.predicate, answer.told) is True
        except ValueError:
            return False


@dataclass(frozen=True)
class Answer:
    """An answer as predicates see it; it is made into a JSON value once one of them asks."""

    response: ApiResponse
    path_params: Mapping[str, str]

    @cached_property
    def told(self) -> dict[str, Any]:
        """The answer as `{"status": …, "headers": …, "body": …, "path_params": …}`."""
        return {
            "status": self.response.status,
            "headers": dict(self.response.headers),
            "body": _body_of(self.response),
            "path_params": dict(self.path_params),
        }


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """The meaning of errors for an endpoint: the user's `rules`, else the status by `situation`."""

    rules: tuple[ErrorRule, ...] = ()
    situation: Situation = Situation.REQUEST

    @property
    def has_predicates(self) -> bool:
        """Return whether any rule looks at more than the status."""
        return any(rule.predicate for rule in self.rules)

    async def action_for(
        self,
        response: ApiResponse | None,
        path_params: Mapping[str, str],
        evaluator: Evaluator,
        *,
        is_data: bool = False,
    ) -> Action | None:
        """Return the action of the first matching rule; None when no rule is for this answer.

        With `is_data`, the answer has items and no sign of an error: only its status counts.

        Raises:
            ExpressionLimitError: a predicate takes more than it may.
        """
        if not self.rules or response is None:
            return None
        answer = Answer(response, path_params)
        for rule in self.rules:
            if await rule.matches(answer, evaluator, is_data=is_data):
                return rule.then
        return None


NO_RULES = ErrorPolicy()


def _body_of(response: ApiResponse) -> Any:
    try:
        return parse(response.content)
    except (ValueError, RecursionError):
        return response.content.decode("utf-8", errors="replace")
