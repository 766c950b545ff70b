"""The `export` block of a selector, as a user writes it."""

from collections.abc import Set
from typing import Any

from pydantic.v1 import Field, validator

from errors import SelectorError
from mapping.fields.request import RequestFields
from mapping.fields.user_fields import UserFields
from mapping.plan.endpoint import check_placeholders
from mapping.plan.export import AnswerExpression, ExportPlan, ExportStep
from settings.connection import ConnectionSettings


class ExportStepConfig(RequestFields):
    """A request of an export job, and what its answer gives to the next ones."""

    endpoint: str = Field(
        description="Path that is called; it may hold placeholders of path parameters and of the "
        "step before. Example: `/exports/{job}`."
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="For each placeholder of the next steps: JQ on the answer that gives its "
        "value, or a list of values. `$status` and `$headers` are there too. "
        'Example: `{"job": ".id"}`.',
    )

    def plan_step(self, place: str, names: Set[str], settings: ConnectionSettings) -> ExportStep:
        """Return the checked form; `names` are the placeholders that may stand in the request.

        Raises:
            SelectorError: an expression does not compile, or a placeholder is not known.
        """
        endpoint = self.endpoint_at(self.endpoint, names=names, place=place, settings=settings)
        check_placeholders(endpoint, dict.fromkeys(sorted(names)), f"{place}.endpoint")
        if again := sorted(names & self.fields.keys()):
            raise SelectorError(f"{place}.fields: {', '.join(again)} is a placeholder already")
        fields = self.fields.items()
        return ExportStep(
            endpoint,
            {name: AnswerExpression(text, f"{place}.fields.{name}") for name, text in fields},
        )


class ExportPollConfig(ExportStepConfig):
    """The request that is repeated until the job is done."""

    done: str = Field(
        description="JQ on the answer; exactly true means that the files are there. "
        'Example: `.state == "done"`.'
    )
    failed: str | None = Field(
        None,
        description="JQ on the answer; exactly true means that there will be none. "
        'Example: `.state == "failed"`.',
    )
    interval: float = Field(
        5, gt=0, description="Seconds between one request and the next. Example: `10`."
    )


class ExportConfig(UserFields):
    """What happens before the resource's own request, which downloads the result."""

    submit: ExportStepConfig | None = Field(
        None,
        description="The request that starts the job. "
        'Example: `{"endpoint": "/exports", "method": "POST", "fields": {"job": ".id"}}`.',
    )
    poll: ExportPollConfig | None = Field(
        None,
        description="The request that is repeated until the job is done. "
        'Example: `{"endpoint": "/exports/{job}", "done": ".ready"}`.',
    )
    time_limit: float = Field(
        3600,
        gt=0,
        description="Seconds after which a job that is not done fails the resource. "
        "Example: `1800`.",
    )

    @validator("poll", always=True)
    def _one_step_at_least(cls, poll: Any, values: dict[str, Any]) -> Any:
        if poll is None and values.get("submit") is None:
            raise ValueError("needs submit or poll")
        return poll

    def plan(self, names: Set[str], settings: ConnectionSettings) -> ExportPlan:
        """Return the checked form; `names` are the placeholders of the path parameters.

        Raises:
            SelectorError: a step cannot be used as it is.
        """
        submit = poll = done = failed = None
        if self.submit:
            submit = self.submit.plan_step("export.submit", names, settings)
        if self.poll:
            known = names | (submit.fields.keys() if submit else set())
            poll = self.poll.plan_step("export.poll", known, settings)
            done = AnswerExpression(self.poll.done, "export.poll.done")
            if self.poll.failed:
                failed = AnswerExpression(self.poll.failed, "export.poll.failed")
        interval = self.poll.interval if self.poll else 0
        return ExportPlan(submit, poll, done, failed, interval, self.time_limit)
