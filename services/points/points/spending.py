"""How many points may be spent at a time, by the programme's settings. Pure."""

from __future__ import annotations

from points.programme import Spending
from shared.errors import Invalid
from shared.units import Money, Points


def check(spending: Spending, points: Points, pointer: str, total: Money | None = None) -> None:
    """Refuse a number of points below the minimum, off the step, or above the share of an order with this total."""
    if points < spending.min:
        raise Invalid.at(pointer, "below_minimum", f"at least {spending.min} points are spent at a time")
    if points % spending.step:
        raise Invalid.at(pointer, "off_step", f"points are spent in multiples of {spending.step}")
    if total is None:
        return
    most = total * spending.max_share_bp // 10_000
    if points > most:
        raise Invalid.at(pointer, "exceeds_share", f"at most {most} points may be used for this total")
