"""What points does by the clock, once an hour: who leaves is erased, then the alarms of the day and the reports."""

from __future__ import annotations

import logging

from points import alarms, leaving, reports
from shared.world import World

BUDGET_SECONDS = 780.0
"""How long a run may take: what it has begun then must end within the function's timeout."""
_log = logging.getLogger("omotenashi")


def hourly(world: World) -> None:
    """Work for a while and go on in an hour. Half of the time is kept for the reports; what they leave is the alarms'."""
    started = world.clock.elapsed()
    until = started + BUDGET_SECONDS
    if not leaving.work(world, started + BUDGET_SECONDS / 4).is_done:
        _log.info("those who leave are erased in an hour")
    worked = alarms.work(world, started + BUDGET_SECONDS / 2)
    if not reports.work(world, until):
        _log.info("the liability report goes on in an hour")
    if not worked.is_done:
        worked = worked + alarms.work(world, until)
    _log.info("alarms worked off" if worked.is_done else "alarms go on in an hour", extra={"count": worked.members})
