"""Handshakes: how an address proves to a sender that it wants its events, before any comes.

    Microsoft Graph  POST /webhook?validationToken=abc      answered with the text abc
    Okta             GET, X-Okta-Verification-Challenge: abc  answered with {"verification": "abc"}

They are described by places of the request: `query.validationToken`, `headers.x-hook-secret`,
`body.challenge`. Nothing of them is kept, and nothing is looked up because of them.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from settings.types import refuse

_FILLED = re.compile(r"\{(?:(?P<how>hmac|hmac_base64):)?(?P<place>[^{}:]+)\}")
_PLACE = re.compile(r"(?:query|headers|body)\..+")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
# Of what is sent back: no sender asks for more, and whoever asks chooses it.
_LONGEST = 2000
_UNFIT = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Knock:
    """A request that may be a handshake; names of headers are lower case.

    `body` is the JSON value of its body; None where there is none, or it was not read yet.
    """

    method: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(default=None, repr=False)

    def find(self, place: str) -> str | None:
        """Return the text or number at a place, as text; None where there is none.

        Sample places: `query.hub.challenge`, whose name has a dot, and `body.0.data.code`.
        """
        part, _, name = place.partition(".")
        if part != "body":
            return (self.query if part == "query" else self.headers).get(name)
        held = self.body
        for key in name.split("."):
            if isinstance(held, Mapping):
                held = held.get(key)
            elif isinstance(held, list) and key.isdecimal() and int(key) < len(held):
                held = held[int(key)]
            else:
                return None
        is_one = isinstance(held, str | int | float) and not isinstance(held, bool)
        return str(held) if is_one else None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a handshake: `content` is a text, or JSON to be, or None for no body."""

    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Handshake(BaseModel):
    """A handshake, as a preset or the setting webhookChallenge describes it.

    A request is one where its method is right and all places of `when` are there, with the text
    that is given for them, if any. `respond` is the answer, a text or JSON, and `headers` are its
    headers; in both, `{query.name}` is what stands there, `{hmac:body.name}` its HMAC-SHA256 with
    webhookSecret. Where it `is_signed`, it must be authentic as an event; `verify` names a place
    that must hold webhookSecret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    when: Mapping[str, str | None] = Field(default_factory=dict)
    respond: Any = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    method: str = "POST"
    is_signed: bool = Field(default=False, alias="signed")
    verify: str = ""

    @field_validator("when", mode="before")
    @classmethod
    def _places(cls, value: object) -> object:
        """Accept one place, or several, without the texts that must stand there."""
        names = [value] if isinstance(value, str) else value
        return dict.fromkeys(names) if isinstance(names, list) else names

    @field_validator("when")
    @classmethod
    def _check_places(cls, value: Mapping[str, str | None]) -> Mapping[str, str | None]:
        for place in value:
            if not _PLACE.fullmatch(place):
                refuse(f"has {place!r}; a place is like query.name, headers.name or body.name")
        return {_lowered(place): text for place, text in value.items()}

    @field_validator("method")
    @classmethod
    def _check_method(cls, value: str) -> str:
        if value.upper() not in _METHODS:
            refuse(f"must be one of {', '.join(sorted(_METHODS))} (got {value!r})")
        return value.upper()

    @property
    def needs_body(self) -> bool:
        """Tell whether only the body tells whether a request is one."""
        return any(place.startswith("body.") for place in self.when)

    def fits(self, knock: Knock) -> bool:
        """Tell whether a request is this handshake."""
        if knock.method != self.method or not (self.when or self.method != "POST"):
            return False
        found = ((knock.find(place), wanted) for place, wanted in self.when.items())
        return all(text is not None and wanted in (None, text) for text, wanted in found)

    def is_verified(self, knock: Knock, secrets: tuple[str, ...]) -> bool:
        """Tell whether the place that must hold a secret does, or there is no such place."""
        if not self.verify:
            return True
        given = (knock.find(_lowered(self.verify)) or "").encode("utf-8", "replace")
        matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
        return any(matches)

    def reply(self, knock: Knock, secret: str) -> Reply | None:
        """Return the answer; None where what it would send back cannot be sent."""
        try:
            content = _filled(self.respond, knock, secret)
            headers = {name: _text(text, knock, secret) for name, text in self.headers.items()}
        except ValueError:
            return None
        if any(_UNFIT.search(text) or not text.isascii() for text in headers.values()):
            return None
        return Reply(content, headers)


def _lowered(place: str) -> str:
    return place.lower() if place.startswith("headers.") else place


def _filled(value: Any, knock: Knock, secret: str) -> Any:
    match value:
        case str():
            return _text(value, knock, secret)
        case Mapping():
            return {name: _filled(each, knock, secret) for name, each in value.items()}
        case list():
            return [_filled(each, knock, secret) for each in value]
    return value


def _text(template: str, knock: Knock, secret: str) -> str:
    def fill(found: re.Match[str]) -> str:
        text = knock.find(_lowered(found["place"]))
        if text is None or len(text) > _LONGEST:
            raise ValueError(found["place"])
        if not found["how"]:
            return text
        digest = hmac.new(secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256)
        return digest.hexdigest() if found["how"] == "hmac" else _base64(digest.digest())

    return _FILLED.sub(fill, template)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


_ORIGIN = "headers.webhook-request-origin"
HANDSHAKES: Mapping[str, Handshake] = {
    # https://docs.slack.dev/reference/events/url_verification
    "slack": Handshake(
        when={"body.type": "url_verification", "body.challenge": None},
        respond={"challenge": "{body.challenge}"},
        is_signed=True,
    ),
    # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    "graph": Handshake(when={"query.validationToken": None}, respond="{query.validationToken}"),
    # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    "meta": Handshake(
        method="GET",
        when={"query.hub.mode": "subscribe", "query.hub.challenge": None},
        respond="{query.hub.challenge}",
        verify="query.hub.verify_token",
    ),
    # https://developer.okta.com/docs/concepts/event-hooks/
    "okta": Handshake(
        method="GET",
        when={"headers.x-okta-verification-challenge": None},
        respond={"verification": "{headers.x-okta-verification-challenge}"},
    ),
    # https://developers.zoom.us/docs/api/webhooks/
    "zoom": Handshake(
        when={"body.event": "endpoint.url_validation", "body.payload.plainToken": None},
        respond={
            "plainToken": "{body.payload.plainToken}",
            "encryptedToken": "{hmac:body.payload.plainToken}",
        },
        is_signed=True,
    ),
    # https://developer.monday.com/apps/docs/webhooks
    "monday": Handshake(when={"body.challenge": None}, respond={"challenge": "{body.challenge}"}),
    # https://developers.asana.com/docs/webhooks-guide
    "asana": Handshake(
        when={"headers.x-hook-secret": None},
        headers={"X-Hook-Secret": "{headers.x-hook-secret}"},
        is_signed=True,
    ),
    # https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
    "event_grid": Handshake(
        when={
            "headers.aeg-event-type": "SubscriptionValidation",
            "body.0.data.validationCode": None,
        },
        respond={"validationResponse": "{body.0.data.validationCode}"},
    ),
    # https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
    "cloudevents": Handshake(
        method="OPTIONS",
        when={_ORIGIN: None},
        headers={"WebHook-Allowed-Origin": f"{{{_ORIGIN}}}", "WebHook-Allowed-Rate": "*"},
    ),
    # https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
    "trello": Handshake(method="HEAD"),
    # https://www.dropbox.com/developers/reference/webhooks
    "dropbox": Handshake(method="GET", when={"query.challenge": None}, respond="{query.challenge}"),
    # https://dev.twitch.tv/docs/eventsub/handling-webhook-events/
    "twitch": Handshake(
        when={
            "headers.twitch-eventsub-message-type": "webhook_callback_verification",
            "body.challenge": None,
        },
        respond="{body.challenge}",
        is_signed=True,
    ),
}
