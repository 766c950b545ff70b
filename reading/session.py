"""The session that resources of one run share, the limits of reading, and its observers."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api_messages import ApiRequest
from cache.within_resync import ResponseCache
from client import ApiClient
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from pagination.page import Page, Verdict
from reading.prefetch import Fetch
from settings.connection import ConnectionSettings

_NAME = re.compile(r"(?:\{|%7B)[A-Za-z_][\w-]*(?:\}|%7D)")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits where reading stops early; None means to the end, as in a resync.

    `pages` holds for each endpoint that is called, `endpoints` for the nested ones of a resource,
    `items` for what a resource hands on.
    """

    pages: int | None = None
    endpoints: int | None = None
    items: int | None = None


class Observer:
    """Is told what reading a resource comes to; a subclass keeps what it wants to show."""

    def page_read(
        self, endpoint: Endpoint, request: ApiRequest, page: Page, verdict: Verdict
    ) -> None:
        """Take note of a page that has arrived, and of how pagination goes on."""

    def endpoint_read(self, endpoint: Endpoint, request: ApiRequest, reason: str) -> None:
        """Take note of an endpoint that was read to its end or a limit, from `request` on."""


UNLIMITED = Limits()
UNOBSERVED = Observer()


class Session:
    """The session of one run: a client, its settings, and answers that several resources need.

    Inputs: `plans`, all resources of the run: an answer that two of them ask for is kept for both,
    until `close`. `limits` hold for each resource.
    """

    def __init__(
        self,
        client: ApiClient,
        settings: ConnectionSettings,
        plans: Sequence[ResourcePlan] = (),
        limits: Limits = UNLIMITED,
    ) -> None:
        self.client = client
        self.settings = settings
        self.limits = limits
        uses = Counter(_shape(endpoint) for plan in plans for endpoint in plan.shareable)
        self._shared = {shape for shape, count in uses.items() if count > 1}
        self._responses = ResponseCache()

    def fetch_for(self, endpoint: Endpoint) -> Fetch:
        """Return how requests of this endpoint are sent: through the cache if others ask too."""
        if _shape(endpoint) not in self._shared:
            return self.client.send
        return lambda request: self._responses.fetch(request, self.client.send)

    def close(self) -> None:
        """Remove every kept answer; the client stays open."""
        self._responses.close()


def _shape(endpoint: Endpoint) -> str:
    """Return a text that is equal for endpoints with equal requests, whatever their names."""
    return _NAME.sub("{}", endpoint.identity)
