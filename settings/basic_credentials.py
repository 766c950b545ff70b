"""Names and passwords as HTTP's Basic scheme sends them (RFC 7617): `Basic dXNlcjpwYXNz`."""

import base64
from urllib.parse import quote_plus


def basic_pair(username: str, password: str) -> str:
    """Return the text behind the word Basic."""
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def client_pair(client_id: str, client_secret: str) -> str:
    """Return the same for a client of OAuth 2.0: each is form-encoded first (RFC 6749, 2.3.1)."""
    return basic_pair(quote_plus(client_id), quote_plus(client_secret))
