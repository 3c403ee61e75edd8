"""What falls due by itself: on which day, each reminder once, and the one alarm that is on its way."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from points import attending, dues
from points.attending import Attending
from points.balances import Account, add, later, put_back, settle, take
from points.dues import asking, next_day
from points.lots import NEVER, Lot, Source, merged
from points.programme import Programme
from shared.chain import Decided, Entry, Step
from shared.errors import Conflict
from shared.events import of_entry

ZONE = "Asia/Tokyo"
TODAY = date(2026, 11, 20).toordinal()
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
LOOK = Attending(Programme())


def at_day(day):
    """Noon of a day in Tokyo."""
    return NOON + timedelta(days=day - TODAY)


def lot(last_day, points=10, *, is_limited=False, **rest):
    return Lot(is_limited, last_day, points, **rest)


def after(account, change, day=TODAY):
    """An account after an operation, as every rule leaves it: settled, then changed, then looked ahead."""
    at = at_day(day)
    settled, steps = settle(account, at, ZONE)
    return asking(account, Decided(change(settled), (*steps, Step("earned"))), at, ZONE)


def earning(*lots):
    return lambda account: add(account, *lots)


def look(account, day):
    """What the job's look decides on a day; None if nothing was due."""
    try:
        return attending.attend(account, LOOK, at_day(day))
    except Conflict:
        return None


def reminders(decided):
    """The reminders of an operation as the world is told of them."""
    found = []
    for step in decided.steps:
        entry = Entry("M#taro", 1, step.kind, 0, 0, NOON, NOON, b"", None, step.data)
        found += [event["data"] for event in of_entry(entry) if event["type"] == "omotenashi.points.expiring.v1"]
    return [(one["on"], one["kind"], one["days_left"], one["points"]) for one in found]


def said(decided):
    if decided is None:
        return []
    return [(last, left) for last, _, left, _ in reminders(decided)]


def on(day):
    return date.fromordinal(day).isoformat()


# ---- which day ------------------------------------------------------------------------------------------------------


def test_an_account_without_anything_needs_no_day():
    assert next_day(Account(), TODAY) is None
    assert next_day(Account((lot(NEVER),), debt=3), TODAY) is None


@pytest.mark.parametrize(
    ("days_left", "day"), [(365, 335), (31, 1), (30, 23), (8, 1), (7, 6), (2, 1), (1, 2), (0, 1), (-5, 1)]
)
def test_a_lot_is_reminded_of_at_30_7_and_1_days_and_gone_on_the_day_after_its_last(days_left, day):
    assert next_day(Account((lot(TODAY + days_left),)), TODAY) == TODAY + day


def test_the_earliest_of_everything_counts():
    lots = merged([lot(TODAY + 200), lot(TODAY + 100, is_limited=True), lot(NEVER, is_limited=True)])
    assert next_day(Account(lots), TODAY) == TODAY + 70
    assert next_day(later(Account(lots), TODAY + 12, lot(TODAY + 400)), TODAY) == TODAY + 12
    assert next_day(Account(lots), TODAY, [TODAY + 41]) == TODAY + 41
    assert next_day(Account(), TODAY, [TODAY + 41]) == TODAY + 41


LOTS = st.lists(
    st.builds(
        Lot,
        st.booleans(),
        st.one_of(st.just(NEVER), st.integers(TODAY - 3, TODAY + 60)),
        st.integers(1, 100),
        st.sampled_from(Source),
        st.booleans(),
    ),
    max_size=30,
).map(merged)


@given(LOTS, st.lists(st.integers(TODAY + 1, TODAY + 50), max_size=3))
def test_the_day_is_that_of_a_search_through_everything(lots, dated):
    account = Account(lots)
    for day in dated:
        account = later(account, day, lot(TODAY + 400))
    days = [one.last_day + 1 for one in lots if one.last_day]
    days += [one.last_day - k for one in lots if one.last_day for k in (30, 7, 1) if one.last_day - k > TODAY]
    days += dated
    assert next_day(account, TODAY) == (max(min(days), TODAY + 1) if days else None)


class Counting(tuple[Lot, ...]):
    __slots__ = ()
    looked = 0

    def __getitem__(self, n):
        Counting.looked += 1
        return super().__getitem__(n)


def test_a_year_of_daily_lots_is_not_read_through():
    account = Account(Counting(lot(TODAY + n) for n in range(366)), told=TODAY)
    Counting.looked = 0
    assert next_day(account, TODAY) == TODAY + 1
    assert Counting.looked < 100
    account = account._replace(lots=Counting(account.lots[200:]))
    Counting.looked = 0
    assert next_day(account, TODAY) == TODAY + 170
    assert Counting.looked < 50


# ---- the alarm ------------------------------------------------------------------------------------------------------


def test_the_last_entry_asks_for_the_alarm_and_the_account_remembers_it():
    decided = after(Account(), earning(lot(TODAY + 365)))
    assert decided.steps[-1].data == {"alarm": TODAY + 335}
    assert decided.state.alarm == TODAY + 335


def test_a_later_due_day_asks_for_nothing_and_an_earlier_one_does():
    account = after(Account(), earning(lot(TODAY + 365))).state
    assert "alarm" not in after(account, earning(lot(TODAY + 372)), TODAY + 7).steps[-1].data
    sooner = after(account, earning(lot(TODAY + 100, is_limited=True)), TODAY + 7)
    assert sooner.steps[-1].data == {"alarm": TODAY + 70}


@pytest.mark.parametrize("days_left", [0, 1, 2, 8, 31])
def test_an_alarm_is_never_asked_for_before_the_day_after_tomorrow(days_left):
    assert after(Account(), earning(lot(TODAY + days_left))).state.alarm == TODAY + 2


def test_an_alarm_whose_day_has_come_is_asked_for_anew():
    account = after(Account(), earning(lot(TODAY + 365))).state
    assert after(account, earning(), TODAY + 335).state.alarm == TODAY + 358
    assert after(account, earning(), TODAY + 340).state.alarm == TODAY + 358


def test_nothing_is_asked_for_where_nothing_will_be_due():
    decided = after(Account(), earning(lot(NEVER)))
    assert (decided.state.alarm, decided.steps[-1].data) == (0, {})


def test_a_year_of_weekly_visits_asks_once():
    account, asked = Account(), 0
    for week in range(47):
        decided = after(account, earning(lot(TODAY + week * 7 + 365)), TODAY + week * 7)
        account, asked = decided.state, asked + ("alarm" in decided.steps[-1].data)
    assert asked == 1


def test_a_rule_that_wrote_nothing_asks_for_nothing():
    account = Account((lot(TODAY + 365),))
    assert asking(account, Decided(account, ()), NOON, ZONE).steps == ()


# ---- reminders ------------------------------------------------------------------------------------------------------


def test_a_lot_is_reminded_of_three_times_and_then_expires():
    account = after(Account(), earning(lot(TODAY + 40, 55))).state
    found = []
    for day in range(TODAY, TODAY + 50):
        decided = look(account, day)
        if decided is not None:
            account = decided.state
            found.append((day - TODAY, said(decided), [step.kind for step in decided.steps]))
    last = on(TODAY + 40)
    assert found == [
        (10, [(last, 30)], ["reminded"]),
        (33, [(last, 7)], ["reminded"]),
        (39, [(last, 1)], ["reminded"]),
        (41, [], ["expired"]),
    ]


def test_a_reminder_tells_what_it_is_about():
    lots = [lot(TODAY + 40, 5), lot(TODAY + 40, 6, source=Source.AWARD), lot(TODAY + 40, 7, is_limited=True)]
    account = after(Account(), earning(*lots)).state
    (step,) = look(account, TODAY + 10).steps
    assert (step.points, step.is_due, step.ref) == (0, True, None)
    last = on(TODAY + 40)
    assert reminders(look(account, TODAY + 10)) == [(last, "regular", 30, 11), (last, "limited", 30, 7)]
    assert look(account, TODAY + 10).state.alarm == TODAY + 33


def test_any_entry_says_what_is_due_and_the_job_then_says_nothing():
    account = after(Account(), earning(lot(TODAY + 40))).state
    decided = after(account, earning(lot(TODAY + 375)), TODAY + 10)
    assert said(decided) == [(on(TODAY + 40), 30)]
    assert decided.steps[-1].data["alarm"] == TODAY + 33
    assert look(decided.state, TODAY + 10) is None
    assert attending.alarm_for(decided.state, LOOK, at_day(TODAY + 10)) is None  # it is on its way


def test_a_look_in_vain_tells_the_day_of_the_next():
    account = after(Account(), earning(lot(TODAY + 40), lot(TODAY + 60))).state
    account = after(account, lambda settled: take(settled, 10)[0], TODAY + 3).state
    assert look(account, TODAY + 10) is None
    assert attending.alarm_for(account, LOOK, at_day(TODAY + 10)) == TODAY + 30


def test_a_late_job_says_only_the_latest():
    account = after(Account(), earning(lot(TODAY + 40))).state
    assert said(look(account, TODAY + 35)) == [(on(TODAY + 40), 5)]
    assert said(look(account, TODAY + 40)) == [(on(TODAY + 40), 0)]
    assert [step.kind for step in look(account, TODAY + 41).steps] == ["expired"]


def test_what_came_only_now_is_not_reminded_of_days_that_have_been():
    account = after(Account(), earning(lot(TODAY + 365))).state
    decided = after(account, earning(lot(TODAY + 120, is_limited=True)), TODAY + 100)
    assert said(decided) == []
    assert said(look(decided.state, TODAY + 112)) == []
    assert said(look(decided.state, TODAY + 113)) == [(on(TODAY + 120), 7)]


def test_a_lot_whose_last_day_is_over_is_not_reminded_of_even_if_nobody_settled():
    account = Account((lot(TODAY - 1),), told=TODAY - 3)
    assert said(asking(account, Decided(account, (Step("earned"),)), NOON, ZONE)) == []


def test_what_was_spent_is_not_reminded_of():
    account = after(Account(), earning(lot(TODAY + 40))).state
    spending = after(account, lambda settled: take(settled, 10)[0], TODAY + 10)
    assert said(spending) == []
    again = after(spending.state, lambda settled: put_back(settled, [lot(TODAY + 40)]), TODAY + 12)
    assert said(again) == []
    assert again.state.alarm == TODAY + 33


# ---- random lives ---------------------------------------------------------------------------------------------------

EARN = st.tuples(st.just("earn"), st.integers(1, 50), st.integers(0, 45), st.booleans())
WAIT = st.tuples(st.just("wait"), st.integers(1, 50), st.integers(1, 20), st.integers(1, 45))
SPEND = st.tuples(st.just("spend"), st.integers(1, 60))
DAY = st.lists(st.one_of(EARN, WAIT, SPEND), max_size=2)


def changed(account, today, act):
    """An account after one operation of a random life."""
    if act[0] == "earn":
        return add(account, lot(today + act[2], act[1], is_limited=act[3]))
    if act[0] == "wait":
        return later(account, today + act[2], lot(today + act[2] + act[3], act[1]))
    return take(account, min(act[1], max(0, account.available)))[0]


class Life:
    """A member, the alarms on their way, and the job's place."""

    def __init__(self):
        self.account, self.alarms, self.done, self.said = Account(), set(), TODAY, []

    def keep(self, decided, day):
        self.account = decided.state
        self.said += [(*one[:3], day) for one in reminders(decided)]
        for step in decided.steps:
            if "alarm" in step.data:
                assert step.data["alarm"] >= day + 2
                self.alarms.add(step.data["alarm"])

    def act(self, day, act):
        self.keep(after(self.account, lambda settled: changed(settled, day, act), day), day)

    def job(self, day):
        for _ in [one for one in self.alarms if self.done <= one <= day]:
            decided = look(self.account, day)
            if decided is not None:
                following = decided.state.alarm
                self.keep(decided, day)
            else:
                following = attending.alarm_for(self.account, LOOK, at_day(day))
            if following is not None:
                assert following > day or decided is not None
                self.alarms.add(following)
        self.done = day + 1


@settings(max_examples=60)
@given(st.lists(st.tuples(DAY, st.booleans()), min_size=1, max_size=100))
def test_each_reminder_is_said_once_however_the_job_runs(days):
    life = Life()
    for n, (acts, job_runs) in enumerate(days):
        for act in acts:
            life.act(TODAY + n, act)
        if job_runs:
            life.job(TODAY + n)
    for last, _, left, day in life.said:
        assert date.fromisoformat(last).toordinal() - day == left >= 0
    stages = [(last, kind, min(k for k in dues.REMINDED_DAYS_BEFORE if left <= k)) for last, kind, left, _ in life.said]
    assert len(set(stages)) == len(stages)


@settings(max_examples=60)
@given(st.lists(DAY, min_size=1, max_size=90))
def test_a_job_that_runs_daily_forgets_no_reminder_and_no_expiry(days):
    life, there = Life(), {}
    for n, acts in enumerate([*days, *[[]] * 60]):
        today = TODAY + n
        for act in acts:
            life.act(today, act)
        life.job(today)
        there[today] = {one.key: one for one in life.account.lots}
        for key, one in there[today].items():
            old = all(key in there.get(day, ()) for day in (today - 2, today - 1))
            if old and one.last_day - today in dues.REMINDED_DAYS_BEFORE:
                kind = "limited" if one.is_limited else "regular"
                assert (on(one.last_day), kind, one.last_day - today, today) in life.said
            assert one.last_day >= today - 1  # settled by the job, a day late where an entry could not ask sooner


@settings(max_examples=60)
@given(st.lists(st.tuples(DAY, st.booleans()), min_size=1, max_size=80))
def test_expiry_by_alarm_and_at_reading_give_the_same_balances(days):
    life, without = Life(), Account()
    for n, (acts, job_runs) in enumerate(days):
        today = TODAY + n
        if job_runs:
            life.job(today)
        for act in acts:
            life.act(today, act)
            without = changed(settle(without, at_day(today), ZONE)[0], today, act)
        for hours in (0, 11, 13, 400):
            at = at_day(today) + timedelta(hours=hours)
            read, lazy = settle(life.account, at, ZONE)[0], settle(without, at, ZONE)[0]
            assert (read.available, read.waiting, read.lots) == (lazy.available, lazy.waiting, lazy.lots)
