"""The secret texts of the connection settings: values of their own, and what is made of several."""

from collections.abc import Iterator

from redaction import Redactor
from settings.basic_credentials import basic_pair, client_pair
from settings.connection import ConnectionSettings
from settings.marks import Sensitive, marked
from settings.types import revealed


def redactor_for(settings: ConnectionSettings) -> Redactor:
    """Return a redactor that knows every secret of the connection settings."""
    return Redactor(secrets_of(settings))


def secrets_of(settings: ConnectionSettings) -> Iterator[str]:
    """Yield every text of the settings that must not be shown."""
    for name, mark in marked(type(settings), Sensitive).items():
        if value := getattr(settings, name):
            yield from mark.texts(value)
    yield settings.signing_text or ""
    yield from _of_users(settings)
    yield from settings.exposed.values()


def _of_users(settings: ConnectionSettings) -> Iterator[str]:
    """Yield names and passwords as they are sent, such as the `dXNlcjpwYXNz` of user and pass."""
    password = revealed(settings.password)
    if settings.username:
        yield basic_pair(settings.username, password)
        # Without a password it is the user name that proves who asks.
        if not password and settings.auth_type == "basic":
            yield settings.username
    if settings.client_id and settings.client_secret:
        yield client_pair(settings.client_id, revealed(settings.client_secret))
    if settings.webhook_secret:
        yield basic_pair(settings.webhook_username or "", revealed(settings.webhook_secret))
