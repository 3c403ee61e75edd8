"""A store's traffic: what is usual, and what is too much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from checkin import traffic
from checkin.traffic import FEW, LEARNING_MAX, TRAFFIC, Seen, Traffic
from shared.memory import size

START = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lived(state: Traffic, guests: int, at: datetime) -> tuple[Traffic, int]:
    """So many guests in an hour; and how often it was said to be too much."""
    told = 0
    for _ in range(guests):
        decided = traffic.count(TRAFFIC.unpack(TRAFFIC.pack(state)), Seen("s", at), at)
        state, told = decided.state, told + sum(step.kind == "anomaly" for step in decided.steps)
    return state, told


def weeks(count: int, guests: int, state: Traffic | None = None, start: datetime = START) -> Traffic:
    """Every day of some weeks the same two hours, and nothing else."""
    state = state or Traffic()
    for day in range(7 * count):
        for hour in (3, 4):
            state, told = lived(state, guests, start + timedelta(days=day, hours=hour))
            assert told == 0
    return state


def test_what_is_usual_is_the_same_hour_of_the_week() -> None:
    state = weeks(10, 20)
    at = START + timedelta(weeks=10, hours=3)
    number = int(at.timestamp()) // 3600
    assert 17 <= state.typical(number) <= 20
    assert state.typical(number + 5) == 0


def test_five_times_the_usual_is_too_much_and_told_once() -> None:
    state = weeks(10, 20)
    at = START + timedelta(weeks=10, hours=3)
    usual = state.typical(int(at.timestamp()) // 3600)
    busy, told = lived(state, 5 * usual, at)
    assert told == 0
    _, told = lived(busy, 300, at)
    assert told == 1


def test_a_few_are_never_too_much_even_where_nobody_comes() -> None:
    state = weeks(4, 1)
    at = START + timedelta(weeks=4, hours=12)
    quiet, told = lived(state, FEW, at)
    assert told == 0
    assert lived(quiet, 1, at)[1] == 1


def test_a_new_store_has_no_past_and_may_open_with_a_crowd() -> None:
    opening, told = lived(Traffic(), LEARNING_MAX, START)
    assert told == 0
    assert lived(opening, 1, START)[1] == 1


def test_a_store_with_few_hours_of_guests_has_no_past_either_however_long_ago_they_were() -> None:
    rare, _ = lived(Traffic(), 3, START)
    assert lived(rare, 3 * FEW, START + timedelta(weeks=30))[1] == 0


def test_the_next_hour_begins_anew_and_is_told_again() -> None:
    state, told = lived(weeks(4, 1), 100, START + timedelta(weeks=4))
    again, told_again = lived(state, 100, START + timedelta(weeks=4) + HOUR)
    assert (told, told_again, again.guests) == (1, 1, 100)


def test_nobody_raises_the_measure_quickly() -> None:
    """A week of ten thousand an hour counts like one of twice the usual, and a few."""
    state = weeks(10, 20)
    number = int((START + timedelta(weeks=10, hours=3)).timestamp()) // 3600
    before = state.typical(number)
    flooded = traffic._moved(Traffic(number, 10_000, state.since, state.lived, state.usual), number + 1)
    assert flooded.typical(number) <= before + (before + FEW) // 4 + 1


def test_what_is_heard_of_late_changes_no_hour() -> None:
    state, _ = lived(weeks(4, 1), 3, START + timedelta(weeks=4))
    decided = traffic.count(state, Seen("s", START), START)
    assert decided.state == state
    assert [step.kind for step in decided.steps] == ["counted"]


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 40)), max_size=20))
def test_the_state_survives_its_packing_and_no_hour_is_told_twice(hours: list[tuple[int, int]]) -> None:
    state, at = Traffic(), START
    told: dict[datetime, int] = {}
    for gap, guests in hours:
        at += gap * HOUR
        state, times = lived(state, guests, at)
        told[at] = told.get(at, 0) + times
        assert TRAFFIC.unpack(TRAFFIC.pack(state)) == state
        assert min(state.usual) >= 0
    assert all(times <= 1 for times in told.values())


def test_months_of_silence_leave_no_past() -> None:
    state, _ = lived(weeks(10, 20), 1, START + timedelta(weeks=40))
    assert max(state.usual) <= 16


def test_a_busy_stores_head_stays_in_one_unit() -> None:
    state = Traffic(hour=500_000, guests=900, since=400_000, lived=90_000, usual=(300 * 16,) * 168)
    ring_hash_entry_and_key = 350
    assert size(TRAFFIC.pack(state)) + ring_hash_entry_and_key <= 1024
