"""When pagination goes on and when it ends: the completeness and loop rules, once for all types.

The evidence for further pages counts in this order: the setting that names a marker; markers of
the body; a total; the number of items. The outcome is every item or an error.
"""

from dataclasses import dataclass, field

from errors import PaginationError
from messages import ApiRequest
from pagination.lookup import find, show
from pagination.page import Page, Statement, Strategy
from pagination.totals import Total, find_total
from settings import PaginationSettings

_NO_SUCH_PAGE = frozenset({404, 416})
_REFUSED_PAGE = frozenset({400, 422})
_MOST_EMPTY_PAGES = 10


@dataclass(slots=True)
class PageSizes:
    """What a resource's answers taught about the server's page size; shared by its endpoints."""

    page_size: int
    saw_full: bool = False
    longest_final: int = 0
    markers_seen: set[str] = field(default_factory=set)

    def is_full(self, received: int) -> bool:
        """Whether the server could have sent no more in one page, as far as is known."""
        return received >= self.page_size

    def learn_cap(self, length: int) -> None:
        """The server sends at most so many items per page, whatever is asked for."""
        self.page_size = length
        self.saw_full = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a page: hand its items on or drop them, ask for `request`, or end."""

    keep: bool
    request: ApiRequest | None = None
    reason: str = ""
    extra: bool = False


class Reading:
    """Reads one endpoint from its first page to its end.

    Send `request`; give the answer to `receive`, or its error status to `refused`; go on with
    the request of the verdict until there is none.

    Inputs: `strategy`, fresh for this endpoint; `sizes`, shared by all endpoints of a resource.
    """

    def __init__(
        self,
        strategy: Strategy,
        request: ApiRequest,
        settings: PaginationSettings,
        sizes: PageSizes,
    ) -> None:
        self._strategy = strategy
        self._settings = settings
        self._sizes = sizes
        self._previous: Page | None = None
        self._total = Total()
        self._received = 0
        self._pages = 0
        self._empty_pages = 0
        self._probed_length = 0
        self._by_count = False
        self.request = strategy.first(request)
        self._asked = {self.request.identity}

    @property
    def is_probing(self) -> bool:
        """Whether the page just asked for is only a question whether there is one."""
        return self._probed_length > 0

    def receive(self, page: Page) -> Verdict:
        """Decide after an answer.

        Raises:
            PaginationError: going on would repeat or lose items.
        """
        statement = self._statement(page)
        if self._is_repeated(page):
            return self._end_repeated(page, statement)
        self._previous = page
        self._pages += 1
        self._received += page.received or 0
        self._total = find_total(page, self._settings.total_path)
        self._empty_pages = 0 if page.items or page.received else self._empty_pages + 1
        probed, self._probed_length = self._probed_length, 0
        if probed:
            self._learn_from_probe(probed, page)
        return self._decide(page, statement)

    def refused(self, status: int) -> str | None:
        """Why an error status for the page just asked for is the end; None when it is an error.

        Raises:
            PaginationError: the API refuses to go deeper although there is more.
        """
        if not self._pages:
            return None
        if self._probed_length and status in _NO_SUCH_PAGE | _REFUSED_PAGE:
            self._remember_final(self._probed_length)
            return f"no page after a short one ({status})"
        if status not in _NO_SUCH_PAGE | _REFUSED_PAGE:
            return None
        if self._total.is_reached(self._received, self._pages):
            return f"{self._total} reached ({status})"
        if status in _NO_SUCH_PAGE and self._by_count:
            return f"no such page ({status})"
        if status in _REFUSED_PAGE:
            raise PaginationError(
                f"the API answered {status} after {self._received} items in {self._pages} pages; "
                "many APIs refuse to page that deep",
                advice="narrow the endpoint with query_params, or use a cursor",
            )
        return None

    def _statement(self, page: Page) -> Statement:
        for path, says_more in self._markers():
            present, value = find(page.body, path)
            if present:
                self._sizes.markers_seen.add(path)
                return Statement(bool(value) is says_more, f"{path} is {show(value)}")
            if path in self._sizes.markers_seen and says_more:
                return Statement(False, f"{path} is gone")
        return self._strategy.statement(page)

    def _markers(self) -> list[tuple[str, bool]]:
        settings = self._settings
        if settings.type not in ("offset", "page", "cursor"):
            return []
        if settings.has_more_path:
            return [(settings.has_more_path, True)]
        if settings.last_page_path and settings.type == "page":
            return [(settings.last_page_path, False)]
        return []

    def _decide(self, page: Page, statement: Statement) -> Verdict:
        self._by_count = False
        if statement.more is False:
            return self._end(statement.reason)
        if statement.more is None and self._strategy.counts:
            return self._decide_by_number(page)
        if self._empty_pages > _MOST_EMPTY_PAGES:
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
            return self._end(f"no {self._settings.type.replace('_', ' ')}")
        return self._ask(following)

    def _decide_by_number(self, page: Page) -> Verdict:
        length = page.received
        if length is None:
            return self._end("a single object")
        if length == 0:
            return self._end("an empty page")
        full = self._sizes.is_full(length)
        self._sizes.saw_full = self._sizes.saw_full or full
        if self._total.is_ahead(self._received, self._pages):
            return self._ask(self._strategy.following(page))
        if full:
            self._by_count = True
            return self._ask(self._strategy.following(page))
        if self._total.is_reached(self._received, self._pages):
            return self._end(f"{self._total} reached")
        if self._sizes.saw_full or length <= self._sizes.longest_final:
            return self._end(f"a short page ({length} < {self._sizes.page_size})")
        self._probed_length = length
        return self._ask(self._strategy.following(page), extra=True)

    def _learn_from_probe(self, probed: int, page: Page) -> None:
        if page.received:
            self._sizes.learn_cap(max(probed, page.received))
        else:
            self._remember_final(probed)

    def _remember_final(self, length: int) -> None:
        self._sizes.longest_final = max(self._sizes.longest_final, length)

    def _is_repeated(self, page: Page) -> bool:
        before = self._previous
        if before is None:
            return False
        return page.fingerprint == before.fingerprint or bool(
            page.items and page.items == before.items
        )

    def _end_repeated(self, page: Page, statement: Statement) -> Verdict:
        full = self._sizes.is_full(page.received or 0)
        unfinished = self._total.is_ahead(self._received, self._pages)
        complete = self._total.is_reached(self._received, self._pages)
        if page.items and not complete and (full or statement.more or unfinished):
            raise PaginationError(
                f"page {self._pages + 1} is the same as the one before; "
                f"the API seems to ignore {self._strategy.parameter}",
                advice="look at paginationType and paginationParam",
            )
        if self._probed_length:
            self._remember_final(self._probed_length)
        return Verdict(keep=False, reason="a page like the one before")

    def _ask(self, request: ApiRequest | None, *, extra: bool = False) -> Verdict:
        assert request is not None  # noqa: S101 (counting strategies always know the next address)
        if request.identity in self._asked:
            return self._end("an address that was already read")
        self._asked.add(request.identity)
        self.request = request
        return Verdict(keep=True, request=request, extra=extra)

    def _end(self, reason: str) -> Verdict:
        return Verdict(keep=True, reason=reason)
