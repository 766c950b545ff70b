"""Keys to sign with, made for each run."""

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from settings.signing_key import SigningAlgorithm

SECRET = "sh4red-secret-of-the-tests-which-is-long-enough-for-every-hash-of-hmac"
_CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@cache
def private_key(algorithm: SigningAlgorithm) -> PrivateKeyTypes:
    """A private key for an asymmetric algorithm."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return _rsa()


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def pem_of(algorithm: SigningAlgorithm, passphrase: bytes = b"") -> str:
    """What a user puts into signingKey."""
    if algorithm.startswith("HS"):
        return SECRET
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    return (
        private_key(algorithm)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        .decode()
    )


@cache
def verifying(algorithm: SigningAlgorithm) -> str:
    """What an API verifies with."""
    if algorithm.startswith("HS"):
        return SECRET
    return (
        private_key(algorithm)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
