"""Lots of points, pure: what expires on one day and is of one sort, in the order in which it is spent.

Limited-time points (期間限定) go first, then the earliest last day, then what never expires; of one day free points go
before paid ones. Lots of the same day and sort are one lot, so a year of daily visits is at most 366 lots, packed in
about four bytes each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import IntEnum
from operator import attrgetter
from typing import NamedTuple

from shared import varint
from shared.business_day import day_end
from shared.units import Points

NEVER = 0
_FIRST_DAY = date(1900, 1, 1).toordinal() - 1  # no receipt is older


class Source(IntEnum):
    """Where points came from, for the report of what the outstanding points are worth. Stored: never renumber."""

    PURCHASE = 0
    AWARD = 1
    CHECKIN = 2
    ACTION = 3
    ADJUSTMENT = 4
    COUPON = 5


class Lot(NamedTuple):  # a tuple is made five times as fast as a frozen dataclass
    """Points that expire together. `last_day` is the last day (ordinal) on which they can be used, or NEVER.

    Paid points (bought for money) are prepaid instruments under Japanese law and never become one lot with free ones.
    """

    is_limited: bool
    last_day: int
    points: Points
    source: Source = Source.PURCHASE
    is_paid: bool = False

    @property
    def sort(self) -> int:
        """Limited or not, paid or not, and from where, as one small number."""
        return int(self.is_limited) | int(self.is_paid) << 1 | self.source << 2

    @property
    def key(self) -> tuple[int, int]:
        """What lots have in common that are one lot."""
        return self.sort, self.last_day

    @property
    def order(self) -> tuple[bool, bool, int, bool, int]:
        return not self.is_limited, self.last_day == NEVER, self.last_day, self.is_paid, self.source

    def with_points(self, points: Points) -> Lot:
        """So many points of this lot's day and sort."""
        return Lot(self.is_limited, self.last_day, points, self.source, self.is_paid)


_order, _last_day = attrgetter("order"), attrgetter("last_day")


def total(lots: Iterable[Lot]) -> Points:
    """The points of some lots."""
    return sum([lot.points for lot in lots])


def merged(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Lots in the order in which they are spent, one for each day and sort, none of them empty."""
    sums: dict[tuple[int, int], Lot] = {}
    for lot in lots:
        key = lot.key
        known = sums.get(key)
        sums[key] = lot if known is None else lot.with_points(known.points + lot.points)
    return tuple(sorted([lot for lot in sums.values() if lot.points], key=_order))


def split(lots: Iterable[Lot], points: Points) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """The first so many points of some lots, and the rest. Takes all of them if there are not enough."""
    taken, left = [], []
    for lot in lots:
        share = min(points, lot.points)
        points -= share
        if share:
            taken.append(lot if share == lot.points else lot.with_points(share))
        if lot.points > share:
            left.append(lot if not share else lot.with_points(lot.points - share))
    return tuple(taken), tuple(left)


def free_and_paid(lots: Iterable[Lot]) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Free lots, and paid ones."""
    every = tuple(lots)
    return tuple([lot for lot in every if not lot.is_paid]), tuple([lot for lot in every if lot.is_paid])


def slid(lot: Lot, day: int) -> Lot:
    """A lot whose last day the latest earning has moved to `day`.

    Limited points have a day of their own; paid ones keep the day for which they were sold.
    """
    if lot.is_limited or lot.is_paid or lot.last_day == NEVER or lot.last_day >= day:
        return lot
    return lot._replace(last_day=day)


def split_alike(lots: Sequence[Lot], wanted: Sequence[Lot]) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """What of the wanted lots is there, of the same day and sort; and all the rest."""
    asked = {lot.key: lot.points for lot in merged(wanted)}
    taken, left = [], []
    for lot in lots:
        share = min(asked.get(lot.key, 0), lot.points)
        taken.append(lot.with_points(share))
        left.append(lot.with_points(lot.points - share))
    return merged(taken), merged(left)


def expiry(lot: Lot, zone: str) -> datetime:
    """The moment at which a lot is gone: the end of its last day in the programme's zone."""
    return day_end(date.fromordinal(lot.last_day), zone, 0)


def expires_by(lot: Lot, at: datetime, zone: str) -> bool:
    """Whether a lot is gone at a moment."""
    if lot.last_day == NEVER or lot.last_day > at.date().toordinal() + 2:
        return False  # no zone is so far ahead that its day could have ended already
    return expiry(lot, zone) <= at


# ---- packed form ----------------------------------------------------------------------------------------------------


def pack_lots(lots: Sequence[Lot]) -> bytes:
    """Three variable-length numbers a lot would be four to six bytes; the day as a step from the one before is two.

    The number of sorts; for each sort its number, how many lots, and for each of those the step and its points.
    """
    groups: dict[int, list[Lot]] = {}
    for lot in lots:
        groups.setdefault(lot.sort, []).append(lot)
    numbers = [len(groups)]
    for sort in sorted(groups):
        group = sorted(groups[sort], key=_last_day)
        numbers += (sort, len(group))
        before = _FIRST_DAY
        for lot in group:
            day = max(lot.last_day, _FIRST_DAY)  # NEVER packs as a step of 0 from the first day
            numbers += (day - before, lot.points)
            before = day
    return varint.pack(numbers)


def unpack_lots(packed: bytes) -> tuple[Lot, ...]:
    """What `pack_lots` packed, in spending order."""
    numbers = varint.unpack(packed)
    lots: list[Lot] = []
    for _ in range(next(numbers)):
        lots += _group(next(numbers), numbers)
    return tuple(sorted(lots, key=_order))


def _group(sort: int, numbers: Iterator[int]) -> Iterator[Lot]:
    day, is_limited, is_paid, source = _FIRST_DAY, bool(sort & 1), bool(sort & 2), Source(sort >> 2)
    for _ in range(next(numbers)):
        day += next(numbers)
        last_day = NEVER if day == _FIRST_DAY else day
        yield Lot(is_limited, last_day, next(numbers), source, is_paid)
