"""Real receipts as purchases of the contract, and the independent sums that they are checked against."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

import pytest

from infra import receipts
from infra.receipts import Row, Slice

needs_pandas = pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is only installed for the replay")

NEW_YEAR = datetime(2018, 1, 1, 4, 1, 20)  # noqa: DTZ001  (the data set's times have no zone)


def row(household: int, basket: int, sales_value: float, **fields: Any) -> Row:
    given: dict[str, Any] = {"store_id": 330, "product_id": 1095275, "quantity": 1, "transaction_timestamp": NEW_YEAR}
    return Row(household_id=household, basket_id=basket, sales_value=sales_value, **(given | fields))


ROWS = [
    row(900, 1, 3.99, transaction_timestamp=NEW_YEAR - timedelta(days=40)),
    row(900, 2, 0.5, quantity=0),
    row(900, 2, 10.0, product_id=9),
    row(7, 3, 1.99, transaction_timestamp=NEW_YEAR - timedelta(days=2, hours=14)),
    row(7, 3, 1.0, transaction_timestamp=NEW_YEAR - timedelta(days=2, hours=14)),
    row(8, 4, 0.99, transaction_timestamp=NEW_YEAR - timedelta(days=1)),
]


def test_a_basket_becomes_one_purchase_of_the_contract() -> None:
    purchase = list(receipts.purchases(ROWS, 460))[1]
    assert (purchase.member_id, purchase.purchase_id, purchase.lines) == ("hh-900", "2", 2)
    assert json.loads(purchase.body) == {
        "purchase_id": "2",
        "source": "pos",
        "member": {"member_id": "hh-900"},
        "store_id": "330",
        "occurred_at": "2026-10-26T04:01:20Z",
        "state": "completed",
        "lines": [
            {"line_id": "1", "sku": "1095275", "quantity": 0, "amount": 50},
            {"line_id": "2", "sku": "9", "quantity": 1, "amount": 1000},
        ],
    }


def test_the_same_rows_give_the_same_bytes() -> None:
    assert list(receipts.purchases(ROWS, 460)) == list(receipts.purchases(ROWS, 460))


@pytest.mark.parametrize(("sales_value", "amount"), [(0.0, 0), (0.29, 29), (1.1, 110), (4.35, 435), (840.0, 84_000)])
def test_cents_are_yen_to_the_last_one(sales_value: float, amount: int) -> None:
    (purchase,) = receipts.purchases([row(1, 1, sales_value)], 0)
    assert json.loads(purchase.body)["lines"][0]["amount"] == amount


@pytest.mark.parametrize("days", [0, 1, 6, 6.999])
def test_the_last_basket_lies_within_the_past_week(days: float) -> None:
    last = NEW_YEAR.replace(tzinfo=UTC)
    now = last + timedelta(weeks=460, days=days)
    moved = last + timedelta(weeks=receipts.weeks_to_shift(last, now))
    assert timedelta() <= now - moved < timedelta(weeks=1)


def test_points_are_good_to_the_end_of_the_365th_day() -> None:
    earned = {date(2025, 6, 1): 5, date(2025, 6, 2): 7}
    assert receipts.usable(earned, date(2026, 6, 1)) == 12
    assert receipts.usable(earned, date(2026, 6, 2)) == 7
    assert receipts.usable(earned, date(2026, 6, 3)) == 0


@pytest.fixture
def frame() -> Any:
    return importlib.import_module("pandas").DataFrame(ROWS)


@needs_pandas
def test_the_sums_are_taken_by_line_and_by_day_in_tokyo(frame: Any) -> None:
    """14:01 UTC is the same day in Tokyo; a floor for each line gives 1 + 1 where the basket's 299 yen gave 2."""
    assert receipts.sums(frame, 0) == {
        "hh-7": {date(2017, 12, 29): 2},
        "hh-8": {date(2017, 12, 31): 0},
        "hh-900": {date(2017, 11, 22): 3, date(2018, 1, 1): 10},
    }


@needs_pandas
@pytest.mark.parametrize(
    ("slices", "baskets"),
    [
        ([Slice()], ["3", "4", "1", "2"]),
        ([Slice(days=2)], ["4", "2"]),
        ([Slice(households=2)], ["3", "4"]),
        ([Slice(days=2, households=1)], ["4"]),
        ([Slice(days=2, households=1), Slice(households=1)], ["3", "4"]),
        ([], []),
    ],
)
def test_a_slice_is_the_last_days_and_the_first_households(frame: Any, slices: list[Slice], baskets: list[str]) -> None:
    """By household and time, whatever the order of the data."""
    shuffled = frame.iloc[[5, 3, 0, 1, 4, 2]]
    chosen = receipts.select(shuffled, slices)
    assert [purchase.purchase_id for purchase in receipts.purchases(receipts.rows(chosen), 0)] == baskets


@needs_pandas
def test_a_plan_counts_what_it_sends_and_knows_all_that_was_ever_sent(frame: Any) -> None:
    plan = receipts.plan(frame, [Slice(days=1)], [Slice(days=1), Slice()], 1)
    assert (plan.baskets, plan.lines) == (1, 2)
    assert (plan.first_at, plan.last_at) == ("2018-01-08T04:01:20Z", "2018-01-08T04:01:20Z")
    assert plan.earned == {"hh-900": {date(2017, 11, 29): 3, date(2018, 1, 8): 10}}
    assert [purchase.purchase_id for purchase in plan.purchases] == ["2"]


@needs_pandas
def test_two_roads_to_the_points_agree(frame: Any) -> None:
    """The points of the mapped purchases, line by line, are the sums of the frame."""
    chosen = receipts.select(frame, [Slice()])
    mapped: dict[str, int] = {}
    for purchase in receipts.purchases(receipts.rows(chosen), 3):
        points = sum(line["amount"] // 100 for line in json.loads(purchase.body)["lines"])
        mapped[purchase.member_id] = mapped.get(purchase.member_id, 0) + points
    assert mapped == {member: sum(days.values()) for member, days in receipts.sums(frame, 3).items()}
