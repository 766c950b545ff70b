"""What to do about an answer that is an error, in view of the settings."""

from errors import EndpointError, StatusError
from probe.recording import Exchange
from settings.connection import ConnectionSettings

_CREDENTIALS = {
    "bearer_token": "apiToken",
    "basic": "username and password",
    "api_key": "apiKey",
    "custom": "customAuthRequest and customAuthRequestTemplate",
    "oauth2": "the access token that tokenUrl gave, perhaps for want of a scope or audience",
    "jwt": "the signed token (signingKey, signingAlgorithm, tokenClaims and tokenHeaders)",
    "aws_sigv4": "the signature (accessKeyId, secretAccessKey and sessionToken)",
}

_ANONYMOUS = (
    "the request carries no credentials, because its `auth` is none: remove that, so that it gets "
    "those of the connection settings"
)

_SCHEMES = {"bearer_token": "bearer", "basic": "basic", "oauth2": "bearer", "jwt": "bearer"}


def advice_for(exchange: Exchange, settings: ConnectionSettings) -> str:
    """Advice that fits the error of an exchange; empty where the error says it all."""
    match exchange.status:
        case 401:
            return _for_401(exchange, settings)
        case 403:
            return _for_403(exchange, settings)
        case 404:
            return _for_404(exchange, settings)
        case 407:
            setting = "proxy" if settings.proxy else "HTTPS_PROXY"
            return f"the proxy wants credentials: put them into {setting}, as user:password@host"
        case 429:
            return "the API limits requests: lower maxConcurrentRequests or maxRequestsPerSecond"
    return exchange.error.advice if exchange.error else ""


def without_hint(error: EndpointError, advice: str) -> str:
    """The text of an error, without its general hint where there is better advice."""
    text = str(error)
    return text.replace(f" ({error.advice})", "") if advice and advice != error.advice else text


def http_advice(error: EndpointError, settings: ConnectionSettings) -> str:
    """Advice for an error that is not the answer to one request alone."""
    if isinstance(error, StatusError) and error.status == 403:
        return _refused(settings)
    return error.advice


def _for_401(exchange: Exchange, settings: ConnectionSettings) -> str:
    challenge = exchange.response.headers.get("www-authenticate", "") if exchange.response else ""
    scheme = challenge.partition(" ")[0].lower()
    if exchange.request.is_anonymous and settings.auth_type != "none":
        return _ANONYMOUS
    if settings.auth_type == "none":
        wanted = {"basic": "basic", "bearer": "bearer_token"}.get(scheme)
        hint = f"; it asks for authType {wanted}" if wanted else ""
        return f"the API wants credentials and authType is none{hint}"
    mismatch = _mismatch(settings.auth_type, scheme)
    return (
        f"the API refuses {_CREDENTIALS[settings.auth_type]}: look for a typing error, an expired "
        f"or revoked secret, or credentials of another environment{mismatch}"
    )


def _mismatch(auth_type: str, scheme: str) -> str:
    sent = _SCHEMES.get(auth_type)
    if sent and scheme and scheme != sent and scheme in ("basic", "bearer"):
        return f"; the API asks for {scheme.title()} credentials, not {sent.title()}"
    return ""


def _for_403(exchange: Exchange, settings: ConnectionSettings) -> str:
    if exchange.request.is_anonymous and settings.auth_type != "none":
        return _ANONYMOUS
    return _refused(settings)


def _refused(settings: ConnectionSettings) -> str:
    if settings.auth_type == "none":
        return "this endpoint is closed to anonymous requests: set authType"
    if settings.auth_type == "aws_sigv4":
        return (
            "AWS answers so to a wrong signature too: look at secretAccessKey, sessionToken, "
            "signingRegion, signingService, the clock of this machine and the policy of the key"
        )
    return (
        "the credentials are known but may not read this endpoint: grant them read access or a "
        "further scope"
    )


def _for_404(exchange: Exchange, settings: ConnectionSettings) -> str:
    address = exchange.url.partition("?")[0]
    if not address.startswith(settings.base_url):
        return f"there is nothing at {address}: the mapping or a link names that address as a whole"
    return (
        f"there is nothing at {address}: the address is baseUrl ({settings.base_url}) plus kind or "
        "endpoint; look for a prefix that is missing or doubled"
    )
