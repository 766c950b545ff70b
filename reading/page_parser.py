"""Pages made of answers: at once, or piece by piece where the body is large."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from api_messages import ApiRequest, ApiResponse
from errors import ResponseError
from expressions.evaluator import Evaluator
from expressions.jq_expressions import Extraction
from formats.bodies import bodies
from formats.documents import Documents
from formats.json_values import size_of
from formats.messages import says_pending
from mapping.plan.endpoint import Endpoint
from pagination.page import Page
from reading.data_path_fit import DataPathFit, Quote
from reading.item_stream import ItemStream, Portion
from redaction import Redactor
from statuses import Meaning, meaning_of

NOT_READY = "the API answered 202 without items, so they are not ready"


@dataclass(slots=True)
class LargePage:
    """A page whose items do not fit in memory at once; its body may still be arriving."""

    request: ApiRequest
    response: ApiResponse
    stream: ItemStream
    _has_ended: bool = False
    _first: Any = None

    async def starts_like(self, before: Page | None) -> bool:
        """Tell whether this may be the page before once more."""
        self._first = await self.stream.first_item()
        return before is not None and before.starts_with(self._first)

    async def portions(self) -> AsyncGenerator[Portion]:
        """Give the items, as they arrive; once more from the start when they were all read.

        Raises:
            EndpointError: the body did not arrive to its end, or is no usable answer.
        """
        stream = await self.stream.again() if self._has_ended else self.stream
        async with aclosing(stream.pieces()) as pieces:
            async for piece in pieces:
                yield piece
        self._has_ended = True

    async def page(self) -> Page:
        """Return the page without its items, once these were read; errors as for `portions`."""
        if not self._has_ended:
            async for _ in self.portions():
                pass
        stream = self.stream
        return Page(
            self.request,
            _headers_of(self.response),
            stream.body,
            [],
            stream.count,
            stream.received,
            stream.data_path.beside(stream.body),
            _fingerprint(self.response),
            stream.digest,
            self._first,
            stream.last_item,
            identities=stream.identities,
            matched=stream.matched,
            path=stream.data_path.path,
            is_plain=stream.data_path.is_plain,
        )

    def abandon(self) -> None:
        """Stop receiving the body."""
        if self.response.large:
            self.response.large.abandon()


@dataclass(frozen=True, slots=True)
class PageParser:
    """Makes pages of the answers of endpoints that share a data_path, and judges them by `fit`.

    Large bodies are taken in pieces where it `takes_pieces`.
    """

    endpoint: Endpoint
    fit: DataPathFit
    redactor: Redactor
    evaluator: Evaluator
    takes_pieces: bool = True

    async def parse(self, request: ApiRequest, response: ApiResponse) -> Page | LargePage:
        """Return a page with its items, or one that gives them piece by piece.

        Raises:
            ResponseError: the answer is none; it carries the answer, and what it says.
            EndpointError: a large body did not arrive to its end.
        """
        try:
            documents = Documents(response, self.endpoint.response_format)
            # What is not ready is asked for again, and so is not handed on before its end.
            is_ready = meaning_of(response.status) is not Meaning.NOT_READY
            path, evaluator = self.endpoint.data_path, self.evaluator
            in_pieces = is_ready and self.takes_pieces
            stream = await ItemStream.open(documents, path, evaluator) if in_pieces else None
            if stream:
                return LargePage(request, response, stream)
            return await self._whole(request, documents)
        except ResponseError as error:
            raise self.explained(error, response) from None

    def judge(self, page: Page, response: ApiResponse) -> None:
        """Refuse an answer that is no data; what only others can tell is kept for `fit.check`.

        Raises:
            ResponseError: it carries the answer, and what it says.
        """
        meaning = meaning_of(response.status)
        if meaning is Meaning.EMPTY:
            return
        try:
            quote = Quote(page.request, response.content, self.redactor)
            if meaning is Meaning.NOT_READY:
                error = ResponseError(NOT_READY, advice="on_error can say what a 202 means")
                if not _holds_items(page, response):
                    raise error
                self.fit.refuse_among_lists(page, error, quote.place)
            self.fit.judge(page, quote)
        except ResponseError as error:
            raise self.explained(error, response) from None

    def explained(self, error: ResponseError, response: ApiResponse) -> ResponseError:
        """Return the error with the answer that it is about, and what that says."""
        is_packed = Documents(response).is_packed
        return error.about(response, "" if is_packed else self.redactor.excerpt(response.content))

    async def _whole(self, request: ApiRequest, documents: Documents) -> Page:
        response = documents.response
        value, found = None, Extraction([], None, matched=True)
        if meaning_of(response.status) is not Meaning.EMPTY:
            value, found = await self._found_in(documents)
        return Page(
            request,
            _headers_of(response),
            value,
            found.items,
            len(found.items),
            found.received,
            found.beside,
            _fingerprint(response),
            first_item=found.items[0] if found.items else None,
            last_item=found.items[-1] if found.items else None,
            matched=found.matched,
            is_null=found.is_null,
            path=self.endpoint.data_path.path,
            is_plain=self.endpoint.data_path.is_plain,
            size=_size_of(documents, found.items),
            sent=found.sent,
            is_guess=found.is_guess,
        )

    async def _found_in(self, documents: Documents) -> tuple[Any, Extraction]:
        """Return the value of the first document, and the items of all."""
        data_path = self.endpoint.data_path
        values, found = [], []
        async with aclosing(bodies(documents, data_path.list_path)) as all_of_them:
            async for body in all_of_them:
                values.append(body.value)
                found.append(await data_path.extract(body, self.evaluator))
        return values[0], found[0] if len(found) == 1 else _together(found)


def _holds_items(page: Page, response: ApiResponse) -> bool:
    """Return whether an answer that may not be ready has items: one object may be a progress."""
    holds = any(page.items or [page.count])
    if not holds or page.received is not None:
        return holds
    return "retry-after" not in response.headers and not says_pending(page.first_item)


def _together(found: list[Extraction]) -> Extraction:
    """Return several documents as one: each object counts as one record."""
    return Extraction(
        [item for one in found for item in one.items],
        sum(len(one.items) if one.received is None else one.received for one in found),
        any(one.matched for one in found),
        beside=found[0].beside,
        sent=[record for one in found for record in one.sent],
        is_guess=any(one.is_guess for one in found),
    )


def _headers_of(response: ApiResponse) -> dict[str, str]:
    # Their own class looks at each header once more whenever it is asked.
    return dict(response.headers.items())


def _fingerprint(response: ApiResponse) -> bytes:
    return response.large.fingerprint if response.large else response.content


def _size_of(documents: Documents, items: list[Any]) -> int:
    """Return how many bytes of JSON some items have at most, by their body where that tells."""
    response = documents.response
    if documents.is_packed:
        return sum(map(size_of, items))
    return response.large.size if response.large else len(response.content)
