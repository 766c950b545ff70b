"""The request to `init` from an OpenAPI document and the endpoints that the user wants."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from pydantic.alias_generators import to_snake

from cli.init.asking import Asker
from cli.init.initialise import Request
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import Collection, Found, look_through, server_url, shared_prefix
from cli.init.openapi.overview import Overview
from cli.init.openapi.security import Authentication, find_authentication
from cli.init.openapi.sources import shown
from cli.init.paths import fits, skeleton
from cli.inputs import GivenSettings, secret_names
from errors import ConfigurationError

_MOST_CLOSE = 10


def request_from_document(
    given: GivenSettings,
    source: str,
    base_url: str,
    select: Sequence[str],
    folder: Path,
    asker: Asker,
) -> Request:
    """Return the request for `init`.

    Inputs: `source`, a file or URL; `base_url`, empty to take the document's server; `select`,
    paths of the document, else the asker picks.

    Raises:
        ConfigurationError: the document cannot be read, lists nothing, names no server, or would
            decide where credentials go.
    """
    root, address = load_document(source, verify=given.verifies)
    base = base_url or server_url(root, address)
    if not base:
        raise ConfigurationError(f"{shown(source)} names no server; give --base-url")
    # An address that the user gives is the one that is asked.
    prefix = "" if base_url else shared_prefix(root)
    lists = look_through(root, prefix)
    if not lists.usable and not lists.listed:
        raise ConfigurationError(
            "\n  ".join([f"{shown(source)} has no endpoint that lists items", *lists.notes])
        )
    chosen = _choose(lists, [_below(prefix, path) for path in select], asker)
    is_known = bool(given.values.get("auth_type"))
    found = Authentication() if is_known else find_authentication(root, address)
    request = Request(
        given,
        base + prefix,
        [one.wanted() for one in chosen],
        folder,
        found.settings,
        found.secrets,
        found.notes,
        lists.listed | {one.path: one for one in chosen},
        Overview.of(lists) if not select else None,
    )
    if any(given.values.get(to_snake(name)) for name in secret_names()):
        _confirm_hosts(request, base_url, source, asker)
    return request


def _below(prefix: str, path: str) -> str:
    """Return a path without what all paths of the document begin with."""
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def _confirm_hosts(request: Request, base_url: str, source: str, asker: Asker) -> None:
    """Ask before credentials go to a host that nobody named but the document.

    Raises:
        ConfigurationError: they must not.
    """
    known = {_origin(one) for one in (base_url, source)}
    for flag, name in (("--base-url", "base_url"), ("--token-url", "token_url")):
        url = str(request.values.get(name) or "")
        is_given = base_url if name == "base_url" else request.given.values.get(name)
        if is_given or not url or _origin(url) in known:
            continue
        question = f"Send the credentials to {_origin(url)}, which only the document names?"
        if not asker.confirm(question, default=False):
            raise ConfigurationError(
                f"the document wants credentials sent to {_origin(url)}, which nobody else names; "
                f"if that is right, give {flag} {url}"
            )


def _origin(address: str) -> str:
    """Return scheme, host and port of an address; empty for a file."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def _option(one: Collection) -> str:
    method = "" if one.method == "GET" else f"{one.method} "
    return f"{method}{one.path}  {one.summary}".rstrip()


def _choose(lists: Found, select: Sequence[str], asker: Asker) -> list[Collection]:
    if select:
        return [_selected(path, lists) for path in dict.fromkeys(select)]
    options = [_option(one) for one in lists.usable]
    picked = asker.pick("Which of these lists should be read?", options)
    return [lists.usable[index] for index in picked]


def _selected(path: str, lists: Found) -> Collection:
    """Return the list at a path, which may have values in place of placeholders.

    Raises:
        ConfigurationError: there is none, or it is left out; says why.
    """
    usable = {one.path: one for one in lists.usable}
    same = [one for one in lists.listed if skeleton(one) == skeleton(path)]
    for one in [path, *same]:
        if one in usable:
            return usable[one]
    if why := next((lists.left_out[one] for one in [path, *same] if one in lists.left_out), ""):
        raise ConfigurationError(
            f"{path} is left out: {why}; give a path with values, or select the list of these too"
        )
    fitting = [one for one in lists.listed if "{" not in path and fits(path, one)]
    if fitting:
        return replace(lists.listed[min(fitting, key=lambda one: one.count("{"))], path=path)
    close = get_close_matches(path, list(usable), _MOST_CLOSE, cutoff=0.4) or list(usable)
    more = f" and {len(usable) - _MOST_CLOSE} more" if len(usable) > _MOST_CLOSE else ""
    raise ConfigurationError(
        f"the document has no list at {path}; it has {', '.join(close[:_MOST_CLOSE])}{more}"
    )
