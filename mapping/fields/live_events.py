"""The entries of `live_events`, as a user writes them."""

from collections.abc import Set
from dataclasses import replace

from pydantic.v1 import Field, validator

from errors import SelectorError
from expressions.item_expressions import ItemExpression
from mapping.fields.endpoint import EndpointFields
from mapping.fields.user_fields import UserFields
from mapping.plan.endpoint import Endpoint
from mapping.plan.live_events import LiveEventPlan
from mapping.plan.resource import ResourcePlan
from settings.connection import ConnectionSettings
from settings.pagination import SingleRequestSettings
from settings.webhooks import DEFAULT_PATH


class FetchConfig(EndpointFields):
    """The request that reads what an event is about."""

    endpoint: str = Field(
        description="Path of the item, with placeholders that `params` fill. "
        "Example: `/api/v1/users/{id}`."
    )
    data_path: str | None = Field(
        None,
        description="JQ expression that finds the item in the response; unset, it is the "
        "selector's. Example: `.user`.",
    )  # type: ignore[assignment]  # unset means another thing than for a resource

    def plan(
        self, own: Endpoint, place: str, names: Set[str], settings: ConnectionSettings
    ) -> Endpoint:
        """Return the checked form: one answer, without pages unless `pagination` is given.

        Inputs: `own`, the resource's endpoint; `names`, of the placeholders that there are.

        Raises:
            SelectorError: a field cannot be used as it is.
        """
        whole = self.copy(update={"data_path": self.data_path or "."})
        endpoint = whole.endpoint_at(self.endpoint, names=names, place=place, settings=settings)
        return replace(
            endpoint,
            data_path=endpoint.data_path if self.data_path else own.data_path,
            response_format=endpoint.response_format or own.response_format,
            pagination=endpoint.pagination or SingleRequestSettings(is_one_page=True),
        )


class LiveEventConfig(UserFields):
    """Which webhook events change this resource, and what is read again because of them."""

    path: str = Field(
        DEFAULT_PATH,
        description="Where the events arrive; one of the setting webhookPaths. "
        "Example: `/webhook/users`.",
    )
    when: str = Field(
        "true",
        description="JQ over `{headers, body}` of an event, names of headers in lower case; only "
        'where it is exactly true is the event for this resource. Example: `.body.type == "user"`.',
    )
    params: dict[str, str] = Field(
        default_factory=dict,
        description="For each `{placeholder}` of the fetched endpoint: JQ over the event that "
        'gives its value. Example: `{"id": ".body.user.id"}`.',
    )
    fetch: FetchConfig | str | None = Field(
        None,
        description="The endpoint that is read because of an event, or a request; unset, it is "
        "the resource's own. Example: `/api/v1/users/{id}`.",
    )
    identifier: str | None = Field(
        None,
        description="JQ over the event that gives the identifier of the entity, for deleting it. "
        "Example: `.body.user.id`.",
    )
    delete_when: str | None = Field(
        None,
        description="JQ over the event; where it is exactly true, the entity is deleted and "
        'nothing is read. Example: `.body.action == "deleted"`.',
    )
    each: str | None = Field(
        None,
        description="JQ over the event whose outputs are events of their own, for a sender that "
        "puts several into one: `body` is then the output, and `batch` the whole body. "
        "Example: `.body.events[]`.",
    )

    @validator("fetch", pre=True)
    def _endpoint_alone(cls, value: object) -> object:
        return {"endpoint": value} if isinstance(value, str) else value

    @validator("path")
    def _one_spelling(cls, value: str) -> str:
        return f"/{value.strip('/')}"

    def plan(
        self, place: str, resource: ResourcePlan, settings: ConnectionSettings
    ) -> LiveEventPlan:
        """Return the checked form.

        Inputs: `place`, such as `live_events.0`; what the resource itself asks for.

        Raises:
            SelectorError: an expression is no valid JQ, or fields do not fit together.
        """
        if self.path not in (paths := settings.webhook_paths):
            raise SelectorError(
                f"{place}.path: {self.path} is not in webhookPaths, which has {', '.join(paths)}"
            )
        if self.delete_when and not self.identifier:
            raise SelectorError(
                f"{place}.delete_when: needs {place}.identifier, which says what to delete"
            )
        parameters = resource.parameters
        marked = {name for parameter in parameters for name in parameter.fields}
        included = {name for parameter in parameters for name in parameter.include}
        endpoint = self._endpoint(place, resource, settings)
        self._check_params(place, endpoint, marked | included)
        return LiveEventPlan(
            place,
            self.path,
            ItemExpression(self.when, f"{place}.when"),
            endpoint,
            ItemExpression.by_name(self.params, f"{place}.params"),
            frozenset(marked),
            frozenset(included),
            frozenset(name for each in parameters if each.keeps_slashes for name in each.fields),
            ItemExpression.optional(self.delete_when, f"{place}.delete_when"),
            ItemExpression.optional(self.identifier, f"{place}.identifier"),
            resource.variables,
            ItemExpression.optional(self.each, f"{place}.each"),
        )

    def _endpoint(
        self, place: str, resource: ResourcePlan, settings: ConnectionSettings
    ) -> Endpoint:
        if isinstance(self.fetch, FetchConfig):
            names = self.params.keys()
            return self.fetch.plan(resource.endpoint, f"{place}.fetch", names, settings)
        if resource.export and not self._only_deletes:
            raise SelectorError(
                f"{place}.fetch: is required with export, whose files are not made for one item"
            )
        return resource.endpoint

    def _check_params(self, place: str, endpoint: Endpoint, carried: set[str]) -> None:
        if self._only_deletes:
            return
        placeholders = set(endpoint.placeholders)
        needed = placeholders | carried
        if missing := sorted(needed - set(self.params)):
            why = "is in" if missing[0] in placeholders else "marks the items of"
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
        """Tell whether no event of this entry can ask for a fetch."""
        return (self.delete_when or "").strip() == "true"
