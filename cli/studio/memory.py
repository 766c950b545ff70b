"""A client that asks each question once, until it is told to ask anew."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from api_messages import ApiRequest, ApiResponse
from probe.recording import RecordedExchange, RecordingClient
from settings.connection import ConnectionSettings

_MOST_BYTES = 256 * 2**20


class RememberingClient(RecordingClient):
    """The client of a preview; what it was answered with success, it need not ask again.

    So another data_path or pagination type shows its result at once, and the API is spared. Old
    answers go where all of them together are too large.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        on_exchange: Callable[[RecordedExchange], None] = lambda exchange: None,
    ) -> None:
        super().__init__(settings, self._heard)
        self.listener = on_exchange
        self._known: OrderedDict[str, RecordedExchange] = OrderedDict()
        self._size = 0
        self._is_anew = False

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Ask everything again for as long as the block lasts."""
        self._is_anew = True
        try:
            yield
        finally:
            self._is_anew = False

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send as the client of a sync, or answer from memory, with the time that it took then."""
        known = None if self._is_anew else self._known.get(request.identity)
        if known and known.response:
            exchange = replace(known)
            self.exchanges.append(exchange)
            return known.response
        response = await super().send(request)
        whole = replace(response, content=self.exchanges[-1].content, large=None)
        self._remember(request.identity, replace(self.exchanges[-1], response=whole))
        return whole

    def _heard(self, exchange: RecordedExchange) -> None:
        self.listener(exchange)

    def _remember(self, identity: str, exchange: RecordedExchange) -> None:
        before = self._known.pop(identity, None)
        self._size += len(exchange.content) - (len(before.content) if before else 0)
        self._known[identity] = exchange
        while self._size > _MOST_BYTES and len(self._known) > 1:
            _, oldest = self._known.popitem(last=False)
            self._size -= len(oldest.content)
