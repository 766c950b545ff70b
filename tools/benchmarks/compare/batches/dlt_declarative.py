from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {
                "base_url": base_url,
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            },
            "resources": [
                {
                    "name": "projects",
                    "selected": False,
                    "endpoint": {"path": "projects", "data_selector": "items"},
                },
                {
                    "name": "measures",
                    "endpoint": {
                        "path": "measures",
                        "params": {"keys": "{resources.projects.key}"},
                        "data_selector": "measures",
                        "paginator": "single_page",
                    },
                },
            ],
        }
    )
