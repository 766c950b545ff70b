"""Durations as mappings write them, and moments as requests and items do."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from expressions.evaluator import Outputs, first_of
from formats.times import http_date, in_utc, iso_time
from mapping.plan.time_patterns import check_parts, check_readable, has_zone, read_time

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 3, tzinfo=UTC)
# Seconds, milliseconds, microseconds and nanoseconds: no number is two of them within those years.
_UNITS_OF_EPOCH = (1, 10**3, 10**6, 10**9)
_DAY = timedelta(days=1)
# By how many parts a moment has, from the year on.
_UNIT_OF_PARTS = {3: _DAY, 4: timedelta(hours=1), 5: timedelta(minutes=1), 6: timedelta()}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\d{3}){0,3})?)?)?")
_DOTNET_DATE = re.compile(r"\\?/Date\((\d+)(?:[+-]\d{4})?\)\\?/")
_WEEK = re.compile(r"\d{4}-?W\d\d")
_ZONE = re.compile(r"(?:Z|z|[+-][\d:.]+)$")
_CLOCK = re.compile(r"\d:\d\d(?P<seconds>:\d)?")
_AFTERNOON = re.compile(r"\bp\.?m\b|\dpm\b", re.IGNORECASE)
_HALF_DAY = timedelta(hours=12)
# A clock without a time zone may be behind UTC by so much.
_FARTHEST_BEHIND = timedelta(hours=12)
_SAMPLE = datetime(2022, 4, 5, 16, 17, 18, tzinfo=UTC)
_UNITS = (1, 60, 3600, 86400)
_PER_SECOND = {"epoch_seconds": 1, "epoch_milliseconds": 1000}
_NAMED = ("iso8601", "epoch_seconds", "epoch_milliseconds")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """The way an API writes moments: `iso8601`, `epoch_seconds`, `epoch_milliseconds`, a pattern.

    A pattern is one of `strftime`, in UTC. `unit` is the shortest time, in whole seconds, that two
    moments differ by.

    Raises:
        ValueError: on construction, when different times would look the same, or cannot be read.
    """

    name: str = "iso8601"
    unit: timedelta = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if self._is_pattern:
            check_parts(self.name)
        year = self.write(_SAMPLE + timedelta(days=365))
        if len({self.write(_SAMPLE), self.write(_SAMPLE + timedelta(days=1)), year}) < 3:
            allowed = ", ".join(_NAMED)
            raise ValueError(
                f"must be {allowed}, or a strftime pattern that tells one day from another, such "
                f"as `%Y-%m-%d %H:%M:%S` (got {self.name!r})"
            )
        steps = (timedelta(seconds=seconds) for seconds in _UNITS)
        unit = next(each for each in steps if self.write(_SAMPLE) != self.write(_SAMPLE + each))
        if unit < _DAY and self.write(_SAMPLE) == self.write(_SAMPLE - _HALF_DAY):
            raise ValueError(
                "must tell morning from afternoon: %H has 24 hours, %I needs %p "
                f"(got {self.name!r})"
            )
        if self._is_pattern:
            check_readable(self.name, unit)
        object.__setattr__(self, "unit", unit)

    @property
    def _is_pattern(self) -> bool:
        return self.name not in _NAMED

    @property
    def is_local(self) -> bool:
        """True where an API may take what is written for the time of another zone."""
        return self._is_pattern and not has_zone(self.name)

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

    def read(self, value: Any) -> datetime | None:
        """Return the latest moment, in UTC, that a value in this format can mean; None of others.

        Sample: of `29.02.2024` as `%d.%m.%Y`, the end of that day where clocks are furthest behind.
        """
        try:
            return _plausible(self._read(value))
        except (ValueError, OverflowError, TypeError):
            return None

    def _read(self, value: Any) -> datetime | None:
        if isinstance(value, bool):
            return None
        if self.name in _PER_SECOND:
            return _EPOCH + timedelta(seconds=float(value) / _PER_SECOND[self.name])
        if self.name == "iso8601":
            return _from_text(str(value).strip())
        moment = read_time(self.name, str(value))
        lost = timedelta() if self.unit == timedelta(seconds=1) else self.unit
        if moment.tzinfo or not self.is_local:
            return in_utc(moment).astimezone(UTC) + lost
        return _as_late_as_can_be(moment, lost)

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

    Understands ISO 8601, the dates of HTTP and e-mail, `/Date(1709209845000)/`, digits by their
    shape, as `20240229` and `202402291230`, and seconds, milliseconds, microseconds or nanoseconds
    since the epoch. A day without a time may mean its end, and a time without a zone one of any. A
    number is a time only from 1990 to 2100.
    """
    try:
        return _plausible(_latest(value))
    except (ValueError, OverflowError):
        return None


def _latest(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if found := _DOTNET_DATE.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    if isinstance(value, int | float) or _NUMBER.fullmatch(text):
        found_moments = [_from_epoch(float(text)), _from_digits(text.partition(".")[0])]
        return max((each for each in found_moments if each), default=None)
    return _from_text(text)


def _plausible(moment: datetime | None) -> datetime | None:
    # What is outside stands for "never", or is no time at all.
    is_one = moment is not None and _FIRST <= moment <= _LAST
    return moment if is_one else None


def _from_epoch(number: float) -> datetime | None:
    for units in _UNITS_OF_EPOCH:
        seconds = number / units
        if _FIRST.timestamp() <= seconds <= _LAST.timestamp():
            return _EPOCH + timedelta(seconds=seconds)
    return None


def _from_digits(text: str) -> datetime | None:
    """Return the latest moment of digits such as `20240229` or `202402291230`; None for others."""
    found = _DIGITS.fullmatch(text)
    if not found:
        return None
    parts = [int(each) for each in found.groups() if each]
    try:
        moment = datetime(*parts[:6], tzinfo=UTC)  # type: ignore[misc,arg-type]  # three at least
    except ValueError:
        return None
    return _plausible(_as_late_as_can_be(moment, _UNIT_OF_PARTS[min(len(parts), 6)]))


def _from_text(text: str) -> datetime | None:
    if found := iso_time(text):
        unit = _unit_of_iso(text)
        return found.astimezone(UTC) + unit if found.tzinfo else _as_late_as_can_be(found, unit)
    found = http_date(text)
    if found is None:
        return None
    unit = _unit_of_date(text)
    return found.astimezone(UTC) + unit if found.tzinfo else _as_late_as_can_be(found, unit)


def _unit_of_date(text: str) -> timedelta:
    """Return by how much a moment may be later than what the date of an e-mail says of it.

    Sample: a minute for `29 Feb 2024 01:30`, half a day more with `PM`, which is passed over, and a
    day without a time, because that is midnight.
    """
    clock = _CLOCK.search(text)
    if clock is None:
        return _DAY
    unit = timedelta() if clock["seconds"] else timedelta(minutes=1)
    return unit + _HALF_DAY if _AFTERNOON.search(text) else unit


def _unit_of_iso(text: str) -> timedelta:
    """Return by how much a moment may be later than what ISO 8601 says of it.

    Sample: a day for `2024-02-29`, a minute for `2024-02-29T12:30Z`, nothing with seconds.
    """
    date, _, rest = text.replace(" ", "T").partition("T")
    if not rest:
        return _DAY if _WEEK.fullmatch(date) is None else 7 * _DAY
    digits = _ZONE.sub("", rest).replace(":", "").partition(".")[0]
    return _UNIT_OF_PARTS[min(3 + len(digits) // 2, 6)]


def _as_late_as_can_be(moment: datetime, unit: timedelta) -> datetime:
    """Return the latest moment of a time without a zone, which was cut off to a unit."""
    return in_utc(moment) + unit + _FARTHEST_BEHIND
