"""What a request that got no usable answer means, and which setting to look at."""

import ssl

import httpx
from port_ocean.exceptions.clients import BlockedIPError

from errors import RequestError
from redaction import Redactor


def explain(error: Exception, timeout: float, redactor: Redactor) -> RequestError:
    """The error to show for one of httpx, the network or Ocean's guard; `timeout` in seconds."""
    reason, advice = _explanation(error, timeout)
    said = redactor.text(str(error))
    detail = f": {said}" if said and said not in reason else ""
    return RequestError(f"{reason}{detail}", advice=advice)


def _explanation(error: Exception, timeout: float) -> tuple[str, str]:
    """What happened and the setting to look at."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout:g} s", "look at baseUrl, proxy and timeout"
        case httpx.TimeoutException():
            return f"no complete answer within {timeout:g} s", "look at timeout and pageSize"
        case httpx.ProxyError():
            return "the proxy refused", "look at HTTPS_PROXY and NO_PROXY"
        case httpx.ConnectError() if isinstance(error.__context__, ssl.SSLError):
            return "no secure connection", "look at baseUrl and verifySsl"
        case httpx.ConnectError() | OSError():
            return "no connection", "look at baseUrl and the network"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return "not a usable URL", "look at baseUrl and the path in kind"
        case BlockedIPError():
            return "not reachable from a hosted integration", "use a public address, or self-host"
    return "the connection broke", "the API or a proxy closed it; see its log"
