"""Settings of `authType: custom`: the request that gets credentials and where they go."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import httpx
from pydantic import ConfigDict, Field, field_validator, model_validator

from settings import answer_template as template
from settings.types import FrozenSettings, Headers, refuse

_BODIES = ("body", "bodyForm", "body_form")


class CustomAuthRequest(FrozenSettings):
    """The request that obtains credentials; unknown keys are refused.

    Sample: `{"endpoint": "/oauth/token", "body": {"client_id": "…", "client_secret": "…"}}`
    """

    model_config = ConfigDict(extra="forbid")

    endpoint: str = Field(
        min_length=1, description="Path below baseUrl or full URL, such as `/oauth/token`."
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="POST", description="HTTP method of the authentication request."
    )
    headers: Headers = Field(
        default_factory=dict, description='Headers to send, such as `{"X-Tenant": "acme"}`.'
    )
    body: dict[str, Any] | None = Field(
        default=None, description="Sent as JSON; never together with bodyForm."
    )
    body_form: str | None = Field(
        default=None,
        description="Sent as `application/x-www-form-urlencoded`, such as "
        "`grant_type=client_credentials`.",
    )
    query_params: dict[str, Any] = Field(
        default_factory=dict, description='Query parameters, such as `{"scope": "read"}`.'
    )
    reauthenticate_interval_seconds: int | None = Field(
        default=None,
        ge=1,
        description="Lifetime of the credentials in seconds; they are renewed 60 s, but at most a "
        "tenth of it, before it elapses. Unset: renewed only after a 401.",
    )

    @model_validator(mode="before")
    @classmethod
    def _an_empty_body_is_none(cls, value: Any) -> Any:
        """Drop an empty body beside one that is given, as forms send what was left empty."""
        if not isinstance(value, Mapping) or not any(value.get(name) for name in _BODIES):
            return value
        return {name: part for name, part in value.items() if part or name not in _BODIES}

    @field_validator("method", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.body is not None and self.body_form is not None:
            refuse("has both body and bodyForm; give only one of them")
        return self

    def secret_part(self) -> list[Any]:
        """Return all that is sent, parameters and forms apart."""
        form = dict(httpx.QueryParams(self.body_form or ""))
        query = dict(httpx.QueryParams(self.endpoint.partition("?")[2]))
        return [self.headers, self.body, self.query_params, form, query]


class CustomAuthRequestTemplate(FrozenSettings):
    """The places in every API request where values of the authentication response go.

    Sample: `{"headers": {"Authorization": "Bearer {{.access_token}}"}}`
    """

    model_config = ConfigDict(extra="forbid")

    headers: dict[str, Any] = Field(
        default_factory=dict, description="Headers that are set or overridden in each request."
    )
    query_params: dict[str, Any] = Field(
        default_factory=dict,
        description="Query parameters that are set or overridden in each request.",
    )
    body: dict[str, Any] = Field(
        default_factory=dict, description="Fields that are merged into the JSON body."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.headers or self.query_params or self.body):
            refuse("needs at least one of headers, queryParams, body")
        try:
            template.check(self.sections)
        except template.TemplateError as error:
            refuse(str(error))
        return self

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """The three sections under the names that a user writes."""
        return {"headers": self.headers, "queryParams": self.query_params, "body": self.body}
