"""What an action earns in a member's account: rules for it alone, within caps that only cut."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from points.acting import Acting, act
from points.arriving import Arrival, arrive
from points.balances import Account
from points.earning import relevant
from points.lots import Lot, Source, unpack_lots
from points.packing import pack_acting, unpack_acting
from points.programme import Programme
from tests.kit import NOON

TODAY = NOON.date().toordinal()


def bonus(rule_id, points, *actions, **more):
    when = {"actions": actions, **more.pop("when", {})}
    return {"rule_id": rule_id, "kind": "bonus", "points": points, "when": when, **more}


def programme(*rules, **more):
    base = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
    return Programme.model_validate_json(json.dumps({"earning": [base, *rules], **more}))


def acting(settings, action="own-bag", at=NOON, store_id="shibuya"):
    rules = relevant(settings, "pos", store_id, at, (), action=action)
    return Acting("a-1", action, at, rules, store_id, "staff-7")


OWN_BAG = bonus("bag", 5, "own-bag", cap={"per_day": 10, "per_member": 25})


def test_an_action_earns_what_its_rules_give_into_the_lots_of_the_rules():
    month = {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 30}}
    settings = programme(OWN_BAG, bonus("week", 20, "own-bag", "review", lot=month), bonus("other", 100, "trial"))
    decided = act(Account(), acting(settings), NOON)
    assert decided.state.lots == (
        Lot(True, TODAY + 30, 20, Source.ACTION),
        Lot(False, TODAY + 365, 5, Source.ACTION),
    )
    (step,) = decided.steps
    assert (step.kind, step.points, step.ref, step.occurred_at) == ("earned", 25, ("action", "a-1"), NOON)
    assert step.data["explain"] == "bag 5 +5 <10d <25m|week 20 +20"
    assert (step.data["action"], step.data["store_id"], step.data["v"]) == ("own-bag", "shibuya", 1)
    assert unpack_lots(step.data["lots"]) == decided.state.lots
    assert "staff-7" not in str(step)


def test_a_cap_cuts_by_day_and_ever_and_says_so():
    settings, account, said = programme(OWN_BAG), Account(), []
    for day in (0, 0, 0, 1, 1, 2, 2):
        at = NOON + timedelta(days=day)
        decided = act(account, acting(settings, at=at), at)
        account = decided.state
        said.append((decided.steps[-1].points, decided.steps[-1].data["explain"].endswith(" cut")))
    assert said == [(5, False), (5, False), (0, True), (5, False), (5, False), (5, False), (0, True)]


def test_a_tier_is_judged_in_the_append():
    levels = {"levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 100}]}
    settings = programme(bonus("gold", 7, "review", when={"tiers": ["gold"]}), tiers=levels)
    wanted = acting(settings, "review")
    assert act(Account(), wanted, NOON).steps[-1].points == 0
    gold = arrive(Account(), Arrival(("purchase", "p"), settings, (Lot(False, TODAY + 9, 100),), NOON), NOON).state
    assert act(gold, wanted, NOON).steps[-1].points == 7


def test_an_action_pays_a_debt_and_counts_for_the_tier():
    after = act(Account(debt=3), acting(programme(OWN_BAG)), NOON).state
    assert (after.available, after.debt, [points for _, points in after.earned]) == (2, 0, [5])


@pytest.mark.parametrize("action", ["trial", "review", "base"])
def test_an_action_that_no_rule_pays_now_is_recorded_and_earns_nothing(action):
    over = bonus("over", 1, "trial", when={"until": "2020-01-01", "store_ids": ["umeda"]})
    decided = act(Account(), acting(programme(OWN_BAG, over), action), NOON)
    assert (decided.steps[-1].points, decided.steps[-1].data["explain"]) == (0, "")


@pytest.mark.parametrize("changes", [{}, {"store_id": None}, {"staff_id": None}])
def test_an_action_comes_back_from_its_name(changes):
    wanted = replace(acting(programme(OWN_BAG, bonus("x", 3, "own-bag", when={"tiers": ["base"]}))), **changes)
    assert unpack_acting(pack_acting(wanted)) == wanted


TIMES = st.lists(st.integers(0, 40).map(lambda days: NOON + timedelta(hours=5 * days)), max_size=30).map(sorted)


@given(TIMES, st.integers(1, 12), st.integers(1, 20), st.integers(1, 60))
def test_whatever_the_order_of_actions_no_cap_is_exceeded(times, points, per_day, per_member):
    settings = programme(bonus("bag", points, "own-bag", cap={"per_day": per_day, "per_member": per_member}))
    account = Account()
    days: dict[date, int] = {}
    for at in times:
        decided = act(account, acting(settings, at=at), at)
        given_ = sum(step.points for step in decided.steps if not step.is_due)
        days[settings.day(at)] = days.get(settings.day(at), 0) + given_
        room = min(per_day - days[settings.day(at)], per_member - sum(days.values()))
        assert 0 <= given_ <= points
        assert room >= 0
        assert given_ == points or room == 0
        account = decided.state
    assert account.available == sum(days.values())
