"""The shapes of reviews."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from checkin.model import Given, Page
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


class ReviewQuery(Page):
    """Which of those that wait."""

    store_id: Id | None = None


class Decision(Shape):
    """What people decide about one check-in that waits."""

    review_id: Id
    decision: Literal["approve", "reject"]


class ReviewBatch(Shape):
    """Decisions, each judged by itself, so that a bad one harms no other."""

    reviews: Annotated[tuple[Any, ...], Field(strict=False, min_length=1, max_length=100)]


class ReviewResult(Shape):
    """What became of one decision of a batch: the status and body that it would have had alone."""

    review_id: str | None
    status: int
    body: dict[str, Any]


class ReviewResults(Shape):
    results: list[ReviewResult]
