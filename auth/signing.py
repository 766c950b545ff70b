"""Signs JSON Web Tokens (RFC 7519), with a shared secret or a private key."""

import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import jwt

from settings.credentials import SigningSettings
from settings.signing_key import SigningAlgorithm, load_key

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

    @classmethod
    def of(cls, settings: SigningSettings) -> Self:
        """Return the signer with the key in the settings, which were checked for it."""
        algorithm = settings.signing_algorithm
        return cls(
            load_key(settings.signing_text or "", algorithm),
            algorithm,
            settings.token_claims,
            settings.token_headers,
            settings.token_lifetime,
        )

    def sign(self, now: float, **defaults: str) -> str:
        """Return a new token of `now`, in seconds since 1970; `claims` win over `defaults`."""
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
