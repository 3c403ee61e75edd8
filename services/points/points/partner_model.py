"""What the routes about partners take and give, in the shapes of the public contract."""

from __future__ import annotations

from typing import Literal

from shared.reference import MemberRef
from shared.shapes import Amount, Id, Occurred, Shape, SomePoints, Time, Words


class Award(Shape):
    """Points that a partner gives out of its budget."""

    award_id: Id
    member: MemberRef
    points: SomePoints
    reason: Words
    occurred_at: Occurred | None = None


class AwardAnswer(Shape):
    award_id: str
    member_ref: str
    points: int
    budget_left: int


class Budget(Shape):
    """`monthly`: so many points a month of the programme's zone; `prepaid`: so many until it is raised."""

    kind: Literal["monthly", "prepaid"]
    points: Amount


class Caps(Shape):
    per_award: Amount = 1000
    per_member_day: Amount = 1000
    per_day: Amount = 50000


class Partner(Shape):
    name: Words
    budget: Budget
    caps: Caps = Caps()
    state: Literal["active", "paused"] = "active"


class PartnerAnswer(Partner):
    partner_id: str
    version: int


class BudgetAnswer(Shape):
    kind: str
    period: str | None = None
    budget: int
    used: int
    left: int


class StatementLine(Shape):
    """An award that the member got, and whether it was taken back, be it in a later month."""

    award_id: str
    member_ref: str
    points: int
    occurred_at: Time
    state: Literal["given", "reversed"]


class Statement(Shape):
    """A month of the programme's zone: how many awards stand, their points, and the points of those taken back."""

    month: str
    zone: str
    lines: list[StatementLine]
    awards: int
    points: int
    reversed: int
