"""Real coupons as requests of the contract: campaigns, issues and redemptions, the same bytes each time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from infra.coupon_delivery import BATCH_ISSUES, lanes
from infra.coupon_mapping import ADDED, Issue, Wallet, album, at_noon, value_of
from infra.redeemed import Bought, Membership, Redemption, Window

WINDOWS = {8: Window("A", date(2017, 5, 8), date(2017, 6, 25)), 24: Window("C", date(2016, 11, 14), date(2017, 1, 16))}
BASKET = (Bought(50, 2, 435, 55), Bought(99, 1, 900, 30))
USED = Redemption(7, date(2017, 5, 9), 8, 555, (50, 51), 33, 330, BASKET)


def made(*used: Redemption, sent: tuple[Membership, ...] = ()) -> Any:
    return album(sent, used, WINDOWS, 460)


def said(one: Redemption) -> dict[str, Any]:
    (use,) = made(one).wallets[7].used
    body: dict[str, Any] = json.loads(use.body("r", "CODE"))
    return body


def test_a_membership_is_a_coupon_of_its_campaign():
    sent = made(sent=(Membership(8, 7),))
    assert json.loads(sent.campaigns["cj-8"]) == {
        "campaign_id": "cj-8",
        "name": {"ja": "実データのキャンペーン8(A)", "en": "Real campaign 8 (A)"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": "2026-03-02",
        "valid_until": "2026-04-19",
    }
    (issue,) = sent.wallets[7].issues
    assert json.loads(issue.body) == {
        "campaign_id": "cj-8",
        "source_id": "cj-8-7",
        "member": {"member_id": "hh-7"},
    }
    assert sent.issued_at == datetime(2025, 9, 7, 3, tzinfo=UTC)


def test_a_redeemed_coupon_has_a_campaign_with_its_value():
    campaign = json.loads(made(USED).campaigns["cj-8-55"])
    assert campaign["offer"] == {"type": "amount_off", "value": 55, "categories": ["coupon"]}
    assert (campaign["valid_from"], campaign["valid_until"]) == ("2026-03-02", "2026-04-19")


def test_a_redemption_is_the_basket_of_that_day():
    (use,) = made(USED).wallets[7].used
    assert (use.name, use.at) == ("cj-7-555-8-2017-05-09", at_noon(date(2026, 3, 3)))
    assert use.eligible == {"1"}
    assert json.loads(use.body("r-1", "CODE")) == {
        "redemption_id": "r-1",
        "codes": ["CODE"],
        "member": {"member_id": "hh-7"},
        "channel": "pos",
        "store_id": "330",
        "basket": {
            "lines": [
                {"line_id": "1", "sku": "50", "quantity": 2, "amount": 435, "category": "coupon"},
                {"line_id": "2", "sku": "99", "quantity": 1, "amount": 900},
            ]
        },
        "order_ref": "33",
    } | ({"hold_seconds": 900} if use.is_held else {})


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ((), 100),  # no basket that day
        ((Bought(99, 1, 900, 0),), 100),  # none of the coupon's products
        ((Bought(50, 1, 30, 0),), 70),  # less than the usual amount
        ((Bought(50, 1, 30, 90),), 60),  # less than its receipt took off
        ((Bought(50, 1, 100, 0),), None),
    ],
)
def test_what_of_the_coupons_products_is_missing_in_the_basket_is_added(lines, missing):
    added = [line for line in said(USED._replace(lines=lines))["basket"]["lines"] if line["line_id"] == ADDED]
    expected = {"line_id": ADDED, "sku": "50", "quantity": 1, "amount": missing, "category": "coupon"}
    assert added == ([] if missing is None else [expected])


def test_without_a_basket_the_order_is_named_by_the_redemption():
    assert said(USED._replace(basket_id=None, store_id=None, lines=()))["order_ref"] == "cj-7-555-8-2017-05-09"


@given(st.lists(st.integers(0, 3), max_size=3), st.integers(-1, 10**9))
def test_the_same_rows_give_the_same_bytes(products, basket):
    one = USED._replace(products=(50, *products), basket_id=basket)
    assert made(one) == made(one)


@given(
    st.lists(st.builds(Bought, st.integers(1, 5), st.integers(0, 3), st.integers(0, 300), st.integers(0, 300))),
    st.sets(st.integers(1, 5), min_size=1),
)
def test_the_eligible_lines_cost_at_least_what_is_taken_off(lines, products):
    one = USED._replace(lines=tuple(lines), products=tuple(sorted(products)))
    (use,) = made(one).wallets[7].used
    amounts = {line["line_id"]: line["amount"] for line in use.said["basket"]["lines"]}
    assert sum(amounts[line] for line in use.eligible) >= value_of(one) > 0


@given(st.lists(st.integers(0, 130), max_size=30))
def test_a_lane_is_a_batch_of_issues_and_no_household_is_in_two(counts):
    wallets = [Wallet(f"hh-{n}", [Issue("s", b"")] * count) for n, count in enumerate(counts)]
    cut = list(lanes(wallets))
    assert [wallet for lane in cut for wallet in lane] == wallets
    assert all(len(lane) == 1 or sum(len(wallet.issues) for wallet in lane) <= BATCH_ISSUES for lane in cut)
