"""Real receipts as purchases of the contract, and the independent sums that they are checked against."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

import pytest

from infra import mapping, plan, receipts
from infra.habits import HELD, SPENT, USED, Back, Habits, Payment, Return
from infra.receipts import Basket, Line, Row, Slice

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
    purchase = list(mapping.purchases(ROWS, 460, Habits()))[1]
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
    assert list(mapping.purchases(ROWS, 460, Habits())) == list(mapping.purchases(ROWS, 460, Habits()))


def test_habits_become_requests_named_by_their_basket() -> None:
    """What pays in the purchase changes its body; a spend, a hold and returns are requests of their own."""
    back = (Return("2-1", "ec", (Back(0), Back(1, quantity=1))), Return("2-2", "pos", (Back(1, amount=5),)))
    paid = {1: Payment(SPENT, 3), 2: Payment(USED, 4), 3: Payment(HELD, 5, 9)}
    one, two, three, four = mapping.purchases(ROWS, 460, Habits(paid, {2: (*back, Return("2-3", "pos", None))}))
    assert one.spend is not None
    assert (one.spend.path, json.loads(one.spend.body)) == (
        "/v1/spends",
        {"spend_id": "1", "member": {"member_id": "hh-900"}, "points": 3, "order_ref": "1"},
    )
    assert not one.is_paying
    assert "points_used" not in json.loads(one.body)
    assert two.is_paying
    assert json.loads(two.body)["points_used"] == 4
    assert {each.path for each in two.returns} == {"/v1/purchases/pos/2/returns"}
    assert [json.loads(each.body) for each in two.returns] == [
        {"return_id": "2-1", "channel": "ec", "lines": [{"line_id": "1"}, {"line_id": "2", "quantity": 1}]},
        {"return_id": "2-2", "channel": "pos", "lines": [{"line_id": "2", "amount": 5}]},
        {"return_id": "2-3", "channel": "pos", "all": True},
    ]
    assert three.hold is not None
    assert (three.hold.path, json.loads(three.hold.body)["points"]) == ("/v1/holds", 9)
    assert {"points_used": 5, "hold_id": "3"}.items() <= json.loads(three.body).items()
    assert (four.is_paying, four.spend, four.hold, four.returns) == (False, None, None, ())


@pytest.mark.parametrize(("sales_value", "amount"), [(0.0, 0), (0.29, 29), (1.1, 110), (4.35, 435), (840.0, 84_000)])
def test_cents_are_yen_to_the_last_one(sales_value: float, amount: int) -> None:
    (purchase,) = mapping.purchases([row(1, 1, sales_value)], 0, Habits())
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
    assert receipts.sums(receipts.baskets(receipts.select(frame, [Slice()]), 0)) == {
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
    assert [purchase.purchase_id for purchase in mapping.purchases(receipts.rows(chosen), 0, Habits())] == baskets


@needs_pandas
def test_a_plan_counts_what_it_sends_and_knows_all_that_was_ever_sent(frame: Any) -> None:
    made = plan.plan(frame, [Slice(days=1)], [Slice(days=1), Slice()], 1)
    assert (made.baskets, made.lines) == (1, 2)
    assert (made.first_at, made.last_at) == ("2018-01-08T04:01:20Z", "2018-01-08T04:01:20Z")
    assert made.earned == {"hh-900": {date(2017, 11, 29): 3, date(2018, 1, 8): 10}}
    assert [purchase.purchase_id for purchase in made.purchases] == ["2"]


@needs_pandas
def test_baskets_and_lines_are_read_by_vectors(frame: Any) -> None:
    chosen = receipts.select(frame, [Slice(days=1)])
    at = NEW_YEAR + timedelta(weeks=1)
    assert receipts.baskets(chosen, 1) == [Basket(900, 2, at, date(2018, 1, 8), 10, 1050)]
    assert receipts.lines_of(chosen, [2, 9]) == {2: (Line(0, 50), Line(1, 1000))}


@needs_pandas
def test_habits_are_the_same_in_every_slice(frame: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice sends the very bytes that a longer one sends for its baskets."""
    monkeypatch.setattr("infra.habits.RETURNED_PERCENT", 50)
    monkeypatch.setattr("infra.habits.PAYING_SIDES", 4)
    whole = {each.purchase_id: each for each in plan.plan(frame, [Slice()], [Slice()], 1).purchases}
    for part in (Slice(days=1), Slice(days=2), Slice(households=1)):
        assert all(whole[each.purchase_id] == each for each in plan.plan(frame, [part], [part], 1).purchases)


@needs_pandas
def test_two_roads_to_the_points_agree(frame: Any) -> None:
    """The points of the mapped purchases, line by line, are the sums of the frame."""
    chosen = receipts.select(frame, [Slice()])
    mapped: dict[str, int] = {}
    for purchase in mapping.purchases(receipts.rows(chosen), 3, Habits()):
        points = sum(line["amount"] // 100 for line in json.loads(purchase.body)["lines"])
        mapped[purchase.member_id] = mapped.get(purchase.member_id, 0) + points
    assert mapped == {member: sum(days.values()) for member, days in receipts.sums(receipts.baskets(chosen, 3)).items()}
