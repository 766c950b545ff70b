"""Reads an endpoint whole, in windows of time, or only what has changed."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from loguru import logger

from api_messages import ApiRequest
from errors import EndpointError, PaginationError, StatusError, TooDeepError
from expressions.evaluator import Column, Evaluator, first_of
from expressions.item_expressions import ItemExpression
from formats.json_values import kind_of
from formats.times import http_date, in_utc
from mapping.plan.incremental import Incremental
from mapping.plan.resource import ResourcePlan
from mapping.plan.windows import Window, Windows
from outcomes import Doubt
from pagination.page import Page
from reading.endpoint_reader import UNWATCHED, EndpointReader, Watch
from reading.item_stream import Portion
from statuses import Meaning, Situation, meaning_of

# Where pinned items end, the others begin.
_MOST_ASCENTS = 1
# Of the API's clock from ours.
_FARTHEST = timedelta(days=1)
# Digits of an age in seconds.
_LONGEST_AGE = 9
# Windows that a preview asks for until one has items.
_MOST_PREVIEWED = 20
_LONGEST_TIME = 40
_LEFT_OUT = Doubt(
    "windows.end leaves out what changed last, which earlier runs may have read",
    "`windows.end: open`, or, where the time of a record never changes and neither live_events nor "
    "incremental runs read it otherwise, `windows.fixed: true`",
)


class Cutoff(Watch):
    """Ends a reading at the first page whose items are all older than a moment.

    That page is the overlap: it is still handed on. Where items do not come newest first, nothing
    tells that the rest is older, and the reading goes on to the end. Once, a newer item may follow
    an older one, because many APIs give pinned items before all others; they may fill the first
    page, which never ends the reading alone.
    """

    def __init__(
        self, incremental: Incremental, changed: ItemExpression, since: datetime, timeless: "_Once"
    ) -> None:
        self._incremental = incremental
        self._changed = changed
        self._since = since
        self._timeless = timeless
        self._last: datetime | None = None
        self._descends = False
        self._ascents = 0
        self._pages = 0
        self._begin_page()

    @property
    def reads_ahead(self) -> bool:
        return False

    async def portion(self, portion: Portion, evaluator: Evaluator) -> None:
        for (outputs,) in await evaluator.table([Column(self._changed)], portion.items):
            self._item(self._moment_of(first_of(outputs)))

    def _moment_of(self, value: Any) -> datetime | None:
        moment = self._incremental.moment_of(value)
        if moment is None:
            self._timeless.tell(
                f"incremental.field {self._changed.expression} gives no time that is understood, "
                f"such as {_shown(value)}, so that such items are read every time; give "
                "incremental.format"
            )
        return moment

    def page_ended(self, received: int) -> str | None:
        is_ordered = self._is_sorted and self._descends and self._ascents <= _MOST_ASCENTS
        self._pages += 1
        is_past = self._is_old and is_ordered and self._pages > 1
        self._begin_page()
        return "a page that is older than the last run" if is_past else None

    def _begin_page(self) -> None:
        self._has_items, self._is_old, self._is_sorted = False, False, True

    def _item(self, moment: datetime | None) -> None:
        is_old = moment is not None and moment < self._since
        self._is_old = is_old and (self._is_old or not self._has_items)
        self._has_items = True
        if moment is None:
            return
        if self._last and moment > self._last:
            self._is_sorted = False
            self._ascents += 1
        self._descends |= bool(self._last and moment < self._last)
        self._last = moment


class _Once:
    """A warning of which only the first is logged, however many endpoints have cause for it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._is_told = False

    def tell(self, text: str) -> None:
        if not self._is_told:
            self._is_told = True
            logger.warning(f"{self._kind}: {text}")


class TimedReader:
    """Reads endpoints of one resource as a run needs them: whole, in windows, or what changed.

    Inputs: `reader` reads what is asked for; `plan` has the windows and the incremental block;
    `since`, None in a full resync, is the moment from which changes are wanted; with `is_preview`
    only one window that has items is read.
    """

    def __init__(
        self,
        reader: EndpointReader,
        plan: ResourcePlan,
        since: datetime | None,
        *,
        is_preview: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = reader
        self._incremental = plan.incremental if since else None
        self._windows = plan.windows
        self._timeless = _Once(plan.kind)
        self._leaves_out_known = _leaves_out_known(plan)
        self._since = since
        self._is_preview = is_preview
        self._clock = clock
        self._api_clock = ApiClock(clock)

    def read(self, request: ApiRequest, path_params: Mapping[str, str]) -> AsyncGenerator[Portion]:
        """Read the items, as `EndpointReader.read` gives them and with its errors.

        Where windows overlap, some come twice.
        """
        asked, watch = self._asked(request)
        if self._windows and not self._has_own_way:
            return self._in_windows(self._windows, asked, path_params)
        return self._reader.read(asked, path_params, watch)

    @property
    def _has_own_way(self) -> bool:
        """True where the API filters, or the cut-off does, so that windows are not needed."""
        known = self._incremental
        return known is not None and bool(known.server_side or known.changed)

    def _asked(self, request: ApiRequest) -> tuple[ApiRequest, Watch]:
        known, since = self._incremental, self._since
        if known is None or since is None:
            return request, UNWATCHED
        asked = request.with_query(known.query_params)
        if known.server_side:
            with _placing("incremental"):
                asked = known.server_side.placed(asked, since)
        if known.changed is None:
            return asked, UNWATCHED
        return asked, Cutoff(known, known.changed, since, self._timeless)

    async def _in_windows(
        self, windows: Windows, request: ApiRequest, path_params: Mapping[str, str]
    ) -> AsyncGenerator[Portion]:
        tally = _Tally(self._api_clock)
        for window in self._chosen(windows):
            count = 0
            reading = self._whole(windows, window, request, path_params, tally)
            async with aclosing(reading) as portions:
                async for portion in portions:
                    count += len(portion.items)
                    yield portion
            if self._is_preview and count:
                return
        if far := self._api_clock.too_far_ahead:
            self._reader.doubts.append(
                Doubt(
                    f"the API's Date is {far.days} days ahead of the clock of this machine",
                    "set the clock of this machine, or that of the API",
                )
            )
        if self._leaves_out_known and self._since is None:
            self._reader.doubts.append(_LEFT_OUT)

    def _chosen(self, windows: Windows) -> Iterable[Window]:
        """Return all windows; of a preview, the newest ones, because old ones are often empty."""
        clock = self._api_clock
        is_exact = windows.allowance is not None
        lead = (lambda: clock.offset) if is_exact else (lambda: clock.ahead)
        covering = windows.cover(self._since, self._clock, lead)
        return list(covering)[: -_MOST_PREVIEWED - 1 : -1] if self._is_preview else covering

    async def _whole(
        self,
        windows: Windows,
        window: Window,
        request: ApiRequest,
        path_params: Mapping[str, str],
        tally: "_Tally",
    ) -> AsyncGenerator[Portion]:
        """Read all items of a window, which is halved where it has more than the API gives."""
        waiting = [window]
        while waiting:
            current = waiting.pop()
            tally.begin()
            with _placing("windows"):
                asked = windows.placed(request, current)
            try:
                async with aclosing(self._reader.read(asked, path_params, tally)) as portions:
                    async for portion in portions:
                        yield portion
            except TooDeepError as error:
                waiting += _halves(windows, current, error.reason)
            except StatusError as error:
                if current.end < self._clock() or not _is_refusal(error):
                    raise
                raise error.advised(
                    "or, where the API takes no window that ends in the future, windows.end: 0"
                ) from None
            else:
                if windows.cap and tally.received >= windows.cap:
                    cause = f"{tally.received} records, and windows.cap is {windows.cap}"
                    waiting += _halves(windows, current, cause)
                elif tally.doubt and tally.is_most and windows.halves(current):
                    waiting += _halves(windows, current, tally.doubt.seen)
                elif tally.doubt:
                    # The API gave more for another one, or this is as short as can be.
                    self._reader.doubts.append(tally.doubt)


class ApiClock:
    """The API's clock, as its answers tell of it: how far it is `ahead` of ours, if it is.

    `offset` is by how much it differs, and negative where it is behind: of what answers tell, the
    most, because one may have been on its way for long. `too_far_ahead` is how much it was told to
    be ahead where that is no clock to go by.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._told: timedelta | None = None
        self.too_far_ahead: timedelta | None = None

    @property
    def ahead(self) -> timedelta:
        return max(self.offset, timedelta())

    @property
    def offset(self) -> timedelta:
        return self._told or timedelta()

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer's `Date`, if it has one, and of its `Age` in a cache (RFC 9111).

        One that is more than a day from ours is no clock to go by: windows end by ours then.
        """
        moment = http_date(headers.get("date", ""))
        if moment is None:
            return
        ahead = in_utc(moment) - self._clock() + _age_of(headers)
        if ahead > _FARTHEST:
            self.too_far_ahead = ahead
        elif ahead >= -_FARTHEST:
            self._told = ahead if self._told is None else max(self._told, ahead)


def _age_of(headers: Mapping[str, str]) -> timedelta:
    """Return for how long an answer was kept by who gave it, before it came here."""
    text = headers.get("age", "").strip()
    is_one = text.isascii() and text.isdecimal()
    return timedelta(seconds=int(text[:_LONGEST_AGE])) if is_one else timedelta()


class _Tally(Watch):
    """Counts the records that the API sent for a window, and takes what speaks of more of them.

    `is_most` tells whether it never sent more for another window, so that it may have cut this off.
    """

    def __init__(self, clock: ApiClock) -> None:
        self.received = 0
        self.doubt: Doubt | None = None
        self._clock = clock
        self._most = 1

    def begin(self) -> None:
        """Begin a window."""
        self._most = max(self._most, self.received)
        self.received, self.doubt = 0, None

    @property
    def is_most(self) -> bool:
        return self.received >= self._most

    def answered(self, page: Page) -> None:
        self._clock.learn(page.headers)

    def page_ended(self, received: int) -> str | None:
        self.received = received
        return None

    def takes(self, doubt: Doubt) -> bool:
        self.doubt = doubt
        return True


def _shown(value: Any) -> str:
    """Return what should be a time, for a message; of what is no short one, only its kind."""
    is_short = isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_TIME
    return repr(value) if is_short and value != "" else kind_of(value)


def _leaves_out_known(plan: ResourcePlan) -> bool:
    """Return whether a record that was read before may be later than where the windows end."""
    windows, incremental = plan.windows, plan.incremental
    if windows is None or windows.allowance is None:
        return False
    # What other ways have brought may be newer than what a resync reads.
    is_read_otherwise = incremental and (incremental.server_side or incremental.changed)
    return not windows.is_fixed or bool(plan.live_events or is_read_otherwise)


def _is_refusal(error: StatusError) -> bool:
    return meaning_of(error.status, Situation.LATER_PAGE) is Meaning.REFUSED_PAGE


def _halves(windows: Windows, window: Window, cause: str) -> tuple[Window, Window]:
    """Return two windows in place of one, the earlier one last."""
    halves = windows.halves(window)
    write = windows.time_format.write
    if halves is None:
        raise PaginationError(
            f"the window from {write(window.start)} to {write(window.end)} has more items than "
            f"can be read, and cannot be made shorter: {cause}",
            advice="narrow the endpoint with query_params, or look at windows.format",
        )
    logger.debug(f"Halving the window from {write(window.start)} to {write(window.end)}: {cause}")
    return halves[1], halves[0]


@contextmanager
def _placing(block: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise EndpointError(f"{error}", advice=f"look at body and {block}.in") from None
