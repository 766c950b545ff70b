"""The base of all settings, and the types of those that arrive as text."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, NoReturn

import httpx
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from settings.basic_credentials import basic_pair
from settings.marks import SECRET, Sensitive
from settings.wording import json_advice

# Up to the last @, because a password that is not encoded may hold anything.
_USERINFO = re.compile(r"(?://|(?<=^['\"]))[^/].*@|//.*@", re.DOTALL)
# As in [::1]:8080, which starts like a list.
_ADDRESS = re.compile(r"\s*\[[0-9A-Fa-f]*:")
_HOST = re.compile(r"^(\*\.)?[A-Za-z0-9_.\-\[\]:]+$")
_HEADER_NAME = re.compile(r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")


class FrozenSettings(BaseModel):
    """Settings that never change; camelCase names (spec) and snake_case ones (Ocean) both count."""

    model_config = ConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(
            validation_alias=lambda name: AliasChoices(to_camel(name), name)
        ),
    )


def refuse(problem: str) -> NoReturn:
    """End the validation of one setting; `problem` continues a line that starts with its name."""
    # Handed over as context: braces in the text would be read as template fields.
    raise PydanticCustomError("setting", "{problem}", {"problem": problem})


def revealed(secret: SecretStr | None) -> str:
    """Return a secret setting as text, empty where it is not set."""
    return secret.get_secret_value() if secret else ""


def from_json(value: object) -> object:
    """Return an object or list that arrived as JSON text; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except ValueError as error:
        refuse(f"is not valid JSON ({error}){json_advice(value)}")
    if isinstance(decoded, str):
        refuse("is a JSON text where an object or list is meant; leave out the quotes around it")
    return decoded


def check_header(name: str, value: str) -> None:
    """Refuse header names and values that HTTP does not allow (RFC 9110, section 5)."""
    if not _HEADER_NAME.match(name):
        refuse(f"has the header name {name!r}, which HTTP does not allow")
    if any(ord(character) < 32 and character != "\t" for character in value):
        refuse(f"has a line break or control character in the value of header {name!r}")
    if not value.isascii():
        refuse(f"has a character that is not ASCII in the value of header {name!r}")


def check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns of hosts, such as `files.example.com` or `*.example.com`, in lower case."""
    for host in hosts:
        if not _HOST.match(host):
            shown = shortened(host)
            refuse(f"has {shown}; give hosts only, such as files.example.com, *.example.com")
    return tuple(host.lower() for host in hosts)


def shortened(value: object) -> str:
    """Return a value for a message: without a password or a query, and not too long."""
    text = _USERINFO.sub("//***@", repr(value))
    text = re.sub(r"[?#].*", "…", text)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _text_values(value: object) -> object:
    decoded = from_json(value)
    if not isinstance(decoded, Mapping):
        return decoded
    return {
        str(name): content if isinstance(content, str) else json.dumps(content)
        for name, content in decoded.items()
    }


def checked_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers, without blanks around values (RFC 9110, section 5.5)."""
    for name, value in headers.items():
        check_header(name, value)
    return {name: value.strip(" \t") for name, value in headers.items()}


def _listed(value: object) -> object:
    is_list = isinstance(value, str) and value.lstrip().startswith("[")
    if isinstance(value, str) and (not is_list or _ADDRESS.match(value)):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return from_json(value)


def _without_line_break(value: object) -> object:
    # Secrets are mounted from files, which editors end with a line break.
    return value.strip("\r\n") if isinstance(value, str) else value


Secret = Annotated[SecretStr, SECRET, BeforeValidator(_without_line_break)]
# A text that may be mounted from a file beside a secret.
MountedText = Annotated[str, BeforeValidator(_without_line_break)]
# A JSON list, or names with commas between: `a.example.com, b.example.com`.
Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Texts = Annotated[dict[str, str], BeforeValidator(_text_values)]
Headers = Annotated[dict[str, str], BeforeValidator(_text_values), AfterValidator(checked_headers)]


def _checked_proxy(address: SecretStr) -> SecretStr:
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


def _proxy_secrets(address: SecretStr) -> list[str]:
    url = httpx.URL(address.get_secret_value())
    return [url.password, basic_pair(url.username, url.password)]


# The address of an HTTP proxy, which may hold a user name and a password.
Proxy = Annotated[SecretStr, Sensitive(_proxy_secrets), AfterValidator(_checked_proxy)]
