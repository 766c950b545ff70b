"""The `path_parameters` of a selector, as a user writes them."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic.v1 import Field, root_validator, validator

from errors import SelectorError
from expressions.item_expressions import ItemExpression
from formats.json_values import exact
from mapping.fields.endpoint import EndpointFields
from mapping.fields.user_fields import UserFields
from mapping.plan.endpoint import Endpoint, check_placeholders
from mapping.plan.path_parameter import Batch, PathParameter, Variables
from settings.connection import ConnectionSettings

_SOURCES = ("endpoint", "values", "variables")
_PLACEHOLDER_NAME = re.compile(r"[A-Za-z_][\w-]*")


class BatchConfig(UserFields):
    """How values are handed to one request several at a time."""

    size: int = Field(ge=1, description="How many values one request gets at most. Example: `50`.")
    join: str | None = Field(
        None,
        min_length=1,
        description="What stands between the values; by default a comma, or, where a text of a "
        "JSON body is the placeholder as a whole, the values as a list. Example: `;`.",
    )


class PathParameterConfig(EndpointFields):
    """Where the values of one or more placeholders come from."""

    endpoint: str | None = Field(
        None,
        description="Path that is called to discover the values; it may hold placeholders of "
        "other path parameters. Example: `/api/v1/teams`.",
    )
    values: list[Any] | None = Field(
        None,
        description="Fixed values instead of an endpoint, or objects for `field` or `fields`. "
        'Example: `["acme", "globex"]`.',
    )
    variables: str | None = Field(
        None,
        description="JQ on the object of the exposed environment variables that gives the values, "
        'instead of an endpoint. Example: `.ORGS | split(",")`.',
    )
    field: str | None = Field(
        None,
        description="JQ on each item that gives the value, or a list of values. Example: `.id`.",
    )
    fields: dict[str, str] | None = Field(
        None,
        description="Instead of `field`: several placeholders and the JQ that gives their values. "
        'Example: `{"owner": ".owner.login", "repo": ".name"}`.',
    )
    filter: str | None = Field(
        None,
        description="JQ on each discovered item; only items where it is exactly true are used. "
        'Example: `.status == "active"`.',
    )
    include: dict[str, str] = Field(
        default_factory=dict,
        description="What of the discovered item every item below it carries: `team` becomes "
        '`__team`. Example: `{"team": ".custom_properties.team"}`.',
    )
    batch: BatchConfig | None = Field(
        None,
        description="Hands several values at a time to one request. Example: "
        '`{"size": 50, "join": ","}`.',
    )
    encode: Literal["path", "segment"] = Field(
        "path",
        description="How values are percent-encoded: `path` keeps slashes, `segment` encodes "
        "them as well. Example: `segment`.",
    )

    changed: str | None = Field(
        None,
        description="JQ on each discovered item that gives when it, or anything below it, changed; "
        "an incremental run then reads changed ones only. Example: `.pushed_at`.",
    )

    @validator("fields", "include")
    def _usable_names(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for name in value or ():
            if not _PLACEHOLDER_NAME.fullmatch(name):
                raise ValueError(
                    f"has the name {name!r}; start with a letter or _, then letters, digits, _, -"
                )
        return value

    @validator("values")
    def _json_values(cls, value: list[Any] | None) -> list[Any] | None:
        if value is not None and not value:
            raise ValueError("is empty; list at least one value")
        for index, each in enumerate(value or ()):
            try:
                json.dumps(each, allow_nan=False)
            except (TypeError, ValueError):
                raise ValueError(
                    f"has a {type(each).__name__} at {index} ({each}); write it in quotes"
                ) from None
        return value

    @root_validator(skip_on_failure=True)
    def _one_of_each(cls, given: dict[str, Any]) -> dict[str, Any]:
        sources = [name for name in _SOURCES if given[name] is not None]
        if len(sources) != 1:
            got = f"got {' and '.join(sources)}" if sources else "got none"
            raise ValueError(f"needs exactly one of {', '.join(_SOURCES)} ({got})")
        for name, field in EndpointFields.__fields__.items():
            if given["endpoint"] is None and given[name] != field.get_default():
                raise ValueError(f"has {sources[0]} and {name}, which goes with endpoint only")
        if given["field"] is not None and given["fields"]:
            raise ValueError("has field and fields; give field, or all placeholders in fields")
        if not given["fields"] and given["field"] is None and given["endpoint"] is not None:
            raise ValueError("field required, or fields: JQ on each discovered item")
        if given["batch"] and (given["fields"] or given["include"]):
            other = "fields" if given["fields"] else "include"
            raise ValueError(
                f"has batch and {other}; a request that is for several values at once cannot tell "
                "its items apart, so that batch goes with field only"
            )
        return given

    def placeholders(self, name: str) -> list[str]:
        """Return the placeholders that the parameter of this name fills."""
        return list(self.fields or [name])

    def plan(
        self, name: str, settings: ConnectionSettings, known: Mapping[str, object]
    ) -> PathParameter:
        """Return the checked form; `known` are the placeholders of all parameters.

        Raises:
            SelectorError: a JQ expression does not compile, the endpoint has a placeholder that
                no parameter fills, or a fixed value is of no use.
        """
        place = f"path_parameters.{name}"
        fields = ItemExpression.by_name(self.fields or {}, f"{place}.fields")
        made = PathParameter(
            name,
            fields or {name: ItemExpression(self.field or ".", f"{place}.field")},
            self._endpoint(place, settings, known),
            tuple(map(exact, self.values or ())),
            ItemExpression.optional(self.filter, f"{place}.filter"),
            ItemExpression.by_name(self.include, f"{place}.include"),
            Batch(self.batch.size, self.batch.join) if self.batch else None,
            segment=self.encode == "segment",
            changed=ItemExpression.optional(self.changed, f"{place}.changed"),
            variables=self._variables(place, settings),
        )
        given = [made.plain_count(item) for item in made.items]
        if given and not any(count != 0 for count in given):
            raise SelectorError(f"{place}.values: none of {len(given)} gives a value")
        return made

    def _endpoint(
        self, place: str, settings: ConnectionSettings, known: Mapping[str, object]
    ) -> Endpoint | None:
        if (path := self.endpoint) is None:
            return None
        endpoint = self.endpoint_at(path, names=known.keys(), place=place, settings=settings)
        check_placeholders(endpoint, known, f"{place}.endpoint")
        return endpoint

    def _variables(self, place: str, settings: ConnectionSettings) -> Variables | None:
        if self.variables is None:
            return None
        expression = ItemExpression(self.variables, f"{place}.variables")
        return Variables(expression, dict(settings.exposed))
