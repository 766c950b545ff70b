from typing import Any

from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
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
                        "paginator": ByItemsReceived(limit=100, total_path=None),
                    },
                }
            ],
        }
    )


class ByItemsReceived(OffsetPaginator):
    def update_state(self, response: Any, data: Any = None) -> None:
        self.value_step = len(data or [])
        super().update_state(response, data)
