"""Windows of time for APIs that answer only for a range, or only with so many items of one.

A window's ends may belong to it or not, which differs from API to API and is rarely documented. So
neighbours overlap by one unit of the format that moments are written in: an item may come twice,
and none falls between two windows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api_messages import ApiRequest, Where
from mapping.plan.times import TimeFormat

# The API's clock may be ahead of ours, and its zone another one.
_AHEAD = timedelta(minutes=5)
_AHEAD_OF_UTC = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time; both ends can be written exactly. Of an open one only the start is sent."""

    start: datetime
    end: datetime
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Windows:
    """A `windows` block, checked: the time from `start` to now is asked for in parts.

    `start` is a moment, or how long ago; `step` is the longest range that the API takes; `cap` is
    how many items it gives for one at most. `allowance` is how far after now, by the API's clock,
    the last window may end, for an API that refuses later ends; with `is_open`, that one has no
    end. `is_fixed` tells that the time of a record never changes.
    """

    from_param: str
    to_param: str
    step: timedelta
    start: datetime | timedelta
    where: Where = "query"
    time_format: TimeFormat = field(default_factory=TimeFormat)
    cap: int | None = None
    allowance: timedelta | None = None
    is_open: bool = False
    is_fixed: bool = False

    @property
    def delay(self) -> timedelta:
        """Return how long a record may be there before a window reaches it."""
        return max(-(self.allowance or timedelta()), timedelta())

    def placed(self, request: ApiRequest, window: Window) -> ApiRequest:
        """Return the request for one window.

        Raises:
            ValueError: the body is no object where a name leads.
        """
        write = self.time_format.write
        begun = request.placed(self.where, self.from_param, write(window.start))
        if window.is_open:
            return begun
        return begun.placed(self.where, self.to_param, write(window.end))

    def cover(
        self,
        since: datetime | None,
        clock: Callable[[], datetime],
        ahead: Callable[[], timedelta] = timedelta,
    ) -> Iterator[Window]:
        """Yield windows from a moment, by default `start`, to now, the oldest first.

        The end is what `clock` says when the last one is asked for: what changes while others are
        read moves into it. How much the API's clock is `ahead` of that may turn out while windows
        are read; then more follow.
        """
        if since:
            start = self.time_format.before(since)
        else:
            begun = self.start if isinstance(self.start, datetime) else clock() - self.start
            start = self.time_format.floor(begun)
        while True:
            now = clock()
            last = self._last(now + ahead())
            end = min(start + self.step, last)
            yield Window(min(start, end), end, self.is_open and end == last)
            if end == last and (self.allowance is not None or now + ahead() <= last):
                return
            start = end - self.time_format.unit

    def _last(self, now: datetime) -> datetime:
        """Return where the last window ends, by default after everything that can be called now."""
        if self.allowance is not None:
            return self.time_format.floor(now + self.allowance)
        if self.is_open:
            return self.time_format.ceiling(now)
        margin = _AHEAD_OF_UTC if self.time_format.is_local else _AHEAD
        return self.time_format.ceiling(now + margin)

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        """Return two shorter windows for the same time; None where none is shorter."""
        unit = self.time_format.unit
        length = (window.end - window.start) // unit
        if length < 3:
            return None
        middle = window.start + (length + 1) // 2 * unit
        return Window(window.start, middle), Window(middle - unit, window.end, window.is_open)
