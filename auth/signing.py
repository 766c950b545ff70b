"""Signs JSON Web Tokens (RFC 7519), with a shared secret or a private key."""

import base64
import binascii
import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm

SigningAlgorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]
# Clocks differ; a token from the future would be refused.
_BACKDATED = 30
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "hex:": bytes.fromhex,
    "base64:": lambda text: base64.b64decode(text, validate=True),
}


class KeyRefusedError(ValueError):
    """A signing key that cannot be used; the message never holds any of it."""


def load_key(text: str, algorithm: SigningAlgorithm) -> Any:
    r"""The key in a setting, ready to sign with.

    Inputs: `text`, a private key in PEM for RS, PS, ES and EdDSA, in which line breaks may be
    written as `\n`; for HS the secret as it is, or its bytes as `hex:…` or `base64:…`.

    Raises:
        KeyRefusedError: says what kind of key the algorithm wants.
    """
    content = _decoded(text)
    wanted = _wanted(algorithm)
    signer = jwt.get_algorithm_by_name(algorithm)
    try:
        key = signer.prepare_key(content)
        # Public keys are loaded as well, and fail here.
        signer.sign(b"", key)
    except (jwt.InvalidKeyError, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        raise KeyRefusedError(f"is no {wanted}, which signingAlgorithm {algorithm} wants") from None
    return key


def _decoded(text: str) -> bytes:
    for prefix, decode in _DECODERS.items():
        if text.startswith(prefix):
            try:
                return decode(text.removeprefix(prefix).strip())
            except (ValueError, binascii.Error):
                raise KeyRefusedError(f"has something after {prefix} that is not that") from None
    is_pem = text.lstrip().startswith("-----BEGIN")
    return (text.replace("\\n", "\n") if is_pem else text).encode()


def _wanted(algorithm: SigningAlgorithm) -> str:
    kinds = {"HS": "shared secret", "RS": "RSA private key", "PS": "RSA private key"}
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}
    kind = kinds.get(algorithm[:2]) or f"private key on the curve {curves[algorithm]}"
    return kind if algorithm.startswith("HS") else f"{kind} in PEM without a passphrase"


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
