"""Proofs that an event is genuine. Secrets are compared in a time that tells nothing of them."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from settings.basic_credentials import basic_pair
from settings.types import revealed
from settings.webhook_signatures import SignatureScheme
from settings.webhooks import WebhookSettings


class Authenticator(Protocol):
    """A way to prove that an event comes from whom it should."""

    @property
    def headers(self) -> frozenset[str]:
        """Return the names of headers that hold secrets, in lower case."""

    @property
    def needs_body(self) -> bool:
        """Tell whether the body takes part in the decision."""

    def refusal(self, headers: Mapping[str, str], body: bytes, moment: float) -> str | None:
        """Return why an event is refused; None when it is genuine.

        Names of `headers` are lower case; `body` is what arrived, unchanged; `moment` is when, in
        seconds since 1970. The answer holds no secret.
        """


@dataclass(frozen=True, slots=True)
class FixedAuthenticator(Authenticator):
    """The same answer for every event, because webhookAuth says `none`, or is not set."""

    answer: str | None = None
    headers: frozenset[str] = frozenset()
    needs_body: bool = False

    def refusal(self, headers: Mapping[str, str], body: bytes, moment: float) -> str | None:
        return self.answer


@dataclass(frozen=True, slots=True)
class TokenAuthenticator(Authenticator):
    """A secret that a header holds as it is, after a prefix such as `Bearer `."""

    header: str
    secret: str = field(repr=False)
    prefix: str = ""
    needs_body: bool = False

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.header.lower()})

    def refusal(self, headers: Mapping[str, str], body: bytes, moment: float) -> str | None:
        given = headers.get(self.header.lower())
        if given is None:
            return f"it has no header {self.header}"
        is_right = _equal(given, f"{self.prefix}{self.secret}")
        return None if is_right else f"the token in {self.header} is wrong"


@dataclass(frozen=True, slots=True)
class BasicAuthenticator(Authenticator):
    """User name and password (RFC 7617)."""

    username: str
    password: str = field(repr=False)
    headers: frozenset[str] = frozenset({"authorization"})
    needs_body: bool = False

    def refusal(self, headers: Mapping[str, str], body: bytes, moment: float) -> str | None:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "it has no basic authentication"
        right = basic_pair(self.username, self.password)
        return None if _equal(credentials.strip(), right) else "user name or password is wrong"


@dataclass(frozen=True, slots=True)
class HmacAuthenticator(Authenticator):
    """A signature of each body; `tolerance` is in seconds."""

    scheme: SignatureScheme
    secret: str = field(repr=False)
    tolerance: float = 300
    needs_body: bool = True

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.scheme.header.lower()})

    def refusal(self, headers: Mapping[str, str], body: bytes, moment: float) -> str | None:
        return self.scheme.refusal(
            headers, body, secret=self.secret, moment=moment, tolerance=self.tolerance
        )


def _equal(given: str, right: str) -> bool:
    # Of bytes, because texts beyond ASCII cannot be compared in constant time.
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def authenticator_of(settings: WebhookSettings) -> Authenticator | None:
    """Return the authenticator that webhookAuth names; None when it is not set."""
    secret = revealed(settings.webhook_secret)
    match settings.webhook_auth:
        case "none":
            return FixedAuthenticator()
        case "basic":
            return BasicAuthenticator(settings.webhook_username or "", secret)
        case "token":
            return TokenAuthenticator(
                settings.webhook_header or "", secret, settings.webhook_prefix or ""
            )
        case "hmac":
            return HmacAuthenticator(settings.signature_scheme, secret, settings.webhook_tolerance)
        case None:
            return None
