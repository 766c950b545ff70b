"""Jobs of the extraction workloads: settings and resources of our own client."""

from collections.abc import Mapping
from typing import Any

from tools.benchmarks.bench import Figures

CONNECTIONS = 10
TYPES = {"plain": "page", "total": "page", "cursor": "cursor", "link": "next_link"}


def listing(path: str) -> Figures:
    """Return a resource whose items are under `items`."""
    return {"kind": path, "data_path": ".items"}


def resource(selector: Mapping[str, Any], mappings: Figures) -> Figures:
    """Return a resource of a mapping; `selector` has `kind` besides its own fields."""
    own = {key: value for key, value in selector.items() if key != "kind"}
    return {
        "kind": selector["kind"],
        "selector": {"query": "true", **own},
        "port": {"entity": {"mappings": mappings}},
    }


def paged(base: str, style: str, path: str, pagination: str = "", page_size: int = 1000) -> Figures:
    """Return the job of reading one listing in pages; `style` is how the server tells of them."""
    settings = {
        "base_url": base,
        "pagination_type": pagination or TYPES[style],
        "page_size": page_size,
        "next_link_path": "next",
        "max_concurrent_requests": CONNECTIONS,
    }
    return {"settings": settings, "resources": [listing(path)]}


def numbered(base: str) -> Figures:
    """Return settings for endpoints that are paged by number."""
    return {
        "base_url": base,
        "pagination_type": "page",
        "page_size": 100,
        "max_concurrent_requests": CONNECTIONS,
    }


def things(parents: int, each: int) -> Figures:
    """Return a resource of so many nested endpoints with so many items each."""
    team = {
        "endpoint": "/teams",
        "query_params": {"count": str(parents)},
        "data_path": ".items",
        "field": ".id",
    }
    return {
        "kind": "/teams/{team}/things",
        "query_params": {"n": str(each)},
        "data_path": ".items",
        "path_parameters": {"team": team},
    }
