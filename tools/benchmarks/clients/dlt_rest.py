"""dlt's REST API source, and the client below it.

python -m tools.benchmarks.clients.dlt_rest '{"base": "…", "path": "…", "style": "cursor"}'

`layer` chooses what is measured: `source` (default) is the declarative source, whose resource
is iterated item by item, as a pipeline does; `client` is the generator of pages inside of it.
"""

import json
import logging
import sys
from typing import Any

from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.rest_api import rest_api_resources
from dlt.sources.rest_api.config_setup import create_paginator

from tools.benchmarks.clients.measuring import measured

_PAGINATORS: dict[str, dict[str, Any]] = {
    "plain": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None},
    "total": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None},
    "cursor": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
    "link": {"type": "json_link", "next_url_path": "next"},
}


def source(base: str, path: str, style: str) -> int:
    """Read through the declarative source; returns how many items there were."""
    resource = {
        "name": "things",
        "endpoint": {"path": path, "data_selector": "items", "paginator": _PAGINATORS[style]},
    }
    (things,) = rest_api_resources({"client": {"base_url": base}, "resources": [resource]})
    return sum(1 for _ in things)


def client(base: str, path: str, style: str) -> int:
    """Read through the client's generator of pages."""
    pages = RESTClient(base).paginate(
        path, data_selector="items", paginator=create_paginator(dict(_PAGINATORS[style]))
    )
    return sum(len(page) for page in pages)


def main(job: dict[str, Any]) -> None:
    """Read, and print the figures."""
    logging.disable()
    read = client if job.get("layer") == "client" else source
    measured(read, job)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
