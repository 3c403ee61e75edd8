"""Stores where a member was in vain: which are known, when they are too many, and that they stay small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from checkin import tries
from checkin.tries import KEPT_MAX, MANY, NONE, RESTLESS_FOR, Tries

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def been(*stores: str, at: datetime = START, before: Tries = NONE) -> Tries:
    for store_id in stores:
        before = before.and_at(store_id, at)
    return before


def street(count: int) -> list[str]:
    return [f"s-{n}" for n in range(count)]


def test_a_store_is_known_on_its_day_and_no_longer() -> None:
    state = been("a", "b", "a")
    assert (state.knows("a", START), state.knows("c", START)) == (True, False)
    assert len(state.stores) == 2
    assert not state.knows("a", START + DAY)
    assert been("c", at=START + DAY, before=state).stores == been("c").stores


def test_more_than_ten_stores_a_day_are_restless_for_thirty_days() -> None:
    assert not been(*street(MANY)).is_restless(START)
    state = been(*street(MANY + 1))
    assert state.is_restless(START + RESTLESS_FOR)
    assert not state.is_restless(START + RESTLESS_FOR + DAY)
    assert state.pruned(START + RESTLESS_FOR).is_restless(START + RESTLESS_FOR)
    assert state.pruned(START + RESTLESS_FOR + DAY) == NONE


def test_a_member_counts_at_no_more_than_a_hundred_stores_a_day() -> None:
    state = been(*street(KEPT_MAX + 50))
    assert len(state.stores) == KEPT_MAX
    assert state.knows("another", START)
    assert len(tries.pack(state)) <= 420


def test_two_members_who_are_one_have_tried_what_either_has() -> None:
    one, other = been(*street(MANY), at=START), been("x", "y", at=START + DAY)
    assert tries.united(one, other) == tries.united(other, one) == other
    both = tries.united(been("a", "b"), been("b", "c"))
    assert len(both.stores) == 3
    assert tries.united(been(*street(MANY + 1)), other).is_restless(START + DAY)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=60))
def test_the_state_survives_its_packing_and_pruning_changes_nothing_that_is_asked(
    visits: list[tuple[int, int]],
) -> None:
    state, at, here = NONE, START, set[str]()
    for hours, number in visits:
        later = at + timedelta(hours=hours)
        here = here if later.date() == at.date() else set()
        at = later
        state = state.pruned(at)
        assert tries.unpack(tries.pack(state)) == state
        assert state.knows(f"s-{number}", at) == (f"s-{number}" in here)
        here.add(f"s-{number}")
        state = state.and_at(f"s-{number}", at)
        assert len(state.of(at)) == len(here)
        assert state.is_restless(at) >= (len(here) > MANY)
