from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "readings",
                    "endpoint": {
                        "path": "query",
                        "method": "POST",
                        "json": {"TableName": "readings"},
                        "data_selector": "Items",
                        "paginator": {
                            "type": "cursor",
                            "cursor_path": "LastEvaluatedKey",
                            "cursor_body_path": "ExclusiveStartKey",
                        },
                    },
                }
            ],
        }
    )
