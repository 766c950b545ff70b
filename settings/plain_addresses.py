"""Endpoints for credentials that are asked without TLS although the API has it."""

from collections.abc import Iterator
from ipaddress import ip_address

import httpx

from settings.credentials import CredentialSettings, CustomAuthSettings, OAuthSettings

_PLAIN = "http://"


def problems(settings: CredentialSettings, base_url: str) -> Iterator[str]:
    """Yield that tokenUrl would send secrets in the clear; to this machine alone it may."""
    url = settings.token_url or ""
    if settings.auth is OAuthSettings and _is_plain(url, base_url) and not _is_local(url):
        yield (
            "tokenUrl: starts with http://, so that secrets would be sent in the clear, while "
            "baseUrl has https; write https://"
        )


def doubts(settings: CredentialSettings, base_url: str) -> Iterator[str]:
    """Yield what is sent in the clear but accepted."""
    if settings.auth is OAuthSettings and _is_plain(settings.token_url or "", base_url):
        yield "tokenUrl: starts with http://; secrets are sent in the clear on this machine"
    asked = settings.custom_auth_request
    sent = asked.requests if asked and settings.auth is CustomAuthSettings else ()
    if any(_is_plain(each.endpoint, base_url) for each in sent):
        yield (
            "customAuthRequest: its endpoint starts with http://, so that secrets are sent in the "
            "clear, while baseUrl has https; write https:// if the server speaks it"
        )


def _is_plain(url: str, base_url: str) -> bool:
    return url.lower().startswith(_PLAIN) and not base_url.lower().startswith(_PLAIN)


def _is_local(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
