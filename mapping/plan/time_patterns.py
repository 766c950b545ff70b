"""Patterns of `strftime`, as a mapping writes them, and how times in them are read again.

What Python writes and what it reads are not the same: `%F` and `%e` are written by the system, and
no reader knows them. Here each part has one that is read, or the pattern is refused.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from formats.times import in_utc

# `%-d`, `%_d`, `%Ey` and `%:z` are `%d`, `%y` and `%z` in other clothes.
_PART = re.compile(r"%(?P<clothes>[-_0^#:]*\d*[EO]?)(?P<letter>.?)", re.DOTALL)
_READ_AS_WRITTEN = frozenset("aAbBcdfGHIjmMpSuUVwWxXyYz%")
_READ_AS = {
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "P": "%p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    # All is written in UTC. Of other zones a reader would drop the name, and be hours off.
    "Z": "UTC",
    "e": "%d",
    "h": "%b",
    "k": "%H",
    "l": "%I",
    "n": " ",
    "r": "%I:%M:%S %p",
    "t": " ",
}
# What can be read of these depends on what stands beside them, if anything can.
_INSTEAD = {"C": "%Y", "e": "%d", "g": "%G", "k": "%H", "l": "%I"}
# Where these end, or numbers without leading zeros, a number right behind them does not begin.
_OPEN_ENDED = frozenset("eklz")
_NUMBER = re.compile(r"(?:\d|%[-_0^#]*\d*[EO]?[CDFGHIMRSTUVWXYdefgjklmruwxy])")
_ZONES = ("Z", "UTC", "GMT")
# Each day of a leap year, and some of years with another number of digits; each at another time of
# day, so that no two numbers always go together.
_DAYS = (*(8766 + day for day in range(366)), *range(0, 4000, 41))
_SAMPLES = tuple(
    datetime(2000, 1, 1, day % 24, day * 7 % 60, day * 11 % 60, day * 7919 % 10**6, tzinfo=UTC)
    + timedelta(days=day)
    for day in _DAYS
)


class _Part(NamedTuple):
    """A part of a pattern such as `%-d`: all of it, what is between, the letter, what follows."""

    text: str
    clothes: str
    letter: str
    rest: str

    @property
    def plain(self) -> str:
        """The part that says the same and is always read; sample: `%d` of `%-d` and of `%e`."""
        return _INSTEAD.get(self.letter, f"%{self.letter}")

    @property
    def is_odd(self) -> bool:
        """True where it may be the reason why a pattern cannot be read."""
        return bool(self.clothes) or self.letter in _INSTEAD

    @property
    def runs_on(self) -> bool:
        """True where nobody can tell its end from the number behind it."""
        is_open = self.letter in _OPEN_ENDED or not {"-", "_"}.isdisjoint(self.clothes)
        # Behind a zone, a colon is that of its seconds.
        behind = self.rest.removeprefix(":") if self.letter == "z" else self.rest
        return is_open and _NUMBER.match(behind) is not None


def _parts(pattern: str) -> list[_Part]:
    return [
        _Part(found[0], found["clothes"], found["letter"], pattern[found.end() :])
        for found in _PART.finditer(pattern)
    ]


def has_zone(pattern: str) -> bool:
    """Tell whether what a pattern writes says that it is in UTC: `%z`, or a `Z` at its end."""
    return pattern.endswith(_ZONES) or any(each.letter in "zZ" for each in _parts(pattern))


def read_time(pattern: str, text: str) -> datetime:
    """Return the time that a text in this pattern says, without a zone where it says none.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(text.strip(), _readable(pattern))  # noqa: DTZ007 (as it stands)


@lru_cache
def _readable(pattern: str) -> str:
    """Return a pattern in parts that are read; sample: `%Y-%m-%d %H:%M` of `%F %R`."""
    parts = _PART.sub(lambda found: _READ_AS.get(found["letter"], f"%{found['letter']}"), pattern)
    return parts.strip()


def check_parts(pattern: str) -> None:
    """Refuse a pattern with a part that nobody knows, or whose end nobody can tell.

    Sample: of `%Y%-m%-d`, `2024111` is the first of November, and the eleventh of January.

    Raises:
        ValueError: says which, and what to write.
    """
    for part in _parts(pattern):
        if part.letter == "s":
            # It would be written in the zone of this machine, and cannot be read.
            raise ValueError(f"must be epoch_seconds in place of {part.text} (got {pattern!r})")
        if part.letter not in _READ_AS_WRITTEN | _READ_AS.keys() | _INSTEAD.keys():
            raise ValueError(
                f"has {part.text}, which strftime does not know; a percent sign is %% "
                f"(got {pattern!r})"
            )
        if part.runs_on:
            instead = f", or write {part.plain} in place of {part.text}" if part.is_odd else ""
            raise ValueError(
                f"has {part.text} right before another number, so that its end is not known; put "
                f"a space between them{instead} (got {pattern!r})"
            )


@lru_cache
def check_readable(pattern: str, unit: timedelta) -> None:
    """Refuse a pattern in which not every time is read as the one that was written.

    Inputs: the `unit` to which what is written is cut off. Sample: `%F %F` and `%Y-%V-%u` are.

    Raises:
        ValueError: says what is read wrong, and what to write.
    """
    for moment in _SAMPLES:
        text = moment.strftime(pattern)
        if not _reads(pattern, text, moment, unit):
            raise ValueError(
                f"must be a pattern whose times can be read again: {moment:%Y-%m-%d %H:%M:%S} "
                f"would be {text!r}; {_advice(pattern)} (got {pattern!r})"
            )


def _reads(pattern: str, text: str, moment: datetime, unit: timedelta) -> bool:
    try:
        lost = moment - in_utc(read_time(pattern, text))
    except (ValueError, re.error):
        # The latter where a part stands twice.
        return False
    return timedelta() <= lost < unit


def _advice(pattern: str) -> str:
    """Return what to write; sample: `write %m in place of %-m`."""
    odd = {each.text: each.plain for each in _parts(pattern) if each.is_odd}
    instead = "".join(f", and {plain} in place of {text}" for text, plain in odd.items())
    return f"write each part once, with a sign between them{instead}"
