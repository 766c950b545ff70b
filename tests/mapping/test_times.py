"""Moments and durations, as APIs and mappings write them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.plan.times import TimeFormat, date_of, duration_of, moment_of

NOON = datetime(2024, 2, 29, 12, 30, 45, 678901, tzinfo=UTC)
MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 (hypothesis wants it so)
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
FORMATS = [
    "iso8601",
    "epoch_seconds",
    "epoch_milliseconds",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%dT%H",
    "%Y-%m-%d",
    "%d-%b-%Y",
]


@pytest.mark.parametrize(
    "name, written, unit",
    [
        ("iso8601", "2024-02-29T12:30:45Z", 1),
        ("epoch_seconds", 1709209845, 1),
        ("epoch_milliseconds", 1709209845000, 1),
        ("%Y-%m-%d %H:%M:%S", "2024-02-29 12:30:45", 1),
        ("%Y/%m/%d %H:%M", "2024/02/29 12:30", 60),
        ("%Y-%m-%dT%H", "2024-02-29T12", 3600),
        ("%Y-%m-%d", "2024-02-29", 86400),
    ],
)
def test_formats(name: str, written: str | int, unit: int) -> None:
    time_format = TimeFormat(name)
    assert time_format.write(NOON) == written
    assert time_format.unit == timedelta(seconds=unit)


@pytest.mark.parametrize("name", ["ISO", "%d", "%m-%d", "%H:%M:%S", "%Y-%m", "%Y", "epoch"])
def test_what_does_not_tell_days_apart_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be iso8601, epoch_seconds"):
        TimeFormat(name)


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize(
    "name, said",
    [
        ("%Y-%m-%d %I:%M", "must tell morning from afternoon: %H has 24 hours, %I needs %p"),
        ("%s", "must be epoch_seconds in place of %s"),
        ("%-s", "must be epoch_seconds in place of %-s"),
        ("%F %Q", "has %Q, which strftime does not know"),
        ("%F %T%", "has %, which strftime does not know"),
        # The eleventh of January and the first of November.
        ("%Y%-m%-d", "has %-m right before another number, .*, or write %m in place of %-m"),
        ("%-d1%m%Y", "or write %d in place of %-d"),
        ("%F %k%M", "put a space between them, or write %H in place of %k"),
        ("%F %z:%T", r"put a space between them \(got"),
        ("%FT%k:%M", "would be '2024-01-01T 6:42'; .* and %H in place of %k"),
        ("%C%y-%m-%d", "and %Y in place of %C"),
        ("%g-W%V-%u", "and %G in place of %g"),
        ("%F %F", "write each part once"),
        ("%Y-%V-%u", "whose times can be read again"),
    ],
)
def test_what_would_be_an_earlier_moment_is_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TimeFormat(name)
    assert TimeFormat("%Y-%m-%d %I:%M %p").unit == timedelta(minutes=1)


PARTS = [f"%{letter}" for letter in "aAbBcCdDeFfgGHhIjklmMnpPrRStTuUVwWxXyYzZ%"]
PATTERNS = st.lists(
    st.sampled_from([*PARTS, "%-d", "%-m", "%-H", "%_d", "%^b", "%Ey", "%:z", *"- :/T.Z1"]),
    min_size=3,
    max_size=9,
).map("".join)


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize(
    "name, written",
    [
        ("%F %T", "2024-02-09 04:05:06"),
        ("%D %R", "02/09/24 04:05"),
        ("%e.%m.%Y", " 9.02.2024"),
        ("%F %k:%M", "2024-02-09  4:05"),
        ("%F %l:%M %P", "2024-02-09  4:05 am"),
        ("%-d.%-m.%Y %r", "9.2.2024 04:05:06 AM"),
        ("%h %d %Y%n%T", "Feb 09 2024\n04:05:06"),
        ("%F %T %Z", "2024-02-09 04:05:06 UTC"),
        ("%FT%T%:z", "2024-02-09T04:05:06+00:00"),
        (" %F ", " 2024-02-09 "),
        ("%c", "Fri Feb  9 04:05:06 2024"),
    ],
)
def test_parts_that_only_the_system_writes_are_read_too(name: str, written: str) -> None:
    time_format, moment = TimeFormat(name), datetime(2024, 2, 9, 4, 5, 6, tzinfo=UTC)
    assert time_format.write(moment) == written
    assert _stated(time_format, written) == time_format.floor(moment)


def _stated(time_format: TimeFormat, written: str | int) -> datetime | None:
    """Return what a text says, without the allowances for its zone and for what is cut off."""
    meant = time_format.read(written)
    if meant is None:
        return None
    lost = timedelta() if time_format.unit == timedelta(seconds=1) else time_format.unit
    return meant - lost - (timedelta(hours=12) if time_format.is_local else timedelta())


@pytest.mark.contract("freshness.times")
@given(
    name=PATTERNS,
    day=st.sampled_from(["%F", "%Y%m%d", "%D", "%e %b %y", "%-d.%-m.%Y", "%Y%-j", "%G-W%V-%u", ""]),
    # Two digits of a year are those from 1969 to 2068.
    moment=MOMENTS.filter(lambda moment: moment.year <= 2068),
)
@settings(max_examples=300)
def test_a_pattern_reads_what_it_writes_or_is_refused(
    name: str, day: str, moment: datetime
) -> None:
    try:
        time_format = TimeFormat(day + name)
    except ValueError:
        return
    stated = _stated(time_format, time_format.write(moment))
    assert stated is not None
    assert time_format.floor(moment) <= stated <= moment


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize(
    "name, value", [("%F %T %Z", "2024-02-29 12:30:45 EST"), ("%F %T", "2024-02-29T12:30:45")]
)
def test_a_text_that_a_pattern_does_not_write_is_no_time(name: str, value: str) -> None:
    assert TimeFormat(name).read(value) is None


@pytest.mark.parametrize("name", ["%F %TZ", "%F %T %z", "%F %T UTC", "%F %T GMT", "%F %T %Z"])
def test_a_pattern_with_a_zone_is_not_local(name: str) -> None:
    assert not TimeFormat(name).is_local
    assert TimeFormat(name.rpartition(" ")[0] if name.count(" ") > 1 else "%F %T").is_local


@given(moment=MOMENTS, name=st.sampled_from(FORMATS))
def test_rounding_keeps_what_is_written(moment: datetime, name: str) -> None:
    time_format = TimeFormat(name)
    floor, ceiling = time_format.floor(moment), time_format.ceiling(moment)
    assert floor <= moment <= ceiling
    assert ceiling - floor in (timedelta(), time_format.unit)
    assert time_format.write(floor) == time_format.write(moment)
    assert time_format.floor(ceiling) == ceiling


@pytest.mark.parametrize(
    "value, seconds",
    [
        (0, 0),
        (300, 300),
        ("300", 300),
        ("1.5", 1.5),
        ("90s", 90),
        ("5m", 300),
        ("2h", 7200),
        ("7d", 604800),
        ("2w", 1209600),
        (" 5 m ", 300),
    ],
)
def test_durations(value: str | float, seconds: float) -> None:
    assert duration_of(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "5y", "m", True, "1e3", "9" * 30 + "w"])
def test_no_durations(value: str | bool) -> None:
    with pytest.raises(ValueError, match="must be seconds, or a duration such as"):
        duration_of(value)


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29T12:30:45Z",
        "2024-02-29T12:30:45.000Z",
        "2024-02-29T13:30:45+01:00",
        "2024-02-29T13:30:45.000+0100",
        "20240229T123045Z",
        "Thu, 29 Feb 2024 12:30:45 GMT",
        1709209845,
        1709209845.0,
        "1709209845",
        1709209845000,
        "1709209845000",
        1709209845000000,
        1709209845000000000,
        "1709209845.0",
        "/Date(1709209845000)/",
    ],
)
def test_moments(value: Any) -> None:
    assert moment_of(value) == NOON.replace(microsecond=0)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "never", True, [], {}, "2024-13-01", float("nan"), float("inf"), "9" * 400),
        *(0, 300, -5, "-5", 4711, 20241301, "20240230", 20240229250000, 1e30, "99991231"),
        *("0001-01-01T00:00:00Z", "9999-12-31", "1970-01-01T00:00:00Z", "2024", 202402),
    ],
)
def test_what_is_no_moment(value: Any) -> None:
    assert moment_of(value) is None


@given(moment=MOMENTS, hours=st.integers(-12, 14))
def test_a_time_without_a_zone_is_never_taken_for_an_earlier_one(
    moment: datetime, hours: int
) -> None:
    local = moment.astimezone(timezone(timedelta(hours=hours))).replace(tzinfo=None)
    meant = moment_of(local.isoformat(" "))
    assert meant
    assert meant >= moment


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize(
    "value, latest",
    [
        ("2024-02-29", "2024-03-01T12:00Z"),
        ("20240229", "2024-03-01T12:00Z"),
        (20240229, "2024-03-01T12:00Z"),
        ("202402291230", "2024-03-01T00:31Z"),
        (202402291230, "2024-03-01T00:31Z"),
        ("20240229123045", "2024-03-01T00:30:45Z"),
        ("20240229123045678", "2024-03-01T00:30:45Z"),
        ("2024-02-29T12:30", "2024-03-01T00:31Z"),
        ("2024-02-29T12:30Z", "2024-02-29T12:31Z"),
        ("2024-02-29T12Z", "2024-02-29T13:00Z"),
        ("2024-02-29T12:30+01:00", "2024-02-29T11:31Z"),
        ("2024-W09", "2024-03-04T12:00Z"),
        ("Thu, 29 Feb 2024 12:30 GMT", "2024-02-29T12:31Z"),
        ("Thu, 29 Feb 2024 12:30:45", "2024-03-01T00:30:45Z"),
        # Morning and afternoon are passed over, so that it may be the later one.
        ("Feb 29, 2024 1:30 PM", "2024-03-01T01:31Z"),
        ("29 Feb 2024 01:30:45 p.m. GMT", "2024-03-01T01:30:45Z"),
        ("29 Feb 2024 01:30:45 AM", "2024-02-29T13:30:45Z"),
        # The hour of a day, or a second: the later one.
        ("2024022912", "2034-02-20T04:35:12Z"),
    ],
)
def test_a_time_that_is_cut_off_is_as_late_as_it_can_be(value: Any, latest: str) -> None:
    assert moment_of(value) == datetime.fromisoformat(latest)


@pytest.mark.contract("freshness.times")
@given(moment=MOMENTS, hours=st.integers(-12, 14), name=st.sampled_from(FORMATS))
def test_a_format_reads_what_it_writes_as_late_as_it_can_be(
    moment: datetime, hours: int, name: str
) -> None:
    time_format = TimeFormat(name)
    zone = timezone(timedelta(hours=hours))
    local = moment.astimezone(zone).replace(tzinfo=UTC) if time_format.is_local else moment
    meant = time_format.read(time_format.write(local))
    assert meant
    assert meant >= moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "name, value",
    [
        ("epoch_seconds", 1709209845000),
        ("epoch_seconds", "soon"),
        ("epoch_milliseconds", 1709209845),
        ("%Y-%m-%d", "29.02.2024"),
        ("%Y-%m-%d", None),
        ("iso8601", 5),
        ("iso8601", True),
    ],
)
def test_what_is_in_another_format_is_no_moment(name: str, value: Any) -> None:
    assert TimeFormat(name).read(value) is None


def test_dates() -> None:
    assert date_of("2024-02-29") == datetime(2024, 2, 29, tzinfo=UTC)
    assert date_of("2024-02-29T01:00+02:00") == datetime(2024, 2, 28, 23, tzinfo=UTC)
    assert date_of("90d") is None
