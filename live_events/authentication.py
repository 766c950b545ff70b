"""Proofs that an event is genuine. Secrets are compared in a time that tells nothing of them."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from cache.hook_secrets import HookSecrets
from settings.basic_credentials import basic_pair
from settings.webhook_signatures import NOWHERE, SignatureScheme, Target
from settings.webhooks import WebhookSettings


class Authenticator(Protocol):
    """A way to prove that an event comes from whom it should."""

    @property
    def headers(self) -> frozenset[str]:
        """Return the names of headers that hold secrets, in lower case."""

    @property
    def needs_body(self) -> bool:
        """Tell whether the body takes part in the decision."""

    @property
    def is_slow(self) -> bool:
        """Tell whether files, or any number of secrets, take part in it."""

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        """Return why an event is refused; None when it is genuine.

        Names of `headers` are lower case; `body` is what arrived, unchanged; `moment` is when, in
        seconds since 1970; `target` is where it was sent to. The answer holds no secret.
        """


@dataclass(frozen=True, slots=True)
class FixedAuthenticator(Authenticator):
    """The same answer for every event, because webhookAuth says `none`, or is not set."""

    answer: str | None = None
    headers: frozenset[str] = frozenset()
    needs_body: bool = False
    is_slow: bool = False

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        return self.answer


@dataclass(frozen=True, slots=True)
class TokenAuthenticator(Authenticator):
    """A secret that a header holds as it is, after a prefix such as `Bearer `, or the address.

    `secrets` are those of which one must be right; without a `header`, the parameter `query` of the
    address has it.
    """

    header: str
    secrets: tuple[str, ...] = field(repr=False)
    prefix: str = ""
    query: str = ""
    needs_body: bool = False
    is_slow: bool = False

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.header.lower()} if self.header else ())

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        place = self.header or f"the parameter {self.query} of its address"
        given = headers.get(self.header.lower()) if self.header else target.query.get(self.query)
        if given is None:
            return f"it has no {'header ' if self.header else ''}{place.removeprefix('the ')}"
        matches = [_equal(given, f"{self.prefix}{secret}") for secret in self.secrets]
        return None if any(matches) else f"the token in {place} is wrong"


@dataclass(frozen=True, slots=True)
class BasicAuthenticator(Authenticator):
    """User name and password (RFC 7617)."""

    username: str
    passwords: tuple[str, ...] = field(repr=False)
    headers: frozenset[str] = frozenset({"authorization"})
    needs_body: bool = False
    is_slow: bool = False

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "it has no basic authentication"
        pairs = (basic_pair(self.username, password) for password in self.passwords)
        matches = [_equal(credentials.strip(), right) for right in pairs]
        return None if any(matches) else "user name or password is wrong"


@dataclass(frozen=True, slots=True)
class HmacAuthenticator(Authenticator):
    """A signature of each body, with one of the secrets; `tolerance` is in seconds."""

    scheme: SignatureScheme
    secrets: tuple[str, ...] = field(repr=False)
    tolerance: float = 300
    needs_body: bool = True
    is_slow: bool = False

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.scheme.header.lower()})

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        return self.scheme.refusal(
            headers,
            body,
            secrets=self.secrets,
            moment=moment,
            tolerance=self.tolerance,
            target=target,
        )


@dataclass(frozen=True, slots=True)
class HookAuthenticator(Authenticator):
    """A signature of each body, with the secret that came when its webhook was set up."""

    scheme: SignatureScheme
    kept: HookSecrets
    tolerance: float = 300
    needs_body: bool = True
    is_slow: bool = True

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.scheme.header.lower(), self.scheme.secret_from.partition(".")[2]})

    def refusal(
        self, headers: Mapping[str, str], body: bytes, moment: float, target: Target = NOWHERE
    ) -> str | None:
        known = self.kept.known
        signed = HmacAuthenticator(self.scheme, known, self.tolerance)
        reason = signed.refusal(headers, body, moment, target)
        if reason:
            # Another process may have shaken hands.
            self.kept.renew()
            if self.kept.known != known:
                signed = replace(signed, secrets=self.kept.known)
                reason = signed.refusal(headers, body, moment, target)
        if reason and not self.kept.known:
            return f"{reason}: no webhook has told its secret yet, so that it must be set up anew"
        return reason


async def refusal_of(
    authenticator: Authenticator,
    headers: Mapping[str, str],
    body: bytes,
    moment: float,
    target: Target,
) -> str | None:
    """Return what `refusal` of an authenticator does, without holding up the event loop."""
    if authenticator.is_slow:
        return await asyncio.to_thread(authenticator.refusal, headers, body, moment, target)
    return authenticator.refusal(headers, body, moment, target)


def _equal(given: str, right: str) -> bool:
    # Of bytes, because texts beyond ASCII cannot be compared in constant time.
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def authenticator_of(
    settings: WebhookSettings, kept: HookSecrets | None = None
) -> Authenticator | None:
    """Return the authenticator that webhookAuth names; None when it is not set.

    `kept` are the secrets that senders make, where they do.
    """
    secrets = settings.webhook_secrets
    match settings.webhook_auth:
        case "none":
            return FixedAuthenticator()
        case "basic":
            return BasicAuthenticator(settings.webhook_username or "", secrets)
        case "token":
            return TokenAuthenticator(
                settings.webhook_header or "",
                secrets,
                settings.webhook_prefix or "",
                settings.webhook_query_param or "",
            )
        case "hmac" if kept:
            return HookAuthenticator(settings.signature_scheme, kept, settings.webhook_tolerance)
        case "hmac":
            return HmacAuthenticator(settings.signature_scheme, secrets, settings.webhook_tolerance)
        case None:
            return None
