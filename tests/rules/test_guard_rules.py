"""What the guard finds in a sale: each rule by examples, and what holds for any sale."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from points import guard_rules
from points.guard_model import COUNTED_MAX, AfterHours, Guard, SameMember, UnusualAmount, Watch
from points.guard_rules import Circumstances, Counted, Past, Sale, Tally, is_after_hours, limit, past_of
from shared.opening import Hours, is_open

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # a Friday in Tokyo
TEN_TO_NINE: Hours = {"fri": (("10:00", "21:00"),)}
USUAL = Past(1000, 20_000)


def tally(*amounts: int) -> Tally:
    return Tally(tuple(Counted(f"p-{n}", amount, 0, n, "") for n, amount in enumerate(amounts)))


def sale(amount: int = 1000, purchase_id: str = "p-0", at: datetime = NOON) -> Sale:
    return Sale(purchase_id, "shibuya", "taro", amount, at, "till-1")


def rules(around: Circumstances, one: Sale | None = None, guard: Guard | None = None) -> list[str]:
    return [rule for rule, _ in guard_rules.found(guard or Guard(), one or sale(), around)]


def test_a_usual_sale_is_nothing() -> None:
    assert rules(Circumstances(tally(1000), TEN_TO_NINE, "Asia/Tokyo", USUAL)) == []


@pytest.mark.parametrize(("times", "expected"), [(5, []), (6, ["same_member"]), (7, ["same_member"])])
def test_the_sixth_purchase_at_a_till_and_day_is_too_often(times: int, expected: list[str]) -> None:
    assert rules(Circumstances(tally(*[1000] * times))) == expected


@pytest.mark.parametrize(
    ("amounts", "past", "expected"),
    [
        ([100_000], USUAL, []),
        ([100_001], USUAL, ["unusual_amount"]),
        ([60_000, 40_001], USUAL, ["unusual_amount"]),  # in parts it is no less
        ([20_000], Past(1000, 300), []),  # a kiosk's party order
        ([20_001], Past(1000, 300), ["unusual_amount"]),
        ([1_000_000], Past(199, 20_000), []),  # no past yet
        ([1_000_001], Past(199, 20_000), ["unusual_amount"]),
        ([8_500_000], USUAL, ["unusual_amount"]),
    ],
)
def test_an_amount_far_above_the_stores_largest_is_unusual(amounts: list[int], past: Past, expected: list[str]) -> None:
    assert rules(Circumstances(tally(*amounts), past=past), sale(amounts[0])) == expected


def test_what_is_too_much_for_the_tally_is_looked_at_for_itself() -> None:
    full = tally(*[1] * COUNTED_MAX)
    assert full.with_(Counted("more", 8_500_000, 0, 1, "")) is full
    guard = Guard(same_member=SameMember(outcome="off"))
    found = rules(Circumstances(full, past=USUAL), sale(8_500_000, "more"), guard)
    assert found == ["unusual_amount"]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("09:29", True), ("09:30", False), ("10:00", False), ("20:59", False), ("21:29", False), ("21:31", True)],
)
def test_after_hours_is_half_an_hour_beyond_them(clock: str, expected: bool) -> None:
    local = datetime.fromisoformat(f"2026-11-20T{clock}")
    assert is_after_hours(TEN_TO_NINE, local, timedelta(minutes=30)) is expected


def test_a_store_without_hours_is_never_closed() -> None:
    assert not is_after_hours(None, NOON, timedelta())


def test_after_hours_goes_by_the_stores_own_clock() -> None:
    night = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # eleven at night in Tokyo
    assert rules(Circumstances(tally(1), TEN_TO_NINE, "Asia/Tokyo"), sale(at=night)) == ["after_hours"]
    assert rules(Circumstances(tally(1), TEN_TO_NINE, "Europe/London"), sale(at=night)) == []


def test_ones_own_card_is_found_and_each_rule_can_be_switched_off() -> None:
    night = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    worst = Circumstances(tally(*[10**6] * 6), TEN_TO_NINE, "Asia/Tokyo", USUAL, is_own_card=True)
    assert rules(worst, sale(at=night)) == ["same_member", "unusual_amount", "own_card", "after_hours"]
    off = Guard(
        same_member=SameMember(outcome="off"),
        unusual_amount=UnusualAmount(outcome="off"),
        own_card=Watch(outcome="off"),
        after_hours=AfterHours(outcome="off"),
    )
    assert rules(worst, sale(at=night), off) == []
    assert not guard_rules.needs_past(off, sale(), worst)


def test_the_past_is_the_amount_that_one_sale_in_a_hundred_exceeds() -> None:
    assert past_of([]) == Past(0, 0)
    assert past_of([7]) == Past(1, 7)
    assert past_of(range(1, 101)) == Past(100, 99)
    assert past_of([*range(1, 1000), 8_500_000]) == Past(1000, 990)


# ---- what holds for any ----------------------------------------------------------------------------------------------

sales = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 10**7)), max_size=30)


@given(sales, st.randoms())
def test_a_tally_is_the_same_in_any_order_and_however_often_each_is_heard(
    heard: list[tuple[int, int]], chance: random.Random
) -> None:
    rows = {n: Counted(f"p-{n}", amount, 0, n, "") for n, amount in heard}
    again = [*rows.values(), *chance.choices(list(rows.values()), k=5)] if rows else []
    chance.shuffle(again)
    state = Tally()
    for row in again:
        state = state.with_(row)
    assert set(state.sales) == set(rows.values())
    assert state.amount == sum(row.amount for row in rows.values())


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=500), st.integers(0, 10**9))
def test_the_percentile_is_one_of_them_and_a_hundredth_is_above_at_most(amounts: list[int], large: int) -> None:
    past = past_of(amounts)
    assert past.high in amounts
    assert 100 * sum(one > past.high for one in amounts) <= len(amounts)
    if len(amounts) >= 100:  # the first few of the largest do not move it beyond what was sold before
        assert past_of([*amounts, large]).high <= max(amounts)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 400))
def test_more_is_never_less_unusual(amount: int, more: int, count: int) -> None:
    past = Past(count, 5_000)
    less, most = (rules(Circumstances(tally(one), past=past), sale(one), Guard()) for one in (amount, amount + more))
    assert set(less) <= set(most)
    assert limit(UnusualAmount(), past) >= UnusualAmount().at_least


@given(st.integers(0, 7 * 24 * 60 - 1), st.integers(0, 240), st.integers(0, 240))
def test_who_is_open_is_not_after_hours_and_more_grace_finds_less(minute: int, grace: int, more: int) -> None:
    local = datetime.fromisoformat("2026-11-16") + timedelta(minutes=minute)
    hours: Hours = {"fri": (("10:00", "21:00"),), "sat": (("18:00", "03:00"),)}
    found = is_after_hours(hours, local, timedelta(minutes=grace))
    assert not (found and is_open(hours, local))
    if is_after_hours(hours, local, timedelta(minutes=min(240, grace + more))):
        assert found
