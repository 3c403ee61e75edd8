"""The figures of a campaign: what each event adds, by example; that order and splitting do not matter, by property."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from coupons import figures
from coupons.figures import FIGURES, SHOWN_EACH, SHOWN_WEIGHT, Figures
from tests.kit import NOON

USED = {"redemption_id": "r-1", "discount": 300, "bonus_points": 5, "basket_amount": 2000}

BOUGHT = {"ref": {"kind": "purchase"}, "spent_before": 0, "spent": 300}


@pytest.mark.parametrize(
    ("name", "data", "counted"),
    [
        ("coupon.issued", {}, Figures(issued=1)),
        ("coupon.held", USED, Figures(held=1)),
        ("coupon.redeemed", USED, Figures(redeemed=1, discount=300, bonus_points=5, basket_amount=2000)),
        ("coupon.redeemed", {"redemption_id": "r-1", "discount": 300}, Figures(redeemed=1, discount=300)),
        (
            "coupon.voided",
            USED | {"was": "redeemed"},
            Figures(voided=1, discount=-300, bonus_points=-5, basket_amount=-2000),
        ),
        ("coupon.voided", USED | {"was": "held"}, Figures(released=1)),
        ("coupon.voided", {"coupon_id": "c"}, Figures(taken_back=1)),
        ("coupon.expired", {}, Figures(expired=1)),
        ("campaign.exposed", {"arm": "treated"}, Figures(exposed=1)),
        ("campaign.exposed", {"arm": "held_out"}, Figures(held_out=1)),
        ("campaign.attributed", {"arm": "treated", "ref": {"kind": "checkin"}}, Figures(visits=1)),
        ("campaign.attributed", {"arm": "held_out", "ref": {"kind": "checkin"}}, Figures(held_out_visits=1)),
        ("campaign.attributed", BOUGHT | {"arm": "treated"}, Figures(buyers=1, spent=300, squares=90_000)),
        (
            "campaign.attributed",
            BOUGHT | {"arm": "held_out", "spent_before": 300, "spent": 0},
            Figures(held_out_buyers=-1, held_out_spent=-300, held_out_squares=-90_000),
        ),
        (
            "campaign.attributed",
            BOUGHT | {"arm": "treated", "spent_before": 300, "spent": 500},
            Figures(spent=200, squares=160_000),
        ),
    ],
)
def test_what_an_event_adds(name: str, data: dict[str, Any], counted: Figures) -> None:
    assert figures.of_event(name, data) == counted


def test_an_event_that_counts_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing counts"):
        figures.of_event("coupon.expiring", {})


def test_the_entry_tells_what_it_added() -> None:
    decided = figures.count(Figures(issued=3), Figures(redeemed=1, discount=300), NOON)
    assert decided.state == Figures(issued=3, redeemed=1, discount=300)
    assert [(step.kind, step.data) for step in decided.steps] == [("counted", {"redeemed": 1, "discount": 300})]


_figures = st.builds(Figures, *[st.integers(-(10**12), 10**12) for _ in Figures._fields])


@given(_figures)
def test_figures_survive_packing_also_those_of_a_version_that_knew_fewer(some: Figures) -> None:
    packed = FIGURES.pack(some)
    assert FIGURES.unpack(packed) == some
    assert FIGURES.unpack({"n": packed["n"][:8]}) == Figures(*some[:8])


@given(st.lists(st.tuples(_figures, st.integers(0, 7)), max_size=20), st.randoms())
def test_the_total_knows_no_order_and_no_shards(counted: list[tuple[Figures, int]], random: Any) -> None:
    shards = [Figures() for _ in range(8)]
    mixed = list(counted)
    random.shuffle(mixed)
    for one, shard in mixed:
        shards[shard] = figures.count(shards[shard], one, NOON).state
    assert figures.total(shards) == figures.total(one for one, _ in counted)


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_showings_are_counted_one_by_one_at_first_and_then_by_one_in_sixteen(so_far: int, chance: float) -> None:
    weight = figures.shown_weight(Figures(shown=so_far), chance)
    assert weight == (1 if so_far < SHOWN_EACH else SHOWN_WEIGHT if chance < 1 / SHOWN_WEIGHT else 0)
