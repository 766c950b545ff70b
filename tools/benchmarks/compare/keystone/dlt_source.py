from typing import Any

from dlt.common.configuration import configspec
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from dlt.sources.rest_api import rest_api_resources


def source(base_url: str) -> Any:
    auth = KeystoneAuth(url=f"{base_url}/v3/auth/tokens", username="catalog", password="s3cr3t")
    return rest_api_resources(
        {
            "client": {"base_url": base_url, "auth": auth},
            "resources": [
                {
                    "name": "users",
                    "endpoint": {
                        "path": "v3/users",
                        "data_selector": "users",
                        "paginator": {"type": "json_link", "next_url_path": "links.next"},
                    },
                }
            ],
        }
    )


@configspec
class KeystoneAuth(AuthConfigBase):
    url: str = ""
    username: str = ""
    password: TSecretStrValue = ""
    token: str = ""

    def __call__(self, request: Any) -> Any:
        request.headers["X-Auth-Token"] = self.token or self.obtain_token()
        request.register_hook("response", self.renew)
        return request

    def obtain_token(self) -> str:
        user = {"name": self.username, "password": self.password, "domain": {"id": "default"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        response = requests.post(self.url, json={"auth": {"identity": identity}})
        self.token = response.headers["X-Subject-Token"]
        return self.token

    def renew(self, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code != 401:
            return response
        response.close()
        again = response.request.copy()
        again.headers["X-Auth-Token"] = self.obtain_token()
        return response.connection.send(again, **kwargs)
