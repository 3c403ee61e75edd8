"""What a member's account brings into another when two members turn out to be one, and takes back if they don't. Pure.

All that is the member's own moves: lots, debt, open holds, points of placed orders, counters of caps, awards and
tiers. So every limit is kept for the merged person. Nothing is paid, spent or expired by it: debt stays beside lots
until the next earning pays it.

If the merge is ended, what is left of the lots goes back, by last day and sort; what was spent or has expired is the
shortfall, which the entries tell. Open holds go back as well, for what ends a hold follows it, and so does what a hold
that was brought has given back by then. Points of placed orders stay, for nobody can tell any more whose orders they are of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from points.balances import ACCOUNT, Account, Capped, Held, later, settle
from points.caps import DAYS_KEPT
from points.dues import asking
from points.lots import Lot, expires_by, merged, pack_lots, slid, split_alike, total
from points.programme import Programme
from points.verbs import told_tier
from shared import keys
from shared.business_day import day_start
from shared.chain import Decided, Step
from shared.moves import MOVED, Merger, Move

K = TypeVar("K", int, tuple[str, int])


def merger(programme: Programme) -> Merger[Account]:
    """How members' accounts are merged and parted under a programme."""
    zone = programme.zone

    def leave(account: Account, move: Move[Account], at: datetime) -> Decided[Account]:
        account, due = settle(account, at, zone)
        data = {MOVED: ACCOUNT.pack(account), **_told(account)}
        return Decided(Account(), (*due, move.step(-account.available, data)))

    def join(account: Account, move: Move[Account], at: datetime) -> Decided[Account]:
        account, due = settle(account, at, zone)
        brought, _ = settle(move.brought, at, zone)
        data = {"points_moved": brought.available, **_told(brought), "carry": _carry(move, "merge")}
        return _looked(account, together(account, brought), (*due, move.step(brought.available, data)), programme, at)

    def part(account: Account, move: Move[Account], at: datetime) -> Decided[Account]:
        account, due = settle(account, at, zone)
        back = coming_back(account, move.brought, at, zone)
        data = {"points_moved": back.available, **_told(back), **_short(account, move.brought, back, at, zone)}
        step = move.step(-back.available, data | {"carry": _carry(move, "unmerge")}, is_end=True)
        return _looked(account, apart(account, move.brought, back), (*due, step), programme, at)

    def come_back(account: Account, move: Move[Account], at: datetime) -> Decided[Account]:
        there, _ = settle(move.there, at, zone)
        back = coming_back(there, move.brought, at, zone)
        step = move.step(back.available, {**_told(back), **_short(there, move.brought, back, at, zone)}, is_end=True)
        return _looked(account, back, (step,), programme, at)

    return Merger(ACCOUNT, leave, join, part, come_back)


def _looked(
    before: Account, after: Account, steps: tuple[Step, ...], programme: Programme, at: datetime
) -> Decided[Account]:
    """As every entry: it tells another tier, says the reminders that are due and asks for the next alarm."""
    decided, falls = told_tier(Decided(after, steps), programme, at)
    return asking(before, decided, at, programme.zone, falls)


# ---- together -------------------------------------------------------------------------------------------------------


def together(one: Account, other: Account) -> Account:
    """Two accounts as one. It may have more holds than one account may open, and nothing breaks."""
    slid = max(one.slid, other.slid)
    account = Account(
        lots=_slid((*one.lots, *other.lots), slid),
        debt=one.debt + other.debt,
        holds=(*one.holds, *other.holds),
        pending=one.pending + other.pending,
        dated=one.dated,
        earned=_sums(one.earned, other.earned),
        awards=_awards(one, other),
        caps=_caps(one, other),
        purchases=one.purchases + other.purchases,
        slid=slid,
        alarm=one.alarm,
        told=one.told,
        tier=one.tier,
        returned=(*one.returned, *_brought(other)),
    )
    for day, lot in other.dated:
        account = later(account, day, lot)
    return account


def _brought(account: Account) -> Iterable[tuple[bytes, tuple[Lot, ...]]]:
    """The holds that an account brings, now and in merges of before, with what they have given back."""
    return {**{held.mark: () for held in account.holds}, **dict(account.returned)}.items()


def _slid(lots: Iterable[Lot], day: int) -> tuple[Lot, ...]:
    """Where points last from the latest earning on, the later one counts for both."""
    return merged(slid(lot, day) for lot in lots)


def _sums(one: Iterable[tuple[K, int]], other: Iterable[tuple[K, int]], sign: int = 1) -> tuple[tuple[K, int], ...]:
    """The sums by key, in the order of the keys; those of 0 left out."""
    sums = dict(one)
    for key, number in other:
        sums[key] = sums.get(key, 0) + sign * number
    return tuple(sorted((key, number) for key, number in sums.items() if number))


def _awards(one: Account, other: Account, sign: int = 1) -> tuple[tuple[str, int, int], ...]:
    """What partners gave, by partner and day."""
    first, second = ([((partner, day), points) for partner, day, points in account.awards] for account in (one, other))
    return tuple((partner, day, points) for (partner, day), points in _sums(first, second, sign) if points > 0)


def _caps(one: Account, other: Account) -> tuple[Capped, ...]:
    known = {capped.rule_id: capped for capped in one.caps}
    for capped in other.caps:
        old = known.get(capped.rule_id, Capped(capped.rule_id, 0, ()))
        known[capped.rule_id] = Capped(capped.rule_id, old.ever + capped.ever, _days(old, capped))
    return tuple(known.values())


def _days(one: Capped, other: Capped) -> tuple[tuple[int, int], ...]:
    """What a rule gave both by day. A day of 0 is kept: where it stands, the days before it are forgotten."""
    days = dict(one.days)
    for day, points in other.days:
        days[day] = days.get(day, 0) + points
    return tuple(sorted(days.items())[-DAYS_KEPT:])


# ---- apart ----------------------------------------------------------------------------------------------------------


def coming_back(there: Account, brought: Account, at: datetime, zone: str) -> Account:
    """The account that is opened again: what is left of what it brought, and its own counters."""
    lots, _ = split_alike(there.lots, _slid(_wanted(there, brought, at, zone), there.slid))
    returned = dict(there.returned)
    return brought._replace(
        lots=lots,
        debt=min(brought.debt, there.debt),
        holds=_holds(there, brought),
        pending=0,
        dated=tuple(_dated_back(there, brought)),
        slid=max(brought.slid, there.slid),
        returned=tuple((mark, gave) for mark, _ in brought.returned if (gave := returned.get(mark))),
    )


def _holds(there: Account, brought: Account) -> tuple[Held, ...]:
    """The holds that were brought and are open still, as they are now."""
    own = {held.mark for held in brought.holds}
    return tuple(held for held in there.holds if held.mark in own)


def _wanted(there: Account, brought: Account, at: datetime, zone: str) -> tuple[Lot, ...]:
    """The lots that were brought, those too that have come since: their day came, or a hold gave them back."""
    returned = dict(there.returned)
    waited = (lot for day, lot in brought.dated if _is_there(day, at, zone))
    return (*brought.lots, *waited, *(lot for held in brought.holds for lot in returned.get(held.mark, ())))


def _is_there(day: int, at: datetime, zone: str) -> bool:
    """Whether points that waited for a day are available by now."""
    return day_start(date.fromordinal(day), zone, 0) <= at


def _dated_back(there: Account, brought: Account) -> Iterable[tuple[int, Lot]]:
    known: Mapping[tuple[int, Any], Lot] = {(day, lot.key): lot for day, lot in there.dated}
    for day, lot in brought.dated:
        left = known.get((day, lot.key))
        if left is not None:
            yield day, lot.with_points(min(lot.points, left.points))


def apart(there: Account, brought: Account, back: Account) -> Account:
    """The account that had taken the other in, without what goes back."""
    account = there._replace(
        lots=split_alike(there.lots, back.lots)[1],
        debt=there.debt - back.debt,
        holds=tuple(held for held in there.holds if held not in back.holds),
        earned=_sums(there.earned, _remembered(there, brought), -1),
        awards=_awards(there, brought, -1),
        caps=tuple(_caps_apart(there, brought)),
        purchases=max(0, there.purchases - brought.purchases),
        returned=tuple(one for one in there.returned if one[0] not in dict(_brought(brought))),
    )
    for day, lot in back.dated:
        account = later(account, day, lot.with_points(-lot.points))
    return account


def _remembered(there: Account, brought: Account) -> Iterable[tuple[int, int]]:
    """What was earned in months that the other account has not forgotten since."""
    oldest = min((month for month, _ in there.earned), default=0)
    return ((month, points) for month, points in brought.earned if month >= oldest)


def _caps_apart(there: Account, brought: Account) -> Iterable[Capped]:
    """The counters less the other's. Where days may have been forgotten, one of 0 stays, so that they stay forgotten."""
    taken = {capped.rule_id: capped for capped in brought.caps}
    for capped in there.caps:
        other = taken.get(capped.rule_id)
        if other is None:
            yield capped
            continue
        less = dict(other.days)
        days = tuple((day, max(0, points - less.get(day, 0))) for day, points in capped.days)
        if len(capped.days) < DAYS_KEPT:
            days = tuple((day, points) for day, points in days if points)
        left = Capped(capped.rule_id, max(0, capped.ever - other.ever), days)
        if left.ever or left.days:
            yield left


# ---- what the entries tell ------------------------------------------------------------------------------------------


def _told(moved: Account) -> dict[str, Any]:
    """The lots that move, and what moves beside them."""
    numbers = {"debt": moved.debt, "held": moved.held, "pending": moved.waiting}
    told: dict[str, Any] = {name: number for name, number in numbers.items() if number}
    return told | ({"lots": pack_lots(moved.lots)} if moved.lots else {})


def _short(there: Account, brought: Account, back: Account, at: datetime, zone: str) -> dict[str, int]:
    """The points that were brought, could still be used and are not there any more."""
    lots = (lot for lot in _wanted(there, brought, at, zone) if not expires_by(lot, at, zone))
    missing = total(lots) - total(back.lots)
    return {"shortfall": missing} if missing > 0 else {}


def _carry(move: Move[Account], kind: str) -> list[str]:
    """The profile of who left must tell it too, though the process dies."""
    return ["points", keys.name(kind, keys.SHOP, move.merge.merge_id)]
