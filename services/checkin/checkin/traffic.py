"""How many guests check in at a store in an hour, and how many usually do. Pure.

A store is measured by its own past: the same hour of the week, smoothed over some four weeks, each week counting for
no more than twice what was usual, so that whoever farms check-ins can't raise the measure quickly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from shared import clock, keys, varint
from shared.chain import Decided, Kind, Step

WEEK = 7 * 24
"""Hours; they are counted from one that began on a Thursday."""
FACTOR = 5
FEW = 30
"""So many an hour are never too many."""
LEARNING_HOURS, LEARNING_LIVED = 14 * 24, 50
LEARNING_MAX = 1000
"""A store has a past after so many hours, so many of them with guests; so many guests an hour are too many even before."""

_HOUR_MS = 3_600_000
_FINE = 16  # sixteenths of a guest
_WEEKS = 4
_FORGOTTEN = 20 * WEEK  # after so long nothing of the past is left in the figures


@dataclass(frozen=True)
class Traffic:
    """The hour that is counted, its guests; the first hour of all, how many had guests; what is usual; if it was told."""

    hour: int = 0
    guests: int = 0
    since: int = 0
    lived: int = 0
    usual: tuple[int, ...] = (0,) * WEEK  # in sixteenths of a guest, by the hour of the week (UTC)
    is_told: bool = False

    def typical(self, hour: int) -> int:
        """How many guests are usual at this hour of the week."""
        return self.usual[hour % WEEK] // _FINE

    def guests_at(self, hour: int) -> float:
        """How many guests are usual at this hour of the week, to a sixteenth."""
        return self.usual[hour % WEEK] / _FINE

    def limit(self) -> int:
        """How many guests in this hour are not too many."""
        if self.hour - self.since < LEARNING_HOURS or self.lived < LEARNING_LIVED:
            return LEARNING_MAX
        return max(FEW, FACTOR * self.typical(self.hour))


class Seen(NamedTuple):
    """One guest more at a store, at a time."""

    store_id: str
    at: datetime


def count(traffic: Traffic, seen: Seen, _at: datetime) -> Decided[Traffic]:
    """The traffic with one guest more. Once an hour, when there are too many, a second entry says so."""
    hour = clock.to_ms(seen.at) // _HOUR_MS
    counted = Step("counted", occurred_at=seen.at)
    if hour < traffic.hour:  # heard of late: its hour is over
        return Decided(traffic, (counted,))
    now = _moved(traffic, hour)
    now = replace(now, guests=now.guests + 1)
    if now.is_told or now.guests <= now.limit():
        return Decided(now, (counted,))
    said = {
        "store_id": seen.store_id,
        "guests": now.guests,
        "usual": now.typical(hour),
        "hour": clock.to_text(clock.from_ms(hour * _HOUR_MS)),
    }
    return Decided(replace(now, is_told=True), (counted, Step("anomaly", occurred_at=seen.at, data=said)))


def _moved(traffic: Traffic, hour: int) -> Traffic:
    """The traffic at a later hour: what was counted, and the empty hours since, have become its past."""
    if traffic.hour == 0:
        return Traffic(hour=hour, since=hour)
    if traffic.hour == hour:
        return traffic
    usual = list(traffic.usual)
    for each in range(traffic.hour, min(hour, traffic.hour + _FORGOTTEN)):
        guests = traffic.guests if each == traffic.hour else 0
        before = usual[each % WEEK]
        most = 2 * before + FEW * _FINE
        usual[each % WEEK] = before + (min(guests * _FINE, most) - before) // _WEEKS
    return Traffic(hour=hour, since=traffic.since, lived=traffic.lived + 1, usual=tuple(usual))


def _pack(traffic: Traffic) -> dict[str, Any]:
    usual = {"u": varint.pack(traffic.usual)} if any(traffic.usual) else {}
    return {"n": [traffic.hour, traffic.guests, traffic.since, traffic.lived, int(traffic.is_told)], **usual}


def _unpack(packed: dict[str, Any]) -> Traffic:
    hour, guests, since, lived, is_told = map(int, packed["n"])
    usual = tuple(varint.unpack(packed["u"])) if "u" in packed else (0,) * WEEK
    return Traffic(hour, guests, since, lived, usual, bool(is_told))


TRAFFIC: Kind[Traffic] = Kind(keys.TRAFFIC, Traffic(), _pack, _unpack)
