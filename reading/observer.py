"""Reading a part of a resource, and watching how it is read: what a preview needs."""

from dataclasses import dataclass
from typing import Any

from api_messages import ApiRequest
from mapping.plan.endpoint import Endpoint
from pagination.page import Page, Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """Where reading stops early; None means to the end, as in a resync.

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
        """A page has arrived, and pagination has decided how to go on."""

    def endpoint_read(self, endpoint: Endpoint, request: ApiRequest, reason: str) -> None:
        """An endpoint was read to its end, or to a limit; `request` is its first one."""


class Watch:
    """Looks at the items of one endpoint while they are read, and may end the reading early.

    Pages are fetched before it is their turn only where the watch `reads_ahead`.
    """

    reads_ahead = True

    def portion(self, items: list[Any]) -> None:
        """Some items of a page, in their order."""

    def page_ended(self, received: int) -> str | None:
        """A page is over, `received` records into the endpoint; the reason to end, if any."""
        return None


UNLIMITED = Limits()
UNOBSERVED = Observer()
UNWATCHED = Watch()
