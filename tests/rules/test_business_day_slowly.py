"""The business day against a slow reckoning that knows no clock changes: it looks at the wall clock minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from shared.business_day import business_day, day_end, day_start

MINUTE = timedelta(minutes=1)
# From 11 hours behind UTC to 14 ahead, with halves and quarters of an hour; summer times of an hour and of half of one,
# that begin at midnight, at one, two and three, in the north and in the south, and one that ends for a month (Ramadan).
PLACES = [
    "Pacific/Pago_Pago", "Pacific/Honolulu", "Pacific/Marquesas", "America/Anchorage", "America/Los_Angeles",
    "America/New_York", "America/St_Johns", "America/Havana", "America/Asuncion", "America/Nuuk", "Atlantic/Azores",
    "Europe/London", "Europe/Berlin", "Africa/Cairo", "Africa/Casablanca", "Antarctica/Troll", "Asia/Beirut",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Eucla", "Australia/Adelaide", "Australia/Lord_Howe",
    "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati",
]  # fmt: skip
places = st.sampled_from(PLACES)
cutoffs = st.integers(0, 23)


def wall(at: datetime, place: str) -> datetime:
    return at.astimezone(ZoneInfo(place)).replace(tzinfo=None)


def shown_so_far(at: datetime, place: str, cutoff: int) -> date:
    """The latest date that the wall clock, set back by the cutoff, has shown by a moment: days never run backwards.

    No clock goes back by more than three hours, so what it showed six hours ago can't be the latest.
    """
    moments = [at - n * MINUTE for n in range(6 * 60)]
    return max((wall(one, place) - timedelta(hours=cutoff)).date() for one in moments)


def first_minute(day: date, place: str, cutoff: int) -> datetime:
    """The first minute at which the wall clock shows the day's cutoff hour or later."""
    sought = datetime.combine(day, time(cutoff))
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while wall(at, place) < sought:
        at += MINUTE
    return at


@cache
def changes(place: str) -> list[datetime]:
    """The clock changes of some years, found by looking every hour, then every minute."""
    found, at = [], datetime(2023, 1, 1, tzinfo=UTC)
    while at.year < 2029:
        later = at + timedelta(hours=1)
        if wall(later, place) - wall(at, place) != timedelta(hours=1):
            while wall(at + MINUTE, place) - wall(at, place) == MINUTE:
                at += MINUTE
            found.append(at + MINUTE)
        at = later
    return found


@st.composite
def around_changes(draw: st.DrawFn) -> tuple[datetime, str]:
    """A moment within two days of a clock change, or any where there are none; mostly on the minute of something."""
    place = draw(places)
    if changes(place):
        at = draw(st.sampled_from(changes(place)))
    else:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=draw(st.integers(0, 700)))
    quarters = timedelta(minutes=15 * draw(st.integers(-4 * 48, 4 * 48)))
    return at + quarters + timedelta(seconds=draw(st.sampled_from([0, 0, 1, -1, 30]))), place


@settings(max_examples=120, deadline=None)
@given(around_changes(), cutoffs)
def test_a_moment_belongs_to_the_latest_day_that_the_wall_has_shown(where: tuple[datetime, str], cutoff: int) -> None:
    at, place = where
    assert business_day(at, place, cutoff) == shown_so_far(at, place, cutoff)


@settings(max_examples=120, deadline=None)
@given(around_changes(), st.integers(-2, 2), cutoffs)
def test_a_day_begins_with_the_first_minute_of_its_cutoff_hour(
    where: tuple[datetime, str], off: int, cutoff: int
) -> None:
    at, place = where
    day = wall(at, place).date() + timedelta(days=off)
    assert day_start(day, place, cutoff) == first_minute(day, place, cutoff)
    assert day_end(day, place, cutoff) == first_minute(day + timedelta(days=1), place, cutoff)


@pytest.mark.parametrize("cutoff", range(24))
@pytest.mark.parametrize(("change", "length"), [("2026-03-08T07:00", 23), ("2026-11-01T06:00", 25)])
def test_one_day_a_year_has_an_hour_less_and_one_an_hour_more_whatever_the_cutoff(
    change: str, length: int, cutoff: int
) -> None:
    """In New York. The day is the one that the change falls into: where it ends at the changed hour, the one before."""
    at = datetime.fromisoformat(change).replace(tzinfo=UTC) - timedelta(seconds=1)
    day = business_day(at, "America/New_York", cutoff)
    hours = [(day_end(one, "America/New_York", cutoff) - day_start(one, "America/New_York", cutoff)) / timedelta(hours=1)
             for one in (day - timedelta(days=1), day, day + timedelta(days=1))]  # fmt: skip
    assert sorted(hours) == sorted([24, 24, length])


def test_a_moment_has_three_dates_on_earth() -> None:
    at = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    days = [business_day(at, place, 0).day for place in ("Pacific/Pago_Pago", "Europe/London", "Pacific/Kiritimati")]
    assert days == [31, 1, 2]


def test_the_slow_reckoning_tells_a_wrong_day() -> None:
    """The control: the wall clock of that moment alone would bring yesterday back."""
    at, place = datetime(2010, 11, 7, 2, 45, tzinfo=UTC), "America/St_Johns"  # back from 00:01 to 23:01
    assert wall(at, place).date() == date(2010, 11, 6)
    assert shown_so_far(at, place, 0) == business_day(at, place, 0) == date(2010, 11, 7)
