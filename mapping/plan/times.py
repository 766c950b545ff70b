"""Durations as mappings write them, and moments as requests and items do."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from expressions.evaluator import Outputs, first_of
from formats.times import http_date, in_utc, iso_time

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Numbers above this many seconds (in the year 5138) are milliseconds, and above this microseconds.
_LARGEST_SECONDS = 1e11
_LARGEST_MILLISECONDS = 1e14
# A clock without a time zone may be behind UTC by so much.
_FARTHEST_BEHIND = timedelta(hours=12)
_SAMPLE = datetime(2022, 4, 5, 16, 17, 18, tzinfo=UTC)
_UNITS = (1, 60, 3600, 86400)
_NAMED = ("iso8601", "epoch_seconds", "epoch_milliseconds")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """The way an API writes moments: `iso8601`, `epoch_seconds`, `epoch_milliseconds`, a pattern.

    A pattern is one of `strftime`, in UTC. `unit` is the shortest time, in whole seconds, that two
    moments differ by.

    Raises:
        ValueError: on construction, when different days would look the same.
    """

    name: str = "iso8601"
    unit: timedelta = field(init=False, compare=False)

    def __post_init__(self) -> None:
        year = self.write(_SAMPLE + timedelta(days=365))
        if len({self.write(_SAMPLE), self.write(_SAMPLE + timedelta(days=1)), year}) < 3:
            allowed = ", ".join(_NAMED)
            raise ValueError(
                f"must be {allowed}, or a strftime pattern that tells one day from another, such "
                f"as `%Y-%m-%d %H:%M:%S` (got {self.name!r})"
            )
        steps = (timedelta(seconds=seconds) for seconds in _UNITS)
        unit = next(each for each in steps if self.write(_SAMPLE) != self.write(_SAMPLE + each))
        object.__setattr__(self, "unit", unit)

    @property
    def is_local(self) -> bool:
        """True where an API may take what is written for the time of another zone."""
        return self.name not in _NAMED and not {"%z", "Z"} & {self.name[-2:], self.name[-1:]}

    def write(self, moment: datetime) -> str | int:
        """Return a moment, which must be in UTC, in this format, cut off to its unit."""
        match self.name:
            case "iso8601":
                return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            case "epoch_seconds":
                return (moment - _EPOCH) // timedelta(seconds=1)
            case "epoch_milliseconds":
                return (moment - _EPOCH) // timedelta(seconds=1) * 1000
        return moment.strftime(self.name)

    def before(self, moment: datetime) -> datetime:
        """Return an exactly written moment, earlier than all that look like this one."""
        return self.floor(moment) - self.unit

    def floor(self, moment: datetime) -> datetime:
        """Return the latest moment not after this one that can be written exactly."""
        return _EPOCH + (moment - _EPOCH) // self.unit * self.unit

    def ceiling(self, moment: datetime) -> datetime:
        """Return the earliest moment not before this one that can be written exactly."""
        return -(-(moment - _EPOCH) // self.unit) * self.unit + _EPOCH


def duration_of(value: str | float) -> timedelta:
    """Return a duration from a number of seconds, or a number with `s`, `m`, `h`, `d` or `w`.

    Raises:
        ValueError: it is none.
    """
    match = None if isinstance(value, bool) else _DURATION.fullmatch(str(value).strip())
    try:
        if match:
            return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        pass
    raise ValueError(f"must be seconds, or a duration such as 30s, 5m, 2h or 7d (got {value!r})")


def date_of(text: str) -> datetime | None:
    """Return the moment, in UTC, of a date or time in ISO 8601; without a zone it is in UTC."""
    moment = iso_time(text.strip())
    return in_utc(moment).astimezone(UTC) if moment else None


def moment_in(outputs: Outputs) -> datetime | None:
    """Return what `moment_of` makes of an expression's first output; None where it failed."""
    return moment_of(first_of(outputs))


def moment_of(value: Any) -> datetime | None:
    """Return the latest moment, in UTC, that an item's time can mean; None when none is understood.

    Understands ISO 8601, the dates of HTTP and e-mail, and seconds, milliseconds or microseconds
    since the epoch. A time without a zone may be of any.
    """
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _from_epoch(value)
        text = str(value).strip() if isinstance(value, str) else ""
        return _from_epoch(float(text)) if text.isdecimal() and len(text) > 8 else _from_text(text)
    except (ValueError, OverflowError):
        return None


def _from_epoch(number: float) -> datetime:
    if number > _LARGEST_MILLISECONDS:
        number /= 1000
    seconds = number / 1000 if number > _LARGEST_SECONDS else number
    return _EPOCH + timedelta(seconds=seconds)


def _from_text(text: str) -> datetime | None:
    moment = iso_time(text) or http_date(text)
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else in_utc(moment) + _FARTHEST_BEHIND
