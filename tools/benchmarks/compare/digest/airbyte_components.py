from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airbyte_cdk.sources.declarative.auth.declarative_authenticator import NoAuth
from requests.auth import HTTPDigestAuth


@dataclass
class DigestAuthenticator(NoAuth):
    config: Mapping[str, Any]
    username: str
    password: str

    @cached_property
    def digest(self) -> HTTPDigestAuth:
        return HTTPDigestAuth(self.username, self.password)

    def __call__(self, request: Any) -> Any:
        return self.digest(request)
