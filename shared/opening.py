"""Opening hours, by the store's own clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Mapping[Weekday, Sequence[tuple[str, str]]]
"""Intervals of local time by day; a day that is not named is closed."""

_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60


def is_open(hours: Hours | None, local: datetime) -> bool:
    """Whether a store with these hours is open at a local time; an interval holds its start and not its end."""
    if hours is None:
        return True
    minute = local.hour * 60 + local.minute
    today, yesterday = _WEEKDAYS[local.weekday()], _WEEKDAYS[local.weekday() - 1]
    return any(
        start <= minute + offset < end
        for day, offset in ((today, 0), (yesterday, _DAY_MINUTES))
        for start, end in map(_minutes, hours.get(day, ()))
    )


def _minutes(interval: tuple[str, str]) -> tuple[int, int]:
    """Start and end in minutes from the day's midnight; an end at or before the start belongs to the next day."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in interval)
    return start, end if end > start else end + _DAY_MINUTES
