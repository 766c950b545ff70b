"""Which responses the resources of one resync share."""

import re
from collections import Counter
from collections.abc import Sequence

from cache.within_resync import ResponseCache
from client import ApiClient
from mapping.plan.endpoint import Endpoint
from mapping.plan.resource import ResourcePlan
from reading.prefetch import Fetch

_NAME = re.compile(r"(?:\{|%7B)[A-Za-z_][\w-]*(?:\}|%7D)")


class SharedResponses:
    """The responses of one resync that more than one resource asks for."""

    def __init__(self, plans: Sequence[ResourcePlan]) -> None:
        uses = Counter(_shape(endpoint) for plan in plans for endpoint in plan.shareable)
        self._shared = {shape for shape, count in uses.items() if count > 1}
        self._cache = ResponseCache()

    def fetch_for(self, endpoint: Endpoint, client: ApiClient) -> Fetch:
        """How requests of this endpoint are sent: through the cache if anyone else asks too."""
        if _shape(endpoint) not in self._shared:
            return client.send
        return lambda request: self._cache.fetch(request, client.send)

    def close(self) -> None:
        """Remove every kept response."""
        self._cache.close()


def _shape(endpoint: Endpoint) -> str:
    """Equal for endpoints that can call the API in the same way, however placeholders are named."""
    return _NAME.sub("{}", endpoint.identity)
