"""Explanations of requests that got no usable answer, with the setting to look at."""

import ssl

import httpx
from port_ocean.exceptions.clients import BlockedIPError

from errors import RequestError
from redaction import Redactor
from statuses import PASSING, advice_on, meaning_of

# In the names of TLS alerts that a server sends for the certificate it was shown, or for none.
_ABOUT_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


def explain(error: Exception, timeout: float, redactor: Redactor) -> RequestError:
    """Return the error to show for one of httpx, the network or Ocean's guard.

    `timeout`, in seconds, is the limit that held.
    """
    reason, advice = _explanation(error, timeout)
    said = redactor.text(str(error))
    detail = f": {said}" if said and said not in reason else ""
    return RequestError(f"{reason}{detail}", advice=advice)


def tls_refusal(error: Exception) -> RequestError | None:
    """Return the error to show when one side does not trust the other, which stays so."""
    cause = _tls_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return RequestError(
            f"the server's certificate is not trusted: {cause.verify_message}",
            advice="give its CA as caCertificate, add it to SSL_CERT_FILE, or mount it as "
            "docs/installation.md says; or look at verifySsl",
        )
    reason = (cause.reason or "") if cause else ""
    if "ALERT" not in reason or not any(word in reason for word in _ABOUT_OUR_CERTIFICATE):
        return None
    return RequestError(
        f"the server refuses who asks: {reason.lower().replace('_', ' ')}",
        advice="it wants a client certificate that it trusts; look at clientCertificate",
    )


def proxy_refusal(error: httpx.ProxyError) -> RequestError | None:
    """Return the error to show when a proxy refuses a tunnel for a reason that stays.

    Asked again with the same credentials, it may lock the account.
    """
    # httpcore says "407 Proxy Authentication Required", with a reason that may hold anything.
    status = str(error).partition(" ")[0]
    if not status.isdecimal() or meaning_of(int(status)) in PASSING:
        return None
    reason, advice = _explanation(error, 0)
    return RequestError(f"{reason}: {status}", advice=advice_on(int(status)) or advice)


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _explanation(error: Exception, timeout: float) -> tuple[str, str]:
    """Return the cause and the setting to look at."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout:g} s", "look at baseUrl, proxy and timeout"
        case httpx.TimeoutException():
            return f"no complete answer within {timeout:g} s", "look at timeout and pageSize"
        case httpx.ProxyError():
            return "the proxy refused", "look at proxy, or at HTTPS_PROXY and NO_PROXY"
        case httpx.ConnectError() if _tls_error(error):
            return "no secure connection", "look at the scheme and port in baseUrl"
        case httpx.ConnectError() | OSError():
            return "no connection", "look at baseUrl and the network"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return "not a usable URL", "look at baseUrl and the path in kind"
        case BlockedIPError():
            return "not reachable from a hosted integration", "use a public address, or self-host"
    return "the connection broke", "the API or a proxy closed it; see its log"
