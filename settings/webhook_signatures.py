"""Signed events: how a sender proves with a shared secret that a body is its own.

GitHub signs the body: `X-Hub-Signature-256: sha256=757107ea…`. Slack and Stripe sign a timestamp
with it, so that an old event cannot be sent once more.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BODY = "{body}"
TIMESTAMP = "{timestamp}"
_SECONDS = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 20


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """The place of a signature in an event, and how it is made.

    A header may hold several parts with commas between, as Stripe's: `t=1492774577,v1=5257a8…`.
    With a `prefix`, parts that start with it are signatures, of which one must be right.
    `signed_payload` is what the sender signs: `{timestamp}.{body}`. `timestamp_prefix` names the
    part of `timestamp_header` with the time, in seconds since 1970.
    """

    header: str
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    signed_payload: str = BODY
    timestamp_header: str = ""
    timestamp_prefix: str = ""

    def refusal(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secret: str,
        moment: float,
        tolerance: float,
    ) -> str | None:
        """Return why an event is not genuine, or None. Names of `headers` are lower case.

        `moment` is when it arrived, `tolerance` how far its timestamp may be from that; seconds.
        """
        given = headers.get(self.header.lower())
        if given is None:
            return f"it has no header {self.header}"
        timestamp = ""
        if self.timestamp_header:
            timestamp = self._timestamp(headers)
            if not _SECONDS.fullmatch(timestamp):
                return f"it has no timestamp in {self.timestamp_header}"
            if abs(moment - int(timestamp)) > tolerance:
                return f"its timestamp is more than {tolerance:g} seconds from now"
        expected = self.sign(body, secret, timestamp).encode()
        # Each is compared, so that the time it takes tells nothing.
        matches = [hmac.compare_digest(expected, one) for one in self._signatures(given)]
        return None if any(matches) else f"the signature in {self.header} is wrong"

    def sign(self, body: bytes, secret: str, timestamp: str = "") -> str:
        """Return the signature of a body, without its prefix."""
        before, _, after = self.signed_payload.replace(TIMESTAMP, timestamp).partition(BODY)
        message = before.encode() + body + after.encode()
        digest = hmac.new(secret.encode(), message, getattr(hashlib, self.algorithm)).digest()
        return digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()

    def _timestamp(self, headers: Mapping[str, str]) -> str:
        value = headers.get(self.timestamp_header.lower(), "")
        parts = _parts(value, self.timestamp_prefix)
        return parts[0] if parts else ""

    def _signatures(self, value: str) -> list[bytes]:
        found = _parts(value, self.prefix)[:_MOST_SIGNATURES]
        if self.encoding == "hex":
            found = [one.lower() for one in found]
        return [one.encode("utf-8", errors="replace") for one in found]


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
}


def _parts(value: str, prefix: str) -> list[str]:
    if not prefix:
        return [value.strip()]
    parts = (part.strip() for part in value.split(","))
    return [part.removeprefix(prefix) for part in parts if part.startswith(prefix)]
