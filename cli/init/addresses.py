"""URLs as a user gives them, split into baseUrl and paths below it."""

import re
from collections.abc import Sequence
from itertools import takewhile
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cli.init.surveyed import Wanted
from errors import ConfigurationError
from probe.masking import is_telling

# Leading segments that are the API's own, not a resource's.
_PREFIX = re.compile(r"api|rest|services?|v\d+(\.\d+)?|\d{4}-\d{2}-\d{2}", re.IGNORECASE)

# A token that says where to go on is none that opens anything.
_OF_A_PAGE = re.compile(r"page|next|skip|continu|cursor|sync", re.IGNORECASE)


def split_endpoints(endpoints: Sequence[str], base_url: str = "") -> tuple[str, list[Wanted]]:
    """Return baseUrl and the endpoints below it.

    Inputs: `endpoints`, URLs, or paths where `base_url` is given. Sample: without a base_url,
    `https://api.example.com/v2/users?active=true` gives `https://api.example.com/v2` and `/users`
    with the query parameter `active`.

    Raises:
        ConfigurationError: an endpoint is no URL, or lies beside the others or base_url.
    """
    base = base_url.rstrip("/") or _common_base(endpoints)
    wanted = [_below(base, endpoint) for endpoint in endpoints]
    return base, list({one.path: one for one in wanted}.values())


def _common_base(endpoints: Sequence[str]) -> str:
    origins = []
    prefixes = []
    for endpoint in endpoints:
        parts = _parts(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                f"{_bare(endpoint)} is no URL that starts with http:// or https://; "
                "paths need --base-url"
            )
        if parts.username or parts.password:
            raise ConfigurationError(
                "a URL must not hold a user name or password; use authType basic for these"
            )
        origins.append(f"{parts.scheme}://{parts.netloc}")
        prefixes.append(_prefix_of(parts.path))
    if len(set(origins)) > 1:
        raise ConfigurationError(
            "one installation reads one API, but the URLs lead to "
            + ", ".join(sorted(set(origins)))
        )
    common = takewhile(lambda found: len(set(found)) == 1, zip(*prefixes, strict=False))
    return "/".join([origins[0], *(segments[0] for segments in common)])


def _parts(endpoint: str) -> SplitResult:
    """Return the parts of a URL; of what is none, no parts."""
    try:
        return urlsplit(endpoint)
    except ValueError:
        return urlsplit("")


def _prefix_of(path: str) -> list[str]:
    segments = [segment for segment in path.split("/") if segment]
    # The last segment is always the resource itself.
    return list(takewhile(_PREFIX.fullmatch, segments[:-1]))


def _below(base: str, endpoint: str) -> Wanted:
    rest = endpoint
    if endpoint.startswith(("http://", "https://")):
        address = _bare(endpoint)
        if address != base and not address.startswith(f"{base}/"):
            raise ConfigurationError(f"{address} is not below baseUrl {base}")
        rest = endpoint[len(base) :]
    path, _, query = rest.partition("#")[0].partition("?")
    path = "/" + path.strip("/")
    if path == "/":
        raise ConfigurationError(
            f"{_bare(endpoint)} names no endpoint; give a URL such as {base}/users"
        )
    return Wanted(path, _harmless(dict(parse_qsl(query, keep_blank_values=True)), path))


def _bare(endpoint: str) -> str:
    """Return an address without its query, which may hold anything."""
    return endpoint.partition("?")[0]


def _harmless(query: dict[str, str], path: str) -> dict[str, str]:
    """Return the query, which goes into the mapping, and so into files and to Port."""
    secret = [name for name in query if is_telling(name) and not _OF_A_PAGE.search(name)]
    if secret:
        raise ConfigurationError(
            f"{path}: the query parameter {secret[0]} seems to hold a secret, which must not stand "
            "in a mapping; leave it out and give it as apiKey, with authType api_key, "
            f"apiKeyLocation query and apiKeyHeader {secret[0]}"
        )
    return query
