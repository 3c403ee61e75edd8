"""A purchase and its member's account, decided together: what comes back whole was never there, in whatever parts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from points import purchase
from points.balances import Account
from points.bought import Returned
from points.earning import given_of
from points.lots import NEVER, Lot, Source, merged, slid, total, unpack_lots
from points.programme import Days, Pending
from points.purchase import Change, ClaimedMeanwhile, Completing, Home, Progress, Returning
from points.rule import Expiry
from shared.errors import Conflict, Invalid
from tests.rules.books import Books, comparable, of
from tests.rules.sales import NOON, bought, line, returns_of, sales_and_returns
from tests.rules.test_earning import BASE, LOTS as LOT_TERMS, bonus, programme, programmes, times

TODAY = NOON.date().toordinal()


def lot(points, days=365, *, limited=False, source=Source.PURCHASE):
    return Lot(limited, TODAY + days, points, source)


def clawed(own):
    return of(own, "returned").data["clawed"]


# ---- examples -------------------------------------------------------------------------------------------------------


def test_a_returned_line_takes_its_points_back_and_gives_its_share_of_those_used():
    books = Books(Account((lot(300, days=100),)))
    books.buy(bought(line(1, 700), line(2, 300), points_used=100))
    assert books.account.lots == (lot(200, days=100), lot(8))
    decided, own = books.give_back(Returned("1"))
    assert (clawed(own), of(own, "restored").points) == (6, 70)
    assert (decided.data["amount"], decided.data["amount_left"]) == (700, 300)
    assert books.account.lots == (lot(270, days=100), lot(2))
    books.give_back()
    assert comparable(books.account) == comparable(Account((lot(300, days=100),)))


def test_points_used_come_back_in_reverse_those_that_last_longest_first():
    before = Account((lot(30, days=1, limited=True), lot(30, days=10), lot(30, days=20)))
    books = Books(before)
    books.buy(bought(line(1, 700), line(2, 200), points_used=90))
    _, own = books.give_back(Returned("2"))
    assert unpack_lots(of(own, "restored").data["lots"]) == (lot(20, days=20),)
    books.give_back()
    assert comparable(books.account) == comparable(before)


def test_a_return_of_a_placed_order_takes_pending_points_and_the_rest_is_completed():
    books = Books()
    books.buy(bought(line(1, 700), line(2, 300), is_placed=True))
    assert (books.account.pending, books.account.available) == (10, 0)
    _, own = books.give_back(Returned("1"))
    assert (clawed(own), of(own, "returned").points, books.account.pending) == (7, 0, 3)
    decided, own = books.complete()
    assert (of(own, "activated").points, books.account.pending, books.account.available) == (3, 0, 3)
    assert decided.data["explain"] == "base 3 1 100"


def test_points_last_from_the_completion_on():
    books = Books()
    books.buy(bought(line(1, 1000), is_placed=True))
    books.forward(days=20)
    books.complete()
    assert books.account.lots == (lot(10, days=385),)
    books.give_back()
    assert books.account == Account(purchases=1, told=books.account.told, alarm=books.account.alarm)


def test_a_return_takes_the_right_lots_though_rounding_had_moved_a_point_between_the_rules():
    """Of 300 yen 3 + 1, of 267 yen 2 + 2 points: a point less by the base rule, one more by the factor."""
    terms = {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 9}}
    before = Account((lot(5, days=9, limited=True),))
    books = Books(before)
    books.buy(bought(line(1, 300), programme=programme(BASE, times("3/2", lot=terms))))
    assert books.account.lots == (lot(6, days=9, limited=True), lot(3))
    assert clawed(books.give_back(Returned("1", amount=33))[1]) == 0
    assert clawed(books.give_back()[1]) == 4
    assert comparable(books.account) == comparable(before)


def test_what_the_law_takes_away_is_told_of_a_return_too():
    settings_ = {"premium_class": "premium"}
    books = Books()
    books.buy(bought(line(1, 1000), programme=programme(BASE, bonus(300), **settings_)))
    assert books.account.available == 200
    decided, own = books.give_back()
    assert sum(one.points for one in given_of(decided.data["explain"])) == -clawed(own) == -200


def test_a_cancelled_order_was_never_there():
    welcome = bonus(500, when={"first_purchase": True})
    rules = programme(BASE, welcome, bonus(50, "capped", cap={"per_member": 50}))
    before = Account((lot(40),))
    books = Books(before)
    for n in range(3):
        sale = bought(line(1, 1000), points_used=40, programme=rules, is_placed=True, purchase_id=f"p{n}")
        (pending,) = [entry for entry in books.buy(sale) if entry.kind == "pending"]
        assert pending.data["pending"] == 9 + 500 + 50, "the first purchase is still to come, and no cap is used up"
        books.cancel()
        assert comparable(books.account) == comparable(before)
        assert (books.account.purchases, books.account.caps) == (0, ())


def test_what_was_returned_stays_counted_by_caps_and_first_purchase():
    rules = programme(BASE, bonus(500, when={"first_purchase": True}), bonus(50, "capped", cap={"per_day": 50}))
    books = Books()
    books.buy(bought(line(1, 1000), programme=rules))
    books.give_back()
    books.buy(bought(line(1, 1000), programme=rules))
    assert books.account.available == 10


def test_a_day_that_may_have_been_forgotten_stays_so_though_a_purchase_of_it_is_cancelled():
    rules = programme(BASE, bonus(50, "capped", cap={"per_day": 50}))
    books = Books()
    for day in range(8):
        books.forward(days=1)
        books.buy(bought(line(1, 100), programme=rules, occurred_at=books.at, purchase_id=str(day)))
    books.reverse()
    assert [points for _, points in books.account.caps[0].days] == [50] * 6 + [0]
    books.buy(bought(line(1, 100), programme=rules, occurred_at=NOON + timedelta(days=1), purchase_id="late"))
    assert books.account.available == 7 * 51 + 1


# ---- one of many ways -----------------------------------------------------------------------------------------------

HOME = Home("M#taro", 3, "N#p")
SALE = bought(line(1, 1000), is_placed=True)


def change(kind=Change, home=None, **more):
    return kind(SALE, home, None, {}, **more)


COMPLETING = change(Completing, completed_at=NOON, waits=0)
RETURNING = change(Returning, return_id="r", lines=None)
EVERY: list[Any] = [
    (purchase.complete, COMPLETING),
    (purchase.cancel, change()),
    (purchase.give_back, RETURNING),
    (purchase.reverse, change()),
]


@pytest.mark.parametrize(
    ("state", "decide", "code"),
    [
        (purchase.COMPLETED, EVERY[0], "purchase_completed"),
        (purchase.COMPLETED, EVERY[1], "purchase_completed"),
        (purchase.CANCELLED, EVERY[0], "purchase_cancelled"),
        (purchase.CANCELLED, EVERY[1], "purchase_cancelled"),
        (purchase.CANCELLED, EVERY[2], "purchase_cancelled"),
        (purchase.REVERSED, EVERY[0], "reversed"),
        (purchase.REVERSED, EVERY[1], "reversed"),
        (purchase.REVERSED, EVERY[2], "reversed"),
        (purchase.REVERSED, (purchase.claim, change(home=HOME)), "reversed"),
        (purchase.CANCELLED, (purchase.claim, change(home=HOME)), "purchase_cancelled"),
    ],
)
def test_what_the_state_of_a_purchase_does_not_allow(state, decide, code):
    rule, wanted = decide
    with pytest.raises(Conflict) as refused:
        rule(Progress(state), wanted, NOON)
    assert refused.value.code == code


def test_a_receipt_is_claimed_once():
    claimed = purchase.claim(Progress(purchase.COMPLETED), change(home=HOME), NOON).state
    assert claimed.home == HOME
    with pytest.raises(Conflict, match="receipt_claimed"):
        purchase.claim(claimed, change(home=Home("M#hanako", 0, "N#p")), NOON)


@pytest.mark.parametrize("decide", EVERY)
def test_nothing_happens_to_a_purchase_on_the_belief_that_it_is_nobodys(decide):
    """Found as nobody's and claimed since: whoever goes on without its points would leave them with the member."""
    rule, wanted = decide
    with pytest.raises(ClaimedMeanwhile):
        rule(Progress(purchase.PLACED, HOME), wanted, NOON)


def test_what_happened_before_the_claim_counts_for_whoever_claims():
    later = NOON + timedelta(days=3)
    progress = Progress(purchase.PLACED)
    sale = bought(line(1, 700), line(2, 300), is_placed=True)
    happened: list[Any] = [
        (purchase.give_back, Returning(sale, None, return_id="r", lines=(Returned("1"),))),
        (purchase.complete, Completing(sale, None, completed_at=later, waits=0)),
    ]
    for rule, wanted in happened:
        progress = rule(progress, wanted, NOON).state
    (step,) = purchase.claim(progress, Change(sale, HOME), NOON).steps
    books = Books()
    books.sale = sale
    entry = books.obeys(step)[0]
    assert (entry.kind, entry.points, entry.occurred_at, entry.data["amount"]) == ("earned", 3, later, 300)
    assert books.account.lots == (lot(3, days=368),)


def test_waiting_points_are_taken_from_where_they_wait_and_from_the_lots_once_they_have_come():
    rules = programme(BASE).model_copy(update={"pending": Pending(pos=Days(days=7))})
    sale = bought(line(1, 1000, 2), programme=rules)
    for days in (1, 10):
        books = Books(Account((lot(5, days=2),)))
        books.buy(sale)
        assert (books.account.waiting, books.account.available) == (10, 5)
        books.forward(days=days)
        books.give_back(Returned("1", quantity=1))
        left = (5, 5) if days == 1 else (0, 5)
        assert (books.account.waiting, books.account.available) == left
        books.give_back()
        assert (books.account.waiting, books.account.available, books.account.debt) == (0, 5 if days == 1 else 0, 0)


# ---- what holds for all ---------------------------------------------------------------------------------------------

ACCOUNTS = st.one_of(
    st.lists(
        st.builds(
            Lot,
            st.booleans(),
            st.sampled_from([NEVER, TODAY, TODAY + 9, TODAY + 10, TODAY + 365]),
            st.integers(1, 400),
            st.sampled_from([Source.PURCHASE, Source.AWARD]),
            st.just(False),
        ),
        max_size=4,
    ).map(lambda lots: Account(merged(lots))),
    st.integers(0, 50).map(lambda debt: Account((), debt)),
)
EXPIRIES = st.sampled_from(
    [
        Expiry(kind="fixed_days", n=365),
        Expiry(kind="fixed_days", n=9),
        Expiry(kind="none"),
        Expiry(kind="sliding", n=10),
        Expiry(kind="end_of_month", n=1),
    ]
)
WAITS = st.sampled_from([Pending(), Pending(pos=Days(days=3))])


@st.composite
def whole_programmes(draw):
    """Any rules, and often one factor whose points have lots of their own: there rounding shows."""
    factor = times(f"{draw(st.integers(5, 9))}/4", lot=draw(LOT_TERMS))
    rules = draw(st.one_of(programmes(), st.just(programme(BASE, factor))))
    return rules.model_copy(update={"expiry": draw(EXPIRIES), "pending": draw(WAITS)})


@st.composite
def stories(draw):
    """An account, a purchase, its returns in parts, and when in between it is completed, if it was only placed."""
    account = draw(ACCOUNTS)
    sale, parts = draw(sales_and_returns(whole_programmes(), st.integers(0, 600), max(0, account.available)))
    return account, replace(sale, is_placed=draw(st.booleans())), parts, draw(st.integers(0, len(parts)))


@settings(max_examples=120)
@given(stories())
def test_a_full_return_in_whatever_parts_restores_the_first_account(story):
    account, sale, parts, completed = story
    books = Books(account)
    earned = next(entry for entry in books.buy(sale) if entry.kind in ("earned", "pending"))
    taken = given_back = 0
    for n, part in enumerate(parts):
        if sale.is_placed and n == completed:
            books.complete()
        decided, own = books.give_back(*(part or ()))
        assert clawed(own) >= 0
        assert sum(one.points for one in given_of(decided.data["explain"])) == -clawed(own)
        taken += clawed(own)
        given_back += sum(entry.points for entry in own if entry.kind == "restored")
    assert taken == earned.points + earned.data.get("pending", 0)
    assert given_back == sale.points_used
    moved = merged(slid(one, books.account.slid) for one in account.lots)
    assert comparable(books.account) == (moved, *comparable(account)[1:])
    with pytest.raises(Invalid, match="return_exceeds_purchase"):
        books.give_back()


@settings(max_examples=60)
@given(st.data(), stories(), st.sampled_from(["reverse", "cancel"]))
def test_what_is_undone_after_some_returns_was_never_there(data, story, how):
    account, sale, parts, completed = story
    sale = replace(sale, is_placed=sale.is_placed or how == "cancel")
    books = Books(account)
    books.buy(sale)
    for n, part in enumerate(parts[: data.draw(st.integers(0, max(0, len(parts) - 1)))]):
        if sale.is_placed and n == completed and how == "reverse":
            books.complete()
        books.give_back(*(part or ()))
    getattr(books, how)()
    moved = merged(slid(one, books.account.slid) for one in account.lots)
    assert comparable(books.account) == (moved, *comparable(account)[1:])
    assert books.account.purchases == 0


@settings(max_examples=60)
@given(st.data(), stories())
def test_a_part_never_takes_more_than_stands_and_gives_back_no_more_than_was_used(data, story):
    account, sale, _, _ = story
    books = Books(account)
    books.buy(sale)
    left = books.purchase.state.left_of(sale)
    part = data.draw(returns_of(sale, left))
    stood = total(books.facts.lots)
    if part:
        _, own = books.give_back(*part)
        assert 0 <= clawed(own) <= stood
        state = books.purchase.state
        assert total(state.facts.lots) == stood - clawed(own)
        assert total(state.facts.used) == sum(one.share for one in state.left_of(sale))
        assert total(state.facts.lots) == sum(one.points for one in state.standing(sale, state.facts.given))


def test_points_last_to_the_end_of_the_programmes_day():
    late = datetime(2026, 11, 20, 14, 59, tzinfo=UTC)  # a minute before midnight in Tokyo
    books = Books(at=late)
    books.buy(bought(line(1, 1000), occurred_at=late))
    assert books.account.lots == (lot(10),)
