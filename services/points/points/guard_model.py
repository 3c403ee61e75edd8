"""What the insider guard is told, and what it tells: its settings in the programme, and alerts. Pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.shapes import Amount, Day, Id, Shape, Time

RuleName = Literal["same_member", "unusual_amount", "own_card", "after_hours", "not_in_journal"]
Outcome = Literal["alert", "hold", "block"]
Consequence = Literal["off", "alert", "hold", "block"]  # one list: a fault in a union would point at an alternative
Verdict = Literal["harmless", "mistake", "fraud"]
State = Literal["open", "resolved"]

COUNTED_MAX = 100
"""So many of a member's purchases at a till and day are told apart; each is looked at after that, too, for itself."""


# ---- settings --------------------------------------------------------------------------------------------------------


class Watch(Shape):
    """What follows where a rule finds something.

    `alert`: people are told. `hold`: besides, what the member earns in that store waits until somebody with
    `points:admin` completes it. `block`: besides, the till may write nothing. Both until the alert is resolved.
    """

    outcome: Consequence = "alert"


class SameMember(Watch):
    """One member so often at one till on one business day."""

    per_day: Annotated[int, Field(ge=2, le=COUNTED_MAX)] = 6


class UnusualAmount(Watch):
    """What one member bought at one till on one business day is more than `times` what the store's largest sales come to.

    That is the 99th percentile of the fourteen days before. Less than `at_least` is never too much; until a store has
    a past, more than `without_past` is. All in minor units.
    """

    times: Annotated[int, Field(ge=2, le=1000)] = 5
    at_least: Amount = 20_000
    without_past: Amount = 1_000_000


class AfterHours(Watch):
    """Sold while the store was closed for longer than `grace_minutes` before and after."""

    grace_minutes: Annotated[int, Field(ge=0, le=240)] = 30


class Guard(Shape):
    """What the guard looks for. `own_card`: whoever served has their own card on the receipt."""

    same_member: SameMember = SameMember()
    unusual_amount: UnusualAmount = UnusualAmount()
    own_card: Watch = Watch()
    after_hours: AfterHours = AfterHours()
    not_in_journal: Watch = Watch()

    def outcome(self, rule: RuleName) -> Consequence:
        """What follows where this rule finds something."""
        watch: Watch = getattr(self, rule)
        return watch.outcome


# ---- alerts ----------------------------------------------------------------------------------------------------------


class Evidence(Shape):
    """A purchase that an alert is about: its total with tax, and its entry in the member's account where that is known."""

    purchase_id: str
    amount: int
    occurred_at: Time
    entry_id: str | None = None


class Resolution(Shape):
    """Who has looked into it, when, and what it was."""

    verdict: Verdict
    by: str
    at: Time


class Alert(Shape):
    """What one rule has found of one member at one till on one business day, said once.

    `evidence` names the first hundred purchases; `waiting` those whose points wait because of it.
    """

    alert_id: str
    rule: RuleName
    outcome: Outcome
    state: State
    store_id: str
    terminal_id: str | None = None
    member_id: str
    staff_ids: list[str]
    business_day: date
    opened_at: Time
    evidence: list[Evidence]
    waiting: list[str]
    text: str
    resolution: Resolution | None = None


class ResolveAlert(Shape):
    """What an alert turned out to be."""

    verdict: Verdict


class AlertQuery(Shape):
    """Which alerts: those that are open, or all; from a business day on."""

    state: Literal["open", "all"] = "open"
    since: Day | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class AlertPage(Shape):
    items: list[Alert]
    next_cursor: str | None


# ---- staff -----------------------------------------------------------------------------------------------------------


class StaffCard(Shape):
    """Which member somebody is who serves at tills."""

    member_id: Id


class StaffAnswer(StaffCard):
    staff_id: Id
