"""Advice on an answer that is an error, in view of the settings."""

from collections.abc import Sequence

from auth.challenges import schemes_in
from errors import EndpointError
from probe.recording import RecordedExchange
from settings.connection import ConnectionSettings
from statuses import Meaning, meaning_of

_ANONYMOUS = (
    "the request carries no credentials, because its `auth` is none: remove that, so that it gets "
    "those of the connection settings"
)


def advice_for(exchange: RecordedExchange, settings: ConnectionSettings) -> str:
    """Return advice that fits the error of an exchange; empty where the error says it all."""
    match meaning_of(exchange.status):
        case Meaning.UNAUTHENTICATED:
            return _for_401(exchange, settings)
        case Meaning.FORBIDDEN:
            return _for_403(exchange, settings)
        case Meaning.ABSENT:
            return _for_404(exchange, settings)
        case Meaning.PROXY:
            setting = "proxy" if settings.proxy else "HTTPS_PROXY"
            return f"the proxy wants credentials: put them into {setting}, as user:password@host"
        case Meaning.LIMITED:
            return "the API limits requests: lower maxConcurrentRequests or maxRequestsPerSecond"
    return exchange.error.advice if exchange.error else ""


def without_hint(error: EndpointError, advice: str) -> str:
    """Return the text of an error, without its general hint where there is better advice."""
    text = str(error)
    return text.replace(f" ({error.advice})", "") if advice and advice != error.advice else text


def _for_401(exchange: RecordedExchange, settings: ConnectionSettings) -> str:
    challenge = exchange.response.headers.get("www-authenticate", "") if exchange.response else ""
    schemes = schemes_in(challenge)
    if exchange.request.is_anonymous and settings.auth_type != "none":
        return _ANONYMOUS
    if settings.auth_type == "none":
        known = _auth_types(settings)
        wanted = [kind for scheme in schemes if (kind := known.get(scheme.lower()))]
        hint = f"; it asks for authType {' or '.join(wanted)}" if wanted else _mismatch("", schemes)
        return f"the API wants credentials and authType is none{hint}"
    mismatch = _mismatch(settings.auth.kind.scheme, schemes)
    return (
        f"the API refuses {settings.auth.kind.credentials}: look for a typing error, an expired "
        f"or revoked secret, or credentials of another environment{mismatch}"
    )


def _mismatch(sent: str, schemes: Sequence[str]) -> str:
    """Return which schemes the API asks for, where the one that is sent is none of them."""
    if not schemes or sent in (scheme.lower() for scheme in schemes):
        return ""
    instead = f", not {sent.title()}" if sent else ""
    return f"; the API asks for {' or '.join(schemes)} credentials{instead}"


def _auth_types(settings: ConnectionSettings) -> dict[str, str]:
    """Return the simplest authType for each scheme of a challenge: `bearer_token` for `bearer`."""
    kinds = [auth.kind for auth in settings.of_auth_types().values() if auth.kind.scheme]
    return {kind.scheme: kind.name for kind in reversed(kinds)}


def _for_403(exchange: RecordedExchange, settings: ConnectionSettings) -> str:
    if exchange.request.is_anonymous and settings.auth_type != "none":
        return _ANONYMOUS
    return settings.auth.kind.forbidden


def _for_404(exchange: RecordedExchange, settings: ConnectionSettings) -> str:
    address = exchange.url.partition("?")[0]
    if not address.startswith(settings.base_url):
        return f"there is nothing at {address}: the mapping or a link names that address as a whole"
    return (
        f"there is nothing at {address}: the address is baseUrl ({settings.base_url}) plus kind or "
        "endpoint; look for a prefix that is missing or doubled"
    )
