"""The connection settings for live events: who may send them, where they arrive, how many bytes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from settings.types import (
    FrozenSettings,
    Listed,
    MountedText,
    Secret,
    check_header,
    from_json,
    refuse,
    revealed,
)
from settings.webhook_handshakes import HANDSHAKES, Handshake
from settings.webhook_signatures import BODY, PLACEHOLDER, PRESETS, TIMESTAMP, SignatureScheme

WebhookAuth = Literal["none", "hmac", "basic", "token"]
# The types of what PRESETS and HANDSHAKES know.
WebhookPreset: Any = Literal.__getitem__(tuple(PRESETS))
WebhookHandshake: Any = Literal.__getitem__(tuple(HANDSHAKES))

_SHORTEST_SECRET, _SHORT_SECRET = 8, 16
DEFAULT_PATH = "/webhook"
_PATH = re.compile(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_REQUIRED = {
    "hmac": ("webhookSecret",),
    "basic": ("webhookUsername", "webhookSecret"),
    "token": ("webhookSecret",),
}


class WebhookSettings(FrozenSettings):
    """The settings that begin with `webhook`; sizes in bytes, times in seconds."""

    webhook_auth: WebhookAuth | None = None
    webhook_preset: WebhookPreset | None = None
    webhook_secret: Secret | None = None
    webhook_previous_secret: Secret | None = None
    webhook_secret_encoding: Literal["text", "base64", "hex"] | None = None
    webhook_username: MountedText | None = None
    webhook_header: str | None = None
    webhook_query_param: str | None = Field(default=None, min_length=1)
    webhook_prefix: str | None = None
    webhook_algorithm: Literal["sha256", "sha1", "sha512"] | None = None
    webhook_encoding: Literal["hex", "base64"] | None = None
    webhook_signed_payload: str | None = None
    webhook_timestamp_header: str | None = None
    webhook_timestamp_prefix: str | None = None
    webhook_separator: str | None = Field(default=None, min_length=1)
    webhook_handshake: WebhookHandshake | None = None
    webhook_challenge: Annotated[Handshake, BeforeValidator(from_json)] | None = None
    webhook_tolerance: float = Field(default=300, gt=0, allow_inf_nan=False)
    webhook_body_limit: int = Field(default=1_048_576, ge=1)
    webhook_paths: Listed = (DEFAULT_PATH,)
    webhook_window: float = Field(default=2, ge=0, le=60)

    @field_validator("webhook_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < _SHORTEST_SECRET:
            refuse(
                f"is shorter than {_SHORTEST_SECRET} characters, so that it can be guessed; make "
                "one such as `openssl rand -hex 32` gives"
            )
        return value

    @property
    def webhook_doubts(self) -> Iterator[str]:
        """Yield a line for what is accepted but deserves a second look."""
        secret = revealed(self.webhook_secret)
        if secret and len(secret) < _SHORT_SECRET:
            yield f"webhookSecret: has {len(secret)} characters; better are {_SHORT_SECRET} or more"

    @field_validator("webhook_header", "webhook_timestamp_header")
    @classmethod
    def _check_name(cls, value: str) -> str:
        check_header(value, "")
        return value

    @field_validator("webhook_signed_payload")
    @classmethod
    def _check_template(cls, value: str) -> str:
        odd = [each for each in _PLACEHOLDER.findall(value) if not PLACEHOLDER.fullmatch(each)]
        if odd or value.count(BODY) != 1:
            refuse(
                f"must hold {BODY} once, and of other placeholders {TIMESTAMP}, {{method}}, "
                "{url} and {header:name} only"
            )
        return value

    @field_validator("webhook_paths")
    @classmethod
    def _check_paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            if not _PATH.fullmatch(path):
                refuse(f"has {path!r}; a path is like /webhook or /webhook/users")
        return tuple(dict.fromkeys(paths))

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        """The handshakes that are answered: what is described, what is named, what a preset has."""
        names = (self.webhook_handshake, self.webhook_preset)
        known = (HANDSHAKES[str(name)] for name in dict.fromkeys(names) if name in HANDSHAKES)
        own = (self.webhook_challenge,) if self.webhook_challenge else ()
        return tuple(self._trusted(each) for each in (*own, *known))

    def _trusted(self, handshake: Handshake) -> Handshake:
        """Return a handshake that is answered to who knows the address, if it brings a secret.

        Anyone can make a secret and sign with it; only the address, which has webhookSecret in it,
        tells a webhook of the user's own from that of a stranger.
        """
        if self.webhook_auth != "hmac" or self.signature_scheme.secret_from not in handshake.when:
            return handshake
        place = f"query.{self.webhook_query_param}"
        return handshake.model_copy(update={"is_signed": False, "verify": place})

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets of which any one is right, the newest first."""
        given = (revealed(self.webhook_secret), revealed(self.webhook_previous_secret))
        return tuple(each for each in given if each)

    @property
    def signature_scheme(self) -> SignatureScheme:
        """The preset, changed by the settings that are given beside it."""
        preset = PRESETS.get(self.webhook_preset or "", SignatureScheme(""))
        own = {part.name: getattr(self, f"webhook_{part.name}", None) for part in fields(preset)}
        return replace(preset, **{name: each for name, each in own.items() if each is not None})


def webhook_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield settings that live events lack together; `given` has the names of the spec."""
    auth = given.get("webhookAuth")
    for name in _REQUIRED.get(str(auth), ()):
        if name not in given:
            yield f"{name}: is required with webhookAuth {auth}"
    if auth == "token" and not {"webhookHeader", "webhookQueryParam"} & given.keys():
        yield (
            "webhookHeader: is required with webhookAuth token, unless webhookQueryParam names a "
            "parameter of the address"
        )
    if auth == "hmac":
        yield from _signature_problems(given)


def _signature_problems(given: Mapping[str, Any]) -> Iterator[str]:
    preset = PRESETS.get(str(given.get("webhookPreset")))
    if preset and preset.secret_from:
        yield from _secret_problems(given)
    asking = PRESETS.get(name := str(given.get("webhookHandshake")))
    if asking and asking.secret_from and asking is not preset:
        yield (
            f"webhookHandshake: with webhookAuth hmac, {name} needs webhookPreset {name}, which "
            "keeps the secret that comes with the handshake; or give webhookAuth token"
        )
    if not preset and "webhookHeader" not in given:
        yield (
            "webhookHeader: is required with webhookAuth hmac, unless webhookPreset is one of "
            f"{', '.join(PRESETS)}"
        )
    default = preset or SignatureScheme("")
    encoding = given.get("webhookSecretEncoding", default.secret_encoding)
    scheme = replace(default, secret_encoding=encoding)
    for name in ("webhookSecret", "webhookPreviousSecret"):
        try:
            scheme.key_of(str(given.get(name) or ""))
        except ValueError as error:
            yield f"{name}: {error}, as webhookSecretEncoding or webhookPreset says; look at both"
    template = str(given.get("webhookSignedPayload", default.signed_payload))
    has_header = bool(given.get("webhookTimestampHeader", default.timestamp_header))
    if has_header and TIMESTAMP not in template:
        yield (
            f"webhookSignedPayload: must hold {TIMESTAMP} where webhookTimestampHeader is given; "
            "a timestamp that is not signed protects from nothing"
        )
    if TIMESTAMP in template and not has_header:
        yield f"webhookTimestampHeader: is required where webhookSignedPayload holds {TIMESTAMP}"


def _secret_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield what lacks where the sender makes a secret for each webhook."""
    name = given["webhookPreset"]
    if "webhookQueryParam" not in given:
        yield (
            f"webhookQueryParam: is required with webhookPreset {name}: a secret is believed only "
            "where it comes to an address with webhookSecret in this parameter"
        )
    if "responseDirectory" not in given:
        yield (
            f"responseDirectory: is required with webhookPreset {name}, to keep the secrets that "
            "come with handshakes; without one, give webhookAuth token, webhookQueryParam and "
            f"webhookHandshake {name}"
        )
