"""URLs as a user gives them, split into baseUrl and paths below it."""

import re
from collections.abc import Sequence
from itertools import takewhile
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cli.init.detect.naming import is_of_the_api, words_of
from cli.init.surveyed import Wanted
from errors import ConfigurationError
from probe.masking import is_telling

# Leading segments that are the API's own beside those that name it, not a resource's.
_PREFIX = re.compile(r"services?|public", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,2}(\.\d+)?")
_ODATA = "odata"

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
    return "/".join([origins[0], *_shared(prefixes, [_parts(each).path for each in endpoints])])


def _shared(prefixes: Sequence[Sequence[str]], paths: Sequence[str]) -> list[str]:
    """Return the segments in front of all paths that are the API's own.

    After a version, what all of several paths share is the API's own too, unless it is a list of
    things: `/odata/v4/catalog/Books` and `/odata/v4/catalog/Authors` share a service.
    """
    common = [found[0] for found in takewhile(_is_same, zip(*prefixes, strict=False))]
    rest = [_segments(path)[len(common) : -1] for path in paths]
    is_service = bool(common) and (len(paths) > 1 or _ODATA in map(str.lower, common))
    if is_service and all(each[:1] == rest[0][:1] for each in rest):
        return [*common, *(name for name in rest[0][:1] if _is_service(name))]
    return common


def _is_same(found: Sequence[str]) -> bool:
    return len(set(found)) == 1


def _is_service(segment: str) -> bool:
    """Return whether a segment may name a part of an API: a word that is no plural."""
    words = words_of(segment)
    return segment.isalpha() and len(words) == 1 and words[0] == segment.lower()


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _parts(endpoint: str) -> SplitResult:
    """Return the parts of a URL; of what is none, no parts."""
    try:
        return urlsplit(endpoint)
    except ValueError:
        return urlsplit("")


def _prefix_of(path: str) -> list[str]:
    # The last segment is always the resource itself.
    segments = _segments(path)[:-1]
    found = list(takewhile(_is_prefix, segments))
    # A version may be just a number, after the word for the API: `/rest/api/3/project`.
    number = [each for each in segments[len(found) : len(found) + 1] if _NUMBER.fullmatch(each)]
    return [*found, *number] if found else []


def _is_prefix(segment: str) -> bool:
    return is_of_the_api(segment) or bool(_PREFIX.fullmatch(segment))


def _below(base: str, endpoint: str) -> Wanted:
    rest = endpoint
    if endpoint.startswith(("http://", "https://")):
        address = _bare(endpoint)
        if address != base and not address.startswith(f"{base}/"):
            raise ConfigurationError(f"{address} is not below baseUrl {base}")
        rest = endpoint[len(base) :]
    path, _, query = rest.partition("#")[0].partition("?")
    # The address that is given is the address that is asked: a slash at its end is a part of it.
    path = "/" + path.lstrip("/")
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
