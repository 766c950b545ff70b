"""The parts of a selector as a user writes them: endpoints, path parameters and error rules.

These are pydantic.v1 models, as Ocean asks; the mapping form shows their titles and descriptions.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic.v1 import BaseModel, Extra, Field, root_validator, validator

from endpoints import Endpoint, check_placeholders
from error_rules import ErrorRule
from errors import SelectorError
from extraction import DataPath, ItemExpression
from parameters import Batch, PathParameter, exact

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SOURCES = ("endpoint", "values", "variables")
_PLACEHOLDER_NAME = re.compile(r"[A-Za-z_][\w-]*")


class EndpointFields(BaseModel):
    """What a resource's own endpoint and a discovery endpoint have in common."""

    method: str = Field(
        default="GET",
        title="Method",
        description="HTTP method: GET, POST, PUT, PATCH or DELETE. Example: `POST`.",
    )
    query_params: dict[str, Any] = Field(
        default_factory=dict,
        alias="queryParams",
        title="Query parameters",
        description='Query parameters of each request. Example: `{"active": "true"}`.',
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        title="Headers",
        description='Headers of each request. Example: `{"Accept": "application/json"}`.',
    )
    body: Any = Field(
        default=None,
        title="Body",
        description='JSON body of each request. Example: `{"filter": "open"}`.',
    )
    data_path: str = Field(
        default=".",
        alias="dataPath",
        title="Data path",
        description="JQ expression that finds the items in a response. Example: `.data.users`.",
    )

    class Config:
        allow_population_by_field_name = True

    @validator("method", pre=True)
    def _known_method(cls, value: object) -> object:
        method = value.upper() if isinstance(value, str) else value
        if method not in _METHODS:
            raise ValueError(f"must be one of {', '.join(_METHODS)} (got {value!r})")
        return method

    @validator("headers", pre=True)
    def _text_headers(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {str(name): _header_text(content) for name, content in value.items()}

    @validator("query_params", "headers", pre=True)
    def _null_is_none_given(cls, value: object) -> object:
        return {} if value is None else value

    @validator("data_path", pre=True)
    def _empty_is_default(cls, value: object) -> object:
        return value or "."


class BatchConfig(BaseModel):
    """How values are handed to one request several at a time."""

    size: int = Field(
        ge=1,
        title="Size",
        description="How many values one request gets at most. Example: `50`.",
    )
    join: str | None = Field(
        default=None,
        min_length=1,
        title="Join",
        description="What stands between the values; by default a comma, or, where a text of a "
        "JSON body is the placeholder as a whole, the values as a list. Example: `;`.",
    )

    class Config:
        extra = Extra.forbid


class PathParameterConfig(EndpointFields):
    """Where the values of one or more placeholders come from."""

    endpoint: str | None = Field(
        default=None,
        title="Endpoint",
        description="Path that is called to discover the values; it may hold placeholders of "
        "other path parameters. Example: `/api/v1/teams`.",
    )
    values: list[Any] | None = Field(
        default=None,
        title="Values",
        description="Fixed values instead of an endpoint, or objects for `field` or `fields`. "
        'Example: `["acme", "globex"]`.',
    )
    variables: str | None = Field(
        default=None,
        title="Variables",
        description="JQ on the object of the exposed environment variables that gives the values, "
        'instead of an endpoint. Example: `.ORGS | split(",")`.',
    )
    field: str | None = Field(
        default=None,
        title="Field",
        description="JQ on each item that gives the value, or a list of values. Example: `.id`.",
    )
    fields: dict[str, str] | None = Field(
        default=None,
        title="Fields",
        description="Instead of `field`: several placeholders and the JQ that gives their values. "
        'Example: `{"owner": ".owner.login", "repo": ".name"}`.',
    )
    filter: str | None = Field(
        default=None,
        title="Filter",
        description="JQ on each discovered item; only items where it is exactly true are used. "
        'Example: `.status == "active"`.',
    )
    include: dict[str, str] = Field(
        default_factory=dict,
        title="Include",
        description="What of the discovered item every item below it carries: `team` becomes "
        '`__team`. Example: `{"team": ".custom_properties.team"}`.',
    )
    batch: BatchConfig | None = Field(
        default=None,
        title="Batch",
        description="Hands several values at a time to one request. Example: "
        '`{"size": 50, "join": ","}`.',
    )
    encode: Literal["path", "segment"] = Field(
        default="path",
        title="Encode",
        description="How values are percent-encoded: `path` keeps slashes, `segment` encodes "
        "them as well. Example: `segment`.",
    )

    class Config:
        extra = Extra.forbid

    @validator("include", pre=True)
    def _null_is_nothing(cls, value: object) -> object:
        return {} if value is None else value

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
        """The placeholders that the parameter of this name fills."""
        return list(self.fields or [name])

    def plan(self, name: str, known: Mapping[str, object] = MappingProxyType({})) -> PathParameter:
        """The checked form; `known` are the placeholders of all parameters.

        Raises:
            SelectorError: a JQ expression does not compile, the endpoint has a placeholder that
                no parameter fills, or a fixed value is of no use.
        """
        place = f"path_parameters.{name}"
        made = PathParameter(
            name,
            self._fields(name, place),
            self._endpoint(place, known),
            tuple(map(exact, self.values or ())),
            ItemExpression(self.variables, f"{place}.variables") if self.variables else None,
            ItemExpression(self.filter, f"{place}.filter") if self.filter else None,
            {
                each: ItemExpression(expression, f"{place}.include.{each}")
                for each, expression in self.include.items()
            },
            Batch(self.batch.size, self.batch.join) if self.batch else None,
            segment=self.encode == "segment",
        )
        given = [len(made.outputs(item).values) for item in made.items]
        if given and not any(given):
            raise SelectorError(f"{place}.values: none of {len(made.items)} gives a value")
        return made

    def _fields(self, name: str, place: str) -> dict[str, ItemExpression]:
        if self.fields:
            return {
                each: ItemExpression(expression, f"{place}.fields.{each}")
                for each, expression in self.fields.items()
            }
        return {name: ItemExpression(self.field or ".", f"{place}.field")}

    def _endpoint(self, place: str, known: Mapping[str, object]) -> Endpoint | None:
        if self.endpoint is None:
            return None
        endpoint = Endpoint(
            self.endpoint,
            self.method,
            self.query_params,
            self.headers,
            self.body,
            DataPath(self.data_path, f"{place}.data_path"),
            names=frozenset(known),
        )
        check_placeholders(endpoint, known, f"{place}.endpoint")
        return endpoint


class ErrorRuleConfig(BaseModel):
    """What to do when an answer of the endpoint is an error; the first rule that fits counts."""

    when: str | list[int] | int = Field(
        title="When",
        description="A JQ predicate over `{status, headers, body, path_params}`, or a list of "
        'status codes. Example: `.status == 403 and .body.code == "archived"`.',
    )
    then: Literal["retry", "skip", "stop", "fail"] = Field(
        title="Then",
        description="`retry` the request, `skip` the endpoint as if it were empty, `stop` and "
        "keep what came so far, or `fail`. Example: `skip`.",
    )

    class Config:
        extra = Extra.forbid
        smart_union = True

    def plan(self, place: str) -> ErrorRule:
        """The checked form; `place` is where it stands, such as `on_error.0`.

        Raises:
            SelectorError: `when` is neither a valid JQ predicate nor a list of status codes.
        """
        return ErrorRule.parse(self.when, self.then, place)


def _header_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
