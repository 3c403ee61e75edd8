"""A member's balances, pure: what is available, owed, held and pending, and what falls due by itself.

What fell due comes first in every operation: holds that lapse, points that become available on their day, lots that
expire, in the order of their time. Settling early changes nothing: for s <= t, settling at s and then at t is
settling at t. So a balance is right at every moment, whether or not a job has run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple

from points.lots import Lot, expires_by, expiry, free_and_paid, merged, pack_lots, slid, split, total, unpack_lots
from shared import varint
from shared.business_day import day_start
from shared.chain import Decided, Kind, Packed, Step
from shared.clock import EPOCH, from_ms, to_ms
from shared.errors import Conflict
from shared.keys import MEMBER_POINTS
from shared.units import Points


@dataclass(frozen=True, slots=True)
class Held:
    """An open hold: the lots that it took out of the account, and when it lapses. While it is open they don't expire."""

    mark: bytes  # the operation that made it
    hold_id: str
    ends: datetime
    lots: tuple[Lot, ...]

    @property
    def points(self) -> Points:
        return total(self.lots)


@dataclass(frozen=True, slots=True)
class Capped:
    """What a capped rule has given a member: on the last days on which it gave anything, and ever."""

    rule_id: str
    ever: Points
    days: tuple[tuple[int, Points], ...]


class Account(NamedTuple):  # a tuple is changed four times as fast as a frozen dataclass
    """What the head of a member's chain knows. `available` is the lots less the debt, which only free points pay."""

    lots: tuple[Lot, ...] = ()
    debt: Points = 0
    holds: tuple[Held, ...] = ()
    pending: Points = 0  # of orders that are placed and not completed; which ones, the orders know
    dated: tuple[tuple[int, Lot], ...] = ()  # become available at the start of the programme's day (ordinal)
    earned: tuple[tuple[int, Points], ...] = ()  # net of returns, by month (year * 12 + month - 1), for the tier
    awards: tuple[tuple[str, int, Points], ...] = ()  # partner, day, points on that day
    caps: tuple[Capped, ...] = ()
    purchases: int = 0  # not cancelled or reversed
    slid: int = 0  # the last day up to which an earning has moved all regular lots; 0 if they don't slide
    alarm: int = 0  # the day of the latest alarm that an entry asked for
    told: int = 0  # the day up to which reminders have been said
    tier: str = ""  # the tier that was told last; none: the lowest
    returned: tuple[tuple[bytes, tuple[Lot, ...]], ...] = ()  # by the mark of each hold that a merge brought, its rest
    is_erased: bool = False  # its holder is no member any more: nothing stays in it

    @property
    def available(self) -> Points:
        return total(self.lots) - self.debt

    @property
    def paid(self) -> Points:
        """The points among the lots that were bought for money."""
        return total(lot for lot in self.lots if lot.is_paid)

    @property
    def spare(self) -> Points:
        """The free points that no debt waits for."""
        return max(0, self.available - self.paid)

    @property
    def usable(self) -> Points:
        """What can be spent: all but the free points that a debt waits for."""
        return max(self.available, self.paid)

    @property
    def held(self) -> Points:
        return sum(held.points for held in self.holds)

    @property
    def waiting(self) -> Points:
        """All points that are earned and can't be used yet."""
        return self.pending + sum(lot.points for _, lot in self.dated)


def add(account: Account, *lots: Lot) -> Account:
    """New points: free ones pay the debt first, and the rest becomes part of its day's lot."""
    free, bought = free_and_paid(slid(lot, account.slid) for lot in lots)
    gone, left = split(free, account.debt)
    return account._replace(lots=merged((*account.lots, *left, *bought)), debt=account.debt - total(gone))


def put_back(account: Account, lots: Iterable[Lot]) -> Account:
    """Points that were the member's already are in their lots again."""
    return account._replace(lots=merged((*account.lots, *(slid(lot, account.slid) for lot in lots))))


def take(account: Account, points: Points) -> tuple[Account, tuple[Lot, ...]]:
    """Spend points that can be, in the fixed order: the account after it, and what each lot gave."""
    assert 0 <= points <= account.usable, "only what is usable can be taken"
    if not account.debt:  # as nearly always: all of it is usable, in the order in which it lies there
        taken, left = split(account.lots, points)
        return account._replace(lots=left), taken
    free, bought = free_and_paid(account.lots)
    spare, owed = split(free, account.spare)
    taken, left = split(merged((*spare, *bought)), points)
    return account._replace(lots=merged((*left, *owed))), taken


def spend_lots(account: Account, points: Points) -> tuple[Account, tuple[Lot, ...]]:
    """Take points if they are there, and say how many are missing if not."""
    require(points, account.usable)
    return take(account, points)


def require(points: Points, available: Points) -> None:
    """Refuse to take more points than there are."""
    if points > available:
        raise Conflict("insufficient_points", required=points, available=available, missing=points - available)


def give_back(account: Account, held: Held) -> Account:
    """A hold's lots are the account's again; of a hold that a merge brought they are noted, in case it is ended."""
    account = put_back(account, held.lots)
    if account.returned:
        returned = tuple((mark, held.lots if mark == held.mark else lots) for mark, lots in account.returned)
        account = account._replace(returned=returned)
    return account._replace(holds=tuple(one for one in account.holds if one.mark != held.mark))


def later(account: Account, day: int, lot: Lot) -> Account:
    """Points that become available at the start of a day."""
    known = {(when, one.key): (when, one) for when, one in account.dated}
    old = known.get((day, lot.key))
    known[day, lot.key] = (day, lot if old is None else lot.with_points(lot.points + old[1].points))
    dated = sorted((pair for pair in known.values() if pair[1].points), key=lambda pair: (pair[0], pair[1].order))
    return account._replace(dated=tuple(dated))


def let_go(account: Account) -> Decided[Account]:
    """The account of an erased member without what came in late, and the entry that says so; none if it is empty."""
    gone = Account(alarm=account.alarm, told=account.told, is_erased=True)
    left = (account.lots, account.debt, account.holds, account.pending, account.dated)
    return Decided(gone, (forfeited(account, LATE),) if any(left) else ())


OF_NOBODY = "x"
"""In the packed state of an account: that it is an erased member's."""
LATE = "late"
"""In place of an erased member's id, of what has come in since."""


def forfeited(account: Account, what: str) -> Step:
    """The entry that says what an erased member leaves behind: points, debt, what is held, what waits."""
    numbers = {"debt": account.debt, "held": account.held, "pending": account.waiting}
    data: Packed = {name: number for name, number in numbers.items() if number}
    if account.lots:
        data["lots"] = pack_lots(account.lots)
    return Step("adjusted", -account.available, ref=("erasure", what), data=data, is_due=what == LATE)


# ---- what falls due by itself ---------------------------------------------------------------------------------------

Due = tuple[datetime, int, bytes, Callable[[Account], tuple[Account, Step]]]


def settle(account: Account, at: datetime, zone: str) -> tuple[Account, tuple[Step, ...]]:
    """Play what fell due by `at`, in order of its time."""
    steps: list[Step] = []
    since = EPOCH
    while due := min(_due(account, at, zone, since), default=None, key=lambda one: one[:3]):
        since = due[0]
        account, step = due[3](account)
        steps.append(step)
    return account, tuple(steps)


def _due(account: Account, at: datetime, zone: str, since: datetime) -> Iterator[Due]:
    """What is due by `at`. What came back at `since` after its last day expires then."""
    for lot in account.lots:
        if expires_by(lot, at, zone):
            when = max(expiry(lot, zone), since)
            yield when, 0, lot.last_day.to_bytes(4) + bytes((lot.sort,)), _expire(lot, when)
    for held in account.holds:
        if held.ends <= at:
            yield held.ends, 1, held.mark, _lapse(held)
    for day, lot in account.dated:
        if day <= at.date().toordinal() + 2 and (start := day_start(date.fromordinal(day), zone, 0)) <= at:
            yield start, 2, lot.last_day.to_bytes(4) + bytes((lot.sort,)), _activate(day, lot, start)


def _expire(lot: Lot, when: datetime) -> Callable[[Account], tuple[Account, Step]]:
    def play(account: Account) -> tuple[Account, Step]:
        left = tuple(one for one in account.lots if one.key != lot.key)
        ref = ("expiry", date.fromordinal(lot.last_day).isoformat())
        step = Step("expired", -lot.points, when, ref, {"lots": pack_lots([lot])}, is_due=True)
        return account._replace(lots=left), step

    return play


def _lapse(held: Held) -> Callable[[Account], tuple[Account, Step]]:
    def play(account: Account) -> tuple[Account, Step]:
        ref, data = ("hold", held.hold_id), {"lots": pack_lots(held.lots)}
        return give_back(account, held), Step("released", held.points, held.ends, ref, data, is_due=True)

    return play


def _activate(day: int, lot: Lot, when: datetime) -> Callable[[Account], tuple[Account, Step]]:
    def play(account: Account) -> tuple[Account, Step]:
        waiting = tuple(pair for pair in account.dated if (pair[0], pair[1].key) != (day, lot.key))
        ref = ("activation", date.fromordinal(day).isoformat())
        step = Step("activated", lot.points, when, ref, {"lots": pack_lots([lot])}, is_due=True)
        return add(account._replace(dated=waiting), lot), step

    return play


# ---- packed form ----------------------------------------------------------------------------------------------------


def _pack(account: Account) -> Packed:
    packed: Packed = {"l": pack_lots(account.lots)}
    numbers = {"d": account.debt, "p": account.pending, "n": account.purchases, "s": account.slid, "m": account.alarm}
    numbers["w"] = account.told
    packed |= {name: number for name, number in numbers.items() if number}
    if account.tier:
        packed["g"] = account.tier
    if account.is_erased:
        packed[OF_NOBODY] = 1
    if account.holds:
        packed["h"] = [[one.mark, one.hold_id, to_ms(one.ends), pack_lots(one.lots)] for one in account.holds]
    if account.dated:
        packed["t"] = [[day, pack_lots([lot])] for day, lot in account.dated]
    if account.earned:
        packed["e"] = varint.pack(chain(*((month, varint.zigzag(points)) for month, points in account.earned)))
    if account.awards:
        packed["a"] = [list(award) for award in account.awards]
    if account.caps:
        packed["c"] = [[one.rule_id, varint.pack((one.ever, *chain(*one.days)))] for one in account.caps]
    if account.returned:
        packed["b"] = [[mark, pack_lots(lots)] for mark, lots in account.returned]
    return packed


def _unpack(packed: Packed) -> Account:
    earned = list(varint.unpack(packed.get("e", b"")))
    holds = [Held(mark, hold_id, from_ms(ends), unpack_lots(lots)) for mark, hold_id, ends, lots in packed.get("h", ())]
    return Account(
        lots=unpack_lots(packed["l"]),
        debt=packed.get("d", 0),
        holds=tuple(holds),
        pending=packed.get("p", 0),
        dated=tuple([(day, lot) for day, lots in packed.get("t", ()) for lot in unpack_lots(lots)]),
        earned=tuple(zip(earned[::2], map(varint.unzigzag, earned[1::2]), strict=True)),
        awards=tuple([tuple(award) for award in packed.get("a", ())]),
        caps=tuple([_capped(rule_id, *varint.unpack(numbers)) for rule_id, numbers in packed.get("c", ())]),
        purchases=packed.get("n", 0),
        slid=packed.get("s", 0),
        alarm=packed.get("m", 0),
        told=packed.get("w", 0),
        tier=packed.get("g", ""),
        returned=tuple([(mark, unpack_lots(lots)) for mark, lots in packed.get("b", ())]),
        is_erased=OF_NOBODY in packed,
    )


def _capped(rule_id: str, ever: Points, *days: int) -> Capped:
    return Capped(rule_id, ever, tuple(zip(days[::2], days[1::2], strict=True)))


ACCOUNT = Kind(
    MEMBER_POINTS,
    Account(),
    _pack,
    _unpack,
    lambda account: account.available,
    is_erased=lambda account: account.is_erased,
    erase=let_go,
)
