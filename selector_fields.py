"""The parts of a selector as a user writes them: endpoints, path parameters and error rules.

These are pydantic.v1 models, as Ocean asks; the mapping form shows their titles and descriptions.
"""

from collections.abc import Mapping, Set
from typing import Any, Literal

from pydantic.v1 import BaseModel, Extra, Field, validator

from endpoints import Endpoint, check_placeholders
from error_rules import ErrorRule
from errors import SelectorError
from extraction import DataPath, ItemExpression
from pagination_fields import PaginationConfig
from parameters import PathParameter
from settings import ConnectionSettings
from templates import misspelt_in

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
    body_format: Literal["json", "form", "text", "graphql"] = Field(
        default="json",
        alias="bodyFormat",
        title="Body format",
        description="How the body is sent: `json`, `form`, `text`, or `graphql`, where it is "
        "`{query, variables}` or just the query. Example: `form`.",
    )
    auth: Literal["default", "none"] = Field(
        default="default",
        title="Auth",
        description="`none` sends neither credentials nor customHeaders; `default` sends what the "
        "connection settings say. Example: `none`.",
    )
    pagination: PaginationConfig | None = Field(
        default=None,
        title="Pagination",
        description="How this endpoint is read to its end, in place of the connection's pagination "
        'settings. Example: `{"type": "cursor", "cursor_item": ".id"}`.',
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

    def endpoint_at(
        self, path: str, *, names: Set[str], place: str, settings: ConnectionSettings
    ) -> Endpoint:
        """The checked form of the endpoint at a path.

        Inputs: `names` are the placeholders that may stand in it; `place` is where it is written,
        empty for the selector itself.

        Raises:
            SelectorError: a field cannot be used as it is.
        """
        prefix = f"{place}." if place else ""
        body = self._checked_body(prefix)
        for name, texts in (("query_params", self.query_params), ("headers", self.headers)):
            refuse_misspelt(texts, names, f"{prefix}{name}")
        refuse_misspelt({} if self.body_format == "graphql" else body, names, f"{prefix}body")
        pagination = None
        if self.pagination:
            pagination = self.pagination.over(settings.pagination, f"{prefix}pagination")
        return Endpoint(
            path,
            self.method,
            self.query_params,
            self.headers,
            body,
            DataPath(self.data_path, f"{prefix}data_path"),
            self.body_format,
            is_anonymous=self.auth == "none",
            pagination=pagination,
            names=frozenset(names),
            exposed=settings.exposed,
        )

    def _checked_body(self, prefix: str) -> Any:
        """The body in the shape that its format sends.

        Raises:
            SelectorError: it has none that the format can send.
        """
        body, place = self.body, f"{prefix}body"
        match self.body_format:
            case "form" if not isinstance(body, Mapping | None):
                raise SelectorError(f"{place}: must be an object with body_format form")
            case "text" if not isinstance(body, str | None):
                raise SelectorError(f"{place}: must be a text with body_format text")
            case "graphql":
                return _graphql(body, place)
        return body


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

    changed: str | None = Field(
        default=None,
        title="Changed",
        description="JQ on each discovered item that gives when it, or anything below it, changed; "
        "an incremental run then reads changed ones only. Example: `.pushed_at`.",
    )

    class Config:
        extra = Extra.forbid

    def plan(self, name: str, settings: ConnectionSettings) -> PathParameter:
        """The checked form.

        Raises:
            SelectorError: a JQ expression does not compile, or the endpoint has a placeholder.
        """
        place = f"path_parameters.{name}"
        endpoint = self.endpoint_at(self.endpoint, names=set(), place=place, settings=settings)
        check_placeholders(endpoint, {}, f"{place}.endpoint")
        return PathParameter(
            name,
            endpoint,
            ItemExpression(self.field, f"{place}.field"),
            ItemExpression(self.filter, f"{place}.filter") if self.filter else None,
            segment=self.encode == "segment",
            changed=ItemExpression(self.changed, f"{place}.changed") if self.changed else None,
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


def refuse_misspelt(value: Any, names: Set[str], place: str) -> None:
    """Refuse what looks like a placeholder and is evidently a misspelt one.

    Raises:
        SelectorError: names it, and the one that was meant.
    """
    for name, meant in misspelt_in(value, names):
        raise SelectorError(
            f"{place}: {{{name}}} is no path parameter; did you mean {{{meant}}}? "
            f"For the text itself, write {{{{{name}}}}}"
        )


def _graphql(body: Any, place: str) -> dict[str, Any]:
    given = {"query": body} if isinstance(body, str) else body
    if not isinstance(given, Mapping) or not isinstance(given.get("query"), str):
        raise SelectorError(
            f"{place}: must be a GraphQL query, or an object with query and variables, with "
            "body_format graphql"
        )
    if not isinstance(given.get("variables") or {}, Mapping):
        raise SelectorError(f"{place}.variables: must be an object")
    return {**given, "variables": given.get("variables") or {}}


def _header_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
