from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.requesters import HttpRequester


@dataclass
class KeystoneAuthenticator(DeclarativeAuthenticator):
    login_requester: HttpRequester
    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    auth_header = "X-Auth-Token"
    token = ""

    def get_auth_header(self) -> Mapping[str, Any]:
        if not self.token:
            self.refresh_and_set_access_token()
        return {self.auth_header: self.token}

    def refresh_and_set_access_token(self) -> None:
        self.token = self.login_requester.send_request().headers["X-Subject-Token"]
