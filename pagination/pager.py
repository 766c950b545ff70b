"""The rules by which pagination goes on or ends, complete and without loops, for all types.

The evidence for further pages counts in this order: the setting that names a marker; markers of
the answer, then its links and tokens; a total; the number of items. The outcome is every item, or
an error where a promise broke, or a doubt where nobody said how to go on.
"""

from typing import Any

from api_messages import ApiRequest
from errors import PaginationError, TooDeepError
from expressions.evaluator import Column
from formats.lists import Place
from formats.messages import says_success
from outcomes import Doubt
from pagination.doubts import (
    advice_on_broken_promise,
    advice_on_repeat,
    but_for,
    doubt_over,
    doubt_over_count,
    doubt_over_empty_pages,
    doubt_over_filtered_repeat,
    doubt_over_known_request,
    doubt_over_known_way,
    doubt_over_likeness,
    doubt_over_overlap,
    doubt_over_part,
    doubt_over_passed,
    doubt_over_start,
)
from pagination.likeness import Likeness
from pagination.lookup import find, show, truth
from pagination.page import SILENT, Page, Statement, Verdict
from pagination.sizes import PageSizes
from pagination.strategies import create_strategy
from pagination.totals import Total, find_total
from pagination.witness import (
    LINK_HEADER,
    Evidence,
    Rank,
    Sign,
    Witness,
    is_below,
    sign_of_page_before,
)
from settings.pagination import CursorSettings, CustomSettings, PaginationSettings
from statuses import Meaning, Situation, meaning_of

# After so many pages that differ in nothing but what changes by itself, none is asked for.
_MOST_ALIKE = 32


class Pager:
    """The way through one endpoint, from its first page to its end.

    Send `request`; give the answer to `receive`, or its error status to `refused`; go on with
    the request of the verdict until there is none. `received` counts the records so far, and
    `previous` is the page that arrived last.

    Inputs: `request`, the endpoint's own; `sizes`, shared by all endpoints of a resource;
    `base_url`, that of the API.
    """

    def __init__(
        self,
        request: ApiRequest,
        settings: PaginationSettings,
        sizes: PageSizes,
        base_url: str = "",
    ) -> None:
        self._strategy = create_strategy(settings, base_url)
        self._settings = settings
        self._marker = settings.marker
        self._places = settings.places
        self._sizes = sizes
        self._witness = Witness(settings.ignored, sizes.spoke)
        self._evidence = Evidence()
        self.previous: Page | None = None
        self.received = 0
        self._total = Total()
        self._pages = 0
        self._longest = 0
        # Whether a page that another one followed was shorter than others.
        self._is_uneven = False
        self._empty_pages = 0
        # The page before the previous one, where it is a guess which list are the records.
        self._former: Page | None = None
        # What the page that comes next is like, and in what the one before has changed by itself.
        self._likeness: Likeness | None = None
        self._varying: frozenset[Place] = frozenset()
        self._probed_length = 0
        # Whether the page just asked for is one of which the answer before says that there is none.
        self._asks_anyway = False
        self._by_count = False
        self._says_more = False
        # What speaks of the page just asked for, where counting alone would not have asked.
        self._asked_for: Sign | None = None
        self._has_found_way = False
        self._has_promised = False
        self._has_told_partial = False
        self.request = self._strategy.first(request)
        self._asked = {self.request.identity}
        self._sent_ahead: set[str] = set()

    @property
    def column(self) -> Column | None:
        """The expression of the user whose outputs a page must carry as `told`, if any."""
        return self._strategy.column

    def seen(self, page: Page) -> Any:
        """Return what that expression is evaluated on; None where there is nothing."""
        return self._strategy.seen(page, self._pages + 1, self.received + (page.received or 0))

    @property
    def is_probing(self) -> bool:
        """Return whether the page just asked for is only a question whether there is one."""
        return self._probed_length > 0 or self._asks_anyway

    @property
    def _is_behind(self) -> bool:
        """Return whether a total promises more than what arrived."""
        return self._total.is_ahead(self.received, self._pages)

    @property
    def _has_links(self) -> bool:
        """Return whether answers had a `Link` header that leads on."""
        return LINK_HEADER in self._sizes.spoke

    def receive(self, page: Page) -> Verdict:
        """Decide after an answer; an error that lets the page itself stand is in the verdict.

        Raises:
            PaginationError: the page is one that came before, and others may be missing.
        """
        self._evidence = self._witness.hear(page)
        if self._places:
            self._sizes.look_for(self._places, page.body)
        statement = self._marked(page) or self._stated(page)
        like, self._likeness = self._likeness, None
        is_same = self._is_repeated(page) or self._is_whole_again(page)
        if is_same or (like and like.is_sure):
            return self._after_asking(self._end_repeated(page, statement, like))
        self._refuse_object(page)
        was_promised = self._was_promised
        probed = self._take(page)
        try:
            self._refuse_cut(page, statement, was_promised=was_promised)
            self._check_most_pages(page)
            if probed:
                self._learn_from_probe(probed, page)
            verdict = self._decide_if_new(page, statement, like)
        except PaginationError as error:
            verdict = Verdict(keep=True, error=error)
        verdict = self._with_doubt(verdict, page)
        is_denied = verdict.is_end and self._is_denied(page, statement)
        return verdict._replace(denied=True) if is_denied else verdict

    def doubted(self, page: Page) -> Page | None:
        """Return the page before, where it is time to ask whether this one is another one.

        `compare` them then, before the page is received. It is time after as many pages as there
        are powers of two, so that an API that knows nothing of pages is found out, and others are
        not slowed down; where an answer tells the way to the next one, after the first, because no
        way may be gone twice.
        """
        before, count = self.previous, self._pages
        is_due = count == 1 or (self._strategy.counts and count & (count - 1) == 0)
        if before is None or not is_due or self._settings.stateful or page.digest:
            return None
        is_like = page.received and page.received == before.received
        return before if is_like and page.fingerprint != before.fingerprint else None

    def is_worth_asking(self, like: Likeness) -> bool:
        """Return whether to ask for the page before once more, which is like the one to come.

        An API that moves on by itself, unsaid, numbers the rows of each answer at most.
        """
        return bool(like.differing) and (like.is_sure or self._strategy.counts)

    def compare(self, like: Likeness, again: Likeness | None) -> None:
        """Note in what the page to come differs from the one before, and that one from itself.

        Inputs: `again`, the latter; None where that was not asked.
        """
        self._varying |= again.differing if again else frozenset()
        if like.differing <= self._varying:
            self._likeness = like

    def _is_denied(self, page: Page, statement: Statement) -> bool:
        """Return whether the answer itself says that this is all: a marker, a total, or success."""
        # Without pagination, it is the setting that says so.
        if statement.more is False and self._settings.type != "none":
            return True
        sign = self._evidence.leading()
        if (sign and sign.denies_all) or self._total.is_reached(self.received, self._pages):
            return True
        return page.is_empty and page.matched and says_success(page.body)

    def _take(self, page: Page) -> int:
        """Count a page, and return the length that it was asked for to explain, if any."""
        before = self.previous.received if self.previous else None
        if before and page.received and before < max(self._longest, page.received):
            self._is_uneven = True
        # Kept only where it is looked at: the memory of a page is that of the one after the next.
        self._former = self.previous if page.is_guess else None
        self.previous = page
        self._pages += 1
        self.received += page.received or 0
        self._longest = max(self._longest, page.received or 0)
        found = self._total_of(page)
        is_withdrawn = not found and self._total.is_withdrawn(page, self.received)
        self._total = found or (Total() if is_withdrawn else self._total)
        has_records = page.received or page.is_object
        self._empty_pages = 0 if has_records else self._empty_pages + 1
        probed, self._probed_length = self._probed_length, 0
        return probed

    @property
    def _was_promised(self) -> bool:
        """Return whether the answers so far promise the page just asked for."""
        return self._is_behind or self._has_promised

    def _refuse_object(self, page: Page) -> None:
        """Refuse an object where the page before was a list: it is something else."""
        if page.is_object and not page.path and self.previous and self._is_list(self.previous):
            raise PaginationError(
                f"page {self._pages + 1} is one object, where the one before was a list",
                advice="look at data_path",
            )

    @staticmethod
    def _is_list(page: Page) -> bool:
        # Of lines of JSON, one line is no list, and many are.
        return isinstance(page.body, list) and page.received is not None

    def _refuse_cut(self, page: Page, statement: Statement, *, was_promised: bool) -> None:
        """Refuse null above the list where it, or an answer before, speaks of items."""
        if page.is_cut and (was_promised or self._left_over(page, statement)):
            raise PaginationError(
                f"page {self._pages} has null above the list, although there should be more",
                advice="if it means no items, write `// []` behind data_path",
            )

    def _total_of(self, page: Page) -> Total:
        path = self._sizes.met_total_path(self._settings)
        return find_total(page, path, self.received, self._settings.ignored)

    @property
    def _may_overlap(self) -> bool:
        """Return whether pages may have begun within one another, so that their number is none."""
        is_uneven = self._is_uneven or self._strategy.passed_over > 0
        return self._strategy.goes_by_received and is_uneven

    def _doubt_over_overlap(self, verdict: Verdict) -> Doubt | None:
        """Return the doubt at an end that a number of pages tells, where pages may overlap."""
        total, sign = self._total, self._evidence.leading()
        is_by_pages = total.items is None and total.is_reached(self.received, self._pages)
        is_told = sign is not None and sign.denies_all
        if verdict.is_end and self._may_overlap and is_by_pages and not is_told:
            return doubt_over_overlap(total.place)
        return None

    def _doubt_over_passed(self, verdict: Verdict) -> Doubt | None:
        """Return the doubt at an end over items that an empty page may have hidden."""
        passed = self._strategy.passed_over
        # A number of pages does not tell how many were asked for at the right place.
        is_all = self._total.items == self.received
        if not verdict.is_end or passed <= self._longest or is_all:
            return None
        return doubt_over_passed(passed, self._longest)

    def _after_asking(self, verdict: Verdict) -> Verdict:
        """Return the verdict on an answer that brings no page, with the doubt that is left."""
        if doubt := self._doubt_over_places(verdict):
            verdict = verdict._replace(doubt=doubt, denied=False)
        doubt = verdict.doubt or self._doubt_over_part(verdict)
        return verdict._replace(doubt=doubt) if doubt else verdict

    def _with_doubt(self, verdict: Verdict, page: Page) -> Verdict:
        """Return the verdict, with the doubt that an answer leaves wherever it stands."""
        doubt = verdict.doubt or self._doubt_over_start(page) or self._doubt_over_part(verdict)
        doubt = doubt or self._doubt_over_places(verdict)
        return verdict._replace(doubt=doubt) if doubt else verdict

    def _doubt_over_places(self, verdict: Verdict) -> Doubt | None:
        """Return the doubt at an end of a list in which pages may not have followed each other."""
        return self._doubt_over_passed(verdict) or self._doubt_over_overlap(verdict)

    def _doubt_over_part(self, verdict: Verdict) -> Doubt | None:
        """Return the doubt over a list that is not whole, once for an endpoint."""
        partial = self._evidence.partial or (None if verdict.request else self._evidence.cut)
        if partial is None or self._has_told_partial:
            return None
        self._has_told_partial = True
        return doubt_over_part(partial)

    def _doubt_over_start(self, page: Page) -> Doubt | None:
        """Return the doubt over a first page that has others before it."""
        start = self._strategy.start
        if self._pages > 1 or not start or page.is_object:
            return None
        sign = sign_of_page_before(page)
        if sign is None or is_below(sign.place, self._settings.ignored):
            return None
        return doubt_over_start(sign, start, self._strategy.start_setting)

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
        requests = self._strategy.ahead(request, before.received, places)
        self._sent_ahead.update(each.identity for each in requests)
        return requests

    def refused(self, status: int, said: str = "") -> Verdict | None:
        """Return how an error status for the page just asked for is the end; None for an error.

        Raises:
            TooDeepError: the API refuses to go deeper although there is more; it `said` why.
        """
        verdict = self._end_refused(status, said)
        return None if verdict is None else self._after_asking(verdict)

    def _end_refused(self, status: int, said: str) -> Verdict | None:
        situation = Situation.EXTRA_PAGE if self.is_probing else Situation.LATER_PAGE
        meaning = meaning_of(status, situation if self._pages else Situation.REQUEST)
        if meaning is Meaning.NO_MORE:
            self._sizes.remember_final(self._probed_length)
            reason = "what the last one says" if self._asks_anyway else "a short one"
            return Verdict(keep=False, reason=f"no page after {reason} ({status})")
        if meaning not in (Meaning.NO_PAGE, Meaning.REFUSED_PAGE):
            return None
        if self._total.is_reached(self.received, self._pages):
            return Verdict(keep=False, reason=f"{self._total} reached ({status})", denied=True)
        if meaning is Meaning.NO_PAGE:
            return self._end_of_pages(status) if self._by_count else None
        raise TooDeepError(
            f"the API answered {status} after {self.received} items in {self._pages} pages",
            said=said,
            advice="many APIs refuse to page that deep: narrow the endpoint with query_params, or "
            "use a cursor",
        )

    def _end_of_pages(self, status: int) -> Verdict:
        sign, because = self._asked_for, f"the next page is answered {status}"
        doubt = doubt_over(sign, because, self._settings) if sign else None
        return Verdict(keep=False, reason=f"no such page ({status})", doubt=doubt)

    def _stated(self, page: Page) -> Statement:
        """Return the statement of the type's own markers, unless one that outranks them says more.

        A `next` that is null is no denial beside `isLast: false`.
        """
        statement = self._strategy.statement(page)
        if statement.more is False and (sign := self._evidence.outranking_more()):
            return Statement(True, sign.place, sign.said)
        return statement

    def _marked(self, page: Page) -> Statement | None:
        """Return the statement of the marker that settings name; None where there never was one."""
        if self._marker is None:
            return None
        path, says_more = self._marker
        present, value = find(page.body, path)
        if present:
            self._sizes.markers_seen.add(path)
            return Statement(truth(value) is says_more, path, f"is {show(value)}")
        if path in self._sizes.markers_seen and says_more:
            return Statement(False, path, "is gone")
        return None

    def _decide_if_new(self, page: Page, statement: Statement, like: Likeness | None) -> Verdict:
        """Decide on a page, unless very many had nothing but the numbers of the same rows."""
        if like and self._pages > _MOST_ALIKE:
            doubt = doubt_over_likeness(self._pages, self._strategy.parameter, like.differing)
            return self._end("pages with the same items", doubt)
        return self._decide(page, statement)

    def _decide(self, page: Page, statement: Statement) -> Verdict:
        self._by_count, self._asked_for = False, None
        sign = self._evidence.leading()
        self._has_promised = bool(statement.more or (sign and sign.is_promise))
        self._asks_anyway = False
        if self._settings.stop != "auto":
            return self._decide_as_told(page)
        self._says_more = bool(statement.more)
        if statement.more is False:
            return self._go_on_ahead(page) or self._end(statement.reason)
        if self._strategy.counts:
            return self._decide_by_number(page, statement)
        return self._decide_by_way(page, statement)

    def _go_on_ahead(self, page: Page) -> Verdict | None:
        """Return the verdict to take the next page, where it was asked for already.

        What it brings may be items that a total promised.
        """
        if not (self._sent_ahead and self._is_behind):
            return None
        following = self._strategy.following(page)
        is_sent = following is not None and following.identity in self._sent_ahead
        return self._ask(following) if is_sent else None

    def _decide_by_way(self, page: Page, statement: Statement) -> Verdict:
        """Decide where only the answer tells where the next page is."""
        if page.is_empty and (sign := self._evidence.leading()) and sign.denies_all:
            return self._end(f"an empty page, and {sign}")
        following = self._strategy.following(page)
        if following is None:
            return self._end_without_way_on(page, statement)
        self._has_found_way = True
        if self._empty_pages > self._strategy.most_empty:
            return self._end_of_patience()
        return self._ask(following)

    def _end_without_way_on(self, page: Page, statement: Statement) -> Verdict:
        reason = self._strategy.no_way
        sign = self._left_over(page, statement)
        if sign is None or self._settings.is_one_page:
            return self._end(reason)
        if self._has_found_way and sign.rank is Rank.MARKER:
            raise PaginationError(
                f"{sign}, which says that there is more, but not where",
                advice=f"look at {self._strategy.parameter} and cursorPath",
            )
        return self._end(reason, doubt_over(sign, reason, self._settings))

    def _end_of_patience(self) -> Verdict:
        reason = f"{self._empty_pages} empty pages in a row"
        if self._total.is_reached(self.received, self._pages):
            return self._end(reason)
        return self._end(reason, doubt_over_empty_pages(reason))

    def _left_over(self, page: Page, statement: Statement) -> Sign | None:
        """Return what speaks of more than has arrived, and nothing denies."""
        if statement.more:
            return Sign(Rank.MARKER, statement.place, more=True, said=statement.said)
        if page.is_object:
            return None
        denied = self._strategy.rank if self._is_way_denied(page) else None
        if sign := self._evidence.leading(denied, judged=self._strategy.judged(page)):
            return sign if sign.more else None
        if denied or not (page.is_plain and self._is_behind):
            return None
        said = f"says {self._total}" if self._total.pages else "counts more than what arrived"
        return Sign(Rank.TOTAL, self._total.place, more=True, said=said)

    def _is_way_denied(self, page: Page) -> bool:
        """Return whether an answer without the way on says by that that there is none."""
        return self._has_found_way or self._strategy.is_named(page)

    def _decide_by_number(self, page: Page, statement: Statement) -> Verdict:
        length, sign = page.received, self._left_over(page, statement)
        if page.is_object:
            return self._count_on(page, sign) if sign else self._end("a single object")
        is_filtered = self._is_filtered(page)
        if is_filtered and self._empty_pages <= self._strategy.most_empty:
            # Only a page on which there is nothing to leave out is the last one.
            return self._count_on(page, sign)
        if not length:
            return self._decide_after_empty_page(page, sign, is_filtered=is_filtered)
        full = self._sizes.is_full(length)
        self._sizes.saw_full = self._sizes.saw_full or full
        if full or self._is_behind or sign:
            return self._count_on(page, sign)
        if self._total.is_reached(self.received, self._pages):
            return self._end(f"{self._total} reached")
        if self._sizes.saw_full or not self._sizes.should_probe(length):
            return self._end(f"a short page ({length} < {self._sizes.page_size})")
        self._probed_length = length
        return self._ask(self._strategy.following(page), extra=True)

    def _count_on(self, page: Page, sign: Sign | None) -> Verdict:
        said = self._evidence.leading()
        self._asks_anyway = said is not None and not said.more and not self._is_behind
        # A link or token beside numbered pages may be there on the last one, too.
        is_promised = self._is_behind or (sign is not None and sign.is_promise)
        self._by_count = not is_promised
        self._asked_for = None if is_promised else sign
        return self._ask(self._strategy.following(page), reason=f"{sign}" if sign else "")

    def _is_filtered(self, page: Page) -> bool:
        """Return whether data_path, which does not say of which list, may have left out records."""
        if page.received or not page.is_guess:
            return not page.counted
        # What stands on each page, such as facets, is no list of records.
        known = self._former.lists if self._former else {}
        return any(found and found != known.get(place) for place, found in page.lists.items())

    def _decide_after_empty_page(
        self, page: Page, sign: Sign | None, *, is_filtered: bool
    ) -> Verdict:
        """Decide after a page without records: the end, unless more was promised."""
        is_all = self._total.is_reached(self.received, self._pages)
        if sign is None or (is_all and sign.rank is not Rank.MARKER):
            doubt = doubt_over_count() if is_filtered else None
            return self._go_on_ahead(page) or self._end("an empty page", doubt)
        following = self._strategy.following(page)
        is_sent = following is not None and following.identity in self._sent_ahead
        if self._empty_pages <= self._strategy.most_empty or is_sent:
            self._by_count, self._asked_for = not sign.is_promise, sign
            return self._ask(following, reason=f"an empty page, but {sign}")
        return self._end_after_empty_pages(sign)

    def _end_after_empty_pages(self, sign: Sign) -> Verdict:
        reason = f"{self._empty_pages} empty pages in a row"
        if sign.is_promise:
            counted = f": {self.received} items of a {self._total}" if self._is_behind else ""
            raise PaginationError(
                f"{reason}, although {sign}{counted}",
                advice=advice_on_broken_promise(
                    sign, self._strategy.parameter, has_links=self._has_links
                ),
            )
        return self._end(reason, doubt_over(sign, reason, self._settings))

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
        self._has_found_way = self._has_found_way or following is not None
        return self._ask(following) if following else self._end_without_way_on(page, SILENT)

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

    def _is_whole_again(self, page: Page) -> bool:
        """Return whether the same large list came again, of an API that sends more than is asked.

        Its items may change with each answer; what tells them apart does not.
        """
        before = self.previous
        if before is None or not (page.digest and before.digest and self._strategy.counts):
            return False
        is_like = page.identities is not None and page.identities == before.identities
        is_too_much = (page.received or 0) > self._settings.page_size
        return is_like and is_too_much and page.received == before.received

    def _end_repeated(
        self, page: Page, statement: Statement, like: Likeness | None = None
    ) -> Verdict:
        full = self._sizes.is_full(page.received or 0)
        unfinished = self._is_behind
        complete = self._total.is_reached(self.received, self._pages)
        if self._total.items is None and self._may_overlap:
            complete = False
        goes_on = statement.more or self._leads_on(page, statement)
        if not complete and (full or goes_on or unfinished):
            raise PaginationError(
                f"page {self._pages + 1} is the same as the one before{but_for(like)}; "
                f"the API seems to ignore {self._strategy.parameter}",
                advice=advice_on_repeat(has_links=self._strategy.counts and self._has_links),
            )
        if self._probed_length:
            self._sizes.remember_final(self._probed_length)
        reason, sign = "a page like the one before", self._unfollowed(page)
        # What says more outranks a number of pages, and any total where the way on has never led
        # anywhere.
        is_promised = sign is not None and sign.is_promise
        is_all = complete and self._total.items is not None and not is_promised
        has_led_nowhere = sign is not None and self._pages == 1
        if complete and (has_led_nowhere or self._leads_on(page, statement)):
            is_all, sign = False, sign or self._evidence.leading()
        doubt = None if is_all or not sign else doubt_over(sign, reason, self._settings)
        if doubt is None and not complete and self._sizes.is_full(len(page.sent)):
            doubt = doubt_over_filtered_repeat(self._strategy.parameter)
        return Verdict(keep=False, reason=reason, doubt=doubt)

    def _unfollowed(self, page: Page | None) -> Sign | None:
        """Return what says more in another place than that which is followed."""
        followed = self._strategy.followed(page) if page else frozenset[str]()
        sign = self._evidence.leading(followed=followed)
        return sign if sign and sign.more else None

    def _leads_on(self, page: Page, statement: Statement) -> bool:
        """Return whether a repeated answer that holds the way to a next page may lead to more."""
        if statement.more is False or self._strategy.counts:
            return False
        following = self._strategy.following(page)
        # With one page read, the way on has never worked yet; later it may be an API that answers
        # its last page again, which is seldom as long as all others.
        return following is not None and (
            self._pages == 1 or (not self._was_asked(following) and self._is_longest(page))
        )

    def _was_asked(self, request: ApiRequest) -> bool:
        """Return whether a request would be answered by a page that was already read."""
        identity = request.identity
        if identity not in self._asked:
            return False
        before = self.previous
        # Where the API itself moves on, the same request asks for what comes next.
        return not (self._settings.stateful and before and before.request.identity == identity)

    def _is_longest(self, page: Page) -> bool:
        """Return whether no page had more records: the server may have cut this one off."""
        return (page.received or 0) >= self._longest

    def _ask(self, request: ApiRequest | None, *, extra: bool = False, reason: str = "") -> Verdict:
        assert request is not None  # noqa: S101 (counting strategies always know the next address)
        if self._was_asked(request):
            return self._end_at_known_address()
        self._asked.add(request.identity)
        self.request = request
        return Verdict(keep=True, request=request, reason=reason, extra=extra)

    def _end_at_known_address(self) -> Verdict:
        sign = self._unfollowed(self.previous)
        if self._says_more or self._is_behind or (sign and sign.is_promise):
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
        reason = "an address that was already read"
        if sign is None and not self._is_all_told:
            return self._end(reason, self._doubt_over_known_way())
        return self._end(reason, doubt_over(sign, reason, self._settings) if sign else None)

    def _doubt_over_known_way(self) -> Doubt | None:
        """Return the doubt over a way on that was gone before, although the page looks like no end.

        An API that gives its last cursor once more has a last page, which is seldom as long as all
        others.
        """
        if isinstance(self._settings, CustomSettings):
            return doubt_over_known_request(self._pages)
        is_full = self.previous and self.previous.received and self._is_longest(self.previous)
        if not is_full or self._settings.stop != "auto":
            return None
        return doubt_over_known_way(self._pages, self._strategy.parameter)

    @property
    def _is_all_told(self) -> bool:
        """Return whether the answer says that there is no more, or all that a total counts came."""
        sign = self._evidence.leading()
        is_denied = sign is not None and not sign.more
        return is_denied or self._total.is_reached(self.received, self._pages)

    def _end(self, reason: str, doubt: Doubt | None = None) -> Verdict:
        return Verdict(keep=True, reason=reason, doubt=doubt)
