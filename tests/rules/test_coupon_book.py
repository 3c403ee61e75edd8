"""The coupon book's rules and its packed form, by example and by property."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from coupons import book as rules, giving, packing
from coupons.book import Asker, Redeeming, Taken, Voiding
from coupons.giving import Drawing, Issuing
from shared.business_day import DayRule
from shared.clock import from_ms
from shared.coupon_book import BOOK, Book, Coupon, Status, Use, pack_coupons, unpack_coupons
from shared.errors import Conflict
from shared.memory import size

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
TODAY = date(2026, 11, 20)
TOKYO = DayRule("Asia/Tokyo")


def coupon(index: int = 1, **changes: Any) -> Coupon:
    fresh = Coupon(locator=7, index=index, edition=1, first=TODAY, last=TODAY, source_id=f"s-{index}")
    return replace(fresh, **changes)


def issuing(index: int = 1, **changes: Any) -> Issuing:
    return replace(Issuing(coupon(index), "spring", "shop", TODAY), **changes)


def redeeming(
    *coupons: Coupon, by: bytes = b"redeemer", order: bytes = b"an order", hold: int | None = None
) -> Redeeming:
    taken = tuple(
        Taken(n, n, "spring", 100 + n, (("1", 100 + n),), (("amount_off", 100 + n, ""),)) for n in range(len(coupons))
    )
    return Redeeming("r-1", by, order, "order-1", TOKYO, coupons, taken, "shibuya", hold)


def holding(*coupons: Coupon) -> Book:
    return Book(coupons)


# ---- packed form ----------------------------------------------------------------------------------------------------

_days = st.dates(date(2000, 1, 1), date(2999, 12, 31))
_times = st.integers(946_684_800_000, 4_070_908_800_000).map(from_ms)
_marks = st.binary(min_size=8, max_size=8)


@st.composite
def _coupons(draw: st.DrawFn) -> Coupon:
    first = draw(_days)
    status = draw(st.sampled_from(Status))
    return Coupon(
        locator=draw(st.integers(0, 2**14 - 1)),
        index=draw(st.integers(0, 2**40 - 1)),
        edition=draw(st.integers(1, 10_000)),
        first=first,
        last=draw(st.none() | st.dates(first, date(3000, 12, 31))),
        source_id=draw(st.text("abcXYZ019._-", min_size=1, max_size=64)),
        status=status,
        use=Use(draw(_marks), draw(_marks), draw(_times)) if status in (Status.HELD, Status.REDEEMED) else None,
        order=draw(st.none() | _marks),
        owner=draw(st.none() | st.text("abcXYZ019._-", min_size=1, max_size=64)),
    )


@given(st.lists(_coupons(), max_size=5))
def test_coupons_survive_packing(coupons: list[Coupon]) -> None:
    assert unpack_coupons(pack_coupons(coupons)) == tuple(coupons)


@given(st.lists(_coupons(), max_size=3), st.dictionaries(st.integers(0, 16383), st.integers(1, 500), max_size=3))
def test_a_book_survives_packing(coupons: list[Coupon], gone: dict[int, int]) -> None:
    book = Book(tuple(coupons), tuple(sorted(gone.items())))
    assert BOOK.unpack(BOOK.pack(book)) == book


@given(_coupons(), st.none() | st.integers(1, 9), st.booleans())
def test_operations_survive_packing(one: Coupon, limit: int | None, is_drawn: bool) -> None:
    drawing = Drawing(5, 2, "taro", 4) if is_drawn else None
    wanted = Issuing(one, "spring", "shop", TODAY, "o-1" if is_drawn else None, limit, drawing, limit)
    assert packing.unpack_issuing(packing.pack_issuing(wanted)) == wanted
    for hold in (None, 60):
        wished = redeeming(one, hold=hold)
        assert packing.unpack_redeeming(packing.pack_redeeming(wished)) == wished


def test_a_coupon_takes_about_35_bytes() -> None:
    assert len(pack_coupons([coupon(source_id="shibuya-1-20261120-0042")])) <= 38


# ---- issuing --------------------------------------------------------------------------------------------------------


def test_a_members_limit_counts_every_coupon_ever_issued() -> None:
    used = coupon(1, status=Status.REDEEMED, use=Use(b"redeemer", b"an order", NOON))
    book = Book((used,), ((7, 1),))
    with pytest.raises(Conflict) as refused:
        giving.issue(book, issuing(2, per_member=2), NOON)
    assert refused.value.code == "member_limit_reached"
    assert len(giving.issue(book, issuing(2, per_member=3), NOON).state.coupons) == 2


def test_a_full_book_lets_the_oldest_finished_coupon_go() -> None:
    book = Book(
        tuple(
            coupon(n, last=TODAY - timedelta(days=1) if n in (5, 9) else None, first=TODAY - timedelta(days=9))
            for n in range(giving.COUPONS_MAX)
        )
    )
    book = giving.issue(book, issuing(1000), NOON).state
    assert (book.get((7, 5)), book.gone, len(book.coupons)) == (None, ((7, 1),), giving.COUPONS_MAX)
    assert book.count(7) == giving.COUPONS_MAX + 1
    book = giving.issue(book, issuing(1001), NOON).state
    with pytest.raises(Conflict):
        giving.issue(book, issuing(1002), NOON)


def test_a_refusal_may_be_an_entry() -> None:
    decided = giving.issue_or_tell(Book((coupon(1),)), issuing(2, per_member=1), NOON)
    assert decided.state == Book((coupon(1),))
    (step,) = decided.steps
    assert (step.kind, step.data["code"]) == ("refused", "member_limit_reached")


# ---- using ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"last": None}, None),
        ({"last": TODAY - timedelta(days=1), "first": TODAY - timedelta(days=2)}, "expired"),
        ({"status": Status.REDEEMED, "use": Use(b"redeemer", b"an order", NOON)}, "used"),
        ({"status": Status.HELD, "use": Use(b"redeemer", b"an order", NOON + timedelta(seconds=1))}, "held"),
        ({"status": Status.HELD, "use": Use(b"redeemer", b"an order", NOON)}, None),
    ],
)
def test_why_a_coupon_can_not_be_used(changes: dict[str, Any], reason: str | None) -> None:
    assert rules.why_unusable(coupon(**changes), Asker(NOON, TODAY, b"stranger", b"the next")) == reason


@pytest.mark.parametrize(("by", "order"), [(b"redeemer", b"the next"), (b"stranger", b"an order")])
def test_the_own_hold_is_not_in_the_way(by: bytes, order: bytes) -> None:
    held = coupon(status=Status.HELD, use=Use(b"redeemer", b"an order", NOON + timedelta(seconds=1)))
    assert rules.why_unusable(held, Asker(NOON, TODAY, by, order)) is None


def test_a_coupon_that_is_not_in_the_book() -> None:
    assert rules.why_unusable(None, Asker(NOON, TODAY)) == "not_found"


def test_all_or_none_of_the_coupons_are_redeemed() -> None:
    one, two = coupon(1), coupon(2, last=TODAY - timedelta(days=1), first=TODAY - timedelta(days=2))
    with pytest.raises(Conflict) as refused:
        rules.redeem(holding(one, two), redeeming(one, two), NOON)
    assert refused.value.code == "code_not_usable"


@pytest.mark.parametrize(("hour", "is_good"), [(14, True), (15, False)])
def test_the_day_is_the_entrys_day_at_the_place(hour: int, is_good: bool) -> None:
    at = NOON.replace(hour=hour)
    if is_good:
        assert rules.redeem(holding(coupon()), redeeming(coupon()), at).steps[0].kind == "redeemed"
        return
    with pytest.raises(Conflict):
        rules.redeem(holding(coupon()), redeeming(coupon()), at)


def test_a_void_gives_back_what_is_still_its_own() -> None:
    one, two = coupon(1), coupon(2)
    book = rules.redeem(holding(one, two), redeeming(one, two, hold=60), NOON).state
    book = rules.redeem(book, redeeming(two, by=b"takeover"), NOON).state
    decided = rules.void(book, Voiding(redeeming(one, two, hold=60), "v-1"), NOON)
    assert [step.data["coupon_id"] for step in decided.steps] == [one.coupon_id]
    assert decided.state.get(one.spot) == one
    assert decided.state.get(two.spot) != two


def test_a_void_of_what_never_entered_is_an_entry_that_gives_nothing() -> None:
    decided = rules.void(holding(coupon()), Voiding(redeeming(coupon()), "v-1"), NOON)
    assert ([step.kind for step in decided.steps], decided.state) == (["closed"], holding(coupon()))


def test_a_tills_void_comes_too_late_only_if_it_would_give_something_back() -> None:
    book = rules.redeem(holding(coupon()), redeeming(coupon()), NOON).state
    voiding = Voiding(redeeming(coupon()), "v-1", until=NOON)
    with pytest.raises(Conflict) as refused:
        rules.void(book, voiding, NOON)
    assert refused.value.code == "void_window_over"
    assert rules.void(holding(coupon()), voiding, NOON).steps[0].kind == "closed"


def test_no_entry_knows_the_code_or_more_of_the_order_than_its_number() -> None:
    (step,) = rules.redeem(holding(coupon()), redeeming(coupon()), NOON).steps
    assert set(step.data) == {"coupon_id", "campaign_id", "redemption_id", "order_ref", "discount", "store_id"}


# ---- properties -----------------------------------------------------------------------------------------------------

_moves = st.lists(
    st.tuples(
        st.sampled_from(["redeem", "hold", "capture", "void"]), st.integers(0, 3), st.integers(0, 2), st.integers(0, 90)
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(_moves)
def test_a_coupon_is_never_in_two_hands(moves: list[tuple[str, int, int, int]]) -> None:
    """However redemptions of three orders come and go: what is redeemed stays its redeemer's until it is voided."""
    coupons = [coupon(n, last=None) for n in range(4)]
    book, at = holding(*coupons), NOON
    for n, (what, which, order, seconds) in enumerate(moves):
        at += timedelta(seconds=seconds)
        wanted = coupons[which]
        before, others = book.get(wanted.spot), book.coupons
        assert before is not None
        mark = before.use.by if before.use and what in ("capture", "void") else b"mark%04d" % n
        asked = redeeming(wanted, by=mark, order=b"order%03d" % order, hold=60 if what == "hold" else None)
        try:
            if what == "capture":
                decided = rules.capture(book, asked, at)
            elif what == "void":
                decided = rules.void(book, Voiding(asked, "v"), at)
            else:
                decided = rules.redeem(book, asked, at)
        except Conflict:
            continue
        book = decided.state
        after = book.get(wanted.spot)
        assert after is not None
        if what in ("redeem", "hold") and before.use is not None:
            assert before.status is Status.HELD
            assert before.use.at <= at or before.use.order == asked.order
        if before.status is Status.REDEEMED and what != "capture":
            assert (what, after.status) == ("void", Status.ISSUED)
        assert all(one == other for one, other in zip(book.coupons, others, strict=True) if one.spot != wanted.spot)
        assert BOOK.unpack(BOOK.pack(book)) == book


def test_a_hold_keeps_a_coupon_in_a_full_book() -> None:
    yesterday = TODAY - timedelta(days=1)
    held = Use(b"redeemer", b"an order", NOON + timedelta(minutes=1))
    over = coupon(0, last=yesterday, first=yesterday, status=Status.HELD, use=held)
    book = Book((over, *(coupon(n) for n in range(1, giving.COUPONS_MAX))))
    with pytest.raises(Conflict):
        giving.issue(book, issuing(1000), NOON)
    assert giving.issue(book, issuing(1000), NOON + timedelta(minutes=2)).state.get(over.spot) is None


def test_ten_coupons_on_the_longest_basket_fit_into_an_item() -> None:
    """DynamoDB takes 400 KB; the lines' ids stand in the name once, not once for each coupon."""
    ids = [hashlib.sha512(str(n).encode()).hexdigest() for n in range(500)]
    one = Taken(0, 0, "spring", 500, tuple((line_id, 1) for line_id in ids), (("amount_off", 500, "500"),))
    ten = replace(redeeming(), taken=(one,) * 10, coupons=tuple(coupon(n) for n in range(10)))
    packed = packing.pack_redeeming(ten)
    assert size(packed) < 100_000
    assert packing.unpack_redeeming(packed) == ten
