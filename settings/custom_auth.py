"""Settings of `authType: custom`: the requests that get credentials and where they go."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import httpx
from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticKnownError

from settings import answer_template as template
from settings.types import FrozenSettings, Headers, Listed, check_hosts, refuse

_BODIES = ("body", "bodyForm", "body_form")
# What templates see of the answers to steps: of the last one, and in `steps` of each.
PARTS_OF_ANSWERS = ("body", "headers", "cookies", "text", "status", "steps")
_FIRST_KEY = re.compile(r"\.([A-Za-z_]\w*)")
_HOST = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

# 2xx is a success anyway, and 5xx passes.
Status = Annotated[int, Field(ge=300, le=499)]


class LoginStep(FrozenSettings):
    """One request of a login; unknown keys are refused.

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
    success_statuses: tuple[Status, ...] = Field(
        default=(),
        description="Statuses that are a success beside 2xx, such as `[302]` for a login that "
        "leads on to a page.",
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

    @property
    def template(self) -> dict[str, Any]:
        """All that may hold placeholders, under the names that a user writes."""
        return {
            "endpoint": self.endpoint,
            "headers": self.headers,
            "body": self.body,
            "bodyForm": self.body_form,
            "queryParams": self.query_params,
        }


class CustomAuthRequest(LoginStep):
    """The request that obtains credentials, or the steps of a login that takes several.

    Sample: `{"steps": [{"endpoint": "/csrf", "method": "GET"}, {"endpoint": "/login", "headers":
    {"X-CSRF-Token": "{{.body.token}}"}, "body": {"user": "…", "password": "…"}}]}`
    """

    steps: tuple[LoginStep, ...] = Field(
        default=(),
        description="In place of `endpoint` and what goes with it: requests that are sent one "
        "after another. Templates see each answer whole, as `body`, `headers`, `cookies`, `text` "
        "and `status`.",
    )
    endpoint: str = Field(
        default="",
        description="Path below baseUrl or full URL, such as `/oauth/token`; required without "
        "`steps`.",
    )
    reauthenticate_interval_seconds: int | None = Field(
        default=None,
        ge=1,
        description="Lifetime of the credentials in seconds; they are renewed 60 s, but at most a "
        "tenth of it, before it elapses. Unset: renewed only after a 401.",
    )
    reauthenticate_statuses: tuple[Status, ...] = Field(
        default=(),
        description="Statuses of the API that mean what a 401 does, such as `[403]` where a "
        "session that has expired is answered so; credentials younger than 30 s are kept.",
    )

    @model_validator(mode="before")
    @classmethod
    def _an_endpoint_or_steps(cls, value: Any) -> Any:
        has_none = isinstance(value, Mapping) and not value.get("steps")
        return {"endpoint": "", **value} if has_none else value

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        if not value:
            raise PydanticKnownError("missing")
        return value

    @model_validator(mode="after")
    def _steps_alone(self) -> Self:
        beside = [name for name in LoginStep.model_fields if name in self.model_fields_set]
        if self.steps and beside:
            refuse(f"has steps and {' and '.join(beside)}; put what is sent into a step")
        for number, step in enumerate(self.steps):
            _check_step(step.template, number)
        return self

    @property
    def requests(self) -> tuple[LoginStep, ...]:
        """The requests of the login, one after another."""
        return self.steps or (self,)

    def secret_part(self) -> list[Any]:
        """Return all that is sent, but for texts whose secrets come with an answer."""
        if not self.steps:
            return super().secret_part()
        return [_without_placeholders(step.secret_part()) for step in self.steps]


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
    base_url: str | None = Field(
        default=None,
        min_length=1,
        description="The address that takes the place of baseUrl, where the answer tells it, such "
        "as `{{.instance_url}}`.",
    )
    base_url_hosts: Listed = Field(
        default=(),
        description='The hosts that `baseUrl` may lead to, such as `["*.my.example.com"]`; no '
        "other gets credentials.",
    )

    @field_validator("base_url_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return check_hosts(hosts)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.headers or self.query_params or self.body or self.base_url):
            refuse("needs at least one of headers, queryParams, body")
        if bool(self.base_url) != bool(self.base_url_hosts):
            refuse(
                "needs baseUrl and baseUrlHosts together: credentials go to hosts that are named, "
                "whatever an answer says"
            )
        try:
            template.check(self.sections)
        except template.TemplateError as error:
            refuse(str(error))
        return self

    @property
    def sections(self) -> dict[str, Any]:
        """The sections under the names that a user writes."""
        named = {"headers": self.headers, "queryParams": self.query_params, "body": self.body}
        return {**named, "baseUrl": self.base_url} if self.base_url else named


def check_paths(sections: Any, *, is_whole: bool) -> None:
    """Refuse a path that begins with no part of an answer, where the answer is seen as a whole.

    Raises:
        TemplateError: names the path, and how it is written.
    """
    for path in template.programs_in(sections) if is_whole else ():
        key = _FIRST_KEY.match(path)
        if key and key[1] not in PARTS_OF_ANSWERS:
            *others, last = (f".{part}" for part in PARTS_OF_ANSWERS)
            raise template.TemplateError(
                f"{{{{{path}}}}} begins with no part of an answer to steps, which are "
                f"{', '.join(others)} and {last}; write {{{{.body{path}}}}} for what its JSON has"
            )


def _check_step(parts: Mapping[str, Any], number: int) -> None:
    place = f"steps[{number}]"
    try:
        template.check(parts, place)
        check_paths(parts, is_whole=True)
    except template.TemplateError as error:
        refuse(str(error) if place in str(error) else f"{place}: {error}")
    used = template.programs_in(parts)
    if used and number == 0:
        refuse(f"{place} uses {{{{{next(iter(used))}}}}}, but there is no answer before it")
    host = _HOST.match(parts["endpoint"])
    if host and template.programs_in(host[0]):
        refuse(
            f"{place}.endpoint has a placeholder in its host; credentials go to hosts that are "
            "named, so write the host itself"
        )


def _without_placeholders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_placeholders(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_placeholders(part) for part in value]
    return None if isinstance(value, str) and "{{" in value else value
