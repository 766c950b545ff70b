"""The parts of a selector as a user writes them: endpoints, path parameters and error rules.

These are pydantic.v1 models, as Ocean asks; the mapping form shows their titles and descriptions.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic.v1 import BaseModel, Extra, Field, validator

from endpoints import Endpoint, check_placeholders
from error_rules import ErrorRule
from extraction import DataPath, ItemExpression
from parameters import PathParameter

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


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


class PathParameterConfig(EndpointFields):
    """Where the values of one placeholder of the path come from."""

    endpoint: str = Field(
        title="Endpoint",
        description="Path that is called to discover the values. Example: `/api/v1/teams`.",
    )
    field: str = Field(
        title="Field",
        description="JQ on each discovered item that gives the value. Example: `.id`.",
    )
    filter: str | None = Field(
        default=None,
        title="Filter",
        description="JQ on each discovered item; only items where it is exactly true are used. "
        'Example: `.status == "active"`.',
    )
    encode: Literal["path", "segment"] = Field(
        default="path",
        title="Encode",
        description="How values are percent-encoded: `path` keeps slashes, `segment` encodes "
        "them as well. Example: `segment`.",
    )

    class Config:
        extra = Extra.forbid

    def plan(self, name: str) -> PathParameter:
        """The checked form.

        Raises:
            SelectorError: a JQ expression does not compile, or the endpoint has a placeholder.
        """
        place = f"path_parameters.{name}"
        endpoint = Endpoint(
            self.endpoint,
            self.method,
            self.query_params,
            self.headers,
            self.body,
            DataPath(self.data_path, f"{place}.data_path"),
        )
        check_placeholders(endpoint, {}, f"{place}.endpoint")
        return PathParameter(
            name,
            endpoint,
            ItemExpression(self.field, f"{place}.field"),
            ItemExpression(self.filter, f"{place}.filter") if self.filter else None,
            segment=self.encode == "segment",
        )


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
