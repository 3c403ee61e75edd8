"""What members' coupons must be, in a dictionary: their states, who has them, and what they take off."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.api.points.machine import TOKYO

BRIEF_DAYS = 2
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "open": {"offer": {"type": "amount_off", "value": 300}},
    "scarce": {"offer": {"type": "percent_off", "value": 10}, "limits": {"total": 4}},
    "single": {"offer": {"type": "amount_off", "value": 100}, "limits": {"per_member": 1}},
    "brief": {"offer": {"type": "percent_off", "value": 7}, "valid_days": BRIEF_DAYS},
}


@dataclass
class Coupon:
    campaign: str
    book: str  # whose it was first
    last: date
    state: str = "issued"
    by: str | None = None  # the redemption that has it
    order: str | None = None
    until: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        return self.state == "held" and self.until is not None and now < self.until

    def is_over(self, now: datetime) -> bool:
        return (now + TOKYO).date() > self.last

    def shown(self, now: datetime) -> str:
        if self.state == "redeemed" or self.is_held(now):
            return self.state
        return "expired" if self.is_over(now) else "issued"

    def is_usable(self, order: str, now: datetime) -> bool:
        if self.state == "redeemed":
            return False
        return self.order == order if self.is_held(now) else not self.is_over(now)


@dataclass
class Redemption:
    codes: list[str]
    was_held: bool
    is_captured: bool = False


@dataclass
class Book:
    coupons: dict[str, Coupon] = field(default_factory=dict)  # by code
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    issued: dict[str, int] = field(default_factory=dict)

    def discount(self, codes: list[str], amount: int) -> int:
        """Percentages first, then amounts; each of what is left."""
        left, offers = amount, [CAMPAIGNS[self.coupons[code].campaign]["offer"] for code in codes]
        for offer in sorted(offers, key=lambda offer: offer["type"] != "percent_off"):
            left -= left * offer["value"] // 100 if offer["type"] == "percent_off" else min(left, offer["value"])
        return amount - left
