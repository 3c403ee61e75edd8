"""When an account must be looked at next, pure: what points and coupons say of their alarms alike. Days are ordinals."""

from __future__ import annotations

RELAYED_DAYS = 2
"""How far ahead an entry asks, so that a day's alarms are complete before it begins, though the relay takes some time."""


def alarm_for(due: int | None, known: int, today: int, ahead: int) -> int | None:
    """The day, `ahead` days from now or later, for which an alarm must be asked for.

    `due` is the next day on which something falls due, `known` that of the latest alarm. None if nothing will fall due,
    or an alarm is on its way in time.
    """
    if due is None:
        return None
    day = max(due, today + ahead)
    return None if today < known <= day else day
