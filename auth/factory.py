"""From settings to an authentication strategy; a new authType is one line here."""

from collections.abc import Callable

import httpx

from auth.custom import CustomAuth
from auth.static import HeaderAuth, basic, bearer
from redaction import Redactor
from settings import ConnectionSettings


def create_auth(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    """The strategy for `authType`; the settings were checked for what it needs."""
    return _STRATEGIES[settings.auth_type](settings, redactor)


def _bearer(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    assert settings.api_token  # noqa: S101 (checked by ConnectionSettings.parse)
    return bearer(settings.api_token.get_secret_value())


def _basic(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    assert settings.username  # noqa: S101 (as above)
    assert settings.password  # noqa: S101 (as above)
    return basic(settings.username, settings.password.get_secret_value())


def _api_key(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    assert settings.api_key  # noqa: S101 (as above)
    return HeaderAuth(settings.api_key_header, settings.api_key.get_secret_value())


def _custom(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    request, template = settings.custom_auth_request, settings.custom_auth_request_template
    assert request  # noqa: S101 (as above)
    assert template  # noqa: S101 (as above)
    return CustomAuth(request, template, settings=settings, redactor=redactor)


_STRATEGIES: dict[str, Callable[[ConnectionSettings, Redactor], httpx.Auth]] = {
    "none": lambda settings, redactor: httpx.Auth(),
    "bearer_token": _bearer,
    "basic": _basic,
    "api_key": _api_key,
    "custom": _custom,
}
