"""Reads one endpoint from its first page to its end: request, body, items, and what follows."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from loguru import logger

from api_messages import ApiRequest, ApiResponse
from errors import (
    EndpointError,
    ExpressionLimitError,
    GoneError,
    ResponseError,
    StatusError,
)
from expressions.evaluator import Evaluator
from formats.json_values import LARGEST_VALUE, check_sizes
from mapping.plan.endpoint import Endpoint
from mapping.plan.error_rules import NO_RULES, Action, ErrorPolicy
from outcomes import Doubt
from pagination.doubts import doubt_over_inner_list
from pagination.inner_lists import cut_within, message_within
from pagination.page import Page, Verdict
from pagination.pager import Pager
from pagination.sizes import PageSizes
from pagination.strategies import create_strategy
from reading.account import Account, Reason
from reading.data_path_fit import DataPathFit
from reading.item_stream import Portion
from reading.page_parser import LargePage, PageParser
from reading.prefetch import Allowance, Fetch, FetchAhead
from reading.session import UNOBSERVED, Observer, Session
from statuses import Meaning, meaning_of

# After so many requests in a row that a rule repeats in vain, none is repeated.
_MOST_IN_VAIN = 10


class Watch:
    """Looks at the items of one endpoint while they are read, and may end the reading early.

    Pages are fetched before it is their turn only where the watch `reads_ahead`.
    """

    @property
    def reads_ahead(self) -> bool:
        return True

    async def portion(self, portion: Portion, evaluator: Evaluator) -> None:
        """Look at some items of a page, in their order."""

    def answered(self, page: Page) -> None:
        """Look at an answer that arrived to its end; the items of a large one are not in it."""

    def page_ended(self, received: int) -> str | None:
        """Return why to end after this page, `received` records into the endpoint, if at all."""
        return None

    def takes(self, doubt: Doubt) -> bool:
        """Tell whether who watches answers a doubt about the end, as by reading in parts."""
        return False


UNWATCHED = Watch()


@dataclass(slots=True)
class _Visit:
    """One endpoint while it is read; `request` is the next one, until `reason` says why none is."""

    first: ApiRequest
    path_params: Mapping[str, str]
    pager: Pager
    ahead: FetchAhead
    watch: Watch
    request: ApiRequest | None
    reason: str = ""
    error: EndpointError | None = None
    pages: int = 0
    items: int = 0
    denied: bool = False
    # Why a page that arrived is the last one, by the user's rules.
    stop: str = ""
    # Whether a doubt over a list within an element was told.
    has_told_within: bool = False

    def end(self, reason: str) -> None:
        self.request, self.reason = None, reason

    def refuse_to_end(self) -> None:
        """Raise what keeps the endpoint from its end, once the page before it was handed on."""
        if self.error:
            raise self.error

    def heed_watch(self) -> None:
        reason = self.watch.page_ended(self.pager.received)
        if reason and self.request:
            self.end(reason)


class EndpointReader:
    """Reads endpoints that share one template, and so one data_path and one account.

    Inputs: `evaluator` evaluates expressions; `policy` says what errors mean; `observer` is told of
    each page.
    """

    def __init__(
        self,
        session: Session,
        endpoint: Endpoint,
        evaluator: Evaluator,
        policy: ErrorPolicy = NO_RULES,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._client = session.client
        self._endpoint = endpoint
        self._pagination = endpoint.pagination or session.settings.pagination
        self._base_url = session.settings.base_url
        self._max_retries = session.settings.max_retries
        self._fetch = session.fetch_for(endpoint)
        self._allowance = Allowance(session.settings.max_concurrent_requests)
        self._policy = policy
        self._observer = observer
        self._most_pages = session.limits.pages
        self._sizes = PageSizes(self._pagination.page_size)
        # Requests in a row of which no repeat gave an answer that the rules take.
        self._in_vain = 0
        self.account = Account()
        self.doubts: list[Doubt] = []
        # Whether every end so far was one of which the answer itself says that it is.
        self.is_denied = True
        self.fit = DataPathFit.of(endpoint)
        self._way_within = endpoint.data_path.way_within
        self._evaluator = evaluator
        self._parser = PageParser(
            endpoint,
            self.fit,
            self._client.redactor,
            evaluator,
            takes_pieces=not create_strategy(self._pagination).needs_list(endpoint.data_path.path),
        )

    def unmet_places(self) -> Iterator[str]:
        """Yield what to say of each place of pagination that no answer had."""
        return self._sizes.unmet_places()

    async def read(
        self,
        first: ApiRequest,
        path_params: Mapping[str, str] | None = None,
        watch: Watch = UNWATCHED,
        *,
        anew: bool = False,
    ) -> AsyncGenerator[Portion]:
        """Read the items of each page, in order; `path_params` are the path's values, for rules.

        The `watch` sees them, and may end the reading. If `anew`, answers that are kept for several
        resources are not used.

        Raises:
            GoneError: there is no such endpoint any more, in the situation of the policy.
            EndpointError: the endpoint could not be read to its end.
        """
        if not self.account.endpoints:
            # Whatever is known to be down, a resource asks at least once.
            first = replace(first, is_first=True)
        if self._pagination.stateful:
            # Sent twice, it would pass over a page of an API that moves on by itself.
            first = replace(first, is_once=True)
        self.account.endpoints += 1
        with self._place(first):
            pager = Pager(first, self._pagination, self._sizes, self._base_url)
        fetch = self._client.send if anew or self._pagination.stateful else self._fetch
        ahead = FetchAhead(fetch, self._allowance if watch.reads_ahead else Allowance(0))
        visit = _Visit(first, path_params or {}, pager, ahead, watch, pager.request)
        try:
            while visit.request:
                with self._place(visit.request):
                    page = await self._next_page(visit, visit.request)
                    if isinstance(page, LargePage):
                        async with aclosing(self._read_large(visit, page)) as portions:
                            async for portion in portions:
                                yield await self._seen(visit, portion)
                    elif page and await self._decide(visit, page, records := _records_of(page)):
                        portion = Portion(page.items, page.size, records, page.sent)
                        yield await self._seen(visit, portion)
                    visit.refuse_to_end()
                    visit.heed_watch()
        finally:
            await visit.ahead.close()
        self._finish(visit)

    async def _read_large(self, visit: _Visit, large: LargePage) -> AsyncGenerator[Portion]:
        """Read while the body arrives, unless it may be the page before: then its end decides."""
        try:
            is_early = not await large.starts_like(visit.pager.previous)
            if is_early:
                async for portion in large.portions():
                    self.account.received += portion.records
                    yield portion
            page = await large.page()
            if not visit.stop:
                await self._judge_large(visit, page, large.response)
            is_kept = await self._decide(visit, page, 0 if is_early else _records_of(page))
            if is_kept and not is_early:
                async for portion in large.portions():
                    yield portion
        except ResponseError as error:
            explained = self._parser.explained(error, large.response)
            action = await self._action(visit, explained)
            if action not in ("skip", "stop"):
                raise explained from None
            visit.end(f"on_error: {action}")
        finally:
            large.abandon()

    async def _judge_large(self, visit: _Visit, page: Page, response: ApiResponse) -> None:
        """Judge a large page once all is known of it; a rule on it makes it an error."""
        if await self._action_on(visit, page, response):
            raise self._ruled_out(response)
        self._parser.judge(page, response)

    async def _seen(self, visit: _Visit, portion: Portion) -> Portion:
        # What a path takes out of a small body is no larger.
        if portion.size > LARGEST_VALUE or not self._endpoint.data_path.is_plain:
            check_sizes(portion.items, "an item")
        self.account.step(portion.records, len(portion.items), Reason.DATA_PATH)
        if portion.sent and self._way_within:
            await self._look_within(visit, portion.sent)
        visit.items += len(portion.items)
        await visit.watch.portion(portion, self._evaluator)
        return portion

    async def _look_within(self, visit: _Visit, elements: Sequence[Any]) -> None:
        """Look whether lists within elements are there, and whole."""
        if visit.has_told_within:
            return
        place = ".".join(map(str, self._endpoint.data_path.path))
        given = (elements, self._way_within, f"{place}." if place else "", self._pagination.ignored)
        sign = await asyncio.to_thread(message_within, *given)
        sign = sign or await asyncio.to_thread(cut_within, *given)
        if sign:
            visit.has_told_within = True
            # Reading in parts, as a watch may, makes no list within an element whole.
            place = self._client.describe(visit.first)
            self.doubts.append(doubt_over_inner_list(sign).at(place))

    async def _decide(self, visit: _Visit, page: Page, records: int) -> bool:
        """Decide how to go on after a page, and tell whether its items are to be kept.

        Inputs: `records`, how many of the page were not counted yet.
        """
        self.account.received += records
        if visit.stop:
            verdict = Verdict(keep=True, reason=visit.stop)
        else:
            verdict = await self._verdict(visit, page)
        self._observer.page_read(self._endpoint, page.request, page, verdict)
        visit.watch.answered(page)
        self._note_doubt(visit, verdict, page.request)
        self.account.extra_requests += verdict.extra
        self.account.pages += verdict.keep
        visit.pages += verdict.keep
        if records and not verdict.keep:
            self.account.left_out[Reason.REPEATED_PAGE] += records
        visit.request, visit.reason = verdict.request, verdict.reason
        visit.error, visit.denied = visit.error or verdict.error, verdict.denied
        if visit.request and visit.pages == self._most_pages:
            visit.end(f"the limit of {visit.pages} pages")
        elif visit.request and (room := visit.ahead.room):
            visit.ahead.send(visit.pager.expected(visit.request, room))
        return verdict.keep

    async def _verdict(self, visit: _Visit, page: Page) -> Verdict:
        """Return the pager's verdict; the page stands, also where what follows cannot be told."""
        await self._compare(visit, page)
        column = visit.pager.column
        seen = None if column is None else visit.pager.seen(page)
        if column is None or seen is None:
            return visit.pager.receive(page)
        try:
            table = await self._evaluator.table([column], [seen])
        except ExpressionLimitError as error:
            return Verdict(keep=True, error=error)
        return visit.pager.receive(replace(page, told=table[0][0]))

    async def _compare(self, visit: _Visit, page: Page) -> None:
        """Ask for the page before once more, where this one may be the same: what changes then?"""
        before = visit.pager.doubted(page)
        like = await asyncio.to_thread(page.likeness, before) if before else None
        if before is None or like is None:
            return
        again = None
        if visit.pager.is_worth_asking(like):
            self.account.extra_requests += 1
            once_more = await self._once_more(before.request)
            again = await asyncio.to_thread(once_more.likeness, before) if once_more else None
        visit.pager.compare(like, again)

    async def _once_more(self, request: ApiRequest) -> Page | None:
        """Return a page that was there already; None where it is not: that tells nothing."""
        try:
            page = await self._parser.parse(request, await self._client.send(request))
        except EndpointError:
            return None
        if isinstance(page, LargePage):
            page.abandon()
            return None
        if records := _records_of(page):
            self.account.received += records
            self.account.left_out[Reason.READ_BEFORE] += records
        return page

    def _note_doubt(self, visit: _Visit, verdict: Verdict, request: ApiRequest) -> None:
        if verdict.doubt:
            doubt = verdict.doubt.at(self._client.describe(request))
            if not visit.watch.takes(doubt):
                self.doubts.append(doubt)

    async def _next_page(self, visit: _Visit, request: ApiRequest) -> Page | LargePage | None:
        """Return the page; or none, by the user's rules or else by pagination's."""
        fetch: Fetch = visit.ahead.fetch
        for attempt in itertools.count(1):
            error: StatusError | ResponseError
            try:
                response = await fetch(request)
                page = await self._parser.parse(request, response)
                action = await self._action_on(visit, page, response)
                if action is None and isinstance(page, Page):
                    self._parser.judge(page, response)
                if action in (None, "stop"):
                    visit.stop = "on_error: stop" if action else ""
                    self._in_vain = 0
                    return page
                if isinstance(page, LargePage):
                    page.abandon()
                error = self._ruled_out(response)
            except (StatusError, ResponseError) as caught:
                error, action = caught, await self._action(visit, caught)
            if action == "retry" and await self._is_repeated(error.answer, attempt):
                # Not through the cache, which would give the same answer again.
                fetch = self._client.send
                continue
            reason = self._ending(visit, error, action)
            if reason is None:
                raise error
            visit.end(reason)
            return None
        raise AssertionError("unreachable")

    async def _is_repeated(self, answer: ApiResponse | None, attempt: int) -> bool:
        """Wait before a repeat that a rule asks for, and tell whether there is to be one."""
        if answer is None or self._in_vain >= _MOST_IN_VAIN:
            return False
        if attempt > self._max_retries or not await self._client.wait_to_repeat(answer, attempt):
            self._in_vain += 1
            return False
        return True

    async def _action_on(
        self, visit: _Visit, page: Page | LargePage, response: ApiResponse
    ) -> Action | None:
        """Return what the rules say of an answer with a status of success."""
        if not self._policy.rules:
            return None
        # What a large page holds is known at its end only.
        is_data = isinstance(page, LargePage) or not self._may_be_error(visit, page)
        return await self._policy.action_for(
            response, visit.path_params, self._evaluator, is_data=is_data
        )

    def _may_be_error(self, visit: _Visit, page: Page) -> bool:
        """Return whether predicates are asked about a page: one without items, or with a sign."""
        # Where we only ask whether there is more, no items are an answer.
        if not page.count and not visit.pager.is_probing:
            return True
        return self._policy.has_predicates and self.fit.has_sign(page)

    def _ruled_out(self, response: ApiResponse) -> ResponseError:
        error = ResponseError(
            f"on_error says that it is an error: the API answered {response.status}",
            advice="look at on_error",
        )
        return self._parser.explained(error, response)

    def _ending(
        self, visit: _Visit, error: StatusError | ResponseError, action: Action | None
    ) -> str | None:
        """Return why an error is the end of the endpoint; None when it is an error.

        Raises:
            GoneError, TooDeepError: another error says better what it is.
        """
        if action in ("skip", "stop"):
            return f"on_error: {action}"
        if action or isinstance(error, ResponseError):
            return None
        if visit.pages:
            verdict = visit.pager.refused(error.status, error.said)
            if verdict is None:
                return None
            self._note_doubt(visit, verdict, visit.request or visit.first)
            visit.denied = verdict.denied
            return verdict.reason
        if meaning_of(error.status, self._policy.situation) is Meaning.GONE:
            # That it is not there is no word on how much there is.
            self.is_denied = False
            raise GoneError.of(error) from None
        return None

    async def _action(self, visit: _Visit, error: EndpointError) -> Action | None:
        # A refusal of our own question whether there is another page is an answer, not an error.
        if visit.pager.is_probing and isinstance(error, StatusError):
            return None
        policy = self._policy
        action = await policy.action_for(error.answer, visit.path_params, self._evaluator)
        is_ready = error.answer is None or meaning_of(error.answer.status) is not Meaning.NOT_READY
        return action if action or is_ready else "retry"

    def _finish(self, visit: _Visit) -> None:
        self.is_denied &= visit.denied
        self._observer.endpoint_read(self._endpoint, visit.first, visit.reason)
        self.account.endings[_without_numbers(visit.reason)] += 1
        logger.opt(lazy=True).debug(
            "{}: {} items in {} pages, ended by {}",
            lambda: self._client.describe(visit.first),
            lambda: visit.items,
            lambda: visit.pages,
            lambda: visit.reason,
        )

    @contextmanager
    def _place(self, request: ApiRequest) -> Iterator[None]:
        """Make every error from here on say which request it was about."""
        try:
            yield
        except EndpointError as error:
            raise error.at(self._client.describe(request)) from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise self._endpoint.refused(error) from None
        except RecursionError:
            raise ResponseError(
                "the answer is nested too deeply", endpoint=self._client.describe(request)
            ) from None


def _records_of(page: Page) -> int:
    return page.count if page.received is None else page.received


def _without_numbers(reason: str) -> str:
    """Return the kind of a reason: "a short page (3 < 100)" and "(7 < 100)" are the same."""
    kind = reason.partition(" (")[0]
    return "the total reached" if kind.endswith("reached") else kind
