"""Signs JSON Web Tokens (RFC 7519), with a shared secret or a private key."""

import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from settings.signing_key import SigningAlgorithm

# Clocks differ; a token from the future would be refused.
_BACKDATED = 30


@dataclass(frozen=True, slots=True)
class JwtSigner:
    """Signs tokens with one key. `lifetime` is in seconds; a claim that is None is left out."""

    key: Any = field(repr=False)
    algorithm: SigningAlgorithm
    claims: Mapping[str, Any]
    headers: Mapping[str, Any]
    lifetime: int

    def sign(self, now: float, **defaults: str) -> str:
        """A new token, issued at `now` (seconds since 1970); `claims` win over `defaults`."""
        issued = int(now) - self.backdated
        times = {"iat": issued, "nbf": issued, "exp": issued + self.lifetime}
        claims = {**times, "jti": str(uuid.uuid4()), **defaults, **self.claims}
        given = {name: value for name, value in claims.items() if value is not None}
        with warnings.catch_warnings():
            # How long its secret is has been decided by the API.
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            return jwt.encode(given, self.key, self.algorithm, dict(self.headers))

    @property
    def backdated(self) -> int:
        """By how many seconds a token is older than its moment; its lifetime counts from there."""
        return min(_BACKDATED, self.lifetime // 10)
