"""From settings to an authentication strategy; a new authType is one line here."""

from collections.abc import Callable

import httpx
from loguru import logger
from pydantic import SecretStr

from auth.aws_signature import AwsKey, SigV4Auth
from auth.custom import CustomAuth
from auth.json_web_token import JwtAuth
from auth.oauth import OAuthAuth
from auth.signing import JwtSigner
from auth.static import CookieAuth, HeaderAuth, QueryAuth, basic, bearer, prefixed
from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.signing_key import load_key

_API_KEY: dict[str, Callable[[str, str], httpx.Auth]] = {
    "header": HeaderAuth,
    "query": QueryAuth,
    "cookie": CookieAuth,
}


def create_auth(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    """The strategy for `authType`; the settings were checked for what it needs."""
    return _STRATEGIES[settings.auth_type](settings, redactor)


def _bearer(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    return bearer(_text(settings.api_token))


def _basic(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    if not settings.password:
        logger.info("authType basic without a password: the user name goes with an empty one")
    return basic(settings.username or "", _text(settings.password))


def _api_key(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    value = prefixed(settings.api_key_prefix, _text(settings.api_key))
    return _API_KEY[settings.api_key_location](settings.api_key_header, value)


def _custom(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    request, template = settings.custom_auth_request, settings.custom_auth_request_template
    assert request  # noqa: S101 (checked by ConnectionSettings.parse)
    assert template  # noqa: S101 (as above)
    return CustomAuth(request, template, settings=settings, redactor=redactor)


def _oauth(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    return OAuthAuth(settings, signer=_signer(settings), redactor=redactor)


def _jwt(settings: ConnectionSettings, redactor: Redactor) -> httpx.Auth:
    signer = _signer(settings)
    assert signer  # noqa: S101 (as above)
    return JwtAuth(signer, per_request=settings.token_per_request, redactor=redactor)


def _aws(settings: ConnectionSettings, _: Redactor) -> httpx.Auth:
    key = AwsKey(
        settings.access_key_id or "",
        _text(settings.secret_access_key),
        settings.signing_region or "",
        settings.signing_service,
        _text(settings.session_token),
    )
    return SigV4Auth(key)


def _signer(settings: ConnectionSettings) -> JwtSigner | None:
    text = settings.signing_text
    if text is None:
        return None
    algorithm = settings.signing_algorithm
    return JwtSigner(
        load_key(text, algorithm),
        algorithm,
        settings.token_claims,
        settings.token_headers,
        settings.token_lifetime,
    )


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


_STRATEGIES: dict[str, Callable[[ConnectionSettings, Redactor], httpx.Auth]] = {
    "none": lambda settings, redactor: httpx.Auth(),
    "bearer_token": _bearer,
    "basic": _basic,
    "api_key": _api_key,
    "custom": _custom,
    "oauth2": _oauth,
    "jwt": _jwt,
    "aws_sigv4": _aws,
}
