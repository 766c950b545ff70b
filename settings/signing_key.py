"""The key that tokens are signed with, checked when it is read."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm

from settings.types import refuse

_OfSecrets = Literal["HS256", "HS384", "HS512"]
_OfRsaKeys = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
_OfCurves = Literal["ES256", "ES384", "ES512", "EdDSA"]
SigningAlgorithm = Literal[_OfSecrets, _OfRsaKeys, _OfCurves]
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "hex:": bytes.fromhex,
    "base64:": lambda text: base64.b64decode(text, validate=True),
}


def load_key(text: str, algorithm: SigningAlgorithm) -> Any:
    r"""Return the key in a setting, ready to sign with.

    Inputs: `text`, a private key in PEM for RS, PS, ES and EdDSA, in which line breaks may be
    written as `\n`; for HS the secret as it is, or its bytes as `hex:…` or `base64:…`.

    Raises:
        PydanticCustomError: says what kind of key the algorithm wants, and nothing of the key.
    """
    content = _decoded(text)
    wanted = _wanted(algorithm)
    signer = jwt.get_algorithm_by_name(algorithm)
    try:
        key = signer.prepare_key(content)
        # Public keys are loaded as well, and fail here.
        signer.sign(b"", key)
    except (jwt.InvalidKeyError, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        refuse(f"is no {wanted}, which signingAlgorithm {algorithm} wants")
    return key


def _decoded(text: str) -> bytes:
    for prefix, decode in _DECODERS.items():
        if text.startswith(prefix):
            try:
                return decode(text.removeprefix(prefix).strip())
            except (ValueError, binascii.Error):
                refuse(f"has something after {prefix} that is not that")
    is_pem = text.lstrip().startswith("-----BEGIN")
    return (text.replace("\\n", "\n") if is_pem else text).encode()


def _wanted(algorithm: SigningAlgorithm) -> str:
    kinds = {"HS": "shared secret", "RS": "RSA private key", "PS": "RSA private key"}
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}
    kind = kinds.get(algorithm[:2]) or f"private key on the curve {curves[algorithm]}"
    return kind if algorithm.startswith("HS") else f"{kind} in PEM without a passphrase"
