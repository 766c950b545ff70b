"""The settings that authentication reads, and which of them each authType needs."""

import os
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic.alias_generators import to_snake

from settings.custom_auth import CustomAuthRequest, CustomAuthRequestTemplate
from settings.signing_key import KeyRefusedError, SigningAlgorithm, load_key
from settings.types import FrozenSettings, Texts, check_header, from_json, refuse

AuthType = Literal[
    "none", "bearer_token", "basic", "api_key", "custom", "oauth2", "jwt", "aws_sigv4"
]
GrantType = Literal["client_credentials", "refresh_token", "password", "jwt_bearer"]
ClientAuthentication = Literal["header", "body", "assertion"]
ApiKeyLocation = Literal["header", "query", "cookie"]

# Of names joined by "or", one is enough.
_NEEDED_BY_AUTH: dict[str, tuple[str, ...]] = {
    "bearer_token": ("apiToken",),
    "basic": ("username",),
    "basic_auth": ("username",),
    "api_key": ("apiKey",),
    "custom": ("customAuthRequest", "customAuthRequestTemplate"),
    "oauth2": ("tokenUrl",),
    "jwt": ("signingKey or signingKeyFile",),
    "aws_sigv4": ("accessKeyId", "secretAccessKey", "signingRegion"),
}
_NEEDED_BY_GRANT: dict[str, tuple[str, ...]] = {
    "client_credentials": ("clientId",),
    "refresh_token": ("refreshToken or refreshTokenFile",),
    "password": ("username", "password"),
    "jwt_bearer": ("signingKey or signingKeyFile",),
}
_NEEDED_FOR_ASSERTION = ("clientId", "signingKey or signingKeyFile")
_NOT_IN_COOKIES = frozenset('",;\\ ')

SECRETS = frozenset(
    {
        "apiToken",
        "password",
        "apiKey",
        "clientSecret",
        "refreshToken",
        "tokenParameters",
        "signingKey",
        "secretAccessKey",
        "sessionToken",
        "customAuthRequest",
        "customAuthRequestTemplate",
    }
)


class CredentialSettings(FrozenSettings):
    """How requests prove who sends them. `.port/spec.yaml` says what each setting means."""

    auth_type: AuthType = "none"
    api_token: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    api_key_location: ApiKeyLocation = "header"
    api_key_header: str = "X-API-Key"
    api_key_prefix: str = ""
    api_key: SecretStr | None = None
    token_url: str | None = None
    grant_type: GrantType = "client_credentials"
    client_authentication: ClientAuthentication = "header"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    refresh_token_file: Path | None = None
    scope: str | None = None
    audience: str | None = None
    token_parameters: Texts = Field(default_factory=dict, repr=False)
    signing_algorithm: SigningAlgorithm = "RS256"
    signing_key: SecretStr | None = None
    signing_key_file: Path | None = None
    token_claims: Annotated[dict[str, Any], BeforeValidator(from_json)] = Field(
        default_factory=dict
    )
    token_headers: Annotated[dict[str, Any], BeforeValidator(from_json)] = Field(
        default_factory=dict
    )
    token_lifetime: int = Field(default=300, ge=1)
    token_per_request: bool = False
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    signing_region: str | None = None
    signing_service: str = "execute-api"
    custom_auth_request: Annotated[CustomAuthRequest | None, BeforeValidator(from_json)] = Field(
        default=None, repr=False
    )
    custom_auth_request_template: Annotated[
        CustomAuthRequestTemplate | None, BeforeValidator(from_json)
    ] = Field(default=None, repr=False)

    @field_validator(
        "api_token",
        "api_key",
        "password",
        "client_secret",
        "refresh_token",
        "signing_key",
        "secret_access_key",
        "session_token",
        mode="before",
    )
    @classmethod
    def _without_line_break(cls, value: object) -> object:
        # Secrets are mounted from files, which editors end with a line break.
        return value.strip("\r\n") if isinstance(value, str) else value

    @field_validator("api_token", "api_key", "secret_access_key", "session_token")
    @classmethod
    def _check_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().strip().isprintable():
            refuse("has a line break or control character, which no header can carry")
        return SecretStr(value.get_secret_value().strip()) if value else value

    @field_validator("api_token", "session_token")
    @classmethod
    def _check_ascii(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().isascii():
            refuse("has a character that is not ASCII, which no header can carry")
        return value

    @field_validator("auth_type", mode="before")
    @classmethod
    def _basic_auth_is_basic(cls, value: object) -> object:
        return "basic" if value == "basic_auth" else value

    @field_validator("api_key_header")
    @classmethod
    def _check_api_key_header(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("api_key_location") != "query":
            check_header(value, "")
        return value

    @field_validator("api_key_prefix")
    @classmethod
    def _check_prefix(cls, value: str) -> str:
        if not value.isprintable():
            refuse("has a line break or control character, which no header can carry")
        return value.strip()

    @field_validator("api_key")
    @classmethod
    def _check_place(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        location = info.data.get("api_key_location")
        whole = (
            f"{info.data.get('api_key_prefix') or ''}{value.get_secret_value() if value else ''}"
        )
        if location == "cookie" and _NOT_IN_COOKIES & set(whole):
            refuse('has, with apiKeyPrefix, a space or one of , ; " \\, which no cookie can carry')
        if location != "query" and not whole.isascii():
            refuse("has, with apiKeyPrefix, a character beyond ASCII, which no header can carry")
        return value

    @field_validator("token_url")
    @classmethod
    def _check_token_url(cls, value: str) -> str:
        if "://" not in value:
            return value
        try:
            url = httpx.URL(value)
        except httpx.InvalidURL:
            refuse("is not a URL")
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            refuse(
                "must be a path below baseUrl, or a URL with http:// or https:// and no user name, "
                "such as https://login.example.com/oauth/token"
            )
        return value

    @field_validator("refresh_token_file")
    @classmethod
    def _check_refresh_token_file(cls, path: Path) -> Path:
        folder = path.parent
        if path.is_dir() or not folder.is_dir():
            refuse(f"must be the path of a file in a folder that exists, but {folder} is none")
        if not os.access(folder, os.W_OK | os.X_OK):
            refuse(f"is in {folder}, where nothing can be written; mount a volume there")
        if path.exists() and not os.access(path, os.R_OK):
            refuse("cannot be read")
        return path

    @field_validator("signing_key")
    @classmethod
    def _check_signing_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        _check_key(value.get_secret_value(), info)
        return value

    @field_validator("signing_key_file")
    @classmethod
    def _check_signing_key_file(cls, path: Path, info: ValidationInfo) -> Path:
        try:
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            refuse(f"cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}")
        _check_key(text, info)
        return path

    @field_validator("token_claims")
    @classmethod
    def _check_claims(cls, claims: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(claims.get("iss", ""), str | None):
            refuse('has an iss that is no text; write it as one, such as {"iss": "12345"}')
        return claims

    @property
    def secrets(self) -> Iterator[str]:
        """What is secret as a whole, whatever authType is."""
        for name in CredentialSettings.model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield value.get_secret_value()
        if self.signing_text:
            yield self.signing_text

    @property
    def query_credentials(self) -> Set[str]:
        """The query parameters in which credentials go to the API, by name."""
        if self.auth_type == "api_key" and self.api_key_location == "query":
            return {self.api_key_header}
        template = self.custom_auth_request_template
        return template.query_params.keys() if self.auth_type == "custom" and template else set()

    @property
    def signing_text(self) -> str | None:
        """The signing key as it was written, in its setting or its file."""
        if self.signing_key:
            return self.signing_key.get_secret_value()
        return self.signing_key_file.read_text("utf-8").strip() if self.signing_key_file else None


def _check_key(text: str, info: ValidationInfo) -> None:
    algorithm = info.data.get("signing_algorithm")
    if algorithm:
        try:
            load_key(text, algorithm)
        except KeyRefusedError as error:
            refuse(str(error))


def missing(given: Mapping[str, Any]) -> Iterator[str]:
    """A line for each credential that the chosen authType needs and that is not given.

    Inputs: `given`, the settings that are set, by their names in the spec.
    """
    auth_type = given.get("authType", "none")
    if not isinstance(auth_type, str):
        return
    for name, reason in _needed(auth_type, given).items():
        name, *others = name.split(" or ")
        if not given.keys() & {name, *others}:
            instead = f" (or {others[0]})" if others else ""
            yield (
                f"{name}: is required with {reason}{instead}; set it as "
                f"OCEAN__INTEGRATION__CONFIG__{to_snake(name).upper()} or in the Helm values"
            )


def _needed(auth_type: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Names, and what each is needed for."""
    needed = dict.fromkeys(_NEEDED_BY_AUTH.get(auth_type, ()), f"authType {auth_type}")
    if auth_type == "oauth2":
        grant = str(given.get("grantType", "client_credentials"))
        way = str(given.get("clientAuthentication", "header"))
        needed |= dict.fromkeys(_NEEDED_BY_GRANT.get(grant, ()), f"grantType {grant}")
        if way == "assertion":
            needed |= dict.fromkeys(_NEEDED_FOR_ASSERTION, f"clientAuthentication {way}")
        elif grant == "client_credentials":
            needed["clientSecret"] = f"grantType {grant}"
    return needed
