"""The connection settings: parsed once from Ocean's configuration into a frozen, typed object.

`ConnectionSettings.parse` takes what Ocean read from environment, Helm values or the hosted form,
where everything may be a string, empty or absent (None), and reports all problems together.
"""

import os
import re
from collections.abc import Container, Mapping
from typing import Annotated, Any, Literal

import httpx
from pydantic import BaseModel, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import ErrorDetails

from errors import SettingsError
from settings import certificates, environment, names, plain_addresses
from settings.credentials import CredentialSettings
from settings.custom_auth import CustomAuthRequest, CustomAuthRequestTemplate, LoginStep
from settings.marks import (
    SAME_ANSWERS,
    SECRET_VALUES,
    ReadsMachine,
    SameAnswers,
    Sensitive,
    marked,
)
from settings.pagination import ConnectionPagination, PaginationSettings
from settings.types import (
    Headers,
    Listed,
    Proxy,
    Secret,
    check_hosts,
    checked_headers,
    refuse,
    shortened,
)
from settings.webhook_handshakes import Handshake
from settings.webhooks import WebhookSettings, webhook_problems
from settings.wording import choice, quotes

MappingEngine = Literal["fused", "ocean"]
HttpVersion = Literal["http1", "auto"]

# Settings that read the machine, and what to write where that is Port's.
_FROM_ENVIRONMENT = ReadsMachine(lambda value: True, "write what is no secret into the mapping")
_REFERRING = ReadsMachine(environment.is_referred_to, "write the values themselves")
_KEPT_THERE = ReadsMachine(lambda value: True, "leave it out; responses are kept in memory only")
# Those of which an unknown key is refused.
_MODELS: Mapping[str, type[BaseModel]] = {
    "customAuthRequest": CustomAuthRequest,
    "customAuthRequestTemplate": CustomAuthRequestTemplate,
    "webhookChallenge": Handshake,
}
# One of the values in what pydantic says of those allowed: `'page' or 'cursor'`.
_NAMED = re.compile(r"'([^']+)'")
_WITHOUT_SCHEME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?(/[\w./-]*)?")


class ConnectionSettings(CredentialSettings, WebhookSettings):
    """All connection settings, checked. `.port/spec.yaml` says what each one means."""

    base_url: str
    paging: Annotated[ConnectionPagination, SAME_ANSWERS] = ConnectionPagination()
    timeout: Annotated[float, SAME_ANSWERS] = Field(default=30, gt=0, allow_inf_nan=False)
    verify_ssl: bool = True
    ca_certificate: certificates.Authorities | None = Field(default=None, repr=False)
    client_certificate: certificates.ShownCertificate | None = None
    client_key: certificates.PrivateKey | None = None
    client_key_password: Secret | None = None
    proxy: Proxy | None = None
    http_version: HttpVersion = "http1"
    max_concurrent_requests: Annotated[int, SAME_ANSWERS] = Field(default=10, ge=1)
    max_requests_per_second: Annotated[float | None, SAME_ANSWERS] = Field(
        default=None, gt=0, allow_inf_nan=False
    )
    max_retries: Annotated[int, SAME_ANSWERS] = Field(default=8, ge=0)
    max_retry_wait: Annotated[float, SAME_ANSWERS] = Field(default=600, ge=0, allow_inf_nan=False)
    max_outage_wait: Annotated[float, SAME_ANSWERS] = Field(default=120, ge=0, allow_inf_nan=False)
    session_headers: Listed = ()
    allowed_hosts: Listed = ()
    instances: Listed = ()
    exposed_variables: Annotated[Listed, _FROM_ENVIRONMENT] = ()
    strict: Annotated[bool, SAME_ANSWERS] = False
    mapping_engine: Annotated[MappingEngine, SAME_ANSWERS] = "fused"
    response_directory: Annotated[str | None, SAME_ANSWERS, _KEPT_THERE] = None
    response_directory_size: Annotated[int, SAME_ANSWERS] = Field(default=1000, ge=1)
    custom_headers: Annotated[Headers, SECRET_VALUES, _REFERRING] = Field(
        default_factory=dict, repr=False
    )
    _unknown: tuple[str, ...] = PrivateAttr(default=())
    _quoted: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of all settings, in snake_case."""
        paging = ConnectionPagination.model_fields.keys()
        return frozenset((cls.model_fields.keys() | paging) - {"paging"})

    @classmethod
    def parse(
        cls,
        config: Mapping[str, Any],
        chosen: Container[str] | None = None,
        *,
        is_hosted: bool = False,
    ) -> "ConnectionSettings":
        """Build the settings from `ocean.integration_config`, whose names are snake_case.

        Names that no setting has are wrong where they are evidently misspelt, else in `warnings`.
        Where the machine is Port's (`is_hosted`), settings that read it are wrong, and not tried.
        Inputs: `chosen`, the names that somebody gave, where others have Ocean's defaults; None for
        all.

        Raises:
            SettingsError: with every problem at once, each named as in the spec.
        """
        given = {to_camel(name): value for name, value in config.items() if not _is_unset(value)}
        named = [name for name in given if chosen is None or to_snake(name) in chosen]
        unknown = names.judge(named, set(map(to_camel, cls.names())))
        problems = [*unknown.problems, *cls.missing(given), *webhook_problems(given)]
        reading = _reading_the_machine(given) if is_hosted else {}
        problems += reading.values()
        given = {name: value for name, value in given.items() if name not in reading}
        settings = None
        try:
            settings = cls.model_validate({**given, "paging": given})
            problems += settings.paging.missing()
            problems += certificates.identity_problems(settings.identity, given)
            problems += plain_addresses.problems(settings, settings.base_url)
        except ValidationError as error:
            problems += [_describe(detail) for detail in error.errors(include_url=False)]
        if settings is None or problems:
            raise SettingsError(problems)
        settings._unknown = tuple(unknown.warnings)
        settings._quoted = tuple(
            f"{name}: has quotes around its value, which are taken as a part of it{quotes(value)}"
            for name, value in given.items()
            if quotes(value)
        )
        return settings

    @property
    def warnings(self) -> list[str]:
        """Lines on what is accepted but deserves a second look, each starting with a name."""
        plain = plain_addresses.doubts(self, self.base_url)
        own = self.auth.doubts(self)
        return [*self._unknown, *self._quoted, *own, *plain, *self.webhook_doubts]

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        return _checked_root(value)

    @field_validator("instances")
    @classmethod
    def _check_instances(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        roots = tuple(map(_checked_root, values))
        for root in roots:
            if root.startswith("http:") and info.data.get("base_url", "").startswith("https:"):
                refuse(
                    f"has {root}, where credentials would be sent in the clear, while baseUrl has "
                    "https; write https://"
                )
        return roots

    @field_validator("exposed_variables")
    @classmethod
    def _check_variables(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not environment.NAME.fullmatch(name):
                refuse(f"has {name!r}; give names of environment variables, such as TENANT_TOKEN")
            if environment.is_of_ocean(name):
                refuse(f"has {name}, which holds a secret of the integration itself")
        if absent := sorted(set(names) - os.environ.keys()):
            refuse(f"names environment variables that are not set: {', '.join(absent)}")
        return names

    @field_validator("session_headers")
    @classmethod
    def _check_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        checked_headers(dict.fromkeys(names, ""))
        return names

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return check_hosts(hosts)

    @field_validator("response_directory")
    @classmethod
    def _check_directory(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            refuse("must be the absolute path of a directory, such as /var/lib/ocean-custom")
        return value

    @field_validator("custom_headers")
    @classmethod
    def _fill_in_environment(cls, headers: dict[str, str]) -> dict[str, str]:
        return checked_headers(environment.filled_in(headers))

    @property
    def identity(self) -> certificates.Identity | None:
        """The client certificate to show to servers that want one."""
        shown = self.client_certificate
        key, password = self.client_key, self.client_key_password
        return certificates.Identity.of(shown, key, password) if shown else None

    @property
    def pagination(self) -> PaginationSettings:
        """The pagination settings, with the defaults of their type filled in."""
        return self.paging.chosen

    def of_answers(self) -> dict[str, Any]:
        """Return the settings that answers may depend on, credentials included."""
        same = marked(type(self), SameAnswers).keys() | WebhookSettings.model_fields.keys()
        return self.model_dump(exclude=set(same))

    @property
    def roots(self) -> tuple[str, ...]:
        """The addresses that `{instance}` stands for: baseUrl and instances, if there are any."""
        return tuple(dict.fromkeys([self.base_url, *self.instances])) if self.instances else ()

    @property
    def exposed(self) -> Mapping[str, str]:
        """The environment variables that a mapping may use, by name."""
        return {name: os.environ[name] for name in self.exposed_variables}


def _checked_root(value: str) -> str:
    """Return the address of an API's root without a slash at its end; refuse what is none."""
    try:
        url = httpx.URL(value.strip())
    except httpx.InvalidURL as error:
        # A password that is not encoded may be taken for a port, and quoted.
        refuse("is not a URL" if "@" in value else f"is not a URL: {error}")
    if ":" in url.host and "%" in url.host:
        refuse("must not name a zone; give an address that is valid on every interface")
    if url.scheme not in ("http", "https") or not url.host or "%" in url.host:
        meant = f"; write https://{value}" if _WITHOUT_SCHEME.fullmatch(value) else ""
        refuse(f"must start with http:// or https:// and name a host{meant}")
    if url.userinfo:
        refuse("must not hold a user name or password; use authType basic for these")
    if url.query or url.fragment:
        refuse("must not hold a query or fragment; these belong to the mapping")
    return str(url).rstrip("/")


def _reading_the_machine(given: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with each setting that reads the machine, by its name in the spec."""
    marks = marked(ConnectionSettings, ReadsMachine)
    return {
        name: f"{name}: reads the machine that it runs on, which is not possible where that is "
        f"Port's; {mark.instead}, or host it yourself"
        for name, value in given.items()
        if (mark := marks.get(to_snake(name))) and mark.does(value)
    }


def _is_unset(value: object) -> bool:
    """Return whether a value means "not set", as forms, charts and Ocean's defaults spell it."""
    return value is None or value in ({}, []) or (isinstance(value, str) and not value.strip())


def _describe(detail: ErrorDetails) -> str:
    """Return a line for one of pydantic's errors, in the words of the spec and without secrets."""
    loc = [str(part) for part in detail["loc"] if part != "paging"]
    name, *inner = map(to_camel, loc or ["settings"])
    place = "".join([name, *(f"[{part}]" if part.isdecimal() else f".{part}" for part in inner)])
    got = "" if _is_hidden(to_snake(name)) else f" (got {shortened(detail['input'])})"
    match detail["type"]:
        case "missing":
            return f"{place}: is required"
        case "extra_forbidden":
            model = LoginStep if "steps" in inner[:-1] else _MODELS[name]
            allowed = ", ".join(map(to_camel, model.model_fields))
            return f"{place}: is not known; allowed are {allowed}"
        case "literal_error":
            expected = detail["ctx"]["expected"]
            meant = choice(detail["input"], _NAMED.findall(expected))
            return f"{place}: must be one of {expected}{got}{meant}"
    message = detail["msg"].removeprefix("Input ")
    advice = "" if "quotes" in message else quotes(detail["input"])
    return f"{place}: {message}{got}{advice}"


def _is_hidden(name: str) -> bool:
    info = ConnectionSettings.model_fields.get(name)
    return name in marked(ConnectionSettings, Sensitive) or bool(info and not info.repr)
