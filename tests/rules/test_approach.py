"""Approaches: who hears of them, and when nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from checkin import approach
from checkin.approach import APPROACHES, STORES_MAX, TOLD_EVERY, Approach, State, is_night
from tests.kit import NOON


def comes(told: State, store_id: str = "s", *, hours: float = 0, is_closed: bool = False) -> tuple[str, State]:
    one = Approach("a", store_id, NOON + timedelta(hours=hours), is_closed)
    decided = approach.decide(APPROACHES.unpack(APPROACHES.pack(told)), approach.unpack(approach.pack(one)), one.at)
    return decided.steps[0].kind, decided.state


@pytest.mark.parametrize(
    ("hour", "minute", "is_quiet"), [(20, 59, False), (21, 0, True), (3, 0, True), (8, 59, True), (9, 0, False)]
)
def test_nights_are_quiet_where_the_store_is(hour: int, minute: int, is_quiet: bool) -> None:
    in_tokyo = datetime(2026, 7, 1, hour, minute, tzinfo=UTC) - timedelta(hours=9)
    assert is_night(in_tokyo, "Asia/Tokyo") is is_quiet


def test_a_store_is_told_of_once_in_twenty_hours() -> None:
    kind, told = comes(State())
    assert kind == "approached"
    assert comes(told, hours=19.99)[0] == "noted"
    assert comes(told, "other", hours=1)[0] == "approached"
    assert comes(told, hours=20)[0] == "approached"


def test_what_nobody_heard_of_does_not_count() -> None:
    kind, told = comes(State(), is_closed=True)
    assert (kind, told.told) == ("noted", ())
    assert comes(told, hours=1)[0] == "approached"


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_quiet_hour_is_said_and_silences_nothing(is_quiet: bool) -> None:
    one = approach.unpack(approach.pack(Approach("a", "s", NOON, is_closed=False, is_quiet=is_quiet)))
    (step,) = approach.decide(State(), one, NOON).steps
    assert (step.kind, step.data.get("quiet")) == ("approached", is_quiet or None)


def test_a_ride_through_a_town_is_told_of_twenty_times() -> None:
    told = State()
    kinds = []
    for n in range(STORES_MAX + 5):
        kind, told = comes(told, f"s-{n}", hours=n / 10)
        kinds.append(kind)
    assert kinds == ["approached"] * STORES_MAX + ["noted"] * 5


@given(st.lists(st.tuples(st.integers(-30, 30), st.sampled_from("abc")), max_size=30))
def test_whatever_the_clocks_say_no_store_is_told_of_too_often(tries: list[tuple[int, str]]) -> None:
    told = State()
    heard: dict[str, datetime] = {}
    hours = 0
    for step, store_id in tries:
        hours += step
        kind, told = comes(told, store_id, hours=hours)
        if kind == "approached":
            at = next(one.at for one in told.told if one.store_id == store_id)
            assert store_id not in heard or at - heard[store_id] >= TOLD_EVERY
            heard[store_id] = at
