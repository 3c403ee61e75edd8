"""What a book and a member's points decide about a coupon that costs points, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from coupons import book as redeeming, giving, merging
from coupons.book import Asker
from coupons.giving import Answering, Drawing, Issuing
from points.balances import Account
from points.claiming import Claiming, pay_or_tell
from points.lots import Lot, unpack_lots
from points.programme import Spending
from shared.coupon_book import Book, Coupon, Status, Use
from shared.errors import Conflict
from shared.moves import Merge, Move

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DRAWN = Drawing(5, 2, "taro", 4)


def issuing(index: int = 1, **changes: Any) -> Issuing:
    coupon = Coupon(7, index, 1, TODAY, TODAY, f"c-{index}")
    return replace(Issuing(coupon, "spring", "member.taro", TODAY, price=50), **changes)


def reserved(*wanted: Issuing) -> Book:
    book = Book()
    for one in wanted:
        book = giving.issue(book, one, NOON).state
    return book


def account(points: int, *, debt: int = 0, day: int = 0) -> Account:
    return Account(lots=(Lot(False, day, points),) if points else (), debt=debt)


def claiming(price: int = 50, **limits: int) -> Claiming:
    return Claiming("c-1", "0007-0000000001", price, Spending(**limits), "Asia/Tokyo")


# ---- the book -------------------------------------------------------------------------------------------------------


def test_a_coupon_with_a_price_is_reserved_and_not_there_for_anybody() -> None:
    decided = giving.issue(Book(), issuing(), NOON)
    (step,), (coupon,) = decided.steps, decided.state.coupons
    assert (step.kind, step.data["price_points"], coupon.status) == ("reserved", 50, Status.RESERVED)
    assert decided.state.shown == ()
    assert redeeming.why_unusable(coupon, Asker(NOON, TODAY)) == "not_found"


def test_what_is_paid_for_is_issued() -> None:
    decided = giving.answer(reserved(issuing()), Answering(issuing()), NOON)
    (step,) = decided.steps
    assert (step.kind, step.data["coupon_id"], "carry" in step.data) == ("issued", "0007-0000000001", False)
    assert decided.state.shown == decided.state.coupons
    assert redeeming.why_unusable(decided.state.coupons[0], Asker(NOON, TODAY)) is None


@pytest.mark.parametrize("drawing", [None, DRAWN])
def test_what_is_refused_leaves_the_book_as_if_it_had_never_been_there(drawing: Drawing | None) -> None:
    wanted = issuing(drawing=drawing)
    decided = giving.answer(reserved(wanted), Answering(wanted, "insufficient_points"), NOON)
    (step,) = decided.steps
    assert (step.kind, step.data["code"]) == ("released", "insufficient_points")
    assert decided.state == Book()
    assert ("carry" in step.data) is (drawing is not None)  # the pool must get its unit back


def test_a_reservation_counts_for_the_members_limit_until_it_is_refused() -> None:
    first, second = issuing(1, per_member=1), issuing(2, per_member=1)
    book = reserved(first)
    with pytest.raises(Conflict):
        giving.issue(book, second, NOON)
    after = giving.answer(book, Answering(first, "insufficient_points"), NOON).state
    assert giving.issue(after, second, NOON).steps[0].kind == "reserved"


def test_a_reservation_makes_no_room_even_after_its_last_day() -> None:
    book = reserved(*(issuing(n) for n in range(giving.COUPONS_MAX)))
    late = issuing(1000, issued_on=TODAY + timedelta(days=30))
    with pytest.raises(Conflict) as refused:
        giving.issue(book, late, NOON)
    assert refused.value.code == "member_limit_reached"


@given(st.lists(st.sampled_from(["reserve", "paid", "refused"]), max_size=12))
def test_a_book_holds_what_was_paid_for_and_what_is_still_open(acts: list[str]) -> None:
    book, is_open, paid = Book(), [], []
    for n, act in enumerate(acts):
        if act == "reserve":
            book = giving.issue(book, issuing(n), NOON).state
            is_open.append(n)
        elif is_open:
            which = is_open.pop(0)
            book = giving.answer(book, Answering(issuing(which), None if act == "paid" else "no"), NOON).state
            paid += [which] if act == "paid" else []
    assert sorted(coupon.index for coupon in book.coupons) == sorted(is_open + paid)
    assert [coupon.index for coupon in book.shown] == sorted(paid)


def test_what_is_being_paid_for_stays_where_a_merge_has_brought_it() -> None:
    """The points' answer follows the merge, so it must find the coupon there."""
    brought = reserved(issuing(1), issuing(2))
    there = giving.answer(brought, Answering(issuing(2)), NOON).state
    move = Move(Merge("m", "taro", "hanako"), brought, there)
    back = merging.come_back(Book(), move, NOON).state
    assert [coupon.index for coupon in back.coupons] == [2]
    assert [coupon.index for coupon in merging.part(there, move, NOON).state.coupons] == [1]


def test_what_was_used_is_not_reserved() -> None:
    used = Use(b"redeemer", b"an order", NOON)
    book = Book((replace(issuing().coupon, status=Status.REDEEMED, use=used),))
    with pytest.raises(AssertionError):
        giving.answer(book, Answering(issuing()), NOON)


# ---- the points -----------------------------------------------------------------------------------------------------


def test_points_that_are_there_are_spent_on_the_coupon() -> None:
    decided = pay_or_tell(account(80), claiming(), NOON)
    (step,) = decided.steps
    assert (step.kind, step.points, step.ref) == ("spent", -50, ("claim", "c-1"))
    assert step.data["coupon_id"] == "0007-0000000001"
    assert sum(lot.points for lot in unpack_lots(step.data["lots"])) == 50
    assert decided.state.available == 30


@pytest.mark.parametrize(
    ("there", "limits", "code"),
    [
        (account(49), {}, "insufficient_points"),
        (account(0), {}, "insufficient_points"),
        (account(80, debt=40), {}, "insufficient_points"),
        (account(80, day=TODAY.toordinal() - 1), {}, "insufficient_points"),
        (account(80), {"min": 60}, "below_minimum"),
        (account(80), {"step": 20}, "off_step"),
    ],
)
def test_what_can_not_be_paid_is_refused_by_an_entry(there: Account, limits: dict[str, int], code: str) -> None:
    decided = pay_or_tell(there, claiming(**limits), NOON)
    step = decided.steps[-1]
    assert (step.kind, step.points, step.data["code"]) == ("refused", 0, code)
    assert step.data["coupon_id"] == "0007-0000000001"


@given(st.integers(0, 200), st.integers(0, 50), st.integers(1, 200))
def test_the_price_is_paid_whole_or_not_at_all(points: int, debt: int, price: int) -> None:
    there = account(points, debt=min(points, debt))
    decided = pay_or_tell(there, claiming(price), NOON)
    is_paid = price <= there.usable
    assert decided.steps[-1].kind == ("spent" if is_paid else "refused")
    assert there.available - decided.state.available == (price if is_paid else 0)
    assert decided.state.debt == there.debt
