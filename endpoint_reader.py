"""Reads one endpoint from its first page to its end: request, body, items, and what follows."""

import asyncio
import hashlib
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from client import ApiClient
from decoding import Body, decode
from endpoints import Endpoint
from error_rules import Action, ErrorRule, action_for
from errors import EndpointError, ResourceError, ResponseError, StatusError
from extraction import Extraction, keys_of
from messages import ApiRequest, ApiResponse
from observer import UNOBSERVED, Observer
from pagination.factory import create_strategy
from pagination.page import Page
from pagination.reading import PageSizes, Reading
from settings import ConnectionSettings
from transport import backoff

_NO_CONTENT = frozenset({204, 205})

type Fetch = Callable[[ApiRequest], Awaitable[ApiResponse]]


@dataclass(slots=True)
class EndpointStatistics:
    """What reading all endpoints of one template came to; `endings` counts the reasons."""

    sizes: PageSizes
    endpoints: int = 0
    pages: int = 0
    items: int = 0
    extra_requests: int = 0
    matched: int = 0
    unmatched: int = 0
    unmatched_keys: str = ""
    endings: Counter[str] = field(default_factory=Counter)

    def check_data_path(self, expression: str, setting: str) -> None:
        """Refuse a data_path that matched nothing in any response.

        Raises:
            ResourceError: lists the keys that a body has, and says how to allow it.
        """
        if self.unmatched and not self.matched:
            raise ResourceError(
                f"{setting} {expression} matches nothing in any of {self.unmatched} responses; "
                f"a body has {self.unmatched_keys}. If nothing is right, write "
                f"`{expression} // []`"
            )


class EndpointReader:
    """Reads endpoints that share one template, and so one data_path and one set of statistics.

    Inputs: `client` sends; `fetch` is how a request is sent, through the cache or directly;
    `settings` say how pages are asked for; `rules` are the user's own for errors; `observer` is
    told of each page; after `most_pages` of an endpoint reading stops, complete or not.
    """

    def __init__(
        self,
        client: ApiClient,
        endpoint: Endpoint,
        settings: ConnectionSettings,
        fetch: Fetch,
        rules: tuple[ErrorRule, ...] = (),
        observer: Observer = UNOBSERVED,
        most_pages: int | None = None,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._settings = settings.pagination
        self._max_retries = settings.max_retries
        self._fetch = fetch
        self._rules = rules
        self._observer = observer
        self._most_pages = most_pages
        self.statistics = EndpointStatistics(PageSizes(settings.page_size))

    async def read(
        self, first: ApiRequest, path_params: Mapping[str, str] | None = None
    ) -> AsyncGenerator[list[Any]]:
        """The items of each page, in order; `path_params` are the values in the path, for rules.

        Raises:
            EndpointError: the endpoint could not be read to its end.
        """
        reading = Reading(
            create_strategy(self._settings), first, self._settings, self.statistics.sizes
        )
        self.statistics.endpoints += 1
        pages = items = 0
        request: ApiRequest | None = reading.request
        reason = ""
        while request:
            with self._place(request):
                page = await self._next_page(reading, request, path_params or {})
                if isinstance(page, str):
                    reason = page
                    break
                verdict = reading.receive(page)
            self._observer.page_read(self._endpoint, request, page, verdict)
            self.statistics.extra_requests += verdict.extra
            if verdict.keep:
                pages += 1
                items += len(page.items)
                if page.items:
                    yield page.items
            request, reason = verdict.request, verdict.reason
            if request and pages == self._most_pages:
                request, reason = None, f"the limit of {pages} pages"
        self._finish(first, pages, items, reason)

    async def _next_page(
        self, reading: Reading, request: ApiRequest, path_params: Mapping[str, str]
    ) -> Page | str:
        """The page, or why there is none: by the user's rules first, then by pagination's."""
        fetch = self._fetch
        for attempt in itertools.count(1):
            try:
                return await self._page(request, await fetch(request))
            except (StatusError, ResponseError) as error:
                action = self._action(reading, error, path_params)
                if action == "retry" and attempt <= self._max_retries:
                    await asyncio.sleep(backoff(attempt))
                    # Not through the cache, which would give the same answer again.
                    fetch = self._client.send
                    continue
                if action in ("skip", "stop"):
                    return f"on_error: {action}"
                if isinstance(error, StatusError):
                    error.is_decided = action is not None or reading.has_pages
                    reason = None if action else reading.refused(error.status)
                    if reason is not None:
                        return reason
                raise
        raise AssertionError("unreachable")

    def _action(
        self, reading: Reading, error: EndpointError, path_params: Mapping[str, str]
    ) -> Action | None:
        # A refusal of our own question whether there is another page is an answer, not an error.
        if reading.is_probing:
            return None
        return action_for(self._rules, error.answer, path_params)

    async def _page(self, request: ApiRequest, response: ApiResponse) -> Page:
        try:
            body = await decode(response)
            found = await self._endpoint.data_path.extract(body)
            if response.status not in _NO_CONTENT:
                self._judge(body, found)
        except ResponseError as error:
            error.said = self._client.redactor.excerpt(response.content)
            error.answer = response
            raise
        digest = await _fingerprint(response.content)
        return Page(
            request, response.headers, body.value, found.items, found.received, found.beside, digest
        )

    def _judge(self, body: Body, found: Extraction) -> None:
        if found.items:
            self.statistics.matched += 1
            return
        if _looks_like_error(body.value):
            raise ResponseError("the status says success, but the body says error")
        if found.matched:
            self.statistics.matched += 1
        else:
            self.statistics.unmatched += 1
            self.statistics.unmatched_keys = keys_of(body.value)

    def _finish(self, first: ApiRequest, pages: int, items: int, reason: str) -> None:
        self._observer.endpoint_read(self._endpoint, first, reason)
        self.statistics.pages += pages
        self.statistics.items += items
        self.statistics.endings[_without_numbers(reason)] += 1
        logger.debug(
            f"{self._client.describe(first)}: {items} items in {pages} pages, ended by {reason}"
        )

    @contextmanager
    def _place(self, request: ApiRequest) -> Iterator[None]:
        """Every error from here on says which request it was about."""
        try:
            yield
        except EndpointError as error:
            error.endpoint = error.endpoint or self._client.describe(request)
            raise


def _looks_like_error(body: Any) -> bool:
    if not isinstance(body, Mapping):
        return False
    denied = any(body.get(name) is False for name in ("ok", "success"))
    return denied or any(body.get(name) for name in ("error", "errors"))


def _without_numbers(reason: str) -> str:
    """Reasons are counted by kind: "a short page (3 < 100)" and "(7 < 100)" are the same."""
    kind = reason.partition(" (")[0]
    return "the total reached" if kind.endswith("reached") else kind


async def _fingerprint(content: bytes) -> bytes:
    if len(content) < 1_000_000:
        return hashlib.blake2b(content, digest_size=16).digest()
    return await asyncio.to_thread(lambda: hashlib.blake2b(content, digest_size=16).digest())
