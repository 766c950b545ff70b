from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url, "paginator": "single_page"},
            "resource_defaults": {"endpoint": {"data_selector": "items"}},
            "resources": [
                {"name": "teams", "selected": False, "endpoint": {"path": "teams"}},
                {"name": "members", "endpoint": {"path": "teams/{resources.teams.name}/members"}},
            ],
        }
    )
