"""What a campaign's figures look like."""

from __future__ import annotations

from typing import Literal

from shared.shapes import Id, Shape, Time
from shared.units import Money, Points


class Left(Shape):
    """How much of a limit is used, and what is left of it; without a limit, only the first."""

    limit: int | None = None
    used: int
    left: int | None = None


class Uplift(Shape):
    """What the baskets were worth on which coupons of a campaign were redeemed; averages, rounded down, of at least one."""

    redeemed_basket_amount: Money
    average_basket_amount: Money | None = None
    average_discount: Money | None = None


class Stats(Shape):
    """A campaign's figures so far. `redeemed`, sums and averages are of the redemptions that stand."""

    campaign_id: Id
    state: Literal["draft", "active", "paused", "ended"]
    issued: int
    codes_made: int
    shown: int
    held: int
    redeemed: int
    voided: int
    released: int
    expired: int
    taken_back: int
    discount_total: Money
    bonus_points_total: Points
    total: Left
    budget: Left
    uplift: Uplift
    as_of: Time
