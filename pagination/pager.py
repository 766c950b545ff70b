"""The rules by which pagination goes on or ends, complete and without loops, for all types.

The evidence for further pages counts in this order: the setting that names a marker; markers of
the body; a total; the number of items. The outcome is every item or an error.
"""

from dataclasses import replace

from api_messages import ApiRequest
from errors import PaginationError, TooDeepError
from pagination.lookup import find, show
from pagination.page import Page, Statement, Verdict
from pagination.sizes import PageSizes
from pagination.strategies import create_strategy
from pagination.totals import Total, find_total
from settings.pagination import CursorSettings, PaginationSettings
from statuses import Meaning, Situation, meaning_of

# Empty pages in a row while the API says "more": numbered ones are a broken marker; an API that
# filters while it follows a cursor may send many.
_MOST_EMPTY_PAGES = 10
_MOST_EMPTY_CURSORS = 100


class Pager:
    """The way through one endpoint, from its first page to its end.

    Send `request`; give the answer to `receive`, or its error status to `refused`; go on with
    the request of the verdict until there is none. `received` counts the records so far, and
    `previous` is the page that arrived last.

    Inputs: `request`, the endpoint's own; `sizes`, shared by all endpoints of a resource.
    """

    def __init__(self, request: ApiRequest, settings: PaginationSettings, sizes: PageSizes) -> None:
        self._strategy = create_strategy(settings)
        self._settings = settings
        self._marker = settings.marker
        self._sizes = sizes
        self.previous: Page | None = None
        self.received = 0
        self._total = Total()
        self._pages = 0
        self._longest = 0
        self._empty_pages = 0
        self._probed_length = 0
        self._by_count = False
        self._says_more = False
        self.request = self._strategy.first(request)
        self._asked = {self.request.identity}

    @property
    def is_probing(self) -> bool:
        """Return whether the page just asked for is only a question whether there is one."""
        return self._probed_length > 0

    @property
    def _is_behind(self) -> bool:
        """Return whether a total promises more than what arrived."""
        return self._total.is_ahead(self.received, self._pages)

    def receive(self, page: Page) -> Verdict:
        """Decide after an answer.

        Raises:
            PaginationError: going on would repeat or lose items.
        """
        statement = self._marked(page) or self._strategy.statement(page)
        if self._is_repeated(page):
            return self._end_repeated(page, statement)
        self.previous = page
        self._pages += 1
        self.received += page.received or 0
        self._longest = max(self._longest, page.received or 0)
        self._check_most_pages(page)
        self._total = find_total(page, self._settings.total_path) or self._total
        self._empty_pages = self._empty_pages + 1 if page.is_empty else 0
        probed, self._probed_length = self._probed_length, 0
        if probed:
            self._learn_from_probe(probed, page)
        verdict = self._decide(page, statement)
        if verdict.request is None:
            # Without pagination, it is the setting that says so.
            said = statement.more is False and self._settings.type != "none"
            complete = self._total.is_reached(self.received, self._pages)
            return replace(verdict, denied=said or complete)
        return verdict

    def expected(self, request: ApiRequest, places: range) -> list[ApiRequest]:
        """Return the requests at these places after `request` that a total lets us expect.

        They are asked for if all further pages are as long as the last one, and nothing else ends
        the reading earlier.
        """
        before = self.previous
        if before is None or not before.received:
            return []
        left = self._total.pages_left(self.received, self._pages, before.received)
        if left < 2:
            return []
        places = range(places.start, min(places.stop, left))
        return self._strategy.ahead(request, before.received, places)

    def refused(self, status: int, said: str = "") -> str | None:
        """Return why an error status for the page just asked for is the end; None for an error.

        Raises:
            TooDeepError: the API refuses to go deeper although there is more; it `said` why.
        """
        situation = Situation.EXTRA_PAGE if self.is_probing else Situation.LATER_PAGE
        meaning = meaning_of(status, situation if self._pages else Situation.REQUEST)
        if meaning is Meaning.NO_MORE:
            self._sizes.remember_final(self._probed_length)
            return f"no page after a short one ({status})"
        if meaning not in (Meaning.NO_PAGE, Meaning.REFUSED_PAGE):
            return None
        if self._total.is_reached(self.received, self._pages):
            return f"{self._total} reached ({status})"
        if meaning is Meaning.NO_PAGE:
            return f"no such page ({status})" if self._by_count else None
        raise TooDeepError(
            f"the API answered {status} after {self.received} items in {self._pages} pages; "
            "many APIs refuse to page that deep",
            said=said,
            advice="narrow the endpoint with query_params, or use a cursor",
        )

    def _marked(self, page: Page) -> Statement | None:
        """Return the statement of the marker that settings name; None where there never was one."""
        if self._marker is None:
            return None
        path, says_more = self._marker
        present, value = find(page.body, path)
        if present:
            self._sizes.markers_seen.add(path)
            return Statement(bool(value) is says_more, f"{path} is {show(value)}")
        if path in self._sizes.markers_seen and says_more:
            return Statement(False, f"{path} is gone")
        return None

    def _decide(self, page: Page, statement: Statement) -> Verdict:
        self._by_count = False
        if self._settings.stop != "auto":
            return self._decide_as_told(page)
        self._says_more = bool(statement.more)
        if statement.more is False:
            return self._end(statement.reason)
        if statement.more is None and self._strategy.counts:
            return self._decide_by_number(page)
        most = _MOST_EMPTY_PAGES if self._strategy.counts else _MOST_EMPTY_CURSORS
        if self._empty_pages > most:
            raise PaginationError(
                f"{self._empty_pages} empty pages in a row, and the API says that there is more",
                advice="look at hasMorePath and data_path",
            )
        following = self._strategy.following(page)
        if following is None:
            if statement.more:
                raise PaginationError(
                    f"{statement.reason}, which says that there is more, but not where",
                    advice="look at cursorPath",
                )
            return self._end_without_way_on(page)
        return self._ask(following)

    def _end_without_way_on(self, page: Page) -> Verdict:
        wanted = self._settings.type.replace("_", " ")
        never_seen = self._pages == 1 and not self._strategy.is_named(page)
        if never_seen and self._is_behind:
            raise PaginationError(
                f"{self.received} items arrived of a {self._total}, but there is no {wanted}",
                advice=f"look at paginationType and {self._strategy.parameter}",
            )
        return self._end(f"no {wanted}")

    def _decide_by_number(self, page: Page) -> Verdict:
        length = page.received
        if length is None:
            return self._end("a single object")
        if length == 0:
            return self._end("an empty page")
        full = self._sizes.is_full(length)
        self._sizes.saw_full = self._sizes.saw_full or full
        if full or self._is_behind:
            self._by_count = not self._is_behind
            return self._ask(self._strategy.following(page))
        if self._total.is_reached(self.received, self._pages):
            return self._end(f"{self._total} reached")
        if self._sizes.saw_full or not self._sizes.should_probe(length):
            return self._end(f"a short page ({length} < {self._sizes.page_size})")
        self._probed_length = length
        return self._ask(self._strategy.following(page), extra=True)

    def _decide_as_told(self, page: Page) -> Verdict:
        """Decide by `stop` alone, whatever markers and totals say."""
        length, size = page.received, self._settings.page_size
        if length is None and self._strategy.counts:
            return self._end("a single object")
        if page.is_empty:
            return self._end("an empty page")
        if self._settings.stop == "short_page" and (length or 0) < size:
            self._refuse_if_behind(length or 0)
            return self._end(f"a short page ({length or 0} < {size})")
        self._by_count = self._strategy.counts
        following = self._strategy.following(page)
        return self._ask(following) if following else self._end_without_way_on(page)

    def _refuse_if_behind(self, length: int) -> None:
        if self._settings.total_path and self._is_behind:
            raise PaginationError(
                f"a page of {length} items is short, but only {self.received} items arrived of a "
                f"{self._total}",
                advice="look at pagination.stop and page_size",
            )

    def _check_most_pages(self, page: Page) -> None:
        most = self._settings.max_pages
        if most is not None and self._pages > most and not page.is_empty:
            raise TooDeepError(
                f"there are more than {most} pages, as many as max_pages allows",
                advice="look at pagination.max_pages",
            )

    def _learn_from_probe(self, probed: int, page: Page) -> None:
        if not page.received:
            self._sizes.remember_final(probed)
        elif self._sizes.learn_cap(probed):
            raise PaginationError(
                f"the server sends at most {probed} items per page, and endpoints that were read "
                "before ended with just as many",
                advice=f"set pageSize to {probed}",
            )

    def _is_repeated(self, page: Page) -> bool:
        # Equal empty pages are no loop yet: their number is limited where the API says "more".
        return self.previous is not None and not page.is_empty and page.repeats(self.previous)

    def _end_repeated(self, page: Page, statement: Statement) -> Verdict:
        full = self._sizes.is_full(page.received or 0)
        unfinished = self._is_behind
        complete = self._total.is_reached(self.received, self._pages)
        goes_on = statement.more or self._leads_on(page, statement)
        if not complete and (full or goes_on or unfinished):
            raise PaginationError(
                f"page {self._pages + 1} is the same as the one before; "
                f"the API seems to ignore {self._strategy.parameter}",
                advice="look at paginationType and paginationParam",
            )
        if self._probed_length:
            self._sizes.remember_final(self._probed_length)
        return Verdict(keep=False, reason="a page like the one before")

    def _leads_on(self, page: Page, statement: Statement) -> bool:
        """Return whether a repeated answer that holds the way to a next page may lead to more."""
        if statement.more is False or self._strategy.counts:
            return False
        following = self._strategy.following(page)
        # With one page read, the way on has never worked yet; later it may be an API that answers
        # its last page again, which is seldom as long as all others.
        return following is not None and (
            self._pages == 1 or (following.identity not in self._asked and self._is_longest(page))
        )

    def _is_longest(self, page: Page) -> bool:
        """Return whether no page had more records: the server may have cut this one off."""
        return (page.received or 0) >= self._longest

    def _ask(self, request: ApiRequest | None, *, extra: bool = False) -> Verdict:
        assert request is not None  # noqa: S101 (counting strategies always know the next address)
        identity = request.identity
        if identity in self._asked:
            return self._end_at_known_address()
        self._asked.add(identity)
        self.request = request
        return Verdict(keep=True, request=request, extra=extra)

    def _end_at_known_address(self) -> Verdict:
        if self._says_more or self._is_behind:
            raise PaginationError(
                f"the next page after {self._pages} pages is one that was already read, although "
                f"there should be more; the API seems to ignore {self._strategy.parameter}",
                advice="look at paginationParam, cursorPath and nextLinkPath",
            )
        is_keyset = isinstance(self._settings, CursorSettings) and self._settings.cursor_item
        if is_keyset and self.previous and self._is_longest(self.previous):
            raise PaginationError(
                f"the last items of page {self._pages} and of one before give the same cursor, so "
                "that others with the same may be left out",
                advice="pagination.cursor_item must be something that no two items share",
            )
        return self._end("an address that was already read")

    def _end(self, reason: str) -> Verdict:
        return Verdict(keep=True, reason=reason)
