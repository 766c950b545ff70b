"""What stands behind the word Basic (RFC 7617), for users and for clients of OAuth 2.0."""

import base64
from urllib.parse import quote_plus


def basic_pair(username: str, password: str) -> str:
    """What stands behind the word Basic."""
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def client_pair(client_id: str, client_secret: str) -> str:
    """The same for a client of OAuth 2.0: each is form-encoded first (RFC 6749, section 2.3.1)."""
    return basic_pair(quote_plus(client_id), quote_plus(client_secret))
