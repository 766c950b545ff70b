"""Windows of time: nothing falls between two, whatever the API takes their ends for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from api_messages import ApiRequest
from mapping.plan.times import TimeFormat
from mapping.plan.windows import Window, Windows
from tests.mapping.test_times import FORMATS

NOW = datetime(2024, 2, 29, 12, 30, 45, 678901, tzinfo=UTC)


def windows(name: str, units: int, start: timedelta) -> Windows:
    time_format = TimeFormat(name)
    return Windows("from", "to", units * time_format.unit, start, time_format=time_format)


def is_in(moment: datetime, window: Window) -> bool:
    """By the strictest reading: neither end belongs to it."""
    return window.start < moment < window.end


@given(
    name=st.sampled_from(FORMATS),
    units=st.integers(2, 50),
    length=st.integers(0, 500),
    offset=st.integers(0, 10**9),
)
@settings(deadline=None)
def test_windows_cover_all_time_and_are_no_longer_than_the_step(
    name: str, units: int, length: int, offset: int
) -> None:
    unit = TimeFormat(name).unit
    # To fourteen hours ahead, where the zone is not said, there would be too many of seconds.
    units += 5000 if TimeFormat(name).is_local and unit < timedelta(minutes=1) else 0
    plan = windows(name, units, unit * length)
    covering = list(plan.cover(None, lambda: NOW))
    assert all(window.end - window.start <= plan.step for window in covering)
    most = unit * length + timedelta(hours=14, minutes=6) + 2 * unit
    assert len(covering) <= 1 + most / ((units - 1) * unit)
    ago = timedelta(microseconds=offset * 1000) % (TimeFormat(name).unit * length + NOW.resolution)
    # The start itself may be the end of a window.
    moment = max(NOW - ago, covering[0].start + NOW.resolution)
    assert any(is_in(moment, window) for window in covering)


@given(name=st.sampled_from(FORMATS), units=st.integers(2, 40), position=st.floats(0.0001, 0.9999))
@settings(deadline=None)
def test_halves_cover_the_whole_and_are_shorter(name: str, units: int, position: float) -> None:
    unit = TimeFormat(name).unit
    plan = windows(name, 50, timedelta())
    start = TimeFormat(name).floor(NOW)
    whole = Window(start, start + units * unit)
    halves = plan.halves(whole)
    if halves is None:
        assert units < 3
        return
    assert all(half.end - half.start < whole.end - whole.start for half in halves)
    moment = whole.start + (whole.end - whole.start) * position
    assert any(is_in(moment, half) for half in halves)


def test_the_end_is_now_when_the_last_window_is_asked_for() -> None:
    now = [NOW]
    found = []
    for window in windows("iso8601", 3600, timedelta(hours=2)).cover(None, lambda: now[0]):
        found.append(window)
        now[0] += timedelta(minutes=20)
    assert found[-1].end >= now[0] - timedelta(minutes=20)
    assert found[0].start == TimeFormat().floor(NOW - timedelta(hours=2))


def test_since_takes_the_place_of_the_start() -> None:
    plan = windows("%Y-%m-%d", 7, timedelta(days=365))
    since = NOW - timedelta(hours=1)
    (window,) = plan.cover(since, lambda: NOW)
    # A day before, because "after a day" may mean after its end; and to where the day is over.
    assert window == Window(datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 3, 2, tzinfo=UTC))
    assert list(plan.cover(NOW + timedelta(days=30), lambda: NOW))


def test_where_a_window_is_placed() -> None:
    request = ApiRequest("POST", "https://api.test/x", body={"query": {"term": 1}})
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 8, tzinfo=UTC)
    plan = Windows(
        "query.range.at.gte",
        "query.range.at.lt",
        timedelta(days=7),
        start,
        "body",
        TimeFormat("epoch_milliseconds"),
    )
    placed = plan.placed(request, Window(start, end))
    limits = {"gte": 1704067200000, "lt": 1704672000000}
    assert placed.body == {"query": {"term": 1, "range": {"at": limits}}}
