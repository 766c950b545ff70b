"""Reaches baseUrl step by step, so that a failure says where it happened."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Literal
from urllib.request import getproxies, proxy_bypass

import httpx
from port_ocean.context.ocean import ocean

from api_messages import ApiRequest
from errors import AuthenticationError, EndpointError, StatusError
from probe.advice import advice_for
from probe.recording import RecordingClient
from settings.connection import ConnectionSettings
from statuses import Meaning, Situation, advice_on, meaning_of
from transport.http_client import tls_context

type StepName = Literal["dns", "connect", "tls", "http", "authentication"]

_LONGEST_CONNECT = 10.0
_PORTS = {"http": 80, "https": 443}
_SPENT = (
    "where the API replaces refresh tokens, the one in refreshToken is spent now: "
    "set refreshTokenFile"
)
_NO_TLS = "the port may speak plain HTTP: look at the scheme and port in baseUrl"
_TLS_ADVICE = {
    10: "the certificate has expired: have it renewed",
    18: "it signed its own certificate: give that as caCertificate",
    19: "its chain ends in a CA that is not trusted here: give the CA as caCertificate",
    20: "its CA is not trusted here, often one of a company or of a proxy that opens TLS: give the "
    "CA as caCertificate",
    62: "the certificate is for another host name: look at the host in baseUrl",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of reaching the API: whether it went well, what was seen, what to do if not.

    `is_of_root` tells that only baseUrl itself failed, while its endpoints may be well.
    """

    name: StepName
    ok: bool
    detail: str
    advice: str = ""
    is_of_root: bool = False

    def refuted(self) -> "Step":
        """Return the step where endpoints turned out to be well."""
        return Step(self.name, True, f"{self.detail} at its root, and endpoints are well")


async def reach(settings: ConnectionSettings, client: RecordingClient) -> AsyncGenerator[Step]:
    """Take the steps to the API, up to the first that fails.

    Through a proxy, only the HTTP step can be told apart from here. Where Ocean guards against
    addresses of its own network, as it does where Port runs it, nothing goes past that guard.
    """
    url = httpx.URL(settings.base_url)
    proxy = proxy_for(url, settings)
    is_guarded = not ocean.config.disable_ip_outbound_blocker
    if proxy and not is_guarded:
        yield await _resolve_proxy(proxy, settings)
    elif not is_guarded:
        async for step in _reach_directly(url, settings):
            yield step
            if not step.ok:
                return
    for step in await _ask(settings, client, proxy):
        yield step


def proxy_for(url: httpx.URL, settings: ConnectionSettings) -> str:
    """Return the proxy that requests to a URL go through, without credentials; empty if none."""
    if settings.proxy:
        return _without_credentials(settings.proxy.get_secret_value())
    if proxy_bypass(url.host):
        return ""
    found = getproxies()
    address = found.get(url.scheme) or found.get("all") or ""
    if not address:
        return ""
    return _without_credentials(address if "://" in address else f"http://{address}")


def _without_credentials(address: str) -> str:
    return str(httpx.URL(address).copy_with(userinfo=None))


async def _reach_directly(url: httpx.URL, settings: ConnectionSettings) -> AsyncIterator[Step]:
    port = url.port or _PORTS[url.scheme]
    step, address = await _resolve(url.host, port)
    yield step
    if address:
        yield await _connect(address, port, settings)
        if url.scheme == "https":
            yield await _secure(url, port, settings)


async def _resolve(host: str, port: int) -> tuple[Step, str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        advice = "look at the host in baseUrl, and whether this network's DNS knows it"
        return Step("dns", False, f"{host} has no address: {said}", advice), ""
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if addresses == [host]:
        return Step("dns", True, f"{host} is an address"), host
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return Step("dns", True, f"{host} is {addresses[0]}{more}"), addresses[0]


async def _resolve_proxy(proxy: str, settings: ConnectionSettings) -> Step:
    url = httpx.URL(proxy)
    step, _ = await _resolve(url.host, url.port or 80)
    detail = f"requests go through the proxy {proxy}"
    if step.ok:
        return Step("dns", True, detail)
    advice = "look at proxy" if settings.proxy else "look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    return Step("dns", False, f"{detail}, but {step.detail}", advice)


async def _connect(address: str, port: int, settings: ConnectionSettings) -> Step:
    limit = min(settings.timeout, _LONGEST_CONNECT)
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        detail = f"no connection to port {port} within {limit:g} s"
        return Step("connect", False, detail, "a firewall may drop it; a proxy may be needed")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = "look at the port in baseUrl, and whether the server runs"
        return Step("connect", False, f"port {port}: {reason}", advice)
    writer.close()
    return Step("connect", True, f"port {port} is open")


async def _secure(url: httpx.URL, port: int, settings: ConnectionSettings) -> Step:
    limit = min(settings.timeout, _LONGEST_CONNECT)
    tls = tls_context(settings, shows_certificate=True)
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(
                url.host, port, ssl=tls, server_hostname=url.host
            )
    except TimeoutError:
        return Step("tls", False, f"no TLS handshake within {limit:g} s", _NO_TLS)
    except ssl.SSLCertVerificationError as error:
        advice = _TLS_ADVICE.get(error.verify_code, "look at caCertificate")
        return Step("tls", False, f"the certificate is refused: {error.verify_message}", advice)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or str(error)
        return Step("tls", False, f"no TLS handshake: {reason}", _NO_TLS)
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    trust = "" if settings.verify_ssl else "; the certificate is not verified (verifySsl is false)"
    return Step("tls", True, f"{version}{trust}")


async def _ask(settings: ConnectionSettings, client: RecordingClient, proxy: str) -> list[Step]:
    """Ask for baseUrl itself: any HTTP status means that the API is there."""
    request = ApiRequest("GET", httpx.URL(settings.base_url))
    try:
        response = await client.send(request)
    except AuthenticationError as error:
        reached = Step("http", True, "the server answers")
        detail = f"{error.endpoint}: {error.cause}"
        return [reached, Step("authentication", False, detail, error.advice)]
    except StatusError as error:
        return _judge_status(error, settings, client)
    except EndpointError as error:
        advice = f"{error.advice} (through the proxy {proxy})" if proxy else error.advice
        return [Step("http", False, str(error), advice)]
    reached = Step("http", True, f"the server answers {response.status}")
    return [reached, *_authenticated(settings, f"{response.status} with the credentials")]


def _judge_status(
    error: StatusError, settings: ConnectionSettings, client: RecordingClient
) -> list[Step]:
    seen = f"the server answers {error.status}"
    meaning = meaning_of(error.status, Situation.BASE_URL)
    advice = advice_for(client.exchanges[-1], settings)
    if meaning is Meaning.PROXY:
        return [Step("http", False, "the proxy answers 407", advice)]
    if meaning is Meaning.UNAUTHENTICATED:
        return [Step("http", True, seen), Step("authentication", False, error.reason, advice)]
    if meaning is Meaning.BROKEN:
        advice = advice_on(error.status, Situation.BASE_URL)
        return [Step("http", False, seen, advice, is_of_root=True)]
    # Most APIs have nothing at their root, or nothing for everyone; resources tell.
    reached = Step("http", True, f"{seen} at its root, which says nothing about endpoints")
    if settings.auth_type != "oauth2":
        return [reached]
    return [reached, *_authenticated(settings, "tokenUrl gives access tokens")]


def _authenticated(settings: ConnectionSettings, seen: str) -> list[Step]:
    if settings.auth_type == "none":
        return []
    is_lost = settings.grant_type == "refresh_token" and not settings.refresh_token_file
    spent = f"; {_SPENT}" if settings.auth_type == "oauth2" and is_lost else ""
    return [Step("authentication", True, f"{settings.auth_type}: {seen}{spent}")]
