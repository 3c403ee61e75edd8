"""Points without purchases: spends, holds, awards, adjustments, actions; and members who turn out to be one."""

from __future__ import annotations

from typing import Any

from tests.sim.opening import APPROVAL_ABOVE, BAG, BASE, DOUBLE, MEMBERS
from tests.sim.sales import Sales


class Accounts(Sales):
    """Stories of members' accounts. A hold may end in a sale."""

    def spends(self) -> None:
        spend_id = self.id("s")
        body = {
            "spend_id": spend_id,
            "member": {"member_id": self.member()},
            "points": self.random.randint(1, 60),
            "order_ref": "o",
        }
        self.at_once(
            lambda: self.mistaken(
                self.people.ask("ec", "points POST /v1/spends", body, of=("spend", spend_id)), points=1
            ),
            lambda: self.later_undo("spend", spend_id, "ec"),
        )

    def holds(self) -> None:
        hold_id, who, points = self.id("h"), self.member(), self.random.randint(2, 60)
        body = {
            "hold_id": hold_id,
            "member": {"member_id": who},
            "points": points,
            "order_ref": "o",
            "ttl_seconds": self.random.choice((60, 900, 86_400)),
        }
        self.people.ask("ec", "points POST /v1/holds", body, of=("hold", hold_id))
        ends = [
            lambda: self._end(hold_id, "capture", {}),
            lambda: self._end(hold_id, "capture", {"points": max(1, points // 2)}),
            lambda: self._end(hold_id, "release", {}),
            lambda: self._end(hold_id, "extend", {"ttl_seconds": 3600}),
            lambda: self.undo("hold", hold_id, "ec", also_before=True),
            lambda: self._pays(hold_id, who, points),
        ]
        self.at_once(*self.random.sample(ends, self.random.randint(0, 3)))

    def _end(self, hold_id: str, what: str, body: dict[str, Any]) -> None:
        if self.perhaps(0.3):
            self.pause(100)
        self.people.ask("ec", f"points POST /v1/holds/{{hold_id}}/{what}", body, of=(what, hold_id), hold_id=hold_id)

    def _pays(self, hold_id: str, who: str, points: int) -> None:
        """An order paid from the hold."""
        body = self.basket("completed", "ec", member={"member_id": who}, hold_id=hold_id)
        body["lines"] = [{"line_id": "0", "quantity": 1, "amount": 10_000}]
        body["points_used"] = points
        of = ("purchase", "ec", body["purchase_id"])
        self.people.ask("ec", "points POST /v1/purchases", body, of=of)
        self.undo("purchase", body["purchase_id"], "ec", source="ec")

    def gives(self) -> None:
        award_id = self.id("a")
        body = {
            "award_id": award_id,
            "member": {"code": self.cards[self.member()]},
            "points": self.random.randint(20, 150),
            "reason": "latte",
        }
        self.at_once(
            lambda: self.mistaken(
                self.people.ask("cafe", "points POST /v1/awards", body, of=("award", award_id)), points=7
            ),
            lambda: self.later_undo("award", award_id, "cafe"),
        )

    def adjusts(self) -> None:
        self._adjust(self.member(), self.random.choice((30, 90, 150, 300, -20, -60, -110)))

    def corrects(self) -> None:
        """Given to somebody by mistake, and taken back at once, which needs a second person."""
        who = self.member()
        self._adjust(who, 90)
        self._adjust(who, -101)

    def _adjust(self, who: str, points: int) -> None:
        adjustment_id = self.id("j")
        body = {
            "adjustment_id": adjustment_id,
            "member": {"member_id": who},
            "points": points,
            "reason": "desk",
        }
        self.people.ask("operator", "points POST /v1/adjustments", body, of=("adjustment", adjustment_id))
        if abs(points) > APPROVAL_ABOVE:
            path = "points POST /v1/adjustments/{adjustment_id}/approve"
            of = ("approval", adjustment_id, who, -points)
            self.people.ask("second", path, {}, of=of, adjustment_id=adjustment_id)

    def acts(self) -> None:
        action_id = self.id("b")
        body = {"action_id": action_id, "member": {"member_id": self.member()}, "type": "own_bag"}
        self.mistaken(self.people.ask("till", "points POST /v1/actions", body, of=("action", action_id)), staff_id="s")

    def looks(self) -> None:
        who = self.member()
        self.people.ask("ec", "points GET /v1/members/{member_id}/balance", of=("look", who), member_id=who)
        self.people.ask(
            "ec", "points GET /v1/members/{member_id}/entries", {"limit": 10}, of=("look", who), member_id=who
        )

    def changes_the_rules(self) -> None:
        """New rules of earning, in the middle of everything; whoever set others meanwhile comes first."""
        if self.is_plain:
            return
        read = self.people.ask("operator", "points GET /v1/programme", of=("look",))
        if read.good:
            earning = self.random.choice(([BASE, BAG], [BASE, BAG, DOUBLE]))
            self.people.ask(
                "operator", "points PUT /v1/programme", read.good.body | {"earning": earning}, of=("rules",)
            )

    def merges_members(self) -> None:
        """Two who turn out to be one, and perhaps do not; or one of them is another's after all."""
        if self.merges >= self.merges_max:
            return
        leaver, *hosts = self.random.sample(MEMBERS, 3)
        if self._merge_for_a_while(leaver, hosts[0]) and self.perhaps(0.5):
            self._merge_for_a_while(leaver, hosts[1])

    def _merge_for_a_while(self, leaver: str, host: str) -> bool:
        """Whether it was a mistake."""
        self.merges += 1
        merge_id = self.id("m")
        merge = {"merge_id": merge_id, "into_member_id": host}
        path = "points POST /v1/members/{member_id}/merge"
        self.people.ask("operator", path, merge, of=("merge", merge_id, leaver, host), member_id=leaver)
        if self.perhaps(0.4):
            return False
        self.pause(60)
        path = "points POST /v1/members/{member_id}/unmerge"
        self.people.ask("operator", path, {"merge_id": merge_id}, of=("unmerge", merge_id), member_id=leaver)
        return True
