"""Whether a store is open, against a week of minutes that are marked one by one, and on the days of a clock change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from checkin import listing
from checkin.model import Hours, Store, Weekday
from shared.opening import is_open

DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7 * 24 * 60
MONDAY = datetime.combine(date(2026, 6, 29), time())

clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
intervals = st.tuples(clocks, st.one_of(clocks, st.just("24:00")))
hours_of_a_week = st.dictionaries(st.sampled_from(DAYS), st.lists(intervals, max_size=4).map(tuple))


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def marked(hours: Hours) -> set[int]:
    """Every minute of the week that lies in an interval; what runs over Sunday's midnight goes on on Monday."""
    found: set[int] = set()
    for number, day in enumerate(DAYS):
        for opens, closes in hours.get(day, ()):
            length = (minutes(closes) - minutes(opens)) % (24 * 60) or 24 * 60
            start = number * 24 * 60 + minutes(opens)
            found |= {(start + n) % WEEK for n in range(length)}
    return found


@settings(max_examples=60, deadline=None)
@given(hours_of_a_week, st.lists(st.integers(0, WEEK - 1), min_size=1, max_size=50))
def test_a_store_is_open_in_the_minutes_that_its_hours_mark(hours: Hours, asked: list[int]) -> None:
    open_minutes = marked(hours)
    edges = [minute % WEEK for one in open_minutes for minute in (one - 1, one, one + 1)][:300]
    for minute in [*asked, *edges]:
        for seconds in (0, 59):
            local = MONDAY + timedelta(minutes=minute, seconds=seconds)
            assert is_open(hours, local) == (minute in open_minutes)


@settings(max_examples=60)
@given(hours_of_a_week)
def test_a_listing_keeps_the_hours(hours: Hours) -> None:
    """A day without an interval is closed like a day that is not named."""
    kept = listing.unpack("s", listing.pack(_store(hours))).hours
    assert kept is not None
    assert {day: given for day, given in kept.items() if given} == {day: given for day, given in hours.items() if given}


def _store(hours: Hours | None, **more: object) -> Store:
    said = {"store_id": "s", "name": "S", "lat": 40.7, "lon": -74.0, "time_zone": "America/New_York", "hours": hours}
    return Store.model_validate(said | more)


def _open_hours(hours: Hours, since: str, zone: str = "America/New_York") -> float:
    """For how many hours of the 48 since a moment the store shows itself open."""
    one = listing.unpack("s", listing.pack(_store(hours, time_zone=zone)))
    start = datetime.fromisoformat(since).replace(tzinfo=UTC)
    return sum(one.shown(0, start + timedelta(minutes=15 * n), []).open_now for n in range(4 * 48)) / 4


@pytest.mark.parametrize(
    ("hours", "since", "expected"),
    [
        ({"sun": (("02:00", "03:00"),)}, "2026-03-08T00:00", 0),  # the hour that is skipped
        ({"sun": (("01:00", "02:00"),)}, "2026-11-01T00:00", 2),  # the hour that comes twice
        ({"sun": (("00:00", "24:00"),)}, "2026-03-08T00:00", 23),
        ({"sun": (("00:00", "24:00"),)}, "2026-11-01T00:00", 25),
        ({"sat": (("22:00", "05:00"),)}, "2026-03-07T12:00", 6),  # the night of the change
        ({"sat": (("22:00", "05:00"),)}, "2026-10-31T12:00", 8),
        ({"sat": (("22:00", "05:00"),)}, "2026-06-06T12:00", 7),
    ],
)
def test_hours_are_those_that_the_clock_on_the_wall_shows(hours: Hours, since: str, expected: float) -> None:
    assert _open_hours(hours, since) == expected


def test_a_zone_of_three_quarters_has_its_own_hours() -> None:
    one = listing.unpack("s", listing.pack(_store({"mon": (("09:00", "10:00"),)}, time_zone="Asia/Kathmandu")))
    at = datetime(2026, 6, 29, 3, 15, tzinfo=UTC)  # 09:00 there
    assert one.shown(0, at, []).open_now
    assert not one.shown(0, at - timedelta(minutes=1), []).open_now
