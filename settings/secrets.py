"""The secret texts of the connection settings: values of their own, and what is made of several."""

from collections.abc import Iterator

from redaction import Redactor, leaves
from settings.basic_credentials import basic_pair
from settings.connection import ConnectionSettings
from settings.marks import Sensitive, marked


def redactor_for(settings: ConnectionSettings) -> Redactor:
    """Return a redactor that knows every secret of the connection settings."""
    return Redactor(secrets_of(settings))


def secrets_of(settings: ConnectionSettings) -> Iterator[str]:
    """Yield every text of the settings that must not be shown."""
    for name, mark in marked(type(settings), Sensitive).items():
        if value := getattr(settings, name):
            yield from leaves(mark.part(value))
    yield settings.signing_text or ""
    for auth in settings.of_auth_types().values():
        yield from auth.combined_secrets(settings)
    for secret in settings.webhook_secrets:
        yield basic_pair(settings.webhook_username or "", secret)
    yield from settings.exposed.values()
