"""The business day: which day an instant belongs to at a place that closes its books at a cutoff hour.

Day D of a zone begins at the first instant at which the wall clock there shows D, cutoff:00 or later, and ends
where D+1 begins. Everything follows from that one sentence:

- a cutoff hour that a clock change skips: the day begins at the change;
- a cutoff hour that comes twice: the day begins at the first one, and the second belongs to the same day;
- a date that a zone skipped altogether (Samoa, 30 December 2011) is an empty day: it ends where it begins;
- days never run backwards and leave no gap, so `business_day(x) == d` exactly if `day_start(d) <= x < day_end(d)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ONE_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_ZONE_NAME = re.compile(r"(?!posix/|right/)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
# Files of the zone database that are no place: they mean whatever the machine was set to, or nothing.
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


class UnknownZone(ValueError):
    """A text that names no IANA time zone."""


# Refusals are not cached, so nonsense from outside can't push the few real names out.
@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; `UnknownZone` for anything else."""
    if len(name) > 64 or name in _NO_PLACES or not _ZONE_NAME.fullmatch(name):
        raise UnknownZone("not an IANA time zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone("not an IANA time zone") from None


@lru_cache(maxsize=4096)  # one operation asks several times about the same moment
def business_day(at: datetime, zone_name: str, cutoff_hour: int) -> date:
    """The business day that an instant (aware UTC, years 1900 to 9998) belongs to."""
    local = at.astimezone(zone(zone_name))
    day = (local.replace(tzinfo=None) - timedelta(hours=cutoff_hour)).date()
    # The wall clock is right on all but the days of a clock change; there it is one day off at most,
    # but for a date that does not exist.
    while day_start(day, zone_name, cutoff_hour) > at:
        day -= _ONE_DAY
    while day_end(day, zone_name, cutoff_hour) <= at:
        day += _ONE_DAY
    return day


@lru_cache(maxsize=4096)
def day_start(day: date, zone_name: str, cutoff_hour: int) -> datetime:
    """The first instant (UTC) of a business day: when the wall clock first shows the cutoff hour or later."""
    wall = datetime.combine(day, time(cutoff_hour))
    place = zone(zone_name)
    # fold=0 reads a doubled hour as its first coming and a skipped one by the offset before the change.
    start = wall.replace(tzinfo=place).astimezone(UTC)
    if start.astimezone(place).replace(tzinfo=None) == wall:
        return start
    return _change(start, wall, place)


def day_end(day: date, zone_name: str, cutoff_hour: int) -> datetime:
    """The first instant that no longer belongs to a business day: the start of the next."""
    return day_start(day + _ONE_DAY, zone_name, cutoff_hour)


def _change(late: datetime, wall: datetime, place: ZoneInfo) -> datetime:
    """The clock change that skips a wall time: the first instant that shows a later one, found by halving."""
    early = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    while late - early > _MICROSECOND:
        middle = early + (late - early) // 2
        if middle.astimezone(place).replace(tzinfo=None) >= wall:
            late = middle
        else:
            early = middle
    return late


@dataclass(frozen=True, slots=True)
class DayRule:
    """How a place tells its days apart: its zone, and the hour at which it closes its books."""

    zone: str
    cutoff_hour: int = 0

    def day(self, at: datetime) -> date:
        """The business day that a moment belongs to."""
        return business_day(at, self.zone, self.cutoff_hour)

    def end(self, day: date) -> datetime:
        """The moment at which a business day is over."""
        return day_end(day, self.zone, self.cutoff_hour)

    def end_of_next_day(self, at: datetime) -> datetime:
        """The end of the business day after the one that a moment belongs to."""
        return self.end(self.day(at) + _ONE_DAY)
