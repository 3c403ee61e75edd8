"""Points given or taken by hand, and points that were paid for: free and paid ones never mix."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from points.adjusting import Adjusting, adjust
from points.arriving import Arrival, arrive
from points.balances import Account, settle, take
from points.holding import Ending, Holding, end, hold
from points.lots import NEVER, Lot, Source, free_and_paid, merged, total, unpack_lots
from points.obeying import TakingBack, take_back
from points.packing import pack_adjusting, unpack_adjusting
from points.programme import Programme
from points.rules import Earning, Spending, earn, spend
from points.standing import tier_of
from points.undoing import Undoing, undo
from shared.errors import Conflict
from tests.kit import NOON

TODAY = date(2026, 11, 20).toordinal()
ZONE = "Asia/Tokyo"
DEFAULT = Programme(earning=())


def asked(points, *, paid=False, programme=DEFAULT, **more):
    return Adjusting("a-1", points, "お詫び", paid, "Yuki", programme, **more)


def lot(points, days=10, *, paid=False, limited=False, source=Source.PURCHASE):
    return Lot(limited, NEVER if days is None else TODAY + days, points, source, paid)


def account(*lots, debt=0):
    return Account(merged(lots), debt)


def adjusted(before, *args, **more):
    return adjust(before, asked(*args, **more), NOON).state


# ---- giving ---------------------------------------------------------------------------------------------------------


def test_what_is_given_lasts_as_if_earned_now_and_says_where_it_came_from():
    decided = adjust(Account(), asked(70), NOON)
    assert decided.state.lots == (lot(70, 365, source=Source.ADJUSTMENT),)
    (step,) = decided.steps
    assert (step.kind, step.points, step.ref) == ("adjusted", 70, ("adjustment", "a-1"))
    assert unpack_lots(step.data["lots"]) == decided.state.lots


def test_the_entry_keeps_neither_reason_nor_person():
    for points in (70, -70):
        (step,) = adjust(account(lot(70)), asked(points), NOON).steps
        assert set(step.data) == {"lots", "v"}
    (step,) = adjust(Account(), asked(70, paid=True, approved_by="key-2"), NOON).steps
    assert (step.data["consideration"], step.data["approved_by"]) == ("paid", "key-2")


def test_free_points_pay_the_debt_first_and_paid_ones_never():
    owing = account(debt=100)
    assert adjusted(owing, 70) == Account(debt=30)
    assert adjusted(owing, 130) == account(lot(30, 365, source=Source.ADJUSTMENT))
    bought = adjusted(owing, 70, paid=True)
    assert (bought.debt, bought.paid, bought.available, bought.usable) == (100, 70, -30, 70)


def test_an_adjustment_counts_for_no_tier():
    levels = {"levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 10}]}
    programme = Programme.model_validate_json(f'{{"earning": [], "tiers": {str(levels).replace(chr(39), chr(34))}}}')
    given_ = adjusted(Account(), 100, programme=programme)
    assert tier_of(given_, programme, NOON) == "base"
    earned = arrive(Account(), Arrival(("purchase", "p"), programme, (lot(100),), NOON), NOON).state
    assert tier_of(adjusted(earned, -100, programme=programme), programme, NOON) == "gold"


def test_where_points_slide_an_adjustment_moves_no_other_lot_and_nothing_moves_paid_ones():
    programme = Programme.model_validate_json('{"earning": [], "expiry": {"kind": "sliding", "n": 90}}')
    before = account(lot(5, 20), lot(7, 20, paid=True))
    assert set(before.lots) < set(adjusted(before, 100, programme=programme).lots)
    earned = arrive(before, Arrival(("purchase", "p"), programme, (lot(10, 90),), NOON), NOON).state
    assert earned.lots == merged([lot(15, 90), lot(7, 20, paid=True)])
    spent = take(earned, 22)[0]
    back = TakingBack(("return", "r"), programme, (lot(5, 20), lot(7, 20, paid=True)), (), NOON, 0)
    assert take_back(spent, back, NOON).state.lots == merged([lot(5, 90), lot(7, 20, paid=True)])


# ---- taking ---------------------------------------------------------------------------------------------------------


def test_points_are_taken_in_the_order_of_spending_and_paid_ones_are_left_alone():
    before = account(lot(10, 3, paid=True), lot(20, 5), lot(30, 2, limited=True), lot(40, None))
    decided = adjust(before, asked(-60), NOON)
    assert decided.state == account(lot(10, 3, paid=True), lot(30, None))
    assert unpack_lots(decided.steps[0].data["lots"]) == merged([lot(20, 5), lot(30, 2, limited=True), lot(10, None)])
    assert adjusted(before, -4, paid=True) == before._replace(lots=merged([lot(6, 3, paid=True), *before.lots[:1],
                                                                            *before.lots[2:]]))  # fmt: skip


@pytest.mark.parametrize(("paid", "available"), [(False, 20), (True, 10)])
def test_more_than_there_is_of_the_sort_is_refused(paid, available):
    before = account(lot(10, paid=True), lot(20))
    with pytest.raises(Conflict) as refused:
        adjusted(before, -21, paid=paid)
    assert refused.value.code == "insufficient_points"
    assert refused.value.fields == {"required": 21, "available": available, "missing": 21 - available}


def test_free_points_that_a_debt_waits_for_are_not_taken():
    before = account(lot(50), lot(9, paid=True), debt=30)  # the debt came while the 50 were held
    with pytest.raises(Conflict, match="insufficient_points"):
        adjusted(before, -21)
    assert adjusted(before, -20) == account(lot(30), lot(9, paid=True), debt=30)


def test_what_has_expired_is_not_there():
    with pytest.raises(Conflict):
        adjusted(account(lot(50, -1)), -1)


# ---- the second person ----------------------------------------------------------------------------------------------


@given(st.integers(-30_000, 30_000).filter(bool), st.integers(0, 20_000), st.sampled_from(["Yuki", "Ken", None]))
def test_above_the_threshold_somebody_else_is_needed(points, threshold, owner):
    wanted = asked(points, programme=Programme(earning=(), approval_above=threshold))
    assert wanted.needs_approval is (abs(points) > threshold)
    assert wanted.may_approve(owner) is (abs(points) > threshold and owner == "Ken")


@given(st.integers(-(10**12), 10**12).filter(bool), st.booleans(), st.integers(0, 10**12), st.text(max_size=200))
def test_an_adjustment_comes_back_from_its_name(points, paid, threshold, reason):
    wanted = replace(asked(points, paid=paid, programme=Programme(earning=(), approval_above=threshold)), reason=reason)
    assert unpack_adjusting(pack_adjusting(wanted)) == wanted


# ---- free and paid --------------------------------------------------------------------------------------------------

DAYS = st.integers(0, 60)
LOTS = st.lists(st.builds(lot, st.integers(1, 100), DAYS, paid=st.booleans(), limited=st.booleans()), max_size=8)


@given(LOTS, st.integers(0, 300), st.data())
def test_a_debt_takes_nothing_from_what_can_be_paid_with_and_spending_nothing_from_the_debt(lots, debt, data):
    before = account(*lots, debt=debt)
    free, paid = (total(some) for some in free_and_paid(before.lots))
    assert before.usable == paid + max(0, free - debt)
    points = data.draw(st.integers(0, before.usable))
    after, taken = take(before, points)
    assert total(taken) == points
    assert merged([*after.lots, *taken]) == before.lots
    assert total(free_and_paid(after.lots)[0]) >= min(free, debt)
    assert before.usable - after.usable == before.available - after.available == points


POINTS = st.integers(1, 200)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), POINTS),
        st.tuples(st.sampled_from(["adjust free", "adjust paid"]), st.integers(-200, 200).filter(bool)),
        st.tuples(st.sampled_from(["spend", "hold", "end", "claw back", "undo", "give back", "wait"]), POINTS),
    ),
    max_size=25,
)
PROGRAMMES = [
    Programme.model_validate_json(f'{{"earning": [], "clawback": "{clawback}", "expiry": {expiry}, {more}}}')
    for clawback in ("debt", "clamp", "refuse")
    for expiry in ('{"kind": "fixed_days", "n": 60}', '{"kind": "sliding", "n": 60}')
    for more in ('"refund_expired": {"kind": "forfeit"}', '"refund_expired": {"kind": "reissue"}')
]


class Play:
    """A member's account through the real rules, with what paid points should have done."""

    def __init__(self, programme):
        self.programme, self.at, self.number = programme, NOON, 0
        self.account = Account()
        self.spent: list[Lot] = []
        self.holds: list[Holding] = []
        self.moves = {
            "earn": self.earn,
            "adjust free": lambda points: self.adjust(points, paid=False),
            "adjust paid": lambda points: self.adjust(points, paid=True),
            "spend": self.spend,
            "hold": self.hold,
            "end": self.end,
            "claw back": self.claw_back,
            "undo": self.undo,
            "give back": self.give_back,
        }

    @property
    def paid(self):
        """All paid points, those in open holds included."""
        held = [lot for hold in self.account.holds for lot in hold.lots]
        return total(free_and_paid((*self.account.lots, *held))[1])

    def take_step(self, kind, points):
        self.number += 1
        if kind == "wait":
            self.at += timedelta(days=points // 4)
            return
        before, account = self.paid, self.account
        try:
            change, decided = self.moves[kind](points)
        except Conflict:
            return
        self.account = decided.state
        steps = decided.steps
        expired = [lot for step in steps if step.kind == "expired" for lot in unpack_lots(step.data["lots"])]
        assert sum(step.points for step in steps) == self.account.available - account.available
        assert self.paid == before + change - total(free_and_paid(expired)[1])
        assert settle(self.account, self.at, ZONE)[0] == self.account

    def earn(self, points):
        earning = Earning(points, self.at, ("award", "x"), self.programme)
        return 0, earn(self.account, earning, self.at)

    def adjust(self, points, *, paid):
        decided = adjust(self.account, asked(points, paid=paid, programme=self.programme), self.at)
        return points * paid, decided

    def spend(self, points):
        decided = spend(self.account, Spending("s", points, "o", ZONE), self.at)
        self.spent += (taken := unpack_lots(decided.steps[-1].data["lots"]))
        return -total(free_and_paid(taken)[1]), decided

    def hold(self, points):
        holding = Holding(f"h-{self.number}", points, "o", 86_400, ZONE)
        decided = hold(self.account, holding, self.at)
        self.holds.append(holding)
        return 0, decided

    def end(self, points):
        if not self.holds:
            raise Conflict("hold_closed")
        holding = self.holds.pop()
        captured = points % (holding.points + 1)
        decided = end(self.account, Ending(holding, captured), self.at)
        (step,) = (one for one in decided.steps if one.ref == holding.ref and not one.is_due)
        return -total(free_and_paid(unpack_lots(step.data["lots"]))[1]), decided

    def claw_back(self, points):
        earned = (Lot(False, self.at.date().toordinal() + points % 60, points),)
        taking = TakingBack(("return", "r"), self.programme, (), earned, self.at, 0)
        return 0, take_back(self.account, taking, self.at)

    def undo(self, points):
        return 0, undo(self.account, Undoing(("award", "x"), self.programme, (), (lot(points),), self.at), self.at)

    def give_back(self, _):
        used, self.spent = merged(self.spent), []
        taking = TakingBack(("return", "r"), self.programme, used, (), self.at, 0)
        decided = take_back(self.account, taking, self.at)
        back = [
            one
            for step in decided.steps
            if step.kind == "restored"
            for one in unpack_lots(step.data.get("lots", b"\0"))
        ]
        return total(free_and_paid(back)[1]), decided


@settings(max_examples=300)
@given(st.sampled_from(PROGRAMMES), OPERATIONS)
def test_paid_points_change_only_by_paid_adjustments_spending_restoring_and_expiry(programme, operations):
    play = Play(programme)
    for kind, points in operations:
        play.take_step(kind, points)
