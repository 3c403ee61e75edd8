"""What a campaign's figures look like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.shapes import Day, Id, Shape, Time
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


class Arm(Shape):
    """The members of one arm, each counted once: how many, their check-ins and purchases after they were exposed.

    `spent` is without tax and less what was returned; `mean_spent` is of all members of the arm.
    """

    members: int
    visits: int
    buyers: int
    spent: Money
    mean_spent: float | None = None


class Estimate(Shape):
    """An estimate, and the bounds that hold the truth in 95 of 100 campaigns."""

    value: float
    low: float
    high: float


class Lift(Shape):
    """What the coupon has brought a member on average, against those who were held out; what can't be told is missing.

    `relative` and `buyers_share` are shares: 0.1 is a tenth more money, or ten more buyers of a hundred members.
    """

    state: Literal["estimated", "too_little_data", "nobody_held_out"]
    spent_per_member: Estimate | None = None
    buyers_share: Estimate | None = None
    relative: Estimate | None = None


class Attributed(Shape):
    """What members did in the window after a campaign had reached them, or would have. For a campaign that is measured."""

    window_hours: int | None = None
    holdout_share_bp: int | None = None
    treated: Arm
    held_out: Arm
    lift: Lift


class StoreDaysQuery(Shape):
    """From one business day to another, both included, as many as a year has."""

    since: Day
    until: Day
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: str | None = None


class StoreDay(Shape):
    """A campaign's day at a store; without a store: in the web shop, or nowhere in particular.

    `exposed` and `held_out` are members on the day on which the campaign reached them, or would have; check-ins and sales
    are those in their windows.
    """

    business_day: Day
    store_id: Id | None = None
    exposed: int
    held_out: int
    visits: int
    held_out_visits: int
    redeemed: int
    sales: int
    held_out_sales: int
    amount: Money
    held_out_amount: Money


class StoreDays(Shape):
    items: list[StoreDay]
    next_cursor: str | None


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
    attribution: Attributed | None = None
    as_of: Time
