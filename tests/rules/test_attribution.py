"""Who is held out, and what counts for a campaign: by example, and in every order by property."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from coupons import attribution, store_days
from coupons.attribution import EXPOSURES, EXPOSURES_MAX, Exposing, Exposure, Heard, Known, Spot, Visiting, known_of
from coupons.store_days import STORE_DAYS, Counted, Row
from shared.chain import Decided
from shared.errors import Conflict
from shared.holdout import is_held_out
from tests.kit import NOON

SHIBUYA = Spot("shibuya", date(2026, 11, 20))
SPRING = Exposure("spring", False, NOON, 24)
OUT = Exposure("autumn", True, NOON, 48)
P1 = ("purchase", "pos/p-1")
MINUTE = timedelta(minutes=1)


# ---- who is held out ------------------------------------------------------------------------------------------------

_ids = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(_ids, _ids, st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_greater_share_only_adds(campaign_id: str, member_id: str, one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert is_held_out(campaign_id, member_id, more) or not is_held_out(campaign_id, member_id, less)
    assert not is_held_out(campaign_id, member_id, 0)
    assert is_held_out(campaign_id, member_id, 10_000)


def test_the_share_is_that_of_the_members_and_each_campaign_draws_anew() -> None:
    members = [f"m-{n}" for n in range(20_000)]
    spring = {one for one in members if is_held_out("spring", one, 1000)}
    autumn = {one for one in members if is_held_out("autumn", one, 1000)}
    assert (len(spring), len(autumn)) == (2019, 2017)
    assert len(spring & autumn) == pytest.approx(200, abs=40)


def test_who_is_held_out_is_so_on_every_machine_and_in_every_version() -> None:
    assert [n for n in range(60) if is_held_out("spring", f"m-{n}", 1000)] == [9, 11, 29, 35, 36, 41]


# ---- exposed --------------------------------------------------------------------------------------------------------


def exposed(*exposures: Exposure) -> tuple[Exposure, ...]:
    return tuple(exposures)


def test_an_exposure_is_remembered_and_told() -> None:
    decided = attribution.expose((), Exposing(OUT, "list-1", SHIBUYA), NOON)
    assert decided.state == (OUT,)
    (step,) = decided.steps
    assert (step.kind, step.ref, step.occurred_at) == ("exposed", ("issue", "list-1"), NOON)
    assert step.data == {
        "campaign_id": "autumn",
        "arm": "held_out",
        "until": "2026-11-22T03:00:00Z",
        "business_day": "2026-11-20",
        "store_id": "shibuya",
    }


def test_a_member_is_exposed_once_and_stays_in_that_arm() -> None:
    with pytest.raises(Conflict):
        attribution.expose((SPRING,), Exposing(SPRING._replace(is_held_out=True), "list-2", SHIBUYA), NOON)


def test_the_oldest_whose_window_is_over_makes_room_and_none_that_is_open() -> None:
    many = tuple(Exposure(f"c-{n}", False, NOON + n * MINUTE, 1) for n in range(EXPOSURES_MAX))
    late = Exposing(SPRING, "list-1", SHIBUYA)
    after = attribution.expose(many, late, NOON + timedelta(hours=2)).state
    assert after == (*many[1:], SPRING)
    with pytest.raises(Conflict):
        attribution.expose(many, late, NOON + timedelta(minutes=59))


@given(
    st.lists(
        st.builds(
            Exposure,
            _ids,
            st.booleans(),
            st.integers(0, 10**6).map(lambda n: NOON + n * MINUTE),
            st.integers(1, 720),
            st.integers(0, 10**12),
        ),
        max_size=EXPOSURES_MAX,
    )
)
def test_exposures_survive_packing(some: list[Exposure]) -> None:
    assert EXPOSURES.unpack(EXPOSURES.pack(tuple(some))) == tuple(some)


# ---- a check-in -----------------------------------------------------------------------------------------------------


def test_the_check_in_that_brought_the_coupon_counts_and_none_before_or_after_the_window() -> None:
    both = exposed(SPRING, OUT)
    assert attribution.visited_in(both, NOON) == ["spring", "autumn"]
    assert attribution.visited_in(both, NOON + timedelta(hours=24)) == ["autumn"]
    assert attribution.visited_in(both, NOON - MINUTE) == []


def test_a_check_in_is_told_with_its_arm() -> None:
    (step,) = attribution.visit((OUT,), Visiting("autumn", "c-1", NOON, SHIBUYA), NOON).steps
    assert (step.kind, step.ref, step.data["arm"]) == ("visited", ("checkin", "c-1"), "held_out")
    with pytest.raises(Conflict):
        attribution.visit((OUT,), Visiting("spring", "c-1", NOON, SHIBUYA), NOON)


# ---- a purchase -----------------------------------------------------------------------------------------------------


def heard(left: int, after: timedelta = MINUTE, *, is_first: bool = True) -> Heard:
    return Heard(P1, NOON + after, left, SHIBUYA if is_first else None)


def known_after(decided: Decided[Any]) -> Known:
    return known_of(decided.steps[-1].data)


def test_a_purchase_counts_for_every_campaign_that_has_reached_its_member() -> None:
    decided = attribution.buy((SPRING, OUT), Known(), heard(1000))
    assert decided is not None
    assert [one.spent for one in decided.state] == [1000, 1000]
    assert [(step.kind, step.data.get("arm")) for step in decided.steps] == [
        ("bought", "treated"),
        ("bought", "held_out"),
        ("noted", None),
    ]
    assert decided.steps[0].data == {
        "campaign_id": "spring",
        "arm": "treated",
        "amount": 1000,
        "sales": 1,
        "spent_before": 0,
        "spent": 1000,
        "business_day": "2026-11-20",
        "store_id": "shibuya",
    }


@pytest.mark.parametrize("after", [timedelta(0), -MINUTE, timedelta(hours=24), timedelta(days=2)])
def test_a_purchase_outside_of_the_window_is_not_even_noted(after: timedelta) -> None:
    assert attribution.buy((SPRING,), Known(), heard(1000, after)) is None


def test_the_same_again_changes_nothing() -> None:
    first = attribution.buy((SPRING,), Known(), heard(1000))
    assert first is not None
    assert attribution.buy(first.state, known_after(first), heard(1000)) is None


def test_a_return_before_its_purchase_leaves_a_note_and_then_what_is_left_counts() -> None:
    first = attribution.buy((SPRING,), Known(), heard(400, is_first=False))
    assert first is not None
    assert [step.kind for step in first.steps] == ["noted"]
    then = attribution.buy(first.state, known_after(first), heard(1000))
    assert then is not None
    assert then.state[0].spent == 400


def test_all_that_comes_back_is_a_sale_less() -> None:
    first = attribution.buy((SPRING,), Known(), heard(1000))
    assert first is not None
    then = attribution.buy(first.state, known_after(first), heard(0, is_first=False))
    assert then is not None
    assert (then.state[0].spent, then.steps[0].data["sales"], then.steps[0].data["amount"]) == (0, -1, -1000)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4),
    st.lists(st.sampled_from([0, 1, 2, 3, 4]), max_size=12),
    st.integers(0, 12),
    st.randoms(),
)
def test_whatever_the_order_what_is_left_counts_once(lefts: list[int], more: list[int], when: int, random: Any) -> None:
    """Also for a campaign that reaches the member while the purchase is known already."""
    events = [heard(500)] + [heard(100 * left, is_first=False) for left in lefts]
    told = events + [events[n] for n in more if n < len(events)]
    random.shuffle(told)
    exposures: tuple[Exposure, ...] = (SPRING,)
    known, sales, amount = Known(), 0, 0
    for place, event in enumerate([*told, *events]):
        if place == min(when, len(told)):
            exposures = (*exposures, OUT)
        decided = attribution.buy(exposures, known, event)
        if decided is not None:
            exposures, known = decided.state, known_after(decided)
            sales += sum(step.data.get("sales", 0) for step in decided.steps)
            amount += sum(step.data.get("amount", 0) for step in decided.steps)
    left = min(500, *(100 * one for one in lefts))
    assert [one.spent for one in exposures] == [left, left]
    assert (sales, amount) == (2 * (left > 0), 2 * left)


# ---- days by store --------------------------------------------------------------------------------------------------

BOUGHT = {"ref": {"kind": "purchase"}, "sales": 1, "amount": 900}


@pytest.mark.parametrize(
    ("name", "data", "row"),
    [
        ("campaign.exposed", {"arm": "treated"}, Row(exposed=1)),
        ("campaign.exposed", {"arm": "held_out"}, Row(held_out=1)),
        ("campaign.attributed", {"arm": "treated", "ref": {"kind": "checkin"}}, Row(visits=1)),
        ("campaign.attributed", {"arm": "held_out", "ref": {"kind": "checkin"}}, Row(held_out_visits=1)),
        ("campaign.attributed", BOUGHT | {"arm": "treated"}, Row(sales=1, amount=900)),
        ("campaign.attributed", BOUGHT | {"arm": "held_out"}, Row(held_out_sales=1, held_out_amount=900)),
        ("coupon.redeemed", {}, Row(redeemed=1)),
        ("coupon.voided", {"was": "redeemed"}, Row(redeemed=-1)),
        ("coupon.voided", {"was": "held"}, None),
        ("coupon.voided", {"taken_back": True}, None),
    ],
)
def test_what_an_event_adds_to_a_day(name: str, data: dict[str, Any], row: Row | None) -> None:
    assert store_days.of_event(name, data) == row


_rows = st.builds(Row, *[st.integers(-(10**9), 10**9) for _ in Row._fields])


@given(st.lists(st.tuples(st.sampled_from(["", "shibuya", "umeda"]), _rows), max_size=10), st.randoms())
def test_a_day_is_a_sum_that_knows_no_order(counted: list[tuple[str, Row]], random: Any) -> None:
    mixed = list(counted)
    random.shuffle(mixed)
    days = []
    for order in (counted, mixed):
        rows: store_days.Rows = {}
        for store_id, row in order:
            rows = store_days.count(rows, Counted(store_id, row), NOON).state
        days.append(rows)
        assert store_days.total([rows, {}, rows]) == {name: row.plus(row) for name, row in rows.items()}
        assert STORE_DAYS.unpack(STORE_DAYS.pack(rows)) == rows
    assert days[0] == days[1]
