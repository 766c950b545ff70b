"""Files of a certificate authority of one's own, as an installation mounts them."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.authority import Authority


@dataclass(frozen=True)
class Files:
    """`authority` is the certificate to trust; `server` is certificate and key for localhost."""

    authority: Path
    server: Path


def make_certificates(directory: Path) -> Files:
    """Make an authority and a server certificate that it signed."""
    authority = Authority()
    issued = authority.issue("localhost")
    files = Files(directory / "authority.pem", directory / "server.pem")
    files.authority.write_text(authority.pem, encoding="ascii")
    files.server.write_text(issued.certificate + issued.key, encoding="ascii")
    return files
