"""What a member's account does when a purchase's own chain has decided. Pure.

Nothing here can be refused, but for a programme whose claw-back is `refuse`: there both chains decide together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from points.arriving import Arrival, arrive
from points.balances import Account, put_back, settle
from points.bought import UNTIL_COMPLETE
from points.caps import Void, uncounted
from points.lots import Lot, expires_by, free_and_paid, merged, pack_lots, slid, split, split_alike, total
from points.programme import Programme
from points.standing import tallied
from shared.chain import Decided, Step
from shared.errors import Conflict
from shared.units import Points


@dataclass(frozen=True, slots=True)
class Activating:
    """The points of a placed purchase are earned: it was completed."""

    arrival: Arrival

    @property
    def programme(self) -> Programme:
        return self.arrival.programme

    @property
    def zone(self) -> str:
        return self.arrival.programme.zone


def activate(account: Account, activating: Activating, at: datetime) -> Decided[Account]:
    """Pending points become available, or wait for their day."""
    arrival = activating.arrival
    account, steps = settle(account, at, arrival.programme.zone)
    account = account._replace(pending=account.pending - total(arrival.lots))
    arrived = arrive(account, replace(arrival, kind="activated"), at)
    return Decided(arrived.state, (*steps, *arrived.steps))


@dataclass(frozen=True, slots=True)
class TakingBack:
    """A return, a cancellation or a reversal, as it was decided: what goes back to its lots, what is taken back."""

    ref: tuple[str, str]
    programme: Programme
    used: tuple[Lot, ...]  # points that the purchase was paid with
    earned: tuple[Lot, ...]  # points that it gave
    earned_at: datetime
    waits: int
    void: Void | None = None  # nothing of the purchase stands: it does not count as one any more
    in_force: Programme | None = None  # the rules of now, for the tier; `programme` has those of the purchase

    @property
    def zone(self) -> str:
        return self.programme.zone


def take_back(account: Account, taking: TakingBack, at: datetime) -> Decided[Account]:
    """Points used go back to their lots; points earned are taken back, first where they went, in debt if need be."""
    programme = taking.programme
    account, steps = settle(account, at, programme.zone)
    account, restored, forfeited = restore(account, taking.used, programme, at)
    clawed = claw_back(account, taking.earned, taking.waits, programme)
    account = clawed.account
    if taking.waits != UNTIL_COMPLETE:
        account = tallied(account, taking.in_force or programme, taking.earned_at, -total(taking.earned))
    if taking.void is not None:
        account = uncounted(account, programme, taking.void)
    data: dict[str, Any] = {"clawed": total(taking.earned) - clawed.forgiven, "debt": clawed.debt}
    data |= {"forgiven": clawed.forgiven} if clawed.forgiven else {}
    own = []
    if taking.used:
        own.append(Step("restored", total(restored), ref=taking.ref, data=_restored(restored, forfeited)))
    own.append(Step("returned", -clawed.points, ref=taking.ref, data=data))
    account, due = settle(account, at, programme.zone)
    return Decided(account, (*steps, *own, *due))


def _restored(lots: tuple[Lot, ...], forfeited: Points) -> dict[str, Any]:
    return ({"lots": pack_lots(lots)} if lots else {}) | ({"forfeited": forfeited} if forfeited else {})


def restore(
    account: Account, lots: Iterable[Lot], programme: Programme, at: datetime
) -> tuple[Account, tuple[Lot, ...], Points]:
    """Points that were spent are in their lots again, and how many are lost because their day is over.

    `refund_expired`: forfeit (Rakuten Ichiba's rule), a grace of some days from now, or anew as if earned now.
    """
    back: list[Lot] = []
    forfeited = 0
    for spent in lots:
        lot = slid(spent, account.slid)
        if expires_by(lot, at, programme.zone):
            if programme.refund_expired.kind == "forfeit":
                forfeited += lot.points
                continue
            lot = lot._replace(last_day=_new_day(programme, at))
        back.append(lot)
    return put_back(account, back), merged(back), forfeited


def _new_day(programme: Programme, at: datetime) -> int:
    if programme.refund_expired.kind == "grace":
        return programme.day(at).toordinal() + (programme.refund_expired.days or 0)
    return programme.last_day(at)


@dataclass(frozen=True, slots=True)
class Clawed:
    """What a claw-back did: `points` left the available ones (`debt` of them as debt), `forgiven` the shop bears."""

    account: Account
    points: Points
    debt: Points = 0
    forgiven: Points = 0


def claw_back(account: Account, earned: tuple[Lot, ...], waits: int, programme: Programme) -> Clawed:
    """Take earned points back: from where they wait, from the lots they went into, then from others in spending order.

    Paid points are never taken. What is missing then is owed, borne by the shop, or refused, as the programme says. Of an
    erased member nothing is refused for it: the account lets go of the debt, too.
    """
    points = total(earned)
    if waits == UNTIL_COMPLETE:
        return Clawed(account._replace(pending=account.pending - points), 0)
    account, earned = _from_waiting(account, earned, waits)
    wanted = total(earned)
    most = wanted if programme.clawback == "debt" else min(wanted, account.spare)
    taken, left = _its_own_first(account, earned, most)
    missing = wanted - taken
    if missing and programme.clawback == "refuse" and not account.is_erased:
        raise Conflict("insufficient_points", required=wanted, available=taken, missing=missing)
    account = account._replace(lots=left)
    if programme.clawback == "clamp":
        return Clawed(account, taken, forgiven=missing)
    return Clawed(account._replace(debt=account.debt + missing), wanted, debt=missing)


def _its_own_first(account: Account, earned: Iterable[Lot], points: Points) -> tuple[Points, tuple[Lot, ...]]:
    """So many points out of the lots that they went into, then out of others: how many were there, and what is left."""
    own, others = split_alike(account.lots, [slid(lot, account.slid) for lot in earned])
    free, paid = free_and_paid(others)
    taken, left = split((*own, *free), points)
    return total(taken), merged((*left, *paid))


def _from_waiting(account: Account, earned: tuple[Lot, ...], day: int) -> tuple[Account, tuple[Lot, ...]]:
    """First of what waits for that day; the lots that must be looked for elsewhere."""
    here = tuple(lot for when, lot in account.dated if when == day)
    if not day or not here:
        return account, earned
    taken, kept = split_alike(here, earned)
    others = tuple(pair for pair in account.dated if pair[0] != day)
    dated = tuple(sorted((*others, *((day, lot) for lot in kept)), key=lambda pair: (pair[0], pair[1].order)))
    return account._replace(dated=dated), split_alike(earned, taken)[1]
