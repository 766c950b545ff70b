from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "events",
                    "endpoint": {
                        "path": "events",
                        "data_selector": "items",
                        "paginator": {"type": "offset", "limit": 100, "total_path": None},
                    },
                }
            ],
        }
    )
