"""Alarms: on which day a service must look at an account, a member's points or coupons, though nobody may come by.

They lie in the transient table, by day: what is due today is read without asking every account. An alarm too many is a
look in vain; so they are put without a condition, as often as asked for.
"""

from __future__ import annotations

from datetime import date

from shared import keys
from shared.clock import EPOCH
from shared.world import World

_KEPT_DAYS = 90
_EPOCH_DAY = EPOCH.date().toordinal()


def put(world: World, account: str, day: int) -> None:
    """Ask for a look at an account on a day (ordinal of the programme's zone)."""
    pk, sk = keys.alarm(account, day)
    world.transient.put({"pk": pk, "sk": sk, "ttl": (day - _EPOCH_DAY + _KEPT_DAYS) * 86_400})


def relayed(asked: int, today: date) -> int:
    """The day for an alarm that an entry asked for, given today's date in UTC.

    The job may be at work on tomorrow's date already, far in the east; an entry that the stream brings late, or again
    in a year, must not leave its alarm where the job has been.
    """
    return max(asked, today.toordinal() + 2)
