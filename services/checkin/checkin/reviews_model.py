"""The shapes of reviews."""

from __future__ import annotations

from datetime import date
from typing import Literal

from checkin.model import Given
from shared.shapes import Id, Shape, Time

State = Literal["pending", "approved", "rejected"]


class Span(Shape):
    """Between two distances; exact ones are not kept."""

    at_least: int
    at_most: int


class ReviewAnswer(Shape):
    """A check-in that waits, or waited, for people: for their eyes the reason, and what it would be paid."""

    review_id: str
    checkin_id: Id
    store_id: Id
    member_id: Id
    business_day: date
    occurred_at: Time
    evidence_level: int
    reason: str
    distance_m: Span | None
    reward: Given
    state: State


class ReviewPage(Shape):
    items: list[ReviewAnswer]
    next_cursor: str | None
