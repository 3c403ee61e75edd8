"""The job of the alarms over members' coupons: what has expired is said, and what soon will."""

from __future__ import annotations

import logging

from coupons import dues
from coupons.dues import Attending
from shared import coupons_of, places
from shared.alarm_job import AlarmJob
from shared.coupon_book import BOOK
from shared.naming import Verb, unnamed
from shared.world import World

BUDGET_SECONDS = 780.0
"""How long a run may take: what it has begun then must end within the function's timeout."""
_log = logging.getLogger("omotenashi")


def _attending(world: World) -> Attending:
    return Attending(places.of_programme(world), coupons_of.campaigns(world))


JOB = AlarmJob(Verb(BOOK, unnamed, unnamed, dues.attend), _attending, dues.alarm_for)
work, rehearse, look = JOB.work, JOB.rehearse, JOB.look


def hourly(world: World) -> None:
    """What coupons does by the clock: work for a while and go on in an hour."""
    worked = work(world, world.clock.elapsed() + BUDGET_SECONDS)
    _log.info("alarms worked off" if worked.is_done else "alarms go on in an hour", extra={"count": worked.members})
