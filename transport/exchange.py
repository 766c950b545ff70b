"""What travels with a request through the layers of the client, and with its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import httpx

from api_messages import LargeBody

# The key in httpx's `extensions`, which every layer hands on.
_KEY = "ocean_custom"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the layers of the client tell each other about one request or its answer.

    An `is_anonymous` request carries no credentials, and so shows no certificate. `sign` signs each
    attempt as it is sent, because a request may wait for its turn, or for a retry, longer than a
    signature holds. `rescue` takes the answer where who asked gave up meanwhile, because what it
    holds is given once. `is_repeat` tells that the request was sent before. `large_body` is that of
    an answer whose content is only its start.
    """

    is_anonymous: bool = False
    sign: Callable[[httpx.Request], httpx.Request] | None = None
    rescue: Callable[[httpx.Response], None] | None = None
    is_repeat: bool = False
    large_body: LargeBody | None = None

    @classmethod
    def of(cls, message: httpx.Request | httpx.Response) -> Self:
        """Return what travels with a message."""
        found: Self | None = message.extensions.get(_KEY)
        return cls() if found is None else found

    def attach_to(self, message: httpx.Request | httpx.Response) -> None:
        """Let this travel with a message, in place of what did so far."""
        message.extensions[_KEY] = self
