"""Signed events: how a sender proves with a shared secret that a body is its own.

GitHub signs the body: `X-Hub-Signature-256: sha256=757107ea…`. Others sign a timestamp with it, so
that an old event cannot be sent once more, the address, or further headers.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

BODY = "{body}"
TIMESTAMP = "{timestamp}"
URL = "{url}"
# What a payload may hold; `{header:webhook-id}` is the value of a header.
PLACEHOLDER = re.compile(r"\{(?:body|timestamp|method|url|header:[A-Za-z0-9-]+)\}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_MILLISECONDS = re.compile(r"[0-9]{13}")
_NANOSECONDS = re.compile(r"(\.[0-9]{6})[0-9]+")
_LONGEST_TIME = 64
_MOST_SIGNATURES = 20
# Encodings of characters that HubSpot decodes before it signs an address.
_SIGNED_DECODED = {f"%{ord(each):02X}": each for each in ":/?@!$'()*,;"}


@dataclass(frozen=True, slots=True)
class Target:
    """The address that a request was sent to: `url` as the sender knows it, and its parts.

    Sample: `Target("POST", "https://hooks.example.com/integration/webhook?key=x", {"key": "x"})`.
    """

    method: str = "POST"
    url: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


NOWHERE = Target()


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """The place of a signature in an event, and how it is made.

    A header may hold several parts with commas between, as Stripe's: `t=1492774577,v1=5257a8…`, or
    another `separator`. With a `prefix`, parts that start with it are signatures, of which one must
    be right. `signed_payload` is what the sender signs: `{timestamp}.{body}`, with the parts that
    `PLACEHOLDER` allows. `timestamp_prefix` names the part of `timestamp_header` with the time: in
    seconds or milliseconds since 1970, or in ISO 8601. `secret_encoding` is how the secret is
    given; without its `secret_prefix`. `secret_from` is the place of a handshake that brings the
    secret, where the sender makes one for each webhook.
    """

    header: str
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    signed_payload: str = BODY
    timestamp_header: str = ""
    timestamp_prefix: str = ""
    separator: str = ","
    secret_encoding: Literal["text", "base64", "hex"] = "text"  # noqa: S105 (no secret)
    secret_prefix: str = ""
    secret_from: str = ""

    def refusal(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secrets: Sequence[str],
        moment: float,
        tolerance: float,
        target: Target = NOWHERE,
    ) -> str | None:
        """Return why an event is not genuine, or None. Names of `headers` are lower case.

        One of the `secrets` must be right. `moment` is when it arrived, `tolerance` how far its
        timestamp may be from that; seconds.
        """
        given = headers.get(self.header.lower())
        if given is None:
            return f"it has no header {self.header}"
        timestamp = ""
        if self.timestamp_header:
            timestamp = self._timestamp(headers)
            seconds = _seconds_of(timestamp)
            if not timestamp:
                return f"it has no timestamp in {self.timestamp_header}"
            if seconds is None:
                return (
                    f"the timestamp in {self.timestamp_header} is none that is understood: seconds "
                    "or milliseconds since 1970, or ISO 8601 with a zone"
                )
            if abs(moment - seconds) > tolerance:
                return f"its timestamp is more than {tolerance:g} seconds from now"
        signatures = self._signatures(given)
        # Each is compared, so that the time it takes tells nothing.
        matches = [
            hmac.compare_digest(self.sign(body, each, timestamp, headers, known).encode(), one)
            for each in secrets
            for known in self._targets(target)
            for one in signatures
        ]
        return None if any(matches) else f"the signature in {self.header} is wrong"

    def sign(
        self,
        body: bytes,
        secret: str,
        timestamp: str = "",
        headers: Mapping[str, str] | None = None,
        target: Target = NOWHERE,
    ) -> str:
        """Return the signature of an event, without its prefix."""
        parts = {
            BODY: body,
            TIMESTAMP: timestamp.encode(),
            "{method}": target.method.encode(),
            URL: target.url.encode(),
        }
        message, end = b"", 0
        for found in PLACEHOLDER.finditer(self.signed_payload):
            message += self.signed_payload[end : found.start()].encode()
            name = found[0].removeprefix("{header:").removesuffix("}").lower()
            named = (headers or {}).get(name, "").encode("utf-8", "replace")
            message += parts.get(found[0], named)
            end = found.end()
        message += self.signed_payload[end:].encode()
        key = self.key_of(secret)
        digest = hmac.new(key, message, getattr(hashlib, self.algorithm)).digest()
        return digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()

    def key_of(self, secret: str) -> bytes:
        """Return the bytes that sign, of a secret as it is given.

        Raises:
            ValueError: it is not in the encoding that the scheme asks for.
        """
        bare = secret.removeprefix(self.secret_prefix)
        try:
            match self.secret_encoding:
                case "base64":
                    padded = bare.translate(str.maketrans("-_", "+/")).rstrip("=")
                    return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
                case "hex":
                    return bytes.fromhex(bare)
        except (binascii.Error, ValueError):
            raise ValueError(f"is not in {self.secret_encoding}") from None
        return secret.encode()

    def _targets(self, target: Target) -> list[Target]:
        """Return the target, and as HubSpot signs it, where the address is signed at all."""
        decoded = target.url
        for encoded, plain in _SIGNED_DECODED.items():
            decoded = decoded.replace(encoded, plain).replace(encoded.lower(), plain)
        is_other = URL in self.signed_payload and decoded != target.url
        return [target, replace(target, url=decoded)] if is_other else [target]

    def _timestamp(self, headers: Mapping[str, str]) -> str:
        value = headers.get(self.timestamp_header.lower(), "")
        parts = self._parts(value, self.timestamp_prefix)
        return parts[0] if parts else ""

    def _signatures(self, value: str) -> list[bytes]:
        found = self._parts(value, self.prefix)[:_MOST_SIGNATURES]
        if self.encoding == "hex":
            found = [one.lower() for one in found]
        return [one.encode("utf-8", errors="replace") for one in found]

    def _parts(self, value: str, prefix: str) -> list[str]:
        if not prefix:
            return [value.strip()]
        parts = (part.strip() for part in value.split(self.separator))
        return [part.removeprefix(prefix) for part in parts if part.startswith(prefix)]


PRESETS: Mapping[str, SignatureScheme] = {
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    "github": SignatureScheme("X-Hub-Signature-256", prefix="sha256="),
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    "slack": SignatureScheme(
        "X-Slack-Signature",
        prefix="v0=",
        signed_payload="v0:{timestamp}:{body}",
        timestamp_header="X-Slack-Request-Timestamp",
    ),
    # https://docs.stripe.com/webhooks#verify-manually
    "stripe": SignatureScheme(
        "Stripe-Signature",
        prefix="v1=",
        signed_payload="{timestamp}.{body}",
        timestamp_header="Stripe-Signature",
        timestamp_prefix="t=",
    ),
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    "standard_webhooks": SignatureScheme(
        "webhook-signature",
        prefix="v1,",
        encoding="base64",
        signed_payload="{header:webhook-id}.{timestamp}.{body}",
        timestamp_header="webhook-timestamp",
        separator=" ",
        secret_encoding="base64",  # noqa: S106 (no secret)
        secret_prefix="whsec_",  # noqa: S106 (no secret)
    ),
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    "svix": SignatureScheme(
        "svix-signature",
        prefix="v1,",
        encoding="base64",
        signed_payload="{header:svix-id}.{timestamp}.{body}",
        timestamp_header="svix-timestamp",
        separator=" ",
        secret_encoding="base64",  # noqa: S106 (no secret)
        secret_prefix="whsec_",  # noqa: S106 (no secret)
    ),
    # https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
    "hubspot": SignatureScheme(
        "X-HubSpot-Signature-v3",
        encoding="base64",
        signed_payload="{method}{url}{body}{timestamp}",
        timestamp_header="X-HubSpot-Request-Timestamp",
    ),
    # https://developer.zendesk.com/documentation/webhooks/verifying/
    "zendesk": SignatureScheme(
        "X-Zendesk-Webhook-Signature",
        encoding="base64",
        signed_payload="{timestamp}{body}",
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
    ),
    # https://developers.zoom.us/docs/api/webhooks/
    "zoom": SignatureScheme(
        "x-zm-signature",
        prefix="v0=",
        signed_payload="v0:{timestamp}:{body}",
        timestamp_header="x-zm-request-timestamp",
    ),
    # https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
    "trello": SignatureScheme(
        "X-Trello-Webhook", "sha1", encoding="base64", signed_payload="{body}{url}"
    ),
    # https://dev.twitch.tv/docs/eventsub/handling-webhook-events/
    "twitch": SignatureScheme(
        "Twitch-Eventsub-Message-Signature",
        prefix="sha256=",
        signed_payload="{header:twitch-eventsub-message-id}{timestamp}{body}",
        timestamp_header="Twitch-Eventsub-Message-Timestamp",
    ),
    # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    "meta": SignatureScheme("X-Hub-Signature-256", prefix="sha256="),
    # https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    "shopify": SignatureScheme("X-Shopify-Hmac-Sha256", encoding="base64"),
    # https://developer.pagerduty.com/docs/verifying-webhook-signatures
    "pagerduty": SignatureScheme("X-PagerDuty-Signature", prefix="v1="),
    # https://linear.app/developers/webhooks
    "linear": SignatureScheme("Linear-Signature"),
    # https://developers.asana.com/docs/webhooks-guide
    "asana": SignatureScheme(
        "X-Hook-Signature",
        secret_from="headers.x-hook-secret",  # noqa: S106 (no secret)
    ),
    # https://developer.atlassian.com/cloud/jira/platform/webhooks/
    "atlassian": SignatureScheme("X-Hub-Signature", prefix="sha256="),
}


def _seconds_of(timestamp: str) -> float | None:
    """Return a timestamp in seconds since 1970; None where it is none."""
    if _SECONDS.fullmatch(timestamp):
        return int(timestamp)
    if _MILLISECONDS.fullmatch(timestamp):
        return int(timestamp) / 1000
    try:
        # Of the digits after the point, some give nine.
        moment = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", timestamp[:_LONGEST_TIME]))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
