"""On which day each key was last used: one write a day in each environment, never one a call."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, timedelta

from shared import clock, keys
from shared.errors import Unavailable
from shared.world import World

KEPT = timedelta(days=400)
"""Who has slept longer than this was never used."""

_log = logging.getLogger("omotenashi")


def note(world: World, table_id: str) -> None:
    """A key is used today, as the real clock counts it in UTC. No call waits or fails for it twice."""
    now = world.clock.unmoved()
    today = now.date()
    if world.noted.get(table_id) == today:
        return
    world.noted[table_id] = today
    pk, sk = keys.key_used(table_id)
    try:
        world.transient.put({"pk": pk, "sk": sk, "on": today.isoformat(), "ttl": clock.to_ms(now + KEPT) // 1000})
    except Unavailable:
        _log.warning("the day of a key's use is not noted")


def days(world: World, *, after: str | None, limit: int) -> Mapping[str, date]:
    """The last day of each of the next keys that were used, by their ids in the table."""
    items = world.transient.items(keys.key_used("")[0], after=after, limit=limit)
    return {item["sk"]: date.fromisoformat(item["on"]) for item in items}
