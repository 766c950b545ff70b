"""The request to `init` from an OpenAPI document and the endpoints that the user wants."""

from collections.abc import Sequence
from pathlib import Path

from cli.init.asking import Asker
from cli.init.initialise import Request
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import Collection, find_collections, server_url
from cli.init.openapi.security import Authentication, find_authentication
from cli.init.openapi.sources import shown
from cli.inputs import GivenSettings
from errors import ConfigurationError

_NO = ("false", "0", "no", "off")


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
        ConfigurationError: the document cannot be read, lists nothing, or names no server.
    """
    verify = str(given.values.get("verify_ssl", "true")).lower() not in _NO
    root, address = load_document(source, verify=verify)
    base = base_url or server_url(root, address)
    if not base:
        raise ConfigurationError(f"{shown(source)} names no server; give --base-url")
    collections, notes = find_collections(root)
    if not collections:
        raise ConfigurationError(
            "\n  ".join([f"{shown(source)} has no endpoint that lists items", *notes])
        )
    chosen = _choose(collections, select, asker)
    is_known = bool(given.values.get("auth_type"))
    found = Authentication() if is_known else find_authentication(root, address)
    return Request(
        given,
        base,
        [one.wanted() for one in chosen],
        folder,
        found.settings,
        found.secrets,
        [*notes, *found.notes] if not select else found.notes,
        {one.path: one for one in collections},
    )


def _option(one: Collection) -> str:
    method = "" if one.method == "GET" else f"{one.method} "
    return f"{method}{one.path}  {one.summary}".rstrip()


def _choose(
    collections: Sequence[Collection], select: Sequence[str], asker: Asker
) -> list[Collection]:
    by_path = {one.path: one for one in collections}
    if select:
        if unknown := [path for path in select if path not in by_path]:
            raise ConfigurationError(
                f"the document has no list at {', '.join(unknown)}; it has {', '.join(by_path)}"
            )
        return [by_path[path] for path in dict.fromkeys(select)]
    options = [_option(one) for one in collections]
    picked = asker.pick("Which of these lists should be read?", options)
    return [collections[index] for index in picked]
