"""Entries of `live_events` as a user writes them; pydantic.v1 models, as Ocean asks."""

import re
from typing import Any

from pydantic.v1 import BaseModel, Extra, Field, validator

from endpoints import Endpoint
from errors import SelectorError
from extraction import DataPath, ItemExpression
from live_events.plan import LiveEventPlan
from live_events.settings import DEFAULT_PATH
from pagination.models import PaginationSettings
from parameters import PathParameter
from selector_fields import EndpointFields

_SPARE = re.compile(r"/+$")


class FetchConfig(EndpointFields):
    """The request that reads what an event is about."""

    endpoint: str = Field(
        title="Endpoint",
        description="Path of the item, with placeholders that `params` fill. "
        "Example: `/api/v1/users/{id}`.",
    )
    data_path: str | None = Field(
        default=None,
        alias="dataPath",
        title="Data path",
        description="JQ expression that finds the item in the response; unset, it is the "
        "selector's. Example: `.user`.",
    )  # type: ignore[assignment]  # unset means another thing than for a resource

    class Config:
        extra = Extra.forbid

    def plan(self, own: Endpoint, place: str, names: frozenset[str]) -> Endpoint:
        """The checked form: one answer, without pages.

        Inputs: `own`, the resource's endpoint; `names`, of the placeholders that there are.

        Raises:
            SelectorError: data_path is no valid JQ.
        """
        return Endpoint(
            self.endpoint,
            self.method,
            self.query_params,
            self.headers,
            self.body,
            DataPath(self.data_path, f"{place}.data_path") if self.data_path else own.data_path,
            pagination=PaginationSettings(),
            names=names,
        )


class LiveEventConfig(BaseModel):
    """Which webhook events change this resource, and what is read again because of them."""

    path: str = Field(
        default=DEFAULT_PATH,
        title="Path",
        description="Where the events arrive; one of the setting webhookPaths. "
        "Example: `/webhook/users`.",
    )
    when: str = Field(
        default="true",
        title="When",
        description="JQ over `{headers, body}` of an event, names of headers in lower case; only "
        'where it is exactly true is the event for this resource. Example: `.body.type == "user"`.',
    )
    params: dict[str, str] = Field(
        default_factory=dict,
        title="Params",
        description="For each `{placeholder}` of the fetched endpoint: JQ over the event that "
        'gives its value. Example: `{"id": ".body.user.id"}`.',
    )
    fetch: FetchConfig | str | None = Field(
        default=None,
        title="Fetch",
        description="The endpoint that is read because of an event, or a request; unset, it is "
        "the resource's own. Example: `/api/v1/users/{id}`.",
    )
    identifier: str | None = Field(
        default=None,
        title="Identifier",
        description="JQ over the event that gives the identifier of the entity, for deleting it. "
        "Example: `.body.user.id`.",
    )
    delete_when: str | None = Field(
        default=None,
        alias="deleteWhen",
        title="Delete when",
        description="JQ over the event; where it is exactly true, the entity is deleted and "
        'nothing is read. Example: `.body.action == "deleted"`.',
    )

    class Config:
        extra = Extra.forbid
        allow_population_by_field_name = True

    @validator("fetch", pre=True)
    def _endpoint_alone(cls, value: object) -> object:
        return {"endpoint": value} if isinstance(value, str) else value

    @validator("params", pre=True)
    def _no_params(cls, value: object) -> object:
        return {} if value is None else value

    @validator("path")
    def _one_spelling(cls, value: str) -> str:
        return f"/{_SPARE.sub('', value).lstrip('/')}"

    def plan(
        self, place: str, own: Endpoint, parameters: tuple[PathParameter, ...]
    ) -> LiveEventPlan:
        """The checked form.

        Inputs: `place`, such as `live_events.0`; the resource's endpoint and path parameters.

        Raises:
            SelectorError: an expression is no valid JQ, or fields do not fit together.
        """
        fetch = self.fetch
        endpoint = own
        if isinstance(fetch, FetchConfig):
            endpoint = fetch.plan(own, f"{place}.fetch", frozenset(self.params))
        names = {parameter.name for parameter in parameters}
        self._check_params(place, endpoint, names)
        if self.delete_when and not self.identifier:
            raise SelectorError(
                f"{place}.delete_when: needs {place}.identifier, which says what to delete"
            )
        return LiveEventPlan(
            place,
            self.path,
            ItemExpression(self.when, f"{place}.when"),
            endpoint,
            {
                name: ItemExpression(text, f"{place}.params.{name}")
                for name, text in self.params.items()
            },
            frozenset(names),
            frozenset(parameter.name for parameter in parameters if parameter.segment),
            _optional(self.delete_when, f"{place}.delete_when"),
            _optional(self.identifier, f"{place}.identifier"),
        )

    def _check_params(self, place: str, endpoint: Endpoint, names: set[str]) -> None:
        if self._only_deletes:
            return
        needed = {*endpoint.placeholders, *names}
        if missing := sorted(needed - set(self.params)):
            why = "is in" if missing[0] in endpoint.placeholders else "marks the items of"
            raise SelectorError(
                f"{place}.params: has no {missing[0]}, which {why} {endpoint.path}; "
                f"add params.{missing[0]}, a JQ over the event such as `.body.id`"
            )
        if unused := sorted(set(self.params) - needed):
            raise SelectorError(
                f"{place}.params.{unused[0]}: is not a placeholder of {endpoint.path}; "
                f"allowed are {', '.join(sorted(needed)) or 'none'}"
            )

    @property
    def _only_deletes(self) -> bool:
        """Whether no event of this entry can ask for a fetch."""
        return (self.delete_when or "").strip() == "true"


def _optional(expression: Any, place: str) -> ItemExpression | None:
    return ItemExpression(expression, place) if expression else None
