"""How many guests have checked in at a store, hour by hour: as the store's own chain has counted them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from checkin.stores import find
from checkin.traffic import TRAFFIC, WEEK
from shared import chain
from shared.chain import head_of
from shared.clock import from_ms
from shared.http import Call
from shared.shapes import Id, Shape, Time
from shared.table import Item
from shared.world import World

ITEMS_MAX = 2000
"""So many counted guests are read in one call, the latest: about 250 KB."""
_PAGE = 500
_MONDAY = 4 * 24  # hours from the week that is counted in, which begins on a Thursday, to the first Monday


class GuestsQuery(Shape):
    """Of how many days until now."""

    days: Annotated[int, Field(ge=1, le=31)] = 7


class GuestHour(Shape):
    """An hour that had guests, by its beginning."""

    hour: Time
    guests: int


class Guests(Shape):
    """Guests of a store by the hour of their check-in, those only who count (no repetitions, no refusals).

    `since` is from when on the hours are whole: later than asked for where there were more than 2,000 guests. `usual` has
    168 numbers, one for each hour of a week from Monday 00:00 UTC on, smoothed over some four weeks.
    """

    store_id: Id
    since: Time
    hours: list[GuestHour]
    usual: list[float]


def by_hour(call: Call[Any]) -> Guests:
    """How many guests checked in at a store by hour, and how many usually do."""
    store_id = find(call.world, call.path_id("store_id")).store_id
    since = _full_hour(call.now - timedelta(days=call.query.days))
    items = _items(call.world, store_id, since)
    if len(items) > ITEMS_MAX:
        since = _full_hour(from_ms(items[ITEMS_MAX]["t"])) + timedelta(hours=1)
    counted = Counter(
        _full_hour(entry.occurred_at)
        for item in items
        for entry in chain.entries_of(item)
        if entry.kind == "counted" and entry.occurred_at >= since
    )
    traffic = head_of(TRAFFIC, TRAFFIC.partition(store_id), items[0] if items else _newest(call.world, store_id)).state
    return Guests(
        store_id=store_id,
        since=since,
        hours=[GuestHour(hour=hour, guests=guests) for hour, guests in sorted(counted.items())],
        usual=[round(traffic.guests_at(_MONDAY + hour), 1) for hour in range(WEEK)],
    )


def _items(world: World, store_id: str, since: datetime) -> list[Item]:
    """What was counted from a time on, the newest first; a little more than so many at most."""
    found: list[Item] = []
    upto: int | None = None
    while len(found) <= ITEMS_MAX:
        page = world.ledger.table.items(TRAFFIC.partition(store_id), upto=upto, newest_first=True, limit=_PAGE)
        found += [item for item in page if from_ms(item["t"]) >= since]
        if len(page) < _PAGE or from_ms(page[-1]["t"]) < since:
            break
        upto = page[-1]["sk"] - 1
    return found


def _newest(world: World, store_id: str) -> Item | None:
    return world.ledger.table.newest(TRAFFIC.partition(store_id))


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
