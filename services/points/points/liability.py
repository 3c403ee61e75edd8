"""What the shop owes its members in points at a moment, summed over their accounts. Pure.

`total` is what can be used, by the month of its last day, kind, source, and whether it was bought or given; it is the
sum of all balances and of all debts, for a debt is points that an account lacks. Points in open holds are owed too but
stand apart, as those do that are earned and can't be used yet.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Literal

from points.balances import Account
from points.lots import NEVER, Lot, Source, pack_lots, total, unpack_lots
from shared.shapes import Shape, Time
from shared.units import Points


class On(Shape):
    """The day whose end is meant; the newest report without one."""

    on: str | None = None


class Outstanding(Shape):
    """Points that end in one month, alike in kind, source and consideration. No month: they never end."""

    month: str | None
    kind: Literal["regular", "limited"]
    consideration: Literal["free", "paid"]
    source: Literal["purchase", "award", "checkin", "action", "adjustment", "coupon"]
    points: Points


class Liability(Shape):
    """What was outstanding at the end of a day. `paid` is the part of all of it that members bought for money."""

    on: date
    zone: str
    version: int
    total: Points
    by_month: list[Outstanding]
    held: Points
    pending: Points
    debt: Points
    paid: Points
    members: int
    computed_at: Time


@dataclass
class Sums:
    """Partial sums over some accounts. The lots of one month and sort are one lot, of that month's last day."""

    lots: Counter[tuple[bool, int, Source, bool]] = field(default_factory=Counter)
    held: Points = 0
    pending: Points = 0
    debt: Points = 0
    paid: Points = 0
    members: int = 0

    def add(self, account: Account) -> None:
        """Count a settled account. A member who neither owes nor is owed anything is not counted."""
        for lot in account.lots:
            self._add(lot)
        held = [lot for hold in account.holds for lot in hold.lots]
        owed = (*account.lots, *held, *(lot for _, lot in account.dated))
        self.held += total(held)
        self.pending += account.waiting
        self.debt += account.debt
        self.paid += total(lot for lot in owed if lot.is_paid)
        self.members += bool(owed or account.pending or account.debt)

    def _add(self, lot: Lot) -> None:
        self.lots[lot.is_limited, _month_end(lot.last_day), lot.source, lot.is_paid] += lot.points

    @property
    def total(self) -> Points:
        return sum(self.lots.values())

    def by_month(self) -> list[Outstanding]:
        """What ends first comes first; of one month in the order in which points are spent."""
        return [_row(lot) for lot in sorted(self._lots(), key=lambda lot: (lot.order[1:3], lot.order))]

    def _lots(self) -> list[Lot]:
        return [
            Lot(is_limited, day, points, source, is_paid)
            for (is_limited, day, source, is_paid), points in self.lots.items()
        ]

    def pack(self) -> dict[str, Any]:
        """The sums as an item keeps them."""
        return {"lots": pack_lots(self._lots())} | {name: getattr(self, name) for name in _NUMBERS}

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> Sums:
        """The sums of `pack`."""
        sums = cls(**{name: packed[name] for name in _NUMBERS})
        for lot in unpack_lots(packed["lots"]):
            sums._add(lot)
        return sums


_NUMBERS = ("held", "pending", "debt", "paid", "members")


@cache
def _month_end(last_day: int) -> int:
    """The last day of the month in which points end."""
    if last_day == NEVER:
        return NEVER
    day = date.fromordinal(last_day)
    return day.replace(day=monthrange(day.year, day.month)[1]).toordinal()


def _row(lot: Lot) -> Outstanding:
    return Outstanding.model_validate(
        {
            "month": f"{date.fromordinal(lot.last_day):%Y-%m}" if lot.last_day else None,
            "kind": "limited" if lot.is_limited else "regular",
            "consideration": "paid" if lot.is_paid else "free",
            "source": Source(lot.source).name.lower(),
            "points": lot.points,
        }
    )
