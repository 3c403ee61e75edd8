"""What was bought, and what is left of it: shares and taxes spread exactly, and parts that add up to the line."""

import pytest
from hypothesis import given, strategies as st

from points.bought import (
    GONE,
    Left,
    Returned,
    after_return,
    left_of,
    pack_touched,
    sold,
    touched,
    unpack_touched,
    whole,
)
from points.programme import Basis
from shared.errors import Invalid
from tests.rules.sales import bought, line, purchases, sales_and_returns

BASES = [Basis(tax=tax, deduct_points_used=deducts) for tax in ("excl", "incl") for deducts in (True, False)]


def shares(sale):
    return [left.share for left in whole(sale)]


def returned(sale, *parts):
    left = whole(sale)
    for part in parts:
        left = after_return(sale, left, part)
    return left


# ---- shares and taxes -----------------------------------------------------------------------------------------------


def test_points_used_are_spread_pro_rata_and_the_remainder_is_the_largest_lines():
    """EC-CUBE#1233: 100 points over 333 + 333 + 334 yen: 33 + 33 + 33, and the one that is left to the largest."""
    sale = bought(line(1, 333), line(2, 333), line(3, 334), points_used=100)
    assert shares(sale) == [33, 33, 34]


def test_of_lines_alike_the_first_has_the_remainder():
    assert shares(bought(line(1, 500), line(2, 500), line(3, 500), points_used=100)) == [34, 33, 33]


def test_points_that_pay_the_tax_too_are_spread_as_well():
    sale = bought(line(1, 100, tax=10), line(2, 200, tax=20), points_used=330)
    assert shares(sale) == [110, 220]


def test_tax_that_is_known_per_rate_goes_to_the_lines_of_that_rate():
    sale = bought(
        line(1, 333, tax_rate_bp=800), line(2, 334, tax_rate_bp=800), line(3, 50, tax_rate_bp=1000),
        taxes=[(800, 53), (1000, 5)],
    )  # fmt: skip
    assert [left.tax for left in whole(sale)] == [26, 27, 5]
    assert sale.total == 333 + 334 + 50 + 53 + 5


@given(purchases())
def test_shares_and_taxes_add_up_to_the_point_and_to_the_yen(sale):
    lines = whole(sale)
    assert sum(left.share for left in lines) == sale.points_used
    assert sum(left.amount + left.tax for left in lines) == sale.total
    assert all(min(left.share, left.tax, left.amount) >= 0 for left in lines)
    if sale.points_used <= sum(left.amount for left in lines):
        assert all(left.share <= left.amount for left in lines)


# ---- returns --------------------------------------------------------------------------------------------------------


def test_a_quantity_returns_its_part_rounded_down_and_the_last_takes_the_rest():
    sale = bought(line(1, 1000, 3, tax=100), points_used=200)
    first = returned(sale, [Returned("1", quantity=1)])
    assert first == (Left(2, 667, 67, 134),)
    second = after_return(sale, first, [Returned("1", quantity=1)])
    assert second == (Left(1, 334, 34, 68),)
    assert after_return(sale, second, [Returned("1", quantity=1)]) == (GONE,)


def test_two_at_once_are_reckoned_once():
    sale = bought(line(1, 1000, 3))
    assert returned(sale, [Returned("1", quantity=2)]) == (Left(1, 334, 0, 0),)


def test_an_amount_returns_its_part_of_tax_and_points_and_its_last_yen_the_rest():
    sale = bought(line(1, 1000, 2, tax=99), points_used=55)
    left = returned(sale, [Returned("1", amount=333)])
    assert left == (Left(2, 667, 67, 37),)
    assert after_return(sale, left, [Returned("1", amount=667)]) == (GONE,)


def test_a_line_without_a_number_is_all_that_is_left_of_it():
    sale = bought(line(1, 1000, 2), line(2, 500))
    left = returned(sale, [Returned("1", quantity=1)], [Returned("1")])
    assert left == (GONE, Left(1, 500, 0, 0))


def test_quantities_and_amounts_of_one_line_never_go_below_what_is_left():
    sale = bought(line(1, 1000, 2, tax=80))
    left = returned(sale, [Returned("1", amount=900)], [Returned("1", quantity=1)])
    assert left == (Left(1, 0, 0, 0),)
    assert after_return(sale, left, [Returned("1", quantity=1)]) == (GONE,)


@pytest.mark.parametrize(
    "more",
    [
        [Returned("1", quantity=3)],
        [Returned("1", amount=1001)],
        [Returned("2", quantity=1)],
        [Returned("3", amount=1)],
        [Returned("1", quantity=1), Returned("2", amount=1)],
    ],
)
def test_more_than_is_left_is_no_return(more):
    sale = bought(line(1, 1000, 2), line(2, 500), line(3, 0))
    left = returned(sale, [Returned("2")])
    with pytest.raises(Invalid) as refused:
        after_return(sale, left, more)
    assert refused.value.code == "return_exceeds_purchase"


def test_what_is_gone_does_not_come_back_again():
    sale = bought(line(1, 1000))
    for part in (None, [Returned("1")], [Returned("1", quantity=1)], [Returned("1", amount=1)]):
        with pytest.raises(Invalid, match="return_exceeds_purchase"):
            after_return(sale, (GONE,), part)


def test_a_line_of_another_purchase_is_pointed_at():
    with pytest.raises(Invalid) as refused:
        returned(bought(line(1, 1000)), [Returned("1"), Returned("x")])
    assert refused.value.fields["errors"][0]["pointer"] == "/lines/1/line_id"


def test_a_gift_without_a_price_can_be_returned():
    sale = bought(line(1, 0, 2), line(2, 0, 0))
    assert returned(sale, [Returned("1", quantity=1)])[0] == Left(1, 0, 0, 0)
    assert returned(sale, None) == (GONE, GONE)


def test_what_a_line_earns_never_grows_by_a_return_though_all_was_paid_with_points():
    """Each number of the half is rounded down by itself, and 1 + 1 yen would be left with 1 point of 2 on them."""
    sale = bought(line(1, 1, 2, tax=1), points_used=2)
    assert [one.basis(Basis(tax="incl")) for one in sold(sale, whole(sale))] == [0]
    left = returned(sale, [Returned("1", quantity=1)])
    assert [one.basis(Basis(tax="incl")) for one in sold(sale, left)] == [0]


@given(sales_and_returns(amounts=st.integers(0, 40)))
def test_whatever_the_order_of_the_parts_lines_only_shrink_and_end_at_nothing(sale_and_returns):
    sale, parts = sale_and_returns
    left = whole(sale)
    for part in parts:
        after = after_return(sale, left, part)
        for before, now in zip(left, after, strict=True):
            assert 0 <= now.quantity <= before.quantity
            assert 0 <= now.amount <= before.amount
            assert 0 <= now.tax <= before.tax
            assert 0 <= now.share <= before.share
        for basis in BASES:
            rows = zip(sold(sale, left), sold(sale, after), strict=True)
            assert all(now.basis(basis) <= before.basis(basis) for before, now in rows)
        assert left_of(sale, unpack_touched(pack_touched(touched(sale, after)))) == after
        left = after
    assert all(one.is_gone for one in left)
