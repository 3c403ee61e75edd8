"""Lots: order of spending, expiry by the calendar, packed form."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st

from points.balances import ACCOUNT, Account, Capped, Held, add, later, settle, take
from points.lots import NEVER, Lot, Source, expires_by, expiry, merged, pack_lots, unpack_lots

ZONE = "Asia/Tokyo"
TODAY = date(2026, 11, 20).toordinal()
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)

LOTS = st.lists(
    st.builds(
        Lot,
        st.booleans(),
        st.one_of(st.just(NEVER), st.integers(TODAY - 40, TODAY + 400)),
        st.integers(1, 10**9),
        st.sampled_from(Source),
        st.booleans(),
    ),
    max_size=30,
).map(merged)
ACCOUNTS = LOTS.map(Account)
HOLDS = st.lists(
    st.builds(
        Held,
        st.binary(min_size=8, max_size=8),
        st.just("h"),
        st.integers(0, 900).map(lambda h: NOON + timedelta(hours=11 * h)),
        LOTS,
    ),
    max_size=4,
    unique_by=lambda held: held.mark,
).map(tuple)
DATED = st.lists(st.tuples(st.integers(TODAY - 3, TODAY + 60), LOTS), max_size=3)


def dated(account, days):
    for day, lots in days:
        for lot in lots:
            account = later(account, day, lot)
    return account


HOLDING = st.builds(lambda account, holds, days: dated(account._replace(holds=holds), days), ACCOUNTS, HOLDS, DATED)
TIMES = st.integers(0, 800).map(lambda hours: NOON + timedelta(hours=12 * hours))


@given(LOTS)
def test_lots_come_back_from_their_packed_form(lots):
    assert unpack_lots(pack_lots(lots)) == lots


@given(HOLDING, st.integers(0, 10**6), st.integers(-(10**6), 10**6).filter(bool), st.integers(0, 10**6))
def test_an_account_comes_back_from_its_packed_form(account, debt, earned, number):
    whole = account._replace(
        debt=debt,
        pending=number,
        earned=((24300, earned), (24311, number + 1)),
        awards=(("cafe", TODAY, 5),),
        caps=(Capped("own-bag", 25, ((TODAY, 5),)),),
        purchases=number,
        slid=TODAY,
        alarm=TODAY + 335,
        returned=tuple((held.mark, held.lots) for held in account.holds),
    )
    assert ACCOUNT.unpack(ACCOUNT.pack(whole)) == whole


def test_a_year_of_daily_lots_is_packed_within_two_kilobytes():
    lots = merged(Lot(False, TODAY + n, 100 + n) for n in range(366))
    assert len(pack_lots(lots)) < 366 * 4 + 8


def test_limited_points_go_first_then_the_earliest_day_then_what_never_expires():
    account = Account(
        merged([Lot(False, NEVER, 1), Lot(False, TODAY, 2), Lot(True, TODAY + 9, 3), Lot(True, TODAY + 1, 4)])
    )
    _, taken = take(account, 10)
    assert [lot.points for lot in taken] == [4, 3, 2, 1]


@given(ACCOUNTS, st.data())
def test_what_is_taken_is_what_is_missing_and_never_more_than_a_lot_had(account, data):
    points = data.draw(st.integers(0, account.available))
    after, taken = take(account, points)
    assert sum(lot.points for lot in taken) == points
    assert after.available == account.available - points
    assert merged([*after.lots, *taken]) == account.lots


@given(HOLDING, TIMES, TIMES)
def test_settling_early_changes_nothing(account, first, second):
    early, late = sorted((first, second))
    once, steps = settle(account, late, ZONE)
    half, before = settle(account, early, ZONE)
    twice, after = settle(half, late, ZONE)
    assert (once, steps) == (twice, before + after)


@given(HOLDING, TIMES)
def test_what_falls_due_is_said_in_order_of_time_and_sums_up(account, at):
    after, steps = settle(account, at, ZONE)
    assert sum(step.points for step in steps) == after.available - account.available
    times = [step.occurred_at for step in steps if step.occurred_at is not None]
    assert len(times) == len(steps)
    assert times == sorted(times)
    assert all(step.is_due for step in steps)
    assert all(time <= at for time in times)


def test_points_last_until_midnight_where_the_programme_lives():
    lot = Lot(False, TODAY, 5)
    assert expiry(lot, ZONE) == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert not expires_by(lot, datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC), ZONE)
    assert expires_by(lot, datetime(2026, 11, 20, 15, tzinfo=UTC), ZONE)


@given(ACCOUNTS, st.integers(0, 1000), st.integers(0, 1000))
def test_earned_points_pay_the_debt_first(account, debt, earned):
    owing = Account(account.lots, debt)
    after = add(owing, Lot(False, TODAY + 5, earned))
    assert after.debt == max(0, debt - earned)
    assert after.available == owing.available + earned
