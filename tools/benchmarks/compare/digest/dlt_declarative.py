from typing import Any

from dlt.sources.helpers.requests import Client
from dlt.sources.rest_api import rest_api_resources
from requests.auth import HTTPDigestAuth


def source(base_url: str) -> Any:
    session = Client(raise_for_status=False).session
    session.auth = HTTPDigestAuth("catalog", "s3cr3t")
    return rest_api_resources(
        {
            "client": {
                "base_url": base_url,
                "session": session,
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            },
            "resources": [
                {"name": "clusters", "endpoint": {"path": "clusters", "data_selector": "items"}}
            ],
        }
    )
