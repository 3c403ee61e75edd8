"""The programme's settings and the earning rules, pure. Every entry keeps the version that it used.

Points of a line = floor(basis * points / per_amount), where the basis is the line's amount without tax less its
share of the points used, and not below 0 (Rakuten Ichiba's rule of a floor per line; EC-CUBE's of used points spread
pro rata).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from points.model import Line
from shared.business_day import business_day
from shared.units import Points, spread


@dataclass(frozen=True, slots=True)
class Rate:
    """So many points for each full `per_amount` of money (minor units)."""

    points: int = 1
    per_amount: int = 100

    def of(self, amount: int) -> Points:
        """Points for an amount: rounded down to whole points."""
        return amount * self.points // self.per_amount


@dataclass(frozen=True, slots=True)
class Programme:
    """The default programme of the contract; a stored one may differ in its numbers."""

    version: int = 1
    zone: str = "Asia/Tokyo"
    currency: str = "JPY"
    base: Rate = field(default=Rate())
    expiry_days: int = 365

    def day(self, at: datetime) -> date:
        """The programme's day of a moment."""
        return business_day(at, self.zone, 0)

    def last_day(self, earned_at: datetime) -> int:
        """The last day (ordinal) on which points earned at a moment can be used."""
        return (self.day(earned_at) + timedelta(days=self.expiry_days)).toordinal()

    def to_rule(self) -> list[Any]:
        """The numbers that a name keeps, so that a retry in ten years decides by them."""
        return [self.version, self.zone, self.currency, self.base.points, self.base.per_amount, self.expiry_days]

    @classmethod
    def from_rule(cls, rule: list[Any]) -> Programme:
        version, zone, currency, points, per_amount, days = rule
        return cls(version, zone, currency, Rate(points, per_amount), days)


def points_of(programme: Programme, lines: Sequence[Line], points_used: Points) -> Points:
    """What a purchase earns by the base rule."""
    shares = spread(points_used, [line.amount for line in lines])
    return sum(programme.base.of(max(0, line.amount - share)) for line, share in zip(lines, shares, strict=True))
