"""Lots as the audit reads them: straight from their packed bytes, fast, and by no code that the product spends by.

Points stand by sort and day: `{sort: {day: points}}`. Days are counted as they are packed, from the first day that a
receipt can have; 0 is the day of what never expires.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import accumulate

from shared import varint
from shared.business_day import day_end
from shared.clock import to_ms

Lots = dict[int, dict[int, int]]

FIRST_DAY = date(1900, 1, 1).toordinal() - 1
_LIMITED, _PAID = 1, 2
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
_WEST_MS, _EAST_MS = 12 * _HOUR_MS, 14 * _HOUR_MS  # no zone's clock is farther behind UTC, or farther ahead of it
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_KNOWN_MAX = 1 << 16


class _Known(dict[bytes, int]):
    """Numbers by their packed form: the same few thousand stand in every lot."""

    def __missing__(self, form: bytes) -> int:
        number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(form))
        if len(self) < _KNOWN_MAX:
            self[form] = number
        return number


_packed_numbers = re.compile(rb"[\x80-\xff]*[\x00-\x7f]").findall
_number: Callable[[bytes], int] = _Known().__getitem__


def numbers(row: bytes) -> list[int]:
    """Variable-length numbers, one behind the other."""
    return list(map(_number, _packed_numbers(row)))


class _Packed(dict[int, bytes]):
    def __missing__(self, number: int) -> bytes:
        form = varint.pack((number,))
        if len(self) < _KNOWN_MAX:
            self[number] = form
        return form


packed: Callable[[int], bytes] = _Packed().__getitem__
"""The packed form of a number."""


def lots_of(row: bytes) -> Lots:
    """Packed lots by sort and day, each sort's days in order."""
    read, at, found = numbers(row), 1, {}
    for _ in range(read[0]):
        end = at + 2 + 2 * read[at + 1]
        found[read[at]] = dict(zip(accumulate(read[at + 2 : end : 2]), read[at + 3 : end : 2], strict=True))
        at = end
    return found


def total(lots: Lots) -> int:
    """The points of some lots."""
    return sum(sum(days.values()) for days in lots.values())


def paid(lots: Lots) -> int:
    """The points among them that were bought for money."""
    return sum(sum(days.values()) for sort, days in lots.items() if sort & _PAID)


def put(lots: Lots, more: Lots) -> None:
    """Put points into their lots."""
    for sort, days in more.items():
        own = lots.setdefault(sort, {})
        for day, points in days.items():
            own[day] = own.get(day, 0) + points


def take(lots: Lots, less: Lots) -> bool:
    """Take points out of their lots; False if they are not all there."""
    is_there = True
    for sort, days in less.items():
        own = lots.get(sort, {})
        for day, points in days.items():
            left = own.get(day, 0) - points
            is_there = is_there and left >= 0
            if left > 0:
                own[day] = left
            else:
                own.pop(day, None)
        if not own:
            lots.pop(sort, None)
    return is_there


def free_after(lots: Lots, debt: int) -> Lots:
    """What of new points goes into lots where a debt waits: free ones pay it first, in the order of spending."""
    left: Lots = {}
    for sort, day, points in sorted(_rows(lots), key=lambda row: _order(row[0], row[1])):
        gone = 0 if sort & _PAID else min(points, debt)
        debt -= gone
        if points > gone:
            left.setdefault(sort, {})[day] = points - gone
    return left


def is_in_order(taken: Lots, left: Lots) -> bool:
    """Whether nothing is left that goes before what was taken: limited first, then the earliest day, free, oldest."""
    latest = max((_order(sort, day) for sort, days in taken.items() for day in days), default=None)
    return latest is None or all(_order(sort, _first(days)) >= latest for sort, days in left.items() if days)


def of_free(lots: Lots) -> Lots:
    """The lots that were not paid for."""
    return {sort: days for sort, days in lots.items() if not sort & _PAID}


def of_paid(lots: Lots) -> Lots:
    """The lots that were bought for money."""
    return {sort: days for sort, days in lots.items() if sort & _PAID}


def slid(lots: Lots, day: int) -> Lots:
    """The lots after an earning has moved all regular ones to a day, if that is later."""
    moved: Lots = {}
    for sort, one, points in _rows(lots):
        keeps = sort & (_LIMITED | _PAID) or not one or one >= day
        own = moved.setdefault(sort, {})
        last = one if keeps else day
        own[last] = own.get(last, 0) + points
    return moved


def regular_day(lots: Lots) -> int:
    """The latest day of the lots that move with the latest earning."""
    return max((day for sort, days in lots.items() if not sort & (_LIMITED | _PAID) for day in days), default=0)


def relative(day: int) -> int:
    """A day as it is packed, of an ordinal; 0 for none."""
    return day - FIRST_DAY if day else 0


def first_days(lots: Lots) -> Iterable[int]:
    """Each sort's first day, what never expires left out."""
    return (day for days in lots.values() if (day := _first(days)))


def _first(days: dict[int, int]) -> int:
    """The first day of a sort; 0 if its points never expire."""
    dated = [day for day in days if day] if 0 in days else days
    return min(dated, default=0)


def _rows(lots: Lots) -> Iterable[tuple[int, int, int]]:
    return ((sort, day, points) for sort, days in lots.items() for day, points in days.items())


def _order(sort: int, day: int) -> tuple[bool, bool, int, bool, int]:
    return not sort & _LIMITED, day == 0, day, bool(sort & _PAID), sort >> 2


class Days:
    """When a lot's last day is over, in milliseconds: in a zone, or in the widest bounds of all zones."""

    def __init__(self, zone: str | None = None) -> None:
        self._zone = zone
        self._ends: dict[int, tuple[int, int]] = {}

    def ends(self, day: int) -> tuple[int, int]:
        """The first moment at which a lot may be over, and the first at which it must be."""
        known = self._ends.get(day)
        if known is None:
            known = self._ends[day] = self._bounds(day + FIRST_DAY)
        return known

    def _bounds(self, ordinal: int) -> tuple[int, int]:
        if self._zone is not None:
            end = to_ms(day_end(date.fromordinal(ordinal), self._zone, 0))
            return end, end
        midnight = (ordinal + 1 - _EPOCH_DAY) * _DAY_MS
        return midnight - _EAST_MS, midnight + _WEST_MS


def as_text(day: int) -> str:
    """A packed day for people."""
    return (date.fromordinal(FIRST_DAY) + timedelta(days=day)).isoformat() if day else "never"
