"""Which texts of the connection settings are secret."""

from collections.abc import Iterator

import httpx

from redaction import Redactor, leaves
from settings.basic_credentials import basic_pair, client_pair
from settings.connection import ConnectionSettings


def redactor_for(settings: ConnectionSettings) -> Redactor:
    """A redactor that knows every secret of the connection settings."""
    return Redactor(secrets_of(settings))


def secrets_of(settings: ConnectionSettings) -> Iterator[str]:
    """Every text of the settings that must not be shown."""
    yield from settings.secrets
    if settings.client_key_password:
        yield settings.client_key_password.get_secret_value()
    if settings.identity:
        yield from _lines_of(settings.identity.key)
    if settings.proxy:
        proxy = httpx.URL(settings.proxy.get_secret_value())
        yield proxy.password
        yield basic_pair(proxy.username, proxy.password)
    if settings.username:
        # Without a password it is the user name that proves who asks.
        password = settings.password.get_secret_value() if settings.password else ""
        if not password and settings.auth_type == "basic":
            yield settings.username
        yield basic_pair(settings.username, password)
    if settings.client_id and settings.client_secret:
        yield client_pair(settings.client_id, settings.client_secret.get_secret_value())
    if settings.webhook_secret:
        webhook = settings.webhook_secret.get_secret_value()
        yield webhook
        yield basic_pair(settings.webhook_username or "", webhook)
    if request := settings.custom_auth_request:
        form = dict(httpx.QueryParams(request.body_form or ""))
        query = dict(httpx.QueryParams(request.endpoint.partition("?")[2]))
        yield from leaves([request.headers, request.body, request.query_params, form, query])
    yield from leaves([settings.custom_headers, settings.token_parameters])
    yield from settings.exposed.values()


def _lines_of(pem: str) -> Iterator[str]:
    """What of a private key tells something; whole, it would only be found in one piece."""
    return (line for line in pem.splitlines() if line and not line.startswith("-----"))
