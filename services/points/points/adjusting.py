"""Points that the shop gives or takes by hand, with a reason: corrections, goodwill, points that were paid for. Pure.

Free and paid points stand apart (資金決済法: what was bought for money is a prepaid instrument, what was given is not).
An adjustment is of one sort: it never takes a paid point for a free one, nor the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from points.balances import Account, add, require, settle
from points.lots import Lot, Source, free_and_paid, merged, pack_lots, split
from points.programme import Programme
from shared.chain import Decided, Step
from shared.reference import MemberRef
from shared.shapes import Id, Shape, Words
from shared.units import AMOUNT_MAX, Points


def _some(points: int) -> int:
    if not points:
        raise ValueError("an adjustment gives or takes at least 1 point")
    return points


class Adjustment(Shape):
    """`points` are given, or taken if negative. `paid`: points that the member has bought for money."""

    adjustment_id: Id
    member: MemberRef
    points: Annotated[int, Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX), AfterValidator(_some)]
    reason: Words
    consideration: Literal["free", "paid"] = "free"


class AdjustmentAnswer(Shape):
    """`awaiting_approval`: nothing has changed yet; somebody else must approve it."""

    adjustment_id: str
    state: Literal["adjusted", "awaiting_approval"]
    points: int | None = None
    balance: int | None = None


@dataclass(frozen=True, slots=True)
class Adjusting:
    """An adjustment on its way into the account. `maker` is the owner of the key that asked for it."""

    adjustment_id: str
    points: Points
    reason: str
    is_paid: bool
    maker: str
    programme: Programme
    approved_by: str | None = None  # a key

    @property
    def zone(self) -> str:
        return self.programme.zone

    @property
    def needs_approval(self) -> bool:
        """Whether it is above what one person may do, by the settings of when it was made."""
        return abs(self.points) > self.programme.approval_above

    def may_approve(self, owner: str | None) -> bool:
        """Whether the owner of a key is the second person that it needs."""
        return self.needs_approval and owner is not None and owner != self.maker


def adjust(account: Account, adjusting: Adjusting, at: datetime) -> Decided[Account]:
    """Give or take points; `insufficient_points` if not so many of the sort are there.

    What is given lasts as if earned now, and pays a debt first if it is free. It counts for no tier and moves no
    other lot's last day, for the member has earned nothing.
    """
    account, steps = settle(account, at, adjusting.zone)
    account, lots = (_given if adjusting.points > 0 else _taken)(account, adjusting, at)
    data: dict[str, Any] = {"lots": pack_lots(lots), "v": adjusting.programme.version}
    if adjusting.is_paid:
        data["consideration"] = "paid"
    if adjusting.approved_by is not None:
        data["approved_by"] = adjusting.approved_by
    step = Step("adjusted", adjusting.points, ref=("adjustment", adjusting.adjustment_id), data=data)
    return Decided(account, (*steps, step))


def _given(account: Account, adjusting: Adjusting, at: datetime) -> tuple[Account, tuple[Lot, ...]]:
    last_day = adjusting.programme.last_day(at)
    lot = Lot(False, last_day, adjusting.points, Source.ADJUSTMENT, adjusting.is_paid)
    return add(account, lot), (lot,)


def _taken(account: Account, adjusting: Adjusting, _at: datetime) -> tuple[Account, tuple[Lot, ...]]:
    """Of one sort, in the order of spending; free points that a debt waits for stay."""
    points = -adjusting.points
    free, bought = free_and_paid(account.lots)
    require(points, account.paid if adjusting.is_paid else account.spare)
    taken, left = split(bought if adjusting.is_paid else free, points)
    others = free if adjusting.is_paid else bought
    return account._replace(lots=merged((*left, *others))), taken
