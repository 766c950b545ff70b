"""The address of an HTTP proxy, which may hold a user name and a password."""

from typing import Annotated

import httpx
from pydantic import AfterValidator, SecretStr

from settings.basic_credentials import basic_pair
from settings.marks import Sensitive
from settings.types import refuse


def _checked(address: SecretStr) -> SecretStr:
    """Refuse what is no address of an HTTP proxy, without quoting its credentials."""
    value = address.get_secret_value().strip()
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL()
    if not value.partition("://")[1] or (url.port or 0) > 65_535 or url == httpx.URL():
        refuse("is not a URL; give one such as http://user:password@proxy.example.com:3128")
    if url.scheme not in ("http", "https") or not url.host:
        refuse("must start with http:// or https:// and name a host; SOCKS is not supported")
    if url.path not in ("", "/") or url.query or url.fragment:
        refuse("must not hold a path, query or fragment; encode / ? # in a password as %2F %3F %23")
    return SecretStr(value)


def _secrets_of(address: SecretStr) -> list[str]:
    url = httpx.URL(address.get_secret_value())
    return [url.password, basic_pair(url.username, url.password)]


Proxy = Annotated[SecretStr, Sensitive(_secrets_of), AfterValidator(_checked)]
