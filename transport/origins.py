"""Addresses that requests may go to: the API's own with credentials, allowed hosts without."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import unquote_plus

import httpx

from api_messages import ApiRequest
from disguises import Disguises
from errors import RefusedOriginError
from redaction import SHORTEST_SECRET, Redactor
from settings.connection import ConnectionSettings
from settings.secrets import credentials_of

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FOR_OWN_HOST = (
    "variables in exposedVariables are for the API of baseUrl only; what is no secret may stand in "
    "the mapping itself"
)
# Shorter ones may stand in an address by chance.
_LONG = 8
# What stands for the name of a setting where a login gave the credential, or it was signed here.
_OBTAINED = "the token in use"
# Those that allowed hosts get.
_HEADERS = frozenset({"accept", "content-type"})


# Scheme, host and port.
type Origin = tuple[str, str, int | None]


def origin(url: httpx.URL) -> Origin:
    """Return scheme, host and port of a URL (RFC 6454), with the scheme's default port."""
    port = _DEFAULT_PORTS.get(url.scheme) if url.port is None else url.port
    return url.scheme, _host_of(url), port


def _host_of(url: httpx.URL) -> str:
    """Return the host in ASCII: names in other letters are shown decoded otherwise."""
    return _canonical(url.raw_host.decode("ascii"))


def _canonical(host: str) -> str:
    """Return the one spelling of a host: an IPv6 address has many."""
    try:
        return str(IPv6Address(host)) if ":" in host else host.lower()
    except ValueError:
        return host.lower()


class OriginRule:
    """The rule that decides on each address before anything is sent there.

    Inputs: `base_url` and `instances`, whose origins get credentials; `allowed_hosts`, patterns
    such as `files.example.com` or `*.example.com` that may be called without any.
    """

    def __init__(
        self, base_url: str, allowed_hosts: Iterable[str] = (), instances: Iterable[str] = ()
    ) -> None:
        # That of baseUrl is the first.
        self._own = dict.fromkeys(origin(httpx.URL(each)) for each in (base_url, *instances))
        self._allowed = HostPatterns(allowed_hosts)

    def learn(self, bases: Iterable[httpx.URL]) -> None:
        """Let credentials go to these too: a login gave them, and settings name their hosts."""
        self._own |= dict.fromkeys(map(origin, bases))

    def is_own(self, url: httpx.URL) -> bool:
        """Return whether credentials may be sent there."""
        return origin(url) in self._own

    def admit(self, url: httpx.URL) -> httpx.URL:
        """Return the address to use: the given one, or upgraded to https as our own is.

        Raises:
            RefusedOriginError: names the host and the setting that would allow it.
        """
        url = self._upgraded(url)
        if self.is_own(url) or self._allowed.has(url):
            return url
        raise RefusedOriginError(
            f"refused to send anything to {url.scheme}://{url.netloc.decode('ascii')}, "
            "which is not the origin of baseUrl",
            advice="if that host is meant, add it to allowedHosts; it gets no credentials",
        )

    def _upgraded(self, url: httpx.URL) -> httpx.URL:
        """Return an address on a host of ours with https, where only that is ours."""
        if url.scheme != "http" or self.is_own(url):
            return url
        for scheme, host, port in self._own:
            if scheme == "https" and host == _host_of(url):
                return url.copy_with(
                    scheme="https", port=port if url.port in (None, 80) else url.port
                )
        return url


class HostPatterns:
    """Patterns of hosts, perhaps with a port: `files.example.com:8443`, `*.example.com`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(map(_split, patterns))

    def has(self, url: httpx.URL) -> bool:
        """Return whether an address of HTTP is on one of these hosts."""
        if url.scheme not in _DEFAULT_PORTS:
            return False
        _, host, port = origin(url)
        return any(
            _matches(name, host) and (wanted is None or wanted == port)
            for name, wanted in self._patterns
        )


def _split(pattern: str) -> tuple[str, int | None]:
    """Return host and port of an allowed host; the port is None when any will do."""
    host, _, port = pattern.rpartition(":")
    if port.isdecimal() and (":" not in host or host.endswith("]")):
        return _canonical(host.strip("[]")), int(port)
    return _canonical(pattern.strip("[]")), None


def _matches(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


class AllowedHostRule:
    """The rule for requests to allowed hosts: what is a credential is taken out.

    Links and redirects may lead there with what the API was asked with: the key in the query, or a
    body with variables filled in. `redactor` knows what is a credential.
    """

    def __init__(self, settings: ConnectionSettings, redactor: Redactor) -> None:
        self._parameters = settings.query_credentials
        own = [*credentials_of(settings)]
        known = [*own, *settings.exposed.items()]
        self._secrets = frozenset(text for _, text in own if len(text) >= SHORTEST_SECRET)
        self._named = [(name, Disguises([text])) for name, text in known if len(text) >= _LONG]
        self._short = [
            (name, text)
            for name, text in settings.exposed.items()
            if SHORTEST_SECRET <= len(text) < _LONG
        ]
        self._redactor = redactor

    def without_credentials(self, request: ApiRequest) -> ApiRequest:
        """Return the request without them; of its headers, Accept and Content-Type stay.

        Raises:
            RefusedOriginError: a credential, or the value of an exposed variable, is a part of what
                is asked for, which would be something else without it; names that.
        """
        url = self._reduced(request.url)
        held = f"{url.raw_path.decode('ascii')}\n{_told(request.body)}".encode()
        obtained = frozenset(text for text in self._redactor.held if len(text) >= _LONG)
        for name, value in [*self._named, (_OBTAINED, _disguises(*obtained))]:
            if next(value.spans(held), None):
                raise _refusal(name, url)
        for name, short in self._short:
            if _is_in_query(short, url) or _is_in_body(short, request.body):
                raise _refusal(name, url)
        headers = {
            name: value for name, value in request.headers.items() if name.lower() in _HEADERS
        }
        return replace(request.with_url(url), headers=headers)

    def _reduced(self, url: httpx.URL) -> httpx.URL:
        """Return the address without credentials, else to the letter, as it may be signed."""
        pairs = url.query.split(b"&")
        kept = [pair for pair in pairs if not self._is_credential(pair)]
        return url if len(kept) == len(pairs) else url.copy_with(query=b"&".join(kept) or None)

    def _is_credential(self, pair: bytes) -> bool:
        name, _, value = (unquote_plus(part) for part in pair.decode("ascii").partition("="))
        is_ours = name in self._parameters and self._redactor.text(value) != value
        return is_ours or value in self._secrets or value in self._redactor.held


@lru_cache(maxsize=64)
def _disguises(*secrets: str) -> Disguises:
    return Disguises(secrets)


def refuse_variables(request: ApiRequest) -> None:
    """Refuse a request to another host that is made of variables of the environment.

    It goes by where they were used, not by what is left of them in the address: half a value, or
    one in capitals, is a secret too.

    Raises:
        RefusedOriginError: names the variables.
    """
    if request.variables:
        raise RefusedOriginError(
            f"refused to send the value of {', '.join(sorted(request.variables))}, which this "
            f"endpoint uses, to {request.url.host}",
            advice=_FOR_OWN_HOST,
        )


def _is_in_query(value: str, url: httpx.URL) -> bool:
    """Return whether a parameter has this value, perhaps behind a word such as Bearer."""
    texts = (text for _, text in url.params.multi_items())
    return any(value in (text, text.rpartition(" ")[2]) for text in texts)


def _refusal(name: str, url: httpx.URL) -> RefusedOriginError:
    return RefusedOriginError(
        f"refused to send the value of {name} to {url.host}",
        advice=f"credentials and {_FOR_OWN_HOST}",
    )


def _told(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)


def _is_in_body(value: str, body: object) -> bool:
    told = _told(body)
    quoted = json.dumps(value, ensure_ascii=False)[1:-1]
    return value in told or quoted in told
