from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "patients",
                    "endpoint": {
                        "path": "Patient",
                        "data_selector": "entry[*].resource",
                        "paginator": {
                            "type": "json_link",
                            "next_url_path": "link[?relation=='next'].url",
                        },
                        "response_actions": [fail_on_outcomes],
                    },
                }
            ],
        }
    )


def fail_on_outcomes(response: Any, *args: Any, **kwargs: Any) -> None:
    response.raise_for_status()
    if (body := response.json())["resourceType"] == "OperationOutcome":
        raise ValueError(body["issue"])
