"""The business day: which day an instant belongs to, and where days begin and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from shared.business_day import UnknownZone, business_day, day_end, day_start, zone

ZONES = [
    "Asia/Tokyo", "America/New_York", "Europe/London", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Pacific/Apia",
    "Australia/Lord_Howe", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Asia/Kathmandu",
    "Africa/Cairo", "Asia/Tehran", "America/Asuncion", "Atlantic/Azores", "Antarctica/Troll", "Africa/Casablanca", "UTC",
]  # fmt: skip
zones = st.sampled_from(ZONES)
cutoffs = st.integers(0, 23)
seconds = st.integers(0, 60 * 365 * 86_400)
instants = seconds.map(lambda number: datetime(1985, 1, 1, tzinfo=UTC) + timedelta(seconds=number))
days = st.dates(date(1985, 1, 1), date(2045, 1, 1))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_night_before_the_cutoff_belongs_to_the_day_before() -> None:
    assert business_day(utc("2026-07-01T18:59:59"), "Asia/Tokyo", 4) == date(2026, 7, 1)  # 03:59:59 in Tokyo
    assert business_day(utc("2026-07-01T19:00:00"), "Asia/Tokyo", 4) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("place", "day", "start"),
    [
        ("Pacific/Kiritimati", date(2026, 1, 2), "2026-01-01T10:00:00"),  # +14
        ("Pacific/Pago_Pago", date(2026, 1, 2), "2026-01-02T11:00:00"),  # -11
        ("Asia/Kathmandu", date(2026, 1, 2), "2026-01-01T18:15:00"),  # +5:45
    ],
)
def test_a_day_begins_by_its_own_zone(place: str, day: date, start: str) -> None:
    assert day_start(day, place, 0) == utc(start)


@pytest.mark.parametrize(
    ("place", "day", "cutoff", "start", "hours"),
    [
        # The day of the change is an hour short or long, whichever the cutoff.
        ("America/New_York", date(2026, 3, 8), 0, "2026-03-08T05:00:00", 23),
        ("America/New_York", date(2026, 11, 1), 0, "2026-11-01T04:00:00", 25),
        ("Europe/London", date(2026, 3, 28), 4, "2026-03-28T04:00:00", 23),
        ("Europe/London", date(2026, 10, 24), 4, "2026-10-24T03:00:00", 25),
        ("Australia/Lord_Howe", date(2026, 4, 4), 4, "2026-04-03T17:00:00", 24.5),
        # 02:00 is skipped: the day begins at the change, at what is called 03:00.
        ("America/New_York", date(2026, 3, 8), 2, "2026-03-08T07:00:00", 23),
        # 01:00 comes twice: the day begins at the first one.
        ("America/New_York", date(2026, 11, 1), 1, "2026-11-01T05:00:00", 25),
        # Midnight is skipped (Cairo) or comes twice (Havana).
        ("Africa/Cairo", date(2026, 4, 24), 0, "2026-04-23T22:00:00", 23),
        ("America/Havana", date(2026, 11, 1), 0, "2026-11-01T04:00:00", 25),
        # A whole date is missing.
        ("Pacific/Apia", date(2011, 12, 30), 0, "2011-12-30T10:00:00", 0),
    ],
)
def test_days_of_a_clock_change(place: str, day: date, cutoff: int, start: str, hours: float) -> None:
    assert day_start(day, place, cutoff) == utc(start)
    assert day_end(day, place, cutoff) - day_start(day, place, cutoff) == timedelta(hours=hours)


def test_a_clock_set_back_over_midnight_does_not_bring_yesterday_back() -> None:
    """St John's set its clock from 00:01 to 23:01 until 2011: for 59 minutes the wall showed the old date again."""
    assert day_start(date(2010, 11, 7), "America/St_Johns", 0) == utc("2010-11-07T02:30:00")
    assert business_day(utc("2010-11-07T02:30:30"), "America/St_Johns", 0) == date(2010, 11, 7)
    assert business_day(utc("2010-11-07T02:45:00"), "America/St_Johns", 0) == date(2010, 11, 7)  # the wall says the 6th


def test_a_skipped_time_that_is_not_the_change_begins_at_the_change() -> None:
    """Where the clock jumps from 23:30 to 00:30, midnight is skipped and the day begins at 00:30, not at 01:00."""
    place = "America/Toronto"  # on 30 March 1919 the clock there went from 23:30 to 00:30
    start = day_start(date(1919, 3, 31), place, 0)
    assert start.astimezone(zone(place)).strftime("%H:%M") == "00:30"


@settings(max_examples=400)
@given(instants, zones, cutoffs)
def test_an_instant_lies_within_its_day(at: datetime, place: str, cutoff: int) -> None:
    day = business_day(at, place, cutoff)
    assert day_start(day, place, cutoff) <= at < day_end(day, place, cutoff)


@settings(max_examples=400)
@given(days, zones, cutoffs)
def test_a_day_holds_its_first_and_last_instant_and_no_other_neighbour(day: date, place: str, cutoff: int) -> None:
    start, end = day_start(day, place, cutoff), day_end(day, place, cutoff)
    if start == end:
        return  # a date that the zone skipped
    tick = timedelta(microseconds=1)
    assert business_day(start, place, cutoff) == business_day(end - tick, place, cutoff) == day
    assert business_day(start - tick, place, cutoff) < day < business_day(end, place, cutoff)


@settings(max_examples=400)
@given(instants, st.integers(0, 48 * 3600), zones, cutoffs)
def test_days_never_run_backwards(at: datetime, seconds: int, place: str, cutoff: int) -> None:
    later = at + timedelta(seconds=seconds)
    assert business_day(at, place, cutoff) <= business_day(later, place, cutoff)


@pytest.mark.parametrize(
    "name",
    ["", "Tokyo", "Asia", "Asia/Nowhere", "../etc/passwd", "/etc/localtime", "localtime", "posix/Asia/Tokyo", "A" * 65,
     "right/UTC", "Asia/Tokyo\n", "Ａsia/Tokyo", "tzdata.zi", "zone.tab", "Asia//Tokyo", "Asia/Tokyo\x00", "posixrules"],
)  # fmt: skip
def test_what_names_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        business_day(utc("2026-01-01T00:00:00"), name, 0)
