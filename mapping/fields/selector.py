"""A resource's selector as a user writes it, and the plan that it becomes.

A selector that cannot be used must fail its own resource and no other, so that a problem is kept
with the selector until its resource is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from loguru import logger
from port_ocean.core.handlers.port_app_config.models import Selector
from pydantic.v1 import Extra, Field, PrivateAttr, ValidationError, validator

from errors import SelectorError
from formats.json_values import kind_of
from mapping.fields.body_places import check_body_place
from mapping.fields.confirm_deletion import ConfirmDeletionConfig
from mapping.fields.endpoint import EndpointFields, ErrorRuleConfig
from mapping.fields.export import ExportConfig
from mapping.fields.live_events import LiveEventConfig
from mapping.fields.path_parameters import PathParameterConfig
from mapping.fields.problems import describe, misspelt_in, names_of, unusable
from mapping.fields.times import OPEN, IncrementalConfig, WindowsConfig
from mapping.plan.dependencies import check_names, in_order, stands_in_text
from mapping.plan.endpoint import Endpoint, check_placeholders
from mapping.plan.error_rules import ErrorRule
from mapping.plan.incremental import Incremental
from mapping.plan.item_shape import ItemShape
from mapping.plan.path_parameter import PathParameter
from mapping.plan.resource import ResourcePlan
from settings.connection import ConnectionSettings

_WRITING = frozenset({"PUT", "PATCH", "DELETE"})
# The placeholder that baseUrl and the other servers of the API fill.
_INSTANCE = "instance"


class CustomSelector(Selector, EndpointFields):
    """Which endpoint is called, how, and where the items are."""

    query: str = Field(
        "true",
        description="JQ on each raw item; only items where it is true become entities. "
        'Example: `.status != "archived"`.',
    )
    endpoint: str | None = Field(
        None, description="Path that is called instead of the kind. Example: `/api/v1/users`."
    )
    path_parameters: dict[str, PathParameterConfig] = Field(
        default_factory=dict,
        description="Where the values of `{placeholders}` come from. Each item then carries "
        "`__placeholder` with its value.",
    )

    items_filter: str | None = Field(
        None,
        description="JQ on each item that data_path gives; only items where it is exactly true go "
        'on. Example: `.status != "deleted"`.',
    )
    emit: str | None = Field(
        None,
        description="JQ on each item that gives the objects which take its place; none is fine. "
        "Example: `{id: .ID, name: .NAME}`.",
    )
    export: ExportConfig | None = Field(
        None,
        description="A job to submit and to wait for, before the resource's own request downloads "
        'what it made. Example: `{"poll": {"endpoint": "/exports/7", "done": ".ready"}}`.',
    )
    on_error: list[ErrorRuleConfig] = Field(
        default_factory=list,
        description="Rules for answers that are errors, tried in order; without one, the resource "
        'fails. Example: `[{"when": [403], "then": "skip"}]`.',
    )

    incremental: IncrementalConfig | None = Field(
        None,
        description="How an incremental run reads only what has changed; without it, such runs "
        'pass over the resource. Example: `{"param": "since", "lookback": "5m"}`.',
    )
    windows: WindowsConfig | None = Field(
        None,
        description="Windows of time in which the endpoint is read. Example: "
        '`{"from_param": "from", "to_param": "to", "start": "90d", "step": "7d"}`.',
    )

    live_events: list[LiveEventConfig] = Field(
        default_factory=list,
        description="Webhook events that change items of this resource, which are then read "
        'again. Example: `[{"when": ".body.type == \\"user\\"", "fetch": "/users/{id}", '
        '"params": {"id": ".body.id"}}]`.',
    )

    confirm_deletion: ConfirmDeletionConfig | None = Field(
        None,
        description="What the API is asked before entities of this resource are deleted. Example: "
        '`{"fetch": "/users/{id}", "params": {"id": ".identifier"}}`.',
    )

    class Config:
        # Port's form adds keys of its own.
        extra = Extra.allow

    _problems: list[str] = PrivateAttr(default_factory=list)

    @validator("query", pre=True)
    def _boolean_is_jq(cls, value: object) -> object:
        return str(value).lower() if isinstance(value, bool) else value

    @validator("path_parameters", pre=True)
    def _by_placeholder(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(
                f"must be an object by placeholder, such as `{{team_id: {{endpoint: /teams, "
                f"field: .id}}}}` (got {kind_of(value)})"
            )
        return value

    @classmethod
    def validate(cls: type["CustomSelector"], value: Any) -> "CustomSelector":
        """Return a selector; a wrong one keeps its problems, and fails when it is used."""
        try:
            selector = super().validate(value)
        except ValidationError as error:
            given = value if isinstance(value, dict) else {}
            unknown = {key: given[key] for key in given if key not in names_of(cls)}
            selector = cls.construct(query=str(given.get("query", "true")), **unknown)
            selector._problems = [describe(cls, dict(detail)) for detail in error.errors()]
        return selector

    def plan(self, kind: str, settings: ConnectionSettings) -> ResourcePlan:
        """Return the checked form of the resource.

        Raises:
            SelectorError: with every problem of this selector, naming the kind.
        """
        problems = [*self._problems, *self._misspelt()]
        if not problems:
            try:
                return self._plan(kind, settings)
            except SelectorError as error:
                problems.append(str(error))
        raise unusable(kind, problems)

    @property
    def is_wrong(self) -> bool:
        """True where there is a problem that is found without reading anything."""
        return bool(self._problems or self._misspelt())

    def warn(self, kind: str, settings: ConnectionSettings) -> None:
        """Log what is accepted but deserves a second look."""
        if unknown := self._unknown():
            logger.warning(f"{kind}: the selector's keys {', '.join(unknown)} have no effect")
        methods = {self.method, *(item.method for item in self.path_parameters.values())}
        for method in sorted(methods & _WRITING):
            logger.warning(f"{kind}: {method} is sent as configured; it may change data in the API")
        for fields in (self, *self.path_parameters.values()):
            for written, read in fields.respelt_places(settings).items():
                logger.warning(f"{kind}: pagination's {written} is read as {read}")
        for line in self._all_remarks(kind, settings):
            logger.warning(f"{kind}: {line}")
        needed = {parameter.name for parameter in self.plan(kind, settings).parameters}
        if unused := sorted(set(self.path_parameters) - needed):
            logger.warning(
                f"{kind}: path_parameters {', '.join(unused)} are not used by the request"
            )

    def _all_remarks(self, kind: str, settings: ConnectionSettings) -> Iterator[str]:
        yield from self.remarks(self.endpoint or kind, "", settings)
        for name, each in self.path_parameters.items():
            yield from each.remarks(each.endpoint or "", f"path_parameters.{name}.", settings)

    def _plan(self, kind: str, settings: ConnectionSettings) -> ResourcePlan:
        self._check_exported(settings)
        configs = self._all_parameters(settings)
        owners = _owners(configs)
        path = self.endpoint or kind
        export = self.export.plan(owners.keys(), settings) if self.export else None
        filled = {**owners, **dict.fromkeys(export.names if export else [])}
        endpoint = self.endpoint_at(path, names=filled.keys(), place="", settings=settings)
        check_placeholders(endpoint, filled, "kind")
        self._check_times_in_body()
        rules = (
            ErrorRule.parse(rule.when, rule.then, f"on_error.{index}")
            for index, rule in enumerate(self.on_error)
        )
        incremental = self._incremental()
        if incremental and incremental.delta:
            self._check_delta(endpoint, settings)
        plan = ResourcePlan(
            kind,
            endpoint,
            error_rules=tuple(rules),
            shape=ItemShape(self.items_filter or "", self.emit or ""),
            export=export,
            incremental=incremental,
            windows=self.windows.plan() if self.windows else None,
        )
        needed = in_order(
            plan.placeholders, owners, lambda name: configs[name].plan(name, settings, owners)
        )
        plan = replace(plan, parameters=tuple(_with_batches(plan.steps, needed)))
        entries = enumerate(self.live_events)
        events = (each.plan(f"live_events.{index}", plan, settings) for index, each in entries)
        check = self.confirm_deletion
        return replace(
            plan,
            live_events=tuple(events),
            confirm_deletion=check.plan(plan, settings) if check else None,
        )

    def _check_exported(self, settings: ConnectionSettings) -> None:
        """Refuse to hand variables to Port that the operator has not exposed."""
        if hidden := sorted(set(self.export_env_variables) - set(settings.exposed_variables)):
            raise SelectorError(
                f"exportEnvVariables: {', '.join(hidden)} is not in exposedVariables, which has "
                f"{', '.join(settings.exposed_variables) or 'none'}"
            )

    def _check_times_in_body(self) -> None:
        """Refuse times that would be put beside what the body asks for, and be ignored there.

        Raises:
            SelectorError: names the place.
        """
        incremental, windows = self.incremental, self.windows
        if incremental and incremental.param and incremental.where == "body":
            check_body_place(self, incremental.param, "incremental.param", is_made=False)
        if windows and windows.where == "body":
            check_body_place(self, windows.from_param, "windows.from_param", is_made=False)
            if windows.end != OPEN:
                check_body_place(self, windows.to_param, "windows.to_param", is_made=False)

    def _check_delta(self, endpoint: Endpoint, settings: ConnectionSettings) -> None:
        """Refuse delta where there is no place for its token, or there would be several.

        Raises:
            SelectorError: says what to do instead.
        """
        if settings.response_directory is None:
            raise SelectorError(
                "incremental.delta: needs the setting responseDirectory, a directory in which the "
                "token is kept between runs"
            )
        if endpoint.placeholders or self.export:
            raise SelectorError(
                "incremental.delta: cannot be used with path_parameters or export, which read more "
                "than one list"
            )

    def _incremental(self) -> Incremental | None:
        changing = [name for name, found in self.path_parameters.items() if found.changed]
        if self.incremental:
            return self.incremental.plan(has_other_way=bool(self.windows or changing))
        if changing:
            raise SelectorError(
                f"path_parameters.{changing[0]}.changed: has no effect without an incremental "
                "block; add `incremental: {}`"
            )
        return None

    def _all_parameters(self, settings: ConnectionSettings) -> dict[str, PathParameterConfig]:
        """Return the path parameters, and that of `{instance}` where there are instances."""
        roots = list(settings.roots)
        own = {_INSTANCE: PathParameterConfig(values=roots)} if roots else {}
        return {**own, **self.path_parameters}

    def _unknown(self) -> list[str]:
        return sorted(set(self.__dict__) - set(self.__fields__))

    def _misspelt(self) -> list[str]:
        return misspelt_in(self.__dict__, type(self))


def _owners(configs: Mapping[str, PathParameterConfig]) -> dict[str, str]:
    """Return for each placeholder the path parameter that fills it."""
    placeholders = {name: config.placeholders(name) for name, config in configs.items()}
    check_names(placeholders, {name: config.include for name, config in configs.items()})
    return {each: name for name, names in placeholders.items() for each in names}


def _with_batches(
    steps: list[Endpoint], parameters: list[PathParameter]
) -> Iterator[PathParameter]:
    """Yield the same parameters, whose batches know whether their values stand in a text."""
    endpoints = [*steps, *(each.endpoint for each in parameters if each.endpoint)]
    for parameter in parameters:
        batch = parameter.batch
        if batch and batch.join is None:
            is_joined = any(stands_in_text(each, parameter.name) for each in endpoints)
            yield replace(parameter, batch=replace(batch, is_joined=is_joined))
        else:
            yield parameter
