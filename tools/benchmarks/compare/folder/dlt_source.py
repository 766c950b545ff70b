from typing import Any

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    paginator = Continue(cursor_path="cursor", has_more_path="has_more")
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "files",
                    "endpoint": {
                        "path": "2/files/list_folder",
                        "method": "POST",
                        "json": {"path": "/docs"},
                        "data_selector": "entries",
                        "paginator": paginator,
                    },
                }
            ],
        }
    )


class Continue(JSONResponseCursorPaginator):
    def update_request(self, request: Any) -> None:
        request.url = f"{request.url.removesuffix('/continue')}/continue"
        request.json = {"cursor": self._next_reference}
