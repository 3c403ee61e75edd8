"""What a reversal gives back and takes away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from points.balances import Account, counted, give_back, settle, take
from points.lots import Lot, merged, unpack_lots
from points.rules import BudgetState, Giving
from shared.business_day import business_day
from shared.chain import Decided, Entry, Step
from shared.units import Points


@dataclass(frozen=True, slots=True)
class Undoing:
    """The reversal of an operation on a member's points; `entries` are what it did, none if it never entered."""

    ref: tuple[str, str]
    zone: str
    entries: tuple[Entry, ...] = ()
    mark: bytes = b""  # of a hold


def undo(account: Account, undoing: Undoing, at: datetime) -> Decided[Account]:
    """Points spent or held go back to the lots they came from; points earned are taken back, in debt if need be.

    What was given back after its last day is gone at once, as if it had never been spent.
    """
    account, steps = settle(account, at, undoing.zone)
    before = account.available
    for held in account.holds:
        if held.mark == undoing.mark:
            account = give_back(account, held)
    for entry in undoing.entries:
        lots = unpack_lots(entry.data["lots"]) if "lots" in entry.data else ()
        if entry.kind in ("spent", "captured"):
            account = replace(account, lots=merged((*account.lots, *lots)))
        elif entry.kind == "earned":
            account = _claw_back(account, entry.points, lots)
            january = business_day(entry.occurred_at, undoing.zone, 0).year * 12
            account = counted(account, january, -entry.points, max((month for month, _ in account.earned), default=0))
    step = Step("reversed", account.available - before, ref=undoing.ref)
    account, due = settle(account, at, undoing.zone)
    return Decided(account, (*steps, step, *due))


def _claw_back(account: Account, points: Points, from_lots: Sequence[Lot]) -> Account:
    """Take earned points back: from the lot they went into, then from the others in spending order, the rest as debt."""
    days = {(lot.is_limited, lot.last_day) for lot in from_lots}
    own = tuple(lot for lot in account.lots if (lot.is_limited, lot.last_day) in days)
    others = tuple(lot for lot in account.lots if lot not in own)
    held = sum(lot.points for lot in own)
    first, _ = take(Account(own), min(points, held))
    rest = points - min(points, held)
    second, _ = take(Account(others), min(rest, sum(lot.points for lot in others)))
    missing = rest - min(rest, sum(lot.points for lot in others))
    return replace(account, lots=merged((*first.lots, *second.lots)), debt=account.debt + missing)


def close_award(state: BudgetState, giving: Giving, _at: datetime) -> Decided[BudgetState]:
    """The award can't enter the budget any more; what it took comes back by an operation of its own."""
    return Decided(state, (Step("reversed", ref=("award", giving.award_id)),))
