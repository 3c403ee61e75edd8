"""Stores that many more guests check in at than ever: their rewards pause by themselves, until people look.

Guests are counted from the events of their check-ins, once each; also those to whom the limits of member or device
left nothing, once a member and day: a farm has few devices, is not paid for long, and is seen by what it tries. The
store's own chain says when it is too much, and the pause follows from that entry's event; once people have resumed the
rewards, the same event pauses nothing again. Who comes during such a pause waits for a review and is not counted: the store's chain rests when most people come, and
whoever farms check-ins does not raise what is usual.
"""

from __future__ import annotations

import re

from checkin import traffic
from checkin.rules import OVERRUN
from checkin.traffic import TRAFFIC, Seen
from shared import events, keys
from shared.errors import Refused
from shared.events import Received
from shared.naming import Verb, unnamed
from shared.shapes import ID_PATTERN
from shared.table import Item
from shared.world import World

COUNT = Verb(TRAFFIC, unnamed, unnamed, traffic.count)


def on_visit(world: World, event: Received) -> None:
    """Count a guest when the check-in is made, not when people approve it; nor who came to a store that was overrun."""
    said = event.data
    if "review_id" in said or said.get("counted_before") or said.get("reason") == OVERRUN:
        return
    seen = Seen(_store_id(event), event.time)
    (done,) = world.ledger.obey(COUNT, seen.store_id, [(event.id, event.time, seen)])
    if isinstance(done, Refused):
        raise done


def on_anomaly(world: World, event: Received) -> None:
    """Pause what the store gives, unless this or a later anomaly was heard of before. The operator's own pause stays."""
    key = keys.store(_store_id(event))
    reason = f"{event.data['guests']} check-ins in an hour; usual are {event.data['usual']}"

    def make(old: Item | None) -> Item:
        assert old is not None, "a store never goes"
        if _is_known(old, event):
            return old
        heard = old | {"anomaly": event.sequence}
        return heard if old.get("paused") else heard | {"reason": reason, "paused": True, "paused_by": "anomaly"}

    store = world.directory.table.get(*key, consistent=True)
    if store is None:
        raise ValueError("the event's store is none of ours")
    if not _is_known(store, event):
        world.directory.change(key, make)


def _is_known(store: Item, event: Received) -> bool:
    return int(store.get("anomaly", 0)) >= event.sequence


def _store_id(event: Received) -> str:
    store_id = event.data.get("store_id")
    if not isinstance(store_id, str) or not re.fullmatch(ID_PATTERN, store_id):
        raise ValueError("the event names no store")
    return store_id


REACTIONS = {
    events.type_name("checkin.accepted"): on_visit,
    events.type_name("checkin.flagged"): on_visit,
    events.type_name("checkin.limited"): on_visit,
    events.type_name("checkin.anomaly"): on_anomaly,
}
