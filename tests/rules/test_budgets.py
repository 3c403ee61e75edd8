"""What a budget's chain and a member's chain decide about awards: caps, months, days, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as some

from points import accepting, budgets
from points.accepting import Revoking
from points.balances import ACCOUNT, Account
from points.budgets import BUDGET, LATE_MAX, BudgetState, Giving, GivingBack, Late, Taken
from points.merging import together
from points.programme import Programme
from shared import chain, clock
from shared.chain import Entry, Part
from shared.errors import Conflict
from tests.kit import NOON

TOKYO_MIDNIGHT = clock.from_text("2026-11-30T15:00:00Z")  # December begins
TICK = timedelta(milliseconds=1)


def giving(award_id="a", points=100, **changes: Any) -> Giving:
    told: dict[str, Any] = {
        "partner_id": "cafe",
        "member_id": "taro",
        "member_seen": 0,
        "reason": "latte",
        "occurred_at": NOON,
        "budget_kind": "monthly",
        "budget": 1000,
        "per_member_day": 300,
        "per_day": 500,
        "programme": Programme(),
    }
    return Giving(award_id=award_id, points=points, **(told | changes))


def take(state, at=NOON, points=100, **changes):
    """The state after a taking, and the taking."""
    one = giving(points=points, **changes)
    decided = budgets.take(state, one, at)
    return decided.state, Taken(one, decided.state.entries, at)


def back(state, taken, at=NOON, why: Any = "reversed"):
    return budgets.give_back(state, GivingBack(taken.giving, taken, why), at).state


# ---- the budget -----------------------------------------------------------------------------------------------------


def test_a_taking_counts_in_its_month_on_its_day_and_for_ever():
    state, _ = take(BudgetState())
    state, _ = take(state, points=50)
    assert (state.period, state.used, state.total, state.day_used, state.entries) == ("2026-11", 150, 150, 150, 2)


def test_a_taking_is_told_with_its_member_and_the_time_at_which_it_happened():
    (step,) = budgets.take(BudgetState(), giving(occurred_at=NOON - timedelta(hours=3)), NOON).steps
    assert (step.kind, step.ref, step.occurred_at) == ("taken", ("award", "a"), NOON - timedelta(hours=3))
    item = chain.next_item(
        BUDGET, chain.head_of(BUDGET, "P#cafe", None), [Part(b"operates", (step,))], BudgetState(), NOON
    )
    (entry,) = chain.entries_of(item)
    assert budgets.member_of(entry) == "taro"
    assert "latte" not in str(item), "a chain holds no free text"


@pytest.mark.parametrize(
    ("changes", "code"), [({"budget": 199}, "budget_exceeded"), ({"per_day": 199}, "cap_exceeded"), ({}, None)]
)
def test_a_budget_and_its_days_cap_are_kept_to_the_last_point(changes, code):
    state, _ = take(BudgetState())
    if code is None:
        assert take(state, budget=200, per_day=200)[0].used == 200
        return
    with pytest.raises(Conflict) as refused:
        take(state, **changes)
    assert refused.value.code == code


def test_a_month_ends_at_the_programmes_midnight_and_a_prepaid_budget_never():
    state, _ = take(BudgetState(), TOKYO_MIDNIGHT - TICK, budget=100)
    with pytest.raises(Conflict):
        take(state, TOKYO_MIDNIGHT - TICK, budget=100)
    with pytest.raises(Conflict):
        take(state, TOKYO_MIDNIGHT, budget=100, budget_kind="prepaid")
    state, _ = take(state, TOKYO_MIDNIGHT, budget=100)
    assert (state.period, state.used, state.total, state.day_used) == ("2026-12", 100, 200, 100)


def test_what_comes_back_counts_again_in_its_month_and_on_its_day():
    state, first = take(BudgetState())
    state, _ = take(state, NOON + timedelta(days=1))
    state = back(state, first, NOON + timedelta(days=1))
    assert (state.used, state.total, state.day_used, state.late) == (100, 100, 100, ())


@pytest.mark.parametrize("why", ["refused", "reversed"])
def test_what_comes_back_a_month_later_is_none_of_that_months_and_is_noted(why):
    state, taken = take(BudgetState(), TOKYO_MIDNIGHT - TICK)
    state, _ = take(state, TOKYO_MIDNIGHT, points=30)
    state = back(state, taken, TOKYO_MIDNIGHT, why)
    assert (state.used, state.total, state.day_used) == (30, 30, 30)
    assert state.late == (Late(taken.number, why == "refused"),)


def test_an_award_that_never_came_is_closed_with_nothing():
    state, _ = take(BudgetState())
    decided = budgets.give_back(state, GivingBack(giving("b"), None, "reversed"), NOON)
    assert (decided.state.used, decided.state.entries) == (100, 2)
    assert decided.steps[0].data == {}


def test_more_than_the_state_can_name_is_found_where_the_state_points_to():
    states = [BudgetState()]
    takings: list[Taken] = []
    for _ in range(3 * LATE_MAX + 1):
        state, taken = take(states[-1], points=1)
        states, takings = [*states, state], [*takings, taken]
    for taken in takings:
        states.append(back(states[-1], taken, TOKYO_MIDNIGHT))
    assert every_late(states) == {taken.number: False for taken in takings}
    assert len(states[-1].late) == 1


acts = some.lists(
    some.tuples(some.sampled_from([0, 0, 1, 9, 40]), some.booleans(), some.integers(0, 60), some.booleans()),
    max_size=70,
)


@given(acts)
def test_a_budgets_state_is_what_its_takings_say(acts):
    """Against a list of all takings: the sums, and what came back late, however many months lie between."""
    state, at = BudgetState(), NOON
    states = [state]
    standing: list[Taken] = []
    late: dict[int, bool] = {}
    for days, is_taking, number, is_refused in acts:
        at += timedelta(days=days)
        if is_taking or not standing:
            state, new = take(state, at, points=number + 1, budget=10**6, per_day=10**6)
            standing.append(new)
        else:
            one = standing.pop(number % len(standing))
            state = back(state, one, at, "refused" if is_refused else "reversed")
            if month_of(one.at) != month_of(at):
                late[one.number] = is_refused
        states.append(state)
        assert state.total == sum(one.giving.points for one in standing)
        assert state.used == sum(one.giving.points for one in standing if month_of(one.at) == month_of(at))
        assert state.day_used == sum(one.giving.points for one in standing if day_of(one.at) == day_of(at))
        assert state.entries == len(states) - 1
        assert len(state.late) <= LATE_MAX
        assert BUDGET.unpack(BUDGET.pack(state)) == state
    assert every_late(states) == late


def day_of(at):
    return Programme().day(at)


def month_of(at):
    return f"{day_of(at):%Y-%m}"


def every_late(states):
    """As a statement finds them: from the newest state back to the first that knows of any."""
    found: dict[int, bool] = {}
    number = len(states) - 1
    while number:
        found |= {one.taken: one.is_refused for one in states[number].late}
        number = states[number].late_before
    return found


# ---- the member's chain ---------------------------------------------------------------------------------------------


def test_a_member_accepts_up_to_the_partners_cap_of_the_day_and_refuses_by_an_entry():
    account = Account()
    for n, expected in enumerate(("earned", "earned", "earned", "refused")):
        decided = accepting.accept(account, Taken(giving(f"a{n}"), n + 1, NOON), NOON)
        account = decided.state
        assert [step.kind for step in decided.steps] == [expected]
    assert account.available == 300
    refusal = decided.steps[0]
    assert (refusal.points, refusal.data["cap"], refusal.data["limit"]) == (0, "per_member_day", 300)
    other = accepting.accept(account, Taken(giving("b", partner_id="bakery"), 1, NOON), NOON)
    assert other.state.available == 400, "another partner has a cap of its own"


def test_a_members_answer_tells_where_the_budget_took_it():
    for n in range(4):
        taken = Taken(giving(f"a{n}", points=300), 70_000 + n, NOON + timedelta(milliseconds=n))
        account = Account(awards=(("cafe", Programme().day(NOON).toordinal(), 300 * (n % 2)),))
        assert accepting.taken_of(taken.giving, answer(account, taken)) == taken


def answer(account, taken, at=NOON):
    decided = accepting.accept(account, taken, at)
    before = chain.Head("M#taro", 0, at, account)
    item = chain.next_item(ACCOUNT, before, [Part(b"operates", decided.steps)], decided.state, at)
    return chain.entries_of(item)[-1]


def test_a_revoked_award_takes_its_points_and_gives_the_members_day_back():
    entry = answer(Account(), Taken(giving(), 1, NOON))
    account = accepting.accept(Account(), Taken(giving(), 1, NOON), NOON).state
    account = accepting.accept(account, Taken(giving("b", points=200), 2, NOON), NOON).state
    decided = accepting.revoke(account, Revoking(giving(), (entry,)), NOON)
    (step,) = decided.steps
    assert (step.kind, step.points, step.data["carry"]) == ("reversed", -100, ["points", giving().name])
    assert decided.state.available == 200
    again = accepting.accept(decided.state, Taken(giving("c"), 4, NOON), NOON)
    assert again.steps[0].kind == "earned"


@given(some.lists(some.tuples(some.integers(1, 200), some.sampled_from([0, 0, 7, 24]), some.booleans()), max_size=25))
def test_a_partner_never_gives_a_member_more_in_a_day_than_its_cap(acts):
    account, at = Account(), NOON
    standing: list[tuple[Giving, Entry]] = []
    for points, hours, is_reversal in acts:
        at += timedelta(hours=hours)
        if is_reversal and standing:
            one, entry = standing.pop()
            account = accepting.revoke(account, Revoking(one, (entry,)), at).state
        else:
            one = giving(points=points)
            decided = accepting.accept(account, Taken(one, 1, at), at)
            item = chain.next_item(
                ACCOUNT, chain.Head("M#taro", 0, at, account), [Part(b"operates", decided.steps)], decided.state, at
            )
            account, entry = decided.state, chain.entries_of(item)[-1]
            if entry.kind == "earned":
                standing.append((one, entry))
        day = Programme().day(at)
        of_today = sum(one.points for one, entry in standing if Programme().day(entry.recorded_at) == day)
        assert of_today == accepting.given_today(account, "cafe", day.toordinal()) <= 300


ON_DAYS = some.lists(some.tuples(some.integers(0, 9), some.integers(0, 9), some.booleans()), max_size=12)


@given(ON_DAYS, ON_DAYS)
def test_what_one_of_two_was_given_on_a_day_stays_counted_whatever_is_taken_back_when_they_are_one(before, after):
    accounts, at = {"taro": Account(), "hanako": Account()}, NOON
    standing: list[tuple[Giving, Entry]] = []
    for n, (number, hours, is_reversal) in enumerate((*before, *after)):
        at += timedelta(hours=hours)
        if n == len(before):
            accounts = {"hanako": together(accounts["hanako"], accounts["taro"])}
        if is_reversal and standing:
            one, entry = standing.pop(number % len(standing))
            who = one.member_id if one.member_id in accounts else "hanako"
            accounts[who] = accepting.revoke(accounts[who], Revoking(one, (entry,)), at).state
        else:
            who = sorted(accounts)[number % len(accounts)]
            taken = Taken(giving(points=25 * (number + 1), member_id=who), 1, at)
            entry = answer(accounts[who], taken, at)
            accounts[who] = accepting.accept(accounts[who], taken, at).state
            if entry.kind == "earned":
                standing.append((taken.giving, entry))
        of_today = [one for one, entry in standing if day_of(entry.recorded_at) == day_of(at)]
        counted = [accepting.given_today(one, "cafe", day_of(at).toordinal()) for one in accounts.values()]
        assert sum(one.points for one in of_today) == sum(counted)


def test_what_is_taken_back_of_yesterday_leaves_today_counted():
    """Both days stand beside one another where two members became one."""
    yesterday = NOON - timedelta(days=1)
    entry = answer(Account(), Taken(giving(), 1, yesterday), yesterday)
    days = [Programme().day(when).toordinal() for when in (yesterday, NOON)]
    others = (("bakery", days[1], 40), ("cafe", days[1], 300))
    account = Account(awards=(("cafe", days[0], 100), *others))
    after = accepting.revoke(account, Revoking(giving(), (entry,)), NOON).state
    assert after.awards == (*others, ("cafe", days[0], 0))
    assert accepting.accept(after, Taken(giving("b", points=1), 2, NOON), NOON).steps[-1].kind == "refused"
    next_day = accepting.accept(after, Taken(giving("c"), 3, NOON), NOON + timedelta(days=1)).state
    assert next_day.awards == (("cafe", days[1] + 1, 100),)
