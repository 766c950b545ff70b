from typing import Any

from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {
                "base_url": base_url,
                "auth": {
                    "type": "oauth2_client_credentials",
                    "access_token_url": f"{base_url}/token",
                    "client_id": "catalog",
                    "client_secret": "s3cr3t",
                },
            },
            "resources": [
                {
                    "name": "things",
                    "endpoint": {
                        "path": "things",
                        "data_selector": "items",
                        "paginator": {"type": "json_link", "next_url_path": "next"},
                    },
                }
            ],
        }
    )
