"""Notes that travel with a request through the layers of the client, and with its answer."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from api_messages import LargeBody

# The key in httpx's `extensions`, which every layer hands on.
_KEY = "ocean_custom"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Notes that the layers of the client pass each other with one request, or with its answer.

    An `is_anonymous` request carries no credentials, and so shows no certificate. `sign` signs each
    attempt as it is sent, because a request may wait for its turn, or for a retry, longer than a
    signature holds. `rescue` takes the answer where who asked gave up meanwhile, because what it
    holds is given once. `is_repeat` tells that the request was sent before. `template`, `is_first`
    and `is_once` are those of the `ApiRequest`. `large_body` is that of an answer whose content is
    only its start.
    """

    is_anonymous: bool = False
    sign: Callable[[httpx.Request], httpx.Request] | None = None
    rescue: Callable[[httpx.Response], None] | None = None
    is_repeat: bool = False
    template: str = ""
    is_first: bool = False
    is_once: bool = False
    large_body: LargeBody | None = None

    @staticmethod
    def of(message: httpx.Request | httpx.Response) -> "Exchange":
        """Return the notes of a message; plain ones where it has none."""
        found: Exchange = message.extensions.get(_KEY, _PLAIN)
        return found

    def attach_to(self, message: httpx.Request | httpx.Response) -> None:
        """Let a message carry these notes, in place of those that it had."""
        message.extensions[_KEY] = self


_PLAIN = Exchange()
