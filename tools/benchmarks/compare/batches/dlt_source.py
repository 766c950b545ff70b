from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    (projects,) = rest_api_resources(
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
                }
            ],
        }
    )
    return dlt.resource(measures(base_url, projects), name="measures")


def measures(base_url: str, projects: Any) -> Iterator[Any]:
    client = RESTClient(base_url)
    keys = [project["key"] for project in projects]
    for start in range(0, len(keys), 10):
        response = client.get("measures", params={"keys": ",".join(keys[start : start + 10])})
        response.raise_for_status()
        yield response.json()["measures"]
