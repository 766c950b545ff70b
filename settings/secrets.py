"""The secret texts of the connection settings: values of their own, and what is made of several."""

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from redaction import Redactor, leaves, telling
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
    for _, made in _made_of_several(settings):
        yield made
    for secret in settings.webhook_secrets:
        yield basic_pair(settings.webhook_username or "", secret)
    yield from settings.exposed.values()


def credentials_of(settings: ConnectionSettings) -> Iterator[tuple[str, str]]:
    """Yield every text of the settings that no other host may get, with its name in the spec.

    Of settings that hold several texts, as customHeaders do, these are those under telling names.
    """
    for name, mark in marked(type(settings), Sensitive).items():
        if value := getattr(settings, name):
            texts = leaves if isinstance(value, SecretStr) else telling
            yield from ((to_camel(name), text) for text in texts(mark.part(value)))
    yield from _made_of_several(settings)


def _made_of_several(settings: ConnectionSettings) -> Iterator[tuple[str, str]]:
    if settings.signing_text:
        yield "signingKey", settings.signing_text
    for auth in settings.of_auth_types().values():
        yield from ((auth.kind.credentials, text) for text in auth.combined_secrets(settings))
