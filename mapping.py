"""The resource mapping as a user writes it, and the plan that a resource's selector becomes.

These are pydantic.v1 models, as Ocean asks. A selector that cannot be used must fail its own
resource and no other, so that a problem is kept with the selector until its resource is read.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from loguru import logger
from port_ocean.core.handlers.port_app_config.models import (
    PortAppConfig,
    ResourceConfig,
    Selector,
)
from pydantic.v1 import BaseModel, Extra, Field, PrivateAttr, ValidationError, validator

from endpoints import Endpoint, check_placeholders
from errors import SelectorError
from extraction import DataPath
from live_events.models import FetchConfig, LiveEventConfig
from live_events.plan import check_blueprint
from resync import ResourcePlan
from selector_fields import EndpointFields, ErrorRuleConfig, PathParameterConfig

_WRITING = frozenset({"PUT", "PATCH", "DELETE"})
_CLOSE_ENOUGH = 0.8


class CustomSelector(Selector, EndpointFields):
    """Which endpoint is called, how, and where the items are."""

    query: str = Field(
        default="true",
        title="Query",
        description="JQ on each raw item; only items where it is true become entities. "
        'Example: `.status != "archived"`.',
    )
    endpoint: str | None = Field(
        default=None,
        title="Endpoint",
        description="Path that is called instead of the kind. Example: `/api/v1/users`.",
    )
    path_parameters: dict[str, PathParameterConfig] = Field(
        default_factory=dict,
        alias="pathParameters",
        title="Path parameters",
        description="For each `{placeholder}` of the path: how its values are discovered. "
        "Each item then carries `__placeholder` with its value.",
    )

    on_error: list[ErrorRuleConfig] = Field(
        default_factory=list,
        alias="onError",
        title="On error",
        description="Rules for answers that are errors, tried in order; without one, the resource "
        'fails. Example: `[{"when": [403], "then": "skip"}]`.',
    )

    live_events: list[LiveEventConfig] = Field(
        default_factory=list,
        alias="liveEvents",
        title="Live events",
        description="Webhook events that change items of this resource, which are then read "
        'again. Example: `[{"when": ".body.type == \\"user\\"", "fetch": "/users/{id}", '
        '"params": {"id": ".body.id"}}]`.',
    )

    class Config:
        # Port's form adds keys of its own.
        extra = Extra.allow

    _problems: list[str] = PrivateAttr(default_factory=list)

    @classmethod
    def validate(cls: type["CustomSelector"], value: Any) -> "CustomSelector":
        """A selector; one that is wrong is kept with its problems and fails when it is used."""
        try:
            selector = super().validate(value)
        except ValidationError as error:
            given = value if isinstance(value, dict) else {}
            unknown = {key: given[key] for key in given if key not in _names_of(cls)}
            selector = cls.construct(query=str(given.get("query", "true")), **unknown)
            selector._problems = [_describe(dict(detail)) for detail in error.errors()]
        return selector

    @validator("live_events", pre=True)
    def _no_events(cls, value: object) -> object:
        return [] if value is None else value

    @validator("path_parameters", pre=True)
    def _no_parameters(cls, value: object) -> object:
        return {} if value is None else value

    def plan(self, kind: str) -> ResourcePlan:
        """The checked form of the resource.

        Raises:
            SelectorError: with every problem of this selector, naming the kind.
        """
        problems = [*self._problems, *self._misspelt()]
        plan = None
        if not problems:
            try:
                plan = self._plan(kind)
            except SelectorError as error:
                problems.append(str(error))
        if plan is None:
            raise unusable(kind, problems)
        return plan

    def warn(self, kind: str) -> None:
        """Log what is accepted but deserves a second look."""
        if unknown := self._unknown():
            logger.warning(f"{kind}: the selector's keys {', '.join(unknown)} have no effect")
        methods = {self.method, *(item.method for item in self.path_parameters.values())}
        for method in sorted(methods & _WRITING):
            logger.warning(f"{kind}: {method} is sent as configured; it may change data in the API")
        used = Endpoint(self.endpoint or kind).placeholders
        if unused := sorted(set(self.path_parameters) - set(used)):
            logger.warning(f"{kind}: path_parameters {', '.join(unused)} are not in the path")

    def _plan(self, kind: str) -> ResourcePlan:
        endpoint = Endpoint(
            self.endpoint or kind,
            self.method,
            self.query_params,
            self.headers,
            self.body,
            DataPath(self.data_path),
        )
        check_placeholders(endpoint, self.path_parameters, "kind")
        parameters = tuple(self.path_parameters[name].plan(name) for name in endpoint.placeholders)
        return ResourcePlan(
            kind,
            endpoint,
            parameters,
            tuple(rule.plan(f"on_error.{index}") for index, rule in enumerate(self.on_error)),
            tuple(
                entry.plan(f"live_events.{index}", endpoint, parameters)
                for index, entry in enumerate(self.live_events)
            ),
        )

    def _unknown(self) -> list[str]:
        return sorted(set(self.__dict__) - set(self.__fields__))

    def _misspelt(self) -> list[str]:
        names = _names_of(type(self))
        return [
            f"{key}: is not known; did you mean {close[0]}?"
            for key in self._unknown()
            if (close := difflib.get_close_matches(key, sorted(names), 1, _CLOSE_ENOUGH))
        ]


class CustomResourceConfig(ResourceConfig):
    """One resource: a kind, which is an endpoint path, its selector and its mapping."""

    kind: str = Field(
        title="Kind",
        description="The endpoint path, or any name when selector.endpoint gives the path. "
        "Example: `/api/v1/users`.",
    )
    selector: CustomSelector = Field(
        title="Selector",
        description="Which endpoint is called, how, and where the items are in its responses.",
    )

    def plan(self) -> ResourcePlan:
        """The checked form of this resource.

        Raises:
            SelectorError: the selector cannot be used.
        """
        plan = self.selector.plan(self.kind)
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


def unusable(kind: str, problems: Iterable[str]) -> SelectorError:
    """The error that names a resource's kind, and each problem of its selector on a line."""
    listed = "\n".join(f"  - {problem}" for problem in problems)
    return SelectorError(f"the selector of kind {kind} cannot be used:\n{listed}")


def check_webhook_paths(plan: ResourcePlan, paths: Sequence[str]) -> None:
    """Refuse live events at a path where none arrive; `paths` is the setting webhookPaths.

    Raises:
        SelectorError: names the entry and the paths that there are.
    """
    problems = [
        f"{entry.place}.path: {entry.path} is not in webhookPaths, which has {', '.join(paths)}"
        for entry in plan.live_events
        if entry.path not in paths
    ]
    if problems:
        raise unusable(plan.kind, problems)


def plans_of(resources: Iterable[object]) -> list[ResourcePlan]:
    """The plans of all resources that can be read; the others fail when it is their turn."""
    plans = []
    for resource in resources:
        if isinstance(resource, CustomResourceConfig):
            try:
                plans.append(resource.plan())
            except SelectorError:
                continue
    return plans


def _names_of(model: type[BaseModel]) -> set[str]:
    return {name for field in model.__fields__.values() for name in (field.name, field.alias)}


def _describe(detail: Mapping[str, Any]) -> str:
    models = (CustomSelector, PathParameterConfig, ErrorRuleConfig, LiveEventConfig, FetchConfig)
    spelt = {field.alias: field.name for m in models for field in m.__fields__.values()}
    parts = (str(part) for part in detail["loc"] if part != "__root__")
    place = ".".join(spelt.get(part, part) for part in parts)
    if detail["type"] == "value_error.extra":
        allowed = ", ".join(_model_at(place).__fields__)
        return f"{place}: is not known; allowed are {allowed}"
    return f"{place}: {detail['msg']}"


def _model_at(place: str) -> type[BaseModel]:
    """What stands at a place such as `on_error.0.whn`."""
    if place.startswith("live_events"):
        return FetchConfig if ".fetch." in place else LiveEventConfig
    return ErrorRuleConfig if place.startswith("on") else PathParameterConfig
