"""Clients that remember what they asked and what came back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from api_messages import ApiRequest, ApiResponse
from client import ApiClient
from errors import EndpointError
from settings.connection import ConnectionSettings

# Replaced where output must be the same each time.
clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One request and what became of it.

    `url` is without secrets; `seconds` covers retries; `status` is None where there was no answer.
    """

    method: str
    url: str
    seconds: float
    request: ApiRequest = field(repr=False)
    response: ApiResponse | None = field(default=None, repr=False)
    content: bytes = field(default=b"", repr=False)
    error: EndpointError | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)


class RecordingClient(ApiClient):
    """The client of a sync; it keeps every exchange and tells `on_exchange` as they happen.

    `waits` tells whether time has to pass before an answer changes.
    """

    waits = True

    def __init__(
        self,
        settings: ConnectionSettings,
        on_exchange: Callable[[RecordedExchange], None] = lambda exchange: None,
    ) -> None:
        super().__init__(settings)
        self.exchanges: list[RecordedExchange] = []
        self._on_exchange = on_exchange

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send as the client of a sync, and keep the exchange."""
        start = clock()
        try:
            response = await self._ask(request)
        except EndpointError as error:
            await self._keep(request, start, error.answer, error)
            raise
        await self._keep(request, start, response)
        return response

    async def _ask(self, request: ApiRequest) -> ApiResponse:
        return await super().send(request)

    async def _keep(
        self,
        request: ApiRequest,
        start: float,
        response: ApiResponse | None,
        error: EndpointError | None = None,
    ) -> None:
        url = self.redactor.url(request.url)
        content = await response.read() if response else b""
        exchange = RecordedExchange(
            request.method, url, clock() - start, request, response, content, error
        )
        self.exchanges.append(exchange)
        self._on_exchange(exchange)


@dataclass(slots=True)
class Notes:
    """Lines that the engine logged as a warning or worse, in order, each text once."""

    lines: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """Return the lines since the last call."""
        taken, self.lines = list(dict.fromkeys(self.lines)), []
        return taken
