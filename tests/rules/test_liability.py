"""The liability report's sums: by month, kind, source and consideration; what stands apart; nothing lost in packing."""

from datetime import UTC, date, datetime

from hypothesis import given, strategies as st

from points.balances import Account, Held, later
from points.liability import Sums
from points.lots import NEVER, Lot, Source, merged, total

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)


def day(text):
    return date.fromisoformat(text).toordinal()


def summed(*accounts):
    sums = Sums()
    for account in accounts:
        sums.add(account)
    return sums


def test_points_are_summed_by_the_month_in_which_they_end():
    one = Account(merged([Lot(False, day("2027-11-01"), 10), Lot(False, day("2027-11-30"), 20)]))
    other = Account(merged([Lot(False, day("2027-12-01"), 5), Lot(False, day("2027-11-15"), 7)]))
    rows = summed(one, other).by_month()
    assert [(row.month, row.points) for row in rows] == [("2027-11", 37), ("2027-12", 5)]


def test_kind_source_and_consideration_stand_apart_and_what_never_ends_comes_last():
    november = day("2027-11-20")
    lots = [
        Lot(False, NEVER, 1),
        Lot(False, november, 2, Source.AWARD),
        Lot(False, november, 3),
        Lot(True, november, 4, Source.ACTION),
        Lot(False, november, 5, Source.ADJUSTMENT, is_paid=True),
        Lot(True, NEVER, 6, Source.CHECKIN),
    ]
    rows = summed(Account(merged(lots))).by_month()
    assert [(row.month, row.kind, row.consideration, row.source, row.points) for row in rows] == [
        ("2027-11", "limited", "free", "action", 4),
        ("2027-11", "regular", "free", "purchase", 3),
        ("2027-11", "regular", "free", "award", 2),
        ("2027-11", "regular", "paid", "adjustment", 5),
        (None, "limited", "free", "checkin", 6),
        (None, "regular", "free", "purchase", 1),
    ]


def test_held_pending_and_debt_stand_apart_and_paid_points_are_told_wherever_they_are():
    paid = Lot(False, day("2027-11-20"), 50, is_paid=True)
    held = Held(b"12345678", "h", NOON, (Lot(False, day("2027-11-20"), 30), paid))
    account = later(Account((Lot(False, NEVER, 10),), pending=7, holds=(held,)), day("2026-12-01"), paid)
    sums = summed(account, Account(debt=3), Account())
    assert (sums.total, sums.held, sums.pending, sums.debt, sums.paid, sums.members) == (10, 80, 57, 3, 100, 2)


ACCOUNTS = st.builds(
    lambda lots, debt, pending: Account(lots, debt, pending=pending),
    st.lists(
        st.builds(
            Lot,
            st.booleans(),
            st.one_of(st.just(NEVER), st.integers(day("2026-11-20"), day("2029-03-01"))),
            st.integers(1, 10**9),
            st.sampled_from(Source),
            st.booleans(),
        ),
        max_size=20,
    ).map(merged),
    st.integers(0, 100),
    st.integers(0, 1000),
)


@given(st.lists(ACCOUNTS, max_size=8))
def test_the_total_is_the_sum_of_all_balances_and_debts(accounts):
    sums = summed(*accounts)
    assert sums.total == sum(account.available + account.debt for account in accounts)
    assert sums.total == sum(row.points for row in sums.by_month())
    keys = [(row.month, row.kind, row.consideration, row.source) for row in sums.by_month()]
    assert len(set(keys)) == len(keys)
    assert sums.paid == sum(total(lot for lot in account.lots if lot.is_paid) for account in accounts)


@given(st.lists(ACCOUNTS, max_size=4), st.lists(ACCOUNTS, max_size=4))
def test_sums_that_were_kept_in_between_are_the_same_sums(first, then):
    kept = Sums.unpack(summed(*first).pack())
    for account in then:
        kept.add(account)
    assert kept == summed(*first, *then)
    assert Sums.unpack(kept.pack()) == kept
