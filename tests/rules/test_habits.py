"""What the replayed households return and pay: the same in every slice, and never more than was bought or is there."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from infra import habits
from infra.habits import HELD, SPENT, USED, habits_of, is_returned, payments, returns_of, throw
from infra.receipts import Basket, Line
from tests.infra.shopping import LAST, kept, plan

lines_of_a_basket = st.lists(st.builds(Line, st.integers(0, 40_000), st.integers(0, 50_000)), min_size=1, max_size=12)
names = st.integers(1, 10**11)


def test_dice_fall_alike_for_a_basket_and_otherwise_for_others():
    assert [throw(100, 31225445078, "returned") for _ in range(3)] == [99] * 3
    thrown = Counter(throw(6, basket_id, "way") for basket_id in range(6000))
    assert all(900 < thrown[side] < 1100 for side in range(6))


def test_three_of_a_hundred_baskets_come_back():
    assert 2900 < sum(map(is_returned, range(100_000))) < 3100


@pytest.fixture
def every(monkeypatch):
    monkeypatch.setattr(habits, "RETURNED_PERCENT", 100)


@given(names, lines_of_a_basket)
def test_no_more_comes_back_of_a_line_than_was_bought(basket_id, lines):
    with pytest.MonkeyPatch().context() as dice:
        dice.setattr(habits, "RETURNED_PERCENT", 100)
        returns = returns_of(basket_id, lines)
    assert [one.return_id for one in returns] == [f"{basket_id}-{n}" for n in range(1, len(returns) + 1)]
    assert bool(returns) is any(map(any, lines))
    quantities, amounts = [line.quantity for line in lines], [line.amount for line in lines]
    whole: set[int] = set()
    for one in returns:
        assert one.lines is None or len({back.place for back in one.lines}) == len(one.lines) > 0
        for place, quantity, amount in one.lines or ():
            assert place not in whole
            quantities[place] -= quantity or 0
            amounts[place] -= amount or 0
            if quantity is None and amount is None:
                whole.add(place)
    assert min(*quantities, *amounts) >= 0


def test_all_forms_of_returns_occur(every):
    lines = [Line(1, 500), Line(4, 800), Line(2, 90), Line(0, 700)]
    found = [returns_of(basket_id, lines) for basket_id in range(300)]
    shapes = Counter(tuple("all" if one.lines is None else "some" for one in returns) for returns in found)
    assert set(shapes) >= {("all",), ("some",), ("some", "some"), ("some", "some", "all")}
    backs = [back for returns in found for one in returns for back in one.lines or ()]
    assert any(back.quantity for back in backs)
    assert any(back.amount for back in backs)
    assert any(back.quantity is None and back.amount is None for back in backs)
    assert {one.channel for returns in found for one in returns} == {"pos", "ec"}


def test_all_ways_to_pay_occur_and_only_in_the_newest_half_year():
    made = plan(kept())
    paid = {name: sale for sales in made.sales.values() for name, sale in sales.items() if sale.payment}
    assert {sale.payment.kind for sale in paid.values() if sale.payment} == {SPENT, USED, HELD}
    newest = max(sale.day for sale in paid.values())
    assert all(newest - sale.day <= habits.RECENT for sale in paid.values())


@given(st.lists(st.tuples(names, st.integers(0, 300), st.integers(0, 60)), max_size=12, unique_by=lambda one: one[0]))
def test_payments_of_a_slice_are_those_of_a_longer_one_and_never_exceed_what_later_baskets_leave(baskets):
    """Room that can't be gone: whatever is paid at a basket and after it was earned there and not brought back."""
    whole = [
        Basket(1, name, at, at.date(), points, points * 100)
        for at, name, points in sorted((LAST - timedelta(days=ago), name, points) for name, ago, points in baskets)
    ]
    with pytest.MonkeyPatch().context() as dice:
        dice.setattr(habits, "RETURNED_PERCENT", 30)
        dice.setattr(habits, "PAYING_SIDES", 5)
        paid = payments(whole, LAST)
        for start in range(len(whole)):
            suffix = whole[start:]
            found = payments(suffix, LAST)
            assert found == {
                name: payment for name, payment in paid.items() if name in {one.basket_id for one in suffix}
            }
            earned = sum(one.points for one in suffix if one.basket_id not in paid or paid[one.basket_id].kind == SPENT)
            assert sum(max(payment.points, payment.held) for payment in found.values()) <= earned


def test_habits_hold_the_lines_of_exactly_the_baskets_that_need_them():
    asked: list[int] = []

    def lines_of(basket_ids):
        asked.extend(basket_ids)
        return {basket_id: (Line(1, 300),) for basket_id in basket_ids}

    whole = [Basket(1, name, LAST, LAST.date(), 3, 300) for name in range(200)]
    found = habits_of(whole, LAST, lines_of)
    assert set(asked) == {name for name in range(200) if is_returned(name)} | set(found.payments)
    assert set(found.returns) == {name for name in range(200) if is_returned(name)}
