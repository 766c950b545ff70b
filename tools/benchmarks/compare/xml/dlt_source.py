import json
from typing import Any
from xml.etree import ElementTree

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "services",
                    "endpoint": {
                        "path": "services",
                        "data_selector": "services",
                        "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
                        "response_actions": [to_json],
                    },
                }
            ],
        }
    )


def to_json(response: Any, *args: Any, **kwargs: Any) -> None:
    response.raise_for_status()
    services = [
        {"@id": element.get("id"), "name": element.findtext("{*}name")}
        for element in ElementTree.fromstring(response.content)
    ]
    response._content = json.dumps({"services": services}).encode()
