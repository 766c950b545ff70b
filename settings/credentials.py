"""The settings of each authType, and what each requires.

To add an authType, write its class here, name it among the bases of `CredentialSettings`, and write
the strategy in `auth/` that serves it.
"""

import os
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import httpx
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_snake
from pydantic_core import PydanticCustomError, PydanticKnownError

from settings.answer_template import TemplateError
from settings.basic_credentials import basic_pair, client_pair
from settings.custom_auth import CustomAuthRequest, CustomAuthRequestTemplate, check_paths
from settings.kept_tokens import NOT_OURS, parse
from settings.marks import READS_FILE, SECRET_VALUES, Sensitive, marked
from settings.signing_key import SigningAlgorithm, load_key
from settings.types import (
    FrozenSettings,
    MountedText,
    Secret,
    Texts,
    check_header,
    from_json,
    refuse,
    revealed,
)

GrantType = Literal[
    "client_credentials", "refresh_token", "password", "jwt_bearer", "token_exchange"
]
ClientAuthentication = Literal["header", "body", "assertion", "certificate"]
ApiKeyLocation = Literal["header", "query", "cookie"]

_SIGNING_KEY = "signingKey or signingKeyFile"
_NEEDED_BY_GRANT: dict[str, tuple[str, ...]] = {
    "client_credentials": ("clientId",),
    "refresh_token": ("refreshToken or refreshTokenFile",),
    "password": ("username", "password"),
    "jwt_bearer": (_SIGNING_KEY,),
    "token_exchange": ("subjectToken or subjectTokenFile",),
}
_NEEDED_BY_WAY: dict[str, tuple[str, ...]] = {
    "assertion": ("clientId", _SIGNING_KEY),
    "certificate": ("clientId", "clientCertificate"),
}
_NOT_IN_COOKIES = frozenset('",;\\ ')


def _fit_for_a_header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text.isprintable():
        refuse("has a line break or control character, which no header can carry")
    return SecretStr(text)


def _in_ascii(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isascii():
        refuse("has a character that is not ASCII, which no header can carry")
    return value


HeaderSecret = Annotated[Secret, AfterValidator(_fit_for_a_header)]
Token = Annotated[HeaderSecret, AfterValidator(_in_ascii)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(from_json)]


@dataclass(frozen=True)
class AuthType:
    """A value of authType: its name, others that mean the same, and what it requires.

    `required` are settings by their names in the spec; of names joined by "or" one is enough. For
    advice, `credentials` are what an API refuses with 401, `scheme` is what a challenge calls them,
    and `forbidden` tells what a 403 means.
    """

    name: str
    aliases: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    credentials: str = ""
    scheme: str = ""
    forbidden: str = (
        "the credentials are known but may not read this endpoint: grant them read access or a "
        "further scope"
    )


class AuthSettings(FrozenSettings):
    """The settings of one authType, which is the `kind` of the class."""

    kind: ClassVar[AuthType]

    auth_type: str = "none"

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the settings that must be given, and what each is needed for.

        Inputs: `given`, the settings that are set, by their names in the spec.
        """
        return dict.fromkeys(cls.kind.required, f"authType {given['authType']}")

    @classmethod
    def secret_names(cls) -> tuple[str, ...]:
        """Return the secret settings that are usually given, such as `apiToken`."""
        names = (name.split(" or ")[0] for name in cls.needed({"authType": cls.kind.name}))
        return tuple(name for name in names if to_snake(name) in marked(cls, Sensitive))

    def query_names(self) -> Set[str]:
        """Return the query parameters in which these credentials go to the API."""
        return frozenset()

    def combined_secrets(self) -> Iterator[str]:
        """Yield secrets made of several settings, such as the `dXNlcjpwYXNz` of user and pass."""
        return iter(())

    def doubts(self) -> Iterator[str]:
        """Yield a line for each setting that is accepted but deserves a second look."""
        return iter(())


class NoAuthSettings(AuthSettings):
    """No credentials."""

    kind = AuthType("none", forbidden="this endpoint is closed to anonymous requests: set authType")


class BearerTokenSettings(AuthSettings):
    """A token that does not change."""

    kind = AuthType("bearer_token", required=("apiToken",), credentials="apiToken", scheme="bearer")

    api_token: Token | None = None


class UserSettings(FrozenSettings):
    """A user, and the password that may be empty."""

    username: MountedText | None = None
    password: Secret | None = None


class BasicSettings(UserSettings, AuthSettings):
    """A user name and password, in every request."""

    kind = AuthType(
        "basic",
        ("basic_auth",),
        required=("username",),
        credentials="username and password",
        scheme="basic",
    )

    @classmethod
    def secret_names(cls) -> tuple[str, ...]:
        """Return `password`, which is usually given, though it may be empty."""
        return ("password",)

    def doubts(self) -> Iterator[str]:
        """Yield that the password is empty, which only few APIs want."""
        if not revealed(self.password):
            yield (
                "password: is not set, so that an empty one is sent; set it unless the API takes "
                "a key as the user name"
            )

    def combined_secrets(self) -> Iterator[str]:
        """Yield user and password as Basic sends them, and a user name that has no password."""
        if self.username:
            yield basic_pair(self.username, revealed(self.password))
            # Then it is the user name that proves who asks.
            if not self.password and self.auth_type == BasicSettings.kind.name:
                yield self.username


class DigestSettings(UserSettings, AuthSettings):
    """A user name and password, of which each request carries a hash."""

    kind = AuthType(
        "digest",
        required=("username", "password"),
        credentials="username and password",
        scheme="digest",
    )


class ApiKeySettings(AuthSettings):
    """A key in a header, query parameter or cookie."""

    kind = AuthType("api_key", required=("apiKey",), credentials="apiKey")

    api_key_location: ApiKeyLocation = "header"
    api_key_header: str = "X-API-Key"
    api_key_prefix: str = ""
    api_key: HeaderSecret | None = None

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
        whole = f"{info.data.get('api_key_prefix') or ''}{revealed(value)}"
        if location == "cookie" and _NOT_IN_COOKIES & set(whole):
            refuse('has, with apiKeyPrefix, a space or one of , ; " \\, which no cookie can carry')
        if location != "query" and not whole.isascii():
            refuse("has, with apiKeyPrefix, a character beyond ASCII, which no header can carry")
        return value

    def query_names(self) -> Set[str]:
        """Return `apiKeyHeader`, where it names a query parameter."""
        return {self.api_key_header} if self.api_key_location == "query" else frozenset()


class CustomAuthSettings(AuthSettings):
    """A request that obtains credentials, and where these go."""

    kind = AuthType(
        "custom",
        required=("customAuthRequest", "customAuthRequestTemplate"),
        credentials="customAuthRequest and customAuthRequestTemplate",
    )

    custom_auth_request: Annotated[
        CustomAuthRequest | None,
        BeforeValidator(from_json),
        Sensitive(CustomAuthRequest.secret_part),
    ] = Field(default=None, repr=False)
    custom_auth_request_template: Annotated[
        CustomAuthRequestTemplate | None,
        BeforeValidator(from_json),
        # Hidden, but without secrets: these are asked for, and complaints name the placeholders.
        Sensitive(lambda _: None),
    ] = Field(default=None, repr=False)

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> dict[str, str]:
        """Return both settings; a login in steps may be all, where its cookies say who asks."""
        needed = super().needed(given)
        with suppress(PydanticCustomError):
            asked = from_json(given.get("customAuthRequest"))
            if isinstance(asked, Mapping) and asked.get("steps"):
                del needed["customAuthRequestTemplate"]
        return needed

    @field_validator("custom_auth_request_template")
    @classmethod
    def _check_template_paths(
        cls, value: CustomAuthRequestTemplate | None, info: ValidationInfo
    ) -> CustomAuthRequestTemplate | None:
        asked = info.data.get("custom_auth_request")
        try:
            check_paths(value.sections if value else {}, is_whole=bool(asked and asked.steps))
        except TemplateError as error:
            refuse(str(error))
        return value

    def query_names(self) -> Set[str]:
        """Return the query parameters that the template sets."""
        template = self.custom_auth_request_template
        return template.query_params.keys() if template else frozenset()


class SigningSettings(FrozenSettings):
    """A key, and the JSON Web Tokens that are signed with it."""

    signing_algorithm: SigningAlgorithm = "RS256"
    signing_key: Secret | None = None
    signing_key_file: Annotated[Path | None, READS_FILE] = None
    token_claims: JsonObject = Field(default_factory=dict)
    token_headers: JsonObject = Field(default_factory=dict)
    token_lifetime: int = Field(default=300, ge=1)

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
    def signing_text(self) -> str | None:
        """The signing key as it was written, in its setting or its file."""
        if self.signing_key:
            return self.signing_key.get_secret_value()
        return self.signing_key_file.read_text("utf-8").strip() if self.signing_key_file else None


class OAuthSettings(UserSettings, SigningSettings, AuthSettings):
    """A token endpoint of OAuth 2.0, what is traded for a token there, and the client that asks."""

    kind = AuthType(
        "oauth2",
        required=("tokenUrl",),
        credentials="the access token that tokenUrl gave, perhaps for want of a scope or audience",
        scheme="bearer",
    )

    token_url: str | None = None
    grant_type: GrantType = "client_credentials"
    client_authentication: ClientAuthentication = "header"
    client_id: MountedText | None = None
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    refresh_token_file: Annotated[Path | None, READS_FILE] = None
    subject_token: Secret | None = None
    subject_token_file: Annotated[Path | None, READS_FILE] = None
    subject_token_type: str = "urn:ietf:params:oauth:token-type:jwt"  # noqa: S105 (no secret)
    scope: str | None = None
    audience: str | None = None
    token_parameters: Annotated[Texts, SECRET_VALUES] = Field(default_factory=dict, repr=False)

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the settings that the grant and the way of authentication require, too."""
        grant = str(given.get("grantType", "client_credentials"))
        way = str(given.get("clientAuthentication", "header"))
        needed = super().needed(given)
        needed |= dict.fromkeys(_NEEDED_BY_GRANT.get(grant, ()), f"grantType {grant}")
        if way in _NEEDED_BY_WAY:
            needed |= dict.fromkeys(_NEEDED_BY_WAY[way], f"clientAuthentication {way}")
        elif grant == "client_credentials":
            needed["clientSecret"] = f"grantType {grant}"
        return needed

    def combined_secrets(self) -> Iterator[str]:
        """Yield the client's id and secret as Basic sends them."""
        if self.client_id and self.client_secret:
            yield client_pair(self.client_id, revealed(self.client_secret))

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

    @field_validator("subject_token_file")
    @classmethod
    def _check_subject_token_file(cls, path: Path) -> Path:
        if not path.is_absolute():
            refuse("must be the absolute path of a file, such as /var/run/secrets/tokens/api")
        return path

    @field_validator("refresh_token_file")
    @classmethod
    def _check_refresh_token_file(cls, path: Path) -> Path:
        folder = path.parent
        if path.is_dir() or not folder.is_dir():
            refuse(f"must be the path of a file in a folder that exists, but {folder} is none")
        if not os.access(folder, os.W_OK | os.X_OK):
            refuse(f"is in {folder}, where nothing can be written; mount a volume there")
        try:
            text = path.read_text("utf-8").strip() if path.exists() else ""
        except OSError:
            refuse("cannot be read")
        except UnicodeDecodeError:
            refuse(NOT_OURS)
        if text and parse(text) is None:
            refuse(NOT_OURS)
        return path


class JwtSettings(SigningSettings, AuthSettings):
    """JSON Web Tokens that are signed here and sent as they are."""

    kind = AuthType(
        "jwt",
        required=(_SIGNING_KEY,),
        credentials="the signed token (signingKey, signingAlgorithm, tokenClaims and tokenHeaders)",
        scheme="bearer",
    )

    token_per_request: bool = False


class AwsSettings(AuthSettings):
    """An access key of AWS, and the region and service that it signs requests for."""

    kind = AuthType(
        "aws_sigv4",
        required=("accessKeyId", "secretAccessKey", "signingRegion"),
        credentials="the signature (accessKeyId, secretAccessKey and sessionToken)",
        forbidden="AWS answers so to a wrong signature too: look at secretAccessKey, sessionToken, "
        "signingRegion, signingService, the clock of this machine and the policy of the key",
    )

    access_key_id: MountedText | None = None
    secret_access_key: HeaderSecret | None = None
    session_token: Token | None = None
    signing_region: str | None = None
    signing_service: str = "execute-api"


# The last base comes first in messages.
class CredentialSettings(
    AwsSettings,
    JwtSettings,
    OAuthSettings,
    CustomAuthSettings,
    ApiKeySettings,
    DigestSettings,
    BasicSettings,
    BearerTokenSettings,
    NoAuthSettings,
):
    """The settings of all authTypes together. `.port/spec.yaml` says what each one means."""

    @classmethod
    def of_auth_types(cls) -> dict[str, type[AuthSettings]]:
        """Return the class with the settings of each authType; `basic_auth` has that of `basic`."""
        classes = (each for each in reversed(cls.__mro__) if issubclass(each, AuthSettings))
        own = (each for each in classes if "kind" in vars(each))
        return {name: each for each in own for name in (each.kind.name, *each.kind.aliases)}

    @classmethod
    def missing(cls, given: Mapping[str, Any]) -> Iterator[str]:
        """Yield a line for each credential that the chosen authType needs and that is not given.

        Inputs: `given`, the settings that are set, by their names in the spec.
        """
        given = {"authType": "none", **given}
        chosen = cls.of_auth_types().get(str(given["authType"]), NoAuthSettings)
        for name, reason in chosen.needed(given).items():
            name, *others = name.split(" or ")
            if not given.keys() & {name, *others}:
                instead = f" (or {others[0]})" if others else ""
                yield (
                    f"{name}: is required with {reason}{instead}; set it as "
                    f"OCEAN__INTEGRATION__CONFIG__{to_snake(name).upper()} or in the Helm values"
                )

    @field_validator("auth_type")
    @classmethod
    def _name_auth_type(cls, value: str) -> str:
        known = cls.of_auth_types()
        if value not in known:
            *names, last = dict.fromkeys(repr(each.kind.name) for each in known.values())
            raise PydanticKnownError("literal_error", {"expected": f"{', '.join(names)} or {last}"})
        return known[value].kind.name

    @property
    def auth(self) -> type[AuthSettings]:
        """The class with the settings of the chosen authType."""
        return self.of_auth_types()[self.auth_type]

    @property
    def query_credentials(self) -> Set[str]:
        """The query parameters in which credentials go to the API, by name."""
        return self.auth.query_names(self)


def _check_key(text: str, info: ValidationInfo) -> None:
    if algorithm := info.data.get("signing_algorithm"):
        load_key(text, algorithm)
