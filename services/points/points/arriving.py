"""Points that come into an account, pure: at once, on a day, or when their order is completed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from points.balances import Account, add, later, settle
from points.bought import UNTIL_COMPLETE
from points.lots import Lot, merged, pack_lots, slid, total
from points.programme import Programme
from points.standing import tallied
from shared.business_day import day_start
from shared.chain import Decided, Step


@dataclass(frozen=True, slots=True)
class Arrival:
    """Earned points on their way into their lots.

    `waits` is UNTIL_COMPLETE, or the programme's day (ordinal) at whose start they become available, or 0 for at once.
    """

    ref: tuple[str, str]
    programme: Programme
    lots: tuple[Lot, ...]
    earned_at: datetime
    waits: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    kind: str = "earned"


def arrive(account: Account, arrival: Arrival, at: datetime) -> Decided[Account]:
    """The account with the points in it, and the entry that says so; what is due must have been settled."""
    programme, points = arrival.programme, total(arrival.lots)
    data = {**arrival.data, **({"lots": pack_lots(arrival.lots)} if points else {})}
    kind, available = arrival.kind, points
    if arrival.waits == UNTIL_COMPLETE:
        account = account._replace(pending=account.pending + points)
        kind, available, data["pending"] = "pending", 0, points
    else:
        account = _slid(tallied(account, programme, arrival.earned_at, points), arrival)
        if arrival.waits and day_start(date.fromordinal(arrival.waits), programme.zone, 0) > at:
            for lot in arrival.lots:
                account = later(account, arrival.waits, lot)
            kind, available, data["pending"], data["on"] = "pending", 0, points, arrival.waits
        else:
            account = add(account, *arrival.lots)
    step = Step(kind, available, arrival.earned_at, arrival.ref, data)
    account, due = settle(account, at, programme.zone)  # points of long ago may be gone already
    return Decided(account, (step, *due))


def _slid(account: Account, arrival: Arrival) -> Account:
    """Where points last from the latest earning on, an earning moves all regular lots to its own last day.

    What is held, or waits for a day, or was spent and comes back, moves with them when it is in a lot again.
    """
    if all(lot.is_limited for lot in arrival.lots):
        return account
    if arrival.programme.expiry.kind != "sliding":
        return account._replace(slid=0) if account.slid else account
    day = arrival.programme.last_day(arrival.earned_at)
    moved = merged(slid(lot, day) for lot in account.lots)
    return account._replace(lots=moved, slid=max(account.slid, day))
