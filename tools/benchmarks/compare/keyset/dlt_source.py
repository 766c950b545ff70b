from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "customers",
                    "endpoint": {
                        "path": "customers",
                        "data_selector": "data",
                        "paginator": {
                            "type": "cursor",
                            "cursor_path": "data[-1].id",
                            "cursor_param": "starting_after",
                            "has_more_path": "has_more",
                        },
                    },
                }
            ],
        }
    )
