"""Points over HTTP: what `tests/api/points/test_ledger_machine.py` does through the routes, and what only comes from outside.

Awards out of a budget, adjustments by two persons, actions, two members who turn out to be one: and after every step
the balances are what a dictionary says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.api.points.machine import WAIT_DAYS, Model
from tests.api.points.shop import BASE, set_programme
from tests.api.points.test_ledger_machine import MEMBERS, WHO, Ledger
from tests.kit import CAFE, OPERATOR, key, member
from tests.machines.conftest import Run
from tests.machines.street import PICK, Street

BUDGET = 150
APPROVED_ABOVE = 100
BAG = {"rule_id": "bag", "kind": "bonus", "points": 2, "when": {"actions": ["bag"]}}
SECOND = key("operator", key_id="second", owner="second operator")
PENDING = {"ec": {"days": WAIT_DAYS}, "pos": "complete"}


@dataclass
class Purse(Model):
    """The model with gifts in it, and with members who are one."""

    gifts: dict[str, tuple[str, int]] = field(default_factory=dict)
    awards: dict[str, int] = field(default_factory=dict)
    merged: str | None = None  # into the other

    def group(self, member: str) -> tuple[str, ...]:
        return MEMBERS if self.merged else (member,)

    def available(self, member: str, now: datetime) -> int:
        return sum(self._of_one(one, now) for one in self.group(member))

    def _of_one(self, member: str, now: datetime) -> int:
        gifts = sum(points for who, points in self.gifts.values() if who == member)
        return super().available(member, now) + gifts

    def pending(self, member: str, now: datetime) -> int:
        return sum(super(Purse, self).pending(one, now) for one in self.group(member))

    def held(self, member: str, now: datetime) -> int:
        return sum(super(Purse, self).held(one, now) for one in self.group(member))

    @property
    def budget_left(self) -> int:
        return BUDGET - sum(self.awards.values())


class Points(Street, Ledger):
    """Every rule sends one request, says what its answer must be, and tells the model what it did."""

    @initialize()
    def open(self) -> None:
        self.begin()
        self.numbers = count()
        self.model = Purse()
        self.operator = self.client.as_(OPERATOR)
        self.codes = {}
        for member_id in MEMBERS:
            self.client.post("/v1/members", {"member_id": member_id})
            self.codes[member_id] = self.client.as_(member(member_id)).get("/v1/me/code").body["static"]["value"]
        partner = {"name": "Cafe", "budget": {"kind": "prepaid", "points": BUDGET}}
        assert self.operator.put("/v1/partners/cafe", partner).status == 200
        rules = {"earning": [BASE, BAG], "approval_above": APPROVED_ABOVE}
        set_programme(self.client, expiry={"kind": "none"}, pending=PENDING, **rules)
        self.waiting: dict[str, tuple[str, int]] = {}

    @property
    def purse(self) -> Purse:
        return cast("Purse", self.model)

    # ---- gifts ------------------------------------------------------------------------------------------------------

    @rule(who=WHO, points=st.integers(1, 60))
    def award(self, who: str, points: int) -> None:
        of = f"a{next(self.numbers)}"
        body = {"award_id": of, "member": {"code": self.codes[who]}, "points": points, "reason": "latte"}
        wanted = 201 if points <= self.purse.budget_left else "budget_exceeded"
        answer = self.ask("/v1/awards", body, wanted, of, self.client.as_(CAFE))
        if answer.status == 201:
            self.purse.awards[of] = points
            self.purse.gifts[of] = (who, points)
            assert answer.body["budget_left"] == self.purse.budget_left

    @precondition(lambda self: self.purse.awards)
    @rule(pick=PICK)
    def reverse_an_award(self, pick: int) -> None:
        of, _ = self.one(pick, self.purse.awards)
        body = {"reverse_id": "x", "kind": "award"}
        answer = self.client.as_(CAFE).post(f"/v1/operations/{of}/reverse", body)
        assert (answer.status, answer.body["state"]) == (200, "reversed")
        self.purse.awards[of] = 0
        self.purse.gifts[of] = (self.purse.gifts[of][0], 0)
        self.closed.add(of)

    @rule(who=WHO, points=st.sampled_from([-130, -101, -30, -1, 1, 30, 100, 101, 130]))
    def adjust(self, who: str, points: int) -> None:
        of = f"j{next(self.numbers)}"
        body = {"adjustment_id": of, "member": {"member_id": who}, "points": points, "reason": "sorry"}
        yes = 202 if abs(points) > APPROVED_ABOVE else 201
        wanted = yes if points > 0 or -points <= self.usable(who) else "insufficient_points"
        answer = self.ask("/v1/adjustments", body, wanted, of, self.operator)
        if answer.status == 201:
            self.purse.gifts[of] = (who, points)
        elif answer.status == 202:
            self.waiting[of] = (who, points)

    @precondition(lambda self: self.has_begun and self.waiting)
    @rule(pick=PICK, is_second=st.booleans())
    def approve(self, pick: int, is_second: bool) -> None:
        of, (who, points) = self.one(pick, self.waiting)
        path = f"/v1/adjustments/{of}/approve"
        if not is_second:
            self.ask(path, {}, "approval_required", of, self.operator)
            return
        wanted = 201 if points > 0 or -points <= self.usable(who) else "insufficient_points"
        if self.ask(path, {}, wanted, of, self.client.as_(SECOND)).status == 201:
            self.purse.gifts[of] = self.waiting.pop(of)

    @rule(who=WHO)
    def bring_a_bag(self, who: str) -> None:
        of = f"b{next(self.numbers)}"
        self.ask("/v1/actions", {"action_id": of, "member": {"member_id": who}, "type": "bag"}, 201, of)
        self.purse.gifts[of] = (who, 2)

    # ---- two who are one --------------------------------------------------------------------------------------------

    @rule(who=WHO)
    def merge(self, who: str) -> None:
        other = next(one for one in MEMBERS if one != who)
        if self.purse.merged:
            return
        of = f"m{next(self.numbers)}"
        answer = self.ask(f"/v1/members/{who}/merge", {"merge_id": of, "into_member_id": other}, 200, of, self.operator)
        moved = self.purse.available(who, self.now) + self.purse.held(who, self.now)
        assert answer.body["points_moved"] in (moved, self.purse.available(who, self.now))
        self.purse.merged = who

    # ---- what is always true ----------------------------------------------------------------------------------------

    @invariant()
    def balances_are_what_is_left_of_everything(self) -> None:
        if not self.has_begun:
            return
        for member_id in MEMBERS:
            said = self.client.get(f"/v1/members/{member_id}/balance").body
            model = self.purse
            expected = [one(member_id, self.now) for one in (model.available, model.pending, model.held)]
            assert [said["available"], said["pending"], said["held"]] == expected
        left = self.client.as_(CAFE).get("/v1/partner/budget").body["left"]
        assert left == self.purse.budget_left


def test_points_in_any_order(run: Run) -> None:
    run(Points, stories=25, steps=40)


@pytest.mark.slow
def test_points_in_any_order_for_long(run: Run) -> None:
    run(Points, stories=80, steps=60)
