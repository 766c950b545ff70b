from typing import Any

from dlt.common.configuration import configspec
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    auth = RenewingCredentials(
        access_token_url=f"{base_url}/token", client_id="catalog", client_secret="s3cr3t"
    )
    return rest_api_resources(
        {
            "client": {"base_url": base_url, "auth": auth},
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


@configspec
class RenewingCredentials(OAuth2ClientCredentials):
    def __call__(self, request: Any) -> Any:
        request.register_hook("response", self.renew)
        return super().__call__(request)

    def renew(self, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code != 401:
            return response
        response.close()
        self.obtain_token()
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self.access_token}"
        return response.connection.send(again, **kwargs)
