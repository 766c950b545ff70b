"""A certificate authority of one's own, as companies have them, for servers and for clients."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str

    def save(self, directory: Path) -> tuple[Path, Path]:
        """Files of the certificate and of the key."""
        files = directory / "issued.crt", directory / "issued.key"
        for file, text in zip(files, (self.certificate, self.key), strict=True):
            file.write_text(text)
        return files


class Authority:
    """Signs certificates; `pem` is its own."""

    def __init__(self, name: str = "Test authority") -> None:
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def pem(self) -> str:
        return _pem(self._sign(self._name, self._key.public_key(), is_root=True))

    def issue(self, name: str, *, days: int = 1, password: str = "") -> Issued:
        """A certificate for a client's name, or for the address of a server.

        `days` from now it expires; below 0 it has. A `password` encrypts the key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        protection: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption()
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )
        return Issued(_pem(self._sign(name, key.public_key(), days=days)), private.decode())

    def server(self, directory: Path, *, asks: bool) -> ssl.SSLContext:
        """TLS of a server at the loopback addresses; one that `asks` wants a client certificate."""
        certificate, key = self.issue("127.0.0.1").save(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.pem)
        return context

    def _sign(
        self, name: str, key: ec.EllipticCurvePublicKey, *, days: int = 1, is_root: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * _DAY)
            .not_valid_after(now + days * _DAY)
            # Python is strict about these.
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(_usage(is_root=is_root), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(identifier, critical=False)
        )
        if not is_root:
            builder = builder.add_extension(_LOOPBACK, critical=False)
        return builder.sign(self._key, hashes.SHA256())


_LOOPBACK = x509.SubjectAlternativeName(
    [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
