"""What an account does when a purchase was decided about: every policy of refunds, of claw-backs, of waiting points."""

from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from points.balances import Account, Held, give_back, settle
from points.bought import UNTIL_COMPLETE, Returned
from points.lots import NEVER, Lot, Source, merged, total
from points.obeying import TakingBack, claw_back, restore, take_back
from points.programme import Days, Pending, Programme, RefundExpired
from points.rule import Expiry
from points.rules import Spending, spend
from shared.errors import Conflict
from tests.rules.books import Books, comparable, of
from tests.rules.sales import NOON, bought, line

TODAY = NOON.date().toordinal()
ZONE = "Asia/Tokyo"


def lot(points, days=365, *, limited=False, source=Source.PURCHASE, paid=False):
    return Lot(limited, TODAY + days, points, source, paid)


def programme(**settings_):
    return Programme().model_copy(update=settings_)


def refund(kind, days=None):
    return programme(refund_expired=RefundExpired(kind=kind, days=days))


def taking(used=(), earned=(), rules=None, waits=0):
    return TakingBack(("return", "pos/p/r"), rules or Programme(), tuple(used), tuple(earned), NOON, waits)


def own(decided):
    return [step for step in decided.steps if not step.is_due]


# ---- points used come back ------------------------------------------------------------------------------------------


def test_points_used_are_in_their_lots_again():
    decided = take_back(Account((lot(5),)), taking(used=[lot(3), lot(4, days=9, limited=True)]), NOON)
    assert decided.state.lots == (lot(4, days=9, limited=True), lot(8))
    restored, returned = own(decided)
    assert (restored.kind, restored.points, returned.kind, returned.points) == ("restored", 7, "returned", 0)


def test_what_has_expired_meanwhile_is_forfeited_at_once():
    decided = take_back(Account(), taking(used=[lot(3), lot(4, days=-1)], rules=refund("forfeit")), NOON)
    assert decided.state.lots == (lot(3),)
    assert (own(decided)[0].points, own(decided)[0].data["forfeited"]) == (3, 4)


@pytest.mark.parametrize("days", [0, 7])
def test_a_grace_counts_from_the_return(days):
    decided = take_back(Account(), taking(used=[lot(3), lot(4, days=-90)], rules=refund("grace", days)), NOON)
    assert decided.state.lots == (lot(4, days=days), lot(3))
    assert settle(decided.state, NOON + timedelta(days=days), ZONE)[1] == (), "its last day is not over"
    (step,) = settle(decided.state, NOON + timedelta(days=days + 1), ZONE)[1]
    assert (step.kind, step.points) == ("expired", -4)


def test_a_grace_shortens_nothing():
    assert restore(Account(), [lot(3)], refund("grace", 7), NOON)[0].lots == (lot(3),)


@pytest.mark.parametrize(
    ("expiry", "last_day"),
    [
        (Expiry(kind="fixed_days", n=365), TODAY + 365),
        (Expiry(kind="none"), NEVER),
        (Expiry(kind="end_of_month", n=0), TODAY + 10),
    ],
)
def test_points_that_are_issued_anew_last_like_points_earned_today(expiry, last_day):
    rules = refund("reissue").model_copy(update={"expiry": expiry})
    account, restored, forfeited = restore(Account(), [lot(4, days=-1)], rules, NOON)
    assert account.lots == restored == (Lot(False, last_day, 4),)
    assert forfeited == 0


def test_paid_and_limited_points_come_back_as_what_they_were():
    used = [lot(1, limited=True), lot(2, paid=True), lot(3, source=Source.AWARD)]
    assert restore(Account(), used, Programme(), NOON)[0].lots == merged(used)


def test_points_that_come_back_do_not_pay_a_debt():
    """Only the next earning does; the balance tells both."""
    decided = take_back(Account((), 10), taking(used=[lot(4)]), NOON)
    assert (decided.state.lots, decided.state.debt, decided.state.available) == ((lot(4),), 10, -6)


# ---- earned points are taken back -----------------------------------------------------------------------------------


def test_points_are_taken_from_their_own_lot_first_then_in_the_order_of_spending():
    account = Account((lot(5, days=3, limited=True), lot(4, days=9), lot(6), lot(5, days=400)))
    clawed = claw_back(account, (lot(10),), 0, Programme())
    assert clawed.account.lots == (lot(1, days=3, limited=True), lot(4, days=9), lot(5, days=400))
    assert (clawed.points, clawed.debt, clawed.forgiven) == (10, 0, 0)


def test_points_bought_for_money_are_never_taken():
    clawed = claw_back(Account((lot(50, paid=True),)), (lot(10),), 0, Programme())
    assert (clawed.account.lots, clawed.account.debt) == ((lot(50, paid=True),), 10)


def test_what_is_missing_is_owed_and_the_next_earning_pays_it():
    """EC-CUBE#5730: an order comes back whose points were spent. The account is in debt, and nothing breaks later."""
    books = Books()
    books.buy(bought(line(1, 1000)))
    books.does(spend, Spending("s", 10, "o", ZONE))
    _, entries = books.give_back()
    told = of(entries, "returned").data
    assert (told["clawed"], told["debt"]) == (10, 10)
    assert (books.account.available, books.account.debt) == (-10, 10)
    books.buy(bought(line(1, 700), purchase_id="p-2"))
    assert (books.account.available, books.account.debt, books.account.lots) == (-3, 3, ())
    books.buy(bought(line(1, 700), purchase_id="p-3"))
    assert (books.account.available, books.account.debt, books.account.lots) == (4, 0, (lot(4),))


def test_what_is_missing_is_borne_by_the_shop():
    rules = programme(clawback="clamp")
    books = Books()
    books.buy(bought(line(1, 1000), programme=rules))
    books.does(spend, Spending("s", 7, "o", ZONE))
    _, entries = books.give_back()
    told = of(entries, "returned")
    assert (told.points, told.data["clawed"], told.data["debt"], told.data["forgiven"]) == (-3, 3, 0, 7)
    assert (books.account.available, books.account.debt) == (0, 0)


def test_what_is_missing_keeps_the_return_from_being_taken():
    rules = programme(clawback="refuse")
    books = Books()
    books.buy(bought(line(1, 1000), programme=rules))
    books.does(spend, Spending("s", 7, "o", ZONE))
    before = books.account
    with pytest.raises(Conflict) as refused:
        books.obeys(books.decides_to_give_back())
    assert (refused.value.code, refused.value.fields) == (
        "insufficient_points",
        {"required": 10, "available": 3, "missing": 7},
    )
    assert books.account == before


@pytest.mark.parametrize("clawback", ["clamp", "refuse"])
def test_points_that_a_debt_waits_for_are_not_there_to_be_taken(clawback):
    """Twelve points and a debt of ten are two points: taking five would leave the member below zero."""
    account, rules = Account((lot(12),), 10), programme(clawback=clawback)
    if clawback == "refuse":
        with pytest.raises(Conflict) as refused:
            claw_back(account, (lot(5),), 0, rules)
        assert refused.value.fields == {"required": 5, "available": 2, "missing": 3}
    else:
        clawed = claw_back(account, (lot(5),), 0, rules)
        assert (clawed.account.available, clawed.points, clawed.forgiven) == (0, 2, 3)


def test_a_reversal_is_never_refused():
    rules = programme(clawback="refuse")
    books = Books()
    books.buy(bought(line(1, 1000), programme=rules))
    books.does(spend, Spending("s", 7, "o", ZONE))
    books.reverse()
    assert (books.account.available, books.account.debt) == (-7, 7)


# ---- points that wait -----------------------------------------------------------------------------------------------

WEEK = programme(pending=Pending(pos=Days(days=7)))


def test_points_that_wait_become_available_where_their_day_begins():
    books = Books()
    entries = books.buy(bought(line(1, 1000), programme=WEEK))
    assert (of(entries, "pending").data["on"], of(entries, "pending").data["pending"]) == (TODAY + 7, 10)
    midnight = NOON.replace(hour=15) + timedelta(days=6)  # of Tokyo
    assert settle(books.account, midnight - timedelta(milliseconds=1), ZONE)[0].available == 0
    account, (step,) = settle(books.account, midnight, ZONE)
    assert (step.kind, step.points, account.waiting, account.lots) == ("activated", 10, 0, (lot(10),))


def test_a_receipt_whose_day_has_come_is_available_at_once():
    books = Books()
    books.buy(bought(line(1, 1000), programme=WEEK, occurred_at=NOON - timedelta(days=7)))
    assert (books.account.waiting, books.account.available) == (0, 10)


def test_an_order_that_is_completed_waits_from_then_on():
    books = Books()
    books.buy(bought(line(1, 1000), programme=WEEK, is_placed=True))
    books.forward(days=30)
    assert settle(books.account, books.at, ZONE)[0].available == 0
    books.complete()
    assert (books.account.pending, books.account.dated) == (0, ((TODAY + 37, lot(10, days=395)),))
    books.forward(days=7)
    assert settle(books.account, books.at, ZONE)[0].lots == (lot(10, days=395),)


def test_what_waits_for_another_day_is_let_alone():
    waiting = ((TODAY + 3, lot(10)), (TODAY + 4, lot(10)))
    clawed = claw_back(Account(dated=waiting), (lot(6),), TODAY + 4, Programme())
    assert clawed.account.dated == ((TODAY + 3, lot(10)), (TODAY + 4, lot(4)))
    assert (clawed.points, clawed.debt) == (0, 0)


def test_points_that_came_and_were_spent_are_owed_and_not_taken_from_what_waits_for_another_day():
    account = Account(dated=((TODAY + 3, lot(10)),))
    clawed = claw_back(account, (lot(6),), TODAY - 1, Programme())
    assert (clawed.account.dated, clawed.debt) == (account.dated, 6)


def test_pending_points_are_taken_from_the_pending_ones():
    clawed = claw_back(Account((lot(5),), pending=30), (lot(10),), UNTIL_COMPLETE, Programme())
    assert (clawed.account.pending, clawed.account.lots, clawed.points) == (20, (lot(5),), 0)


def test_waiting_points_pay_the_debt_when_they_come():
    books = Books(Account((), 4))
    books.buy(bought(line(1, 1000), programme=WEEK))
    assert (books.account.debt, books.account.available) == (4, -4)
    assert settle(books.account, NOON + timedelta(days=8), ZONE)[0].lots == (lot(6),)


# ---- points that slide ----------------------------------------------------------------------------------------------

SLIDING = programme(expiry=Expiry(kind="sliding", n=30))


def test_each_earning_moves_all_regular_points_to_its_own_last_day():
    books = Books(
        Account((lot(5, days=3, limited=True), lot(7, days=3), Lot(False, NEVER, 2), lot(9, days=3, paid=True)))
    )
    books.buy(bought(line(1, 1000), programme=SLIDING))
    kept = (lot(5, days=3, limited=True), lot(9, days=3, paid=True), lot(17, days=30), Lot(False, NEVER, 2))
    assert books.account.lots == kept


def test_a_return_takes_the_purchases_own_points_wherever_they_slid():
    """Not the campaign's limited points, which a spending would take first."""
    books = Books(Account((lot(50, days=40, limited=True),)))
    books.buy(bought(line(1, 1000), programme=SLIDING))
    first = books.sale, books.purchase, books.facts
    books.forward(days=10)
    books.buy(bought(line(1, 500), programme=SLIDING, occurred_at=books.at, purchase_id="p-2"))
    assert books.account.lots == (lot(50, days=40, limited=True), lot(15, days=40))
    books.sale, books.purchase, books.facts = first
    books.give_back()
    assert books.account.lots == (lot(50, days=40, limited=True), lot(5, days=40))


def test_a_late_receipt_lasts_as_long_as_the_latest_earning():
    books = Books()
    books.buy(bought(line(1, 1000), programme=SLIDING))
    books.buy(bought(line(1, 500), programme=SLIDING, occurred_at=NOON - timedelta(days=20), purchase_id="late"))
    assert books.account.lots == (lot(15, days=30),)
    books.give_back()
    assert books.account.lots == (lot(10, days=30),)


def test_what_was_spent_held_or_waited_meanwhile_has_moved_too_when_it_is_back():
    account = Account((lot(9, days=30),), slid=TODAY + 40)
    assert restore(account, [lot(4, days=30)], SLIDING, NOON)[0].lots == (lot(9, days=30), lot(4, days=40))
    held = Held(b"h", "h", NOON, (lot(4, days=30), lot(1, days=30, limited=True)))
    released = give_back(account._replace(holds=(held,)), held)
    assert released.lots == (lot(1, days=30, limited=True), lot(9, days=30), lot(4, days=40))
    waited = settle(account._replace(dated=((TODAY, lot(4, days=30)),)), NOON, ZONE)[0]
    assert waited.lots == (lot(9, days=30), lot(4, days=40))


def test_points_slide_with_an_earning_that_has_to_wait():
    rules = SLIDING.model_copy(update={"pending": Pending(pos=Days(days=7))})
    books = Books(Account((lot(9, days=3),)))
    books.buy(bought(line(1, 1000), programme=rules))
    assert books.account.lots == (lot(9, days=30),)
    assert settle(books.account, NOON + timedelta(days=7), ZONE)[0].lots == (lot(19, days=30),)


# ---- tiers ----------------------------------------------------------------------------------------------------------


def counted(books):
    return [points for _, points in books.account.earned]


def test_what_is_returned_does_not_count_for_the_tier_and_what_pends_does_not_either():
    books = Books()
    books.buy(bought(line(1, 1000, 2), is_placed=True))
    assert counted(books) == []
    books.give_back(Returned("1", quantity=1))
    assert counted(books) == []
    books.complete()
    assert counted(books) == [5]
    books.give_back()
    assert counted(books) == []


# ---- what holds for all ---------------------------------------------------------------------------------------------

LOTS = st.lists(
    st.builds(
        Lot,
        st.booleans(),
        st.one_of(st.just(NEVER), st.integers(TODAY - 20, TODAY + 40)),
        st.integers(1, 60),
        st.sampled_from([Source.PURCHASE, Source.AWARD]),
        st.booleans(),
    ),
    max_size=4,
).map(merged)
FREE = LOTS.map(lambda lots: tuple(one._replace(is_paid=False, source=Source.PURCHASE) for one in lots)).map(merged)
POLICIES = st.builds(
    lambda expired, clawback: programme(refund_expired=expired, clawback=clawback),
    st.sampled_from([RefundExpired(), RefundExpired(kind="grace", days=3), RefundExpired(kind="reissue")]),
    st.sampled_from(["debt", "clamp"]),
)


@settings(max_examples=200)
@given(LOTS, st.integers(0, 40), LOTS, FREE, POLICIES)
def test_nothing_is_lost_and_nothing_comes_from_nowhere(lots, debt, used, earned, rules):
    account, _ = settle(Account(lots, debt), NOON, ZONE)
    decided = take_back(account, taking(used, earned, rules), NOON)
    after, steps = decided.state, own(decided)
    returned, restored = steps[-1], steps[0] if used else None
    forfeited = restored.data.get("forfeited", 0) if restored else 0
    assert (restored.points if restored else 0) + forfeited == total(used)
    assert returned.data["clawed"] + returned.data.get("forgiven", 0) == total(earned)
    assert after.available == account.available + total(used) - forfeited - returned.data["clawed"]
    assert after.debt == debt + returned.data["debt"]
    assert total(one for one in after.lots if one.is_paid) >= account.paid, "what was paid for stays"
    if rules.clawback == "clamp":
        assert after.debt == debt
        assert after.available >= min(0, account.available)


@settings(max_examples=100)
@given(LOTS, FREE, st.integers(0, 3))
def test_what_an_account_has_got_is_taken_back_to_the_lot(lots, earned, debt):
    """Given in, and taken back before anything else happens: the same account, lots and debt."""
    account, _ = settle(Account(() if debt else lots, debt), NOON, ZONE)
    sale = bought(line(1, 100 * total(earned)))
    books = Books(account)
    books.buy(sale)
    books.give_back()
    assert comparable(books.account) == comparable(account)
