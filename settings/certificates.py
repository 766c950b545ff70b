"""TLS to the API: whose certificates are trusted, and which one this instance shows.

Certificates and keys are PEM, given as text or as the path of a file. A key is never quoted, nor is
a text that is neither, because it may be a key that lost its first line.
"""

import re
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BeforeValidator, SecretStr

from settings.marks import READS_PEM, Sensitive
from settings.types import refuse, revealed

_BLOCK = re.compile(r"(-----BEGIN ([A-Z0-9 ]+)-----)(.*?)(-----END \2-----)", re.DOTALL)
_KEY, _CERTIFICATE = ".*PRIVATE KEY.*", "CERTIFICATE"


def read_pem(value: object) -> object:
    """Return PEM as text: the value itself, or what the file holds that it names.

    Line breaks that a form or an environment file made spaces, or `\\n`, are line breaks again.
    """
    if not isinstance(value, str):
        return value
    if "-----BEGIN" in value:
        return _with_line_breaks(value.strip())
    try:
        return Path(value.strip()).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or "not a PEM file"
        refuse(f"is neither PEM text, with its -----BEGIN line, nor a readable file ({reason})")


def _with_line_breaks(text: str) -> str:
    if "\n" in text:
        return text
    text = text.replace("\\r", "").replace("\\n", "\n")
    return text if "\n" in text else _BLOCK.sub(_in_lines, text)


def _in_lines(block: re.Match[str]) -> str:
    begin, _, body, end = block.groups()
    return "\n".join([begin, *body.split(), end, ""])


def _check_authorities(pem: str) -> str:
    now = datetime.now(UTC)
    if all(certificate.not_valid_after_utc < now for certificate in _certificates(pem)):
        refuse("holds only certificates that have expired")
    return pem


def _check_shown(pem: SecretStr) -> SecretStr:
    first = _certificates(pem.get_secret_value())[0]
    now = datetime.now(UTC)
    if first.not_valid_after_utc < now:
        refuse(f"expired on {first.not_valid_after_utc:%Y-%m-%d}; have it renewed")
    if first.not_valid_before_utc > now:
        refuse(f"is not valid before {first.not_valid_before_utc:%Y-%m-%d}; look at the clock")
    return pem


def _check_key(pem: SecretStr) -> SecretStr:
    if not any(_blocks(pem.get_secret_value(), _KEY)):
        refuse("holds no private key; its first line must end in PRIVATE KEY-----")
    return pem


def _lines_of_keys(pem: SecretStr) -> list[str]:
    """Return the lines of each private key without its frame, as a text may quote one alone."""
    keys = _blocks(pem.get_secret_value(), _KEY)
    lines = (line for key in keys for line in key.splitlines())
    return [line for line in lines if line and not line.startswith("-----")]


# Settings whose value is PEM, or the path of a PEM file; parsed, they hold the PEM itself.
Authorities = Annotated[
    str, READS_PEM, BeforeValidator(read_pem), AfterValidator(_check_authorities)
]
ShownCertificate = Annotated[
    SecretStr,
    Sensitive(_lines_of_keys),
    READS_PEM,
    BeforeValidator(read_pem),
    AfterValidator(_check_shown),
]
PrivateKey = Annotated[
    SecretStr,
    Sensitive(_lines_of_keys),
    READS_PEM,
    BeforeValidator(read_pem),
    AfterValidator(_check_key),
]


@dataclass(frozen=True, slots=True)
class Identity:
    """A client certificate with its key, both PEM, and the password of an encrypted key."""

    certificate: str
    key: str
    password: str

    @classmethod
    def of(cls, shown: SecretStr, key: SecretStr | None, password: SecretStr | None) -> Self:
        """Return the identity of these settings; the key may stand in the certificate's text."""
        pem = shown.get_secret_value()
        key_pem = revealed(key) or "\n".join(_blocks(pem, _KEY))
        return cls("\n".join(_blocks(pem, _CERTIFICATE)), key_pem, revealed(password))

    def show_in(self, context: ssl.SSLContext) -> None:
        """Make the connections of a context show the certificate.

        OpenSSL takes files only, so that both are in a private one for as long as it reads.

        Raises:
            ssl.SSLError: OpenSSL refuses them.
        """
        with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".pem") as file:
            file.write(f"{self.certificate}\n{self.key}\n")
            file.flush()
            # With None, OpenSSL would ask whoever sits at the terminal.
            context.load_cert_chain(file.name, password=self.password)

    def problems(self) -> Iterator[str]:
        """Yield the problems of these settings, each named as in the spec."""
        if not self.key:
            yield "clientKey: is required with clientCertificate"
            return
        password = self.password.encode() or None
        try:
            key = load_pem_private_key(self.key.encode(), password)
        except TypeError:
            yield (
                "clientKeyPassword: is set, but clientKey is not encrypted; leave it out"
                if password
                else "clientKeyPassword: is required, because clientKey is encrypted"
            )
            return
        except (ValueError, UnsupportedAlgorithm):
            yield (
                "clientKeyPassword: does not open clientKey, or that is damaged"
                if password
                else "clientKey: is damaged, or not a private key that OpenSSL knows"
            )
            return
        if key.public_key() != _certificates(self.certificate)[0].public_key():
            yield "clientKey: does not belong to the first certificate of clientCertificate"
            return
        try:
            self.show_in(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ssl.SSLError as error:
            yield f"clientCertificate: is refused by OpenSSL ({error.reason})"


def identity_problems(shown: Identity | None, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of these settings together; `given` has the names of the spec."""
    if shown:
        yield from shown.problems()
    elif given.keys() & {"clientKey", "clientKeyPassword"}:
        yield "clientCertificate: is required with clientKey and clientKeyPassword"


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        refuse("holds no usable certificate; give PEM, which starts with -----BEGIN CERTIFICATE")


def _blocks(pem: str, label: str) -> Iterator[str]:
    """Yield the PEM blocks whose label matches a pattern, as they stand in the text."""
    return (found[0] for found in _BLOCK.finditer(pem) if re.fullmatch(label, found[2]))
