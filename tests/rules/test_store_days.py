"""A store's day is monotone in time for each of its guests, whatever becomes of its zone and cutoff."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings, strategies as st

from checkin.visits import Visits
from tests.rules.test_checkin_rules import NOON, check_in, store

ZONES = [
    "Pacific/Pago_Pago",
    "America/New_York",
    "America/St_Johns",
    "UTC",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Pacific/Kiritimati",
]


def test_a_store_that_moves_its_clock_back_does_not_give_the_same_day_again() -> None:
    first = check_in(at=NOON)
    assert (first.outcome, first.day) == ("awarded", date(2026, 7, 1))
    again = check_in(first.visits, store(time_zone="Pacific/Pago_Pago"), at=NOON + timedelta(hours=1), name="c-2")
    assert (again.already, again.day, again.checkin_id) == (True, date(2026, 7, 1), "c")
    late = check_in(again.visits, store(cutoff_hour=23), at=NOON + timedelta(hours=2), name="c-3")
    assert late.already


def test_after_that_the_next_day_of_the_new_clock_is_given() -> None:
    first = check_in(at=NOON)
    moved = store(time_zone="Pacific/Pago_Pago")
    assert check_in(first.visits, moved, at=NOON + timedelta(hours=31), name="c-2").already  # 23:00 there on 1 July
    assert check_in(first.visits, moved, at=NOON + timedelta(hours=32), name="c-3").outcome == "awarded"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(ZONES), st.integers(0, 23)), min_size=1, max_size=15))
def test_the_days_that_a_guest_is_given_at_a_store_only_grow(changes: list[tuple[int, str, int]]) -> None:
    state, at, given_days = Visits(), NOON, []
    for n, (hours, zone, cutoff) in enumerate(changes):
        at += timedelta(hours=hours)
        outcome = check_in(state, store(time_zone=zone, cutoff_hour=cutoff), at=at, name=f"c-{n}")
        state = outcome.visits
        if outcome.outcome == "awarded" and not outcome.already:
            given_days.append(outcome.day)
    assert given_days == sorted(set(given_days))
