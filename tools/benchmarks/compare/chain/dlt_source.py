from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {
                "base_url": base_url,
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            },
            "resource_defaults": {"endpoint": {"data_selector": "items"}},
            "resources": [
                {"name": "orgs", "selected": False, "endpoint": {"path": "orgs"}},
                {
                    "name": "repos",
                    "selected": False,
                    "include_from_parent": ["name", "tier"],
                    "endpoint": {"path": "orgs/{resources.orgs.name}/repos"},
                },
                {
                    "name": "pulls",
                    "include_from_parent": ["_orgs_tier", "team"],
                    "endpoint": {
                        "path": "orgs/{resources.repos._orgs_name}/{resources.repos.name}/pulls",
                        "response_actions": [{"status_code": 404, "action": "ignore"}],
                    },
                },
            ],
        }
    )
