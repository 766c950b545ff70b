"""The resource mapping as a user writes it: pydantic.v1 models, as Ocean asks."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from port_ocean.core.handlers.port_app_config.models import PortAppConfig, ResourceConfig
from pydantic.v1 import Field, root_validator

from errors import SelectorError
from mapping.fields.entity_mapping import problems_of, without_nulls
from mapping.fields.problems import misspelt_in, unusable
from mapping.fields.selector import CustomSelector
from mapping.plan.live_events import check_blueprint
from mapping.plan.resource import ResourcePlan
from settings.connection import ConnectionSettings


class CustomResourceConfig(ResourceConfig):
    """One resource: a kind, which is an endpoint path, its selector and its mapping."""

    kind: str = Field(
        title="Kind",
        description="The endpoint path, or any name when selector.endpoint gives the path. "
        "Example: `/api/v1/users`.",
    )
    selector: CustomSelector = Field(
        default_factory=CustomSelector,
        title="Selector",
        description="Which endpoint is called, how, and where the items are in its responses.",
    )

    @root_validator(pre=True)
    def _null_is_not_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        return without_nulls(given)

    @root_validator(pre=True)
    def _is_spelt_right(cls, given: dict[str, Any]) -> dict[str, Any]:
        # What is ignored may be what keeps entities: `enable_deletes: false`.
        return _spelt_right(given, cls)

    def plan(self, settings: ConnectionSettings) -> ResourcePlan:
        """Return the checked form of this resource.

        Raises:
            SelectorError: the selector, or the mapping of its items, cannot be used.
        """
        plan = self.selector.plan(self.kind, settings)
        if problems := [*problems_of(self.port)]:
            raise unusable(self.kind, problems, "mapping")
        try:
            check_blueprint(plan.live_events, self.port.entity.mappings.blueprint)
        except SelectorError as error:
            raise unusable(self.kind, [str(error)]) from None
        return plan


class CustomPortAppConfig(PortAppConfig):
    """The whole mapping; a kind may be any string."""

    allow_custom_kinds: ClassVar[bool] = True

    resources: list[CustomResourceConfig] = Field(
        default_factory=list,
        title="Resources",
        description="The endpoints to read, and how their items become entities.",
    )  # type: ignore[assignment]  # narrows the element type, as Ocean's integrations do

    @root_validator(pre=True)
    def _is_spelt_right(cls, given: dict[str, Any]) -> dict[str, Any]:
        return _spelt_right(given, cls)


def _spelt_right(given: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return what is given.

    Raises:
        ValueError: it has names that are nearly known.
    """
    if misspelt := misspelt_in(given, model):
        raise ValueError("; ".join(misspelt))
    return given


def is_incremental(resource: object) -> bool:
    """Tell whether a resource takes part in incremental runs; a wrong one does too, and fails."""
    if not isinstance(resource, CustomResourceConfig):
        return False
    return resource.selector.incremental is not None or resource.selector.is_wrong


def plans_of(resources: Iterable[object], settings: ConnectionSettings) -> list[ResourcePlan]:
    """Return the plans of all resources that can be read; the others fail when they are read."""
    plans = []
    for resource in resources:
        if isinstance(resource, CustomResourceConfig):
            with suppress(SelectorError):
                plans.append(resource.plan(settings))
    return plans
