"""The `confirm_deletion` block, as a user writes it."""

from pydantic.v1 import Field, validator

from errors import SelectorError
from expressions.item_expressions import ItemExpression
from mapping.fields.live_events import FetchConfig
from mapping.fields.user_fields import UserFields
from mapping.plan.confirm_deletion import DeletionCheck
from mapping.plan.error_rules import ErrorPolicy, ErrorRule
from mapping.plan.resource import ResourcePlan
from settings.connection import ConnectionSettings

_PLACE = "confirm_deletion"


class ConfirmDeletionConfig(UserFields):
    """The question to the API before entities are deleted, and the answers that say yes."""

    fetch: FetchConfig | str = Field(
        description="The endpoint that is asked for one item, or a request. "
        "Example: `/api/v1/users/{id}`."
    )
    params: dict[str, str] = Field(
        default_factory=dict,
        description="For each `{placeholder}` of the fetched endpoint: JQ over `{identifier, "
        'blueprint}` of the entity that gives its value. Example: `{"id": ".identifier"}`.',
    )
    gone_when: str | list[int] | int | None = Field(
        None,
        description="Which answers say that the item is gone, beside 404 and 410: a JQ predicate "
        "over `{status, headers, body, path_params}`, or a list of status codes. "
        "Example: `.body.deleted == true`.",
    )
    max_checks: int = Field(
        20,
        ge=1,
        description="The number of entities of a blueprint that are asked about; all others go by "
        "these. Example: `100`.",
    )

    class Config:
        smart_union = True

    @validator("fetch", pre=True)
    def _endpoint_alone(cls, value: object) -> object:
        return {"endpoint": value} if isinstance(value, str) else value

    def plan(self, resource: ResourcePlan, settings: ConnectionSettings) -> DeletionCheck:
        """Return the checked form.

        Raises:
            SelectorError: an expression does not compile, or a placeholder has no value.
        """
        fetch = self.fetch if isinstance(self.fetch, FetchConfig) else FetchConfig(endpoint="")
        names = self.params.keys()
        endpoint = fetch.plan(resource.endpoint, f"{_PLACE}.fetch", names, settings)
        needed = set(endpoint.placeholders)
        if missing := sorted(needed - names):
            raise SelectorError(
                f"{_PLACE}.params: has no {missing[0]}, which is in {endpoint.path}; add "
                f"params.{missing[0]}, a JQ over the entity such as `.identifier`"
            )
        if unknown := sorted(needed & resource.variables.keys()):
            raise SelectorError(
                f"{_PLACE}.fetch: {endpoint.path} needs {unknown[0]}, which comes from a variable; "
                "entities do not carry its value, so that what is there would be taken for gone"
            )
        if not needed:
            raise SelectorError(
                f"{_PLACE}.fetch: {endpoint.path} is the same for all entities; it needs a "
                "placeholder that params fill, such as `/users/{id}`"
            )
        rules = []
        if self.gone_when is not None:
            rules.append(ErrorRule.parse(self.gone_when, "skip", f"{_PLACE}.gone"))
        return DeletionCheck(
            endpoint,
            ItemExpression.by_name(self.params, f"{_PLACE}.params"),
            ErrorPolicy(tuple(rules)),
            frozenset(resource.placeholders),
            self.max_checks,
        )
